use crate::check;

#[test]
fn r08_a_caller_leaves() {
    check(
        r#"
        alice joins with callee.call_canceling
        bob joins
        carol joins
        alice > [64, 1, {}, "com.x"]
        alice < [65, 1, 1]
        carol > [64, 1, {}, "com.y"]
        carol < [65, 1, 2]
        bob > [48, 1, {}, "com.x"]
        alice < [68, 1, 1, {}]
        bob > [48, 2, {}, "com.y"]
        carol < [68, 1, 2, {}]
        bob > [48, 3, {}, "com.x"]
        alice < [68, 2, 1, {}]
        bob leaves
        alice < [69, 1, {"mode": "killnowait"}]
        alice < [69, 2, {"mode": "killnowait"}]
        alice > [70, 1, {}]
        alice > [8, 68, 2, {}, "wamp.error.canceled"]
        carol > [70, 1, {}]
        "#,
    );
}

#[test]
fn r08_a_caller_says_goodbye() {
    check(
        r#"
        alice joins with callee.call_canceling
        bob joins
        alice > [64, 1, {}, "com.x"]
        alice < [65, 1, 1]
        bob > [48, 1, {}, "com.x"]
        alice < [68, 1, 1, {}]
        bob > [6, {}, "wamp.close.normal"]
        bob < [6, {}, "wamp.close.goodbye_and_out"]
        bob < kept
        alice < [69, 1, {"mode": "killnowait"}]
        "#,
    );
}

#[test]
fn r09_a_callee_leaves() {
    check(
        r#"
        alice joins
        bob joins
        carol joins
        alice > [64, 1, {}, "com.x"]
        alice < [65, 1, 1]
        bob > [48, 5, {}, "com.x"]
        alice < [68, 1, 1, {}]
        carol > [48, 2, {}, "com.x"]
        alice < [68, 2, 1, {}]
        alice leaves
        bob < [8, 48, 5, {}, "wamp.error.canceled", "*"]
        carol < [8, 48, 2, {}, "wamp.error.canceled", "*"]
        "#,
    );
}

#[test]
fn r09_a_callee_says_goodbye() {
    check(
        r#"
        alice joins
        bob joins
        alice > [64, 1, {}, "com.x"]
        alice < [65, 1, 1]
        bob > [48, 1, {}, "com.x"]
        alice < [68, 1, 1, {}]
        alice > [6, {}, "wamp.close.normal"]
        alice < [6, {}, "wamp.close.goodbye_and_out"]
        alice < kept
        bob < [8, 48, 1, {}, "wamp.error.canceled", "*"]
        "#,
    );
}

#[test]
fn r09_two_sessions_that_call_each_other() {
    check(
        r#"
        alice joins with callee.call_canceling
        bob joins with callee.call_canceling
        alice > [64, 1, {}, "com.x"]
        alice < [65, 1, 1]
        bob > [64, 1, {}, "com.y"]
        bob < [65, 1, 2]
        alice > [48, 2, {}, "com.y"]
        bob < [68, 1, 2, {}]
        bob > [48, 2, {}, "com.x"]
        alice < [68, 1, 1, {}]
        alice leaves
        bob < [69, 1, {"mode": "killnowait"}]
        bob < [8, 48, 2, {}, "wamp.error.canceled", "*"]
        "#,
    );
}

#[test]
fn s11_a_session_that_is_gone_says_nothing_more() {
    check(
        r#"
        alice joins
        alice > [3, {}, "com.app.gone"]
        alice < closed
        bob joins
        bob > [64, 1, {}, "com.x"]
        bob < [65, 1, 1]
        "#,
    );
}
