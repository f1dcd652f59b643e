use crate::check;
use crate::stage::check_compat;

#[test]
fn m03_a_session_is_killed() {
    check(
        r#"
        alice joins
        bob joins
        carol joins
        alice > [32, 1, {}, "wamp.session.on_leave"]
        alice < [33, 1, 1]
        bob > [64, 1, {}, "com.x"]
        bob < [65, 1, 1]
        carol > [48, 1, {}, "com.x"]
        bob < [68, 1, 1, {}]
        alice > [48, 1, {}, "wamp.session.kill", [2]]
        alice < [50, 1, {}, [null]]
        bob < [6, {}, "wamp.close.killed"]
        carol < [8, 48, 1, {}, "wamp.error.canceled", "*"]
        alice < [36, 1, "*", {}, [2, "bob", "anyone"]]
        alice > [48, 2, {}, "wamp.session.kill", [2]]
        alice < [8, 48, 2, {}, "wamp.error.no_such_session", "*"]
        alice > [48, 3, {}, "wamp.session.list"]
        alice < [50, 3, {}, [[1, 3]]]
        alice > [48, 4, {}, "wamp.session.get", [2]]
        alice < [8, 48, 4, {}, "wamp.error.no_such_session", "*"]
        bob > [48, 2, {}, "wamp.session.count"]
        bob > [6, {}, "wamp.close.goodbye_and_out"]
        bob < kept
        "#,
    );
}

#[test]
fn m03_a_victim_learns_reason_and_message() {
    check(
        r#"
        alice joins
        bob joins
        carol joins
        alice > [48, 1, {}, "wamp.session.kill", [2], {"reason": "com.app.kicked", "message": "go away"}]
        alice < [50, 1, {}, [null]]
        bob < [6, {"message": "go away"}, "com.app.kicked"]
        alice > [48, 2, {}, "wamp.session.kill", [3, "com.app.kicked", "you, too"]]
        alice < [50, 2, {}, [null]]
        carol < [6, {"message": "you, too"}, "com.app.kicked"]
        bob leaves
        carol leaves
        "#,
    );
}

#[test]
fn m03_a_victim_that_is_silent_loses_its_transport() {
    check(
        r#"
        alice joins
        bob joins
        alice > [32, 1, {}, "wamp.session.on_leave"]
        alice < [33, 1, 1]
        alice > [48, 1, {}, "wamp.session.kill", [2]]
        alice < [50, 1, {}, [null]]
        bob < [6, {}, "wamp.close.killed"]
        alice < [36, 1, "*", {}, [2, "bob", "anyone"]]
        wait 4999ms
        wait 1ms
        bob < closed
        "#,
    );
}

#[test]
fn m03_nobody_kills_itself_or_the_nodes_own() {
    check(
        r#"
        alice joins
        bob joins as trusted
        alice > [48, 1, {}, "wamp.session.kill", [1]]
        alice < [8, 48, 1, {}, "wamp.error.no_such_session", "*"]
        alice > [48, 2, {}, "wamp.session.kill", [2]]
        alice < [8, 48, 2, {}, "wamp.error.no_such_session", "*"]
        alice > [48, 3, {}, "wamp.session.kill_by_authid", ["alice"]]
        alice < [50, 3, {}, [[]]]
        alice > [48, 4, {}, "wamp.session.kill_by_authrole", ["anyone"]]
        alice < [50, 4, {}, [0]]
        alice > [48, 5, {}, "wamp.session.kill_by_authrole", ["trusted"]]
        alice < [50, 5, {}, [0]]
        alice > [48, 6, {}, "wamp.session.kill_all"]
        alice < [50, 6, {}, [0]]
        "#,
    );
}

#[test]
fn m03_reasons_are_uris() {
    check(
        r#"
        alice joins
        bob joins
        alice > [48, 1, {}, "wamp.session.kill", [2], {"reason": "no more"}]
        alice < [8, 48, 1, {}, "wamp.error.invalid_uri", "*"]
        alice > [48, 2, {}, "wamp.session.kill_by_authid", ["bob"], {"reason": ""}]
        alice < [8, 48, 2, {}, "wamp.error.invalid_uri", "*"]
        alice > [48, 3, {}, "wamp.session.kill_by_authrole", ["anyone"], {"reason": "a..b"}]
        alice < [8, 48, 3, {}, "wamp.error.invalid_uri", "*"]
        alice > [48, 4, {}, "wamp.session.kill_all", [], {"reason": "a b"}]
        alice < [8, 48, 4, {}, "wamp.error.invalid_uri", "*"]
        "#,
    );
}

