mod model;

use std::time::Duration;

use crossbar_core::{Access, HistoryRule, RealmOptions};
use crossbar_testkit::stage::Stage;
use crossbar_wire::{MatchPolicy, Text};

use crate::check;

fn rule(uri: &str, policy: MatchPolicy) -> HistoryRule {
    HistoryRule {
        uri: Text::from(uri),
        policy,
        max_events: Some(4),
        max_age: None,
        max_octets: None,
    }
}

/// Plays a script in a realm that keeps four events of `com.x` (subscription 1), of `com.` and what follows (2), and of
/// `com..y` (3), those for a second.
fn check_history(script: &str) {
    Stage::new(options(), Access::Open).play(script);
}

fn options() -> RealmOptions {
    RealmOptions {
        history: vec![
            rule("com.x", MatchPolicy::Exact),
            rule("com.", MatchPolicy::Prefix),
            HistoryRule {
                max_age: Some(Duration::from_secs(1)),
                ..rule("com..y", MatchPolicy::Wildcard)
            },
        ],
        ..RealmOptions::default()
    }
}

#[test]
fn p15_events_are_kept_without_subscribers() {
    check_history(
        r#"
        alice joins
        alice > [16, 1, {"acknowledge": true}, "com.x", [1], {"k": "v"}]
        alice < [17, 1, "$p"]
        wait 20ms
        alice > [16, 2, {"acknowledge": true}, "com.z.y"]
        alice < [17, 2, "$q"]
        alice > [16, 3, {}, "org.x", ["not kept"]]
        alice > [48, 4, {}, "wamp.subscription.get_events", [1]]
        alice < [50, 4, {}, [[{"timestamp": "2026-01-02T03:04:05.678Z", "subscription": 1, "publication": "$p", "details": {}, "args": [1], "kwargs": {"k": "v"}}]]]
        alice > [48, 5, {}, "wamp.subscription.get_events", [2]]
        alice < [50, 5, {}, [[{"...": 1, "subscription": 2, "publication": "$p", "details": {"topic": "com.x"}}, {"timestamp": "2026-01-02T03:04:05.698Z", "subscription": 2, "publication": "$q", "details": {"topic": "com.z.y"}}]]]
        alice > [48, 6, {}, "wamp.subscription.get_events", [], {"subscription": 3}]
        alice < [50, 6, {}, [[{"...": 1, "publication": "$q"}]]]
        "#,
    );
}

#[test]
fn p15_an_event_is_kept_once_however_many_receive_it() {
    check_history(
        r#"
        alice joins
        bob joins
        carol joins
        alice > [32, 1, {}, "com.x"]
        alice < [33, 1, 1]
        bob > [32, 1, {}, "com.x"]
        bob < [33, 1, 1]
        carol > [16, 1, {}, "com.x", [1]]
        alice < [36, 1, "$p", {}, [1]]
        bob < [36, 1, "$p", {}, [1]]
        carol > [48, 2, {}, "wamp.subscription.get_events", [1]]
        carol < [50, 2, {}, [[{"...": 1, "publication": "$p"}]]]
        alice > [34, 2, 1]
        alice < [35, 2]
        bob > [34, 2, 1]
        bob < [35, 2]
        carol > [16, 3, {}, "com.x", [2]]
        carol > [48, 4, {}, "wamp.subscription.get_events", [1]]
        carol < [50, 4, {}, [[{"...": 1, "args": [1]}, {"...": 1, "args": [2]}]]]
        "#,
    );
}

#[test]
fn p15_the_subscription_is_found_without_subscribing() {
    check_history(
        r#"
        alice joins
        alice > [48, 1, {}, "wamp.subscription.lookup", ["com.x"]]
        alice < [50, 1, {}, [1]]
        alice > [48, 2, {}, "wamp.subscription.lookup", ["com..y", {"match": "wildcard"}]]
        alice < [50, 2, {}, [3]]
        alice > [48, 3, {}, "wamp.subscription.count_subscribers", [1]]
        alice < [50, 3, {}, [0]]
        alice > [32, 4, {}, "com.x"]
        alice < [33, 4, 1]
        alice > [34, 5, 1]
        alice < [35, 5]
        alice > [48, 6, {}, "wamp.subscription.lookup", ["com.x"]]
        alice < [50, 6, {}, [1]]
        "#,
    );
}

