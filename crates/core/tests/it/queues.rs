//! Calls that wait because every callee is busy.

use crossbar_core::{Access, CallQueueRule, RealmOptions};
use crossbar_wire::{MatchPolicy, Text};

use crate::stage::Stage;

/// Plays a script in a realm where two calls of each procedure below `com.` may wait, and one of `com.short`.
fn check(script: &str) {
    let rule = |uri: &str, policy, limit| CallQueueRule {
        uri: Text::from(uri),
        policy,
        limit,
    };
    let options = RealmOptions {
        call_queues: vec![
            rule("com.", MatchPolicy::Prefix, 2),
            rule("com.short", MatchPolicy::Exact, 1),
        ],
        ..RealmOptions::default()
    };
    Stage::new(options, Access::Open).play(script);
}

/// Alice takes one call at a time; bob's first (request 1) is hers, his next two (2 and 3) wait.
fn waiting(rest: &str) {
    check(&format!(
        r#"
        alice joins with callee.call_canceling
        bob joins
        carol joins
        alice > [64, 1, {{"concurrency": 1, "invoke": "roundrobin"}}, "com.x"]
        alice < [65, 1, 1]
        bob > [48, 1, {{}}, "com.x", ["one"]]
        alice < [68, 1, 1, {{}}, ["one"]]
        bob > [48, 2, {{}}, "com.x", ["two"]]
        carol > [48, 3, {{"timeout": 100}}, "com.x", ["three"]]
        {rest}
        "#
    ));
}

#[test]
fn c12_queued_calls_are_served_in_order() {
    waiting(
        r#"
        alice > [70, 1, {}, ["uno"]]
        bob < [50, 1, {}, ["uno"]]
        alice < [68, 2, 1, {}, ["two"]]
        carol > [48, 4, {}, "com.x", ["four"]]
        alice > [70, 2, {}, ["due"]]
        bob < [50, 2, {}, ["due"]]
        alice < [68, 3, 1, {}, ["three"]]
        alice > [8, 68, 3, {}, "com.error"]
        carol < [8, 48, 3, {}, "com.error"]
        alice < [68, 4, 1, {}, ["four"]]
        alice > [70, 4, {}]
        carol < [50, 4, {}]
        bob > [48, 5, {}, "com.x"]
        alice < [68, 5, 1, {}]
        "#,
    );
}

#[test]
fn c12_a_full_queue_refuses() {
    waiting(
        r#"
        carol > [48, 4, {}, "com.x"]
        carol < [8, 48, 4, {}, "crossbar.error.max_concurrency_reached", "*"]
        "#,
    );
}

#[test]
fn c12_the_most_specific_rule_says_how_many_wait() {
    check(
        r#"
        alice joins
        bob joins
        alice > [64, 1, {"concurrency": 1}, "com.short"]
        alice < [65, 1, 1]
        alice > [64, 2, {"concurrency": 1}, "org.none"]
        alice < [65, 2, 2]
        bob > [48, 1, {}, "com.short"]
        alice < [68, 1, 1, {}]
        bob > [48, 2, {}, "com.short"]
        bob > [48, 3, {}, "com.short"]
        bob < [8, 48, 3, {}, "crossbar.error.max_concurrency_reached", "*"]
        bob > [48, 4, {}, "org.none"]
        alice < [68, 2, 2, {}]
        bob > [48, 5, {}, "org.none"]
        bob < [8, 48, 5, {}, "crossbar.error.max_concurrency_reached", "*"]
        "#,
    );
}

#[test]
fn c12_what_ends_a_call_lets_the_next_one_in() {
    for ending in [
        r#"
        alice cannot hold [68, 1, 1, {}]
        bob < [8, 48, 1, {}, "wamp.error.payload_size_exceeded", "*"]
        "#,
        r#"
        bob > [49, 1, {"mode": "skip"}]
        bob < [8, 48, 1, {}, "wamp.error.canceled", "*"]
        "#,
        r#"
        bob > [49, 1, {}]
        alice < [69, 1, {"mode": "killnowait"}]
        bob < [8, 48, 1, {}, "wamp.error.canceled", "*"]
        "#,
    ] {
        waiting(&format!(
            r#"
            {ending}
            alice < [68, 2, 1, {{}}, ["two"]]
            "#
        ));
    }
}

#[test]
fn c12_a_killed_call_keeps_its_place_until_it_is_answered() {
    waiting(
        r#"
        bob > [49, 1, {"mode": "kill"}]
        alice < [69, 1, {"mode": "kill"}]
        alice > [8, 68, 1, {}, "wamp.error.canceled"]
        bob < [8, 48, 1, {}, "wamp.error.canceled"]
        alice < [68, 2, 1, {}, ["two"]]
        "#,
    );
}

