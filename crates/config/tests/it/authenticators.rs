//! `auth`: authenticators and tokens.

use std::time::Duration;

use crossbar_config::{Node, TransportKind, Worker, WorkerKind};
use crossbar_core::{Access, DynamicMethod, Jwt, JwtKeys, KeyPlace, MethodConfig};
use crossbar_wire::jwt::Algorithm;

use crate::{load_file, router};

const PEM: &str = "-----BEGIN PUBLIC KEY-----\\nMCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\\n-----END PUBLIC KEY-----\\n";

fn transport(auth: &str) -> String {
    let auth = auth.replace("PEM", PEM);
    router(
        "",
        &format!(
            r#"{{"type": "websocket", "endpoint": {{"type": "tcp", "port": 1}}, "auth": {auth}}}"#
        ),
    )
}

#[track_caller]
fn faults(auth: &str, expected: &[&str]) {
    let faults = load_file("config.json", &transport(auth), &[]).expect_err("there are faults");
    let text = faults.to_string();
    let lines = text.lines().map(|line| {
        line.strip_prefix("workers[0].transports[0].auth.")
            .expect("in auth")
    });
    assert_eq!(lines.collect::<Vec<_>>(), expected);
}

fn read(auth: &str) -> (Vec<MethodConfig>, Vec<String>) {
    let secret = "0123456789abcdef0123456789abcdef";
    let node = load_file("config.json", &transport(auth), &[("JWT", secret)]);
    let node = node.unwrap_or_else(|faults| panic!("{faults}"));
    let notices = node
        .notices
        .iter()
        .map(|it| format!("{}: {}", it.path, it.text));
    (methods(&node), notices.collect())
}

fn methods(node: &Node) -> Vec<MethodConfig> {
    let Worker {
        kind: WorkerKind::Router(router),
        ..
    } = &node.workers[0]
    else {
        panic!("a router");
    };
    let TransportKind::WebSocket(websocket) = &router.transports[0].kind else {
        panic!("a WebSocket transport");
    };
    let Access::Methods(methods) = &websocket.access else {
        panic!("{websocket:?}");
    };
    methods.clone()
}

fn jwt(auth: &str) -> Jwt {
    match read(auth).0.as_slice() {
        [MethodConfig::Jwt(jwt)] => jwt.as_ref().clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a12_authenticators_are_read() {
    let (methods, notices) = read(
        r#"{
            "anonymous": {"type": "dynamic", "authenticator": "com.example.auth"},
            "wampcra": {"type": "dynamic", "authenticator": "com.example.auth", "authenticator-realm": "realm-auth",
                        "authenticator-role": "auth", "default-role": "anonymous", "authenticator-timeout": 25}
        }"#,
    );
    let [
        MethodConfig::Dynamic(anonymous),
        MethodConfig::Dynamic(wampcra),
    ] = methods.as_slice()
    else {
        panic!("{methods:?}");
    };
    assert_eq!(anonymous.method, DynamicMethod::Anonymous);
    assert_eq!(anonymous.procedure.as_str(), "com.example.auth");
    assert_eq!((&anonymous.realm, &anonymous.default_role), (&None, &None));
    assert_eq!(anonymous.limit, Duration::from_secs(10));
    assert_eq!(wampcra.method, DynamicMethod::WampCra);
    assert_eq!(wampcra.realm.as_deref(), Some("realm-auth"));
    assert_eq!(wampcra.default_role.as_deref(), Some("anonymous"));
    assert_eq!(wampcra.limit, Duration::from_secs(25));
    let role = "workers[0].transports[0].auth.wampcra.authenticator-role: has no effect";
    assert!(
        notices.iter().any(|notice| notice.starts_with(role)),
        "{notices:?}"
    );
}

#[test]
fn a12_faults_of_authenticators() {
    faults(
        r#"{
            "anonymous": {"type": "dynamic"},
            "ticket": {"type": "dynamic", "authenticator": "not a uri", "authenticator-realm": "1x",
                       "default-role": "trusted", "authenticator-timeout": 0},
            "wampcra": {"type": "dynamic", "authentikator": "com.example.auth"}
        }"#,
        &[
            r#"anonymous: missing key "authenticator""#,
            "ticket.authenticator-timeout: invalid value: integer `0`, expected an integer from 1 to 300",
            "ticket.authenticator: a URI of a-z, 0-9, _ and dots between is needed",
            "ticket.authenticator-realm: not a realm name",
            r#"ticket.default-role: the role "trusted" is reserved for internal sessions"#,
            r#"wampcra.authentikator: unknown key (did you mean "authenticator"?)"#,
            r#"wampcra: missing key "authenticator""#,
        ],
    );
}

