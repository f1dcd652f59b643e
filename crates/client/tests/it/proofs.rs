//! What a client proves, and what it demands of a router.

use crossbar_client::{Auth, ConnectError, Options, PrivateKey, connect};
use crossbar_wire::auth::hex;
use crossbar_wire::auth::scram::{Dialect, Kdf, SaltedPassword};
use serde_json::{Value, json};

use crate::router::{router, transport_with};
use crate::script::{Router, WELCOME, json as json_options, opening};

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

/// Plays a router that answers HELLO with `challenge`, and AUTHENTICATE with WELCOME; gives why the client gives up.
async fn given_up(auth: Auth, challenge: &str) -> ConnectError {
    let options = Options {
        authid: Some("joe".to_owned()),
        auth: vec![auth],
        ..json_options()
    };
    let play = async |mut router: Router<_>, hello: String| {
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
