use crossbar_core::{Access, RealmOptions};
use crossbar_testkit::stage::Stage;

use crate::check;

#[test]
fn a_session_has_as_many_subscriptions_as_its_role_may() {
    check(
        r#"
        role guest {"permissions": [{"uri": "", "match": "prefix", "allow": ["subscribe"]}], "limits": {"subscriptions": 2}}
        alice joins as guest
        alice > [32, 1, {}, "com.a"]
        alice < [33, 1, 1]
        alice > [32, 2, {"match": "prefix"}, "com.a"]
        alice < [33, 2, 2]
        alice > [32, 3, {}, "com.b"]
        alice < limited subscriptions
        alice < [8, 32, 3, {}, "crossbar.error.limit_exceeded", ["the session has 2 subscriptions, which is as many as it may have"]]
        alice > [32, 4, {}, "com.a"]                  # one that it has changes nothing
        alice < [33, 4, 1]
        bob joins
        bob > [32, 1, {}, "com.b"]
        bob < [33, 1, 3]
        alice > [34, 5, 1]
        alice < [35, 5]
        alice > [32, 6, {}, "com.b"]
        alice < [33, 6, 3]
        role guest {"permissions": [{"uri": "", "match": "prefix", "allow": ["subscribe"]}], "limits": {"subscriptions": 3}}
        alice > [32, 7, {}, "com.c"]
        alice < [33, 7, 4]
        unrole guest
        "#,
    );
}

#[test]
fn a_session_has_as_many_registrations_as_its_role_may() {
    check(
        r#"
        role guest {"permissions": [{"uri": "", "match": "prefix", "allow": ["register"]}], "limits": {"registrations": 1}}
        alice joins as guest
        alice > [64, 1, {}, "com.a"]
        alice < [65, 1, 1]
        bob joins
        bob > [64, 1, {}, "com.b"]
        bob < [65, 1, 2]
        alice > [64, 2, {"force_reregister": true}, "com.b"]
        alice < limited registrations
        alice < [8, 64, 2, {}, "crossbar.error.limit_exceeded", ["the session has 1 registrations, which is as many as it may have"]]
        bob > [48, 2, {}, "com.b"]                     # nobody lost the procedure
        bob < [68, 1, 2, {}]
        alice > [66, 3, 1]
        alice < [67, 3]
        alice > [64, 4, {}, "com.c"]
        alice < [65, 4, 3]
        "#,
    );
}

#[test]
fn a_session_has_as_many_calls_in_flight_as_its_role_may() {
    check(
        r#"
        role guest {"permissions": [{"uri": "", "match": "prefix", "allow": ["call"]}], "limits": {"open_calls": 2}}
        bob joins
        bob > [64, 1, {}, "com.a"]
        bob < [65, 1, 1]
        alice joins as guest
        alice > [48, 1, {}, "com.a"]
        bob < [68, 1, 1, {}]
        alice > [48, 1, {}, "com.a"]                   # the same request id counts as well
        bob < [68, 2, 1, {}]
        alice > [48, 2, {}, "com.a"]
        alice < limited open_calls
        alice < [8, 48, 2, {}, "crossbar.error.limit_exceeded", ["the session has 2 calls in flight, which is as many as it may have"]]
        bob > [70, 1, {}]
        alice < [50, 1, {}]
        alice > [48, 3, {}, "com.a"]
        bob < [68, 3, 1, {}]
        bob leaves
        alice < [8, 48, 1, {}, "wamp.error.canceled", "*"]
        alice < [8, 48, 3, {}, "wamp.error.canceled", "*"]
        "#,
    );
}

#[test]
fn i05_uris_have_as_many_octets_as_the_role_may_use() {
    check(
        r#"
        role guest {"permissions": [{"uri": "", "match": "prefix", "allow": ["call", "register", "publish", "subscribe"]}], "limits": {"uri_length": 8}}
        alice joins as guest
        alice > [32, 1, {}, "com.long"]
        alice < [33, 1, 1]
        alice > [32, 2, {}, "com.longer"]
        alice < limited uri_length
        alice < [8, 32, 2, {}, "wamp.error.invalid_uri", ["the URI has 10 octets, and 8 are allowed"]]
        alice > [64, 3, {"match": "prefix"}, "com.longer"]
        alice < limited uri_length
        alice < [8, 64, 3, {}, "wamp.error.invalid_uri", "*"]
        alice > [48, 4, {}, "com.longer"]
        alice < limited uri_length
        alice < [8, 48, 4, {}, "wamp.error.invalid_uri", "*"]
        alice > [16, 5, {"acknowledge": true}, "com.longer"]
        alice < limited uri_length
        alice < [8, 16, 5, {}, "wamp.error.invalid_uri", "*"]
        alice > [16, 6, {}, "com.longer"]
        alice < limited uri_length
        "#,
    );
}

#[test]
fn patterns_have_thirty_two_components_at_most() {
    let most = "a.".repeat(31);
    check(&format!(
        r#"
        alice joins
        alice > [32, 1, {{"match": "wildcard"}}, "{most}"]
        alice < [33, 1, 1]
        alice > [32, 2, {{"match": "wildcard"}}, "{most}."]
        alice < [8, 32, 2, {{}}, "wamp.error.invalid_uri", ["a wildcard pattern has at most 32 components"]]
        alice > [64, 3, {{"match": "wildcard"}}, "{most}."]
        alice < [8, 64, 3, {{}}, "wamp.error.invalid_uri", "*"]
        alice > [64, 4, {{"match": "prefix"}}, "{most}{most}"]
        alice < [65, 4, 1]
        "#
    ));
}

