//! JSON Web Tokens as tickets: what their claims lead to.

use std::sync::Arc;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use crossbar_core::{
    Access, Authorization, Command, Join, Joining, Jwt, JwtKeys, JwtRole, KeyPlace, KeySource,
    Limits, MethodConfig, Opening, Outbox, Realm, RealmOptions, RoleConfig, Step, Timestamp,
    Transport, WallClock,
};
use crossbar_wire::jwt::{Algorithm, Key, KeySet};
use crossbar_wire::{Authenticate, Features, Hello, Message, Role, Roles, SessionId, Text, Value};
use ring::hmac;
use serde_json::{Value as Json, json};

const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";
/// What time it is, in seconds since 1970.
const NOW: u64 = 1_800_000_000;

fn sign(claims: &Json) -> String {
    let encode = |json: &Json| URL_SAFE_NO_PAD.encode(json.to_string());
    let signed = format!(
        "{}.{}",
        encode(&json!({"alg": "HS256", "kid": "k1"})),
        encode(claims)
    );
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET);
    let signature = URL_SAFE_NO_PAD.encode(hmac::sign(&key, signed.as_bytes()));
    format!("{signed}.{signature}")
}

fn keys() -> KeySet {
    KeySet::one(Key::secret(SECRET))
}

fn jwt() -> Jwt {
    let text = |text: &str| Text::from(text);
    Jwt {
        keys: JwtKeys::Fixed(keys()),
        algorithms: vec![Algorithm::Hs256],
        issuers: vec![text("https://id.example.com")],
        audiences: vec![text("wamp")],
        leeway: Duration::from_secs(30),
        needs_expiry: true,
        authid: text("sub"),
        role: JwtRole {
            claim: Some(text("realm_access.roles")),
            allowed: Some(vec![
                (text("boss"), text("admin")),
                (text("staff"), text("user")),
            ]),
            default: None,
        },
        realm: Some(text("realm")),
        extra: vec![text("email"), text("name")],
    }
}

/// Claims that the rules of [`jwt`] let in.
fn claims() -> Json {
    json!({
        "iss": "https://id.example.com", "aud": ["other", "wamp"], "sub": "joe", "exp": NOW + 3600,
        "nbf": NOW, "iat": NOW - 1, "realm_access": {"roles": ["staff", "boss"]}, "realm": "realm1",
        "email": "joe@example.com",
    })
}

/// Claims with some others in place.
fn with(changes: &Json) -> Json {
    let mut claims = claims();
    let object = claims.as_object_mut().unwrap();
    for (name, value) in changes.as_object().unwrap() {
        if value.is_null() {
            object.remove(name);
        } else {
            object.insert(name.clone(), value.clone());
        }
    }
    claims
}

fn hello() -> Hello {
    Hello {
        realm: Some(Text::from("realm1")),
        roles: Roles::default().with(Role::Caller, Features::default()),
        authmethods: vec![Text::from("ticket")],
        ..Hello::default()
    }
}

fn show(jwt: Jwt, hello: Hello, token: &str) -> Step {
    let access = Arc::new(Access::Methods(vec![MethodConfig::Jwt(Arc::new(jwt))]));
    let opening = Opening {
        session: SessionId::new(77).unwrap(),
        random: [9; 32],
        time: Timestamp::since_1970(Duration::from_secs(NOW)),
        credentials: None,
        cookie: None,
        identity: None,
        disguise: [0; 32],
        transport: None,
    };
    let Step::Challenge(challenge, joining) = Joining::hello(&access, hello, opening) else {
        panic!("a ticket is asked for");
    };
    assert_eq!(challenge.method.as_str(), "ticket");
    joining.authenticate(&Authenticate {
        signature: Text::from(token),
        extra: Value::Null,
    })
}

fn joined(jwt: Jwt, hello: Hello, claims: &Json) -> Join {
    let step = show(jwt, hello, &sign(claims));
    let Step::Join(join) = step else {
        panic!("{step:?}");
    };
    *join
}

fn aborted(step: Step) -> (String, String) {
    let (Step::Denied(abort) | Step::Abort(abort)) = step else {
        panic!("{step:?}");
    };
    (abort.reason.to_string(), abort.message.unwrap().to_string())
}

