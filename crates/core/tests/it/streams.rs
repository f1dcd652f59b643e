//! Calls whose arguments come step by step: their rules and their races.

use crate::check;

/// A progressive call of bob's (request 1), whose first chunk alice (invocation 1) has.
fn begun(rest: &str) {
    check(&format!(
        r#"
        alice joins with callee.progressive_call_invocations callee.call_canceling callee.progressive_call_results
        bob joins with caller.progressive_call_invocations
        alice > [64, 1, {{}}, "com.x"]
        alice < [65, 1, 1]
        bob > [48, 1, {{"progress": true, "receive_progress": true, "timeout": 1000}}, "com.x", [1]]
        alice < [68, 1, 1, {{"progress": true, "receive_progress": true}}, [1]]
        {rest}
        "#
    ));
}

#[test]
fn c02_all_chunks_go_under_the_same_ids() {
    begun(
        r#"
        bob > [48, 1, {"progress": true}, "com.x", [2], {"k": 2}]
        alice < [68, 1, 1, {"progress": true, "receive_progress": true}, [2], {"k": 2}]
        bob > [48, 1, {"progress": true}, "com.x"]
        alice < [68, 1, 1, {"progress": true, "receive_progress": true}]
        bob > [48, 1, {}, "com.x", [3]]
        alice < [68, 1, 1, {"receive_progress": true}, [3]]
        alice > [70, 1, {}, ["sum", 6]]
        bob < [50, 1, {}, ["sum", 6]]
        bob > [48, 2, {}, "com.x"]
        alice < [68, 2, 1, {}]
        "#,
    );
}

#[test]
fn c02_the_last_chunk_may_say_so() {
    begun(
        r#"
        bob > [48, 1, {"progress": false}, "com.x"]
        alice < [68, 1, 1, {"receive_progress": true}]
        alice > [8, 68, 1, {}, "com.error", ["why"]]
        bob < [8, 48, 1, {}, "com.error", ["why"]]
        "#,
    );
}

#[test]
fn c02_a_caller_that_did_not_announce_it_breaks_the_protocol() {
    check(
        r#"
        alice joins with caller.progressive_call_results
        alice > [48, 1, {"progress": true}, "com.x"]
        alice < [3, {"message": "*"}, "wamp.error.protocol_violation"]
        alice < closed
        "#,
    );
}

#[test]
fn c02_no_progress_is_a_plain_call() {
    check(
        r#"
        alice joins
        bob joins
        alice > [64, 1, {}, "com.x"]
        alice < [65, 1, 1]
        bob > [48, 1, {"progress": false}, "com.x"]
        alice < [68, 1, 1, {}]
        alice > [70, 1, {}]
        bob < [50, 1, {}]
        "#,
    );
}

#[test]
fn c02_a_callee_that_cannot_is_not_called() {
    for callee in [
        "",
        "with callee.progressive_call_invocations",
        "with callee.call_canceling callee.progressive_call_results",
    ] {
        check(&format!(
            r#"
            alice joins {callee}
            bob joins with caller.progressive_call_invocations
            alice > [64, 1, {{"concurrency": 1}}, "com.x"]
            alice < [65, 1, 1]
            bob > [48, 1, {{"progress": true}}, "com.x", [1]]
            bob < [8, 48, 1, {{}}, "wamp.error.feature_not_supported", "*"]
            bob > [48, 1, {{"progress": true}}, "com.x", [2]]
            bob > [48, 1, {{}}, "com.x", [3]]
            bob > [48, 2, {{}}, "com.x"] # the place was given back
            alice < [68, 1, 1, {{}}]
            "#
        ));
    }
}

#[test]
fn c02_the_realms_own_procedures_take_no_chunks() {
    check(
        r#"
        bob joins with caller.progressive_call_invocations
        bob > [48, 1, {"progress": true}, "wamp.session.count"]
        bob < [8, 48, 1, {}, "wamp.error.feature_not_supported", "*"]
        bob > [48, 1, {}, "wamp.session.count"]
        bob > [48, 2, {}, "wamp.session.count"]
        bob < [50, 2, {}, [1]]
        "#,
    );
}