#[test]
fn s02_a_realm_and_a_role_have_as_many_sessions_as_they_may() {
    let options = RealmOptions {
        max_sessions: Some(3),
        ..RealmOptions::default()
    };
    let open = Access::Fixed(crossbar_core::Principal {
        authrole: "guest".into(),
        ..crossbar_core::Principal::default()
    });
    let hello = r#"[1, "realm1", {"roles": {"caller": {}}}]"#;
    Stage::new(options, open).play(&format!(
        r#"
        role guest {{"permissions": [], "max_sessions": 1}}
        root joins as trusted
        alice > {hello}
        alice < [2, 2, "*"]
        bob > {hello}
        bob < [3, {{"message": "the role \"guest\" has as many sessions as it may"}}, "crossbar.error.limit_exceeded"]
        bob < closed
        carol joins
        dave joins
        alice > [6, {{}}, "wamp.close.normal"]
        alice < [6, {{}}, "wamp.close.goodbye_and_out"]
        alice < kept
        erin joins
        frank > {hello}
        frank < [3, {{"message": "the realm \"realm1\" has as many sessions as it may"}}, "crossbar.error.limit_exceeded"]
        frank < closed
        carol leaves
        frank2 > {hello}
        frank2 < [2, "*", "*"]
        "#
    ));
}

#[test]
fn p06_a_message_that_is_too_long_for_its_sender_is_refused() {
    check(
        r#"
        alice joins with caller.progressive_call_results
        bob joins with callee.progressive_call_results callee.call_canceling
        bob > [64, 1, {}, "com.a"]
        bob < [65, 1, 1]
        alice overfills [48, 1, {}, "com.a", ["long"]]
        alice < limited message_size
        alice < [8, 48, 1, {}, "wamp.error.payload_size_exceeded", ["the message is longer than the sender may send"]]
        alice overfills [16, 2, {}, "com.a", ["long"]]
        alice < limited message_size
        alice overfills [16, 3, {"acknowledge": true}, "com.a", ["long"]]
        alice < limited message_size
        alice < [8, 16, 3, {}, "wamp.error.payload_size_exceeded", "*"]
        alice > [48, 4, {}, "com.a"]
        bob < [68, 1, 1, {}]
        bob overfills [70, 1, {}, ["long"]]
        bob < limited message_size
        bob < [69, 1, {"mode": "killnowait"}]
        alice < [8, 48, 4, {}, "wamp.error.payload_size_exceeded", "*"]
        bob > [70, 1, {}]                              # late
        alice > [48, 5, {}, "com.a"]
        bob < [68, 2, 1, {}]
        bob overfills [8, 68, 2, {}, "com.error", ["long"]]
        bob < limited message_size
        alice < [8, 48, 5, {}, "wamp.error.payload_size_exceeded", "*"]
        bob overfills [32, 2, {}, "com.b"]
        bob < limited message_size
        bob < [8, 32, 2, {}, "wamp.error.payload_size_exceeded", "*"]
        bob overfills [66, 3, 1]                       # nothing in it is of size
        bob < [67, 3]
        carol joins strictly
        carol overfills [48, 2, {}, "com.a"]
        carol < [3, {"message": "a request id that does not count up: 1 was expected"}, "wamp.error.protocol_violation"]
        carol < closed
        "#,
    );
}

#[test]
fn a_session_has_as_many_wildcard_patterns_as_its_role_may() {
    check(
        r#"
        role guest {"permissions": [{"uri": "", "match": "prefix", "allow": ["subscribe", "register"]}], "limits": {"wildcards": 2}}
        alice joins as guest
        alice > [32, 1, {"match": "wildcard"}, "com..x"]
        alice < [33, 1, 1]
        alice > [64, 2, {"match": "wildcard"}, "com..x"]
        alice < [65, 2, 1]
        alice > [32, 3, {"match": "wildcard"}, "com..y"]
        alice < limited wildcards
        alice < [8, 32, 3, {}, "crossbar.error.limit_exceeded", ["the session has 2 wildcard patterns, which is as many as it may have"]]
        alice > [64, 4, {"match": "wildcard"}, "com..y"]
        alice < limited wildcards
        alice < [8, 64, 4, {}, "crossbar.error.limit_exceeded", "*"]
        alice > [32, 5, {"match": "wildcard"}, "com..x"]
        alice < [33, 5, 1]
        alice > [32, 6, {"match": "prefix"}, "com."]
        alice < [33, 6, 2]
        alice > [34, 7, 1]
        alice < [35, 7]
        alice > [64, 8, {"match": "wildcard"}, "com..y"]
        alice < [65, 8, 2]
        alice > [66, 9, 1]
        alice < [67, 9]
        bob joins
        bob > [64, 1, {"match": "wildcard", "force_reregister": true}, "com..y"]
        bob < [65, 1, 3]
        alice > [32, 10, {"match": "wildcard"}, "com..y"]
        alice < [33, 10, 3]
        alice > [32, 11, {"match": "wildcard"}, "com..z"]
        alice < [33, 11, 4]
        alice > [32, 12, {"match": "wildcard"}, "com..a"]
        alice < limited wildcards
        alice < [8, 32, 12, {}, "crossbar.error.limit_exceeded", "*"]
        "#,
    );
}