#[test]
fn p15_number_age_and_octets_are_bounded() {
    check_history(
        r#"
        alice joins
        alice > [16, 1, {}, "com.x", [1]]
        alice > [16, 2, {}, "com.x", [2]]
        alice > [16, 3, {}, "com.x", [3]]
        alice > [16, 4, {}, "com.x", [4]]
        alice > [16, 5, {}, "com.x", [5]]
        alice > [48, 6, {}, "wamp.subscription.get_events", [1]]
        alice < [50, 6, {}, [[{"...": 1, "args": [2]}, {"...": 1, "args": [3]}, {"...": 1, "args": [4]}, {"...": 1, "args": [5]}]]]
        alice > [16, 7, {}, "com.z.y", ["old"]]
        wait 600ms
        alice > [16, 8, {}, "com.z.y", ["young"]]
        wait 600ms
        alice > [48, 9, {}, "wamp.subscription.get_events", [3]]
        alice < [50, 9, {}, [[{"...": 1, "args": ["young"]}]]]
        wait 600ms
        alice > [48, 10, {}, "wamp.subscription.get_events", [3]]
        alice < [50, 10, {}, [[]]]
        "#,
    );
    let options = RealmOptions {
        history: vec![HistoryRule {
            max_octets: Some(2000),
            ..rule("com.x", MatchPolicy::Exact)
        }],
        ..RealmOptions::default()
    };
    let (some, much) = ("x".repeat(900), "x".repeat(2000));
    Stage::new(options, Access::Open).play(&format!(
        r#"
        alice joins
        alice > [16, 1, {{}}, "com.x", ["{some}"]]
        alice > [16, 2, {{}}, "com.x", [2]]
        alice > [16, 3, {{}}, "com.x", ["{much}"]]  # larger than all the room
        alice > [48, 4, {{}}, "wamp.subscription.get_events", [1]]
        alice < [50, 4, {{}}, [[{{"...": 1, "args": ["{some}"]}}, {{"...": 1, "args": [2]}}]]]
        alice > [16, 5, {{}}, "com.x", ["{some}"]]
        alice > [48, 6, {{}}, "wamp.subscription.get_events", [1]]
        alice < [50, 6, {{}}, [[{{"...": 1, "args": [2]}}, {{"...": 1, "args": ["{some}"]}}]]]
        "#
    ));
}

#[test]
fn p15_filters_hold_together() {
    check_history(
        r#"
        alice joins
        alice > [16, 1, {"acknowledge": true}, "com.a", [1]]
        alice < [17, 1, "$1"]
        wait 10ms
        alice > [16, 2, {"acknowledge": true}, "com.b", [2]]
        alice < [17, 2, "$2"]
        wait 10ms
        alice > [16, 3, {"acknowledge": true}, "com.a", [3]]
        alice < [17, 3, "$3"]
        wait 10ms
        alice > [16, 4, {"acknowledge": true}, "com.b", [4]]
        alice < [17, 4, "$4"]
        alice > [48, 5, {}, "wamp.subscription.get_events", [2], {"reverse": true, "limit": 3}]
        alice < [50, 5, {}, [[{"...": 1, "args": [4]}, {"...": 1, "args": [3]}, {"...": 1, "args": [2]}]]]
        alice > [48, 6, {}, "wamp.subscription.get_events", [2, 1]]
        alice < [50, 6, {}, [[{"...": 1, "args": [1]}]]]
        alice > [48, 7, {}, "wamp.subscription.get_events", [2], {"topic": "com.b"}]
        alice < [50, 7, {}, [[{"...": 1, "args": [2]}, {"...": 1, "args": [4]}]]]
        alice > [48, 8, {}, "wamp.subscription.get_events", [2], {"from_time": "2026-01-02T03:04:05.688Z", "before_time": "2026-01-02T03:04:05.708Z"}]
        alice < [50, 8, {}, [[{"...": 1, "args": [2]}, {"...": 1, "args": [3]}]]]
        alice > [48, 9, {}, "wamp.subscription.get_events", [2], {"after_time": "2026-01-02T03:04:05.688Z", "until_time": "2026-01-02T04:04:05.708+01:00"}]
        alice < [50, 9, {}, [[{"...": 1, "args": [3]}, {"...": 1, "args": [4]}]]]
        alice > [48, 10, {}, "wamp.subscription.get_events", [2], {"from_publication": "$2", "until_publication": "$3"}]
        alice < [50, 10, {}, [[{"...": 1, "args": [2]}, {"...": 1, "args": [3]}]]]
        alice > [48, 11, {}, "wamp.subscription.get_events", [2], {"after_publication": "$1", "before_publication": "$4", "reverse": true}]
        alice < [50, 11, {}, [[{"...": 1, "args": [3]}, {"...": 1, "args": [2]}]]]
        alice > [48, 12, {}, "wamp.subscription.get_events", [2], {"after_publication": "$4"}]
        alice < [50, 12, {}, [[]]]
        alice > [48, 13, {}, "wamp.subscription.get_events", [2], {"after_publication": 12345}]
        alice < [50, 13, {}, [[]]]
        alice > [48, 14, {}, "wamp.subscription.get_events", [2], {"topic": "com.a", "after_publication": "$1", "before_time": "2026-01-02T03:04:05.708Z", "limit": 5}]
        alice < [50, 14, {}, [[{"...": 1, "args": [3]}]]]
        "#,
    );
}

