//! TLS on the wire: the client is rustls, the certificates are made for each test.

use std::sync::Arc;

use crossbar_config::{
    CertificateFiles, CipherSuite, ClientCertificates, Endpoint, Interface, ServerTls, TlsVersions,
    Transport,
};
use crossbar_core::{Authorization, Limits, RealmOptions, RoleConfig};
use crossbar_net::{ListenError, Router, check_tls, listen};
use crossbar_wire::Text;
use rcgen::CertificateParams;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{HandshakeKind, ProtocolVersion};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::office::{Client, Office, V1_2, V1_3, answers, connect, hear, join, say, set_mode};
use crate::peer::{dial, exchange, soon, to_end};
use crate::server::{REALM, Server, rawsocket, realm, tcp, transport, universal, websocket};

fn tls(certificates: Vec<CertificateFiles>) -> ServerTls {
    ServerTls {
        certificates,
        clients: ClientCertificates::Unasked,
        versions: TlsVersions::ALL,
        ciphers: Vec::new(),
    }
}

fn encrypted(tls: ServerTls) -> Transport {
    let mut transport = transport(universal(rawsocket(), websocket()));
    let mut endpoint = tcp(0);
    endpoint.tls = Some(Box::new(tls));
    transport.endpoint = Endpoint::Tcp(endpoint);
    transport
}

fn serve(tls: ServerTls) -> Server {
    let router = Router::new();
    let role = RoleConfig {
        name: Text::from_static("anonymous"),
        authorization: Authorization::Always(true),
        trustlevel: None,
        limits: Limits::default(),
        max_sessions: None,
    };
    router
        .start_realm(&REALM, RealmOptions::default(), [role])
        .unwrap();
    Server::on(router, &encrypted(tls))
}

/// The first name of the certificate that a server shows to a client that asks for `name`.
async fn shown(office: &Office, server: &Server, name: &str) -> Option<CertificateDer<'static>> {
    let stream = office.client().connect(server.address, name).await.ok()?;
    let chain = stream.get_ref().1.peer_certificates()?;
    Some(chain[0].clone().into_owned())
}

fn der(files: &CertificateFiles) -> CertificateDer<'static> {
    CertificateDer::from_pem_file(&files.certificate).unwrap()
}

#[tokio::test]
async fn t07_a_session_goes_over_tls_1_2_and_1_3() {
    let office = Office::open();
    let server = serve(tls(vec![office.issue("a", "localhost")]));
    let versions = [
        (V1_2, ProtocolVersion::TLSv1_2),
        (V1_3, ProtocolVersion::TLSv1_3),
    ];
    for (versions, expected) in versions {
        let client = Client {
            versions,
            ..office.client()
        };
        let mut stream = client.connect(server.address, "localhost").await.unwrap();
        assert_eq!(stream.get_ref().1.protocol_version(), Some(expected));
        join(&mut stream).await.unwrap();
        assert!(answers(&mut stream).await);
    }
}