#[test]
fn m03_sessions_are_killed_by_authid_and_authrole() {
    check(
        r#"
        role guest {"permissions": []}
        alice joins
        bob joins as guest
        carol joins as guest
        dave joins
        alice > [32, 1, {}, "wamp.session.on_leave"]
        alice < [33, 1, 1]
        alice > [48, 1, {}, "wamp.session.kill_by_authid", ["dave"], {"message": "bye"}]
        alice < [50, 1, {}, [[4]]]
        dave < [6, {"message": "bye"}, "wamp.close.killed"]
        alice < [36, 1, "*", {}, [4, "dave", "anyone"]]
        alice > [48, 2, {}, "wamp.session.kill_by_authrole", ["guest"]]
        alice < [50, 2, {}, [2]]
        bob < [6, {}, "wamp.close.killed"]
        carol < [6, {}, "wamp.close.killed"]
        alice < [36, 1, "*", {}, [2, "bob", "guest"]]
        alice < [36, 1, "*", {}, [3, "carol", "guest"]]
        bob leaves
        carol leaves
        dave leaves
        "#,
    );
}

#[test]
fn m03_kill_all_is_silent() {
    check(
        r#"
        alice joins
        bob joins
        carol joins
        dave joins as trusted
        alice > [32, 1, {"match": "prefix"}, "wamp."]
        alice < [33, 1, 1]
        carol > [32, 1, {"match": "prefix"}, "wamp."]
        carol < [33, 1, 1]
        bob > [64, 1, {}, "com.x"]
        bob < [65, 1, 1]
        alice < [36, 1, "*", {"topic": "wamp.registration.on_create"}, "*"]
        carol < [36, 1, "*", {"topic": "wamp.registration.on_create"}, "*"]
        alice < [36, 1, "*", {"topic": "wamp.registration.on_register"}, "*"]
        carol < [36, 1, "*", {"topic": "wamp.registration.on_register"}, "*"]
        alice > [48, 1, {}, "wamp.session.kill_all", [], {"reason": "com.app.closing"}]
        alice < [50, 1, {}, [2]]
        bob < [6, {}, "com.app.closing"]
        carol < [6, {}, "com.app.closing"]
        bob > [6, {}, "wamp.close.goodbye_and_out"]
        bob < kept
        carol leaves
        alice > [48, 2, {}, "com.x"]
        alice < [8, 48, 2, {}, "wamp.error.no_such_procedure", "*"]
        "#,
    );
}

#[test]
fn compat_kills_are_as_with_crossbar() {
    check_compat(
        r#"
        role guest {"permissions": []}
        alice joins
        bob joins as guest
        carol joins
        alice > [48, 1, {}, "wamp.session.kill_by_authrole", ["guest"]]
        alice < [50, 1, "*", [[2]]]
        bob < [6, {}, "wamp.close.normal"]
        alice > [48, 2, {}, "wamp.session.kill", [3, "enough is enough"]]
        alice < [50, 2, "*", [null]]
        carol < [6, {}, "enough is enough"]
        alice > [48, 3, {}, "wamp.session.kill_by_authid", ["alice"]]
        alice < [50, 3, "*", [[1]]]
        alice < [6, {}, "wamp.close.normal"]
        alice > [6, {}, "wamp.close.goodbye_and_out"]
        alice < kept
        bob leaves
        carol leaves
        "#,
    );
}

#[test]
fn m03_victims_learn_nothing_of_each_others_end() {
    check(
        r#"
        role guest {"permissions": [{"uri": "", "match": "prefix", "allow": ["call", "register", "publish", "subscribe"]}]}
        alice joins
        bob joins as guest
        carol joins as guest
        alice > [32, 1, {}, "wamp.session.on_leave"]
        alice < [33, 1, 1]
        bob > [32, 1, {}, "wamp.session.on_leave"]
        bob < [33, 1, 1]
        carol > [32, 1, {}, "wamp.session.on_leave"]
        carol < [33, 1, 1]
        carol > [64, 1, {}, "com.x"]
        carol < [65, 1, 1]
        alice > [32, 2, {}, "wamp.registration.on_delete"]
        alice < [33, 2, 2]
        alice > [48, 1, {}, "wamp.session.kill_by_authrole", ["guest"]]
        alice < [50, 1, {}, [2]]
        bob < [6, {}, "wamp.close.killed"]
        carol < [6, {}, "wamp.close.killed"]
        alice < [36, 1, "*", {}, [2, "bob", "guest"]]
        alice < [36, 2, "*", {}, [3, 1]]
        alice < [36, 1, "*", {}, [3, "carol", "guest"]]
        "#,
    );
}
