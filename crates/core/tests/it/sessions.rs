use crate::check;
use crate::stage::{check_compat, check_strict};

#[test]
fn s01_hello_is_answered_with_welcome() {
    check(
        r#"
        alice > [1, "realm1", {"roles": {"caller": {}}}]
        alice < [2, 1, {"realm": "realm1", "roles": "*", "agent": "*", "authid": "$a", "authrole": "anonymous", "authmethod": "anonymous", "authprovider": "static"}]
        alice > [48, 1, {}, "com.x"]
        alice < [8, 48, 1, {}, "wamp.error.no_such_procedure", ["no callee registered for procedure <com.x>"]]
        "#,
    );
}

#[test]
fn s02_second_hello_is_a_violation() {
    check(
        r#"
        alice joins
        alice > [1, "realm1", {"roles": {"caller": {}}}]
        alice < [3, {"message": "*"}, "wamp.error.protocol_violation"]
        alice < closed
        "#,
    );
}

#[test]
fn s03_no_realm_is_no_such_realm() {
    check(
        r#"
        alice > [1, null, {"roles": {"caller": {}}}]
        alice < [3, {"message": "*"}, "wamp.error.no_such_realm"]
        alice < closed
        "#,
    );
}

#[test]
fn s04_hello_without_a_client_role_is_a_violation() {
    check(
        r#"
        bob > [1, "realm1", {"roles": {"broker": {}}}]
        bob < [3, {"message": "*"}, "wamp.error.protocol_violation"]
        bob < closed
        "#,
    );
}

#[test]
fn s04_roles_are_not_held_against_a_client() {
    check(
        r#"
        alice > [1, "realm1", {"roles": {"subscriber": {}}}]
        alice < [2, 1, "*"]
        alice > [64, 1, {}, "com.x"]
        alice < [65, 1, 1]
        "#,
    );
}

#[test]
fn s05_welcome_announces_what_the_router_does() {
    check(
        r#"
        alice > [1, "realm1", {"roles": {"caller": {}}}]
        alice < [2, 1, {"...": 1, "roles": {"broker": {"features": {"publisher_identification": true, "publisher_exclusion": true, "subscriber_blackwhite_listing": true, "publication_trustlevels": true, "pattern_based_subscription": true, "event_retention": true, "session_meta_api": true, "subscription_meta_api": true, "subscription_revocation": true, "payload_passthru_mode": true, "payload_transparency": true, "payload_encryption_cryptobox": true}, "reflection": true}, "dealer": {"features": {"progressive_call_results": true, "progressive_call_invocations": true, "call_timeout": true, "call_canceling": true, "caller_identification": true, "call_trustlevels": true, "pattern_based_registration": true, "shared_registration": true, "call_reroute": true, "registration_revocation": true, "session_meta_api": true, "registration_meta_api": true, "testament_meta_api": true, "payload_passthru_mode": true, "payload_transparency": true, "payload_encryption_cryptobox": true}, "reflection": true}}}]
        "#,
    );
}

#[test]
fn s06_agents_are_told() {
    check(
        r#"
        alice > [1, "realm1", {"agent": "test-1", "roles": {"caller": {}}}]
        alice < [2, 1, {"...": 1, "agent": "$agent"}]
        "#,
    );
}

#[test]
fn s08_abort_is_not_answered() {
    check(
        r#"
        alice joins
        alice > [3, {"message": "no more"}, "com.app.gone", ["why"]]
        alice < closed
        "#,
    );
}

#[test]
fn s09_goodbye_is_echoed_once() {
    check(
        r#"
        alice joins
        alice > [6, {}, "wamp.close.close_realm"]
        alice < [6, {}, "wamp.close.goodbye_and_out"]
        alice < kept
        "#,
    );
}

