use std::collections::BTreeMap;

use crossbar_core::{
    Access, ChannelType, Credentials, CryptosignPrincipal, MethodConfig, RealmOptions,
};
use crossbar_wire::Text;
use crossbar_wire::auth::cryptosign::PrivateKey;

use crate::stage::Stage;

const CHANNEL: [u8; 32] = [0xC4; 32];
/// The challenge of every session on the stage.
const CHALLENGE: [u8; 32] = [9; 32];

fn key(seed: u8) -> PrivateKey {
    PrivateKey::from_seed(&[seed; 32])
}

fn principals() -> BTreeMap<Text, CryptosignPrincipal> {
    let principal = |keys: &[u8], role: &str, realm: Option<&str>| CryptosignPrincipal {
        authorized_keys: keys.iter().map(|&seed| key(seed).public()).collect(),
        role: Text::from(role),
        realm: realm.map(Text::from),
    };
    BTreeMap::from([
        (Text::from("joe"), principal(&[1, 2], "anyone", None)),
        (Text::from("ann"), principal(&[2], "anyone", None)),
        (
            Text::from("bound"),
            principal(&[3], "anyone", Some("realm1")),
        ),
        (Text::from("root"), principal(&[4], "trusted", None)),
    ])
}

fn stage() -> Stage {
    let methods = vec![MethodConfig::Cryptosign(principals())];
    Stage::new(RealmOptions::default(), Access::Methods(methods))
}

fn bound(mut stage: Stage) -> Stage {
    stage.set_credentials(Credentials {
        channel: Some(CHANNEL),
        ..Credentials::default()
    });
    stage
}

