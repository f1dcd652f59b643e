//! `tls` of endpoints.

use std::path::PathBuf;
use std::time::Duration;

use crossbar_config::{
    CipherSuite, ClientCertificates, ConnectingEndpoint, Endpoint, Faults, Notice, Remote,
    ServerTls, Surroundings, TlsVersions, TransportKind, WorkerKind, read_connecting_endpoint,
};

use crate::{load_json, router};

fn transport(tls: &str) -> String {
    let transport = format!(
        r#"{{"type": "rawsocket", "endpoint": {{"type": "tcp", "port": 1, "tls": {tls}}}}}"#
    );
    router("", &transport)
}

/// Reads the TLS of an endpoint, with the notices about it.
fn read(tls: &str) -> (ServerTls, Vec<String>) {
    let node = load_json(&transport(tls)).unwrap_or_else(|faults| panic!("{faults}"));
    let [worker] = &node.workers[..] else {
        panic!("one worker");
    };
    let WorkerKind::Router(router) = &worker.kind else {
        panic!("a router");
    };
    let transport = &router.transports[0];
    assert!(matches!(transport.kind, TransportKind::RawSocket(_)));
    let Endpoint::Tcp(tcp) = &transport.endpoint else {
        panic!("a port");
    };
    let tls = tcp.tls.as_deref().expect("there is TLS").clone();
    assert_eq!(
        node.listening_tls(),
        [("workers[0].transports[0].endpoint.tls".to_owned(), &tls)]
    );
    (tls, node.notices.iter().map(Notice::to_string).collect())
}

#[track_caller]
fn check(tls: &str, expected: &[&str]) {
    let faults = load_json(&transport(tls)).expect_err("there are faults");
    let lines = faults.to_string();
    let lines: Vec<&str> = lines
        .lines()
        .map(|line| {
            line.strip_prefix("workers[0].transports[0].endpoint.tls")
                .expect("in the TLS")
        })
        .collect();
    assert_eq!(lines, expected);
}

#[test]
fn the_keys_of_crossbar_are_read() {
    let (tls, notices) = read(
        r#"{"key": "/k", "certificate": "/c", "chain_certificates": ["/i"], "ca_certificates": ["/a"], "dhparam": "/d",
            "ciphers": "ECDHE-RSA-AES128-GCM-SHA256:AES128-SHA"}"#,
    );
    let files = &tls.certificates[0];
    assert_eq!((&*files.at, &files.key), ("", &PathBuf::from("/k")));
    assert_eq!(files.certificate, PathBuf::from("/c"));
    assert_eq!(files.chain, [PathBuf::from("/i")]);
    let authorities = vec![PathBuf::from("/a")];
    assert_eq!(tls.clients, ClientCertificates::Required(authorities));
    assert_eq!(tls.versions, TlsVersions::ALL);
    assert_eq!(
        tls.ciphers.last(),
        Some(&CipherSuite::EcdheRsaAes128GcmSha256)
    );
    assert_eq!(tls.ciphers.len(), 4);
    let at = "workers[0].transports[0].endpoint.tls";
    let expected = [
        format!(
            "{at}.dhparam: has no effect: keys are agreed on over elliptic curves, which need no parameters"
        ),
        format!("{at}.ciphers: left out, as no such cipher suites are here: AES128-SHA"),
    ];
    assert_eq!(notices, expected);
}

#[test]
fn our_own_keys_are_read() {
    let (tls, notices) = read(
        r#"{"key": "/k", "certificate": "/c", "versions": ["1.3"], "ca_certificates": ["/a"], "client_auth": "optional",
            "certificates": [{"key": "/k1", "certificate": "/c1", "hostnames": ["*.example.com"]}]}"#,
    );
    assert_eq!(notices, [""; 0]);
    let [_, second] = &tls.certificates[..] else {
        panic!("two certificates");
    };
    assert_eq!(second.at, "certificates[0]");
    assert_eq!(second.hostnames, ["*.example.com"]);
    assert!(tls.versions.v1_3 && !tls.versions.v1_2);
    assert!(matches!(tls.clients, ClientCertificates::Optional(_)));
    let (alone, _) = read(r#"{"certificates": [{"key": "/k1", "certificate": "/c1"}]}"#);
    assert_eq!(alone.certificates.len(), 1);
    assert_eq!(alone.clients, ClientCertificates::Unasked);
}