#[test]
fn c02_chunks_of_a_refused_call_are_dropped() {
    check(
        r#"
        role guest {"permissions": [{"uri": "com.y", "allow": ["call"]}]}
        bob joins as guest with caller.progressive_call_invocations
        bob > [48, 1, {"progress": true}, "com.x"]
        bob < [8, 48, 1, {}, "wamp.error.not_authorized", "*"]
        bob > [48, 1, {"progress": true}, "com.x"]
        bob > [48, 1, {}, "com.x"]
        bob > [48, 2, {"progress": true}, "com.y"]
        bob < [8, 48, 2, {}, "wamp.error.no_such_procedure", "*"]
        bob > [48, 2, {}, "com.y"]
        "#,
    );
}

#[test]
fn c02_a_chunk_goes_to_the_callee_of_the_first() {
    check(
        r#"
        alice joins with callee.progressive_call_invocations callee.call_canceling
        carol joins with callee.progressive_call_invocations callee.call_canceling
        bob joins with caller.progressive_call_invocations
        alice > [64, 1, {"invoke": "roundrobin"}, "com.x"]
        alice < [65, 1, 1]
        carol > [64, 1, {"invoke": "roundrobin"}, "com.x"]
        carol < [65, 1, 1]
        bob > [48, 1, {"progress": true}, "com.x", [1]]
        alice < [68, 1, 1, {"progress": true}, [1]]
        bob > [48, 1, {"progress": true}, "com.x", [2]]
        alice < [68, 1, 1, {"progress": true}, [2]]
        bob > [48, 2, {"progress": true}, "com.x", ["a"]]
        carol < [68, 1, 1, {"progress": true}, ["a"]]
        bob > [48, 1, {}, "com.x", [3]]
        alice < [68, 1, 1, {}, [3]]
        bob > [48, 2, {}, "com.x", ["b"]]
        carol < [68, 1, 1, {}, ["b"]]
        "#,
    );
}

#[test]
fn c02_the_options_of_the_first_chunk_hold() {
    check(
        r#"
        alice joins with callee.progressive_call_invocations callee.call_canceling callee.call_timeout
        bob joins with caller.progressive_call_invocations caller.payload_passthru_mode
        alice > [64, 1, {"match": "prefix", "forward_timeout": true}, "com"]
        alice < [65, 1, 1]
        bob > [48, 1, {"progress": true, "disclose_me": true, "timeout": 70, "transaction_hash": "0x1"}, "com.x", [1]]
        alice < [68, 1, 1, {"progress": true, "timeout": 70, "caller": 2, "caller_authid": "bob", "caller_authrole": "anyone", "procedure": "com.x", "transaction_hash": "0x1"}, [1]]
        bob > [48, 1, {"progress": true, "disclose_me": false, "timeout": 1, "receive_progress": true, "transaction_hash": "0x2"}, "com.x", [2]]
        alice < [68, 1, 1, {"progress": true, "timeout": 70, "caller": 2, "caller_authid": "bob", "caller_authrole": "anyone", "procedure": "com.x", "transaction_hash": "0x1"}, [2]]
        wait 100ms
        bob > [48, 1, {}, "com.x", [3]]
        alice < [68, 1, 1, {"timeout": 70, "caller": 2, "caller_authid": "bob", "caller_authrole": "anyone", "procedure": "com.x", "transaction_hash": "0x1"}, [3]]
        alice > [70, 1, {"progress": true}, ["not asked for"]]
        alice > [70, 1, {}]
        bob < [50, 1, {}]
        "#,
    );
}

