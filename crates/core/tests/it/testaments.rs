use crossbar_testkit::stage::check_compat;

use crate::check;

#[test]
fn p12_testaments_are_published_when_the_session_is_lost() {
    check(
        r#"
        alice joins
        bob joins
        alice > [32, 1, {}, "com.will"]
        alice < [33, 1, 1]
        alice > [32, 2, {}, "wamp.session.on_leave"]
        alice < [33, 2, 2]
        bob > [48, 1, {}, "wamp.session.add_testament", ["com.will", ["destroyed 1"], {"k": 1}]]
        bob < [50, 1, {}, ["$d1"]]
        bob > [48, 2, {}, "wamp.session.add_testament", ["com.will", ["detached 1"], {}], {"scope": "detached"}]
        bob < [50, 2, {}, ["$t1"]]
        bob > [48, 3, {}, "wamp.session.add_testament", ["com.will", ["destroyed 2"], {}], {"scope": "destroyed"}]
        bob < [50, 3, {}, ["$d2"]]
        bob > [48, 4, {}, "wamp.session.add_testament", ["com.will", [], {}, {}, "detached"]]
        bob < [50, 4, {}, ["$t2"]]
        bob leaves
        alice < [36, 1, "$t1", {}, ["detached 1"]]
        alice < [36, 1, "$t2", {}]
        alice < [36, 1, "$d1", {}, ["destroyed 1"], {"k": 1}]
        alice < [36, 1, "$d2", {}, ["destroyed 2"]]
        alice < [36, 2, "*", {}, [2, "bob", "anyone"]]
        "#,
    );
}

#[test]
fn p12_testaments_are_published_after_goodbye_abort_and_violations() {
    check(
        r#"
        alice joins
        alice > [32, 1, {}, "com.will"]
        alice < [33, 1, 1]
        bob joins
        bob > [48, 1, {}, "wamp.session.add_testament", ["com.will", ["goodbye"], {}]]
        bob < [50, 1, {}, ["*"]]
        bob > [6, {}, "wamp.close.normal"]
        bob < [6, {}, "wamp.close.goodbye_and_out"]
        bob < kept
        alice < [36, 1, "*", {}, ["goodbye"]]
        carol joins
        carol > [48, 1, {}, "wamp.session.add_testament", ["com.will", ["abort"], {}]]
        carol < [50, 1, {}, ["*"]]
        carol > [3, {}, "com.error"]
        carol < closed
        alice < [36, 1, "*", {}, ["abort"]]
        dave joins
        dave > [48, 1, {}, "wamp.session.add_testament", ["com.will", ["violation"], {}]]
        dave < [50, 1, {}, ["*"]]
        dave > [33, 1, 1]
        dave < [3, {"message": "*"}, "wamp.error.protocol_violation"]
        dave < closed
        alice < [36, 1, "*", {}, ["violation"]]
        "#,
    );
}

#[test]
fn p12_a_killed_session_leaves_its_testaments_at_once() {
    check(
        r#"
        alice joins
        bob joins
        alice > [32, 1, {}, "com.will"]
        alice < [33, 1, 1]
        bob > [48, 1, {}, "wamp.session.add_testament", ["com.will", ["killed"], {}]]
        bob < [50, 1, {}, ["*"]]
        alice > [48, 2, {}, "wamp.session.kill", [2]]
        alice < [50, 2, {}, [null]]
        bob < [6, "*", "*"]
        alice < [36, 1, "*", {}, ["killed"]]
        bob > [6, {}, "wamp.close.goodbye_and_out"]
        bob < kept
        "#,
    );
}

#[test]
fn p12_nothing_is_left_when_all_are_killed() {
    check(
        r#"
        node joins as trusted
        alice joins
        bob joins
        node > [32, 1, {}, "com.will"]
        node < [33, 1, 1]
        bob > [48, 1, {}, "wamp.session.add_testament", ["com.will", ["killed"], {}]]
        bob < [50, 1, {}, ["*"]]
        alice > [48, 1, {}, "wamp.session.kill_all"]
        alice < [50, 1, {}, "*"]
        bob < [6, "*", "*"]
        bob > [6, {}, "wamp.close.goodbye_and_out"]
        bob < kept
        "#,
    );
}