/// A HELLO with a key and more `authextra`.
fn hello(realm: &str, authid: &str, seed: u8, extra: &str) -> String {
    let authid = match authid {
        "" => String::new(),
        authid => format!(r#""authid": "{authid}", "#),
    };
    format!(
        r#"[1, "{realm}", {{"roles": {{"caller": {{}}}}, {authid}"authmethods": ["cryptosign"], "authextra": {{"pubkey": "{}"{extra}}}}}]"#,
        key(seed).public()
    )
}

fn challenged(binding: &str) -> String {
    let challenge = "09".repeat(32);
    format!(r#"[4, "cryptosign", {{"challenge": "{challenge}", "channel_binding": {binding}}}]"#)
}

const WELCOME: &str = r#"[2, 1, {"...": 1, "authid": "joe", "authrole": "anyone", "authmethod": "cryptosign", "authprovider": "static"}]"#;
const UNAUTHORIZED: &str = r#"[3, {"message": "this key is not authorized, or not for this authid"}, "wamp.error.not_authorized"]"#;

#[test]
fn a05_a_key_opens_a_session_with_and_without_an_authid() {
    for (authid, seed, expected) in [
        ("joe", 1, "joe"),
        ("joe", 2, "joe"),
        ("", 1, "joe"),
        ("ann", 2, "ann"),
        ("", 3, "bound"),
    ] {
        let signature = key(seed).sign(&CHALLENGE, None);
        stage().play(&format!(
            r#"
            alice > {}
            alice < {}
            alice > [5, "{signature}", {{}}]
            alice < {}
            "#,
            hello("realm1", authid, seed, ""),
            challenged("null"),
            WELCOME.replace("joe", expected),
        ));
    }
}

#[test]
fn a05_a_principals_realm_is_where_it_gets() {
    let signature = key(3).sign(&CHALLENGE, None);
    stage().play(&format!(
        r#"
        alice > {}
        alice < {}
        alice > [5, "{signature}", {{}}]
        alice < [2, 1, {{"...": 1, "realm": "realm1", "authid": "bound"}}]
        "#,
        hello("elsewhere", "bound", 3, ""),
        challenged("null"),
    ));
}

#[test]
fn a05_answers_that_prove_nothing() {
    let right = key(1).sign(&CHALLENGE, None);
    let replayed = key(1).sign(&[8; 32], None);
    let stranger = key(5).sign(&CHALLENGE, None);
    let long = format!("{right}00");
    for (answer, message) in [
        ("", "the signature is not 192 hexadecimal digits"),
        (&right[2..], "the signature is not 192 hexadecimal digits"),
        (&long, "the signature is not 192 hexadecimal digits"),
        (
            &"f".repeat(1 << 16),
            "the signature is not 192 hexadecimal digits",
        ),
        (&replayed, "another message was signed than the challenge"),
        (&stranger, "signed message has invalid signature"),
    ] {
        stage().play(&format!(
            r#"
            alice > {}
            alice < {}
            alice > [5, "{answer}", {{}}]
            alice < [3, {{"message": "{message}"}}, "wamp.error.not_authorized"]
            alice < closed
            "#,
            hello("realm1", "joe", 1, ""),
            challenged("null"),
        ));
    }
}

#[test]
fn a05_who_is_not_known_learns_no_more_than_that() {
    // A key of nobody's, another principal's, an unknown authid, and a key of two principals without an authid.
    for (authid, seed) in [
        ("joe", 5),
        ("ann", 1),
        ("nobody", 1),
        ("nobody", 5),
        ("", 5),
        ("", 2),
    ] {
        let signature = key(seed).sign(&CHALLENGE, None);
        let hello = hello("realm1", authid, seed, "");
        let challenged = challenged("null");
        stage().play(&format!(
            r#"
            alice > {hello}
            alice < {challenged}
            alice > [5, "{signature}", {{}}]
            alice < {UNAUTHORIZED}
            alice < closed
            bob > {hello}
            bob < {challenged}
            bob > [5, "{}", {{}}]
            bob < [3, {{"message": "signed message has invalid signature"}}, "wamp.error.not_authorized"]
            bob < closed
            "#,
            key(6).sign(&CHALLENGE, None),
        ));
    }
}

#[test]
fn a05_requests_that_cannot_be() {
    stage().play(&format!(
        r#"
        alice > [1, "realm1", {{"roles": {{"caller": {{}}}}, "authid": "joe", "authmethods": ["cryptosign"]}}]
        alice < [3, {{"message": "*"}}, "wamp.error.not_authorized"]
        alice < closed
        bob > [1, "realm1", {{"roles": {{"caller": {{}}}}, "authmethods": ["cryptosign"], "authextra": {{"pubkey": "{}"}}}}]
        bob < [3, {{"message": "*"}}, "wamp.error.not_authorized"]
        bob < closed
        carol > {}
        carol < [3, {{"message": "authextra.channel_binding is not \"tls-exporter\" or \"tls-unique\""}}, "wamp.error.not_authorized"]
        carol < closed
        dave > {}
        dave < [3, {{"message": "authextra.challenge is not 64 hexadecimal digits"}}, "wamp.error.not_authorized"]
        dave < closed
        eve > {}
        eve < [3, {{"message": "*"}}, "wamp.error.no_such_role"]
        eve < closed
        "#,
        "0".repeat(63),
        hello("realm1", "joe", 1, r#", "channel_binding": "tls-server-end-point""#),
        hello("realm1", "joe", 1, r#", "challenge": "00""#),
        hello("realm1", "root", 4, ""),
    ));
}

#[test]
fn a06_the_signature_is_bound_to_the_channel() {
    let exporter = r#", "channel_binding": "tls-exporter""#;
    let right = key(1).sign(&CHALLENGE, Some(&CHANNEL));
    let unbound = key(1).sign(&CHALLENGE, None);
    bound(stage()).play(&format!(
        r#"
        alice > {hello}
        alice < {challenged}
        alice > [5, "{right}", {{}}]
        alice < {WELCOME}
        bob > {hello}
        bob < {challenged}
        bob > [5, "{unbound}", {{}}]
        bob < [3, {{"message": "another message was signed than the challenge"}}, "wamp.error.not_authorized"]
        bob < closed
        "#,
        hello = hello("realm1", "joe", 1, exporter),
        challenged = challenged(r#""tls-exporter""#),
    ));
}

#[test]
fn a06_a_binding_that_is_not_there_is_not_echoed() {
    let unbound = key(1).sign(&CHALLENGE, None);
    let without = [(stage(), "tls-exporter"), (bound(stage()), "tls-unique")];
    // Autobahn signs with what it asked for, although CHALLENGE does not have it.
    let ignorant = key(1).sign(&CHALLENGE, Some(&[9; 32]));
    for (stage, kind) in without {
        stage.play(&format!(
            r#"
            alice > {hello}
            alice < {challenged}
            alice > [5, "{unbound}", {{}}]
            alice < {WELCOME}
            bob > {hello}
            bob < {challenged}
            bob > [5, "{ignorant}", {{}}]
            bob < [3, {{"message": "the client signed with a channel binding that this connection does not have: \"tls-exporter\" is to be had over TLS 1.3"}}, "wamp.error.not_authorized"]
            bob < closed
            "#,
            hello = hello(
                "realm1",
                "joe",
                1,
                &format!(r#", "channel_binding": "{kind}""#)
            ),
            challenged = challenged("null"),
        ));
    }
}

#[test]
fn a07_the_router_shows_its_own_key() {
    let challenge = [0xAB; 32];
    for channel in [None, Some(CHANNEL)] {
        let mut stage = match channel {
            None => stage(),
            Some(_) => bound(stage()),
        };
        stage.set_identity(key(7));
        let binding = channel.map_or("null", |_| r#""tls-exporter""#);
        let hello = hello(
            "realm1",
            "joe",
            1,
            &format!(
                r#", "channel_binding": {binding}, "challenge": "{}""#,
                "ab".repeat(32)
            ),
        );
        stage.play(&format!(
            r#"
            alice > {hello}
            alice < [4, "cryptosign", {{"challenge": "*", "channel_binding": {binding}, "pubkey": "{}", "signature": "{}"}}]
            "#,
            key(7).public(),
            key(7).sign(&challenge, channel.as_ref()),
        ));
    }
    // A router without a key says nothing; the client decides.
    let hello = hello(
        "realm1",
        "joe",
        1,
        &format!(r#", "challenge": "{}""#, "ab".repeat(32)),
    );
    stage().play(&format!("alice > {hello}\nalice < {}", challenged("null")));
}

fn proxies(method: MethodConfig, channel: ChannelType) -> Stage {
    let mut stage = Stage::new(RealmOptions::default(), Access::Methods(vec![method]));
    stage.set_channel(channel);
    stage
}

/// What a proxy says of its client.
fn forwarded(method: &str, extra: &str) -> String {
    format!(
        r#"[1, "ignored", {{"roles": {{"caller": {{}}}}, "authid": "ignored", "authmethods": ["{method}"], "authextra": {{{extra}}}}}]"#
    )
}

const CLIENT: &str = r#""proxy_realm": "realm1", "proxy_authid": "client", "proxy_authrole": "anyone", "proxy_authmethod": "ticket", "proxy_authprovider": "dynamic", "proxy_authextra": {"x": 1}"#;

#[test]
fn a05_a_proxy_must_show_its_key() {
    let method = || MethodConfig::CryptosignProxy(principals());
    let hello = |seed: u8, client: &str| {
        let extra = format!(r#""pubkey": "{}", {client}"#, key(seed).public());
        forwarded("cryptosign-proxy", &extra)
    };
    let challenged = challenged("null").replace("cryptosign", "cryptosign-proxy");
    proxies(method(), ChannelType::Tcp).play(&format!(
        r#"
        alice > {known}
        alice < {challenged}
        alice > [5, "{right}", {{}}]
        alice < [2, 1, {{"...": 1, "realm": "realm1", "authid": "client", "authrole": "anyone", "authmethod": "ticket", "authprovider": "dynamic", "authextra": {{"x": 1}}}}]
        bob > {known}
        bob < {challenged}
        bob > [5, "{stranger}", {{}}]
        bob < [3, {{"message": "signed message has invalid signature"}}, "wamp.error.not_authorized"]
        bob < closed
        carol > {unknown}
        carol < {challenged}
        carol > [5, "{stranger}", {{}}]
        carol < {UNAUTHORIZED}
        carol < closed
        dave > {trusted}
        dave < [3, {{"message": "*"}}, "wamp.error.no_such_role"]
        dave < closed
        eve > {nobody}
        eve < [3, {{"message": "missing required attribute authextra.proxy_realm"}}, "wamp.error.not_authorized"]
        eve < closed
        "#,
        known = hello(1, CLIENT),
        unknown = hello(5, CLIENT),
        trusted = hello(1, &CLIENT.replace("anyone", "trusted")),
        nobody = hello(1, r#""proxy_authid": "client""#),
        right = key(1).sign(&CHALLENGE, None),
        stranger = key(5).sign(&CHALLENGE, None),
    ));
}

#[test]
fn a01_a_proxy_without_a_key_comes_over_a_unix_socket() {
    let hello = forwarded("anonymous-proxy", CLIENT);
    proxies(MethodConfig::AnonymousProxy, ChannelType::Unix).play(&format!(
        r#"
        alice > {hello}
        alice < [2, 1, {{"...": 1, "authid": "client", "authrole": "anyone", "authmethod": "ticket", "authextra": {{"x": 1}}}}]
        bob > {}
        bob < [3, {{"message": "*"}}, "wamp.error.no_such_role"]
        bob < closed
        "#,
        hello.replace("anyone", "trusted"),
    ));
    proxies(MethodConfig::AnonymousProxy, ChannelType::Tls).play(&format!(
        r#"
        alice > {hello}
        alice < [3, {{"message": "anonymous-proxy is for Unix sockets only"}}, "wamp.error.not_authorized"]
        alice < closed
        "#
    ));
}
