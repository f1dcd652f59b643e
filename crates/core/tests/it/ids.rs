use crate::check;
use crate::stage::check_strict;

#[test]
fn i01_i04_any_request_id_is_taken() {
    check(
        r#"
        alice joins
        alice > [32, 9007199254740992, {}, "com.a"]
        alice < [33, 9007199254740992, 1]
        alice > [32, 5, {}, "com.b"]
        alice < [33, 5, 2]
        alice > [64, 5, {}, "com.b"]
        alice < [65, 5, 1]
        alice > [32, 0, {}, "com.c"]
        alice < [33, 0, 3]
        "#,
    );
}

#[test]
fn i02_publications_have_ids_of_their_own() {
    check(
        r#"
        alice joins
        bob joins
        alice > [32, 1, {}, "com.a"]
        alice < [33, 1, 1]
        bob > [16, 1, {"acknowledge": true}, "com.a"]
        bob < [17, 1, "$first"]
        alice < [36, 1, "$first", {}]
        bob > [16, 2, {"acknowledge": true}, "com.a"]
        bob < [17, 2, "$second"]
        alice < [36, 1, "$second", {}]
        "#,
    );
}

#[test]
fn i03_one_subscription_id_for_all_of_a_topic() {
    check(
        r#"
        alice joins
        bob joins
        alice > [32, 1, {}, "com.a"]
        alice < [33, 1, 1]
        bob > [32, 1, {}, "com.a"]
        bob < [33, 1, 1]
        bob > [32, 2, {"match": "prefix"}, "com.a"]
        bob < [33, 2, 2]
        bob > [32, 3, {"match": "wildcard"}, "com.a"]
        bob < [33, 3, 3]
        "#,
    );
}

#[test]
fn i04_invocation_ids_count_up_for_each_callee() {
    check(
        r#"
        alice joins
        bob joins
        carol joins
        alice > [64, 1, {}, "com.a"]
        alice < [65, 1, 1]
        bob > [64, 1, {}, "com.b"]
        bob < [65, 1, 2]
        carol > [48, 10, {}, "com.a"]
        alice < [68, 1, 1, {}]
        carol > [48, 11, {}, "com.b"]
        bob < [68, 1, 2, {}]
        carol > [48, 12, {}, "com.a"]
        alice < [68, 2, 1, {}]
        alice > [70, 2, {}]
        carol < [50, 12, {}]
        alice > [70, 1, {}]
        carol < [50, 10, {}]
        "#,
    );
}

#[test]
fn i04_two_calls_with_one_request_id_both_work() {
    check(
        r#"
        alice joins with callee.call_canceling
        bob joins
        alice > [64, 1, {}, "com.a"]
        alice < [65, 1, 1]
        bob > [48, 7, {}, "com.a", ["one"]]
        alice < [68, 1, 1, {}, ["one"]]
        bob > [48, 7, {}, "com.a", ["two"]]
        alice < [68, 2, 1, {}, ["two"]]
        bob > [48, 7, {}, "com.a", ["three"]]
        alice < [68, 3, 1, {}, ["three"]]
        alice > [70, 2, {}, ["two"]]
        bob < [50, 7, {}, ["two"]]
        alice > [70, 3, {}, ["three"]]
        bob < [50, 7, {}, ["three"]]
        bob > [49, 7, {}]
        alice < [69, 1, {"mode": "killnowait"}]
        bob < [8, 48, 7, {}, "wamp.error.canceled", "*"]
        "#,
    );
}

#[test]
fn i04_all_calls_with_one_request_id_end_with_their_caller() {
    check(
        r#"
        alice joins with callee.call_canceling
        bob joins
        alice > [64, 1, {}, "com.a"]
        alice < [65, 1, 1]
        bob > [48, 7, {}, "com.a"]
        alice < [68, 1, 1, {}]
        bob > [48, 7, {}, "com.a"]
        alice < [68, 2, 1, {}]
        bob leaves
        alice < [69, 2, {"mode": "killnowait"}]
        alice < [69, 1, {"mode": "killnowait"}]
        "#,
    );
}

#[test]
fn i04_strict_ids_count_up_over_all_requests() {
    check(
        r#"
        alice joins strictly
        alice > [32, 1, {}, "com.a"]
        alice < [33, 1, 1]
        alice > [64, 2, {}, "com.a"]
        alice < [65, 2, 1]
        alice > [16, 3, {}, "com.a"]
        alice > [48, 4, {}, "com.a"]
        alice < [68, 1, 1, {}]
        alice > [49, 4, {}]
        alice < [8, 48, 4, {}, "wamp.error.canceled", "*"]
        alice > [70, 1, {}]
        alice > [34, 5, 1]
        alice < [35, 5]
        alice > [66, 6, 1]
        alice < [67, 6]
        alice > [32, 7, {}, "com..bad"]
        alice < [8, 32, 7, {}, "wamp.error.invalid_uri", "*"]
        alice > [16, 8, {"acknowledge": true}, "com.a"]
        alice < [17, 8, "*"]
        "#,
    );
}