#[test]
fn faults() {
    check(
        "{}",
        &[r#": missing key "key""#, r#": missing key "certificate""#],
    );
    check(
        r#"{"certificates": []}"#,
        &[".certificates: no certificate is given"],
    );
    check(
        r#"{"key": "k", "certificate": "c", "versions": ["1.1"], "client_auth": "required", "cipher": ""}"#,
        &[
            r#".cipher: unknown key (did you mean "ciphers"?)"#,
            r#".versions[0]: unknown version of TLS "1.1" (did you mean "1.2"?)"#,
            r#".client_auth: client certificates need "ca_certificates""#,
        ],
    );
    check(
        r#"{"key": "k", "certificate": "c", "versions": ["1.2"], "ciphers": "AES128-SHA", "ca_certificates": [], "client_auth": "maybe",
            "hostnames": ["a b"]}"#,
        &[
            r#".ciphers: leaves no cipher suite, found "AES128-SHA" (as in "ECDHE+AESGCM:ECDHE+CHACHA20")"#,
            r#".hostnames[0]: a host name is example.com or *.example.com, found "a b""#,
            ".ca_certificates: no authority is given (leave the key out if clients need no certificate)",
            r#".client_auth: unknown value "maybe" (known: required, optional)"#,
        ],
    );
    check(
        r#"{"key": "k", "certificate": "c", "ca_certificates": "a.pem", "versions": []}"#,
        &[
            r#".ca_certificates: invalid type: string "a.pem", expected a sequence"#,
            r#".versions: no version of TLS is given (write ["1.2", "1.3"])"#,
        ],
    );
}

fn connecting(text: &str) -> Result<(ConnectingEndpoint, Vec<Notice>), Faults> {
    let value = serde_json::from_str(text).expect("it is JSON");
    read_connecting_endpoint(value, &Surroundings::default())
}

#[test]
fn connecting_endpoints_are_read() {
    let (endpoint, notices) = connecting(
        r#"{"type": "tcp", "host": "a", "port": 443, "timeout": 0, "tls": {"hostname": "b", "ca_certificates": ["/a"], "key": "/k", "certificate": "/c"}}"#,
    )
    .unwrap();
    assert!(notices.is_empty() && endpoint.timeout.is_none());
    let Remote::Tcp { tls: Some(tls), .. } = endpoint.remote else {
        panic!("it has TLS");
    };
    assert_eq!(tls.hostname, "b");
    assert_eq!(tls.authorities, [PathBuf::from("/a")]);
    assert_eq!(tls.certificate.unwrap().key, PathBuf::from("/k"));
    let (endpoint, _) = connecting(r#"{"type": "unix", "path": "/run/x"}"#).unwrap();
    assert_eq!(endpoint.remote, Remote::Unix(PathBuf::from("/run/x")));
    assert_eq!(endpoint.timeout, Some(Duration::from_secs(10)));
}

#[test]
fn faults_of_connecting_endpoints() {
    let tls = |tls: &str| {
        connecting(&format!(
            r#"{{"type": "tcp", "host": "a", "port": 443, "tls": {tls}}}"#
        ))
    };
    let (_, notices) = tls(r#"{"hostname": "b", "certificate": "c"}"#).unwrap();
    let expected = r#"tls.certificate: has no effect without "key": no certificate is shown"#;
    assert_eq!(notices[0].to_string(), expected);
    let faults = tls(r#"{"key": "k"}"#).unwrap_err().to_string();
    assert_eq!(faults, r#"tls: missing key "hostname""#);
    let faults = tls(r#"{"hostname": "b", "key": "k"}"#).unwrap_err();
    let expected = r#"tls: missing key "certificate" (a certificate and its key belong together)"#;
    assert_eq!(faults.to_string(), expected);
    let faults = connecting(r#"{"type": "tor", "host": "a"}"#).unwrap_err();
    let expected = r#"type: the endpoint type "tor" is not supported by this version yet"#;
    assert_eq!(faults.to_string(), expected);
}