#[test]
fn a02_claims_become_a_principal() {
    let join = joined(jwt(), hello(), &claims());
    let principal = &join.principal;
    assert_eq!(join.realm.as_str(), "realm1");
    assert_eq!(principal.authid.as_str(), "joe");
    assert_eq!(principal.authrole.as_str(), "admin");
    assert_eq!(principal.authmethod.as_str(), "ticket");
    assert_eq!(principal.authprovider.as_str(), "jwt");
    let extra = json!({"email": "joe@example.com"});
    assert_eq!(principal.authextra, Value::from(extra));
    let expires = Timestamp::since_1970(Duration::from_secs(NOW + 3630));
    assert_eq!(join.expires, Some(expires));
    let named = Hello {
        authid: Some(Text::from("joe")),
        ..hello()
    };
    joined(jwt(), named, &claims());
}

#[test]
fn a02_a_token_may_name_the_realm_and_the_role() {
    let nowhere = Hello {
        realm: None,
        ..hello()
    };
    let join = joined(jwt(), nowhere.clone(), &claims());
    assert_eq!(join.realm.as_str(), "realm1");
    let several = sign(&with(&json!({"realm": ["realm1", "realm2"]})));
    let (reason, _) = aborted(show(jwt(), nowhere, &several));
    assert_eq!(reason, "wamp.error.no_such_realm");
    let plain = Jwt {
        role: JwtRole {
            claim: Some(Text::from("role")),
            allowed: None,
            default: Some(Text::from("guest")),
        },
        realm: None,
        extra: Vec::new(),
        ..jwt()
    };
    let join = joined(plain.clone(), hello(), &with(&json!({"role": "editor"})));
    assert_eq!(join.principal.authrole.as_str(), "editor");
    let join = joined(plain, hello(), &claims());
    assert_eq!(join.principal.authrole.as_str(), "guest");
}

#[test]
fn a02_tokens_that_are_for_something_else_are_refused() {
    for (changes, message) in [
        (json!({"exp": NOW - 30}), "the token has expired"),
        (
            json!({"exp": null}),
            "the token does not say when it expires",
        ),
        (json!({"exp": "soon"}), "the token has a time that is none"),
        (json!({"exp": -1}), "the token has a time that is none"),
        (json!({"exp": 1e300}), "the token has a time that is none"),
        (json!({"nbf": NOW + 31}), "the token is not valid yet"),
        (json!({"iat": NOW + 31}), "the token is not valid yet"),
        (
            json!({"iss": "https://evil.example.com"}),
            "the token is of another issuer",
        ),
        (json!({"iss": null}), "the token is of another issuer"),
        (
            json!({"iss": ["https://id.example.com"]}),
            "the token is of another issuer",
        ),
        (json!({"aud": "other"}), "the token is for another audience"),
        (json!({"aud": []}), "the token is for another audience"),
        (json!({"aud": null}), "the token is for another audience"),
        (json!({"sub": null}), "the token names no authid"),
        (json!({"sub": ""}), "the token names no authid"),
        (json!({"sub": 5}), "the token names no authid"),
        (json!({"realm_access": null}), "the token gives no role"),
        (
            json!({"realm_access": {"roles": ["trusted"]}}),
            "the token gives no role",
        ),
        (
            json!({"realm": "realm2"}),
            "the token is not for this realm",
        ),
        (json!({"realm": null}), "the token is not for this realm"),
    ] {
        let step = show(jwt(), hello(), &sign(&with(&changes)));
        let told = aborted(step);
        let expected = ("wamp.error.not_authorized".to_owned(), message.to_owned());
        assert_eq!(told, expected, "{changes}");
    }
    // within the leeway
    for changes in [
        json!({"exp": NOW - 29}),
        json!({"nbf": NOW + 30, "iat": NOW + 30}),
    ] {
        joined(jwt(), hello(), &with(&changes));
    }
}

