//! A node that speaks TLS, met by openssl and curl.

use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use crossbar_client::{Options, Session, Target, Tls, TlsFiles, connect};
use rustix::process::Signal;
use serde_json::json;

use crate::crossbar;
use crate::running::{Running, config, directory};

/// Makes a key and a certificate for `localhost` that has signed itself.
fn certify(directory: &Path, algorithm: &[&str]) {
    let (key, certificate) = (directory.join("key.pem"), directory.join("cert.pem"));
    let output = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-nodes",
            "-days",
            "2",
            "-subj",
            "/CN=localhost",
        ])
        .args([
            "-extensions",
            "usr_cert",
            "-addext",
            "subjectAltName=DNS:localhost",
            "-newkey",
        ])
        .args(algorithm)
        .arg("-keyout")
        .arg(&key)
        .arg("-out")
        .arg(&certificate)
        .output()
        .expect("openssl is installed");
    assert!(output.status.success(), "{output:?}");
}

fn tls_directory() -> tempfile::TempDir {
    let mut config = config();
    config["workers"][0]["transports"][1]["endpoint"]["tls"] =
        json!({"key": "key.pem", "certificate": "cert.pem"});
    let directory = directory(&config);
    certify(
        directory.path(),
        &["ec", "-pkeyopt", "ec_paramgen_curve:P-256"],
    );
    directory
}

/// Gives the port that a node listens on.
fn port(node: &Running) -> String {
    let line = node
        .log
        .iter()
        .rev()
        .find_map(|line| line.split_once("listening on 127.0.0.1:"));
    let (_, rest) = line.expect("the node tells where it listens");
    rest.chars().take_while(char::is_ascii_digit).collect()
}

fn curl(directory: &Path, port: &str, arguments: &[&str]) -> Output {
    Command::new("curl")
        .args(["-sS", "--max-time", "10", "--noproxy", "*", "--cacert"])
        .arg(directory.join("cert.pem"))
        .args(["--resolve", &format!("localhost:{port}:127.0.0.1")])
        .args(arguments)
        .arg(format!("https://localhost:{port}/"))
        .output()
        .expect("curl is installed")
}

