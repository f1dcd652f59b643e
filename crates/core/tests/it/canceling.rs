//! The decision table of call canceling, and its races.

use crate::check;

/// A call of bob's (request 1) that alice (invocation 1) works on.
fn in_flight(callee: &str, rest: &str) {
    check(&format!(
        r#"
        alice joins {callee}
        bob joins
        alice > [64, 1, {{}}, "com.x"]
        alice < [65, 1, 1]
        bob > [48, 1, {{"timeout": 1000, "receive_progress": true}}, "com.x"]
        alice < [68, 1, 1, "*"]
        {rest}
        "#
    ));
}

const CAN: &str = "with callee.call_canceling callee.progressive_call_results";
const CANNOT: &str = "";

#[test]
fn c04_skip_answers_the_caller_and_drops_the_answer() {
    in_flight(
        CAN,
        r#"
        bob > [49, 1, {"mode": "skip"}]
        bob < [8, 48, 1, {}, "wamp.error.canceled", "*"]
        alice > [70, 1, {}, ["late"]]
        "#,
    );
}

#[test]
fn c04_kill_forwards_the_answer() {
    for (answer, forwarded) in [
        (r#"[70, 1, {}, ["done"]]"#, r#"[50, 1, {}, ["done"]]"#),
        (
            r#"[8, 68, 1, {}, "com.stopped", ["so"]]"#,
            r#"[8, 48, 1, {}, "com.stopped", ["so"]]"#,
        ),
        (
            r#"[8, 68, 1, {}, "wamp.error.canceled"]"#,
            r#"[8, 48, 1, {}, "wamp.error.canceled"]"#,
        ),
    ] {
        in_flight(
            CAN,
            &format!(
                r#"
                bob > [49, 1, {{"mode": "kill"}}]
                alice < [69, 1, {{"mode": "kill"}}]
                alice > {answer}
                bob < {forwarded}
                "#
            ),
        );
    }
}

#[test]
fn c04_progress_after_kill_does_not_end_the_call() {
    in_flight(
        CAN,
        r#"
        bob > [49, 1, {"mode": "kill"}]
        alice < [69, 1, {"mode": "kill"}]
        alice > [70, 1, {"progress": true}, [1]]
        bob < [50, 1, {"progress": true}, [1]]
        alice > [70, 1, {}, [2]]
        bob < [50, 1, {}, [2]]
        "#,
    );
}

#[test]
fn c04_killnowait_interrupts_and_answers_at_once() {
    in_flight(
        CAN,
        r#"
        bob > [49, 1, {"mode": "killnowait"}]
        alice < [69, 1, {"mode": "killnowait"}]
        bob < [8, 48, 1, {}, "wamp.error.canceled", "*"]
        alice > [8, 68, 1, {}, "wamp.error.canceled"]
        "#,
    );
}

#[test]
fn c04_no_mode_is_killnowait() {
    in_flight(
        CAN,
        r#"
        bob > [49, 1, {}]
        alice < [69, 1, {"mode": "killnowait"}]
        bob < [8, 48, 1, {}, "wamp.error.canceled", "*"]
        alice > [70, 1, {}]
        "#,
    );
}

#[test]
fn c04_a_callee_that_cannot_is_skipped_in_every_mode() {
    for options in [
        "{}",
        r#"{"mode": "skip"}"#,
        r#"{"mode": "kill"}"#,
        r#"{"mode": "killnowait"}"#,
    ] {
        in_flight(
            CANNOT,
            &format!(
                r#"
                bob > [49, 1, {options}]
                bob < [8, 48, 1, {{}}, "wamp.error.canceled", "*"]
                alice > [70, 1, {{}}]
                "#
            ),
        );
    }
}

#[test]
fn c04_cancel_that_crosses_the_answer_is_ignored() {
    in_flight(
        CAN,
        r#"
        alice > [70, 1, {}]
        bob < [50, 1, {}]
        bob > [49, 1, {"mode": "kill"}]
        bob > [49, 99, {}]
        "#,
    );
}

#[test]
fn c04_a_second_kill_is_ignored() {
    in_flight(
        CAN,
        r#"
        bob > [49, 1, {"mode": "kill"}]
        alice < [69, 1, {"mode": "kill"}]
        bob > [49, 1, {"mode": "kill"}]
        alice > [70, 1, {}]
        bob < [50, 1, {}]
        "#,
    );
}

#[test]
fn c04_kill_may_be_escalated() {
    for mode in ["killnowait", "skip"] {
        in_flight(
            CAN,
            &format!(
                r#"
                bob > [49, 1, {{"mode": "kill"}}]
                alice < [69, 1, {{"mode": "kill"}}]
                bob > [49, 1, {{"mode": "{mode}"}}]
                bob < [8, 48, 1, {{}}, "wamp.error.canceled", "*"]
                alice > [70, 1, {{}}]
                "#
            ),
        );
    }
}

#[test]
fn c04_a_killed_callee_that_never_answers_times_out() {
    in_flight(
        CAN,
        r#"
        bob > [49, 1, {"mode": "kill"}]
        alice < [69, 1, {"mode": "kill"}]
        wait 1000ms
        bob < [8, 48, 1, {}, "wamp.error.timeout", "*"]
        alice > [70, 1, {}]
        "#,
    );
}

#[test]
fn c04_a_caller_that_leaves_after_kill() {
    in_flight(
        CAN,
        r#"
        bob > [49, 1, {"mode": "kill"}]
        alice < [69, 1, {"mode": "kill"}]
        bob leaves
        alice > [70, 1, {}]
        "#,
    );
}

#[test]
fn c04_a_callee_that_leaves_after_kill() {
    in_flight(
        CAN,
        r#"
        bob > [49, 1, {"mode": "kill"}]
        alice < [69, 1, {"mode": "kill"}]
        alice leaves
        bob < [8, 48, 1, {}, "wamp.error.canceled", "*"]
        "#,
    );
}

#[test]
fn c04_a_callee_that_leaves_after_killnowait() {
    in_flight(
        CAN,
        r#"
        bob > [49, 1, {"mode": "killnowait"}]
        alice < [69, 1, {"mode": "killnowait"}]
        bob < [8, 48, 1, {}, "wamp.error.canceled", "*"]
        alice leaves
        wait 1000ms
        "#,
    );
}

#[test]
fn c04_nobody_cancels_the_call_of_another() {
    in_flight(
        CAN,
        r#"
        carol joins
        carol > [49, 1, {"mode": "kill"}]
        alice > [70, 1, {}]
        bob < [50, 1, {}]
        "#,
    );
}
