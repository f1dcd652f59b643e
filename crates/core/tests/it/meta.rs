use crate::check;

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
        "#,
    );
}

#[test]
fn m08_wrong_arguments_are_invalid() {
    check(
        r#"
        alice joins
        alice > [48, 1, {}, "wamp.session.count", ["guest"]]
        alice < [8, 48, 1, {}, "wamp.error.invalid_argument", "*"]
        alice > [48, 2, {}, "wamp.session.count", [["guest"], 2]]
        alice < [8, 48, 2, {}, "wamp.error.invalid_argument", "*"]
        alice > [48, 3, {}, "wamp.session.count", [], {"roles": []}]
        alice < [8, 48, 3, {}, "wamp.error.invalid_argument", "*"]
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
        alice < [36, 1, "*", {}, [{"session": 2, "authid": "bob", "authrole": "anyone", "...": ""}]]
        bob leaves
        alice < [36, 2, "*", {}, [2, "bob", "anyone"]]
        carol joins
        alice < [36, 1, "*", {}, "*"]
        carol > [6, {}, "wamp.close.normal"]
        carol < [6, {}, "wamp.close.goodbye_and_out"]
        carol < kept
        alice < [36, 2, "*", {}, [3, "carol", "anyone"]]
        "#,
    );
}
