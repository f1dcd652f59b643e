use crate::check;

#[test]
fn r01_one_callee_for_a_procedure() {
    check(
        r#"
        alice joins
        bob joins
        alice > [64, 1, {}, "com.x"]
        alice < [65, 1, 1]
        bob > [64, 1, {}, "com.x"]
        bob < [8, 64, 1, {}, "wamp.error.procedure_already_exists", ["procedure <com.x> is already registered"]]
        alice > [64, 2, {}, "com.x"]
        alice < [8, 64, 2, {}, "wamp.error.procedure_already_exists", "*"]
        alice > [64, 3, {"match": "prefix"}, "com.x"]
        alice < [65, 3, 2]
        alice > [64, 4, {"match": "wildcard"}, "com.x"]
        alice < [65, 4, 3]
        bob > [48, 2, {}, "com.x"]
        alice < [68, 1, 1, {}]
        "#,
    );
}

#[test]
fn r01_a_denied_register_does_not_tell_what_is_there() {
    check(
        r#"
        role guest {"permissions": []}
        alice joins
        bob joins as guest
        alice > [64, 1, {}, "com.x"]
        alice < [65, 1, 1]
        bob > [64, 1, {}, "com.x"]
        bob < [8, 64, 1, {}, "wamp.error.not_authorized", "*"]
        "#,
    );
}

#[test]
fn r02_unregistering() {
    check(
        r#"
        alice joins
        bob joins
        alice > [64, 1, {}, "com.x"]
        alice < [65, 1, 1]
        bob > [66, 1, 1]
        bob < [8, 66, 1, {}, "wamp.error.no_such_registration", "*"]
        bob > [66, 2, 99]
        bob < [8, 66, 2, {}, "wamp.error.no_such_registration", "*"]
        alice > [66, 2, 1]
        alice < [67, 2]
        alice > [66, 3, 1]
        alice < [8, 66, 3, {}, "wamp.error.no_such_registration", "*"]
        bob > [48, 3, {}, "com.x"]
        bob < [8, 48, 3, {}, "wamp.error.no_such_procedure", "*"]
        "#,
    );
}

#[test]
fn r02_calls_in_flight_finish_after_unregister() {
    check(
        r#"
        alice joins
        bob joins
        alice > [64, 1, {}, "com.x"]
        alice < [65, 1, 1]
        bob > [48, 1, {}, "com.x"]
        alice < [68, 1, 1, {}]
        alice > [66, 2, 1]
        alice < [67, 2]
        alice > [70, 1, {}, ["done"]]
        bob < [50, 1, {}, ["done"]]
        "#,
    );
}

#[test]
fn c07_precedence_of_patterns() {
    // The table of the specification, "Pattern-based Registrations", except for the row that contradicts its own rule.
    check(
        r#"
        alice joins
        bob joins
        alice > [64, 1, {}, "a1.b2.c3.d4.e55"]
        alice < [65, 1, 1]
        alice > [64, 2, {"match": "prefix"}, "a1.b2.c3"]
        alice < [65, 2, 2]
        alice > [64, 3, {"match": "prefix"}, "a1.b2.c3.d4"]
        alice < [65, 3, 3]
        alice > [64, 4, {"match": "wildcard"}, "a1.b2..d4.e5"]
        alice < [65, 4, 4]
        alice > [64, 5, {"match": "wildcard"}, "a1.b2.c33..e5"]
        alice < [65, 5, 5]
        alice > [64, 6, {"match": "wildcard"}, "a1.b2..d4.e5..g7"]
        alice < [65, 6, 6]
        alice > [64, 7, {"match": "wildcard"}, "a1.b2..d4..f6.g7"]
        alice < [65, 7, 7]
        bob > [48, 1, {}, "a1.b2.c3.d4.e55"]
        alice < [68, 1, 1, {}]
        bob > [48, 2, {}, "a1.b2.c3.d98.e74"]
        alice < [68, 2, 2, {"procedure": "a1.b2.c3.d98.e74"}]
        bob > [48, 3, {}, "a1.b2.c3.d4.e325"]
        alice < [68, 3, 3, {"procedure": "a1.b2.c3.d4.e325"}]
        bob > [48, 4, {}, "a1.b2.c55.d4.e5"]
        alice < [68, 4, 4, {"procedure": "a1.b2.c55.d4.e5"}]
        bob > [48, 5, {}, "a1.b2.c33.d4.e5"]
        alice < [68, 5, 2, {"procedure": "a1.b2.c33.d4.e5"}]
        bob > [48, 6, {}, "a1.b2.c88.d4.e5.f6.g7"]
        alice < [68, 6, 6, {"procedure": "a1.b2.c88.d4.e5.f6.g7"}]
        bob > [48, 7, {}, "a2.b2.c2.d2.e2"]
        bob < [8, 48, 7, {}, "wamp.error.no_such_procedure", "*"]
        "#,
    );
}