#[tokio::test]
async fn the_meta_api_tells_what_a_session_comes_over() {
    let office = Office::open();
    let server = serve(ServerTls {
        clients: ClientCertificates::Optional(vec![office.path("ca.pem")]),
        ..tls(vec![office.issue("a", "localhost")])
    });
    let files = office.issue("c", "client");
    for certificate in [None, Some(files)] {
        let shows = certificate.is_some();
        let client = Client {
            certificate,
            ..office.client()
        };
        let mut stream = client.connect(server.address, "localhost").await.unwrap();
        let welcome = join(&mut stream).await.unwrap();
        let id = &welcome[1];
        let call = format!(r#"[48,1,{{}},"wamp.session.get",[{id}]]"#);
        say(&mut stream, &call).await.unwrap();
        let answer = hear(&mut stream).await.unwrap();
        let answer: serde_json::Value = serde_json::from_str(&answer).unwrap();
        let transport = &answer[3][0]["transport"];
        assert_eq!(transport["channel_type"], "tls");
        assert_eq!(transport["is_secure"], true);
        let shown = &transport["peer_cert"];
        assert_eq!(shown.is_object(), shows, "{transport}");
        if shows {
            assert_eq!(shown["issuer"]["cn"], "authority");
            assert_eq!(shown["extensions"][0]["value"], "DNS:client");
            assert!(shown["sha256"].is_string() && shown["not_after"].is_string());
        }
    }
}

#[tokio::test]
async fn versions_and_ciphers_are_agreed_on_as_configured() {
    let office = Office::open();
    let files = office.issue("a", "localhost");
    let only = |versions, ciphers| ServerTls {
        versions,
        ciphers,
        ..tls(vec![files.clone()])
    };
    let v1_2 = TlsVersions {
        v1_2: true,
        v1_3: false,
    };
    let v1_3 = TlsVersions {
        v1_2: false,
        v1_3: true,
    };
    let old = Client {
        versions: V1_2,
        ..office.client()
    };
    let new = Client {
        versions: V1_3,
        ..office.client()
    };
    let server = serve(only(v1_2, Vec::new()));
    assert!(old.joins(server.address).await && !new.joins(server.address).await);
    let server = serve(only(v1_3, Vec::new()));
    assert!(!old.joins(server.address).await && new.joins(server.address).await);
    let chosen = vec![
        CipherSuite::Aes128GcmSha256,
        CipherSuite::EcdheEcdsaChaCha20Poly1305,
    ];
    let server = serve(only(TlsVersions::ALL, chosen));
    for (client, expected) in [
        (
            old,
            rustls::CipherSuite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
        ),
        (new, rustls::CipherSuite::TLS13_AES_128_GCM_SHA256),
    ] {
        let stream = client.connect(server.address, "localhost").await.unwrap();
        let agreed = stream.get_ref().1.negotiated_cipher_suite().unwrap();
        assert_eq!(agreed.suite(), expected);
    }
}

#[tokio::test]
async fn the_name_that_a_client_asks_for_chooses_the_certificate() {
    let office = Office::open();
    let first = office.issue("first", "localhost");
    let wild = office.issue("wild", "*.example.com");
    let exact = office.issue("exact", "www.example.com");
    let listed = CertificateFiles {
        hostnames: vec!["alias.test".to_owned()],
        ..office.issue("listed", "listed.test")
    };
    let all = [&first, &wild, &exact, &listed].map(Clone::clone);
    let server = serve(tls(all.to_vec()));
    for (name, files) in [
        ("localhost", &first),
        ("www.example.com", &exact),
        ("api.example.com", &wild),
    ] {
        assert_eq!(
            shown(&office, &server, name).await,
            Some(der(files)),
            "{name}"
        );
    }
    // The client refuses what is shown to it for another name.
    for name in ["other.test", "a.b.example.com", "listed.test"] {
        assert_eq!(shown(&office, &server, name).await, None, "{name}");
    }
}

#[tokio::test]
async fn http_is_agreed_on_where_it_is_spoken() {
    let office = Office::open();
    let server = serve(tls(vec![office.issue("a", "localhost")]));
    let mut config = office.client().config();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let mut stream = connect(Arc::new(config), server.address, "localhost")
        .await
        .unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
    stream
        .write_all(b"GET /nothing HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        .await
        .unwrap();
    let mut answer = Vec::new();
    soon(stream.read_to_end(&mut answer)).await.unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 404 "));
}

#[tokio::test]
async fn sessions_of_tls_are_resumed() {
    let office = Office::open();
    let server = serve(tls(vec![office.issue("a", "localhost")]));
    for versions in [V1_2, V1_3] {
        let config = Arc::new(
            Client {
                versions,
                ..office.client()
            }
            .config(),
        );
        let mut kinds = Vec::new();
        for _ in 0..2 {
            let mut stream = connect(Arc::clone(&config), server.address, "localhost")
                .await
                .unwrap();
            // The tickets come with the first answer.
            join(&mut stream).await.unwrap();
            kinds.push(stream.get_ref().1.handshake_kind());
        }
        assert_eq!(
            kinds,
            [Some(HandshakeKind::Full), Some(HandshakeKind::Resumed)]
        );
    }
}

#[tokio::test]
async fn clients_show_certificates_as_configured() {
    let office = Office::open();
    let other = Office::open();
    let own = office.issue("a", "localhost");
    let authorities = vec![office.path("ca.pem")];
    let nobody = office.client();
    let known = Client {
        certificate: Some(office.issue("c", "client")),
        ..nobody.clone()
    };
    let stranger = Client {
        certificate: Some(other.issue("c", "client")),
        ..nobody.clone()
    };
    for (clients, without) in [
        (ClientCertificates::Required(authorities.clone()), false),
        (ClientCertificates::Optional(authorities), true),
    ] {
        let server = serve(ServerTls {
            clients,
            ..tls(vec![own.clone()])
        });
        assert!(known.joins(server.address).await);
        assert!(!stranger.joins(server.address).await);
        assert_eq!(nobody.joins(server.address).await, without);
    }
}

#[tokio::test]
async fn new_connections_get_new_certificates_and_sessions_go_on() {
    let office = Office::open();
    let files = office.issue("a", "localhost");
    let before = der(&files);
    let server = serve(tls(vec![files.clone()]));
    let mut session = office
        .client()
        .connect(server.address, "localhost")
        .await
        .unwrap();
    join(&mut session).await.unwrap();
    office.issue("a", "localhost");
    assert_eq!(
        shown(&office, &server, "localhost").await,
        Some(before.clone())
    );
    assert!(
        server
            .router
            .reload_certificates()
            .iter()
            .all(|(_, done)| done.is_ok())
    );
    let after = der(&files);
    assert_ne!(after, before);
    assert_eq!(
        shown(&office, &server, "localhost").await,
        Some(after.clone())
    );
    // A broken file changes nothing.
    office.write("a.key", "no key");
    let [(transport, Err(fault))] = &server.router.reload_certificates()[..] else {
        panic!("the file is broken");
    };
    assert_eq!(transport, "transport001");
    assert!(
        fault.to_string().ends_with("has no private key in PEM"),
        "{fault}"
    );
    assert_eq!(shown(&office, &server, "localhost").await, Some(after));
    assert!(answers(&mut session).await);
}

#[tokio::test]
async fn what_is_no_tls_is_closed() {
    let office = Office::open();
    let server = serve(tls(vec![office.issue("a", "localhost")]));
    let mut stream = dial(server.address).await;
    let answer = exchange(&mut stream, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert!(answer.starts_with(b"HTTP/1.1 400 "));
    let mut stream = dial(server.address).await;
    assert_eq!(exchange(&mut stream, &[0x7f, 0xf1, 0, 0]).await, b"");
    // A record of a handshake that is none.
    let mut stream = dial(server.address).await;
    exchange(&mut stream, b"\x16\x03\x01\x00\x04nope").await;
    let mut stream = dial(server.address).await;
    let endless = [&b"\x16\x03\x01\x40\x00\x01\xff\xff\xff"[..], &[0; 70_000]].concat();
    exchange(&mut stream, &endless).await;
    soon(async {
        while server.router.statistics().handshakes_failed < 4 {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_handshake_that_stalls_is_given_up() {
    let office = Office::open();
    let server = serve(tls(vec![office.issue("a", "localhost")]));
    let mut silent = dial(server.address).await;
    let mut half = dial(server.address).await;
    half.write_all(b"\x16\x03\x01\x02\x00\x01\x00")
        .await
        .unwrap();
    let mut flood = Vec::new();
    for _ in 0..100 {
        flood.push(dial(server.address).await);
    }
    // Meanwhile others come in.
    assert!(office.client().joins(server.address).await);
    tokio::time::sleep(std::time::Duration::from_secs(11)).await;
    assert_eq!(to_end(&mut silent).await, b"");
    to_end(&mut half).await;
    assert!(server.router.statistics().handshakes_failed >= 2);
}

/// Makes a certificate for `localhost` whose key openssl has written in some form; gives what openssl says of the key file.
fn made_by_openssl(
    office: &Office,
    file: &str,
    generate: &[&str],
    convert: &[&str],
) -> CertificateFiles {
    let openssl = |arguments: &[&str]| {
        let mut command = std::process::Command::new("openssl");
        let output = command
            .args(arguments)
            .current_dir(office.path(""))
            .output();
        let output = output.expect("openssl is installed");
        assert!(output.status.success(), "{output:?}");
    };
    let (key, certificate) = (format!("{file}.key"), format!("{file}.pem"));
    openssl(&[generate, &["-out", "plain.key"]].concat());
    let request = [
        "req",
        "-x509",
        "-key",
        "plain.key",
        "-subj",
        "/CN=localhost",
        "-days",
        "2",
    ];
    let names = [
        "-extensions",
        "usr_cert",
        "-addext",
        "subjectAltName=DNS:localhost",
        "-out",
        &certificate,
    ];
    openssl(&[&request[..], &names].concat());
    openssl(&[convert, &["-in", "plain.key", "-out", &key]].concat());
    set_mode(&office.path(&key), 0o600);
    office.files(file)
}

const RSA: [&str; 5] = [
    "genpkey",
    "-algorithm",
    "RSA",
    "-pkeyopt",
    "rsa_keygen_bits:2048",
];

#[tokio::test]
async fn keys_of_every_form_are_served() {
    let office = Office::open();
    let p256 = [
        "genpkey",
        "-algorithm",
        "EC",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
    ];
    let p384 = [
        "genpkey",
        "-algorithm",
        "EC",
        "-pkeyopt",
        "ec_paramgen_curve:P-384",
    ];
    for (file, generate, convert, label) in [
        (
            "pkcs1",
            &RSA[..],
            &["rsa", "-traditional"][..],
            "BEGIN RSA PRIVATE KEY",
        ),
        ("pkcs8", &RSA, &["pkey"], "BEGIN PRIVATE KEY"),
        ("sec1", &p256, &["ec"], "BEGIN EC PRIVATE KEY"),
        ("p384", &p384, &["pkey"], "BEGIN PRIVATE KEY"),
        (
            "ed25519",
            &["genpkey", "-algorithm", "ed25519"],
            &["pkey"],
            "BEGIN PRIVATE KEY",
        ),
    ] {
        let files = made_by_openssl(&office, file, generate, convert);
        let text = std::fs::read_to_string(&files.key).unwrap();
        assert!(text.contains(label), "{file}: {text}");
        let warnings = check_tls(&tls(vec![files.clone()])).unwrap();
        assert!(warnings.is_empty(), "{file}: {warnings:?}");
        let client = Client {
            authority: der(&files),
            ..office.client()
        };
        let server = serve(tls(vec![files]));
        assert!(client.joins(server.address).await, "{file}");
    }
}

#[test]
fn keys_that_cannot_be_used_are_told_why() {
    let office = Office::open();
    let p256 = [
        "genpkey",
        "-algorithm",
        "EC",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
    ];
    let pass = ["-passout", "pass:hush"];
    for (file, generate, convert, what) in [
        ("pkcs8", &RSA[..], &["pkey", "-aes256"][..], "is encrypted"),
        (
            "pkcs1",
            &RSA,
            &["rsa", "-aes256", "-traditional"],
            "is encrypted",
        ),
        ("sec1", &p256, &["ec", "-aes256"], "is encrypted"),
        (
            "weak",
            &[
                "genpkey",
                "-algorithm",
                "RSA",
                "-pkeyopt",
                "rsa_keygen_bits:1024",
            ],
            &["pkey"],
            "cannot be used",
        ),
        (
            "ed448",
            &["genpkey", "-algorithm", "ed448"],
            &["pkey"],
            "cannot be used",
        ),
    ] {
        let convert = match what {
            "is encrypted" => [convert, &pass].concat(),
            _ => convert.to_vec(),
        };
        let files = made_by_openssl(&office, file, generate, &convert);
        refuses(tls(vec![files]), "key: ", what);
    }
}

#[tokio::test]
async fn t07_ipv6_speaks_tls() {
    let office = Office::open();
    let mut endpoint = tcp(0);
    endpoint.interface = Interface::Address("::1".parse().unwrap());
    endpoint.tls = Some(Box::new(tls(vec![office.issue("a", "localhost")])));
    let mut transport = transport(universal(rawsocket(), websocket()));
    transport.endpoint = Endpoint::Tcp(endpoint);
    let server = Server::on(realm(), &transport);
    assert!(server.address.is_ipv6());
    assert!(office.client().joins(server.address).await);
}

#[tokio::test]
async fn another_authority_for_clients_is_taken_and_a_broken_one_is_not() {
    let office = Office::open();
    let other = Office::open();
    let own = office.issue("a", "localhost");
    let authority = |office: &Office| std::fs::read_to_string(office.path("ca.pem")).unwrap();
    office.write("clients.pem", &authority(&office));
    let clients = ClientCertificates::Required(vec![office.path("clients.pem")]);
    let server = serve(ServerTls {
        clients,
        ..tls(vec![own])
    });
    let with = |certificate| Client {
        certificate: Some(certificate),
        ..office.client()
    };
    let (ours, theirs) = (
        with(office.issue("c", "client")),
        with(other.issue("c", "client")),
    );
    let reload = || server.router.reload_certificates().pop().unwrap().1;
    assert!(ours.joins(server.address).await && !theirs.joins(server.address).await);
    office.write("clients.pem", &authority(&other));
    reload().unwrap();
    assert!(!ours.joins(server.address).await && theirs.joins(server.address).await);
    office.write("clients.pem", "no certificate");
    let fault = reload().unwrap_err().to_string();
    assert!(fault.starts_with("ca_certificates[0]: "), "{fault}");
    assert!(theirs.joins(server.address).await);
}

/// Checks that TLS is refused with a fault that begins and goes on so.
#[track_caller]
fn refuses(tls: ServerTls, begin: &str, what: &str) {
    let fault = check_tls(&tls).unwrap_err().to_string();
    assert!(fault.starts_with(begin) && fault.contains(what), "{fault}");
    let refused = listen(&encrypted(tls), &Router::new(), None);
    assert!(matches!(refused, Err(ListenError::Tls(_))));
}

#[test]
fn faults_of_keys_have_their_place() {
    let office = Office::open();
    let good = office.issue("a", "localhost");
    let other = office.issue("b", "localhost");
    let locked = "-----BEGIN ENCRYPTED PRIVATE KEY-----\n";
    office.write("locked.key", locked);
    let weak = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
    office.write("weak.key", weak);
    std::fs::copy(&good.key, office.path("open.key")).unwrap();
    set_mode(&office.path("open.key"), 0o666);
    for (name, begin, what) in [
        ("none.key", "key: cannot read ", "No such file or directory"),
        ("a.pem", "key: ", "a.pem has no private key in PEM"),
        (
            "b.key",
            "key: the key in ",
            "does not fit the certificate in ",
        ),
        ("locked.key", "key: ", "is encrypted"),
        ("weak.key", "key: ", "cannot be used"),
        ("open.key", "key: everybody may write ", "chmod 600"),
    ] {
        let key = office.path(name);
        refuses(
            tls(vec![CertificateFiles {
                key,
                ..good.clone()
            }]),
            begin,
            what,
        );
    }
    let second = CertificateFiles {
        at: "certificates[0]".into(),
        certificate: good.certificate.clone(),
        ..other
    };
    refuses(
        tls(vec![good, second]),
        "certificates[0].key: ",
        "does not fit",
    );
}

#[test]
fn faults_of_certificates_have_their_place() {
    let office = Office::open();
    let good = office.issue("a", "localhost");
    office.issue("b", "localhost");
    office.write("text", "no certificate");
    let chained = |chain: &[&str]| {
        let chain = chain.iter().map(|name| office.path(name)).collect();
        tls(vec![CertificateFiles {
            chain,
            ..good.clone()
        }])
    };
    let none = "text has no certificate in PEM";
    let certificate = office.path("text");
    let own = CertificateFiles {
        certificate,
        ..good.clone()
    };
    refuses(tls(vec![own]), "certificate: ", none);
    let order = "chain_certificates[0]: certificate 1 in ";
    refuses(
        chained(&["b.pem"]),
        order,
        "has not issued the one before it",
    );
    refuses(
        chained(&["ca.pem", "text"]),
        "chain_certificates[1]: ",
        none,
    );
    let clients = ClientCertificates::Required(vec![office.path("text")]);
    let asking = ServerTls {
        clients,
        ..chained(&[])
    };
    refuses(asking, "ca_certificates[0]: ", none);
    // What is there twice is taken once.
    let twice = check_tls(&chained(&["ca.pem", "ca.pem"])).unwrap();
    assert!(twice.is_empty());
}

#[test]
fn what_works_but_should_be_looked_at_is_told() {
    let office = Office::open();
    let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    params.not_before = rcgen::date_time_ymd(2001, 2, 3);
    params.not_after = rcgen::date_time_ymd(2011, 12, 13);
    let expired = office.issue_for("expired", &params);
    let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    params.not_before = rcgen::date_time_ymd(2101, 2, 3);
    params.not_after = rcgen::date_time_ymd(2111, 2, 3);
    let early = CertificateFiles {
        at: "certificates[0]".into(),
        ..office.issue_for("early", &params)
    };
    set_mode(&early.key, 0o640);
    let warnings = check_tls(&tls(vec![expired, early])).unwrap();
    let lines: Vec<String> = warnings.iter().map(ToString::to_string).collect();
    let expected = [
        ("certificate: ", "expired on 2011-12-13T00:00:00.000Z"),
        ("certificates[0].key: ", "(`chmod 600`)"),
        (
            "certificates[0].certificate: ",
            "not valid before 2101-02-03T",
        ),
    ];
    assert_eq!(lines.len(), expected.len());
    for (line, (place, what)) in lines.iter().zip(expected) {
        assert!(line.starts_with(place) && line.contains(what), "{line}");
    }
}

#[tokio::test(start_paused = true)]
async fn files_are_watched_through_links() {
    let office = Office::open();
    let old = office.issue("old", "localhost");
    let new = office.issue("new", "localhost");
    let link = |name: &str| {
        for ending in ["pem", "key"] {
            let (fresh, at) = (office.path("fresh"), office.path(&format!("live.{ending}")));
            std::os::unix::fs::symlink(office.path(&format!("{name}.{ending}")), &fresh).unwrap();
            std::fs::rename(fresh, at).unwrap();
        }
    };
    link("old");
    let server = serve(tls(vec![office.files("live")]));
    assert_eq!(shown(&office, &server, "localhost").await, Some(der(&old)));
    link("new");
    soon(async {
        while shown(&office, &server, "localhost").await != Some(der(&new)) {
            tokio::time::sleep(std::time::Duration::from_millis(500)).await;
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn what_is_mended_is_taken_without_a_signal() {
    let office = Office::open();
    let files = office.issue("a", "localhost");
    let before = der(&files);
    let server = serve(tls(vec![files.clone()]));
    let soon_shown = async |expected: CertificateDer<'static>| {
        soon(async {
            while shown(&office, &server, "localhost").await != Some(expected.clone()) {
                tokio::time::sleep(std::time::Duration::from_millis(500)).await;
            }
        })
        .await;
    };
    office.issue("a", "localhost");
    set_mode(&files.key, 0o666);
    assert!(server.router.reload_certificates()[0].1.is_err());
    assert_eq!(shown(&office, &server, "localhost").await, Some(before));
    // The content stays as it is.
    set_mode(&files.key, 0o600);
    soon_shown(der(&files)).await;
}
