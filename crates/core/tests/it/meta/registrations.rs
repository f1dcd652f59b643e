use crate::check;

#[test]
fn m04_registrations_are_told() {
    check(
        r#"
        alice joins
        bob joins
        carol joins
        alice > [32, 1, {"match": "prefix"}, "wamp.registration."]
        alice < [33, 1, 1]
        wait 1000ms
        bob > [64, 1, {"invoke": "roundrobin", "match": "wildcard"}, "com..x"]
        bob < [65, 1, 1]
        alice < [36, 1, "*", {"topic": "wamp.registration.on_create"}, [2, {"id": 1, "created": "2026-01-02T03:04:06.678Z", "uri": "com..x", "match": "wildcard", "invoke": "roundrobin"}]]
        alice < [36, 1, "*", {"topic": "wamp.registration.on_register"}, [2, 1]]
        carol > [64, 1, {"invoke": "roundrobin", "match": "wildcard"}, "com..x"]
        carol < [65, 1, 1]
        alice < [36, 1, "*", {"topic": "wamp.registration.on_register"}, [3, 1]]
        bob > [66, 2, 1]
        bob < [67, 2]
        alice < [36, 1, "*", {"topic": "wamp.registration.on_unregister"}, [2, 1]]
        carol > [66, 2, 1]
        carol < [67, 2]
        alice < [36, 1, "*", {"topic": "wamp.registration.on_unregister"}, [3, 1]]
        alice < [36, 1, "*", {"topic": "wamp.registration.on_delete"}, [3, 1]]
        carol > [66, 3, 1]
        carol < [8, 66, 3, {}, "wamp.error.no_such_registration", "*"]
        "#,
    );
}

#[test]
fn m04_the_acting_client_is_answered_first() {
    check(
        r#"
        alice joins
        alice > [32, 1, {"match": "prefix"}, "wamp.registration."]
        alice < [33, 1, 1]
        alice > [64, 2, {}, "com.x"]
        alice < [65, 2, 1]
        alice < [36, 1, "*", {"topic": "wamp.registration.on_create"}, "*"]
        alice < [36, 1, "*", {"topic": "wamp.registration.on_register"}, "*"]
        alice > [64, 3, {}, "com.x"]
        alice < [8, 64, 3, {}, "wamp.error.procedure_already_exists", "*"]
        alice > [66, 4, 1]
        alice < [67, 4]
        alice < [36, 1, "*", {"topic": "wamp.registration.on_unregister"}, [1, 1]]
        alice < [36, 1, "*", {"topic": "wamp.registration.on_delete"}, [1, 1]]
        "#,
    );
}

#[test]
fn m04_a_session_that_ends_is_named() {
    check(
        r#"
        alice joins
        bob joins
        alice > [32, 1, {"match": "prefix"}, "wamp."]
        alice < [33, 1, 1]
        bob > [64, 1, {"invoke": "first"}, "com.x"]
        bob < [65, 1, 1]
        alice < [36, 1, "*", {"topic": "wamp.registration.on_create"}, "*"]
        alice < [36, 1, "*", {"topic": "wamp.registration.on_register"}, "*"]
        bob leaves
        alice < [36, 1, "*", {"topic": "wamp.registration.on_unregister"}, [2, 1]]
        alice < [36, 1, "*", {"topic": "wamp.registration.on_delete"}, [2, 1]]
        alice < [36, 1, "*", {"topic": "wamp.session.on_leave"}, [2, "bob", "anyone"]]
        "#,
    );
}

#[test]
fn m04_c13_eviction_is_told_behind_the_answer() {
    check(
        r#"
        alice joins
        bob joins with callee.registration_revocation
        carol joins
        alice > [32, 1, {"match": "prefix"}, "wamp."]
        alice < [33, 1, 1]
        bob > [64, 1, {"invoke": "first"}, "com.x"]
        bob < [65, 1, 1]
        alice < [36, 1, "*", {"topic": "wamp.registration.on_create"}, "*"]
        alice < [36, 1, "*", {"topic": "wamp.registration.on_register"}, "*"]
        carol > [64, 1, {"invoke": "first"}, "com.x"]
        carol < [65, 1, 1]
        alice < [36, 1, "*", {"topic": "wamp.registration.on_register"}, [3, 1]]
        alice > [64, 2, {"force_reregister": true}, "com.x"]
        bob < [67, 0, {"registration": 1, "reason": "wamp.error.unregistered"}]
        alice < [65, 2, 2]
        alice < [36, 1, "*", {"topic": "wamp.registration.on_unregister"}, [2, 1]]
        alice < [36, 1, "*", {"topic": "wamp.registration.on_unregister"}, [3, 1]]
        alice < [36, 1, "*", {"topic": "wamp.registration.on_delete"}, [3, 1]]
        alice < [36, 1, "*", {"topic": "wamp.registration.on_create"}, [1, {"id": 2, "...": ""}]]
        alice < [36, 1, "*", {"topic": "wamp.registration.on_register"}, [1, 2]]
        "#,
    );
}