#[test]
fn c07_the_empty_prefix_serves_all_but_the_reserved_namespace() {
    check(
        r#"
        alice joins
        bob joins
        alice > [64, 1, {"match": "prefix"}, ""]
        alice < [65, 1, 1]
        bob > [48, 1, {}, "any"]
        alice < [68, 1, 1, {"procedure": "any"}]
        bob > [48, 2, {}, "wamp.no.such"]
        bob < [8, 48, 2, {}, "wamp.error.no_such_procedure", "*"]
        "#,
    );
}

#[test]
fn c07_a_prefix_is_one_of_the_text_and_a_wildcard_one_component() {
    check(
        r#"
        alice joins
        bob joins
        alice > [64, 1, {"match": "prefix"}, "com.app.obj1"]
        alice < [65, 1, 1]
        alice > [64, 2, {"match": "wildcard"}, "org..add"]
        alice < [65, 2, 2]
        bob > [48, 1, {}, "com.app.obj1-sub"]
        alice < [68, 1, 1, {"procedure": "com.app.obj1-sub"}]
        bob > [48, 2, {}, "com.app.obj"]
        bob < [8, 48, 2, {}, "wamp.error.no_such_procedure", "*"]
        bob > [48, 3, {}, "org.x.add"]
        alice < [68, 2, 2, {"procedure": "org.x.add"}]
        bob > [48, 4, {}, "org.x.y.add"]
        bob < [8, 48, 4, {}, "wamp.error.no_such_procedure", "*"]
        bob > [48, 5, {}, "org.add"]
        bob < [8, 48, 5, {}, "wamp.error.no_such_procedure", "*"]
        "#,
    );
}

#[test]
fn c07_literal_components_go_before_wildcards_from_the_left() {
    check(
        r#"
        alice joins
        bob joins
        alice > [64, 1, {"match": "wildcard"}, "com..x."]
        alice < [65, 1, 1]
        alice > [64, 2, {"match": "wildcard"}, "com.y.."]
        alice < [65, 2, 2]
        alice > [64, 3, {"match": "wildcard"}, "..."]
        alice < [65, 3, 3]
        bob > [48, 1, {}, "com.y.x.z"]
        alice < [68, 1, 2, {"procedure": "com.y.x.z"}]
        bob > [48, 2, {}, "com.q.x.z"]
        alice < [68, 2, 1, {"procedure": "com.q.x.z"}]
        bob > [48, 3, {}, "a.b.c.d"]
        alice < [68, 3, 3, {"procedure": "a.b.c.d"}]
        "#,
    );
}

#[test]
fn c08_c13_force_reregister_evicts() {
    check(
        r#"
        alice joins with callee.registration_revocation
        bob joins
        carol joins
        alice > [64, 1, {"invoke": "roundrobin"}, "com.x"]
        alice < [65, 1, 1]
        bob > [64, 1, {"invoke": "roundrobin"}, "com.x"]
        bob < [65, 1, 1]
        carol > [48, 1, {}, "com.x"]
        alice < [68, 1, 1, {}]
        carol > [64, 2, {"force_reregister": true}, "com.x"]
        alice < [67, 0, {"registration": 1, "reason": "wamp.error.unregistered"}]
        carol < [65, 2, 2]
        alice > [70, 1, {}, ["in flight"]]
        carol < [50, 1, {}, ["in flight"]]
        bob > [48, 2, {}, "com.x"]
        carol < [68, 1, 2, {}]
        alice > [66, 2, 1]
        alice < [8, 66, 2, {}, "wamp.error.no_such_registration", "*"]
        "#,
    );
}

#[test]
fn c13_force_reregister_on_a_free_procedure() {
    check(
        r#"
        alice joins
        alice > [64, 1, {"force_reregister": true}, "com.x"]
        alice < [65, 1, 1]
        alice > [64, 2, {"force_reregister": true}, "com.x"]
        alice < [65, 2, 2]
        "#,
    );
}

