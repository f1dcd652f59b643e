//! The meta API (WAMP spec, "Meta API").

mod hidden;
mod kills;
mod reflection;
mod registrations;
mod sessions;
mod subscriptions;

use crossbar_core::{Access, RealmOptions};

use crate::check;
use crate::stage::Stage;

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
        alice > [48, 4, {}, "wamp.session.get"]
        alice < [8, 48, 4, {}, "wamp.error.invalid_argument", "*"]
        alice > [48, 5, {}, "wamp.session.get", ["1"]]
        alice < [8, 48, 5, {}, "wamp.error.invalid_argument", "*"]
        alice > [48, 6, {}, "wamp.session.get", [1.5]]
        alice < [8, 48, 6, {}, "wamp.error.invalid_argument", "*"]
        alice > [48, 7, {}, "wamp.session.kill", [1, 7]]
        alice < [8, 48, 7, {}, "wamp.error.invalid_argument", "*"]
        alice > [48, 8, {}, "wamp.registration.lookup", ["com.x", "prefix"]]
        alice < [8, 48, 8, {}, "wamp.error.invalid_argument", "*"]
        alice > [48, 9, {}, "wamp.registration.lookup", ["com.x", {"match": "regex"}]]
        alice < [8, 48, 9, {}, "wamp.error.invalid_argument", "*"]
        alice > [48, 10, {}, "wamp.registration.match"]
        alice < [8, 48, 10, {}, "wamp.error.invalid_argument", "*"]
        alice > [48, 11, {}, "wamp.registration.get", [0]]
        alice < [8, 48, 11, {}, "wamp.error.invalid_argument", "*"]
        alice > [48, 12, {}, "wamp.registration.remove_callee", [1]]
        alice < [8, 48, 12, {}, "wamp.error.invalid_argument", "*"]
        alice > [48, 13, {}, "wamp.subscription.match", [["com.x"]]]
        alice < [8, 48, 13, {}, "wamp.error.invalid_argument", "*"]
        alice > [48, 14, {}, "wamp.subscription.list", [1, 2]]
        alice < [8, 48, 14, {}, "wamp.error.invalid_argument", "*"]
        alice > [48, 15, {}, "wamp.subscription.count_subscribers", [], {"session": 1}]
        alice < [8, 48, 15, {}, "wamp.error.invalid_argument", "*"]
        "#,
    );
}

#[test]
fn m08_arguments_may_come_by_name_and_ids_as_floats() {
    check(
        r#"
        alice joins
        alice > [32, 1, {"match": "prefix"}, "com."]
        alice < [33, 1, 1]
        alice > [48, 1, {}, "wamp.subscription.lookup", [], {"topic": "com.", "options": {"match": "prefix"}}]
        alice < [50, 1, {}, [1]]
        alice > [48, 2, {}, "wamp.subscription.count_subscribers", [], {"subscription": 1}]
        alice < [50, 2, {}, [1]]
        alice > [48, 3, {}, "wamp.subscription.count_subscribers", [], {"subscription_id": 1}]
        alice < [50, 3, {}, [1]]
        alice > [48, 4, {}, "wamp.subscription.count_subscribers", [1.0]]
        alice < [50, 4, {}, [1]]
        alice > [48, 5, {}, "wamp.subscription.list", [null]]
        alice < [50, 5, {}, [{"exact": [], "prefix": [1], "wildcard": []}]]
        "#,
    );
}

#[test]
fn z01_the_meta_api_asks_for_permission() {
    check(
        r#"
        role guest {"permissions": [{"uri": "wamp.session.count", "allow": ["call"]}]}
        alice joins as guest
        alice > [48, 1, {}, "wamp.session.count"]
        alice < [50, 1, {}, [1]]
        alice > [48, 2, {}, "wamp.session.list"]
        alice < [8, 48, 2, {}, "wamp.error.not_authorized", "*"]
        alice > [32, 3, {}, "wamp.session.on_join"]
        alice < [8, 32, 3, {}, "wamp.error.not_authorized", "*"]
        "#,
    );
}

#[test]
fn s05_a_realm_without_the_meta_api() {
    let options = RealmOptions {
        meta_api: false,
        ..RealmOptions::default()
    };
    let script = r#"
        alice > [1, "realm1", {"roles": {"caller": {}}}]
        alice < [2, 1, {"roles": {"broker": {"features": {"subscription_revocation": true, "...": 1}}, "dealer": {"features": "$dealer"}}, "...": 1}]
        alice > [48, 1, {}, "wamp.session.count"]
        alice < [8, 48, 1, {}, "wamp.error.no_such_procedure", "*"]
        alice > [32, 2, {"match": "prefix"}, "wamp."]
        alice < [33, 2, 1]
        bob joins
        bob > [64, 1, {}, "com.x"]
        bob < [65, 1, 1]
        bob leaves
        "#;
    Stage::new(options, Access::Open).play(script);
}
