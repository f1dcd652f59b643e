use std::collections::BTreeMap;

use crossbar_core::{
    Access, ClientCertificate, Credentials, MethodConfig, Principal, RealmOptions, Salting, Secret,
    StoredTicket, TicketPrincipal, TlsPrincipal, WampCraPrincipal,
};
use crossbar_wire::Text;
use crossbar_wire::auth::certificate::Fingerprint;
use crossbar_wire::auth::password::PasswordHash;

use crate::check;
use crate::stage::{Stage, check_access};

fn secret(text: &str) -> Option<Secret> {
    Some(Secret::new(Text::from(text)))
}

fn ticket() -> MethodConfig {
    let principal = |ticket: Option<Secret>| TicketPrincipal {
        ticket: ticket.map(StoredTicket::Plain),
        role: Text::from("anyone"),
    };
    MethodConfig::Ticket(BTreeMap::from([
        (Text::from("joe"), principal(secret("secret!!!"))),
        (Text::from("unset"), principal(None)),
        (
            Text::from("root"),
            TicketPrincipal {
                ticket: secret("t").map(StoredTicket::Plain),
                role: Text::from("trusted"),
            },
        ),
        (
            Text::from("lost"),
            TicketPrincipal {
                ticket: secret("t").map(StoredTicket::Plain),
                role: Text::from("nowhere"),
            },
        ),
    ]))
}

fn wampcra() -> MethodConfig {
    let salting = Salting {
        salt: Text::from("salt123"),
        iterations: 100,
        keylen: 16,
    };
    let principal = |salting| {
        let secret = secret("prq7+YkJ1/KlW1X0YczMHw==");
        WampCraPrincipal::new(secret, Text::from("anyone"), salting)
    };
    MethodConfig::WampCra(BTreeMap::from([
        (Text::from("peter"), principal(None)),
        (Text::from("sal\"ty"), principal(Some(salting))),
    ]))
}

fn anonymous(authid: Option<&str>) -> MethodConfig {
    MethodConfig::Anonymous {
        role: Text::from("anyone"),
        authid: authid.map(Text::from),
    }
}

fn methods(methods: impl Into<Vec<MethodConfig>>, script: &str) {
    check_access(Access::Methods(methods.into()), script);
}

#[test]
fn a00_the_clients_order_decides() {
    methods(
        [ticket(), wampcra(), anonymous(None)],
        r#"
        alice > [1, "realm1", {"roles": {"caller": {}}, "authid": "joe", "authmethods": ["ticket", "anonymous"]}]
        alice < [4, "ticket", {}]
        bob > [1, "realm1", {"roles": {"caller": {}}, "authid": "joe", "authmethods": ["anonymous", "ticket"]}]
        bob < [2, 2, {"...": 1, "authmethod": "anonymous", "authrole": "anyone"}]
        carol > [1, "realm1", {"roles": {"caller": {}}, "authid": "peter", "authmethods": ["unheard_of", "scram", "wampcra"]}]
        carol < [4, "wampcra", "*"]
        dave > [1, "realm1", {"roles": {"caller": {}}}]
        dave < [2, 4, {"...": 1, "authmethod": "anonymous"}]
        "#,
    );
}

#[test]
fn a00_no_method_in_common() {
    methods(
        [ticket()],
        r#"
        alice > [1, "realm1", {"roles": {"caller": {}}, "authmethods": ["scram"]}]
        alice < [3, {"message": "cannot authenticate using any of the offered authmethods [\"scram\"]"}, "wamp.error.no_auth_method"]
        alice < closed
        bob > [1, "realm1", {"roles": {"caller": {}}}]
        bob < [3, {"message": "*"}, "wamp.error.no_auth_method"]
        bob < closed
        "#,
    );
}