#[test]
fn i04_a_gap_or_a_repeat_is_a_violation_where_ids_are_strict() {
    for request in [
        r#"[32, 2, {}, "com.a"]"#,
        r#"[48, 0, {}, "com.a"]"#,
        r#"[48, 2, {}, "com.a"]"#,
        r#"[48, 1, {"progress": true}, "com.a"]"#,
        r#"[16, 1, {}, "com.a"]"#,
        r#"[64, 4, {}, "com.a"]"#,
        r#"[66, 9007199254740992, 1]"#,
        r#"[34, 1, 1]"#,
    ] {
        check(&format!(
            r#"
            alice joins strictly with caller.progressive_call_invocations
            bob joins
            bob > [64, 5, {{}}, "com.a"]
            bob < [65, 5, 1]
            alice > [48, 1, {{}}, "com.a"]
            bob < [68, 1, 1, {{}}]
            alice > [48, 2, {{}}, "com.a"]
            bob < [68, 2, 1, {{}}]
            alice > {request}
            alice < [3, {{"message": "*"}}, "wamp.error.protocol_violation"]
            alice < closed
            "#
        ));
    }
}

#[test]
fn i04_c02_chunks_repeat_ids_where_they_are_strict() {
    check(
        r#"
        alice joins with callee.progressive_call_invocations callee.call_canceling
        bob joins strictly with caller.progressive_call_invocations
        alice > [64, 1, {}, "com.a"]
        alice < [65, 1, 1]
        bob > [48, 1, {"progress": true}, "com.a", [1]]
        alice < [68, 1, 1, {"progress": true}, [1]]
        bob > [48, 2, {}, "com.a"]
        alice < [68, 2, 1, {}]
        bob > [48, 1, {"progress": true}, "com.a", [2]]
        alice < [68, 1, 1, {"progress": true}, [2]]
        alice > [70, 1, {}]
        bob < [50, 1, {}]
        bob > [48, 1, {}, "com.a", [3]] # crossed the answer
        bob > [48, 3, {}, "com.a"]
        alice < [68, 3, 1, {}]
        bob > [48, 2, {}, "com.a"]
        bob < [3, {"message": "*"}, "wamp.error.protocol_violation"]
        bob < closed
        alice < [69, 2, {"mode": "killnowait"}]
        alice < [69, 3, {"mode": "killnowait"}]
        "#,
    );
}

#[test]
fn i05_loose_uris() {
    check(
        r#"
        alice joins
        alice > [32, 1, {}, "com.Größe-1.x+y"]
        alice < [33, 1, 1]
        alice > [32, 2, {}, "com.a b"]
        alice < [8, 32, 2, {}, "wamp.error.invalid_uri", "*"]
        alice > [32, 3, {}, "com.a#b"]
        alice < [8, 32, 3, {}, "wamp.error.invalid_uri", "*"]
        "#,
    );
}

#[test]
fn i06_strict_uris() {
    check_strict(
        r#"
        alice joins
        alice > [32, 1, {}, "com.a_1"]
        alice < [33, 1, 1]
        alice > [32, 2, {}, "com.A"]
        alice < [8, 32, 2, {}, "wamp.error.invalid_uri", "*"]
        alice > [64, 3, {}, "com.a-b"]
        alice < [8, 64, 3, {}, "wamp.error.invalid_uri", "*"]
        alice > [48, 4, {}, "com.a-b"]
        alice < [8, 48, 4, {}, "wamp.error.invalid_uri", "*"]
        alice > [16, 5, {"acknowledge": true}, "com.a-b"]
        alice < [8, 16, 5, {}, "wamp.error.invalid_uri", "*"]
        "#,
    );
}

#[test]
fn i07_only_patterns_have_empty_components() {
    check(
        r#"
        alice joins
        alice > [32, 1, {}, "com..x"]
        alice < [8, 32, 1, {}, "wamp.error.invalid_uri", "*"]
        alice > [32, 2, {"match": "wildcard"}, "com..x"]
        alice < [33, 2, 1]
        alice > [32, 3, {"match": "wildcard"}, ".x."]
        alice < [33, 3, 2]
        alice > [32, 4, {"match": "prefix"}, "com."]
        alice < [33, 4, 3]
        alice > [32, 5, {"match": "prefix"}, ""]
        alice < [33, 5, 4]
        alice < [36, 4, "*", {"topic": "wamp.subscription.on_create"}, "*"]
        alice < [36, 4, "*", {"topic": "wamp.subscription.on_subscribe"}, "*"]
        alice > [32, 6, {"match": "prefix"}, "com..x"]
        alice < [8, 32, 6, {}, "wamp.error.invalid_uri", "*"]
        alice > [16, 7, {"acknowledge": true}, "com..x"]
        alice < [8, 16, 7, {}, "wamp.error.invalid_uri", "*"]
        alice > [48, 8, {}, "com..x"]
        alice < [8, 48, 8, {}, "wamp.error.invalid_uri", "*"]
        alice > [48, 9, {}, ""]
        alice < [8, 48, 9, {}, "wamp.error.invalid_uri", "*"]
        "#,
    );
}

