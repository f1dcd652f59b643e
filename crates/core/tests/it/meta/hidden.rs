//! The node's own sessions, which nobody else sees or touches.

use crate::check;

#[test]
fn m02_the_nodes_own_sessions_are_in_no_list() {
    check(
        r#"
        alice joins
        node joins as trusted
        alice > [64, 1, {"invoke": "first"}, "com.x"]
        alice < [65, 1, 1]
        node > [64, 1, {"invoke": "first"}, "com.x"]
        node < [65, 1, 1]
        alice > [32, 2, {}, "com.x"]
        alice < [33, 2, 1]
        node > [32, 2, {}, "com.x"]
        node < [33, 2, 1]
        alice > [48, 1, {}, "wamp.registration.list_callees", [1]]
        alice < [50, 1, {}, [[1]]]
        alice > [48, 2, {}, "wamp.registration.count_callees", [1]]
        alice < [50, 2, {}, [1]]
        alice > [48, 3, {}, "wamp.reflection.procedure.describe", ["com.x"]]
        alice < [50, 3, {}, [{"callees": 1, "...": ""}]]
        alice > [48, 4, {}, "wamp.subscription.list_subscribers", [1]]
        alice < [50, 4, {}, [[1]]]
        alice > [48, 5, {}, "wamp.subscription.count_subscribers", [1]]
        alice < [50, 5, {}, [1]]
        alice > [48, 6, {}, "wamp.reflection.topic.describe", ["com.x"]]
        alice < [50, 6, {}, [{"subscribers": 1, "...": ""}]]
        alice > [48, 7, {}, "wamp.registration.list", [2]]
        alice < [8, 48, 7, {}, "wamp.error.no_such_session", ["there is no session 2"]]
        alice > [48, 8, {}, "wamp.subscription.list", [2]]
        alice < [8, 48, 8, {}, "wamp.error.no_such_session", ["there is no session 2"]]
        alice > [48, 9, {}, "wamp.session.get", [2]]
        alice < [8, 48, 9, {}, "wamp.error.no_such_session", ["there is no session 2"]]
        alice > [48, 10, {}, "wamp.session.get", [3]]
        alice < [8, 48, 10, {}, "wamp.error.no_such_session", ["there is no session 3"]]
        node > [48, 3, {}, "wamp.registration.list_callees", [1]]
        node < [50, 3, {}, [[1, 2]]]
        node > [48, 4, {}, "wamp.subscription.count_subscribers", [1]]
        node < [50, 4, {}, [2]]
        "#,
    );
}

#[test]
fn m03_p17_c13_nothing_is_taken_from_the_nodes_own_sessions() {
    check(
        r#"
        alice joins
        node joins as trusted
        node > [64, 1, {}, "com.x"]
        node < [65, 1, 1]
        node > [32, 2, {}, "com.x"]
        node < [33, 2, 1]
        alice > [48, 1, {}, "wamp.registration.remove_callee", [1, 2]]
        alice < [8, 48, 1, {}, "wamp.error.no_such_registration", ["no session 2 serves the registration 1"]]
        alice > [48, 2, {}, "wamp.registration.remove_callee", [1, 3]]
        alice < [8, 48, 2, {}, "wamp.error.no_such_registration", ["no session 3 serves the registration 1"]]
        alice > [48, 3, {}, "wamp.subscription.remove_subscriber", [1, 2]]
        alice < [8, 48, 3, {}, "wamp.error.no_such_subscription", ["no session 2 has the subscription 1"]]
        alice > [64, 4, {"force_reregister": true}, "com.x"]
        alice < [8, 64, 4, {}, "wamp.error.procedure_already_exists", "*"]
        alice > [48, 5, {}, "wamp.session.kill", [2]]
        alice < [8, 48, 5, {}, "wamp.error.no_such_session", ["there is no session 2"]]
        alice > [48, 6, {}, "wamp.session.kill_by_authid", ["node"]]
        alice < [50, 6, {}, [[]]]
        alice > [48, 7, {}, "com.x"]
        node < [68, 1, 1, "*"]
        node > [70, 1, {}, ["still here"]]
        alice < [50, 7, {}, ["still here"]]
        node > [48, 3, {}, "wamp.subscription.remove_subscriber", [1, 2]]
        node < [50, 3, {}, [null]]
        "#,
    );
}

#[test]
fn m04_m06_only_their_like_is_told_of_the_nodes_own_sessions() {
    check(
        r#"
        alice joins
        alice > [32, 1, {"match": "prefix"}, "wamp."]
        alice < [33, 1, 1]
        node joins as trusted
        node > [32, 1, {"match": "prefix"}, "wamp."]
        node < [33, 1, 1]
        peer joins as trusted
        peer > [64, 1, {}, "com.x"]
        peer < [65, 1, 1]
        node < [36, 1, "*", {"topic": "wamp.registration.on_create"}, [3, "*"]]
        node < [36, 1, "*", {"topic": "wamp.registration.on_register"}, [3, 1]]
        peer > [32, 2, {}, "com.x"]
        peer < [33, 2, 2]
        node < [36, 1, "*", {"topic": "wamp.subscription.on_create"}, [3, "*"]]
        node < [36, 1, "*", {"topic": "wamp.subscription.on_subscribe"}, [3, 2]]
        peer > [34, 3, 2]
        peer < [35, 3]
        node < [36, 1, "*", {"topic": "wamp.subscription.on_unsubscribe"}, [3, 2]]
        node < [36, 1, "*", {"topic": "wamp.subscription.on_delete"}, [3, 2]]
        peer leaves
        node < [36, 1, "*", {"topic": "wamp.registration.on_unregister"}, [3, 1]]
        node < [36, 1, "*", {"topic": "wamp.registration.on_delete"}, [3, 1]]
        "#,
    );
}

#[test]
fn m03_z03_the_realms_own_calls_belong_to_no_session() {
    check(
        r#"
        role guest {"authorizer": "com.auth"}
        judge joins with callee.call_canceling
        judge > [64, 1, {"disclose_caller": true}, "com.auth"]
        judge < [65, 1, 1]
        bob joins as guest
        bob > [48, 1, {}, "com.x"]
        judge < [68, 1, 1, {"caller_authid": "authorizer", "caller_authrole": "trusted"}, "*"]
        judge > [48, 2, {}, "wamp.session.get", [9007199254740992]]
        judge < [8, 48, 2, {}, "wamp.error.no_such_session", "*"]
        judge > [48, 3, {}, "wamp.session.kill", [9007199254740992]]
        judge < [8, 48, 3, {}, "wamp.error.no_such_session", "*"]
        judge > [48, 4, {}, "wamp.session.list"]
        judge < [50, 4, {}, [[1, 2]]]
        judge > [49, 1, {}]
        judge > [70, 1, {}, [false]]
        bob < [8, 48, 1, {}, "wamp.error.not_authorized", "*"]
        "#,
    );
}