#[test]
fn p15_events_that_name_sessions_are_not_kept() {
    check_history(
        r#"
        alice joins
        alice > [16, 1, {"eligible": [1]}, "com.x", [1]]
        alice > [16, 2, {"exclude": [9]}, "com.x", [2]]
        alice > [16, 3, {"exclude": []}, "com.x", [3]]
        alice > [16, 4, {"exclude_me": false, "exclude_authid": ["bob"]}, "com.x", [4]]
        alice > [48, 5, {}, "wamp.subscription.get_events", [1]]
        alice < [50, 5, {}, [[{"...": 1, "args": [4]}]]]
        "#,
    );
}

#[test]
fn p15_restrictions_hold_for_those_who_ask() {
    check_history(
        r#"
        role guest {"permissions": [{"uri": "", "match": "prefix", "allow": ["subscribe", "call"]}]}
        alice joins
        bob joins as guest
        alice > [16, 1, {"eligible_authid": ["bob"]}, "com.x", [1]]
        alice > [16, 2, {"exclude_authid": ["bob"]}, "com.x", [2]]
        alice > [16, 3, {"eligible_authrole": ["guest"], "exclude_authid": ["carol"]}, "com.x", [3]]
        alice > [16, 4, {"exclude_authrole": ["guest"]}, "com.x", [4]]
        alice > [48, 5, {}, "wamp.subscription.get_events", [1, 2]]
        alice < [50, 5, {}, [[{"...": 1, "args": [2]}, {"...": 1, "args": [4]}]]]
        bob > [48, 1, {}, "wamp.subscription.get_events", [1], {"reverse": true}]
        bob < [50, 1, {}, [[{"...": 1, "args": [3]}, {"...": 1, "args": [1]}]]]
        "#,
    );
}

#[test]
fn p15_who_may_not_subscribe_may_not_ask() {
    check_history(
        r#"
        role guest {"permissions": [{"uri": "com.x", "allow": ["subscribe"]}, {"uri": "wamp.", "match": "prefix", "allow": ["call"]}]}
        role mute {"permissions": [{"uri": "com.", "match": "prefix", "allow": ["subscribe"]}]}
        alice joins as guest
        bob joins as mute
        alice > [48, 1, {}, "wamp.subscription.get_events", [1]]
        alice < [50, 1, {}, [[]]]
        alice > [48, 2, {}, "wamp.subscription.get_events", [2]]
        alice < [8, 48, 2, {}, "wamp.error.not_authorized", "*"]
        bob > [48, 1, {}, "wamp.subscription.get_events", [1]]
        bob < [8, 48, 1, {}, "wamp.error.not_authorized", "*"]
        "#,
    );
}

