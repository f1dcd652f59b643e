//! Calls that their callee cannot take.

use crate::check;

/// Alice, bob and carol serve com.x with this policy, and dave calls it.
fn shared(policy: &str, rest: &str) {
    check(&format!(
        r#"
        alice joins with callee.call_reroute callee.call_canceling callee.progressive_call_results
        bob joins with callee.call_reroute callee.call_canceling
        carol joins with callee.call_reroute callee.call_canceling
        dave joins with caller.progressive_call_invocations
        alice > [64, 1, {{"invoke": "{policy}"}}, "com.x"]
        alice < [65, 1, 1]
        bob > [64, 1, {{"invoke": "{policy}"}}, "com.x"]
        bob < [65, 1, 1]
        carol > [64, 1, {{"invoke": "{policy}"}}, "com.x"]
        carol < [65, 1, 1]
        {rest}
        "#
    ));
}

#[test]
fn c11_roundrobin_goes_on_to_the_next() {
    shared(
        "roundrobin",
        r#"
        dave > [48, 1, {"disclose_me": true}, "com.x", ["arg"], {"k": 1}]
        alice < [68, 1, 1, {"caller": 4, "caller_authid": "dave", "caller_authrole": "anyone"}, ["arg"], {"k": 1}]
        alice > [8, 68, 1, {}, "wamp.error.unavailable", ["busy"]]
        bob < [68, 1, 1, {"caller": 4, "caller_authid": "dave", "caller_authrole": "anyone"}, ["arg"], {"k": 1}]
        alice > [70, 1, {}, ["late"]]
        bob > [70, 1, {}, ["done"]]
        dave < [50, 1, {}, ["done"]]
        dave > [48, 2, {}, "com.x"]
        carol < [68, 1, 1, {}]
        carol > [8, 68, 1, {}, "wamp.error.unavailable"]
        alice < [68, 2, 1, {}]
        alice > [8, 68, 2, {}, "com.other"]
        dave < [8, 48, 2, {}, "com.other"]
        "#,
    );
}

#[test]
fn c11_first_goes_to_the_next_and_never_back() {
    shared(
        "first",
        r#"
        dave > [48, 1, {}, "com.x"]
        alice < [68, 1, 1, {}]
        alice > [8, 68, 1, {}, "wamp.error.unavailable"]
        bob < [68, 1, 1, {}]
        bob > [8, 68, 1, {}, "wamp.error.unavailable"]
        carol < [68, 1, 1, {}]
        carol > [8, 68, 1, {}, "wamp.error.unavailable"]
        dave < [8, 48, 1, {}, "wamp.error.no_available_callee", "*"]
        dave > [48, 2, {}, "com.x"]
        alice < [68, 2, 1, {}]
        "#,
    );
}

#[test]
fn c11_last_goes_to_the_one_before() {
    shared(
        "last",
        r#"
        dave > [48, 1, {}, "com.x"]
        carol < [68, 1, 1, {}]
        carol > [8, 68, 1, {}, "wamp.error.unavailable"]
        bob < [68, 1, 1, {}]
        bob > [8, 68, 1, {}, "wamp.error.unavailable"]
        alice < [68, 1, 1, {}]
        alice > [70, 1, {}]
        dave < [50, 1, {}]
        "#,
    );
}

#[test]
fn c11_random_reaches_each_once() {
    shared(
        "random",
        r#"
        dave > [48, 1, {}, "com.x"]
        bob < [68, 1, 1, {}]
        bob > [8, 68, 1, {}, "wamp.error.unavailable"]
        alice < [68, 1, 1, {}]
        alice > [8, 68, 1, {}, "wamp.error.unavailable"]
        carol < [68, 1, 1, {}]
        carol > [8, 68, 1, {}, "wamp.error.unavailable"]
        dave < [8, 48, 1, {}, "wamp.error.no_available_callee", "*"]
        "#,
    );
}

#[test]
fn c11_a_callee_without_room_is_passed_over() {
    shared(
        "roundrobin",
        r#"
        dave > [48, 1, {}, "com.x", ["arg"]]
        alice < [68, 1, 1, {}, ["arg"]]
        alice cannot take [68, 1, 1, {}, ["arg"]]
        bob < [68, 1, 1, {}, ["arg"]]
        bob cannot take [68, 1, 1, {}, ["arg"]]
        carol < [68, 1, 1, {}, ["arg"]]
        carol > [70, 1, {}, ["done"]]
        dave < [50, 1, {}, ["done"]]
        dave > [48, 2, {}, "com.x"]
        alice < [68, 2, 1, {}]
        alice cannot take [68, 2, 1, {}]
        bob < [68, 2, 1, {}]
        bob > [8, 68, 2, {}, "wamp.error.unavailable"]
        carol < [68, 2, 1, {}]
        carol cannot take [68, 2, 1, {}]
        dave < [8, 48, 2, {}, "wamp.error.no_available_callee", "*"]
        "#,
    );
}