#[test]
fn c09_roundrobin_walks_in_order() {
    check(
        r#"
        alice joins
        bob joins
        carol joins
        alice > [64, 1, {"invoke": "roundrobin"}, "com.x"]
        alice < [65, 1, 1]
        bob > [64, 1, {"invoke": "roundrobin"}, "com.x"]
        bob < [65, 1, 1]
        carol > [64, 1, {"invoke": "roundrobin"}, "com.x"]
        carol < [65, 1, 1]
        alice > [64, 2, {"invoke": "roundrobin"}, "com.x"]
        alice < [65, 2, 1]
        carol > [48, 2, {}, "com.x"]
        alice < [68, 1, 1, {}]
        carol > [48, 3, {}, "com.x"]
        bob < [68, 1, 1, {}]
        alice > [66, 3, 1]
        alice < [67, 3]
        carol > [48, 4, {}, "com.x"]
        carol < [68, 1, 1, {}]
        carol > [48, 5, {}, "com.x"]
        bob < [68, 2, 1, {}]
        "#,
    );
}

#[test]
fn c09_first_and_last() {
    check(
        r#"
        alice joins
        bob joins
        alice > [64, 1, {"invoke": "first"}, "com.first"]
        alice < [65, 1, 1]
        bob > [64, 1, {"invoke": "first"}, "com.first"]
        bob < [65, 1, 1]
        alice > [64, 2, {"invoke": "last"}, "com.last"]
        alice < [65, 2, 2]
        bob > [64, 2, {"invoke": "last"}, "com.last"]
        bob < [65, 2, 2]
        alice > [48, 3, {}, "com.first"]
        alice < [68, 1, 1, {}]
        alice > [48, 4, {}, "com.last"]
        bob < [68, 1, 2, {}]
        bob leaves
        alice < [8, 48, 4, {}, "wamp.error.canceled", "*"]
        alice > [48, 5, {}, "com.last"]
        alice < [68, 2, 2, {}]
        "#,
    );
}

#[test]
fn c09_random_reaches_everybody() {
    check(
        r#"
        alice joins
        bob joins
        carol joins
        alice > [64, 1, {"invoke": "random", "concurrency": 1}, "com.x"]
        alice < [65, 1, 1]
        bob > [64, 1, {"invoke": "random", "concurrency": 1}, "com.x"]
        bob < [65, 1, 1]
        alice > [66, 2, 1]
        alice < [67, 2]
        carol > [48, 1, {}, "com.x"]
        bob < [68, 1, 1, {}]
        alice > [64, 3, {"invoke": "random", "concurrency": 1}, "com.x"]
        alice < [65, 3, 1]
        carol > [48, 2, {}, "com.x"]
        alice < [68, 1, 1, {}]
        carol > [48, 3, {}, "com.x"]
        carol < [8, 48, 3, {}, "crossbar.error.max_concurrency_reached", "*"]
        "#,
    );
}

#[test]
fn c09_the_same_session_again_has_the_same_id_and_one_turn() {
    check(
        r#"
        alice joins
        bob joins
        carol joins
        alice > [64, 1, {"invoke": "roundrobin", "concurrency": 1}, "com.x"]
        alice < [65, 1, 1]
        alice > [64, 2, {"invoke": "roundrobin"}, "com.x"]
        alice < [65, 2, 1]
        bob > [64, 1, {"invoke": "roundrobin"}, "com.x"]
        bob < [65, 1, 1]
        carol > [48, 1, {}, "com.x"]
        alice < [68, 1, 1, {}]
        carol > [48, 2, {}, "com.x"]
        bob < [68, 1, 1, {}]
        carol > [48, 3, {}, "com.x"] # alice takes one at a time, as she first said
        bob < [68, 2, 1, {}]
        alice > [66, 3, 1]
        alice < [67, 3]
        alice > [70, 1, {}]
        carol < [50, 1, {}]
        carol > [48, 4, {}, "com.x"]
        bob < [68, 3, 1, {}]
        "#,
    );
}

#[test]
fn c10_p14_sharding_keys_are_ignored() {
    check(
        r#"
        alice joins
        bob joins
        carol joins
        alice > [64, 1, {"invoke": "roundrobin"}, "com.x"]
        alice < [65, 1, 1]
        bob > [64, 1, {"invoke": "roundrobin"}, "com.x"]
        bob < [65, 1, 1]
        carol > [48, 1, {"runmode": "partition", "rkey": "one"}, "com.x"]
        alice < [68, 1, 1, {}]
        carol > [48, 2, {"runmode": "partition", "rkey": "one"}, "com.x"]
        bob < [68, 1, 1, {}]
        alice > [32, 2, {"nkey": "one"}, "com.y"]
        alice < [33, 2, 1]
        bob > [32, 2, {"nkey": "two"}, "com.y"]
        bob < [33, 2, 1]
        carol > [16, 3, {"rkey": "one"}, "com.y"]
        alice < [36, 1, "$p", {}]
        bob < [36, 1, "$p", {}]
        "#,
    );
}

