use crate::check;

#[test]
fn r03_a_call_goes_to_the_callee_and_its_result_back() {
    check(
        r#"
        alice joins
        bob joins
        alice > [64, 1, {}, "com.x"]
        alice < [65, 1, 1]
        bob > [48, 1, {}, "com.x", ["arg"], {"key": 1}]
        alice < [68, 1, 1, {}, ["arg"], {"key": 1}]
        alice > [70, 1, {}, ["result"], {"key": 2}]
        bob < [50, 1, {}, ["result"], {"key": 2}]
        "#,
    );
}

#[test]
fn r03_a_call_that_nobody_serves() {
    check(
        r#"
        alice joins
        alice > [48, 1, {}, "com.x"]
        alice < [8, 48, 1, {}, "wamp.error.no_such_procedure", ["no callee registered for procedure <com.x>"]]
        "#,
    );
}

#[test]
fn r04_an_error_passes_through_unchanged() {
    check(
        r#"
        alice joins
        bob joins
        alice > [64, 1, {}, "com.x"]
        alice < [65, 1, 1]
        bob > [48, 1, {}, "com.x"]
        alice < [68, 1, 1, {}]
        alice > [8, 68, 1, {}, "com.error.mine", ["why"], {"code": 5}]
        bob < [8, 48, 1, {}, "com.error.mine", ["why"], {"code": 5}]
        "#,
    );
}

#[test]
fn r05_a_session_calls_itself() {
    check(
        r#"
        alice joins
        alice > [64, 1, {}, "com.x"]
        alice < [65, 1, 1]
        alice > [48, 2, {}, "com.x", [1]]
        alice < [68, 1, 1, {}, [1]]
        alice > [70, 1, {}, [2]]
        alice < [50, 2, {}, [2]]
        alice > [48, 3, {"timeout": 100}, "com.x"]
        alice < [68, 2, 1, {}]
        alice leaves
        wait 100ms
        "#,
    );
}

#[test]
fn r06_invocations_keep_the_order_of_the_calls() {
    check(
        r#"
        alice joins
        bob joins
        alice > [64, 1, {}, "com.x"]
        alice < [65, 1, 1]
        alice > [64, 2, {"match": "prefix"}, "com.y"]
        alice < [65, 2, 2]
        bob > [48, 1, {}, "com.y.1"]
        alice < [68, 1, 2, {"procedure": "com.y.1"}]
        bob > [48, 2, {}, "com.x"]
        alice < [68, 2, 1, {}]
        bob > [48, 3, {}, "com.y.2"]
        alice < [68, 3, 2, {"procedure": "com.y.2"}]
        alice > [70, 3, {}]
        bob < [50, 3, {}]
        alice > [70, 1, {}]
        bob < [50, 1, {}]
        "#,
    );
}

#[test]
fn r07_an_undeliverable_invocation_is_answered() {
    check(
        r#"
        alice joins
        bob joins
        alice > [64, 1, {"concurrency": 1}, "com.x"]
        alice < [65, 1, 1]
        bob > [48, 1, {}, "com.x"]
        alice < [68, 1, 1, {}]
        alice cannot hold [68, 1, 1, {}]
        bob < [8, 48, 1, {}, "wamp.error.payload_size_exceeded", ["the callee accepts no arguments of this size"]]
        bob > [48, 2, {}, "com.x"]
        alice < [68, 2, 1, {}]
        alice cannot express [68, 2, 1, {}]
        bob < [8, 48, 2, {}, "wamp.error.invalid_argument", "*"]
        alice > [70, 2, {}]
        "#,
    );
}

#[test]
fn r07_a_call_that_its_callee_has_no_room_for_is_answered() {
    check(
        r#"
        alice joins with callee.call_canceling callee.progressive_call_invocations
        bob joins with caller.progressive_call_invocations
        alice > [64, 1, {"concurrency": 1}, "com.x"]
        alice < [65, 1, 1]
        bob > [48, 1, {}, "com.x"]
        alice < [68, 1, 1, {}]
        alice cannot take [68, 1, 1, {}]
        bob < [8, 48, 1, {}, "wamp.error.no_available_callee", "*"]
        bob > [48, 2, {"progress": true}, "com.x"]
        alice < [68, 2, 1, {"progress": true}]
        bob > [48, 2, {}, "com.x", ["more"]]
        alice < [68, 2, 1, {}, ["more"]]
        alice cannot take [68, 2, 1, {}, ["more"]]
        alice < [69, 2, {"mode": "killnowait"}]
        bob < [8, 48, 2, {}, "wamp.error.no_available_callee", "*"]
        alice cannot take [69, 2, {"mode": "killnowait"}]
        bob > [48, 3, {}, "com.x"]
        alice < [68, 3, 1, {}]
        alice > [70, 3, {}]
        bob < [50, 3, {}]
        "#,
    );
}