#[test]
fn i08_an_invalid_topic_is_silent_without_acknowledge() {
    check(
        r#"
        alice joins
        alice > [16, 1, {}, "com..x"]
        alice > [16, 2, {"acknowledge": true}, "com..x"]
        alice < [8, 16, 2, {}, "wamp.error.invalid_uri", "*"]
        "#,
    );
}

#[test]
fn i09_the_reserved_namespace_is_not_for_applications() {
    check(
        r#"
        alice joins
        alice > [64, 1, {}, "wamp.x"]
        alice < [8, 64, 1, {}, "wamp.error.invalid_uri", "*"]
        alice > [64, 2, {"match": "wildcard"}, "wamp..x"]
        alice < [8, 64, 2, {}, "wamp.error.invalid_uri", "*"]
        alice > [64, 3, {}, "wamp"]
        alice < [8, 64, 3, {}, "wamp.error.invalid_uri", "*"]
        alice > [64, 4, {}, "wamper.x"]
        alice < [65, 4, 1]
        alice > [16, 5, {}, "wamp.session.on_join"]
        alice > [16, 6, {"acknowledge": true}, "wamp.session.on_join"]
        alice < [8, 16, 6, {}, "wamp.error.invalid_uri", "*"]
        alice > [32, 7, {}, "wamp.session.on_join"]
        alice < [33, 7, 1]
        alice > [48, 8, {}, "wamp.session.count"]
        alice < [50, 8, {}, [1]]
        "#,
    );
}

#[test]
fn i09_trusted_sessions_use_the_reserved_namespace() {
    check(
        r#"
        node joins as trusted
        alice joins
        node > [64, 1, {}, "wamp.x"]
        node < [65, 1, 1]
        alice > [48, 1, {}, "wamp.x"]
        node < [68, 1, 1, {"caller": 2, "caller_authid": "alice", "caller_authrole": "anyone"}]
        alice > [32, 2, {}, "wamp.on_x"]
        alice < [33, 2, 1]
        node > [16, 2, {}, "wamp.on_x"]
        alice < [36, 1, "*", {"publisher": 1, "publisher_authid": "node", "publisher_authrole": "trusted"}]
        "#,
    );
}

#[test]
fn i09_a_wide_pattern_does_not_serve_the_reserved_namespace() {
    check(
        r#"
        alice joins
        bob joins
        alice > [64, 1, {"match": "prefix"}, ""]
        alice < [65, 1, 1]
        alice > [64, 2, {"match": "wildcard"}, ".x"]
        alice < [65, 2, 2]
        bob > [48, 1, {}, "wamp.x"]
        bob < [8, 48, 1, {}, "wamp.error.no_such_procedure", "*"]
        bob > [48, 2, {}, "com.x"]
        alice < [68, 1, 1, {"procedure": "com.x"}]
        "#,
    );
}

#[test]
fn i10_a_topic_and_a_procedure_may_have_one_uri() {
    check(
        r#"
        alice joins
        bob joins
        alice > [64, 1, {}, "com.x"]
        alice < [65, 1, 1]
        alice > [32, 2, {}, "com.x"]
        alice < [33, 2, 1]
        bob > [48, 1, {}, "com.x"]
        alice < [68, 1, 1, {}]
        bob > [16, 2, {}, "com.x"]
        alice < [36, 1, "*", {}]
        "#,
    );
}

#[test]
fn i09_a_wide_pattern_does_not_hide_one_that_names_the_reserved_namespace() {
    check(
        r#"
        node joins as trusted
        alice joins
        alice > [64, 1, {"match": "prefix"}, "w"]
        alice < [65, 1, 1]
        alice > [64, 2, {"match": "wildcard"}, ".x.y"]
        alice < [65, 2, 2]
        node > [64, 1, {"match": "wildcard"}, "wamp..y"]
        node < [65, 1, 3]
        alice > [48, 3, {}, "wamp.x.y"]
        node < [68, 1, 3, {"caller": 2, "caller_authid": "alice", "caller_authrole": "anyone", "procedure": "wamp.x.y"}]
        node > [64, 2, {"match": "prefix"}, "wamp."]
        node < [65, 2, 4]
        node > [64, 3, {"match": "prefix"}, "wamp.x"]
        node < [65, 3, 5]
        alice > [48, 4, {}, "wamp.x.y"]
        node < [68, 2, 5, {"...": ""}]
        "#,
    );
}
