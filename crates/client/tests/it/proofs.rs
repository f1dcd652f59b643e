//! What a client proves, and what it demands of a router.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

use crossbar_client::rustls::pki_types::CertificateDer;
use crossbar_client::{Auth, ConnectError, Options, PrivateKey, Tls, connect};
use crossbar_config::{Surroundings, read_transport};
use crossbar_net::{Address, Listener, Router, listen};
use crossbar_wire::auth::hex;
use crossbar_wire::auth::scram::{Dialect, Kdf, SaltedPassword, base64};
use serde_json::{Value, json};

use crate::router::{router, transport_with};
use crate::script::{Router as Script, WELCOME, json as json_options, opening};

const SALT: &[u8] = b"saltsalt12345678";

fn key(seed: u8) -> PrivateKey {
    PrivateKey::from_seed(&[seed; 32])
}

fn scram_principal(dialect: Dialect, kdf: Kdf) -> Value {
    let keys = SaltedPassword::new(dialect, kdf, "pencil", SALT)
        .unwrap()
        .keys();
    json!({
        "kdf": dialect.kdf(kdf), "iterations": kdf.iterations(), "memory": kdf.memory().unwrap_or(512),
        "salt": hex(SALT), "stored-key": hex(&keys.stored), "server-key": hex(&keys.server), "role": "user",
    })
}

fn auth() -> Value {
    let argon2 = Kdf::Argon2id {
        iterations: 2,
        memory: 512,
    };
    let pbkdf2 = Kdf::Pbkdf2 { iterations: 4096 };
    json!({
        "ticket": {"type": "static", "principals": {"hash": {
            "ticket": "$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHQxMjM0$Yqkgm3Pno2+ryfTz9+J9axICoEQFoVubKJiwtPRn87o", "role": "user"}}},
        "scram": {"type": "static", "principals": {
            "new": scram_principal(Dialect::Specification, argon2),
            "old": scram_principal(Dialect::Autobahn, argon2),
            "any": scram_principal(Dialect::Specification, pbkdf2),
        }},
        "cryptosign": {"type": "static", "principals": {
            "device": {"authorized_keys": [key(1).public().to_string()], "role": "user"}}},
    })
}

fn cryptosign(seed: u8, router: Option<u8>) -> Auth {
    Auth::Cryptosign {
        key: key(seed),
        router: router.map(|seed| key(seed).public()),
        binding: false,
    }
}

fn wamp_scram(password: &str) -> Auth {
    Auth::WampScram {
        password: password.into(),
        binding: false,
    }
}

#[tokio::test]
async fn a04_a05_a07_proofs_open_sessions_on_every_transport() {
    let router = router();
    router.identify(key(7));
    for framing in ["websocket", "rawsocket"] {
        let (_listener, target) = transport_with(&router, framing, 0, ("auth", auth()));
        for (authid, auth, good) in [
            ("hash", Auth::Ticket("sesame".into()), true),
            ("hash", Auth::Ticket("simsim".into()), false),
            ("nobody", Auth::Ticket("sesame".into()), false),
            ("new", wamp_scram("pencil"), true),
            ("new", wamp_scram("pencils"), false),
            ("any", wamp_scram("pencil"), true),
            ("any", Auth::Scram("pencil".into()), true),
            ("old", Auth::Scram("pencil".into()), true),
            ("old", Auth::Scram("pencils".into()), false),
            ("nobody", Auth::Scram("pencil".into()), false),
            ("device", cryptosign(1, None), true),
            ("device", cryptosign(1, Some(7)), true),
            ("device", cryptosign(1, Some(8)), false),
            ("device", cryptosign(2, None), false),
            ("nobody", cryptosign(1, None), false),
        ] {
            let method = format!("{auth:?}");
            let options = Options {
                authid: Some(authid.to_owned()),
                auth: vec![auth],
                ..Options::realm("realm1")
            };
            let session = connect(&target, options).await;
            assert_eq!(session.is_ok(), good, "{framing} {authid} {method}");
            if let Ok(session) = session {
                let details = session.details().unwrap();
                assert_eq!(details.authid.as_deref(), Some(authid));
                assert_eq!(details.authrole.as_deref(), Some("user"));
            }
        }
    }
}

/// Writes DER as PEM.
fn pem(path: &Path, label: &str, der: &[u8]) {
    let text = base64(der);
    let lines: Vec<&str> = text
        .as_bytes()
        .chunks(64)
        .map(|line| std::str::from_utf8(line).unwrap())
        .collect();
    let text = format!(
        "-----BEGIN {label}-----\n{}\n-----END {label}-----\n",
        lines.join("\n")
    );
    std::fs::write(path, text).unwrap();
    std::fs::set_permissions(path, Permissions::from_mode(0o600)).unwrap();
}

/// Starts RawSocket over TLS; gives its port.
fn tls(router: &Arc<Router>) -> (Listener, u16) {
    let directory = tempfile::tempdir().unwrap();
    let (key_file, certificate) = (
        directory.path().join("key"),
        directory.path().join("certificate"),
    );
    pem(
        &key_file,
        "PRIVATE KEY",
        include_bytes!("tls/localhost.key.der"),
    );
    pem(
        &certificate,
        "CERTIFICATE",
        include_bytes!("tls/localhost.der"),
    );
    let item = json!({
        "type": "rawsocket",
        "endpoint": {"type": "tcp", "port": 0, "interface": "127.0.0.1", "tls": {"key": key_file, "certificate": certificate}},
        "auth": auth(),
    });
    let transport = read_transport(item, &Surroundings::default()).unwrap();
    let listener = listen(&transport, router, None).unwrap();
    let Address::Tcp(address) = listener.local_address() else {
        panic!("the endpoint is tcp");
    };
    let port = address.port();
    (listener, port)
}