#[test]
fn a02_tokens_are_read() {
    let jwt1 = jwt(r#"{"ticket": {"type": "jwt", "secret": "${JWT}", "role": "anonymous"}}"#);
    assert!(matches!(&jwt1.keys, JwtKeys::Fixed(keys) if keys.len() == 1));
    assert_eq!(
        jwt1.algorithms,
        [Algorithm::Hs256, Algorithm::Hs384, Algorithm::Hs512]
    );
    assert_eq!((jwt1.authid.as_str(), jwt1.needs_expiry), ("sub", true));
    assert_eq!(jwt1.leeway, Duration::from_secs(30));
    // An unset variable lets nobody in.
    let unset = jwt(r#"{"ticket": {"type": "jwt", "secret": "${NONE}", "role": "anonymous"}}"#);
    assert!(matches!(&unset.keys, JwtKeys::Fixed(keys) if keys.is_empty()));
    let all = jwt(
        r#"{"ticket": {"type": "jwt", "key": "PEM", "algorithms": ["EdDSA"], "issuer": "https://id",
            "audience": ["a", "b"], "leeway": 0, "require-exp": false, "authid-claim": "email", "role-claim": "groups",
            "roles": {"z": "anonymous", "a": "anonymous"}, "realm-claim": "realm", "extra-claims": ["name"]}}"#,
    );
    assert_eq!(all.algorithms, [Algorithm::EdDsa]);
    assert_eq!((all.issuers.len(), all.audiences.len()), (1, 2));
    let order: Vec<_> = all.role.allowed.iter().flatten().collect();
    assert_eq!((order[0].0.as_str(), order[1].0.as_str()), ("z", "a"));
    assert_eq!((all.leeway, all.needs_expiry), (Duration::ZERO, false));
    let url = jwt(
        r#"{"ticket": {"type": "jwt", "jwks-url": "https://id.example.com/jwks", "audience": "a", "role-claim": "role",
            "roles": ["anonymous"]}}"#,
    );
    let JwtKeys::Source(source) = &url.keys else {
        panic!("{:?}", url.keys);
    };
    let place = KeyPlace::Url {
        url: "https://id.example.com/jwks".into(),
        authorities: Vec::new(),
    };
    assert_eq!((&source.place, source.refresh.as_secs()), (&place, 3600));
    assert!(url.algorithms.iter().all(|it| !it.is_symmetric()));
    let (_, notices) = read(
        r#"{"ticket": {"type": "jwt", "jwks-url": "http://127.0.0.1/jwks", "role": "anonymous"}}"#,
    );
    assert!(
        notices.iter().any(|it| it.contains("without TLS")),
        "{notices:?}"
    );
    assert!(
        notices.iter().any(|it| it.contains("without an audience")),
        "{notices:?}"
    );
}

/// Keys of a ticket's configuration, and the fault.
const TOKEN_FAULTS: &[(&str, &str)] = &[
    (
        r#""role": "a""#,
        "ticket: one of secret, key, key-file, jwks-file and jwks-url is needed",
    ),
    (
        r#""role": "a", "key": "PEM", "jwks-file": "x""#,
        "ticket: one of secret, key, key-file, jwks-file and jwks-url is needed",
    ),
    (
        r#""role": "a", "secret": "short""#,
        "ticket.secret: a secret for tokens has at least 32 octets (RFC 7518) (make one with: openssl rand -base64 48)",
    ),
    (
        r#""role": "a", "key": "PE""#,
        "ticket.key: not a public key in PEM",
    ),
    (
        r#""key": "PEM""#,
        "ticket: role, role-claim or both are needed",
    ),
    (
        r#""key": "PEM", "role": "trusted""#,
        r#"ticket.role: the role "trusted" is reserved for internal sessions"#,
    ),
    (
        r#""key": "PEM", "role": "a", "roles": ["b"]"#,
        "ticket.roles: roles need a role-claim",
    ),
    (
        r#""key": "PEM", "role-claim": "x", "roles": {"b": 1}"#,
        "ticket.roles.b: expected a string",
    ),
    (
        r#""key": "PEM", "role": "a", "algorithms": ["none"]"#,
        r#"ticket.algorithms[0]: unknown algorithm "none" (known: HS256, HS384, HS512, RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, EdDSA)"#,
    ),
    (
        r#""key": "PEM", "role": "a", "algorithms": []"#,
        "ticket.algorithms: an algorithm is needed",
    ),
    (
        r#""key": "PEM", "role": "a", "issuer": [5]"#,
        "ticket.issuer[0]: expected a string that is not empty",
    ),
    (
        r#""key": "PEM", "role": "a", "audiance": "x""#,
        r#"ticket.audiance: unknown key (did you mean "audience"?)"#,
    ),
    (
        r#""role": "a", "jwks-url": "ftp://x/""#,
        "ticket.jwks-url: a URL that begins with https:// or http:// is needed",
    ),
    (
        r#""role": "a", "key": "PEM", "jwks-ca-certificates": []"#,
        "ticket.jwks-ca-certificates: certificate authorities need a jwks-url",
    ),
    (
        r#""role": "a", "audience": "a", "jwks-url": "https://x/", "jwks-ca-certificates": ["config.json"]"#,
        "ticket.jwks-ca-certificates[0]: a file with certificates in PEM is needed",
    ),
    (
        r#""role": "a", "jwks-url": "https://joe@x/""#,
        "ticket.jwks-url: a URL of a host, perhaps a port, and a path is needed",
    ),
];

#[test]
fn a02_faults_of_tokens() {
    for (ticket, expected) in TOKEN_FAULTS {
        faults(
            &format!(r#"{{"ticket": {{"type": "jwt", {ticket}}}}}"#),
            &[expected],
        );
    }
    faults(
        r#"{"anonymous": {"type": "jwt"}, "ticket": {"type": "jwd"}}"#,
        &[
            r#"anonymous.type: unknown authentication type "jwt" (known: static, dynamic)"#,
            r#"ticket.type: unknown authentication type "jwd" (did you mean "jwt"?)"#,
        ],
    );
}