#[test]
fn c12_the_caller_of_the_call_at_work_leaves() {
    waiting(
        r#"
        bob leaves
        alice < [69, 1, {"mode": "killnowait"}]
        alice < [68, 2, 1, {}, ["three"]]
        "#,
    );
}

#[test]
fn c12_a_time_limit_lets_the_next_one_in() {
    check(
        r#"
        alice joins
        bob joins
        alice > [64, 1, {"concurrency": 1}, "com.x"]
        alice < [65, 1, 1]
        bob > [48, 1, {"timeout": 50}, "com.x"]
        alice < [68, 1, 1, {}]
        bob > [48, 2, {}, "com.x"]
        wait 50ms
        bob < [8, 48, 1, {}, "wamp.error.timeout", "*"]
        alice < [68, 2, 1, {}]
        "#,
    );
}

#[test]
fn c04_c12_a_queued_call_is_cancelled_in_every_mode() {
    for options in [
        "{}",
        r#"{"mode": "skip"}"#,
        r#"{"mode": "kill"}"#,
        r#"{"mode": "killnowait"}"#,
    ] {
        waiting(&format!(
            r#"
            bob > [49, 2, {options}]
            bob < [8, 48, 2, {{}}, "wamp.error.canceled", "*"]
            bob > [49, 2, {options}]
            alice > [70, 1, {{}}]
            bob < [50, 1, {{}}]
            alice < [68, 2, 1, {{}}, ["three"]]
            "#
        ));
    }
}

#[test]
fn c03_c12_the_time_limit_counts_from_the_call() {
    waiting(
        r#"
        wait 100ms
        carol < [8, 48, 3, {}, "wamp.error.timeout", "*"]
        alice > [70, 1, {}]
        bob < [50, 1, {}]
        alice < [68, 2, 1, {}, ["two"]]
        alice > [70, 2, {}]
        bob < [50, 2, {}]
        "#,
    );
    waiting(
        r#"
        alice > [70, 1, {}]
        bob < [50, 1, {}]
        alice < [68, 2, 1, {}, ["two"]]
        wait 60ms
        alice > [70, 2, {}]
        bob < [50, 2, {}]
        alice < [68, 3, 1, {}, ["three"]]
        wait 39ms
        wait 1ms
        alice < [69, 3, {"mode": "killnowait"}]
        carol < [8, 48, 3, {}, "wamp.error.timeout", "*"]
        "#,
    );
}

#[test]
fn c03_c12_a_callee_that_watches_the_time_is_told_what_is_left() {
    check(
        r#"
        alice joins with callee.call_timeout
        bob joins
        alice > [64, 1, {"concurrency": 1, "forward_timeout": true}, "com.x"]
        alice < [65, 1, 1]
        bob > [48, 1, {}, "com.x"]
        alice < [68, 1, 1, {}]
        bob > [48, 2, {"timeout": 100}, "com.x"]
        bob > [48, 3, {"timeout": 100}, "com.x"]
        wait 40ms
        alice > [70, 1, {}]
        bob < [50, 1, {}]
        alice < [68, 2, 1, {"timeout": 60}]
        wait 60ms
        bob < [8, 48, 3, {}, "wamp.error.timeout", "*"]
        alice > [70, 2, {}]
        bob < [50, 2, {}]
        "#,
    );
}

#[test]
fn c12_the_caller_of_a_queued_call_leaves() {
    waiting(
        r#"
        carol leaves
        alice > [70, 1, {}]
        bob < [50, 1, {}]
        alice < [68, 2, 1, {}, ["two"]]
        alice > [70, 2, {}]
        bob < [50, 2, {}]
        "#,
    );
}

#[test]
fn c12_the_last_callee_leaves() {
    waiting(
        r#"
        alice leaves
        bob < [8, 48, 1, {}, "wamp.error.canceled", "*"]
        bob < [8, 48, 2, {}, "wamp.error.canceled", "*"]
        carol < [8, 48, 3, {}, "wamp.error.canceled", "*"]
        "#,
    );
}

#[test]
fn c12_the_last_callee_unregisters() {
    waiting(
        r#"
        alice > [66, 2, 1]
        alice < [67, 2]
        bob < [8, 48, 2, {}, "wamp.error.canceled", "*"]
        carol < [8, 48, 3, {}, "wamp.error.canceled", "*"]
        alice > [70, 1, {}]
        bob < [50, 1, {}]
        "#,
    );
}

#[test]
fn c12_c13_the_callees_are_evicted() {
    waiting(
        r#"
        carol > [64, 4, {"force_reregister": true}, "com.x"]
        carol < [65, 4, 2]
        bob < [8, 48, 2, {}, "wamp.error.canceled", "*"]
        carol < [8, 48, 3, {}, "wamp.error.canceled", "*"]
        bob > [48, 4, {}, "com.x"]
        carol < [68, 1, 2, {}]
        "#,
    );
}

