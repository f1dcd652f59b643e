//! Roles whose requests a procedure of the realm decides.

use crate::check;

/// `judge` is the authorizer of the role `guest`, whose session is `bob`.
fn judged(role: &str, script: &str) {
    check(&format!(
        r#"
        role guest {{"authorizer": "com.auth"{role}}}
        judge joins with callee.call_canceling
        judge > [64, 1, {{}}, "com.auth"]
        judge < [65, 1, 1]
        alice joins
        bob joins as guest
        {script}
        "#
    ));
}

#[test]
fn z03_an_authorizer_is_told_who_wants_what_and_how() {
    judged(
        "",
        r#"
        bob > [32, 1, {"match": "prefix", "get_retained": true}, "com."]
        judge < [68, 1, 1, {"caller_authid": "authorizer", "caller_authrole": "trusted"}, [{"realm": "realm1", "session": 3, "authid": "bob", "authrole": "guest", "authmethod": "", "authprovider": "", "authextra": {}, "serializer": "json", "transport": {"channel_type": "tcp", "channel_framing": "rawsocket", "channel_serializer": "json", "is_server": true, "is_secure": false, "peer": "tcp4:127.0.0.1:50000"}}, "com.", "subscribe", {"match": "prefix", "get_retained": true}]]
        judge > [70, 1, {}, [true]]
        bob < [33, 1, 1]
        bob > [16, 2, {"acknowledge": true, "exclude_me": false, "eligible": [7]}, "com.x", ["hi"]]
        judge < [68, 2, 1, "*", ["*", "com.x", "publish", {"acknowledge": true, "exclude_me": false, "eligible": [7]}]]
        judge > [70, 2, {}, [{"allow": false}]]
        bob < [8, 16, 2, {}, "wamp.error.not_authorized", "*"]
        bob > [64, 3, {"invoke": "roundrobin"}, "com.y"]
        judge < [68, 3, 1, "*", ["*", "com.y", "register", {"invoke": "roundrobin"}]]
        judge > [70, 3, {}, [{"allow": true, "cache": false, "validate": null}]]
        bob < [65, 3, 2]
        bob > [48, 4, {"timeout": 5000}, "com.z"]
        judge < [68, 4, 1, "*", ["*", "com.z", "call", {"timeout": 5000}]]
        judge > [70, 4, {}, [true]]
        bob < [8, 48, 4, {}, "wamp.error.no_such_procedure", "*"]
        bob > [16, 5, {}, "com.x"]
        judge < [68, 5, 1, "*", "*"]
        judge > [70, 5, {}, [false]]
        "#,
    );
}

#[test]
fn z03_requests_wait_in_order_and_only_those_of_their_session() {
    judged(
        "",
        r#"
        alice > [32, 1, {}, "com.x"]
        alice < [33, 1, 1]
        bob > [16, 1, {}, "com.x", [1]]
        judge < [68, 1, 1, "*", "*"]
        bob > [16, 2, {"acknowledge": true}, "com.x", [2]]
        bob > [34, 3, 77]
        bob > [32, 4, {}, "wamp..x"]
        alice > [48, 2, {}, "com.none"]
        alice < [8, 48, 2, {}, "wamp.error.no_such_procedure", "*"]
        judge > [70, 1, {}, [true]]
        alice < [36, 1, "$p", {}, [1]]
        judge < [68, 2, 1, "*", "*"]
        judge > [70, 2, {}, [true]]
        bob < [17, 2, "$q"]
        alice < [36, 1, "$q", {}, [2]]
        bob < [8, 34, 3, {}, "wamp.error.no_such_subscription", "*"]
        bob < [8, 32, 4, {}, "wamp.error.invalid_uri", "*"]
        "#,
    );
}

