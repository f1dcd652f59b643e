//! `auth`: methods and their principals.

use crossbar_config::{TransportKind, WorkerKind};
use crossbar_core::{Access, MethodConfig, StoredTicket};
use crossbar_wire::auth::scram::{Dialect, Kdf};

use crate::{load_json, router};

/// A transport whose clients come over a Unix socket.
fn transport(auth: &str) -> String {
    let endpoint = r#"{"type": "unix", "path": "sock"}"#;
    let transport =
        format!(r#"{{"type": "rawsocket", "endpoint": {endpoint}, "auth": {{{auth}}}}}"#);
    router("", &transport)
}

#[track_caller]
fn check(auth: &str, expected: &[&str]) {
    let faults = load_json(&transport(auth)).expect_err("there are faults");
    let faults = faults.to_string();
    let lines: Vec<&str> = faults
        .lines()
        .map(|line| {
            line.strip_prefix("workers[0].transports[0].auth")
                .expect("in auth")
        })
        .collect();
    assert_eq!(lines, expected);
}

fn methods(auth: &str) -> Vec<MethodConfig> {
    let node = load_json(&transport(auth)).expect("no faults");
    let WorkerKind::Router(router) = &node.workers[0].kind else {
        panic!("no router");
    };
    let TransportKind::RawSocket(rawsocket) = &router.transports[0].kind else {
        panic!("no RawSocket");
    };
    let Access::Methods(methods) = &rawsocket.access else {
        panic!("no methods");
    };
    methods.clone()
}

const KEY: &str = "545efb0a2192db8d43f118e9bf9aee081466e1ef36c708b96ee6f62dddad9122";

#[test]
fn a04_scram() {
    let principal = |kdf: &str, more: &str| {
        format!(
            r#"{{"kdf": "{kdf}", "iterations": 4096, {more}"salt": "accaa46c6ab14a5ea8ea7ae5d6a6b9c2", "stored-key": "{KEY}", "server-key": "{KEY}", "role": "user"}}"#
        )
    };
    let memory = r#""memory": 512, "#;
    let read = methods(&format!(
        r#""scram": {{"type": "static", "principals": {{"a": {}, "b": {}, "c": {}, "d": {}}}}}"#,
        principal("argon2id-13", memory),
        principal("argon2id13", memory),
        principal("pbkdf2", memory),
        principal("pbkdf2", ""),
    ));
    let [MethodConfig::Scram(principals)] = &read[..] else {
        panic!("{read:?}");
    };
    let argon = Kdf::Argon2id {
        iterations: 4096,
        memory: 512,
    };
    let pbkdf2 = Kdf::Pbkdf2 { iterations: 4096 };
    let read: Vec<_> = principals.values().map(|p| (p.kdf, p.dialect)).collect();
    let expected = [
        (argon, Some(Dialect::Autobahn)),
        (argon, Some(Dialect::Specification)),
        (pbkdf2, None),
        (pbkdf2, None),
    ];
    assert_eq!(read, expected);
    check(
        &format!(
            r#""scram": {{"type": "static", "principals": {{"a": {}, "b": {}, "c": {{"kdf": "pbkdf2", "iterations": 0, "salt": "zz", "stored-key": "12", "server-key": 5, "role": "trusted", "pepper": 1}},
               "d": {{"kdf": "pbkdf2", "iterations": 1, "salt": "zz", "stored-key": "12", "server-key": "{KEY}x", "role": "user"}}}}}}"#,
            principal("scrypt", memory),
            principal("argon2id-13", ""),
        ),
        &[
            r#".scram.principals.a.kdf: unknown key derivation "scrypt" (known: argon2id-13, argon2id13, pbkdf2)"#,
            r#".scram.principals.b: missing key "memory""#,
            r#".scram.principals.c.pepper: unknown key (known: kdf, iterations, memory, salt, stored-key, server-key, role)"#,
            ".scram.principals.c.iterations: invalid value: integer `0`, expected an integer from 1 to 10000000",
            ".scram.principals.c.server-key: invalid type: expected a string",
            ".scram.principals.d.salt: a salt has 8 to 1024 octets in hexadecimal",
            ".scram.principals.d.stored-key: a key has 64 hexadecimal digits",
            ".scram.principals.d.server-key: a key has 64 hexadecimal digits",
        ],
    );
}

