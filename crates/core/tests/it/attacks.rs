//! Sessions that want what is another's, or what they may not have.

use crossbar_core::{Access, HistoryRule, MethodConfig, RealmOptions};
use crossbar_wire::{MatchPolicy, Text};

use crate::check;
use crate::stage::{Stage, check_access};

#[test]
fn p16_z05_retained_events_are_for_those_who_may_subscribe() {
    check(
        r#"
        role guest {"permissions": [{"uri": "com.", "match": "prefix", "allow": ["subscribe"]}, {"uri": "com.secret", "allow": []}, {"uri": "com.secret.", "match": "prefix", "allow": []}]}
        alice joins
        bob joins as guest
        alice > [16, 1, {"retain": true}, "com.secret", ["secret"]]
        alice > [16, 2, {"retain": true}, "com.secret.x", ["secret"]]
        alice > [16, 3, {"retain": true}, "com.open.x", ["open"]]
        bob > [32, 1, {"get_retained": true}, "com.secret"]
        bob < [8, 32, 1, {}, "wamp.error.not_authorized", "*"]
        bob > [32, 2, {"get_retained": true, "match": "prefix"}, "com."]
        bob < [8, 32, 2, {}, "wamp.error.not_authorized", "*"]
        bob > [32, 3, {"get_retained": true, "match": "wildcard"}, "com..x"]
        bob < [8, 32, 3, {}, "wamp.error.not_authorized", "*"]
        bob > [32, 4, {"get_retained": true, "match": "prefix"}, "com.open."]
        bob < [33, 4, 1]
        bob < [36, 1, "*", {"retained": true, "topic": "com.open.x"}, ["open"]]
        role guest {"permissions": []}
        bob > [32, 5, {"get_retained": true, "match": "prefix"}, "com.open."]
        bob < [8, 32, 5, {}, "wamp.error.not_authorized", "*"]
        "#,
    );
}

#[test]
fn p16_who_was_left_out_is_so_under_another_session() {
    check(
        r#"
        role guest {"permissions": [{"uri": "", "match": "prefix", "allow": ["subscribe"]}]}
        alice joins
        bob joins as guest
        alice > [16, 1, {"retain": true, "exclude_authid": ["bob"]}, "com.1", [1]]
        alice > [16, 2, {"retain": true, "exclude_authrole": ["guest"]}, "com.2", [2]]
        alice > [16, 3, {"retain": true, "eligible": [2]}, "com.3", [3]]
        bob > [32, 1, {"get_retained": true, "match": "prefix"}, "com."]
        bob < [33, 1, 1]
        bob < [36, 1, "*", {"retained": true, "topic": "com.3"}, [3]]
        bob > [32, 2, {"get_retained": true, "match": "prefix"}, "com."]
        bob < [33, 2, 1]
        bob < [36, 1, "*", {"retained": true, "topic": "com.3"}, [3]]
        bob leaves
        bob joins as guest
        bob > [32, 1, {"get_retained": true, "match": "prefix"}, "com."]
        bob < [33, 1, 2]
        "#,
    );
}

#[test]
fn p15_z05_a_history_by_pattern_is_for_those_who_may_have_all_of_it() {
    let rule = |uri, policy| HistoryRule {
        uri: Text::from_static(uri),
        policy,
        max_events: Some(10),
        max_age: None,
        max_octets: None,
    };
    let options = RealmOptions {
        history: vec![
            rule("com.", MatchPolicy::Prefix),
            rule("com.open", MatchPolicy::Exact),
        ],
        ..RealmOptions::default()
    };
    Stage::new(options, Access::Open).play(
        r#"
        role guest {"permissions": [{"uri": "com.", "match": "prefix", "allow": ["subscribe"]}, {"uri": "com.secret", "allow": []}, {"uri": "wamp.subscription.", "match": "prefix", "allow": ["call"]}]}
        alice joins
        bob joins as guest
        alice > [16, 1, {}, "com.secret", ["secret"]]
        alice > [16, 2, {}, "com.open", ["open"]]
        bob > [48, 1, {}, "wamp.subscription.get_events", [1]]
        bob < [8, 48, 1, {}, "wamp.error.not_authorized", "*"]
        bob > [48, 2, {}, "wamp.subscription.get_events", [2]]
        bob < [50, 2, {}, [[{"args": ["open"], "...": 1}]]]
        role guest {"permissions": [{"uri": "wamp.subscription.", "match": "prefix", "allow": ["call"]}]}
        bob > [48, 3, {}, "wamp.subscription.get_events", [2]]
        bob < [8, 48, 3, {}, "wamp.error.not_authorized", "*"]
        "#,
    );
}

#[test]
fn r03_i04_an_id_of_ones_own_answers_nobody_elses_call() {
    check(
        r#"
        alice joins
        bob joins
        eve joins
        bob > [64, 1, {}, "com.bob"]
        bob < [65, 1, 1]
        eve > [64, 1, {}, "com.eve"]
        eve < [65, 1, 2]
        alice > [48, 1, {}, "com.eve"]
        eve < [68, 1, 2, {}]
        eve > [70, 1, {}, ["eve's"]]
        alice < [50, 1, {}, ["eve's"]]
        alice > [48, 2, {}, "com.bob"]
        bob < [68, 1, 1, {}]
        eve > [70, 1, {}, ["forged"]]
        eve > [8, 68, 1, {}, "com.forged"]
        eve > [70, 1, {"progress": true}, ["forged"]]
        alice > [48, 3, {}, "com.eve"]
        eve < [68, 2, 2, {}]
        eve > [70, 2, {}, ["eve's"]]
        alice < [50, 3, {}, ["eve's"]]
        bob > [70, 1, {}, ["bob's"]]
        alice < [50, 2, {}, ["bob's"]]
        eve > [66, 2, 1]
        eve < [8, 66, 2, {}, "wamp.error.no_such_registration", "*"]
        "#,
    );
}