#[test]
fn m04_the_reserved_namespace_is_silent() {
    check(
        r#"
        alice joins
        bob joins as trusted
        alice > [32, 1, {"match": "prefix"}, "wamp.registration."]
        alice < [33, 1, 1]
        bob > [64, 1, {}, "wamp.x"]
        bob < [65, 1, 1]
        bob > [66, 2, 1]
        bob < [67, 2]
        alice > [64, 2, {}, "crossbar.x"]
        alice < [65, 2, 2]
        alice < [36, 1, "*", {"topic": "wamp.registration.on_create"}, [1, "*"]]
        alice < [36, 1, "*", {"topic": "wamp.registration.on_register"}, [1, 2]]
        "#,
    );
}

#[test]
fn m04_x04_a_links_other_end_is_left_out() {
    check(
        r#"
        alice joins
        bob joins as trusted
        carol joins
        alice > [32, 1, {"match": "prefix"}, "wamp.registration."]
        alice < [33, 1, 1]
        bob > [32, 1, {"match": "prefix"}, "wamp.registration."]
        bob < [33, 1, 1]
        bob > [64, 2, {"forward_for": [{"session": 7, "authid": "alice", "authrole": "anyone"}]}, "com.x"]
        bob < [65, 2, 1]
        bob < [36, 1, "*", {"topic": "wamp.registration.on_create"}, "*"]
        bob < [36, 1, "*", {"topic": "wamp.registration.on_register"}, "*"]
        carol > [64, 2, {"forward_for": [{"session": 7, "authid": "alice", "authrole": "anyone"}]}, "com.y"]
        carol < [65, 2, 2]
        alice < [36, 1, "*", {"topic": "wamp.registration.on_create"}, "*"]
        bob < [36, 1, "*", {"topic": "wamp.registration.on_create"}, "*"]
        alice < [36, 1, "*", {"topic": "wamp.registration.on_register"}, "*"]
        bob < [36, 1, "*", {"topic": "wamp.registration.on_register"}, "*"]
        "#,
    );
}

#[test]
fn m05_registrations_are_found() {
    check(
        r#"
        alice joins
        bob joins
        alice > [64, 1, {}, "com.x"]
        alice < [65, 1, 1]
        alice > [64, 2, {"match": "prefix"}, "com."]
        alice < [65, 2, 2]
        bob > [64, 1, {"match": "wildcard", "invoke": "random"}, "org..x"]
        bob < [65, 1, 3]
        bob > [48, 2, {}, "wamp.registration.list"]
        bob < [50, 2, {}, [{"exact": [1], "prefix": [2], "wildcard": [3]}]]
        bob > [48, 3, {}, "wamp.registration.list", [1]]
        bob < [50, 3, {}, [{"exact": [1], "prefix": [2], "wildcard": []}]]
        bob > [48, 4, {}, "wamp.registration.list", [77]]
        bob < [8, 48, 4, {}, "wamp.error.no_such_session", "*"]
        bob > [48, 5, {}, "wamp.registration.lookup", ["com.x"]]
        bob < [50, 5, {}, [1]]
        bob > [48, 6, {}, "wamp.registration.lookup", ["com.x", {"match": "prefix"}]]
        bob < [50, 6, {}, [null]]
        bob > [48, 7, {}, "wamp.registration.lookup", ["org..x", {"match": "wildcard"}]]
        bob < [50, 7, {}, [3]]
        bob > [48, 8, {}, "wamp.registration.match", ["com.x"]]
        bob < [50, 8, {}, [1]]
        bob > [48, 9, {}, "wamp.registration.match", ["com.y"]]
        bob < [50, 9, {}, [2]]
        bob > [48, 10, {}, "wamp.registration.match", ["org.a.x"]]
        bob < [50, 10, {}, [3]]
        bob > [48, 11, {}, "wamp.registration.match", ["net.a"]]
        bob < [50, 11, {}, [null]]
        "#,
    );
}

