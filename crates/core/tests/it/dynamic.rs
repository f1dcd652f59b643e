//! Authenticators: what they are asked, and what becomes of what they say.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use crossbar_core::{
    Access, AuthenticatorFailure, ChannelFraming, ChannelType, ClientCertificate, Credentials,
    Dynamic, DynamicMethod, Inquiry, Join, Joining, MethodConfig, Opening, Step, Timestamp,
    TransportDetails,
};
use crossbar_wire::{
    Authenticate, Dict, Features, Format, Hello, Role, Roles, SessionId, Text, Value,
};
use serde_json::{Value as Json, json};

fn access(method: DynamicMethod) -> Arc<Access> {
    Arc::new(Access::Methods(vec![MethodConfig::Dynamic(Arc::new(
        Dynamic {
            method,
            procedure: Text::from("com.example.auth"),
            realm: Some(Text::from("realm-auth")),
            default_role: None,
            limit: Duration::from_secs(10),
        },
    ))]))
}

fn hello(method: DynamicMethod) -> Hello {
    Hello {
        realm: Some(Text::from("realm1")),
        roles: Roles::default().with(Role::Caller, Features::default()),
        authmethods: vec![Text::from(method.name())],
        authid: Some(Text::from("joe")),
        authrole: Some(Text::from("boss")),
        authextra: value(json!({"team": 7})),
        ..Hello::default()
    }
}

fn opening() -> Opening {
    Opening {
        session: SessionId::new(77).unwrap(),
        random: [9; 32],
        time: Timestamp::default(),
        credentials: None,
        cookie: None,
        identity: None,
        disguise: [0; 32],
        transport: Some(TransportDetails {
            channel: ChannelType::Tcp,
            framing: ChannelFraming::RawSocket,
            format: Format::Cbor,
            peer: Some(SocketAddr::from(([127, 0, 0, 1], 5000))),
            cookie: None,
            certificate: None,
        }),
    }
}

fn value(json: Json) -> Value {
    Value::from(json)
}

/// Says HELLO, shows a ticket if asked for one, and gives what the authenticator is asked.
fn asked(access: &Arc<Access>, hello: Hello) -> (Inquiry, Joining) {
    let mut step = Joining::hello(access, hello, opening());
    if let Step::Challenge(challenge, joining) = step {
        assert_eq!(challenge.method.as_str(), "ticket");
        assert_eq!(challenge.extra, Value::Dict(Dict::new()));
        assert!(joining.request().is_none());
        step = joining.authenticate(&Authenticate {
            signature: Text::from("secret!!!"),
            extra: Value::Null,
        });
    }
    let Step::Ask(inquiry, joining) = step else {
        panic!("{step:?}");
    };
    (*inquiry, joining)
}

fn answered(method: DynamicMethod, answer: Json) -> Result<Step, String> {
    let (_, joining) = asked(&access(method), hello(method));
    joining.answered(Ok(value(answer))).map_err(|bad| bad.what)
}

fn joined(method: DynamicMethod, answer: Json) -> Join {
    match answered(method, answer) {
        Ok(Step::Join(join)) => *join,
        other => panic!("{other:?}"),
    }
}