#[test]
fn p12_a_flushed_scope_is_not_published() {
    check(
        r#"
        alice joins
        bob joins
        alice > [32, 1, {}, "com.will"]
        alice < [33, 1, 1]
        bob > [48, 1, {}, "wamp.session.flush_testaments"]
        bob < [50, 1, {}, [0]]
        bob > [48, 2, {}, "wamp.session.add_testament", ["com.will", ["destroyed"], {}]]
        bob < [50, 2, {}, ["*"]]
        bob > [48, 3, {}, "wamp.session.add_testament", ["com.will", ["destroyed, too"], {}]]
        bob < [50, 3, {}, ["*"]]
        bob > [48, 4, {}, "wamp.session.add_testament", ["com.will", ["detached"], {}], {"scope": "detached"}]
        bob < [50, 4, {}, ["*"]]
        bob > [48, 5, {}, "wamp.session.flush_testaments"]
        bob < [50, 5, {}, [2]]
        bob leaves
        alice < [36, 1, "*", {}, ["detached"]]
        carol joins
        carol > [48, 1, {}, "wamp.session.add_testament", ["com.will", ["detached"], {}], {"scope": "detached"}]
        carol < [50, 1, {}, ["*"]]
        carol > [48, 2, {}, "wamp.session.flush_testaments", ["detached"]]
        carol < [50, 2, {}, [1]]
        carol leaves
        "#,
    );
}

#[test]
fn p12_the_options_are_those_of_a_publication() {
    check(
        r#"
        alice joins
        bob joins
        carol joins
        alice > [32, 1, {}, "com.will"]
        alice < [33, 1, 1]
        bob > [32, 1, {}, "com.will"]
        bob < [33, 1, 1]
        carol > [32, 1, {}, "com.will"]
        carol < [33, 1, 1]
        carol > [48, 1, {}, "wamp.session.add_testament", ["com.will", ["to bob"], {}], {"publish_options": {"eligible": [2], "acknowledge": true, "exclude_me": false, "nonsense": 1}}]
        carol < [50, 1, {}, ["*"]]
        carol > [48, 2, {}, "wamp.session.add_testament", ["com.will", ["disclosed"], {}], {"publish_options": {"exclude_authid": ["bob"], "disclose_me": true, "retain": true, "transaction_hash": "0x1"}}]
        carol < [50, 2, {}, ["*"]]
        carol > [48, 3, {}, "wamp.session.add_testament", ["com.will", ["forged"], {}], {"publish_options": {"forward_for": [{"session": 1, "authid": "root", "authrole": "trusted"}]}}]
        carol < [50, 3, {}, ["*"]]
        carol leaves
        bob < [36, 1, "*", {}, ["to bob"]]
        alice < [36, 1, "*", {"publisher": 3, "publisher_authid": "carol", "publisher_authrole": "anyone", "transaction_hash": "0x1"}, ["disclosed"]]
        alice < [36, 1, "*", {}, ["forged"]]
        bob < [36, 1, "*", {}, ["forged"]]
        alice > [32, 2, {"get_retained": true}, "com.will"]
        alice < [33, 2, 1]
        alice < [36, 1, "*", {"...": 1, "retained": true, "publisher": 3}, ["disclosed"]]
        "#,
    );
}

#[test]
fn p12_the_role_is_asked_when_adding_and_when_publishing() {
    check(
        r#"
        role guest {"permissions": [{"uri": "com.mine", "allow": ["publish"]}, {"uri": "wamp.", "match": "prefix", "allow": ["call"]}]}
        alice joins
        bob joins as guest
        alice > [32, 1, {"match": "prefix"}, "com."]
        alice < [33, 1, 1]
        bob > [48, 1, {}, "wamp.session.add_testament", ["com.other", [], {}]]
        bob < [8, 48, 1, {}, "wamp.error.not_authorized", "*"]
        bob > [48, 2, {}, "wamp.session.add_testament", ["com.mine", [1], {}]]
        bob < [50, 2, {}, ["*"]]
        bob > [48, 3, {}, "wamp.session.add_testament", ["wamp.session.on_leave", [1], {}]]
        bob < [8, 48, 3, {}, "wamp.error.invalid_uri", "*"]
        bob > [48, 4, {}, "wamp.session.add_testament", ["com. mine", [1], {}]]
        bob < [8, 48, 4, {}, "wamp.error.invalid_uri", "*"]
        role guest {"permissions": []}
        bob leaves
        "#,
    );
}