#[test]
fn z03_what_fails_is_an_authorization_that_failed() {
    judged(
        r#", "timeout": 100"#,
        r#"
        bob > [48, 1, {}, "com.x"]
        judge < [68, 1, 1, "*", "*"]
        judge > [8, 68, 1, {}, "com.error.broken", ["no database"]]
        bob < undecided com.auth
        bob < [8, 48, 1, {}, "wamp.error.authorization_failed", ["<com.x> could not be authorized: com.error.broken: no database"]]
        bob > [48, 2, {}, "com.x"]
        judge < [68, 2, 1, "*", "*"]
        judge > [70, 2, {}, ["yes"]]
        bob < undecided com.auth
        bob < [8, 48, 2, {}, "wamp.error.authorization_failed", ["<com.x> could not be authorized: the authorizer gave neither a bool nor a dictionary"]]
        bob > [48, 3, {}, "com.x"]
        judge < [68, 3, 1, "*", "*"]
        judge > [70, 3, {}, [{"allow": true, "sure": true}]]
        bob < undecided com.auth
        bob < [8, 48, 3, {}, "wamp.error.authorization_failed", ["<com.x> could not be authorized: the authorizer gave the unknown key \"sure\""]]
        bob > [48, 4, {}, "com.x"]
        judge < [68, 4, 1, "*", "*"]
        judge > [70, 4, {}, [{"allow": true, "validate": {"call": "x"}}]]
        bob < undecided com.auth
        bob < [8, 48, 4, {}, "wamp.error.authorization_failed", ["<com.x> could not be authorized: the authorizer gave \"validate\", and the realm has no inventory"]]
        bob > [48, 5, {}, "com.x"]
        judge < [68, 5, 1, "*", "*"]
        judge > [70, 5, {}, [{"cache": true}]]
        bob < undecided com.auth
        bob < [8, 48, 5, {}, "wamp.error.authorization_failed", "*"]
        bob > [48, 6, {}, "com.x"]
        judge < [68, 6, 1, "*", "*"]
        judge > [70, 6, {}]
        bob < undecided com.auth
        bob < [8, 48, 6, {}, "wamp.error.authorization_failed", "*"]
        bob > [48, 7, {}, "com.x"]
        judge < [68, 7, 1, "*", "*"]
        wait 100ms
        judge < [69, 7, {"mode": "killnowait"}]
        bob < undecided com.auth
        bob < [8, 48, 7, {}, "wamp.error.authorization_failed", ["<com.x> could not be authorized: the authorizer did not answer in time"]]
        judge > [70, 7, {}, [true]]
        bob > [48, 8, {}, "com.x"]
        judge < [68, 8, 1, "*", "*"]
        judge leaves
        bob < undecided com.auth
        bob < [8, 48, 8, {}, "wamp.error.authorization_failed", "*"]
        bob > [48, 9, {}, "com.x"]
        bob < undecided com.auth
        bob < [8, 48, 9, {}, "wamp.error.authorization_failed", ["<com.x> could not be authorized: wamp.error.no_such_procedure: no callee registered for procedure <com.auth>"]]
        "#,
    );
}

#[test]
fn z03_a_parked_call_can_be_canceled() {
    judged(
        "",
        r#"
        bob > [48, 1, {}, "com.x"]
        judge < [68, 1, 1, "*", "*"]
        bob > [48, 2, {}, "com.y"]
        bob > [48, 3, {}, "com.z"]
        bob > [49, 2, {}]
        bob < [8, 48, 2, {}, "wamp.error.canceled", "*"]
        bob > [49, 1, {}]
        bob < [8, 48, 1, {}, "wamp.error.canceled", "*"]
        judge < [69, 1, {"mode": "killnowait"}]
        judge < [68, 2, 1, "*", ["*", "com.z", "call", {}]]
        judge > [70, 1, {}, [true]]
        judge > [70, 2, {}, [true]]
        bob < [8, 48, 3, {}, "wamp.error.no_such_procedure", "*"]
        "#,
    );
}

#[test]
fn z03_goodbye_waits_and_a_lost_session_leaves_nothing() {
    judged(
        "",
        r#"
        alice > [32, 1, {}, "com.x"]
        alice < [33, 1, 1]
        bob > [16, 1, {}, "com.x", [1]]
        judge < [68, 1, 1, "*", "*"]
        bob > [6, {}, "wamp.close.close_realm"]
        judge > [70, 1, {}, [true]]
        alice < [36, 1, "$p", {}, [1]]
        bob < [6, {}, "wamp.close.goodbye_and_out"]
        bob < kept
        carol joins as guest
        carol > [48, 1, {}, "com.x"]
        judge < [68, 2, 1, "*", "*"]
        carol > [48, 2, {}, "com.y"]
        carol leaves
        judge < [69, 2, {"mode": "killnowait"}]
        judge > [70, 2, {}, [true]]
        "#,
    );
}