#[test]
fn a02_nobody_gets_in_by_a_name_or_a_role_of_their_choice() {
    let other = Hello {
        authid: Some(Text::from("root")),
        ..hello()
    };
    let (_, message) = aborted(show(jwt(), other, &sign(&claims())));
    assert_eq!(message, "the token is for another authid");
    let open = Jwt {
        role: JwtRole {
            claim: Some(Text::from("role")),
            ..JwtRole::default()
        },
        ..jwt()
    };
    let trusted = sign(&with(&json!({"role": "trusted"})));
    let (reason, _) = aborted(show(open.clone(), hello(), &trusted));
    assert_eq!(reason, "wamp.error.no_such_role");
    // A list is not one role.
    let listed = sign(&with(&json!({"role": ["user", "admin"]})));
    let (_, message) = aborted(show(open, hello(), &listed));
    assert_eq!(message, "the token gives no role");
    // Whoever is meant by nobody takes no token that is meant for somebody.
    let anybody = Jwt {
        audiences: Vec::new(),
        ..jwt()
    };
    let (_, message) = aborted(show(anybody, hello(), &sign(&claims())));
    assert_eq!(message, "the token is for another audience");
    let (reason, message) = aborted(show(jwt(), hello(), "secret!!!"));
    assert_eq!(reason, "wamp.error.not_authorized");
    assert_eq!(message, "the token is malformed");
}

#[test]
fn a02_keys_from_elsewhere_are_waited_for() {
    let source = Arc::new(KeySource {
        place: KeyPlace::Url {
            url: Text::from("https://id.example.com/jwks"),
            authorities: Vec::new(),
        },
        refresh: Duration::from_secs(3600),
    });
    let asked = || {
        let jwt = Jwt {
            keys: JwtKeys::Source(Arc::clone(&source)),
            ..jwt()
        };
        let Step::Keys(request, joining) = show(jwt, hello(), &sign(&claims())) else {
            panic!("keys are asked for");
        };
        assert_eq!(
            (request.source, request.kid),
            (Arc::clone(&source), Some(Text::from("k1")))
        );
        joining
    };
    assert!(matches!(asked().keyed(Some(&keys())), Step::Join(_)));
    let Step::Abort(abort) = asked().keyed(None) else {
        panic!("the client has done nothing wrong");
    };
    assert_eq!(abort.reason.as_str(), "wamp.error.authentication_failed");
    let (reason, _) = aborted(asked().keyed(Some(&KeySet::default())));
    assert_eq!(reason, "wamp.error.not_authorized");
}

#[test]
fn a02_a_session_ends_with_its_token() {
    let begin = Instant::now();
    let clock = WallClock::new(begin, Timestamp::since_1970(Duration::from_secs(NOW)));
    let mut realm = Realm::new(
        Text::from("realm1"),
        RealmOptions::default(),
        [0; 32],
        clock,
    );
    realm.set_role(RoleConfig {
        name: Text::from("admin"),
        authorization: Authorization::Always(true),
        trustlevel: None,
        limits: Limits::default(),
        max_sessions: None,
    });
    let mut out = Outbox::new();
    let join = joined(jwt(), hello(), &claims());
    let session = join.session;
    realm.join(join, begin, &mut out).unwrap();
    let end = begin + Duration::from_secs(3630);
    assert_eq!(realm.next_timeout(), Some(end));
    out.clear();
    realm.handle_timeout(end - Duration::from_millis(1), &mut out);
    assert!(out.is_empty());
    realm.handle_timeout(end, &mut out);
    let Some(Command::Send {
        message: Message::Goodbye(goodbye),
        ..
    }) = out.pop_front()
    else {
        panic!("{out:?}");
    };
    assert_eq!(goodbye.reason.as_str(), "wamp.close.expired");
    // Who does not answer is given up.
    out.clear();
    realm.handle_timeout(end + Duration::from_secs(5), &mut out);
    let ended = Command::End {
        session,
        transport: Transport::Close,
    };
    assert_eq!(out.pop_front(), Some(ended));
    assert_eq!((realm.session_count(), realm.next_timeout()), (0, None));
    // Who leaves before leaves nothing behind.
    realm
        .join(joined(jwt(), hello(), &claims()), begin, &mut out)
        .unwrap();
    realm.leave(session, begin, &mut out);
    assert_eq!(realm.next_timeout(), None);
    // Who took until then to show it does not get in.
    let late = joined(jwt(), hello(), &claims());
    let refused = realm.join(late, end, &mut out).unwrap_err();
    assert_eq!(refused.reason, "wamp.error.not_authorized");
}
