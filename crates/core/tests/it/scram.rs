use std::collections::BTreeMap;

use crossbar_core::{Access, Credentials, MethodConfig, RealmOptions, ScramPrincipal};
use crossbar_wire::Text;
use crossbar_wire::auth::scram::{Dialect, Exchange, Kdf, Said, SaltedPassword, base64};

use crate::stage::Stage;

const SALT: &[u8] = b"saltsalt12345678";
const CHANNEL: [u8; 32] = [0xC4; 32];
/// The nonce of every client.
const NONCE: &str = "egVDf3DMJh0=";
const PBKDF2: Kdf = Kdf::Pbkdf2 { iterations: 4 };
const ARGON2: Kdf = Kdf::Argon2id {
    iterations: 1,
    memory: 8,
};

fn salted(dialect: Dialect, kdf: Kdf, password: &str) -> SaltedPassword {
    SaltedPassword::new(dialect, kdf, password, SALT).unwrap()
}

fn stage(bound: bool) -> Stage {
    let principal = |kdf, only: Option<Dialect>| ScramPrincipal {
        kdf,
        dialect: only,
        salt: SALT.to_vec(),
        keys: salted(only.unwrap_or(Dialect::Specification), kdf, "pencil").keys(),
        role: Text::from("anyone"),
    };
    let principals = BTreeMap::from([
        (Text::from("any"), principal(PBKDF2, None)),
        (
            Text::from("new"),
            principal(ARGON2, Some(Dialect::Specification)),
        ),
        (
            Text::from("old"),
            principal(ARGON2, Some(Dialect::Autobahn)),
        ),
    ]);
    let methods = vec![MethodConfig::Scram(principals)];
    let mut stage = Stage::new(RealmOptions::default(), Access::Methods(methods));
    if bound {
        stage.set_credentials(Credentials {
            channel: Some(CHANNEL),
            ..Credentials::default()
        });
    }
    stage
}

/// What a client says and computes.
struct Client {
    dialect: Dialect,
    authid: &'static str,
    kdf: Kdf,
    password: &'static str,
    binding: Option<&'static str>,
}

impl Client {
    fn new(dialect: Dialect, authid: &'static str, kdf: Kdf) -> Self {
        Self {
            dialect,
            authid,
            kdf,
            password: "pencil",
            binding: None,
        }
    }