#[test]
fn c02_the_trust_level_of_the_first_chunk_holds() {
    check(
        r#"
        role guest {"trustlevel": 4, "permissions": [{"uri": "com.x", "allow": ["call"]}]}
        alice joins with callee.progressive_call_invocations callee.call_canceling
        bob joins as guest with caller.progressive_call_invocations
        alice > [64, 1, {}, "com.x"]
        alice < [65, 1, 1]
        bob > [48, 1, {"progress": true}, "com.x"]
        alice < [68, 1, 1, {"progress": true, "trustlevel": 4}]
        bob > [48, 1, {}, "com.x"]
        alice < [68, 1, 1, {"trustlevel": 4}]
        "#,
    );
}

#[test]
fn c02_chunks_and_results_are_independent_streams() {
    begun(
        r#"
        alice > [70, 1, {"progress": true}, ["a"]]
        bob < [50, 1, {"progress": true}, ["a"]]
        alice > [70, 1, {"progress": true}, ["b"]]
        bob < [50, 1, {"progress": true}, ["b"]]
        bob > [48, 1, {"progress": true}, "com.x", [2]]
        alice < [68, 1, 1, {"progress": true, "receive_progress": true}, [2]]
        bob > [48, 1, {}, "com.x", [3]]
        alice < [68, 1, 1, {"receive_progress": true}, [3]]
        alice > [70, 1, {"progress": true}, ["c"]]
        bob < [50, 1, {"progress": true}, ["c"]]
        alice > [70, 1, {}]
        bob < [50, 1, {}]
        "#,
    );
}