#[test]
fn z03_answers_to_invocations_do_not_wait() {
    check(
        r#"
        role guest {"authorizer": "com.auth"}
        role first {"permissions": [{"uri": "com.auth", "allow": ["register"]}]}
        judge joins as first
        judge > [64, 1, {}, "com.auth"]
        judge < [65, 1, 1]
        role first {"authorizer": "com.auth"}
        judge > [48, 2, {}, "com.x"]
        judge < [68, 1, 1, "*", "*"]
        judge > [48, 3, {}, "com.y"]
        judge > [70, 1, {}, [true]]
        judge < [8, 48, 2, {}, "wamp.error.no_such_procedure", "*"]
        judge < [68, 2, 1, "*", ["*", "com.y", "call", {}]]
        judge > [70, 2, {}, [false]]
        judge < [8, 48, 3, {}, "wamp.error.not_authorized", "*"]
        "#,
    );
}

#[test]
fn z03_decisions_are_kept_as_the_answer_says() {
    judged(
        r#", "cache_ttl": 1000"#,
        r#"
        carol joins as guest
        bob > [48, 1, {}, "com.x"]
        judge < [68, 1, 1, "*", "*"]
        judge > [70, 1, {}, [{"allow": true, "cache": true}]]
        bob < [8, 48, 1, {}, "wamp.error.no_such_procedure", "*"]
        bob > [48, 2, {}, "com.x"]
        bob < [8, 48, 2, {}, "wamp.error.no_such_procedure", "*"]
        bob > [64, 3, {}, "com.x"]
        judge < [68, 2, 1, "*", "*"]
        judge > [70, 2, {}, [{"allow": false, "cache": true, "cache_ttl": 5}]]
        bob < [8, 64, 3, {}, "wamp.error.not_authorized", "*"]
        carol > [48, 1, {}, "com.x"]
        judge < [68, 3, 1, "*", "*"]
        judge > [70, 3, {}, [{"allow": false, "cache": "role"}]]
        carol < [8, 48, 1, {}, "wamp.error.not_authorized", "*"]
        dave joins as guest
        dave > [48, 1, {}, "com.x"]
        dave < [8, 48, 1, {}, "wamp.error.not_authorized", "*"]
        wait 1000ms
        bob > [64, 4, {}, "com.x"]
        bob < [8, 64, 4, {}, "wamp.error.not_authorized", "*"]
        dave > [48, 2, {}, "com.x"]
        judge < [68, 4, 1, "*", "*"]
        judge > [70, 4, {}, [{"allow": true, "cache": "role"}]]
        dave < [8, 48, 2, {}, "wamp.error.no_such_procedure", "*"]
        realm purges guest
        dave > [48, 3, {}, "com.x"]
        judge < [68, 5, 1, "*", "*"]
        judge > [70, 5, {}, [{"allow": true, "cache": true}]]
        dave < [8, 48, 3, {}, "wamp.error.no_such_procedure", "*"]
        role guest {"permissions": []}
        dave > [48, 4, {}, "com.x"]
        dave < [8, 48, 4, {}, "wamp.error.not_authorized", "*"]
        role guest {"authorizer": "com.auth"}
        dave > [48, 5, {}, "com.x"]
        judge < [68, 6, 1, "*", "*"]
        role guest {"permissions": [{"uri": "com.x", "allow": []}]}
        judge > [70, 6, {}, [true]]
        dave < [8, 48, 5, {}, "wamp.error.not_authorized", "*"]
        "#,
    );
}

#[test]
fn z03_an_authorizer_may_disclose() {
    judged(
        "",
        r#"
        alice > [64, 1, {}, "com.x"]
        alice < [65, 1, 2]
        bob > [48, 1, {}, "com.x"]
        judge < [68, 1, 1, "*", "*"]
        judge > [70, 1, {}, [{"allow": true, "disclose": true}]]
        alice < [68, 1, 2, {"caller": 3, "caller_authid": "bob", "caller_authrole": "guest"}]
        bob > [48, 2, {}, "com.x"]
        judge < [68, 2, 1, "*", "*"]
        judge > [70, 2, {}, [true]]
        alice < [68, 2, 2, {}]
        "#,
    );
}

#[test]
fn z03_chunks_of_an_allowed_call_follow_it() {
    check(
        r#"
        role guest {"authorizer": "com.auth"}
        judge joins with callee.call_canceling
        judge > [64, 1, {}, "com.auth"]
        judge < [65, 1, 1]
        alice joins with callee.progressive_call_invocations callee.call_canceling
        alice > [64, 1, {}, "com.x"]
        alice < [65, 1, 2]
        bob joins as guest strictly with caller.progressive_call_invocations
        bob > [48, 1, {"progress": true}, "com.x", [1]]
        judge < [68, 1, 1, "*", ["*", "com.x", "call", {"progress": true}]]
        bob > [48, 1, {}, "com.x", [2]]
        judge > [70, 1, {}, [true]]
        alice < [68, 1, 2, {"progress": true}, [1]]
        alice < [68, 1, 2, {}, [2]]
        alice > [70, 1, {}, ["done"]]
        bob < [50, 1, {}, ["done"]]
        "#,
    );
}