#[test]
fn c08_c12_the_last_callee_is_removed() {
    waiting(
        r#"
        carol > [48, 9, {}, "wamp.registration.remove_callee", [1, 1]]
        carol < [50, 9, "*", "*"]
        bob < [8, 48, 2, {}, "wamp.error.canceled", "*"]
        carol < [8, 48, 3, {}, "wamp.error.canceled", "*"]
        alice > [70, 1, {}]
        bob < [50, 1, {}]
        "#,
    );
}

#[test]
fn c12_m04_the_callee_is_killed() {
    waiting(
        r#"
        carol > [48, 9, {}, "wamp.session.kill", [1]]
        carol < [50, 9, "*", "*"]
        alice < [6, "*", "*"]
        bob < [8, 48, 1, {}, "wamp.error.canceled", "*"]
        bob < [8, 48, 2, {}, "wamp.error.canceled", "*"]
        carol < [8, 48, 3, {}, "wamp.error.canceled", "*"]
        alice > [6, {}, "wamp.close.goodbye_and_out"]
        alice < kept
        "#,
    );
}

#[test]
fn c12_a_new_callee_takes_what_waits() {
    waiting(
        r#"
        dave joins
        dave > [64, 1, {"concurrency": 1, "invoke": "roundrobin"}, "com.x"]
        dave < [65, 1, 1]
        dave < [68, 1, 1, {}, ["two"]]
        erin joins
        erin > [64, 1, {"invoke": "roundrobin"}, "com.x"]
        erin < [65, 1, 1]
        erin < [68, 1, 1, {}, ["three"]]
        alice leaves
        bob < [8, 48, 1, {}, "wamp.error.canceled", "*"]
        "#,
    );
}

#[test]
fn c12_one_of_several_callees_leaves() {
    check(
        r#"
        alice joins
        dave joins
        bob joins
        alice > [64, 1, {"concurrency": 1, "invoke": "random"}, "com.x"]
        alice < [65, 1, 1]
        bob > [48, 1, {}, "com.x"]
        alice < [68, 1, 1, {}]
        dave > [64, 1, {"concurrency": 1, "invoke": "random"}, "com.x"]
        dave < [65, 1, 1]
        bob > [48, 2, {}, "com.x"]
        dave < [68, 1, 1, {}]
        bob > [48, 3, {}, "com.x"]
        alice leaves
        bob < [8, 48, 1, {}, "wamp.error.canceled", "*"]
        dave > [70, 1, {}]
        bob < [50, 2, {}]
        dave < [68, 2, 1, {}]
        "#,
    );
}

#[test]
fn c12_a_caller_that_waits_for_itself_leaves() {
    check(
        r#"
        alice joins
        bob joins
        alice > [64, 1, {"concurrency": 1}, "com.x"]
        alice < [65, 1, 1]
        alice > [48, 2, {}, "com.x"]
        alice < [68, 1, 1, {}]
        alice > [48, 3, {}, "com.x"]
        bob > [48, 1, {}, "com.x"]
        alice leaves
        bob < [8, 48, 1, {}, "wamp.error.canceled", "*"]
        "#,
    );
}

#[test]
fn c12_what_a_queued_call_says_is_kept() {
    check(
        r#"
        role guest {"trustlevel": 4, "permissions": [{"uri": "", "match": "prefix", "allow": ["call"], "disclose": {"caller": "on_request"}}]}
        alice joins with callee.progressive_call_results callee.call_canceling
        bob joins as guest
        alice > [64, 1, {"concurrency": 1, "disclose_caller": true, "match": "prefix"}, "com"]
        alice < [65, 1, 1]
        bob > [48, 1, {}, "com.x"]
        alice < [68, 1, 1, "*"]
        bob > [48, 2, {"receive_progress": true}, "com.y", [1], {"k": 2}]
        alice > [70, 1, {}]
        bob < [50, 1, {}]
        alice < [68, 2, 1, {"procedure": "com.y", "receive_progress": true, "trustlevel": 4, "caller": 2, "caller_authid": "bob", "caller_authrole": "guest"}, [1], {"k": 2}]
        alice > [70, 2, {"progress": true}]
        bob < [50, 2, {"progress": true}]
        alice > [70, 2, {}]
        bob < [50, 2, {}]
        "#,
    );
}