#[test]
fn c02_a_final_answer_before_the_last_chunk_ends_the_call() {
    for (answer, forwarded) in [
        (r#"[70, 1, {}, ["enough"]]"#, r#"[50, 1, {}, ["enough"]]"#),
        (r#"[8, 68, 1, {}, "com.no"]"#, r#"[8, 48, 1, {}, "com.no"]"#),
    ] {
        begun(&format!(
            r#"
            alice > {answer}
            bob < {forwarded}
            bob > [48, 1, {{"progress": true}}, "com.x", [2]]
            bob > [48, 1, {{}}, "com.x", [3]]
            bob > [48, 2, {{}}, "com.x"]
            alice < [68, 2, 1, {{}}]
            "#
        ));
    }
}

#[test]
fn c02_ids_of_calls_that_are_over_are_dropped_whenever_they_come() {
    begun(
        r#"
        bob > [48, 2, {"progress": true}, "com.x"]
        alice < [68, 2, 1, {"progress": true}]
        bob > [48, 3, {}, "com.x"]
        alice < [68, 3, 1, {}]
        alice > [70, 1, {}]
        bob < [50, 1, {}]
        bob > [48, 1, {}, "com.x"]
        bob > [48, 1, {"progress": true}, "com.x"]
        bob > [48, 2, {}, "com.x"]
        alice < [68, 2, 1, {}]
        "#,
    );
}

#[test]
fn c02_another_procedure_is_a_violation() {
    begun(
        r#"
        bob > [48, 1, {"progress": true}, "com.y", [2]]
        bob < [3, {"message": "*"}, "wamp.error.protocol_violation"]
        bob < closed
        alice < [69, 1, {"mode": "killnowait"}]
        "#,
    );
}

#[test]
fn c02_a_chunk_after_the_last_is_a_violation() {
    for progress in [r#"{"progress": true}"#, "{}"] {
        begun(&format!(
            r#"
            bob > [48, 1, {{}}, "com.x", [2]]
            alice < [68, 1, 1, {{"receive_progress": true}}, [2]]
            bob > [48, 1, {progress}, "com.x", [3]]
            bob < [3, {{"message": "*"}}, "wamp.error.protocol_violation"]
            bob < closed
            alice < [69, 1, {{"mode": "killnowait"}}]
            "#
        ));
    }
}

#[test]
fn c02_a_chunk_for_a_plain_call_is_a_violation() {
    begun(
        r#"
        bob > [48, 2, {}, "com.x"]
        alice < [68, 2, 1, {}]
        bob > [48, 2, {"progress": true}, "com.x"]
        bob < [3, {"message": "*"}, "wamp.error.protocol_violation"]
        bob < closed
        alice < [69, 1, {"mode": "killnowait"}]
        alice < [69, 2, {"mode": "killnowait"}]
        "#,
    );
}

#[test]
fn c02_arguments_do_not_change_their_form() {
    begun(
        r#"
        bob > [48, 1, {"enc_algo": "cryptobox", "enc_serializer": "json"}, "com.x", "\u0000AQID"]
        bob < [3, {"message": "*"}, "wamp.error.protocol_violation"]
        bob < closed
        alice < [69, 1, {"mode": "killnowait"}]
        "#,
    );
}

#[test]
fn c02_killnowait_between_chunks() {
    for options in ["{}", r#"{"mode": "killnowait"}"#, r#"{"mode": "skip"}"#] {
        begun(&format!(
            r#"
            bob > [49, 1, {options}]
            alice < [69, 1, {{"mode": "killnowait"}}]
            bob < [8, 48, 1, {{}}, "wamp.error.canceled", "*"]
            bob > [48, 1, {{"progress": true}}, "com.x", [2]]
            bob > [48, 1, {{}}, "com.x", [3]]
            alice > [70, 1, {{}}]
            "#
        ));
    }
}

#[test]
fn c02_kill_between_chunks_awaits_the_answer() {
    begun(
        r#"
        bob > [49, 1, {"mode": "kill"}]
        alice < [69, 1, {"mode": "kill"}]
        bob > [48, 1, {"progress": true}, "com.x", [2]]
        bob > [48, 1, {}, "com.x", [3]]
        alice > [8, 68, 1, {}, "wamp.error.canceled"]
        bob < [8, 48, 1, {}, "wamp.error.canceled"]
        "#,
    );
}

#[test]
fn c02_skip_after_the_last_chunk_tells_the_callee_nothing() {
    begun(
        r#"
        bob > [48, 1, {}, "com.x"]
        alice < [68, 1, 1, {"receive_progress": true}]
        bob > [49, 1, {"mode": "skip"}]
        bob < [8, 48, 1, {}, "wamp.error.canceled", "*"]
        alice > [70, 1, {}]
        "#,
    );
}

#[test]
fn c02_the_caller_leaves_between_chunks() {
    begun(
        r#"
        bob leaves
        alice < [69, 1, {"mode": "killnowait"}]
        alice > [70, 1, {}]
        "#,
    );
}

#[test]
fn c02_the_callee_leaves_between_chunks() {
    begun(
        r#"
        alice leaves
        bob < [8, 48, 1, {}, "wamp.error.canceled", "*"]
        bob > [48, 1, {"progress": true}, "com.x", [2]]
        bob > [48, 1, {}, "com.x", [3]]
        "#,
    );
}

#[test]
fn c02_the_callee_unregisters_between_chunks() {
    begun(
        r#"
        alice > [66, 2, 1]
        alice < [67, 2]
        bob > [48, 1, {}, "com.x", [2]]
        alice < [68, 1, 1, {"receive_progress": true}, [2]]
        alice > [70, 1, {}, ["all the same"]]
        bob < [50, 1, {}, ["all the same"]]
        "#,
    );
}

#[test]
fn c02_a_session_streams_to_itself_and_leaves() {
    check(
        r#"
        alice joins with callee.progressive_call_invocations callee.call_canceling caller.progressive_call_invocations
        alice > [64, 1, {}, "com.x"]
        alice < [65, 1, 1]
        alice > [48, 2, {"progress": true}, "com.x", [1]]
        alice < [68, 1, 1, {"progress": true}, [1]]
        alice > [48, 2, {"progress": true}, "com.x", [2]]
        alice < [68, 1, 1, {"progress": true}, [2]]
        alice leaves
        "#,
    );
}

#[test]
fn c02_a_first_chunk_that_cannot_be_delivered() {
    begun(
        r#"
        alice cannot hold [68, 1, 1, {"progress": true}, [1]]
        bob < [8, 48, 1, {}, "wamp.error.payload_size_exceeded", "*"]
        bob > [48, 1, {"progress": true}, "com.x", [2]]
        bob > [48, 1, {}, "com.x", [3]]
        "#,
    );
}

#[test]
fn c02_a_later_chunk_that_cannot_be_delivered_stops_the_callee() {
    begun(
        r#"
        bob > [48, 1, {"progress": true}, "com.x", ["huge"]]
        alice < [68, 1, 1, {"progress": true, "receive_progress": true}, ["huge"]]
        alice cannot hold [68, 1, 1, {"progress": true}, ["huge"]]
        alice < [69, 1, {"mode": "killnowait"}]
        bob < [8, 48, 1, {}, "wamp.error.payload_size_exceeded", "*"]
        bob > [48, 1, {}, "com.x", [3]]
        alice > [70, 1, {}]
        "#,
    );
}

#[test]
fn c02_c03_the_limit_runs_to_the_first_result_and_then_between_results() {
    begun(
        r#"
        wait 900ms
        bob > [48, 1, {"progress": true, "timeout": 9000}, "com.x"]
        alice < [68, 1, 1, {"progress": true, "receive_progress": true}]
        wait 99ms
        alice > [70, 1, {"progress": true}]
        bob < [50, 1, {"progress": true}]
        wait 999ms
        bob > [48, 1, {"progress": true}, "com.x"]
        alice < [68, 1, 1, {"progress": true, "receive_progress": true}]
        wait 1ms
        alice < [69, 1, {"mode": "killnowait"}]
        bob < [8, 48, 1, {}, "wamp.error.timeout", "*"]
        bob > [48, 1, {}, "com.x"]
        "#,
    );
}

#[test]
fn c02_c12_a_place_is_taken_until_the_final_answer() {
    check(
        r#"
        alice joins with callee.progressive_call_invocations callee.call_canceling
        bob joins with caller.progressive_call_invocations
        alice > [64, 1, {"concurrency": 1}, "com.x"]
        alice < [65, 1, 1]
        bob > [48, 1, {"progress": true}, "com.x", [1]]
        alice < [68, 1, 1, {"progress": true}, [1]]
        bob > [48, 2, {}, "com.x"]
        bob < [8, 48, 2, {}, "crossbar.error.max_concurrency_reached", "*"]
        bob > [48, 1, {}, "com.x", [2]]
        alice < [68, 1, 1, {}, [2]]
        alice > [70, 1, {}]
        bob < [50, 1, {}]
        bob > [48, 3, {}, "com.x"]
        alice < [68, 2, 1, {}]
        "#,
    );
}

#[test]
fn c02_what_open_calls_keep_is_bounded() {
    let key = "k".repeat(4 << 20);
    let options = format!(r#"{{"progress": true, "ppt_scheme": "x_a", "ppt_keyid": "{key}"}}"#);
    let calls = (1..=3).map(|request| {
        format!(
            r#"
            bob > [48, {request}, {options}, "com.x", ["a"]]
            alice < [68, {request}, 1, {options}, ["a"]]"#
        )
    });
    let calls: Vec<String> = calls.collect();
    check(&format!(
        r#"
        alice joins with callee.progressive_call_invocations callee.call_canceling callee.payload_passthru_mode
        bob joins with caller.progressive_call_invocations caller.payload_passthru_mode
        alice > [64, 1, {{}}, "com.x"]
        alice < [65, 1, 1]
        {}
        bob > [48, 4, {options}, "com.x", ["a"]]
        bob < [8, 48, 4, {{}}, "crossbar.error.max_concurrency_reached", "*"]
        alice > [70, 1, {{}}]
        bob < [50, 1, {{}}]
        bob > [48, 5, {options}, "com.x", ["a"]]
        alice < [68, 4, 1, {options}, ["a"]]
        "#,
        calls.join("\n")
    ));
}
