//! What `compat: crossbar` changes.

use crate::stage::check_compat;

#[test]
fn c03_compat_timeouts_are_seconds_and_always_forwarded() {
    check_compat(
        r#"
        alice joins with callee.call_canceling
        bob joins
        alice > [64, 1, {}, "com.x"]
        alice < [65, 1, 1]
        bob > [48, 1, {"timeout": 2}, "com.x"]
        alice < [68, 1, 1, {"timeout": 2}]
        wait 1999ms
        wait 1ms
        alice < [69, 1, {"mode": "killnowait"}]
        bob < [8, 48, 1, {}, "wamp.error.timeout", "*"]
        "#,
    );
}

#[test]
fn r10_compat_results_disclose_the_callee() {
    check_compat(
        r#"
        alice joins
        bob joins
        alice > [64, 1, {}, "com.x"]
        alice < [65, 1, 1]
        bob > [48, 1, {}, "com.x"]
        alice < [68, 1, 1, {}]
        alice > [70, 1, {}]
        bob < [50, 1, {"callee": 1, "callee_authid": "alice", "callee_authrole": "anyone"}]
        bob > [48, 2, {}, "com.x"]
        alice < [68, 2, 1, {}]
        alice > [8, 68, 2, {}, "com.error"]
        bob < [8, 48, 2, {}, "com.error"]
        "#,
    );
}

#[test]
fn c05_p10_compat_disclosure_is_the_permissions_alone() {
    check_compat(
        r#"
        role open {"permissions": [{"uri": "", "match": "prefix", "allow": ["call"], "disclose": {"caller": true}}]}
        role hidden {"permissions": [{"uri": "", "match": "prefix", "allow": ["call", "publish"], "disclose": {"caller": "never"}}]}
        alice joins
        bob joins as open
        carol joins as hidden
        alice > [64, 1, {"disclose_caller": true}, "com.x"]
        alice < [65, 1, 1]
        bob > [48, 1, {}, "com.x"]
        alice < [68, 1, 1, {"caller": 2, "caller_authid": "bob", "caller_authrole": "open"}]
        carol > [48, 1, {"disclose_me": true}, "com.x"]
        alice < [68, 2, 1, {}]
        "#,
    );
}

#[test]
fn c01_compat_progress_is_asked_of_every_callee() {
    check_compat(
        r#"
        alice joins
        bob joins
        alice > [64, 1, {}, "com.x"]
        alice < [65, 1, 1]
        bob > [48, 1, {"receive_progress": true}, "com.x"]
        alice < [68, 1, 1, {"receive_progress": true}]
        "#,
    );
}

#[test]
fn c13_compat_every_evicted_callee_is_told() {
    check_compat(
        r#"
        alice joins
        bob joins
        alice > [64, 1, {}, "com.x"]
        alice < [65, 1, 1]
        bob > [64, 1, {"force_reregister": true}, "com.x"]
        alice < [67, 0, {"registration": 1, "reason": "wamp.error.unregistered"}]
        bob < [65, 1, 2]
        "#,
    );
}