#[test]
fn z03_own_procedures_ask_about_what_they_are_for() {
    judged(
        "",
        r#"
        alice > [32, 1, {}, "com.bye"]
        alice < [33, 1, 1]
        bob > [48, 1, {}, "wamp.session.add_testament", ["com.bye", ["gone"], {}]]
        judge < [68, 1, 1, "*", ["*", "wamp.session.add_testament", "call", {}]]
        judge > [70, 1, {}, [true]]
        judge < [68, 2, 1, "*", ["*", "com.bye", "publish", {}]]
        judge > [70, 2, {}, [true]]
        bob < [50, 1, {}, "*"]
        bob leaves
        alice < [36, 1, "$p", {}, ["gone"]]
        "#,
    );
}

#[test]
fn z03_too_many_waiting_requests_end_the_session() {
    let mut flood = String::new();
    for request in 2..=1025 {
        flood.push_str(&format!("bob > [16, {request}, {{}}, \"com.x\"]\n"));
    }
    judged(
        "",
        &format!(
            r#"
        bob > [16, 1, {{}}, "com.x"]
        judge < [68, 1, 1, "*", "*"]
        {flood}
        bob < [3, {{"message": "too many requests wait until the role's authorizer has decided"}}, "crossbar.error.limit_exceeded"]
        bob < closed
        judge < [69, 1, {{"mode": "killnowait"}}]
        "#
        ),
    );
}

#[test]
fn z03_whatever_ends_while_requests_wait_leaves_nothing() {
    judged(
        r#", "timeout": 100"#,
        r#"
        bob > [48, 1, {}, "com.x"]
        judge < [68, 1, 1, "*", "*"]
        bob > [48, 2, {}, "com.x"]
        realm purges guest
        judge > [70, 1, {}, [{"allow": true, "cache": "role"}]]
        bob < [8, 48, 1, {}, "wamp.error.no_such_procedure", "*"]
        judge < [68, 2, 1, "*", ["*", "com.x", "call", {}]]
        unrole guest
        judge > [70, 2, {}, [true]]
        bob < [8, 48, 2, {}, "wamp.error.not_authorized", "*"]
        bob > [48, 3, {}, "com.x"]
        bob < [8, 48, 3, {}, "wamp.error.not_authorized", "*"]
        role guest {"authorizer": "com.auth", "timeout": 100}
        bob > [48, 4, {}, "com.x"]
        judge < [68, 3, 1, "*", "*"]
        bob > [48, 5, {}, "com.y"]
        unrole guest
        wait 100ms
        judge < [69, 3, {"mode": "killnowait"}]
        bob < [8, 48, 4, {}, "wamp.error.not_authorized", "*"]
        bob < [8, 48, 5, {}, "wamp.error.not_authorized", "*"]
        "#,
    );
}

#[test]
fn z03_a_killed_session_and_a_closing_realm_ask_no_more() {
    judged(
        "",
        r#"
        bob > [16, 1, {}, "com.x"]
        judge < [68, 1, 1, "*", "*"]
        bob > [16, 2, {}, "com.x"]
        alice > [48, 1, {}, "wamp.session.kill", [3]]
        alice < [50, 1, {}, [null]]
        bob < [6, {}, "wamp.close.killed"]
        judge < [69, 1, {"mode": "killnowait"}]
        judge > [70, 1, {}, [true]]
        bob > [6, {}, "wamp.close.goodbye_and_out"]
        bob < kept
        carol joins as guest
        carol > [16, 1, {}, "com.x"]
        judge < [68, 2, 1, "*", "*"]
        carol > [16, 2, {}, "com.x"]
        realm closes wamp.close.system_shutdown
        judge < [6, {}, "wamp.close.system_shutdown"]
        alice < [6, {}, "wamp.close.system_shutdown"]
        carol < [6, {}, "wamp.close.system_shutdown"]
        judge > [70, 2, {}, [true]]
        "#,
    );
}