#[test]
fn m05_registrations_are_described() {
    check(
        r#"
        alice joins
        bob joins
        alice > [64, 1, {"invoke": "last"}, "com.x"]
        alice < [65, 1, 1]
        wait 1500ms
        bob > [64, 1, {"invoke": "last"}, "com.x"]
        bob < [65, 1, 1]
        bob > [48, 2, {}, "wamp.registration.get", [1]]
        bob < [50, 2, {}, [{"id": 1, "created": "2026-01-02T03:04:05.678Z", "uri": "com.x", "match": "exact", "invoke": "last"}]]
        bob > [48, 3, {}, "wamp.registration.list_callees", [1]]
        bob < [50, 3, {}, [[1, 2]]]
        bob > [48, 4, {}, "wamp.registration.count_callees", [1]]
        bob < [50, 4, {}, [2]]
        bob > [48, 5, {}, "wamp.registration.get", [7]]
        bob < [8, 48, 5, {}, "wamp.error.no_such_registration", "*"]
        bob > [48, 6, {}, "wamp.registration.list_callees", [7]]
        bob < [8, 48, 6, {}, "wamp.error.no_such_registration", "*"]
        bob > [48, 7, {}, "wamp.registration.count_callees", [7]]
        bob < [8, 48, 7, {}, "wamp.error.no_such_registration", "*"]
        "#,
    );
}

#[test]
fn m05_the_routers_own_are_hidden() {
    check(
        r#"
        alice joins
        bob joins as trusted
        bob > [64, 1, {}, "wamp.x"]
        bob < [65, 1, 1]
        bob > [64, 2, {}, "crossbar.x"]
        bob < [65, 2, 2]
        alice > [48, 1, {}, "wamp.registration.list"]
        alice < [50, 1, {}, [{"exact": [], "prefix": [], "wildcard": []}]]
        alice > [48, 2, {}, "wamp.registration.lookup", ["wamp.x"]]
        alice < [50, 2, {}, [null]]
        alice > [48, 3, {}, "wamp.registration.match", ["crossbar.x"]]
        alice < [50, 3, {}, [null]]
        alice > [48, 4, {}, "wamp.registration.get", [1]]
        alice < [8, 48, 4, {}, "wamp.error.not_authorized", "*"]
        alice > [48, 5, {}, "wamp.registration.count_callees", [2]]
        alice < [8, 48, 5, {}, "wamp.error.not_authorized", "*"]
        alice > [48, 6, {}, "wamp.registration.remove_callee", [2, 2]]
        alice < [8, 48, 6, {}, "wamp.error.not_authorized", "*"]
        alice > [48, 7, {}, "wamp.registration.list", [2]]
        alice < [8, 48, 7, {}, "wamp.error.no_such_session", "*"]
        bob > [48, 3, {}, "wamp.registration.list"]
        bob < [50, 3, {}, [{"exact": [1, 2], "prefix": [], "wildcard": []}]]
        bob > [48, 4, {}, "wamp.registration.get", [2]]
        bob < [50, 4, {}, [{"uri": "crossbar.x", "...": ""}]]
        "#,
    );
}

#[test]
fn c08_a_registration_is_taken_away() {
    check(
        r#"
        alice joins
        bob joins with callee.registration_revocation
        carol joins
        bob > [64, 1, {"invoke": "first"}, "com.x"]
        bob < [65, 1, 1]
        carol > [64, 1, {"invoke": "first"}, "com.x"]
        carol < [65, 1, 1]
        alice > [32, 1, {"match": "prefix"}, "wamp.registration."]
        alice < [33, 1, 1]
        alice > [48, 1, {}, "wamp.registration.remove_callee", [1, 2, "moving on"]]
        alice < [50, 1, {}, [null]]
        bob < [67, 0, {"registration": 1, "reason": "moving on"}]
        alice < [36, 1, "*", {"topic": "wamp.registration.on_unregister"}, [2, 1]]
        alice > [48, 2, {}, "wamp.registration.remove_callee", [1, 2]]
        alice < [8, 48, 2, {}, "wamp.error.no_such_registration", "*"]
        alice > [48, 3, {}, "wamp.registration.remove_callee", [1, 3]]
        alice < [50, 3, {}, [null]]
        alice < [36, 1, "*", {"topic": "wamp.registration.on_unregister"}, [3, 1]]
        alice < [36, 1, "*", {"topic": "wamp.registration.on_delete"}, [3, 1]]
        alice > [48, 4, {}, "wamp.registration.remove_callee", [1, 3]]
        alice < [8, 48, 4, {}, "wamp.error.no_such_registration", "*"]
        alice > [48, 5, {}, "com.x"]
        alice < [8, 48, 5, {}, "wamp.error.no_such_procedure", "*"]
        bob > [66, 2, 1]
        bob < [8, 66, 2, {}, "wamp.error.no_such_registration", "*"]
        "#,
    );
}

#[test]
fn c08_a_revocation_lets_calls_in_flight_end() {
    check(
        r#"
        alice joins
        bob joins
        bob > [64, 1, {"concurrency": 1}, "com.x"]
        bob < [65, 1, 1]
        alice > [48, 1, {}, "com.x"]
        bob < [68, 1, 1, {}]
        alice > [48, 2, {}, "wamp.registration.remove_callee", [1, 2]]
        alice < [50, 2, {}, [null]]
        bob > [70, 1, {}, ["done"]]
        alice < [50, 1, {}, ["done"]]
        "#,
    );
}