#[test]
fn a01_everybody_is_anonymous_without_auth() {
    check(
        r#"
        alice > [1, "realm1", {"roles": {"caller": {}}, "authid": "me", "authmethods": []}]
        alice < [2, 1, {"...": 1, "authid": "JJJJ-JJJJ-JJJJ-JJJJ-JJJJ-JJJJ", "authrole": "anonymous", "authmethod": "anonymous"}]
        bob > [1, "realm1", {"roles": {"caller": {}}, "authmethods": ["ticket", "anonymous"]}]
        bob < [2, 2, {"...": 1, "authrole": "anonymous"}]
        carol > [1, "realm1", {"roles": {"caller": {}}, "authmethods": ["ticket"]}]
        carol < [3, {"message": "*"}, "wamp.error.no_auth_method"]
        carol < closed
        "#,
    );
}

#[test]
fn a01_a_configured_authid() {
    methods(
        [anonymous(Some("guest"))],
        r#"
        alice > [1, "realm1", {"roles": {"caller": {}}, "authid": ""}]
        alice < [2, 1, {"...": 1, "authid": "guest", "authrole": "anyone"}]
        "#,
    );
}

#[test]
fn a02_ticket() {
    methods(
        [ticket()],
        r#"
        alice > [1, "realm1", {"roles": {"caller": {}}, "authid": "joe", "authmethods": ["ticket"]}]
        alice < [4, "ticket", {}]
        alice > [5, "secret!!!", {}]
        alice < [2, 1, {"...": 1, "authid": "joe", "authrole": "anyone", "authmethod": "ticket", "authprovider": "static"}]
        bob > [1, "realm1", {"roles": {"caller": {}}, "authid": "joe", "authmethods": ["ticket"]}]
        bob < [4, "ticket", {}]
        bob > [5, "secret!!", {}]
        bob < [3, {"message": "ticket in static WAMP-Ticket authentication is invalid"}, "wamp.error.not_authorized"]
        bob < closed
        "#,
    );
}

#[test]
fn a02_a_ticket_that_is_not_set_never_matches() {
    methods(
        [ticket()],
        r#"
        alice > [1, "realm1", {"roles": {"caller": {}}, "authid": "unset", "authmethods": ["ticket"]}]
        alice < [4, "ticket", {}]
        alice > [5, "", {}]
        alice < [3, {"message": "*"}, "wamp.error.not_authorized"]
        alice < closed
        "#,
    );
}

#[test]
fn a02_an_unknown_principal() {
    methods(
        [ticket()],
        r#"
        alice > [1, "realm1", {"roles": {"caller": {}}, "authid": "jane", "authmethods": ["ticket"]}]
        alice < [4, "ticket", {}]
        alice > [5, "secret!!!", {}]
        alice < [3, {"message": "ticket in static WAMP-Ticket authentication is invalid"}, "wamp.error.not_authorized"]
        alice < closed
        bob > [1, "realm1", {"roles": {"caller": {}}, "authmethods": ["ticket"]}]
        bob < [3, {"message": "*"}, "wamp.error.not_authorized"]
        bob < closed
        "#,
    );
}

#[test]
fn a02_roles_must_exist_and_none_is_trusted_from_outside() {
    methods(
        [ticket()],
        r#"
        alice > [1, "realm1", {"roles": {"caller": {}}, "authid": "lost", "authmethods": ["ticket"]}]
        alice < [4, "ticket", {}]
        alice > [5, "t", {}]
        alice < [3, {"message": "no role \"nowhere\" exists on realm \"realm1\""}, "wamp.error.no_such_role"]
        alice < closed
        bob > [1, "realm1", {"roles": {"caller": {}}, "authid": "root", "authmethods": ["ticket"]}]
        bob < [3, {"message": "*"}, "wamp.error.no_such_role"]
        bob < closed
        "#,
    );
}

/// The challenge of the stage's second session, as `authid` gets it.
fn challenge(authid: &str) -> String {
    let nonce = "09".repeat(32);
    format!(
        r#"{{"authid": "{authid}", "authrole": "anyone", "authmethod": "wampcra", "authprovider": "static", "session": 1, "nonce": "{nonce}", "timestamp": "2026-01-02T03:04:05.678Z"}}"#
    )
}