#[test]
fn z03_who_judges_and_leaves_lets_requests_fail_one_by_one() {
    judged(
        "",
        r#"
        alice > [32, 1, {}, "com.x"]
        alice < [33, 1, 1]
        bob > [16, 1, {}, "com.x", [1]]
        judge < [68, 1, 1, "*", "*"]
        bob > [16, 2, {"acknowledge": true}, "com.x", [2]]
        bob > [16, 3, {}, "com.x", [3]]
        judge leaves
        bob < undecided com.auth
        bob < undecided com.auth
        bob < [8, 16, 2, {}, "wamp.error.authorization_failed", "*"]
        bob < undecided com.auth
        "#,
    );
}

#[test]
fn z03_another_callee_that_answers_decides_nothing() {
    judged(
        "",
        r#"
        eve joins
        bob > [48, 1, {}, "com.x"]
        judge < [68, 1, 1, "*", "*"]
        eve > [70, 1, {}, [true]]
        eve < [3, "*", "wamp.error.protocol_violation"]
        eve < closed
        alice > [64, 1, {}, "com.y"]
        alice < [65, 1, 2]
        bob > [49, 9, {}]
        judge > [70, 1, {}, [false]]
        bob < [8, 48, 1, {}, "wamp.error.not_authorized", "*"]
        "#,
    );
}

#[test]
fn z03_r03_a_canceled_call_is_answered_once_whatever_else_waits_of_it() {
    check(
        r#"
        role guest {"authorizer": "com.auth"}
        judge joins with callee.call_canceling
        judge > [64, 1, {}, "com.auth"]
        judge < [65, 1, 1]
        bob joins as guest with caller.progressive_call_invocations
        bob > [16, 1, {}, "com.x"]
        judge < [68, 1, 1, "*", "*"]
        bob > [48, 2, {"progress": true}, "com.x", [1]]
        bob > [48, 2, {"progress": true}, "com.x", [2]]
        bob > [49, 2, {}]
        bob < [8, 48, 2, {}, "wamp.error.canceled", "*"]
        bob > [48, 2, {}, "com.x", [3]]
        bob > [49, 2, {}]
        judge > [70, 1, {}, [true]]
        bob > [48, 2, {}, "com.x", [4]]
        bob > [48, 3, {"progress": true}, "com.x", [1]]
        judge < [68, 2, 1, "*", "*"]
        judge > [70, 2, {}, [false]]
        bob < [8, 48, 3, {}, "wamp.error.not_authorized", "*"]
        bob > [16, 4, {}, "com.x"]
        judge < [68, 3, 1, "*", "*"]
        bob > [48, 3, {}, "com.x", [2]]
        bob > [49, 3, {}]
        bob > [48, 5, {}, "com.x"]
        bob > [48, 5, {}, "com.x"]
        bob > [49, 5, {}]
        bob < [8, 48, 5, {}, "wamp.error.canceled", "*"]
        bob < [8, 48, 5, {}, "wamp.error.canceled", "*"]
        judge > [70, 3, {}, [true]]
        "#,
    );
}

#[test]
fn z03_s12_any_number_of_sessions_may_end_when_the_authorizer_does() {
    use std::fmt::Write;

    let (mut before, mut after) = (String::new(), String::new());
    for number in 1..=2000 {
        writeln!(
            before,
            r#"
            s{number} joins as guest
            s{number} > [32, 1, {{}}, "com.x"]
            judge < [68, {number}, 1, "*", "*"]
            s{number} > [48, 2, {{"progress": true}}, "com.y"]
            "#
        )
        .unwrap();
        writeln!(
            after,
            r#"
            s{number} < undecided com.auth
            s{number} < [8, 32, 1, {{}}, "wamp.error.authorization_failed", "*"]
            s{number} < [3, "*", "wamp.error.protocol_violation"]
            s{number} < closed
            "#
        )
        .unwrap();
    }
    judged("", &format!("{before}\njudge leaves\n{after}"));
}

#[test]
fn z03_p12_compat_a_testament_is_asked_about_when_it_is_left() {
    crate::stage::check_compat(
        r#"
        role guest {"authorizer": "com.auth"}
        judge joins
        judge > [64, 1, {}, "com.auth"]
        judge < [65, 1, 1]
        alice joins
        alice > [32, 1, {}, "com.bye"]
        alice < [33, 1, 1]
        bob joins as guest
        bob > [48, 1, {}, "wamp.session.add_testament", ["com.bye", ["gone"], {}]]
        judge < [68, 1, 1, "*", "*"]
        judge > [70, 1, {}, [true]]
        judge < [68, 2, 1, "*", ["*", "com.bye", "publish", {}]]
        judge > [70, 2, {}, [false]]
        bob < [8, 48, 1, {}, "wamp.error.not_authorized", "*"]
        bob leaves
        "#,
    );
}