#[test]
fn r07_an_undeliverable_result_becomes_an_error() {
    check(
        r#"
        alice joins
        bob joins
        alice > [64, 1, {}, "com.x"]
        alice < [65, 1, 1]
        bob > [48, 1, {}, "com.x"]
        alice < [68, 1, 1, {}]
        alice > [70, 1, {}, ["huge"]]
        bob < [50, 1, {}, ["huge"]]
        bob cannot hold [50, 1, {}, ["huge"]]
        bob < [8, 48, 1, {}, "wamp.error.payload_size_exceeded", ["the caller accepts no result of this size"]]
        bob > [48, 2, {}, "com.x"]
        alice < [68, 2, 1, {}]
        alice > [8, 68, 2, {}, "com.error", ["huge"]]
        bob < [8, 48, 2, {}, "com.error", ["huge"]]
        bob cannot hold [8, 48, 2, {}, "com.error", ["huge"]]
        bob < [8, 48, 2, {}, "com.error"]
        "#,
    );
}

#[test]
fn r07_an_undeliverable_progressive_result_ends_the_call() {
    check(
        r#"
        alice joins with callee.progressive_call_results callee.call_canceling
        bob joins
        alice > [64, 1, {}, "com.x"]
        alice < [65, 1, 1]
        bob > [48, 1, {"receive_progress": true}, "com.x"]
        alice < [68, 1, 1, {"receive_progress": true}]
        alice > [70, 1, {"progress": true}, ["huge"]]
        bob < [50, 1, {"progress": true}, ["huge"]]
        bob cannot hold [50, 1, {"progress": true}, ["huge"]]
        alice < [69, 1, {"mode": "killnowait"}]
        bob < [8, 48, 1, {}, "wamp.error.payload_size_exceeded", "*"]
        alice > [70, 1, {}]
        bob cannot hold [50, 1, {"progress": true}, ["huge"]]
        "#,
    );
}

#[test]
fn r07_a_client_that_takes_no_message_is_cut_off() {
    check(
        r#"
        alice > [1, "realm1", {"roles": {"caller": {}}}]
        alice < [2, 1, "*"]
        alice cannot hold [2, 1, {"roles": {"broker": {}}}]
        alice < [3, "*", "wamp.error.protocol_violation"]
        alice < closed
        "#,
    );
}

#[test]
fn r10_result_details_are_empty() {
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
        "#,
    );
}

#[test]
fn c01_progressive_results() {
    check(
        r#"
        alice joins with callee.progressive_call_results callee.call_canceling
        bob joins
        alice > [64, 1, {}, "com.x"]
        alice < [65, 1, 1]
        bob > [48, 1, {"receive_progress": true}, "com.x"]
        alice < [68, 1, 1, {"receive_progress": true}]
        alice > [70, 1, {"progress": true}, [1]]
        bob < [50, 1, {"progress": true}, [1]]
        alice > [70, 1, {"progress": true}]
        bob < [50, 1, {"progress": true}]
        alice > [70, 1, {}, ["end"]]
        bob < [50, 1, {}, ["end"]]
        alice > [70, 1, {"progress": true}, ["late"]]
        "#,
    );
}

#[test]
fn c01_progress_may_end_with_an_error() {
    check(
        r#"
        alice joins with callee.progressive_call_results callee.call_canceling
        bob joins
        alice > [64, 1, {}, "com.x"]
        alice < [65, 1, 1]
        bob > [48, 1, {"receive_progress": true}, "com.x"]
        alice < [68, 1, 1, {"receive_progress": true}]
        alice > [70, 1, {"progress": true}, [1]]
        bob < [50, 1, {"progress": true}, [1]]
        alice > [8, 68, 1, {}, "com.error"]
        bob < [8, 48, 1, {}, "com.error"]
        "#,
    );
}

#[test]
fn c01_the_wish_goes_only_to_callees_that_can() {
    check(
        r#"
        alice joins with callee.call_canceling
        bob joins
        alice > [64, 1, {}, "com.x"]
        alice < [65, 1, 1]
        bob > [48, 1, {"receive_progress": true}, "com.x"]
        alice < [68, 1, 1, {}]
        "#,
    );
}