#[test]
fn a03_wampcra() {
    let challenge = challenge("peter");
    let signature =
        crossbar_wire::auth::wampcra::sign(b"prq7+YkJ1/KlW1X0YczMHw==", challenge.as_bytes());
    let quoted = serde_json::Value::from(challenge);
    methods(
        [wampcra()],
        &format!(
            r#"
            alice > [1, "realm1", {{"roles": {{"caller": {{}}}}, "authid": "peter", "authmethods": ["wampcra"]}}]
            alice < [4, "wampcra", {{"challenge": {quoted}}}]
            alice > [5, "{signature}", {{}}]
            alice < [2, 1, {{"...": 1, "authid": "peter", "authrole": "anyone", "authmethod": "wampcra", "authprovider": "static"}}]
            bob > [1, "realm1", {{"roles": {{"caller": {{}}}}, "authid": "peter", "authmethods": ["wampcra"]}}]
            bob < [4, "wampcra", "*"]
            bob > [5, "{signature}", {{}}]
            bob < [3, {{"message": "WAMP-CRA client signature is invalid"}}, "wamp.error.not_authorized"]
            bob < closed
            "#
        ),
    );
}

#[test]
fn a03_salted_wampcra() {
    let challenge = challenge(r#"sal\"ty"#);
    let parsed: serde_json::Value = serde_json::from_str(&challenge).unwrap();
    assert_eq!(parsed["authid"], "sal\"ty");
    let key =
        crossbar_wire::auth::wampcra::derive_key(b"prq7+YkJ1/KlW1X0YczMHw==", b"salt123", 100, 16);
    let signature = crossbar_wire::auth::wampcra::sign(key.as_bytes(), challenge.as_bytes());
    let quoted = serde_json::Value::from(challenge);
    methods(
        [wampcra()],
        &format!(
            r#"
            alice > [1, "realm1", {{"roles": {{"caller": {{}}}}, "authid": "sal\"ty", "authmethods": ["wampcra"]}}]
            alice < [4, "wampcra", {{"challenge": {quoted}, "salt": "salt123", "iterations": 100, "keylen": 16}}]
            alice > [5, "{signature}", {{}}]
            alice < [2, 1, {{"...": 1, "authmethod": "wampcra"}}]
            "#
        ),
    );
}

#[test]
fn a03_an_unknown_user_is_challenged_as_known_ones_are() {
    methods(
        [wampcra()],
        r#"
        alice > [1, "realm1", {"roles": {"caller": {}}, "authid": "eve", "authmethods": ["wampcra"]}]
        alice < [4, "wampcra", {"...": 1, "challenge": "*", "salt": "$salt", "iterations": 100, "keylen": 16}]
        alice > [5, "x", {}]
        alice < [3, {"message": "WAMP-CRA client signature is invalid"}, "wamp.error.not_authorized"]
        alice < closed
        bob > [1, "realm1", {"roles": {"caller": {}}, "authid": "eve", "authmethods": ["wampcra"]}]
        bob < [4, "wampcra", {"...": 1, "challenge": "*", "salt": "$salt", "iterations": 100, "keylen": 16}]
        "#,
    );
}

#[test]
fn a02_a_ticket_may_be_given_as_a_hash() {
    // Made with argon2-cffi and with the bcrypt package of Python.
    let hashes = [
        "$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHQxMjM0$Yqkgm3Pno2+ryfTz9+J9axICoEQFoVubKJiwtPRn87o",
        "$2b$04$sfibuNyo.G/64w0w.kJZLO/IoOTVTWIh68n7qBry.bxQOd/fm3joS",
    ];
    for hash in hashes {
        let joe = TicketPrincipal {
            ticket: PasswordHash::read(hash).unwrap().map(StoredTicket::Hash),
            role: Text::from("anyone"),
        };
        let long = "x".repeat(5000);
        methods(
            [MethodConfig::Ticket(BTreeMap::from([(
                Text::from("joe"),
                joe,
            )]))],
            &format!(
                r#"
                alice > [1, "realm1", {{"roles": {{"caller": {{}}}}, "authid": "joe", "authmethods": ["ticket"]}}]
                alice < [4, "ticket", {{}}]
                alice > [5, "sesame", {{}}]
                alice < [2, 1, {{"...": 1, "authid": "joe", "authrole": "anyone"}}]
                bob > [1, "realm1", {{"roles": {{"caller": {{}}}}, "authid": "joe", "authmethods": ["ticket"]}}]
                bob < [4, "ticket", {{}}]
                bob > [5, "{hash}", {{}}]
                bob < [3, {{"message": "ticket in static WAMP-Ticket authentication is invalid"}}, "wamp.error.not_authorized"]
                bob < closed
                carol > [1, "realm1", {{"roles": {{"caller": {{}}}}, "authid": "nobody", "authmethods": ["ticket"]}}]
                carol < [4, "ticket", {{}}]
                carol > [5, "sesame", {{}}]
                carol < [3, {{"message": "ticket in static WAMP-Ticket authentication is invalid"}}, "wamp.error.not_authorized"]
                carol < closed
                dave > [1, "realm1", {{"roles": {{"caller": {{}}}}, "authid": "joe", "authmethods": ["ticket"]}}]
                dave < [4, "ticket", {{}}]
                dave > [5, "{long}", {{}}]
                dave < [3, {{"message": "*"}}, "wamp.error.not_authorized"]
                dave < closed
                "#
            ),
        );
    }
}

/// A client whose connection has shown a certificate, if any, and who announces an authid.
fn certified(der: Option<&[u8]>, authid: &str, outcome: &str) {
    let print = |text| Fingerprint::read_sha1(text).unwrap();
    // sha1sum of "abc", and sha256sum of "abc" and of "".
    let abc = print("A9:99:3E:36:47:06:81:6A:BA:3E:25:71:78:50:C2:6C:9C:D0:D8:9D");
    let abc256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    let other256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    let sha256 = |digits| Fingerprint::read_sha256(digits).unwrap();
    let principal = |fingerprints| TlsPrincipal {
        fingerprints,
        role: Text::from("anyone"),
    };
    let principals = BTreeMap::from([
        (Text::from("ann"), principal(vec![abc])),
        (Text::from("both"), principal(vec![abc, sha256(abc256)])),
        (Text::from("half"), principal(vec![abc, sha256(other256)])),
        (Text::from("none"), principal(Vec::new())),
    ]);
    let methods = vec![MethodConfig::Tls(principals)];
    let mut stage = Stage::new(RealmOptions::default(), Access::Methods(methods));
    stage.set_credentials(Credentials {
        certificate: der.map(|der| ClientCertificate { der: der.into() }),
        ..Credentials::default()
    });
    stage.play(&format!(
        r#"
        alice > [1, "realm1", {{"roles": {{"caller": {{}}}}, "authid": "{authid}", "authmethods": ["tls"]}}]
        {outcome}
        "#
    ));
}

#[test]
fn a10_a_certificate_opens_a_session() {
    for (authid, as_whom) in [
        ("", "ann"),
        ("both", "both"),
        ("half", "ann"),
        ("none", "ann"),
        ("x", "ann"),
    ] {
        let welcome = format!(
            r#"alice < [2, 1, {{"...": 1, "authid": "{as_whom}", "authrole": "anyone", "authmethod": "tls", "authprovider": "static"}}]"#
        );
        certified(Some(b"abc"), authid, &welcome);
    }
    let refused = |message: &str| {
        format!(
            r#"alice < [3, {{"message": "{message}"}}, "wamp.error.not_authorized"]
            alice < closed"#
        )
    };
    let unknown = refused("no principal has this TLS client certificate");
    certified(Some(b""), "ann", &unknown);
    certified(Some(b"abd"), "none", &unknown);
    let none = refused("client did not send a TLS client certificate");
    certified(None, "ann", &none);
}

#[test]
fn a00_a_fixed_principal_asks_nothing() {
    let principal = Principal {
        authid: Text::from("worker-1"),
        authrole: Text::from("trusted"),
        ..Principal::default()
    };
    check_access(
        Access::Fixed(principal),
        r#"
        alice > [1, "realm1", {"roles": {"caller": {}}, "authid": "other", "authmethods": ["ticket"]}]
        alice < [2, 1, {"...": 1, "authid": "worker-1", "authrole": "trusted"}]
        alice > [64, 1, {}, "wamp.x"]
        alice < [65, 1, 1]
        "#,
    );
}
