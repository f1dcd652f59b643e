use crate::check;

#[test]
fn m06_subscriptions_are_told() {
    check(
        r#"
        alice joins
        bob joins
        carol joins
        alice > [32, 1, {"match": "prefix"}, "wamp.subscription."]
        alice < [33, 1, 1]
        bob > [32, 1, {"match": "prefix"}, "com."]
        bob < [33, 1, 2]
        alice < [36, 1, "*", {"topic": "wamp.subscription.on_create"}, [2, {"id": 2, "created": "2026-01-02T03:04:05.678Z", "uri": "com.", "match": "prefix"}]]
        alice < [36, 1, "*", {"topic": "wamp.subscription.on_subscribe"}, [2, 2]]
        bob > [32, 2, {"match": "prefix"}, "com."]
        bob < [33, 2, 2]
        carol > [32, 1, {"match": "prefix"}, "com."]
        carol < [33, 1, 2]
        alice < [36, 1, "*", {"topic": "wamp.subscription.on_subscribe"}, [3, 2]]
        bob > [34, 3, 2]
        bob < [35, 3]
        alice < [36, 1, "*", {"topic": "wamp.subscription.on_unsubscribe"}, [2, 2]]
        bob > [34, 4, 2]
        bob < [8, 34, 4, {}, "wamp.error.no_such_subscription", "*"]
        carol > [34, 2, 2]
        carol < [35, 2]
        alice < [36, 1, "*", {"topic": "wamp.subscription.on_unsubscribe"}, [3, 2]]
        alice < [36, 1, "*", {"topic": "wamp.subscription.on_delete"}, [3, 2]]
        "#,
    );
}

#[test]
fn m06_a_session_that_ends_is_named_and_told_nothing() {
    check(
        r#"
        alice joins
        bob joins
        alice > [32, 1, {"match": "prefix"}, "wamp.subscription."]
        alice < [33, 1, 1]
        bob > [32, 1, {}, "com.x"]
        bob < [33, 1, 2]
        alice < [36, 1, "*", {"topic": "wamp.subscription.on_create"}, "*"]
        alice < [36, 1, "*", {"topic": "wamp.subscription.on_subscribe"}, "*"]
        bob > [32, 2, {"match": "prefix"}, "wamp.subscription."]
        bob < [33, 2, 1]
        bob > [6, {}, "wamp.close.normal"]
        bob < [6, {}, "wamp.close.goodbye_and_out"]
        bob < kept
        alice < [36, 1, "*", {"topic": "wamp.subscription.on_unsubscribe"}, [2, 2]]
        alice < [36, 1, "*", {"topic": "wamp.subscription.on_delete"}, [2, 2]]
        "#,
    );
}

#[test]
fn m07_subscriptions_are_found() {
    check(
        r#"
        alice joins
        bob joins as trusted
        alice > [32, 1, {}, "com.x"]
        alice < [33, 1, 1]
        alice > [32, 2, {"match": "prefix"}, "com."]
        alice < [33, 2, 2]
        alice > [32, 3, {"match": "wildcard"}, "com..x"]
        alice < [33, 3, 3]
        alice > [32, 4, {}, "wamp.session.on_join"]
        alice < [33, 4, 4]
        alice > [48, 5, {}, "wamp.subscription.list"]
        alice < [50, 5, {}, [{"exact": [1], "prefix": [2], "wildcard": [3]}]]
        bob > [48, 1, {}, "wamp.subscription.list", [1]]
        bob < [50, 1, {}, [{"exact": [1, 4], "prefix": [2], "wildcard": [3]}]]
        alice > [48, 6, {}, "wamp.subscription.lookup", ["com..x", {"match": "wildcard"}]]
        alice < [50, 6, {}, [3]]
        alice > [48, 7, {}, "wamp.subscription.lookup", ["com."]]
        alice < [50, 7, {}, [null]]
        alice > [48, 8, {}, "wamp.subscription.match", ["com.x"]]
        alice < [50, 8, {}, [[1, 2]]]
        alice > [48, 9, {}, "wamp.subscription.match", ["org.x"]]
        alice < [50, 9, {}, [null]]
        alice > [48, 10, {}, "wamp.subscription.get", [2]]
        alice < [50, 10, {}, [{"id": 2, "created": "2026-01-02T03:04:05.678Z", "uri": "com.", "match": "prefix"}]]
        alice > [48, 11, {}, "wamp.subscription.list_subscribers", [1]]
        alice < [50, 11, {}, [[1]]]
        alice > [48, 12, {}, "wamp.subscription.count_subscribers", [1]]
        alice < [50, 12, {}, [1]]
        alice > [48, 13, {}, "wamp.subscription.get", [4]]
        alice < [8, 48, 13, {}, "wamp.error.not_authorized", "*"]
        alice > [48, 14, {}, "wamp.subscription.get", [5]]
        alice < [8, 48, 14, {}, "wamp.error.no_such_subscription", "*"]
        alice > [48, 15, {}, "wamp.subscription.match", ["wamp.session.on_join"]]
        alice < [50, 15, {}, [null]]
        "#,
    );
}

#[test]
fn p17_a_subscription_is_taken_away() {
    check(
        r#"
        alice joins
        bob joins with subscriber.subscription_revocation
        carol joins
        bob > [32, 1, {}, "com.x"]
        bob < [33, 1, 1]
        carol > [32, 1, {}, "com.x"]
        carol < [33, 1, 1]
        alice > [32, 1, {"match": "prefix"}, "wamp.subscription."]
        alice < [33, 1, 2]
        alice > [48, 1, {}, "wamp.subscription.remove_subscriber", [1, 2], {"reason": "no more"}]
        alice < [50, 1, {}, [null]]
        bob < [35, 0, {"subscription": 1, "reason": "no more"}]
        alice < [36, 2, "*", {"topic": "wamp.subscription.on_unsubscribe"}, [2, 1]]
        alice > [48, 2, {}, "wamp.subscription.remove_subscriber", [1, 2]]
        alice < [8, 48, 2, {}, "wamp.error.no_such_subscription", "*"]
        alice > [48, 3, {}, "wamp.subscription.remove_subscriber", [1, 3]]
        alice < [50, 3, {}, [null]]
        alice < [36, 2, "*", {"topic": "wamp.subscription.on_unsubscribe"}, [3, 1]]
        alice < [36, 2, "*", {"topic": "wamp.subscription.on_delete"}, [3, 1]]
        alice > [48, 4, {}, "wamp.subscription.remove_subscriber", [1, 3]]
        alice < [8, 48, 4, {}, "wamp.error.no_such_subscription", "*"]
        alice > [16, 5, {}, "com.x"]
        "#,
    );
}