#[test]
fn c01_autobahn_js_callees_that_do_not_announce_canceling_yield_progress() {
    check(
        r#"
        alice joins with callee.progressive_call_results
        bob joins
        alice > [64, 1, {}, "com.x"]
        alice < [65, 1, 1]
        bob > [48, 1, {"receive_progress": true}, "com.x"]
        alice < [68, 1, 1, {"receive_progress": true}]
        alice > [70, 1, {"progress": true}, [1]]
        bob < [50, 1, {"progress": true}, [1]]
        alice > [70, 1, {}, [2]]
        bob < [50, 1, {}, [2]]
        "#,
    );
}

#[test]
fn c01_unasked_progress_is_dropped() {
    check(
        r#"
        alice joins with callee.progressive_call_results callee.call_canceling
        bob joins
        alice > [64, 1, {}, "com.x"]
        alice < [65, 1, 1]
        bob > [48, 1, {}, "com.x"]
        alice < [68, 1, 1, {}]
        alice > [70, 1, {"progress": true}, [1]]
        alice > [70, 1, {}, [2]]
        bob < [50, 1, {}, [2]]
        "#,
    );
}

#[test]
fn c01_a_callee_leaving_ends_progress() {
    check(
        r#"
        alice joins with callee.progressive_call_results callee.call_canceling
        bob joins
        alice > [64, 1, {}, "com.x"]
        alice < [65, 1, 1]
        bob > [48, 1, {"receive_progress": true}, "com.x"]
        alice < [68, 1, 1, {"receive_progress": true}]
        alice > [70, 1, {"progress": true}, [1]]
        bob < [50, 1, {"progress": true}, [1]]
        alice leaves
        bob < [8, 48, 1, {}, "wamp.error.canceled", "*"]
        "#,
    );
}

#[test]
fn c03_timeout_in_milliseconds() {
    check(
        r#"
        alice joins with callee.call_canceling
        bob joins
        alice > [64, 1, {}, "com.x"]
        alice < [65, 1, 1]
        bob > [48, 1, {"timeout": 100}, "com.x"]
        alice < [68, 1, 1, {}]
        wait 99ms
        wait 1ms
        alice < [69, 1, {"mode": "killnowait"}]
        bob < [8, 48, 1, {}, "wamp.error.timeout", "*"]
        alice > [70, 1, {}, ["late"]]
        alice > [8, 68, 1, {}, "wamp.error.canceled"]
        "#,
    );
}

#[test]
fn c03_a_callee_that_cannot_be_interrupted_hears_nothing() {
    check(
        r#"
        alice joins
        bob joins
        alice > [64, 1, {}, "com.x"]
        alice < [65, 1, 1]
        bob > [48, 1, {"timeout": 100}, "com.x"]
        alice < [68, 1, 1, {}]
        wait 100ms
        bob < [8, 48, 1, {}, "wamp.error.timeout", "*"]
        alice > [70, 1, {}, ["late"]]
        "#,
    );
}

#[test]
fn c03_no_timeout() {
    check(
        r#"
        alice joins
        bob joins
        alice > [64, 1, {}, "com.x"]
        alice < [65, 1, 1]
        bob > [48, 1, {"timeout": 0}, "com.x"]
        alice < [68, 1, 1, {}]
        bob > [48, 2, {"timeout": 9007199254740992}, "com.x"]
        alice < [68, 2, 1, {}]
        bob > [48, 3, {"timeout": 100}, "com.x"]
        alice < [68, 3, 1, {}]
        alice > [70, 3, {}]
        bob < [50, 3, {}]
        wait 1000000ms
        "#,
    );
}

#[test]
fn c03_the_limit_runs_between_progressive_results() {
    check(
        r#"
        alice joins with callee.progressive_call_results callee.call_canceling
        bob joins
        alice > [64, 1, {}, "com.x"]
        alice < [65, 1, 1]
        bob > [48, 1, {"receive_progress": true, "timeout": 100}, "com.x"]
        alice < [68, 1, 1, {"receive_progress": true}]
        wait 90ms
        alice > [70, 1, {"progress": true}]
        bob < [50, 1, {"progress": true}]
        wait 90ms
        alice > [70, 1, {"progress": true}]
        bob < [50, 1, {"progress": true}]
        wait 99ms
        wait 1ms
        alice < [69, 1, {"mode": "killnowait"}]
        bob < [8, 48, 1, {}, "wamp.error.timeout", "*"]
        "#,
    );
}

