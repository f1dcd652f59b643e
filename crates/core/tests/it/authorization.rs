use crate::check;

#[test]
fn z01_what_is_not_allowed_is_denied() {
    check(
        r#"
        role guest {"permissions": [{"uri": "com.public", "allow": ["call", "subscribe"]}]}
        alice joins
        bob joins as guest
        alice > [64, 1, {}, "com.public"]
        alice < [65, 1, 1]
        bob > [48, 1, {}, "com.public"]
        alice < [68, 1, 1, {}]
        bob > [64, 2, {}, "com.public.mine"]
        bob < [8, 64, 2, {}, "wamp.error.not_authorized", "*"]
        bob > [32, 3, {}, "com.public"]
        bob < [33, 3, 1]
        bob > [32, 4, {}, "com.private"]
        bob < [8, 32, 4, {}, "wamp.error.not_authorized", "*"]
        bob > [16, 5, {}, "com.public"]
        bob > [48, 6, {}, "com.private"]
        bob < [8, 48, 6, {}, "wamp.error.not_authorized", ["session (authid \"bob\", authrole \"guest\") is not authorized to call procedure <com.private> on realm \"realm1\""]]
        "#,
    );
}

#[test]
fn z02_a_longer_exact_entry_does_not_shadow_a_prefix() {
    check(
        r#"
        role guest {"permissions": [{"uri": "com.", "match": "prefix", "allow": ["subscribe"]}, {"uri": "com.foo", "allow": []}]}
        bob joins as guest
        bob > [32, 1, {}, "com.foobar"]
        bob < [33, 1, 1]
        bob > [32, 2, {}, "com.foo"]
        bob < [8, 32, 2, {}, "wamp.error.not_authorized", "*"]
        "#,
    );
}

#[test]
fn z02_wildcards_do_not_overwrite_each_other_and_may_begin_open() {
    check(
        r#"
        role guest {"permissions": [{"uri": "com..x", "match": "wildcard", "allow": ["subscribe"]}, {"uri": "com..y", "match": "wildcard", "allow": ["subscribe"]}, {"uri": ".z", "match": "wildcard", "allow": ["subscribe"]}]}
        bob joins as guest
        bob > [32, 1, {}, "com.a.x"]
        bob < [33, 1, 1]
        bob > [32, 2, {}, "com.a.y"]
        bob < [33, 2, 2]
        bob > [32, 3, {}, "org.z"]
        bob < [33, 3, 3]
        bob > [32, 4, {}, "com.a.z"]
        bob < [8, 32, 4, {}, "wamp.error.not_authorized", "*"]
        "#,
    );
}

#[test]
fn z05_a_pattern_needs_a_permission_that_covers_it() {
    check(
        r#"
        role guest {"permissions": [{"uri": "a.b.", "match": "prefix", "allow": ["subscribe", "register"]}, {"uri": "c.d", "allow": ["subscribe"]}, {"uri": "e..f", "match": "wildcard", "allow": ["subscribe"]}, {"uri": "g..h", "allow": ["subscribe"]}]}
        bob joins as guest
        bob > [32, 1, {"match": "prefix"}, "a."]
        bob < [8, 32, 1, {}, "wamp.error.not_authorized", "*"]
        bob > [32, 2, {"match": "prefix"}, "a.b.c"]
        bob < [33, 2, 1]
        bob > [64, 3, {"match": "wildcard"}, "a.b..c"]
        bob < [65, 3, 1]
        bob > [64, 4, {"match": "wildcard"}, "a..b"]
        bob < [8, 64, 4, {}, "wamp.error.not_authorized", "*"]
        bob > [32, 5, {"match": "prefix"}, "c.d"]
        bob < [8, 32, 5, {}, "wamp.error.not_authorized", "*"]
        bob > [32, 6, {"match": "wildcard"}, "e..f"]
        bob < [33, 6, 2]
        bob > [32, 7, {"match": "wildcard"}, "e.."]
        bob < [8, 32, 7, {}, "wamp.error.not_authorized", "*"]
        bob > [32, 8, {"match": "wildcard"}, "g..h"]
        bob < [33, 8, 3]
        bob > [32, 9, {}, "g.x.h"]
        bob < [8, 32, 9, {}, "wamp.error.not_authorized", "*"]
        "#,
    );
}

#[test]
fn z02_a_changed_role_counts_at_once() {
    check(
        r#"
        role guest {"permissions": [{"uri": "com.x", "allow": ["subscribe"]}]}
        bob joins as guest
        bob > [32, 1, {}, "com.x"]
        bob < [33, 1, 1]
        role guest {"permissions": [{"uri": "com.y", "allow": ["subscribe"]}]}
        bob > [32, 2, {}, "com.x"]
        bob < [8, 32, 2, {}, "wamp.error.not_authorized", "*"]
        bob > [32, 3, {}, "com.y"]
        bob < [33, 3, 2]
        unrole guest
        bob > [32, 4, {}, "com.y"]
        bob < [8, 32, 4, {}, "wamp.error.not_authorized", "*"]
        "#,
    );
}