#[test]
fn c02_c12_chunks_wait_with_the_first() {
    check(
        r#"
        alice joins with callee.progressive_call_invocations callee.call_canceling
        bob joins with caller.progressive_call_invocations
        alice > [64, 1, {"concurrency": 1}, "com.x"]
        alice < [65, 1, 1]
        bob > [48, 1, {}, "com.x"]
        alice < [68, 1, 1, {}]
        bob > [48, 2, {"progress": true}, "com.x", [1]]
        bob > [48, 3, {"progress": true}, "com.x", ["a"]]
        bob > [48, 2, {"progress": true}, "com.x", [2]]
        bob > [48, 3, {}, "com.x", ["b"]]
        alice > [70, 1, {}]
        bob < [50, 1, {}]
        alice < [68, 2, 1, {"progress": true}, [1]]
        alice < [68, 2, 1, {"progress": true}, [2]]
        bob > [48, 2, {}, "com.x", [3]]
        alice < [68, 2, 1, {}, [3]]
        alice > [70, 2, {}]
        bob < [50, 2, {}]
        alice < [68, 3, 1, {"progress": true}, ["a"]]
        alice < [68, 3, 1, {}, ["b"]]
        alice > [70, 3, {}]
        bob < [50, 3, {}]
        "#,
    );
}

#[test]
fn c02_c12_a_chunk_after_the_last_is_a_violation_in_a_queue_as_well() {
    check(
        r#"
        alice joins with callee.progressive_call_invocations callee.call_canceling
        bob joins with caller.progressive_call_invocations
        carol joins
        alice > [64, 1, {"concurrency": 1}, "com.x"]
        alice < [65, 1, 1]
        carol > [48, 1, {}, "com.x"]
        alice < [68, 1, 1, {}]
        bob > [48, 2, {"progress": true}, "com.x", [1]]
        bob > [48, 2, {}, "com.x", [2]]
        bob > [48, 2, {}, "com.x", [3]]
        bob < [3, {"message": "*"}, "wamp.error.protocol_violation"]
        bob < closed
        alice > [70, 1, {}]
        carol < [50, 1, {}]
        "#,
    );
}

#[test]
fn c02_c12_a_callee_that_cannot_is_passed_over_the_queue() {
    check(
        r#"
        alice joins
        bob joins with caller.progressive_call_invocations
        alice > [64, 1, {"concurrency": 1}, "com.x"]
        alice < [65, 1, 1]
        bob > [48, 1, {}, "com.x"]
        alice < [68, 1, 1, {}]
        bob > [48, 2, {"progress": true}, "com.x", [1]]
        bob > [48, 3, {}, "com.x"]
        alice > [70, 1, {}]
        bob < [50, 1, {}]
        bob < [8, 48, 2, {}, "wamp.error.feature_not_supported", "*"]
        alice < [68, 2, 1, {}]
        bob > [48, 2, {}, "com.x", [2]]
        "#,
    );
}

#[test]
fn c02_only_so_many_chunks_wait_with_their_call() {
    let more = r#"bob > [48, 1, {"progress": true}, "com.x"]"#;
    let more = [more; 1024].join("\n");
    check(&format!(
        r#"
        alice joins with callee.progressive_call_invocations callee.call_canceling
        bob joins with caller.progressive_call_invocations
        carol joins
        alice > [64, 1, {{"concurrency": 1}}, "com.x"]
        alice < [65, 1, 1]
        carol > [48, 1, {{}}, "com.x"]
        alice < [68, 1, 1, {{}}]
        bob > [48, 1, {{"progress": true}}, "com.x"]
        {more}
        bob > [48, 1, {{"progress": true}}, "com.x"]
        bob < [8, 48, 1, {{}}, "crossbar.error.max_concurrency_reached", "*"]
        bob > [48, 1, {{}}, "com.x"]
        alice > [70, 1, {{}}]
        carol < [50, 1, {{}}]
        "#
    ));
}

#[test]
fn c12_what_goes_with_the_arguments_of_waiting_calls_counts() {
    let key = "k".repeat(4 << 20);
    let calls = (1..=3)
        .map(|request| format!(r#"bob > [48, {request}, {{"ppt_keyid": "{key}"}}, "com.x"]"#));
    let calls: Vec<String> = calls.collect();
    let rule = CallQueueRule {
        uri: Text::from("com.x"),
        policy: MatchPolicy::Exact,
        limit: 100,
    };
    let options = RealmOptions {
        call_queues: vec![rule],
        ..RealmOptions::default()
    };
    Stage::new(options, Access::Open).play(&format!(
        r#"
        alice joins
        bob joins
        carol joins
        alice > [64, 1, {{"concurrency": 1}}, "com.x"]
        alice < [65, 1, 1]
        carol > [48, 1, {{}}, "com.x"]
        alice < [68, 1, 1, {{}}]
        {}
        bob > [48, 4, {{"ppt_keyid": "{key}"}}, "com.x"]
        bob < [8, 48, 4, {{}}, "crossbar.error.max_concurrency_reached", "*"]
        carol > [48, 2, {{}}, "com.x"]
        alice > [70, 1, {{}}]
        carol < [50, 1, {{}}]
        alice < [68, 2, 1, {{}}]
        "#,
        calls.join("\n")
    ));
}