#[test]
fn c03_a_callee_that_asked_watches_the_time_itself() {
    check(
        r#"
        alice joins with callee.call_timeout
        bob joins
        carol joins
        alice > [64, 1, {"forward_timeout": true}, "com.x"]
        alice < [65, 1, 1]
        carol > [64, 1, {"forward_timeout": true}, "com.y"]
        carol < [65, 1, 2]
        bob > [48, 1, {"timeout": 100}, "com.x"]
        alice < [68, 1, 1, {"timeout": 100}]
        bob > [48, 2, {"timeout": 100}, "com.y"] # carol did not announce it
        carol < [68, 1, 2, {}]
        wait 100ms
        bob < [8, 48, 2, {}, "wamp.error.timeout", "*"]
        alice > [70, 1, {}]
        bob < [50, 1, {}]
        "#,
    );
}

#[test]
fn c05_a_caller_is_disclosed_when_it_asks() {
    check(
        r#"
        alice joins
        bob joins
        alice > [64, 1, {}, "com.x"]
        alice < [65, 1, 1]
        bob > [48, 1, {"disclose_me": true}, "com.x"]
        alice < [68, 1, 1, {"caller": 2, "caller_authid": "bob", "caller_authrole": "anyone"}]
        bob > [48, 2, {"disclose_me": false}, "com.x"]
        alice < [68, 2, 1, {}]
        "#,
    );
}

#[test]
fn c05_the_permission_decides_about_disclosure() {
    check(
        r#"
        role open {"permissions": [{"uri": "", "match": "prefix", "allow": ["call"], "disclose": {"caller": true}}]}
        role asked {"permissions": [{"uri": "", "match": "prefix", "allow": ["call"], "disclose": {"caller": "on_request"}}]}
        role hidden {"permissions": [{"uri": "", "match": "prefix", "allow": ["call"], "disclose": {"caller": "never"}}]}
        role plain {"permissions": [{"uri": "", "match": "prefix", "allow": ["call"]}]}
        alice joins
        bob joins as open
        carol joins as asked
        dave joins as hidden
        erin joins as plain
        alice > [64, 1, {}, "com.x"]
        alice < [65, 1, 1]
        alice > [64, 2, {"disclose_caller": true}, "com.y"]
        alice < [65, 2, 2]
        bob > [48, 1, {}, "com.x"]
        alice < [68, 1, 1, {"caller": 2, "caller_authid": "bob", "caller_authrole": "open"}]
        carol > [48, 1, {}, "com.x"]
        alice < [68, 2, 1, {}]
        carol > [48, 2, {}, "com.y"]
        alice < [68, 3, 2, {"caller": 3, "caller_authid": "carol", "caller_authrole": "asked"}]
        dave > [48, 1, {}, "com.y"]
        alice < [68, 4, 2, {}]
        dave > [48, 2, {"disclose_me": true}, "com.y"]
        dave < [8, 48, 2, {}, "wamp.error.option_disallowed.disclose_me", "*"]
        erin > [48, 1, {}, "com.y"]
        alice < [68, 5, 2, {}]
        "#,
    );
}

#[test]
fn c05_only_the_nodes_own_sessions_call_for_others() {
    check(
        r#"
        alice joins
        bob joins
        node joins as trusted
        alice > [64, 1, {}, "com.x"]
        alice < [65, 1, 1]
        bob > [48, 1, {"caller": 77, "caller_authid": "root"}, "com.x"]
        alice < [68, 1, 1, {}]
        node > [48, 1, {"caller": 77, "caller_authid": "root", "caller_authrole": "r"}, "com.x"]
        alice < [68, 2, 1, {"caller": 77, "caller_authid": "root", "caller_authrole": "r"}]
        "#,
    );
}

#[test]
fn i04_only_so_many_calls_in_flight_share_an_id() {
    let call = |number: usize| {
        format!(
            r#"
            bob > [48, 1, {{}}, "com.x"]
            alice < [68, {number}, 1, {{}}]"#
        )
    };
    let calls: Vec<String> = (1..=16).map(call).collect();
    check(&format!(
        r#"
        alice joins
        bob joins
        alice > [64, 1, {{}}, "com.x"]
        alice < [65, 1, 1]
        {}
        alice > [70, 3, {{}}]
        bob < [50, 1, {{}}]
        bob > [48, 1, {{}}, "com.x"]
        alice < [68, 17, 1, {{}}]
        bob > [48, 2, {{}}, "com.x"]
        alice < [68, 18, 1, {{}}]
        bob > [48, 1, {{}}, "com.x"]
        alice < [68, 19, 1, {{}}]
        bob < [3, {{"message": "CALL with the request id 1, which 16 calls in flight have"}}, "wamp.error.protocol_violation"]
        bob < closed
        alice > [70, 1, {{}}]
        "#,
        calls.join("\n")
    ));
}