#[test]
fn p12_what_cannot_be_published_is_refused() {
    check(
        r#"
        alice joins
        alice > [48, 1, {}, "wamp.session.add_testament"]
        alice < [8, 48, 1, {}, "wamp.error.invalid_argument", "*"]
        alice > [48, 2, {}, "wamp.session.add_testament", ["com.x", "args", {}]]
        alice < [8, 48, 2, {}, "wamp.error.invalid_argument", "*"]
        alice > [48, 3, {}, "wamp.session.add_testament", ["com.x", [], []]]
        alice < [8, 48, 3, {}, "wamp.error.invalid_argument", "*"]
        alice > [48, 4, {}, "wamp.session.add_testament", ["com.x", [], {}], {"publish_options": {"eligible": 5}}]
        alice < [8, 48, 4, {}, "wamp.error.invalid_argument", "*"]
        alice > [48, 5, {}, "wamp.session.add_testament", ["com.x", [], {}], {"scope": "forever"}]
        alice < [8, 48, 5, {}, "wamp.error.invalid_argument", "*"]
        alice > [48, 6, {}, "wamp.session.add_testament", ["com.x", [], {}], {"options": {}}]
        alice < [8, 48, 6, {}, "wamp.error.invalid_argument", "*"]
        alice > [48, 7, {}, "wamp.session.flush_testaments", [1]]
        alice < [8, 48, 7, {}, "wamp.error.invalid_argument", "*"]
        alice > [48, 8, {}, "wamp.session.flush_testaments"]
        alice < [50, 8, {}, [0]]
        "#,
    );
}

#[test]
fn p12_a_session_has_a_hundred_testaments_at_most() {
    let mut script = String::from("alice joins\n");
    for _ in 0..100 {
        script += r#"
        alice > [48, 1, {}, "wamp.session.add_testament", ["com.x", [], {}]]
        alice < [50, 1, {}, ["*"]]
        "#;
    }
    script += r#"
        alice > [48, 1, {}, "wamp.session.add_testament", ["com.x", [], {}]]
        alice < [8, 48, 1, {}, "wamp.error.testament_error", "*"]
        alice > [48, 2, {}, "wamp.session.flush_testaments"]
        alice < [50, 2, {}, [100]]
        alice > [48, 3, {}, "wamp.session.add_testament", ["com.x", [], {}]]
        alice < [50, 3, {}, ["*"]]
        "#;
    check(&script);
}

#[test]
fn p12_the_testaments_of_a_session_are_a_mebibyte_at_most() {
    let half = "x".repeat(600_000);
    let add = format!(
        r#"alice > [48, 1, {{}}, "wamp.session.add_testament", ["com.x", ["{half}"], {{}}]]"#
    );
    check(&format!(
        r#"
        alice joins
        {add}
        alice < [50, 1, {{}}, ["*"]]
        {add}
        alice < [8, 48, 1, {{}}, "wamp.error.testament_error", "*"]
        alice > [48, 2, {{}}, "wamp.session.flush_testaments"]
        alice < [50, 2, {{}}, [1]]
        {add}
        alice < [50, 1, {{}}, ["*"]]
        "#
    ));
}

#[test]
fn p12_crossbars_errors_with_compat() {
    check_compat(
        r#"
        role guest {"permissions": [{"uri": "wamp.", "match": "prefix", "allow": ["call"]}]}
        alice joins as guest
        alice > [48, 1, {}, "wamp.session.add_testament", ["com.x", [], {}], {"scope": "forever"}]
        alice < [8, 48, 1, {}, "wamp.error.testament_error", "*"]
        alice > [48, 2, {}, "wamp.session.flush_testaments", ["forever"]]
        alice < [8, 48, 2, {}, "wamp.error.testament_error", "*"]
        alice > [48, 3, {}, "wamp.session.add_testament", ["com.x", [], {}]]
        alice < [50, 3, {}, ["*"]]
        "#,
    );
}