#[test]
fn s09_router_closes_and_ignores_all_but_the_echo() {
    check(
        r#"
        alice joins
        bob joins
        alice > [32, 1, {}, "com.x"]
        alice < [33, 1, 1]
        realm closes wamp.close.system_shutdown
        alice < [6, {}, "wamp.close.system_shutdown"]
        bob < [6, {}, "wamp.close.system_shutdown"]
        bob > [16, 1, {"acknowledge": true}, "com.x"]
        bob > [1, "realm1", {"roles": {"caller": {}}}]
        bob > [6, {}, "wamp.close.goodbye_and_out"]
        bob < kept
        "#,
    );
}

#[test]
fn s09_who_does_not_echo_goodbye_is_cut_off() {
    check(
        r#"
        alice joins
        realm closes wamp.close.system_shutdown
        alice < [6, {}, "wamp.close.system_shutdown"]
        wait 4999ms
        wait 1ms
        alice < closed
        "#,
    );
}

#[test]
fn s09_calls_end_when_the_realm_closes() {
    check(
        r#"
        alice joins with callee.call_canceling
        bob joins
        alice > [64, 1, {}, "com.x"]
        alice < [65, 1, 1]
        bob > [48, 1, {"timeout": 100}, "com.x"]
        alice < [68, 1, 1, {}]
        realm closes wamp.close.system_shutdown
        alice < [6, {}, "wamp.close.system_shutdown"]
        bob < [6, {}, "wamp.close.system_shutdown"]
        wait 200ms
        alice > [70, 1, {}]
        "#,
    );
}

#[test]
fn s10_state_does_not_outlive_goodbye() {
    check(
        r#"
        alice joins
        alice > [32, 1, {}, "com.x"]
        alice < [33, 1, 1]
        alice > [64, 2, {}, "com.p"]
        alice < [65, 2, 1]
        alice > [6, {}, "wamp.close.normal"]
        alice < [6, {}, "wamp.close.goodbye_and_out"]
        alice < kept
        alice > [1, "realm1", {"roles": {"subscriber": {}}}]
        alice < [2, 2, "*"]
        bob joins
        bob > [16, 1, {}, "com.x"]
        bob > [48, 2, {}, "com.p"]
        bob < [8, 48, 2, {}, "wamp.error.no_such_procedure", "*"]
        alice > [34, 1, 1]
        alice < [8, 34, 1, {}, "wamp.error.no_such_subscription", "*"]
        "#,
    );
}

#[test]
fn s11_loss_of_the_transport_ends_all() {
    check(
        r#"
        alice joins
        bob joins
        alice > [32, 1, {}, "com.x"]
        alice < [33, 1, 1]
        alice > [64, 2, {}, "com.p"]
        alice < [65, 2, 1]
        bob > [48, 1, {}, "com.p"]
        alice < [68, 1, 1, {}]
        alice leaves
        bob < [8, 48, 1, {}, "wamp.error.canceled", "*"]
        bob > [16, 2, {"acknowledge": true}, "com.x"]
        bob < [17, 2, "*"]
        bob > [48, 3, {}, "com.p"]
        bob < [8, 48, 3, {}, "wamp.error.no_such_procedure", "*"]
        "#,
    );
}

#[test]
fn s12_messages_of_a_router_are_violations() {
    for message in [
        r#"[2, 1, {"roles": {"broker": {}}}]"#,
        r#"[4, "ticket", {}]"#,
        r#"[5, "signature", {}]"#,
        r#"[17, 1, 1]"#,
        r#"[33, 1, 1]"#,
        r#"[35, 1]"#,
        r#"[36, 1, 1, {}]"#,
        r#"[50, 1, {}]"#,
        r#"[65, 1, 1]"#,
        r#"[67, 1]"#,
        r#"[68, 1, 1, {}]"#,
        r#"[69, 1, {}]"#,
        r#"[8, 48, 1, {}, "com.error"]"#,
    ] {
        check(&format!(
            r#"
            alice joins
            bob joins
            alice > {message}
            alice < [3, {{"message": "*"}}, "wamp.error.protocol_violation"]
            alice < closed
            bob > [32, 1, {{}}, "com.x"]
            bob < [33, 1, 1]
            "#
        ));
    }
}

