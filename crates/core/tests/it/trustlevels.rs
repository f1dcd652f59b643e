//! What callees and subscribers are told of how far a caller or publisher is trusted.

use crate::check;

#[test]
fn c06_p11_nothing_is_told_unless_it_is_configured() {
    check(
        r#"
        alice joins
        bob joins
        alice > [64, 1, {}, "com.x"]
        alice < [65, 1, 1]
        alice > [32, 2, {}, "com.x"]
        alice < [33, 2, 1]
        bob > [48, 1, {}, "com.x"]
        alice < [68, 1, 1, {}]
        bob > [16, 2, {}, "com.x"]
        alice < [36, 1, "*", {}]
        "#,
    );
}

#[test]
fn c06_p11_the_level_of_the_role() {
    check(
        r#"
        role guest {"trustlevel": 0, "permissions": [{"uri": "", "match": "prefix", "allow": ["call", "publish"]}]}
        alice joins
        bob joins as guest
        alice > [64, 1, {}, "com.x"]
        alice < [65, 1, 1]
        alice > [32, 2, {}, "com.x"]
        alice < [33, 2, 1]
        bob > [48, 1, {}, "com.x"]
        alice < [68, 1, 1, {"trustlevel": 0}]
        bob > [16, 2, {}, "com.x"]
        alice < [36, 1, "*", {"trustlevel": 0}]
        "#,
    );
}

#[test]
fn c06_p11_the_level_of_the_permission_goes_before_the_roles() {
    check(
        r#"
        role staff {"trustlevel": 2, "permissions": [{"uri": "com.", "match": "prefix", "allow": ["call", "publish"]}, {"uri": "com.high", "trustlevel": 9, "allow": ["call", "publish"]}]}
        alice joins
        carol joins
        bob joins as staff
        alice > [64, 1, {"match": "prefix"}, "com"]
        alice < [65, 1, 1]
        alice > [32, 2, {"match": "prefix"}, "com"]
        alice < [33, 2, 1]
        carol > [32, 2, {"match": "prefix"}, "com"]
        carol < [33, 2, 1]
        bob > [48, 1, {}, "com.high"]
        alice < [68, 1, 1, {"procedure": "com.high", "trustlevel": 9}]
        bob > [48, 2, {}, "com.low"]
        alice < [68, 2, 1, {"procedure": "com.low", "trustlevel": 2}]
        bob > [16, 3, {}, "com.high"]
        alice < [36, 1, "$a", {"topic": "com.high", "trustlevel": 9}]
        carol < [36, 1, "$a", {"topic": "com.high", "trustlevel": 9}]
        bob > [16, 4, {}, "com.low"]
        alice < [36, 1, "$b", {"topic": "com.low", "trustlevel": 2}]
        carol < [36, 1, "$b", {"topic": "com.low", "trustlevel": 2}]
        carol > [48, 1, {}, "com.high"]
        alice < [68, 3, 1, {"procedure": "com.high"}]
        "#,
    );
}