#[test]
fn p15_what_has_no_history() {
    check(
        r#"
        alice joins
        alice > [32, 1, {}, "com.x"]
        alice < [33, 1, 1]
        alice > [48, 2, {}, "wamp.subscription.get_events", [1]]
        alice < [8, 48, 2, {}, "wamp.error.history_unavailable", "*"]
        "#,
    );
    check_history(
        r#"
        alice joins
        alice > [32, 1, {}, "org.x"]
        alice < [33, 1, 4]
        alice > [48, 2, {}, "wamp.subscription.get_events", [4]]
        alice < [8, 48, 2, {}, "wamp.error.history_unavailable", "*"]
        alice > [48, 3, {}, "wamp.subscription.get_events", [99]]
        alice < [8, 48, 3, {}, "wamp.error.no_such_subscription", "*"]
        "#,
    );
}

#[test]
fn p15_wrong_arguments_are_invalid() {
    let mut script = String::from("alice joins\n");
    for arguments in [
        "",
        r#", ["com.x"]"#,
        ", [0]",
        ", [1, 0]",
        ", [1, -1]",
        r#", [1, "ten"]"#,
        r#", [1], {"limit": 1.5}"#,
        r#", [1], {"reverse": 1}"#,
        r#", [1], {"from_time": 5}"#,
        r#", [1], {"until_time": "yesterday"}"#,
        r#", [1], {"topic": 5}"#,
        r#", [1], {"after_publication": "x"}"#,
        r#", [1], {"page": 2}"#,
    ] {
        script += &format!(
            r#"
            alice > [48, 1, {{}}, "wamp.subscription.get_events"{arguments}]
            alice < [8, 48, 1, {{}}, "wamp.error.invalid_argument", "*"]
            "#
        );
    }
    check_history(&script);
}

#[test]
fn p15_details_are_as_the_subscribers_got_them() {
    check_history(
        r#"
        node joins as trusted
        bob joins with publisher.payload_passthru_mode
        bob > [16, 1, {"disclose_me": true, "ppt_scheme": "x_mine", "transaction_hash": "0x1"}, "com.x", ["octets"]]
        node > [16, 2, {"forward_for": [{"session": 77, "authid": "root", "authrole": "trusted"}]}, "com.x"]
        bob > [16, 3, {"enc_algo": "cryptobox", "enc_serializer": "json"}, "com.x", "\u0000AQID"]
        bob > [48, 4, {}, "wamp.subscription.get_events", [1]]
        bob < [50, 4, {}, [[{"...": 1, "details": {"publisher": 2, "publisher_authid": "bob", "publisher_authrole": "anyone", "ppt_scheme": "x_mine", "transaction_hash": "0x1"}, "args": ["octets"]}, {"...": 1, "details": {"...": 1, "publisher": 1, "forward_for": [{"session": 77, "authid": "root", "authrole": "trusted"}]}}, {"...": 1, "details": {"enc_algo": "cryptobox", "enc_serializer": "json"}, "args": "\u0000AQID"}]]]
        "#,
    );
}

#[test]
fn p15_meta_events_have_a_history_if_it_is_wanted() {
    let options = RealmOptions {
        history: vec![rule("wamp.session.on_leave", MatchPolicy::Exact)],
        ..RealmOptions::default()
    };
    Stage::new(options, Access::Open).play(
        r#"
        alice joins
        bob joins
        bob leaves
        alice > [48, 1, {}, "wamp.subscription.get_events", [1]]
        alice < [50, 1, {}, [[{"...": 1, "args": [2, "bob", "anyone"]}]]]
        "#,
    );
}