#[test]
fn c11_single_has_no_other() {
    check(
        r#"
        alice joins with callee.call_reroute
        bob joins
        alice > [64, 1, {}, "com.x"]
        alice < [65, 1, 1]
        bob > [48, 1, {}, "com.x"]
        alice < [68, 1, 1, {}]
        alice > [8, 68, 1, {}, "wamp.error.unavailable", ["why"]]
        bob < [8, 48, 1, {}, "wamp.error.no_available_callee", "*"]
        "#,
    );
}

#[test]
fn c11_the_error_of_a_callee_that_did_not_announce_it_is_passed_through() {
    check(
        r#"
        alice joins with callee.call_reroute
        bob joins
        carol joins
        dave joins
        alice > [64, 1, {"invoke": "first"}, "com.x"]
        alice < [65, 1, 1]
        bob > [64, 1, {"invoke": "first"}, "com.x"]
        bob < [65, 1, 1]
        carol > [64, 1, {"invoke": "first"}, "com.x"]
        carol < [65, 1, 1]
        dave > [48, 1, {}, "com.x"]
        alice < [68, 1, 1, {}]
        alice > [8, 68, 1, {}, "wamp.error.unavailable"]
        bob < [68, 1, 1, {}]
        bob > [8, 68, 1, {}, "wamp.error.unavailable", ["why"]]
        dave < [8, 48, 1, {}, "wamp.error.unavailable", ["why"]]
        "#,
    );
}

#[test]
fn c11_not_after_a_progressive_result() {
    shared(
        "first",
        r#"
        dave > [48, 1, {"receive_progress": true}, "com.x"]
        alice < [68, 1, 1, {"receive_progress": true}]
        alice > [70, 1, {"progress": true}]
        dave < [50, 1, {"progress": true}]
        alice > [8, 68, 1, {}, "wamp.error.unavailable", ["half"]]
        dave < [8, 48, 1, {}, "wamp.error.unavailable", ["half"]]
        "#,
    );
}

#[test]
fn c11_not_when_the_arguments_come_step_by_step() {
    check(
        r#"
        alice joins with callee.call_reroute callee.call_canceling callee.progressive_call_invocations
        bob joins with callee.call_reroute callee.call_canceling callee.progressive_call_invocations
        dave joins with caller.progressive_call_invocations
        alice > [64, 1, {"invoke": "first"}, "com.x"]
        alice < [65, 1, 1]
        bob > [64, 1, {"invoke": "first"}, "com.x"]
        bob < [65, 1, 1]
        dave > [48, 1, {"progress": true}, "com.x"]
        alice < [68, 1, 1, {"progress": true}]
        alice > [8, 68, 1, {}, "wamp.error.unavailable"]
        dave < [8, 48, 1, {}, "wamp.error.unavailable"]
        "#,
    );
}

#[test]
fn c11_not_when_the_call_was_killed() {
    shared(
        "first",
        r#"
        dave > [48, 1, {}, "com.x"]
        alice < [68, 1, 1, {}]
        dave > [49, 1, {"mode": "kill"}]
        alice < [69, 1, {"mode": "kill"}]
        alice > [8, 68, 1, {}, "wamp.error.unavailable"]
        dave < [8, 48, 1, {}, "wamp.error.unavailable"]
        "#,
    );
}

#[test]
fn c11_not_when_the_call_is_over() {
    shared(
        "first",
        r#"
        dave > [48, 1, {"timeout": 10}, "com.x"]
        alice < [68, 1, 1, {}]
        wait 10ms
        alice < [69, 1, {"mode": "killnowait"}]
        dave < [8, 48, 1, {}, "wamp.error.timeout", "*"]
        alice > [8, 68, 1, {}, "wamp.error.unavailable"]
        "#,
    );
}

#[test]
fn c11_the_time_limit_keeps_running() {
    shared(
        "first",
        r#"
        dave > [48, 1, {"timeout": 100}, "com.x"]
        alice < [68, 1, 1, {}]
        wait 60ms
        alice > [8, 68, 1, {}, "wamp.error.unavailable"]
        bob < [68, 1, 1, {}]
        wait 39ms
        wait 1ms
        bob < [69, 1, {"mode": "killnowait"}]
        dave < [8, 48, 1, {}, "wamp.error.timeout", "*"]
        "#,
    );
}

#[test]
fn c03_c11_the_next_callee_may_watch_the_rest_of_the_time_itself() {
    check(
        r#"
        alice joins with callee.call_reroute
        bob joins with callee.call_reroute callee.call_timeout
        carol joins with callee.call_canceling
        dave joins
        alice > [64, 1, {"invoke": "first"}, "com.x"]
        alice < [65, 1, 1]
        bob > [64, 1, {"invoke": "first", "forward_timeout": true}, "com.x"]
        bob < [65, 1, 1]
        carol > [64, 1, {"invoke": "first"}, "com.x"]
        carol < [65, 1, 1]
        dave > [48, 1, {"timeout": 100}, "com.x"]
        alice < [68, 1, 1, {}]
        wait 30ms
        alice > [8, 68, 1, {}, "wamp.error.unavailable"]
        bob < [68, 1, 1, {"timeout": 70}]
        wait 30ms
        bob > [8, 68, 1, {}, "wamp.error.unavailable"]
        carol < [68, 1, 1, {}]
        wait 39ms
        wait 1ms
        carol < [69, 1, {"mode": "killnowait"}]
        dave < [8, 48, 1, {}, "wamp.error.timeout", "*"]
        "#,
    );
}