#[test]
fn a05_cryptosign() {
    let read = methods(&format!(
        r#""cryptosign": {{"type": "static", "principals": {{"a": {{"authorized_keys": ["{KEY}"], "role": "user", "realm": "realm1"}}}}}},
           "cryptosign-proxy": {{"type": "static", "principals": {{"p": {{"authorized_keys": ["{KEY}"]}}}}}},
           "anonymous-proxy": {{"type": "static"}}"#
    ));
    let [
        MethodConfig::Cryptosign(principals),
        MethodConfig::CryptosignProxy(proxies),
        MethodConfig::AnonymousProxy,
    ] = &read[..]
    else {
        panic!("{read:?}");
    };
    let a = &principals["a".as_bytes()];
    assert_eq!(a.realm.as_deref(), Some("realm1"));
    assert_eq!(a.authorized_keys[0].to_string(), KEY);
    assert_eq!(proxies["p".as_bytes()].authorized_keys, a.authorized_keys);
    check(
        &format!(
            r#""cryptosign": {{"type": "static", "trustroots": {{"realm1": {{}}}}, "principals": {{
                "a": {{"authorized_keys": ["{KEY}", "12", 5]}}, "b": {{"role": "trusted", "authorized_keys": "{KEY}", "realm": "1x"}}, "c": {{"role": "user"}}}}}},
               "cryptosign-proxy": {{"type": "static"}}"#
        ),
        &[
            r#".cryptosign.trustroots: the key "trustroots" is not supported: chains of certificates that end in a blockchain are not checked here"#,
            r#".cryptosign.principals.a: missing key "role""#,
            ".cryptosign.principals.a.authorized_keys[1]: not an Ed25519 public key of 64 hexadecimal digits",
            ".cryptosign.principals.a.authorized_keys[2]: not an Ed25519 public key of 64 hexadecimal digits",
            r#".cryptosign.principals.b.role: the role "trusted" is reserved for internal sessions"#,
            ".cryptosign.principals.b.realm: not a realm name",
            ".cryptosign.principals.b.authorized_keys: expected a list",
            r#".cryptosign.principals.c: missing key "authorized_keys""#,
            r#".cryptosign-proxy: missing key "principals""#,
        ],
    );
}

#[test]
fn a01_a_proxy_without_a_key_needs_a_unix_socket() {
    let auth = r#"{"anonymous-proxy": {"type": "static"}}"#;
    let endpoint = r#"{"type": "tcp", "port": 8080}"#;
    let transport = format!(
        r#"{{"type": "universal", "endpoint": {endpoint}, "rawsocket": {{"auth": {auth}}}, "websocket": {{"ws": {{"type": "websocket", "auth": {auth}}}}},
            "web": {{"paths": {{"/": {{"type": "websocket", "auth": {auth}}}}}}}}}"#
    );
    let faults = load_json(&router("", &transport)).expect_err("there are faults");
    let rule = r#"allowed only where the endpoint is of type "unix""#;
    let expected = ["rawsocket", "websocket.ws", r#"web.paths["/"]"#]
        .map(|part| format!("workers[0].transports[0].{part}.auth.anonymous-proxy: {rule}"));
    assert_eq!(faults.to_string().lines().collect::<Vec<_>>(), expected);
}

#[test]
fn a10_tls() {
    let sha1 = "84:2A:44:D0:B6:C9:3A:1E:77:00:5B:9C:D7:8A:11:12:13:14:15:16";
    let read = methods(&format!(
        r#""tls": {{"type": "static", "principals": {{"a": {{"certificate-sha1": "{sha1}", "role": "user"}}, "b": {{"certificate-sha256": "{KEY}", "certificate-sha1": "{sha1}", "role": "user"}}}}}}"#
    ));
    let [MethodConfig::Tls(principals)] = &read[..] else {
        panic!("{read:?}");
    };
    assert_eq!(principals["a".as_bytes()].fingerprints.len(), 1);
    assert_eq!(principals["b".as_bytes()].fingerprints.len(), 2);
    check(
        &format!(
            r#""tls": {{"type": "static", "principals": {{"a": {{"role": "user"}}, "b": {{"certificate-sha1": "{KEY}", "certificate-sha256": "x", "role": "user"}}}}}}"#
        ),
        &[
            ".tls.principals.a: needs certificate-sha256 or certificate-sha1",
            ".tls.principals.b.certificate-sha1: not 20 octets in hexadecimal, with colons between them",
            ".tls.principals.b.certificate-sha256: not 32 octets in hexadecimal, with colons between them",
        ],
    );
}

#[test]
fn a02_tickets_may_be_hashes() {
    let bcrypt = "$2b$04$sfibuNyo.G/64w0w.kJZLO/IoOTVTWIh68n7qBry.bxQOd/fm3joS";
    let read = methods(&format!(
        r#""ticket": {{"type": "static", "principals": {{"a": {{"ticket": "{bcrypt}", "role": "user"}}, "b": {{"ticket": "$2", "role": "user"}}}}}}"#
    ));
    let [MethodConfig::Ticket(principals)] = &read[..] else {
        panic!("{read:?}");
    };
    assert!(matches!(
        principals["a".as_bytes()].ticket,
        Some(StoredTicket::Hash(_))
    ));
    assert!(matches!(
        principals["b".as_bytes()].ticket,
        Some(StoredTicket::Plain(_))
    ));
    check(
        r#""ticket": {"type": "static", "principals": {"a": {"ticket": "$2b$04$x", "role": "user"}, "b": {"ticket": "$argon2id$v=19", "role": "user"},
           "c": {"ticket": "$2b$31$sfibuNyo.G/64w0w.kJZLO/IoOTVTWIh68n7qBry.bxQOd/fm3joS", "role": "user"}}}"#,
        &[
            ".ticket.principals.a.ticket: malformed bcrypt hash: expected $2b$, the cost, and 53 characters",
            ".ticket.principals.b.ticket: malformed Argon2 hash: expected $argon2id$v=19$m=..,t=..,p=..$salt$hash",
            ".ticket.principals.c.ticket: the hash costs too much: at most 1 GiB and 1000 passes of Argon2, or a bcrypt cost of 18",
        ],
    );
}
