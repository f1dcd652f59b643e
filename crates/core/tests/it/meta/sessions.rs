use crate::check;
use crate::stage::check_compat;

#[test]
fn m02_sessions_are_counted_and_listed_by_role() {
    check(
        r#"
        role guest {"permissions": [{"uri": "wamp.", "match": "prefix", "allow": ["call"]}]}
        alice joins
        bob joins as guest
        carol joins as trusted
        alice > [48, 1, {}, "wamp.session.count"]
        alice < [50, 1, {}, [2]]
        bob > [48, 1, {}, "wamp.session.list"]
        bob < [50, 1, {}, [[1, 2]]]
        bob > [48, 2, {}, "wamp.session.list", [["guest"]]]
        bob < [50, 2, {}, [[2]]]
        bob > [48, 3, {}, "wamp.session.list", [], {"filter_authroles": ["anyone", "nobody"]}]
        bob < [50, 3, {}, [[1]]]
        carol > [48, 1, {}, "wamp.session.list"]
        carol < [50, 1, {}, [[1, 2, 3]]]
        "#,
    );
}

#[test]
fn m02_a_session_is_described() {
    check(
        r#"
        alice joins
        bob joins as trusted
        alice > [48, 1, {}, "wamp.session.get", [1]]
        alice < [50, 1, {}, [{"realm": "realm1", "session": 1, "authid": "alice", "authrole": "anyone", "authmethod": "", "authprovider": "", "authextra": {}, "serializer": "json", "transport": {"channel_type": "tcp", "channel_framing": "rawsocket", "channel_serializer": "json", "is_server": true, "is_secure": false, "peer": "tcp4:127.0.0.1:50000"}}]]
        alice > [48, 2, {}, "wamp.session.get", [2]]
        alice < [8, 48, 2, {}, "wamp.error.no_such_session", "*"]
        alice > [48, 3, {}, "wamp.session.get", [77]]
        alice < [8, 48, 3, {}, "wamp.error.no_such_session", "*"]
        bob > [48, 1, {}, "wamp.session.get", [2]]
        bob < [50, 1, {}, [{"session": 2, "authid": "bob", "...": ""}]]
        "#,
    );
}

#[test]
fn m01_joining_and_leaving_is_told() {
    check(
        r#"
        alice joins
        alice > [32, 1, {}, "wamp.session.on_join"]
        alice < [33, 1, 1]
        alice > [32, 2, {}, "wamp.session.on_leave"]
        alice < [33, 2, 2]
        bob joins
        alice < [36, 1, "*", {}, [{"realm": "realm1", "session": 2, "authid": "bob", "authrole": "anyone", "authmethod": "", "authprovider": "", "authextra": {}, "serializer": "json", "transport": {"peer": "tcp4:127.0.0.1:50000", "...": ""}}]]
        bob leaves
        alice < [36, 2, "*", {}, [2, "bob", "anyone"]]
        carol joins
        alice < [36, 1, "*", {}, "*"]
        carol > [6, {}, "wamp.close.normal"]
        carol < [6, {}, "wamp.close.goodbye_and_out"]
        carol < kept
        alice < [36, 2, "*", {}, [3, "carol", "anyone"]]
        dave joins
        alice < [36, 1, "*", {}, "*"]
        dave > [2, 1, {}]
        dave < [3, "*", "wamp.error.protocol_violation"]
        dave < closed
        alice < [36, 2, "*", {}, [4, "dave", "anyone"]]
        erin joins as trusted
        erin leaves
        "#,
    );
}

#[test]
fn compat_leaving_tells_the_session_only() {
    check_compat(
        r#"
        alice joins
        alice > [32, 1, {}, "wamp.session.on_leave"]
        alice < [33, 1, 1]
        bob joins
        bob leaves
        alice < [36, 1, "*", {}, [2]]
        "#,
    );
}

#[test]
fn m01_a_realm_that_closes_tells_nobody_who_leaves() {
    check(
        r#"
        alice joins
        bob joins
        alice > [32, 1, {"match": "prefix"}, "wamp."]
        alice < [33, 1, 1]
        bob > [32, 1, {"match": "prefix"}, "wamp."]
        bob < [33, 1, 1]
        bob > [64, 2, {}, "com.x"]
        bob < [65, 2, 1]
        alice < [36, 1, "*", {"topic": "wamp.registration.on_create"}, "*"]
        bob < [36, 1, "*", {"topic": "wamp.registration.on_create"}, "*"]
        alice < [36, 1, "*", {"topic": "wamp.registration.on_register"}, "*"]
        bob < [36, 1, "*", {"topic": "wamp.registration.on_register"}, "*"]
        realm closes wamp.close.close_realm
        alice < [6, {}, "wamp.close.close_realm"]
        bob < [6, {}, "wamp.close.close_realm"]
        alice > [6, {}, "wamp.close.goodbye_and_out"]
        alice < kept
        wait 5000ms
        bob < closed
        "#,
    );
}

#[test]
fn m08_more_arguments_than_are_read_are_refused() {
    let roles = vec!["\"\""; 700_000].join(",");
    check(&format!(
        r#"
        alice joins
        alice > [48, 1, {{}}, "wamp.session.list", [["guest"{}, "anyone"]]]
        alice < [50, 1, {{}}, [[1]]]
        alice > [48, 2, {{}}, "wamp.session.list", [[{roles}]]]
        alice < [8, 48, 2, {{}}, "wamp.error.invalid_argument", "*"]
        "#,
        ", \"other\"".repeat(1000)
    ));
}