#[test]
fn c09_the_policy_is_that_of_the_first() {
    check(
        r#"
        alice joins
        bob joins
        alice > [64, 1, {"invoke": "roundrobin"}, "com.x"]
        alice < [65, 1, 1]
        bob > [64, 1, {"invoke": "first"}, "com.x"]
        bob < [8, 64, 1, {}, "wamp.error.procedure_exists_with_different_invocation_policy", "*"]
        bob > [64, 2, {}, "com.x"]
        bob < [8, 64, 2, {}, "wamp.error.procedure_exists_with_different_invocation_policy", "*"]
        alice > [66, 2, 1]
        alice < [67, 2]
        bob > [64, 3, {"invoke": "single"}, "com.x"]
        bob < [65, 3, 2]
        alice > [64, 3, {"invoke": "roundrobin"}, "com.x"]
        alice < [8, 64, 3, {}, "wamp.error.procedure_already_exists", "*"]
        "#,
    );
}

#[test]
fn c12_a_busy_callee_is_skipped_and_at_last_calls_are_refused() {
    check(
        r#"
        alice joins
        bob joins
        carol joins
        alice > [64, 1, {"invoke": "roundrobin", "concurrency": 1}, "com.x"]
        alice < [65, 1, 1]
        bob > [64, 1, {"invoke": "roundrobin", "concurrency": 2}, "com.x"]
        bob < [65, 1, 1]
        carol > [48, 1, {}, "com.x"]
        alice < [68, 1, 1, {}]
        carol > [48, 2, {}, "com.x"]
        bob < [68, 1, 1, {}]
        carol > [48, 3, {}, "com.x"]
        bob < [68, 2, 1, {}]
        carol > [48, 4, {}, "com.x"]
        carol < [8, 48, 4, {}, "crossbar.error.max_concurrency_reached", "*"]
        alice > [8, 68, 1, {}, "com.error"]
        carol < [8, 48, 1, {}, "com.error"]
        carol > [48, 5, {}, "com.x"]
        alice < [68, 2, 1, {}]
        "#,
    );
}

#[test]
fn c12_a_place_is_given_back_whatever_ends_the_call() {
    check(
        r#"
        alice joins with callee.call_canceling
        bob joins
        alice > [64, 1, {"concurrency": 1}, "com.x"]
        alice < [65, 1, 1]
        bob > [48, 1, {"timeout": 100}, "com.x"]
        alice < [68, 1, 1, {}]
        wait 100ms
        alice < [69, 1, {"mode": "killnowait"}]
        bob < [8, 48, 1, {}, "wamp.error.timeout", "*"]
        bob > [48, 2, {}, "com.x"]
        alice < [68, 2, 1, {}]
        bob > [49, 2, {"mode": "skip"}]
        bob < [8, 48, 2, {}, "wamp.error.canceled", "*"]
        bob > [48, 3, {}, "com.x"]
        alice < [68, 3, 1, {}]
        bob leaves
        alice < [69, 3, {"mode": "killnowait"}]
        carol joins
        carol > [48, 1, {}, "com.x"]
        alice < [68, 4, 1, {}]
        alice > [70, 4, {}]
        carol < [50, 1, {}]
        carol > [48, 2, {}, "com.x"]
        alice < [68, 5, 1, {}]
        "#,
    );
}

#[test]
fn c12_an_answer_from_an_earlier_stay_frees_no_place_of_a_later_one() {
    check(
        r#"
        alice joins
        bob joins
        bob > [64, 1, {"invoke": "last"}, "com.x"]
        bob < [65, 1, 1]
        alice > [64, 1, {"invoke": "last", "concurrency": 1}, "com.x"]
        alice < [65, 1, 1]
        bob > [48, 2, {}, "com.x"]
        alice < [68, 1, 1, {}]
        alice > [66, 2, 1]
        alice < [67, 2]
        alice > [64, 3, {"invoke": "last", "concurrency": 1}, "com.x"]
        alice < [65, 3, 1]
        bob > [48, 3, {}, "com.x"]
        alice < [68, 2, 1, {}]
        alice > [70, 1, {}]
        bob < [50, 2, {}]
        bob > [48, 4, {}, "com.x"]
        bob < [68, 1, 1, {}]
        "#,
    );
}

#[test]
fn c12_a_concurrency_of_nothing_is_refused() {
    check(
        r#"
        alice joins
        alice > [64, 1, {"concurrency": 0}, "com.x"]
        alice < [8, 64, 1, {}, "wamp.error.invalid_argument", "*"]
        "#,
    );
}