#[tokio::test]
async fn a06_proofs_hold_for_one_tls_connection() {
    let router = router();
    router.identify(key(7));
    let authority = include_bytes!("tls/authority.der");
    let (_listener, port) = tls(&router);
    let target = format!("rss://localhost:{port}").parse().unwrap();
    let (_plain, plain) = transport_with(&router, "rawsocket", 0, ("auth", self::auth()));
    for (authid, auth) in [
        (
            "device",
            Auth::Cryptosign {
                key: key(1),
                router: Some(key(7).public()),
                binding: true,
            },
        ),
        (
            "any",
            Auth::WampScram {
                password: "pencil".into(),
                binding: true,
            },
        ),
    ] {
        let options = Options {
            authid: Some(authid.to_owned()),
            auth: vec![auth.clone()],
            tls: Tls::Authorities(vec![CertificateDer::from(&authority[..])]),
            ..Options::realm("realm1")
        };
        let session = connect(&target, options).await.unwrap();
        assert_eq!(session.details().unwrap().authid.as_deref(), Some(authid));
        // Without TLS there is nothing to bind to.
        let unbound = Options {
            authid: Some(authid.to_owned()),
            auth: vec![auth],
            ..Options::realm("realm1")
        };
        let error = connect(&plain, unbound).await.expect_err("not bound");
        assert!(matches!(error, ConnectError::Unbound), "{error}");
    }
}

/// Plays a router that answers HELLO with `challenge`, and AUTHENTICATE with WELCOME; gives why the client gives up.
async fn given_up(auth: Auth, challenge: &str) -> ConnectError {
    let options = Options {
        authid: Some("joe".to_owned()),
        auth: vec![auth],
        ..json_options()
    };
    let play = async |mut router: Script<_>, hello: String| {
        let hello: Value = serde_json::from_str(&hello).unwrap();
        let nonce = hello[2]["authextra"]["nonce"].as_str().unwrap_or_default();
        if !challenge.is_empty() {
            router.says(&challenge.replace("NONCE", nonce)).await;
            let answer = router.hears().await;
            if answer.starts_with("[3,") {
                return router;
            }
        }
        router.says(WELCOME).await;
        let abort = router.hears().await;
        assert!(abort.starts_with("[3,"), "{abort}");
        router
    };
    opening(options, play)
        .await
        .expect_err("the client gives up")
}

#[tokio::test]
async fn a04_a_router_that_proves_nothing_is_left() {
    let ask = |dialect: &str, nonce: &str, kdf: &str| {
        format!(r#"[4,"{dialect}",{{"nonce":"{nonce}","salt":"c2FsdHNhbHQ=","kdf":{kdf}}}]"#)
    };
    let pbkdf2 = r#""pbkdf2","iterations":4096"#;
    for challenge in [
        String::new(),
        ask("wamp-scram", "NONCEAAAA", pbkdf2),
        ask("wamp-scram", "AAAANONCE", pbkdf2),
        ask("wamp-scram", "NONCE", pbkdf2),
    ] {
        let error = given_up(wamp_scram("pencil"), &challenge).await;
        assert!(
            matches!(error, ConnectError::Impostor(_)),
            "{challenge}: {error}"
        );
    }
    for kdf in [
        r#""pbkdf2","iterations":1"#,
        r#""pbkdf2","iterations":4000000000"#,
        r#""argon2id13","iterations":1"#,
        r#""argon2id13","iterations":1,"memory":8"#,
        r#""argon2id13","iterations":1,"memory":2000000"#,
        r#""argon2id-13","iterations":4096,"memory":512"#,
    ] {
        let challenge = ask("wamp-scram", "NONCEAAAA", kdf);
        let error = given_up(wamp_scram("pencil"), &challenge).await;
        assert!(
            matches!(error, ConnectError::BadChallenge(_)),
            "{kdf}: {error}"
        );
    }
}

#[tokio::test]
async fn a05_a06_a07_a_router_without_its_key_is_left() {
    let challenge = "ab".repeat(32);
    let unsigned = format!(r#"[4,"cryptosign",{{"challenge":"{challenge}"}}]"#);
    let other = key(7).sign(&[1; 32], None);
    let signed = format!(r#"[4,"cryptosign",{{"challenge":"{challenge}","signature":"{other}"}}]"#);
    for challenge in ["", &unsigned, &signed] {
        let error = given_up(cryptosign(1, Some(7)), challenge).await;
        assert!(
            matches!(error, ConnectError::Impostor(_)),
            "{challenge}: {error}"
        );
    }
    let error = given_up(
        cryptosign(1, None),
        r#"[4,"cryptosign",{"challenge":"ab"}]"#,
    )
    .await;
    assert!(matches!(error, ConnectError::BadChallenge(_)), "{error}");
    // A binding that was not asked for.
    let bound = unsigned.replace("}]", r#","channel_binding":"tls-exporter"}]"#);
    let error = given_up(cryptosign(1, None), &bound).await;
    assert!(matches!(error, ConnectError::Unbound), "{error}");
}