#[test]
fn z03_nobody_answers_an_authorizers_question_by_its_number() {
    check(
        r#"
        role guest {"authorizer": "com.auth"}
        judge joins with callee.call_canceling
        judge > [64, 1, {}, "com.auth"]
        judge < [65, 1, 1]
        eve joins
        eve > [64, 1, {}, "com.eve"]
        eve < [65, 1, 2]
        bob joins as guest
        eve > [48, 2, {}, "com.eve"]
        eve < [68, 1, 2, {}]
        bob > [48, 1, {}, "com.eve"]
        judge < [68, 1, 1, "*", "*"]
        eve > [70, 1, {}, [true]]
        eve < [50, 2, {}, [true]]
        eve > [70, 1, {}, [true]]
        bob > [70, 1, {}, [true]]
        bob < [3, "*", "wamp.error.protocol_violation"]
        bob < closed
        judge < [69, 1, {"mode": "killnowait"}]
        "#,
    );
}

#[test]
fn x04_nobody_speaks_for_others_in_any_message() {
    let links = r#""forward_for": [{"session": 77, "authid": "root", "authrole": "trusted"}]"#;
    check(&format!(
        r#"
        alice joins
        bob joins
        bob > [32, 1, {{"match": "prefix"}}, "wamp."]
        bob < [33, 1, 1]
        alice > [32, 1, {{{links}}}, "com.x"]
        alice < [33, 1, 2]
        bob < [36, 1, "*", {{"topic": "wamp.subscription.on_create"}}, [1, "*"]]
        bob < [36, 1, "*", {{"topic": "wamp.subscription.on_subscribe"}}, [1, 2]]
        alice > [64, 2, {{{links}}}, "com.x"]
        alice < [65, 2, 1]
        bob < [36, 1, "*", {{"topic": "wamp.registration.on_create"}}, [1, "*"]]
        bob < [36, 1, "*", {{"topic": "wamp.registration.on_register"}}, [1, 1]]
        bob > [48, 2, {{"caller": 77, "caller_authid": "root", "caller_authrole": "trusted", {links}}}, "com.x"]
        alice < [68, 1, 1, {{}}]
        alice > [70, 1, {{{links}}}, ["done"]]
        bob < [50, 2, {{}}, ["done"]]
        bob > [48, 3, {{}}, "com.x"]
        alice < [68, 2, 1, {{}}]
        alice > [8, 68, 2, {{{links}}}, "com.error"]
        bob < [8, 48, 3, {{}}, "com.error"]
        bob > [16, 4, {{"publisher": 77, "publisher_authid": "root", "trustlevel": 9, "acknowledge": true, {links}}}, "com.x"]
        bob < [17, 4, "$p"]
        alice < [36, 2, "$p", {{}}]
        "#
    ));
}

/// What a client claims of itself that only the router knows.
const CLAIMS: &str = r#""authrole": "admin", "authmethod": "ticket", "authprovider": "node", "session": 7, "transport": {"peer": "unix"}, "resumed": true, "resume_session": 1, "resume_token": "x", "authextra": {"authrole": "admin", "authid": "root", "role": "trusted", "proxy_authid": "root", "proxy_authrole": "trusted", "proxy_realm": "realm2", "x_cb_node": "1", "session": 7}"#;

#[test]
fn a01_a_client_is_not_what_it_says() {
    let anonymous = MethodConfig::Anonymous {
        role: Text::from_static("anonymous"),
        authid: None,
    };
    for access in [Access::Open, Access::Methods(vec![anonymous])] {
        check_access(
            access,
            &format!(
                r#"
            alice > [1, "realm1", {{"roles": {{"caller": {{}}}}, "authmethods": ["anonymous"], {CLAIMS}}}]
            alice < [2, 1, {{"authid": "$id", "authrole": "anonymous", "authmethod": "anonymous", "authprovider": "static", "...": 1}}]
            alice > [48, 1, {{}}, "wamp.session.get", [1]]
            alice < [50, 1, {{}}, [{{"session": 1, "realm": "realm1", "authid": "$id", "authrole": "anonymous", "transport": {{"peer": "tcp4:127.0.0.1:50000", "...": 1}}, "...": 1}}]]
            alice > [48, 2, {{}}, "wamp.session.get", [7]]
            alice < [8, 48, 2, {{}}, "wamp.error.no_such_session", "*"]
            "#
            ),
        );
    }
}

#[test]
fn z02_roles_and_features_of_hello_allow_nothing() {
    check(
        r#"
        role anonymous {"permissions": [{"uri": "com.open", "allow": ["call"]}]}
        alice > [1, "realm1", {"roles": {"broker": {}, "dealer": {}, "caller": {"features": {"caller_identification": true}}, "callee": {}, "publisher": {}, "subscriber": {}}}]
        alice < [2, 1, {"authrole": "anonymous", "...": 1}]
        alice > [64, 1, {}, "com.open"]
        alice < [8, 64, 1, {}, "wamp.error.not_authorized", "*"]
        alice > [32, 2, {}, "com.open"]
        alice < [8, 32, 2, {}, "wamp.error.not_authorized", "*"]
        alice > [48, 3, {}, "wamp.session.kill_all"]
        alice < [8, 48, 3, {}, "wamp.error.not_authorized", "*"]
        "#,
    );
}