#[test]
fn s12_a_violation_resolves_what_was_in_flight() {
    check(
        r#"
        alice joins
        bob joins
        alice > [64, 1, {}, "com.x"]
        alice < [65, 1, 1]
        bob > [48, 1, {}, "com.x"]
        alice < [68, 1, 1, {}]
        alice > [50, 1, {}]
        alice < [3, {"message": "*"}, "wamp.error.protocol_violation"]
        alice < closed
        bob < [8, 48, 1, {}, "wamp.error.canceled", "*"]
        "#,
    );
}

#[test]
fn s13_an_answer_to_an_invocation_never_made_is_a_violation() {
    for answer in ["[70, 1, {}]", r#"[8, 68, 1, {}, "com.error"]"#] {
        check(&format!(
            r#"
            alice joins
            bob joins
            carol joins
            alice > [64, 1, {{}}, "com.x"]
            alice < [65, 1, 1]
            bob > [48, 1, {{}}, "com.x"]
            alice < [68, 1, 1, {{}}]
            carol > {answer}
            carol < [3, {{"message": "*"}}, "wamp.error.protocol_violation"]
            carol < closed
            alice > [70, 1, {{}}, ["mine"]]
            bob < [50, 1, {{}}, ["mine"]]
            "#
        ));
    }
}

#[test]
fn s13_a_late_answer_is_dropped() {
    check(
        r#"
        alice joins
        bob joins
        alice > [64, 1, {}, "com.x"]
        alice < [65, 1, 1]
        bob > [48, 1, {}, "com.x"]
        alice < [68, 1, 1, {}]
        alice > [70, 1, {}]
        bob < [50, 1, {}]
        alice > [70, 1, {}, ["again"]]
        alice > [8, 68, 1, {}, "com.error"]
        "#,
    );
}

#[test]
fn s15_unknown_options_are_ignored_and_not_forwarded() {
    check(
        r#"
        alice joins
        bob joins
        alice > [64, 1, {"_mine": 1, "x_ours": 2, "unheard_of": true}, "com.x"]
        alice < [65, 1, 1]
        bob > [48, 1, {"_mine": 1, "unheard_of": {"a": [1]}}, "com.x"]
        alice < [68, 1, 1, {}]
        alice > [70, 1, {"_mine": 1}]
        bob < [50, 1, {}]
        alice > [32, 2, {"_mine": 1}, "com.t"]
        alice < [33, 2, 1]
        bob > [16, 2, {"_mine": 1}, "com.t"]
        alice < [36, 1, "*", {}]
        "#,
    );
}

#[test]
fn s16_event_received_is_ignored() {
    check(
        r#"
        alice joins
        alice > [337, 5]
        "#,
    );
}

#[test]
fn s17_payloads_come_through_in_every_form() {
    check(
        r#"
        alice joins
        bob joins
        alice > [32, 1, {}, "com.t"]
        alice < [33, 1, 1]
        bob > [16, 1, {}, "com.t"]
        alice < [36, 1, "*", {}]
        bob > [16, 1, {}, "com.t", [], {}]
        alice < [36, 1, "*", {}]
        bob > [16, 2, {}, "com.t", [1, {"a": null}], {}]
        alice < [36, 1, "*", {}, [1, {"a": null}]]
        bob > [16, 3, {}, "com.t", [], {"k": 1.0}]
        alice < [36, 1, "*", {}, [], {"k": 1.0}]
        bob > [16, 4, {}, "com.t", null, {"k": "v"}]
        alice < [36, 1, "*", {}, [], {"k": "v"}]
        "#,
    );
}

#[test]
fn s09_compat_goodbye_reason() {
    check_compat(
        r#"
        alice joins
        alice > [6, {}, "wamp.close.normal"]
        alice < [6, {}, "wamp.close.normal"]
        alice < kept
        "#,
    );
}

#[test]
fn i08_an_invalid_realm_is_refused() {
    check_strict(
        r#"
        alice > [1, "no realm", {"roles": {"caller": {}}}]
        alice < [3, {"message": "*"}, "wamp.error.invalid_uri"]
        alice < closed
        "#,
    );
}
