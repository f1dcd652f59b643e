use crate::check;

/// What a guest may do in these conversations.
const GUEST: &str = r#"role guest {"permissions": [{"uri": "com.open.", "match": "prefix", "allow": ["call", "subscribe"]}, {"uri": "wamp.reflection.", "match": "prefix", "allow": ["call"]}, {"uri": "wamp.reflect.", "match": "prefix", "allow": ["call", "subscribe"]}]}"#;

fn check_with_guest(script: &str) {
    check(&format!("{GUEST}\n{script}"));
}

#[test]
fn x01_procedures_are_listed_for_those_who_may_call_them() {
    check_with_guest(
        r#"
        alice joins
        bob joins as guest
        alice > [64, 1, {}, "com.open.b"]
        alice < [65, 1, 1]
        alice > [64, 2, {"match": "prefix", "invoke": "first"}, "com.open.a"]
        alice < [65, 2, 2]
        alice > [64, 3, {}, "com.secret"]
        alice < [65, 3, 3]
        bob > [48, 1, {}, "wamp.reflection.procedure.list"]
        bob < [50, 1, {}, [[{"uri": "com.open.a", "match": "prefix"}, {"uri": "com.open.b", "match": "exact"}, {"uri": "wamp.reflect.define", "match": "exact"}, {"uri": "wamp.reflect.describe", "match": "exact"}, {"uri": "wamp.reflection.error.describe", "match": "exact"}, {"uri": "wamp.reflection.error.list", "match": "exact"}, {"uri": "wamp.reflection.procedure.describe", "match": "exact"}, {"uri": "wamp.reflection.procedure.list", "match": "exact"}, {"uri": "wamp.reflection.topic.describe", "match": "exact"}, {"uri": "wamp.reflection.topic.list", "match": "exact"}]]]
        bob > [48, 2, {}, "wamp.reflection.procedure.describe", ["com.open.b"]]
        bob < [50, 2, {}, [{"id": 1, "created": "2026-01-02T03:04:05.678Z", "uri": "com.open.b", "match": "exact", "invoke": "single", "callees": 1}]]
        bob > [48, 3, {}, "wamp.reflection.procedure.describe", ["com.open.a", {"match": "prefix"}]]
        bob < [50, 3, {}, [{"id": 2, "invoke": "first", "...": ""}]]
        bob > [48, 4, {}, "wamp.reflection.procedure.describe", ["com.open.abc"]]
        bob < [50, 4, {}, [{"id": 2, "uri": "com.open.a", "...": ""}]]
        bob > [48, 5, {}, "wamp.reflection.procedure.describe", ["com.secret"]]
        bob < [50, 5, {}, [null]]
        bob > [48, 6, {}, "wamp.reflection.procedure.describe", ["com.open.c"]]
        bob < [50, 6, {}, [null]]
        bob > [48, 7, {}, "wamp.reflection.procedure.describe", ["wamp.reflect.define"]]
        bob < [50, 7, {}, [{"uri": "wamp.reflect.define", "match": "exact", "provider": "router"}]]
        bob > [48, 8, {}, "wamp.reflection.procedure.describe", ["wamp.session.kill_all"]]
        bob < [50, 8, {}, [null]]
        bob > [48, 9, {}, "wamp.reflection.procedure.describe"]
        bob < [8, 48, 9, {}, "wamp.error.invalid_argument", "*"]
        "#,
    );
}

#[test]
fn x01_topics_are_listed_for_those_who_may_subscribe() {
    check_with_guest(
        r#"
        alice joins
        bob joins as guest
        alice > [32, 1, {}, "com.open.b"]
        alice < [33, 1, 1]
        alice > [32, 2, {}, "com.secret"]
        alice < [33, 2, 2]
        alice > [32, 3, {}, "wamp.session.on_join"]
        alice < [33, 3, 3]
        bob > [48, 1, {}, "wamp.reflection.topic.list"]
        bob < [50, 1, {}, [[{"uri": "com.open.b", "match": "exact"}, {"uri": "wamp.reflect.on_define", "match": "exact"}, {"uri": "wamp.reflect.on_undefine", "match": "exact"}]]]
        bob > [48, 2, {}, "wamp.reflection.topic.describe", ["com.open.b"]]
        bob < [50, 2, {}, [{"id": 1, "created": "2026-01-02T03:04:05.678Z", "uri": "com.open.b", "match": "exact", "subscribers": 1}]]
        bob > [48, 3, {}, "wamp.reflection.topic.describe", ["com.secret"]]
        bob < [50, 3, {}, [null]]
        bob > [48, 4, {}, "wamp.reflection.topic.describe", ["wamp.session.on_join"]]
        bob < [50, 4, {}, [null]]
        alice > [48, 4, {}, "wamp.reflection.topic.describe", ["wamp.session.on_join"]]
        alice < [50, 4, {}, [{"uri": "wamp.session.on_join", "match": "exact", "provider": "router"}]]
        "#,
    );
}