#[test]
fn c11_a_cancelled_call_stops_the_callee_that_has_it_last() {
    shared(
        "first",
        r#"
        dave > [48, 1, {}, "com.x"]
        alice < [68, 1, 1, {}]
        alice > [8, 68, 1, {}, "wamp.error.unavailable"]
        bob < [68, 1, 1, {}]
        dave > [49, 1, {}]
        bob < [69, 1, {"mode": "killnowait"}]
        dave < [8, 48, 1, {}, "wamp.error.canceled", "*"]
        "#,
    );
}

#[test]
fn c11_callees_leave_on_the_way() {
    shared(
        "first",
        r#"
        dave > [48, 1, {}, "com.x"]
        alice < [68, 1, 1, {}]
        alice > [8, 68, 1, {}, "wamp.error.unavailable"]
        bob < [68, 1, 1, {}]
        alice leaves
        carol leaves
        bob > [8, 68, 1, {}, "wamp.error.unavailable"]
        dave < [8, 48, 1, {}, "wamp.error.no_available_callee", "*"]
        dave > [48, 2, {}, "com.x"]
        bob < [68, 2, 1, {}]
        bob leaves
        dave < [8, 48, 2, {}, "wamp.error.canceled", "*"]
        "#,
    );
}

#[test]
fn c11_c12_places_are_given_back_on_the_way() {
    check(
        r#"
        alice joins with callee.call_reroute
        bob joins with callee.call_reroute
        dave joins
        alice > [64, 1, {"invoke": "first", "concurrency": 1}, "com.x"]
        alice < [65, 1, 1]
        bob > [64, 1, {"invoke": "first", "concurrency": 1}, "com.x"]
        bob < [65, 1, 1]
        dave > [48, 1, {}, "com.x", [1]]
        alice < [68, 1, 1, {}, [1]]
        alice > [8, 68, 1, {}, "wamp.error.unavailable"]
        bob < [68, 1, 1, {}, [1]]
        dave > [48, 2, {}, "com.x", [2]]
        alice < [68, 2, 1, {}, [2]]
        alice > [8, 68, 2, {}, "wamp.error.unavailable"] # bob is busy
        dave < [8, 48, 2, {}, "wamp.error.no_available_callee", "*"]
        bob > [70, 1, {}]
        dave < [50, 1, {}]
        dave > [48, 3, {}, "com.x"]
        alice < [68, 3, 1, {}]
        dave > [48, 4, {}, "com.x"]
        bob < [68, 2, 1, {}]
        "#,
    );
}

#[test]
fn c11_a_next_callee_that_cannot_read_the_arguments() {
    check(
        r#"
        alice joins with callee.call_reroute callee.payload_passthru_mode
        bob joins with callee.call_reroute
        dave joins with caller.payload_passthru_mode
        alice > [64, 1, {"invoke": "first", "concurrency": 1}, "com.x"]
        alice < [65, 1, 1]
        bob > [64, 1, {"invoke": "first", "concurrency": 1}, "com.x"]
        bob < [65, 1, 1]
        dave > [48, 1, {"ppt_scheme": "x_mine"}, "com.x", ["in"]]
        alice < [68, 1, 1, {"ppt_scheme": "x_mine"}, ["in"]]
        alice > [8, 68, 1, {}, "wamp.error.unavailable"]
        dave < [8, 48, 1, {}, "wamp.error.feature_not_supported", "*"]
        dave > [48, 2, {}, "com.x"]
        alice < [68, 2, 1, {}]
        dave > [48, 3, {}, "com.x"]
        bob < [68, 1, 1, {}]
        "#,
    );
}

#[test]
fn c11_a_large_call_goes_round_all_callees() {
    let large = "a".repeat(33 << 20);
    shared(
        "first",
        &format!(
            r#"
            dave > [48, 1, {{}}, "com.x", ["{large}"]]
            alice < [68, 1, 1, {{}}, "*"]
            alice > [8, 68, 1, {{}}, "wamp.error.unavailable"]
            bob < [68, 1, 1, {{}}, "*"]
            bob > [8, 68, 1, {{}}, "wamp.error.unavailable"]
            carol < [68, 1, 1, {{}}, "*"]
            carol > [8, 68, 1, {{}}, "wamp.error.unavailable"]
            dave < [8, 48, 1, {{}}, "wamp.error.no_available_callee", "*"]
            "#
        ),
    );
}