fn aborted(method: DynamicMethod, answer: Json) -> String {
    match answered(method, answer) {
        Ok(Step::Abort(abort)) => abort.reason.to_string(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a12_authenticators_are_asked_as_crossbar_asks_them() {
    let transport = json!({
        "channel_type": "tcp", "channel_framing": "rawsocket", "channel_serializer": "cbor",
        "is_server": true, "is_secure": false, "peer": "tcp4:127.0.0.1:5000",
        "peer_cert": null, "client_cert": null,
    });
    let details = |method: &str, more: Json| {
        let mut details = json!({
            "transport": transport, "session": 77, "authmethod": method, "authextra": {"team": 7},
        });
        let more = more.as_object().unwrap().clone();
        details.as_object_mut().unwrap().extend(more);
        value(details)
    };
    for (method, authid, details) in [
        (
            DynamicMethod::Ticket,
            json!("joe"),
            details("ticket", json!({"ticket": "secret!!!"})),
        ),
        (
            DynamicMethod::WampCra,
            json!("joe"),
            details("wampcra", json!({"authid": "joe", "authrole": "boss"})),
        ),
        (
            DynamicMethod::Cryptosign,
            json!("joe"),
            details("cryptosign", json!({"authid": "joe", "authrole": "boss"})),
        ),
        (
            DynamicMethod::Scram,
            json!("joe"),
            details("scram", json!({})),
        ),
        (
            DynamicMethod::Anonymous,
            json!("JJJJ-JJJJ-JJJJ-JJJJ-JJJJ-JJJJ"),
            details("anonymous", json!({})),
        ),
    ] {
        let (inquiry, _) = asked(&access(method), hello(method));
        let arguments = vec![value(json!("realm1")), value(authid), details];
        let realm = Text::from("realm-auth");
        let procedure = Text::from("com.example.auth");
        let limit = Duration::from_secs(10);
        assert_eq!(
            inquiry,
            Inquiry {
                realm,
                procedure,
                arguments,
                limit
            }
        );
    }
}

#[test]
fn a12_without_a_realm_of_its_own_the_authenticator_is_asked_in_the_clients() {
    let dynamic = |realm: Option<&str>| {
        Arc::new(Access::Methods(vec![MethodConfig::Dynamic(Arc::new(
            Dynamic {
                method: DynamicMethod::Ticket,
                procedure: Text::from("com.example.auth"),
                realm: realm.map(Text::from),
                default_role: Some(Text::from("guest")),
                limit: Duration::from_secs(1),
            },
        ))]))
    };
    let (inquiry, joining) = asked(&dynamic(None), hello(DynamicMethod::Ticket));
    assert_eq!(inquiry.realm.as_str(), "realm1");
    let Ok(Step::Join(join)) = joining.answered(Ok(value(json!({})))) else {
        panic!("the default role is there");
    };
    assert_eq!(join.principal.authrole.as_str(), "guest");
    // No realm at all: the authenticator assigns one.
    let nowhere = Hello {
        realm: None,
        ..hello(DynamicMethod::Ticket)
    };
    let (inquiry, joining) = asked(&dynamic(Some("realm-auth")), nowhere.clone());
    assert_eq!(inquiry.arguments[0], Value::Null);
    let Ok(Step::Join(join)) = joining.answered(Ok(value(json!({"realm": "realm2"})))) else {
        panic!("a realm is assigned");
    };
    assert_eq!(join.realm.as_str(), "realm2");
    let (_, joining) = asked(&dynamic(Some("realm-auth")), nowhere);
    let Ok(Step::Abort(abort)) = joining.answered(Ok(value(json!("guest")))) else {
        panic!("no realm is assigned");
    };
    assert_eq!(abort.reason.as_str(), "wamp.error.no_such_realm");
}

#[test]
fn a12_a_role_or_a_principal_lets_a_client_in() {
    let join = joined(DynamicMethod::Ticket, json!("user"));
    let principal = &join.principal;
    assert_eq!(join.realm.as_str(), "realm1");
    assert_eq!(principal.authid.as_str(), "joe");
    assert_eq!(principal.authrole.as_str(), "user");
    assert_eq!(principal.authmethod.as_str(), "ticket");
    assert_eq!(principal.authprovider.as_str(), "dynamic");
    assert_eq!(principal.authextra, Value::Null);
    let answer =
        json!({"realm": "realm2", "authid": "JOE", "role": "user", "extra": {"a": [1]}, "more": 1});
    for method in [DynamicMethod::Ticket, DynamicMethod::Anonymous] {
        let join = joined(method, answer.clone());
        assert_eq!(join.realm.as_str(), "realm2");
        assert_eq!(join.principal.authid.as_str(), "JOE");
        assert_eq!(join.principal.authmethod.as_str(), method.name());
        assert_eq!(join.principal.authextra, value(json!({"a": [1]})));
    }
    assert_eq!(
        aborted(DynamicMethod::Ticket, json!({"authid": "", "role": "user"})),
        "wamp.error.no_such_principal"
    );
    assert_eq!(
        aborted(DynamicMethod::Ticket, json!({"authid": "joe"})),
        "wamp.error.no_such_role"
    );
}

#[test]
fn a12_the_authenticator_gives_the_secret_of_wampcra() {
    let challenge = |answer| match answered(DynamicMethod::WampCra, answer) {
        Ok(Step::Challenge(challenge, joining)) => (challenge, joining),
        other => panic!("{other:?}"),
    };
    let (made, joining) = challenge(json!({"role": "user", "secret": "secret"}));
    let text = made.extra.get("challenge").and_then(Value::as_str).unwrap();
    assert!(text.contains(r#""authrole": "user""#), "{text}");
    assert!(text.contains(r#""authprovider": "dynamic""#), "{text}");
    let request = joining.request().unwrap();
    assert_eq!(request.principal.authrole.as_str(), "user");
    let sign = |text: &str| Authenticate {
        signature: Text::from(crossbar_wire::auth::wampcra::sign(
            b"secret",
            text.as_bytes(),
        )),
        extra: Value::Null,
    };
    assert!(matches!(joining.authenticate(&sign(text)), Step::Join(_)));
    let (_, joining) = challenge(json!({"role": "user", "secret": "secret"}));
    assert!(matches!(joining.authenticate(&sign("x")), Step::Denied(_)));
    let salted =
        json!({"role": "user", "secret": "s", "salt": "x", "iterations": 10, "keylen": 32});
    let (made, _) = challenge(salted);
    let salt = made.extra.get("salt").and_then(Value::as_str);
    let iterations = made.extra.get("iterations").and_then(Value::as_u64);
    assert_eq!((salt, iterations), (Some("x"), Some(10)));
}

#[test]
fn a12_the_authenticator_gives_the_keys_of_cryptosign_and_scram() {
    let key = "545efb0a2192db8d43f118e9bf9aee081466e1ef36c708b96ee6f62dddad9122";
    let Ok(Step::Challenge(challenge, joining)) = answered(
        DynamicMethod::Cryptosign,
        json!({"role": "user", "pubkey": key}),
    ) else {
        panic!("the client is challenged");
    };
    let text = challenge.extra.get("challenge").and_then(Value::as_str);
    assert_eq!(text, Some("09".repeat(32).as_str()));
    let request = joining.request().unwrap();
    assert_eq!(request.principal.authprovider.as_str(), "dynamic");
    let method = DynamicMethod::Scram;
    let hello = Hello {
        authextra: value(json!({"nonce": "AAAAAAAAAAAAAAAAAAAAAA=="})),
        ..hello(method)
    };
    let (_, joining) = asked(&access(method), hello);
    let answer = json!({
        "role": "user", "kdf": "argon2id-13", "iterations": 4, "memory": 512,
        "salt": "accaa46c6ab14a5ea8ea7ae5d6a6b9c2", "stored-key": key, "server-key": key,
    });
    let Ok(Step::Challenge(challenge, _)) = joining.answered(Ok(value(answer))) else {
        panic!("the client is challenged");
    };
    assert_eq!(challenge.method.as_str(), "scram");
    assert_eq!(
        challenge.extra.get("memory").and_then(Value::as_u64),
        Some(512)
    );
}

#[test]
fn a12_the_authenticator_sees_the_certificate() {
    let method = DynamicMethod::Tls;
    let mut opening = opening();
    let step = Joining::hello(&access(method), hello(method), opening.clone());
    assert!(matches!(step, Step::Denied(_)));
    opening.credentials = Some(Arc::new(Credentials {
        certificate: Some(ClientCertificate {
            der: Arc::from(*b"abc"),
        }),
        ..Credentials::default()
    }));
    let Step::Ask(inquiry, joining) = Joining::hello(&access(method), hello(method), opening)
    else {
        panic!("the authenticator is asked");
    };
    let sha1 = "A9:99:3E:36:47:06:81:6A:BA:3E:25:71:78:50:C2:6C:9C:D0:D8:9D";
    for name in ["peer_cert", "client_cert"] {
        let transport = inquiry.arguments[2].get("transport").unwrap();
        let shown = transport.get(name).and_then(|it| it.get("sha1"));
        assert_eq!(shown.and_then(Value::as_str), Some(sha1));
    }
    let Ok(Step::Join(join)) = joining.answered(Ok(value(json!("user")))) else {
        panic!("the client is in");
    };
    assert_eq!(join.principal.authmethod.as_str(), "tls");
}

#[test]
fn a12_answers_that_mean_nothing_are_told_to_the_operator() {
    for (method, answer, what) in [
        (
            DynamicMethod::Ticket,
            json!(null),
            "null in place of a role or a dictionary",
        ),
        (
            DynamicMethod::Ticket,
            json!(true),
            "boolean in place of a role or a dictionary",
        ),
        (
            DynamicMethod::Ticket,
            json!("trusted"),
            "the role \"trusted\", which is not for clients",
        ),
        (
            DynamicMethod::Ticket,
            json!({"role": "trusted"}),
            "the role \"trusted\", which is not for clients",
        ),
        (
            DynamicMethod::Ticket,
            json!({"role": 1}),
            "role is not text but integer",
        ),
        (
            DynamicMethod::Ticket,
            json!({"role": "user", "realm": "a..b"}),
            "a realm that is no URI",
        ),
        (
            DynamicMethod::Ticket,
            json!({"role": "user", "extra": "x"}),
            "extra is not a dictionary but string",
        ),
        (
            DynamicMethod::WampCra,
            json!("user"),
            "no secret, which wampcra needs",
        ),
    ] {
        assert_eq!(answered(method, answer).unwrap_err(), what);
    }
}

#[test]
fn a12_material_that_proves_nothing_is_told_to_the_operator() {
    for (method, answer, what) in [
        (
            DynamicMethod::Cryptosign,
            json!("user"),
            "no pubkey, which cryptosign needs",
        ),
        (
            DynamicMethod::Cryptosign,
            json!({"role": "user", "pubkey": "12"}),
            "pubkey is not an Ed25519 public key of 64 hexadecimal digits",
        ),
        (
            DynamicMethod::Scram,
            json!({"role": "user", "kdf": "argon2id13", "iterations": 4, "memory": 8}),
            "keys of another dialect of scram than the client speaks",
        ),
        (
            DynamicMethod::WampCra,
            json!({"role": "user", "secret": "x", "salt": "x", "iterations": 0, "keylen": 32}),
            "iterations is no number from 1 to 10000000",
        ),
    ] {
        assert_eq!(answered(method, answer).unwrap_err(), what);
    }
}

#[test]
fn a12_an_authenticators_error_becomes_the_reason() {
    let failed = |failure| {
        let method = DynamicMethod::Ticket;
        let (_, joining) = asked(&access(method), hello(method));
        match joining.answered(Err(failure)) {
            Ok(Step::Denied(abort) | Step::Abort(abort)) => (
                abort.reason.to_string(),
                abort.message.map(|it| it.to_string()),
            ),
            Ok(other) => panic!("{other:?}"),
            Err(bad) => (bad.abort.reason.to_string(), Some(bad.what)),
        }
    };
    let refused = |uri: &str, message: Option<&str>| AuthenticatorFailure::Refused {
        uri: Text::from(uri),
        message: message.map(str::to_owned),
    };
    let text = |reason: &str, message: &str| (reason.to_owned(), Some(message.to_owned()));
    assert_eq!(
        failed(refused("com.example.no_credit", Some("pay first"))),
        text("com.example.no_credit", "pay first")
    );
    assert_eq!(
        failed(refused("com.example.no", None)),
        ("com.example.no".to_owned(), None)
    );
    assert_eq!(
        failed(refused("not a uri", None)),
        text(
            "wamp.error.authentication_failed",
            "an error that is no URI"
        )
    );
    assert_eq!(
        failed(AuthenticatorFailure::Unavailable),
        text(
            "wamp.error.authentication_failed",
            "the authenticator is not available"
        )
    );
}

#[test]
fn a12_only_an_answer_that_a_key_is_derived_from_takes_time() {
    let slow = |method, answer| {
        let Step::Ask(_, joining) = Joining::hello(&access(method), hello(method), opening())
        else {
            panic!("the authenticator is asked");
        };
        joining.is_slow_to_take(&answer)
    };
    let plain = json!({"role": "user", "secret": "s"});
    let salted =
        json!({"role": "user", "secret": "s", "salt": "salt", "iterations": 1000, "keylen": 32});
    let wampcra = DynamicMethod::WampCra;
    assert!(slow(wampcra, Ok(value(salted.clone()))));
    assert!(!slow(wampcra, Ok(value(plain))));
    assert!(!slow(wampcra, Err(AuthenticatorFailure::Unavailable)));
    assert!(!slow(DynamicMethod::Cryptosign, Ok(value(salted))));
}