#[test]
fn x01_errors_are_described() {
    check_with_guest(
        r#"
        bob joins as guest
        bob > [48, 1, {}, "wamp.reflection.error.describe", ["wamp.error.timeout"]]
        bob < [50, 1, {}, [{"uri": "wamp.error.timeout", "description": "*", "provider": "router"}]]
        bob > [48, 2, {}, "wamp.reflection.error.describe", ["com.app.error"]]
        bob < [50, 2, {}, [null]]
        bob > [48, 3, {}, "wamp.reflection.error.list", [1]]
        bob < [8, 48, 3, {}, "wamp.error.invalid_argument", "*"]
        "#,
    );
}

#[test]
fn x01_what_sessions_define_lasts_as_long_as_they() {
    check_with_guest(
        r#"
        alice joins
        bob joins as guest
        bob > [32, 1, {"match": "prefix"}, "wamp.reflect."]
        bob < [33, 1, 1]
        alice > [48, 1, {}, "wamp.reflect.define", ["com.open.sum", {"args": ["int", "int"]}]]
        alice < [50, 1, {}, [null]]
        bob < [36, 1, "*", {"topic": "wamp.reflect.on_define"}, ["com.open.sum", {"args": ["int", "int"]}]]
        bob > [48, 1, {}, "wamp.reflect.describe", ["com.open.sum"]]
        bob < [50, 1, {}, [{"args": ["int", "int"]}]]
        bob > [48, 2, {}, "wamp.reflection.procedure.describe", ["com.open.sum"]]
        bob < [50, 2, {}, [{"uri": "com.open.sum", "schema": {"args": ["int", "int"]}}]]
        alice > [64, 2, {}, "com.open.sum"]
        alice < [65, 2, 1]
        bob > [48, 3, {}, "wamp.reflection.procedure.describe", ["com.open.sum"]]
        bob < [50, 3, {}, [{"id": 1, "callees": 1, "schema": {"args": ["int", "int"]}, "...": ""}]]
        bob > [48, 4, {}, "wamp.reflect.define", ["com.open.sum", "mine"]]
        bob < [8, 48, 4, {}, "wamp.error.not_authorized", "*"]
        alice > [48, 3, {}, "wamp.reflect.define", ["wamp.session.kill", "mine"]]
        alice < [8, 48, 3, {}, "wamp.error.invalid_uri", "*"]
        alice > [48, 4, {}, "wamp.reflect.define", ["com.secret", 1]]
        alice < [50, 4, {}, [null]]
        bob < [36, 1, "*", {"topic": "wamp.reflect.on_define"}, ["com.secret", 1]]
        bob > [48, 5, {}, "wamp.reflect.describe", ["com.secret"]]
        bob < [50, 5, {}, [null]]
        alice > [48, 5, {}, "wamp.reflect.define", ["com.secret"]]
        alice < [50, 5, {}, [null]]
        bob < [36, 1, "*", {"topic": "wamp.reflect.on_undefine"}, ["com.secret"]]
        alice leaves
        bob < [36, 1, "*", {"topic": "wamp.reflect.on_undefine"}, ["com.open.sum"]]
        bob > [48, 6, {}, "wamp.reflect.describe", ["com.open.sum"]]
        bob < [50, 6, {}, [null]]
        "#,
    );
}

#[test]
fn x01_nobody_replaces_what_another_session_defines() {
    check(
        r#"
        alice joins
        bob joins
        alice > [48, 1, {}, "wamp.reflect.define", ["com.sum", "alice's"]]
        alice < [50, 1, {}, [null]]
        bob > [48, 1, {}, "wamp.reflect.define", ["com.sum", "bob's"]]
        bob < [8, 48, 1, {}, "wamp.error.not_authorized", ["another session has defined <com.sum>"]]
        bob > [48, 2, {}, "wamp.reflect.define", ["com.sum"]]
        bob < [8, 48, 2, {}, "wamp.error.not_authorized", ["another session has defined <com.sum>"]]
        bob > [48, 3, {}, "wamp.reflect.describe", ["com.sum"]]
        bob < [50, 3, {}, ["alice's"]]
        alice > [48, 2, {}, "wamp.reflect.define", ["com.sum", "alice's own"]]
        alice < [50, 2, {}, [null]]
        alice leaves
        bob > [48, 4, {}, "wamp.reflect.define", ["com.sum", "bob's"]]
        bob < [50, 4, {}, [null]]
        "#,
    );
}