#[test]
fn p15_an_answer_is_cut_at_a_mebibyte() {
    let much = "x".repeat(400_000);
    let mut script = String::from("alice joins\n");
    for number in 1..=4 {
        script += &format!("alice > [16, {number}, {{}}, \"com.x\", [{number}, \"{much}\"]]\n");
    }
    script += r#"
        alice > [48, 5, {}, "wamp.subscription.get_events", [1]]
        alice < [50, 5, {}, [[{"...": 1, "args": [1, "*"]}, {"...": 1, "publication": "$2", "args": [2, "*"]}]], {"more": true}]
        alice > [48, 6, {}, "wamp.subscription.get_events", [1], {"after_publication": "$2"}]
        alice < [50, 6, {}, [[{"...": 1, "args": [3, "*"]}, {"...": 1, "args": [4, "*"]}]]]
        "#;
    check_history(&script);
    let more = "x".repeat(1_200_000);
    check_history(&format!(
        r#"
        alice joins
        alice > [16, 1, {{}}, "com.x", ["{more}"]]
        alice > [48, 2, {{}}, "wamp.subscription.get_events", [1]]
        alice < [50, 2, {{}}, [[{{"...": 1, "args": ["{more}"]}}]]]
        "#
    ));
}

#[test]
fn p15_callers_that_take_progress_get_pieces() {
    let much = "x".repeat(40_000);
    let mut script = String::from("alice joins with caller.progressive_call_results\n");
    for number in 1..=3 {
        script += &format!("alice > [16, {number}, {{}}, \"com.x\", [{number}, \"{much}\"]]\n");
    }
    script += r#"
        alice > [16, 4, {}, "com.x", [4]]
        alice > [48, 5, {"receive_progress": true}, "wamp.subscription.get_events", [1]]
        alice < [50, 5, {"progress": true}, [[{"...": 1, "args": [1, "*"]}]]]
        alice < [50, 5, {"progress": true}, [[{"...": 1, "args": [2, "*"]}]]]
        alice < [50, 5, {}, [[{"...": 1, "args": [3, "*"]}, {"...": 1, "args": [4]}]]]
        alice > [48, 6, {"receive_progress": true}, "wamp.subscription.get_events", [1, 1]]
        alice < [50, 6, {}, [[{"...": 1, "args": [1, "*"]}]]]
        alice > [48, 7, {"receive_progress": true}, "wamp.subscription.get_events", [2], {"topic": "com.none"}]
        alice < [50, 7, {}, [[]]]
        "#;
    check_history(&script);
}

#[test]
fn p15_crossbars_order_limit_and_records_with_compat() {
    let options = RealmOptions {
        compat_crossbar: true,
        history: vec![HistoryRule {
            max_events: Some(20),
            ..rule("com.x", MatchPolicy::Exact)
        }],
        ..RealmOptions::default()
    };
    let mut script = String::from("alice joins\n");
    for number in 1..=12 {
        script += &format!("alice > [16, {number}, {{}}, \"com.x\", [{number}]]\n");
    }
    let numbers = |range: std::ops::RangeInclusive<i32>| {
        let items: Vec<String> = range
            .rev()
            .map(|number| format!(r#"{{"...": 1, "args": [{number}]}}"#))
            .collect();
        items.join(", ")
    };
    let (ten, all) = (numbers(3..=12), numbers(1..=12));
    script += &format!(
        r#"
        alice > [48, 20, {{}}, "wamp.subscription.get_events", [1]]
        alice < [50, 20, {{}}, [[{ten}]]]
        alice > [48, 21, {{}}, "wamp.subscription.get_events", [1, null]]
        alice < [50, 21, {{}}, [[{all}]]]
        alice > [48, 22, {{}}, "wamp.subscription.get_events", [1, 0]]
        alice < [50, 22, {{}}, [[]]]
        alice > [48, 23, {{}}, "wamp.subscription.get_events", [1], {{"limit": 1}}]
        alice < [50, 23, {{}}, [[{{"time_ns": 1767323045678000000, "realm": "realm1", "session_id": null, "authid": null, "authrole": null, "publication": "*", "topic": "com.x", "args": [12], "kwargs": null}}]]]
        "#
    );
    Stage::new(options, Access::Open).play(&script);
}

#[test]
fn p15_a_realm_without_rules_does_not_announce_it() {
    let welcome = |history: &str| {
        format!(
            r#"
            alice > [1, "realm1", {{"roles": {{"caller": {{}}}}}}]
            alice < [2, 1, {{"...": 1, "roles": {{"dealer": "*", "broker": {{"features": {{"...": 1, "event_retention": true{history}}}, "reflection": true}}}}}}]
            "#
        )
    };
    check_history(&welcome(r#", "event_history": true"#));
}