    fn hello(&self) -> String {
        let binding = self
            .binding
            .map(|kind| format!(r#", "channel_binding": "{kind}""#));
        format!(
            r#"[1, "realm1", {{"roles": {{"caller": {{}}}}, "authid": "{}", "authmethods": ["{}"], "authextra": {{"nonce": "{NONCE}"{}}}}}]"#,
            self.authid,
            self.dialect.method(),
            binding.unwrap_or_default(),
        )
    }

    fn nonce(&self) -> String {
        self.dialect.nonce(NONCE, &[9; 24]).unwrap()
    }

    fn challenge(&self) -> String {
        let memory = match (self.dialect, self.kdf.memory()) {
            (_, Some(memory)) => format!(r#", "memory": {memory}"#),
            (Dialect::Specification, None) => r#", "memory": null"#.to_owned(),
            (Dialect::Autobahn, None) => String::new(),
        };
        format!(
            r#"[4, "{}", {{"nonce": "{}", "salt": "{}", "kdf": "{}", "iterations": {}{memory}}}]"#,
            self.dialect.method(),
            self.nonce(),
            base64(SALT),
            self.dialect.kdf(self.kdf),
            self.kdf.iterations(),
        )
    }

    fn exchange(&self) -> Exchange {
        Exchange::new(
            self.dialect,
            &Said {
                authid: self.authid,
                client_nonce: NONCE,
                nonce: &self.nonce(),
                salt: &base64(SALT),
                iterations: self.kdf.iterations(),
                binding: self.binding.map(|kind| (kind, &CHANNEL[..])),
            },
        )
    }

    fn proof(&self) -> String {
        self.exchange()
            .proof(&salted(self.dialect, self.kdf, self.password))
    }

    fn extra(&self) -> String {
        match (self.dialect, self.binding) {
            (Dialect::Autobahn, _) => "{}".to_owned(),
            (Dialect::Specification, None) => {
                format!(
                    r#"{{"nonce": "{}", "channel_binding": null, "cbind_data": null}}"#,
                    self.nonce()
                )
            }
            (Dialect::Specification, Some(kind)) => format!(
                r#"{{"nonce": "{}", "channel_binding": "{kind}", "cbind_data": "{}"}}"#,
                self.nonce(),
                base64(&CHANNEL),
            ),
        }
    }

    fn verifier(&self) -> String {
        let keys = salted(self.dialect, self.kdf, "pencil").keys();
        self.exchange().signature(&keys)
    }
}

#[test]
fn a04_the_right_password_opens_a_session() {
    let new = Dialect::Specification;
    let old = Dialect::Autobahn;
    for (client, bound) in [
        (Client::new(new, "any", PBKDF2), false),
        (Client::new(new, "new", ARGON2), false),
        (Client::new(new, "new", ARGON2), true),
        (Client::new(old, "any", PBKDF2), false),
        (Client::new(old, "old", ARGON2), true),
        (
            Client {
                binding: Some("tls-exporter"),
                ..Client::new(new, "any", PBKDF2)
            },
            true,
        ),
    ] {
        stage(bound).play(&format!(
            r#"
            alice > {}
            alice < {}
            alice > [5, "{}", {}]
            alice < [2, 1, {{"...": 1, "authid": "{}", "authrole": "anyone", "authmethod": "{}", "authprovider": "static", "authextra": {{"{}": "{}"}}}}]
            "#,
            client.hello(),
            client.challenge(),
            client.proof(),
            client.extra(),
            client.authid,
            client.dialect.method(),
            client.dialect.verifier(),
            client.verifier(),
        ));
    }
}

#[test]
fn a04_answers_that_prove_nothing() {
    let client = Client::new(Dialect::Specification, "any", PBKDF2);
    let (right, extra) = (client.proof(), client.extra());
    let wrong = Client {
        password: "pencils",
        ..Client::new(Dialect::Specification, "any", PBKDF2)
    };
    let bound = extra.replace(
        r#""channel_binding": null"#,
        r#""channel_binding": "tls-exporter""#,
    );
    let other_nonce = extra.replace(&client.nonce(), &format!("{}AAAA", client.nonce()));
    for (proof, extra, error) in [
        (wrong.proof(), extra.clone(), "invalid-proof"),
        (String::new(), extra.clone(), "invalid-proof"),
        (right[4..].to_owned(), extra.clone(), "invalid-proof"),
        (format!("{right}AAAA"), extra.clone(), "invalid-proof"),
        ("A".repeat(1 << 16), extra.clone(), "invalid-proof"),
        (client.verifier(), extra, "invalid-proof"),
        (right.clone(), other_nonce, "other-error"),
        (right.clone(), "{}".to_owned(), "other-error"),
        (right, bound, "channel-bindings-dont-match"),
    ] {
        stage(false).play(&format!(
            r#"
            alice > {}
            alice < {}
            alice > [5, "{proof}", {extra}]
            alice < [3, {{"message": "SCRAM authentication failed", "scram": "{error}"}}, "wamp.error.not_authorized"]
            alice < closed
            "#,
            client.hello(),
            client.challenge(),
        ));
    }
}

#[test]
fn a04_a_replayed_answer_is_for_another_nonce() {
    let client = Client::new(Dialect::Autobahn, "old", ARGON2);
    let earlier = Exchange::new(
        Dialect::Autobahn,
        &Said {
            authid: "old",
            client_nonce: NONCE,
            nonce: &Dialect::Autobahn.nonce(NONCE, &[8; 24]).unwrap(),
            salt: &base64(SALT),
            iterations: 1,
            binding: None,
        },
    );
    stage(false).play(&format!(
        r#"
        alice > {}
        alice < {}
        alice > [5, "{}", {{}}]
        alice < [3, {{"message": "SCRAM authentication failed"}}, "wamp.error.not_authorized"]
        alice < closed
        "#,
        client.hello(),
        client.challenge(),
        earlier.proof(&salted(Dialect::Autobahn, ARGON2, "pencil")),
    ));
}

#[test]
fn a04_an_unknown_user_is_challenged_as_known_ones_are() {
    // Also one whose keys are of the other dialect.
    for (authid, dialect) in [
        ("nobody", Dialect::Specification),
        ("old", Dialect::Specification),
        ("nobody", Dialect::Autobahn),
    ] {
        let client = Client::new(dialect, authid, PBKDF2);
        let scram = match dialect {
            Dialect::Specification => r#", "scram": "invalid-proof""#,
            Dialect::Autobahn => "",
        };
        stage(false).play(&format!(
            r#"
            alice > {hello}
            alice < [4, "{method}", {{"...": 1, "salt": "$salt", "kdf": "$kdf", "iterations": "$iterations"}}]
            alice > [5, "{}", {}]
            alice < [3, {{"message": "SCRAM authentication failed"{scram}}}, "wamp.error.not_authorized"]
            alice < closed
            bob > {hello}
            bob < [4, "{method}", {{"...": 1, "salt": "$salt", "kdf": "$kdf", "iterations": "$iterations"}}]
            "#,
            client.proof(),
            client.extra(),
            hello = client.hello(),
            method = dialect.method(),
        ));
    }
}

#[test]
fn a04_requests_that_cannot_be() {
    let hello = Client::new(Dialect::Specification, "any", PBKDF2).hello();
    let refused = r#"[3, {"message": "SCRAM authentication needs authextra.nonce, at most 256 characters of base64"}, "wamp.error.not_authorized"]"#;
    for nonce in ["", "no base64", "AAA", &"A".repeat(260)] {
        let hello = hello.replace(NONCE, nonce);
        stage(false).play(&format!(
            "alice > {hello}\nalice < {refused}\nalice < closed"
        ));
    }
    let hello = hello.replace("any", "b\\u0007d");
    stage(false).play(&format!(
        r#"
        alice > {hello}
        alice < [3, {{"message": "*", "scram": "invalid-username-encoding"}}, "wamp.error.not_authorized"]
        alice < closed
        "#
    ));
}

#[test]
fn a06_a_binding_that_is_not_there_is_refused() {
    for (bound, kind) in [(false, "tls-exporter"), (true, "tls-unique"), (true, "x")] {
        let client = Client {
            binding: Some(kind),
            ..Client::new(Dialect::Specification, "any", PBKDF2)
        };
        stage(bound).play(&format!(
            r#"
            alice > {}
            alice < [3, {{"message": "*", "scram": "unsupported-channel-binding-type"}}, "wamp.error.not_authorized"]
            alice < closed
            "#,
            client.hello(),
        ));
    }
}