/// Shakes hands with openssl and gives what it tells of that.
fn s_client(port: &str, arguments: &[&str]) -> String {
    let output = Command::new("openssl")
        .args(["s_client", "-connect", &format!("127.0.0.1:{port}")])
        .args(["-servername", "localhost"])
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .expect("openssl is installed");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Opens a session over TLS.
async fn join(directory: &Path, port: &str) -> Session {
    let target: Target = format!("wss://localhost:{port}/ws").parse().expect("a URL");
    let options = Options {
        tls: Tls::Files(Box::new(TlsFiles {
            authorities: vec![directory.join("cert.pem")],
            ..TlsFiles::default()
        })),
        ..Options::realm("realm1")
    };
    let session = connect(&target, options).await;
    session.expect("the router takes everybody")
}

/// Gives the certificate that the node shows.
fn shown(port: &str) -> String {
    let text = s_client(port, &[]);
    let start = text.find("-----BEGIN").expect("a certificate is shown");
    let end = text.find("-----END").expect("it is shown whole");
    text[start..end].trim().to_owned()
}

fn written(directory: &Path) -> String {
    let text = std::fs::read_to_string(directory.join("cert.pem")).expect("it is there");
    let end = text.find("-----END").expect("it is whole");
    text[..end].trim().to_owned()
}

#[test]
fn t07_openssl_and_curl_come_in() {
    for algorithm in [
        &["rsa:2048"][..],
        &["ec", "-pkeyopt", "ec_paramgen_curve:P-384"],
        &["ed25519"],
    ] {
        let directory = tls_directory();
        certify(directory.path(), algorithm);
        let node = Running::up(directory.path(), &[]);
        let port = port(&node);
        for version in ["--tlsv1.2", "--tlsv1.3"] {
            let maximum = ["--tls-max", &version[6..]];
            let page = curl(
                directory.path(),
                &port,
                &[&[version][..], &maximum].concat(),
            );
            assert!(page.status.success(), "{algorithm:?} {version} {page:?}");
        }
        let told = s_client(&port, &["-alpn", "h2,http/1.1"]);
        assert!(told.contains("ALPN protocol: http/1.1"), "{told}");
        assert!(!s_client(&port, &["-tls1_1"]).contains("BEGIN CERTIFICATE"));
    }
}

#[test]
fn t05_long_poll_goes_over_tls() {
    let mut config = config();
    let transport = &mut config["workers"][0]["transports"][1];
    transport["endpoint"]["tls"] = json!({"key": "key.pem", "certificate": "cert.pem"});
    transport["paths"]["lp"] = json!({"type": "longpoll"});
    let directory = directory(&config);
    certify(directory.path(), &["rsa:2048"]);
    let node = Running::up(directory.path(), &[]);
    let port = port(&node);
    let post = |path: &str, body: &str| {
        let arguments = ["--fail", "--request-target", path, "--data-binary", body];
        let output = curl(directory.path(), &port, &arguments);
        assert!(output.status.success(), "{path}: {output:?}");
        String::from_utf8(output.stdout).expect("it is text")
    };
    let opened = post("/lp/open", r#"{"protocols": ["wamp.2.json"]}"#);
    let opened: serde_json::Value = serde_json::from_str(&opened).expect("it is JSON");
    let id = opened["transport"].as_str().expect("it has a name");
    let hello = r#"[1,"realm1",{"roles":{"caller":{}}}]"#;
    post(&format!("/lp/{id}/send"), hello);
    let welcome = post(&format!("/lp/{id}/receive"), "");
    assert!(welcome.starts_with("[2,"), "{welcome}");
}

/// Makes an authority, a certificate for `localhost` that it has issued, one for `*.example.test`, and a client's.
fn issue(directory: &Path) {
    let openssl = |arguments: &[&str]| {
        let mut command = Command::new("openssl");
        let output = command.args(arguments).current_dir(directory).output();
        let output = output.expect("openssl is installed");
        assert!(output.status.success(), "{output:?}");
    };
    let curve = [
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-days",
        "2",
    ];
    let authority = [
        "req",
        "-x509",
        "-subj",
        "/CN=authority",
        "-keyout",
        "ca.key",
        "-out",
        "ca.pem",
    ];
    openssl(&[&authority[..], &curve].concat());
    for (file, name) in [
        ("cert", "localhost"),
        ("other", "*.example.test"),
        ("client", "client"),
    ] {
        let (key, certificate) = (format!("{file}.key"), format!("{file}.pem"));
        let (subject, names) = (format!("/CN={name}"), format!("subjectAltName=DNS:{name}"));
        let request = [
            "req",
            "-x509",
            "-CA",
            "ca.pem",
            "-CAkey",
            "ca.key",
            "-subj",
            &subject,
            "-addext",
            &names,
            "-extensions",
            "usr_cert",
        ];
        let files = ["-keyout", &key, "-out", &certificate];
        openssl(&[&request[..], &files, &curve].concat());
    }
}

#[test]
fn t07_openssl_and_curl_get_what_is_configured() {
    let mut config = config();
    config["workers"][0]["transports"][1]["endpoint"]["tls"] = json!({
        "key": "cert.key", "certificate": "cert.pem", "ca_certificates": ["ca.pem"], "versions": ["1.2"],
        "ciphers": "ECDHE-ECDSA-CHACHA20-POLY1305",
        "certificates": [{"key": "other.key", "certificate": "other.pem"}],
    });
    let directory = directory(&config);
    issue(directory.path());
    let node = Running::up(directory.path(), &[]);
    let port = port(&node);
    let file = |name: &str| directory.path().join(name).display().to_string();
    let (certificate, key) = (file("client.pem"), file("client.key"));
    let client = ["-cert", &certificate, "-key", &key];
    let told = s_client(&port, &client);
    assert!(
        told.contains("Cipher is ECDHE-ECDSA-CHACHA20-POLY1305"),
        "{told}"
    );
    assert!(
        told.contains("Protocol  : TLSv1.2") || told.contains("New, TLSv1.2"),
        "{told}"
    );
    assert!(
        told.contains("CN = localhost") || told.contains("CN=localhost"),
        "{told}"
    );
    let other = s_client(
        &port,
        &[&client[..], &["-servername", "www.example.test"]].concat(),
    );
    assert!(
        other.contains("CN=*.example.test") || other.contains("CN = *.example.test"),
        "{other}"
    );
    for refused in [
        &["-tls1_3"][..],
        &["-cipher", "ECDHE-ECDSA-AES128-GCM-SHA256", "-tls1_2"],
    ] {
        let told = s_client(&port, &[&client[..], refused].concat());
        assert!(told.contains("Cipher is (NONE)"), "{told}");
    }
    let authority = ["--cacert", &file("ca.pem")];
    let shown = ["--cert", &certificate, "--key", &key];
    let page = curl(directory.path(), &port, &[&authority[..], &shown].concat());
    assert!(page.status.success(), "{page:?}");
    assert!(!curl(directory.path(), &port, &authority).status.success());
}

/// Nothing has changed, so that it is not the look at the files that reads them.
#[test]
fn sighup_reads_the_certificates_anew() {
    let directory = tls_directory();
    let mut node = Running::up(directory.path(), &[]);
    node.signal(Signal::HUP);
    node.wait_for("Reloading certificates on SIGHUP");
    node.wait_for("certificates reloaded");
    node.signal(Signal::TERM);
    let (status, _) = node.end();
    assert_eq!(status.code(), Some(0));
}

#[test]
fn a_new_certificate_is_taken_on_sighup_and_a_broken_one_is_not() {
    let directory = tls_directory();
    let mut node = Running::up(directory.path(), &[]);
    let port = port(&node);
    assert_eq!(shown(&port), written(directory.path()));
    let runtime = tokio::runtime::Runtime::new().expect("the system gives what it takes");
    let session = runtime.block_on(join(directory.path(), &port));
    certify(directory.path(), &["rsa:2048"]);
    node.signal(Signal::HUP);
    node.wait_for("certificates reloaded");
    let fresh = written(directory.path());
    assert_eq!(shown(&port), fresh);
    std::fs::write(directory.path().join("key.pem"), "no key").unwrap();
    node.signal(Signal::HUP);
    node.wait_for("has no private key in PEM");
    assert_eq!(shown(&port), fresh);
    // Without a signal, the files are looked at from time to time.
    certify(directory.path(), &["rsa:2048"]);
    let fresh = written(directory.path());
    let start = Instant::now();
    while shown(&port) != fresh {
        assert!(start.elapsed() < Duration::from_secs(20));
    }
    // The session that came in under the first certificate goes on.
    let count = runtime.block_on(session.call::<u64>("wamp.session.count", &()));
    assert_eq!(count.expect("it is answered"), 1);
    node.signal(Signal::TERM);
    let (status, _) = node.end();
    assert_eq!(status.code(), Some(0));
}

#[test]
fn check_and_start_tell_what_is_wrong_with_certificates() {
    let directory = tls_directory();
    let place = "workers[0].transports[1].endpoint.tls";
    let call = crossbar(directory.path(), &["check", "--cbdir", "."]);
    assert_eq!(call.code, Some(0), "{}", call.stdout);
    std::fs::remove_file(directory.path().join("cert.pem")).unwrap();
    let call = crossbar(directory.path(), &["check", "--cbdir", "."]);
    assert_eq!(call.code, Some(1));
    let fault = format!("Error: {place}.certificate: cannot read ");
    assert!(call.stdout.contains(&fault), "{}", call.stdout);
    let call = crossbar(directory.path(), &["start", "--cbdir", "."]);
    assert_eq!(call.code, Some(1));
    let fault = format!("{place}.certificate: cannot read ");
    assert!(call.stderr.contains(&fault), "{}", call.stderr);
}
