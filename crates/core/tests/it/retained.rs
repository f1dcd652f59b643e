use crossbar_core::{Access, RealmOptions};
use crossbar_testkit::stage::Stage;

use crate::check;

/// Plays a script in a realm that retains few events.
fn check_bounded(max_events: usize, max_octets: usize, script: &str) {
    let options = RealmOptions {
        max_retained_events: max_events,
        max_retained_octets: max_octets,
        ..RealmOptions::default()
    };
    Stage::new(options, Access::Open).play(script);
}

#[test]
fn p16_the_latest_retained_event_follows_subscribed() {
    check(
        r#"
        alice joins
        bob joins
        alice > [16, 1, {"retain": true, "acknowledge": true}, "com.x", [1]]
        alice < [17, 1, "*"]
        alice > [16, 2, {"retain": true, "acknowledge": true}, "com.x", [2], {"k": "v"}]
        alice < [17, 2, "$p"]
        alice > [16, 3, {"acknowledge": true}, "com.x", [3]]
        alice < [17, 3, "*"]
        retained 1
        bob > [32, 1, {"get_retained": true}, "com.x"]
        bob < [33, 1, 1]
        bob < [36, 1, "$p", {"retained": true}, [2], {"k": "v"}]
        bob > [32, 2, {"get_retained": true}, "com.x"]
        bob < [33, 2, 1]
        bob < [36, 1, "$p", {"retained": true}, [2], {"k": "v"}]
        bob > [32, 3, {"get_retained": false}, "com.x"]
        bob < [33, 3, 1]
        bob > [32, 4, {"get_retained": true}, "com.y"]
        bob < [33, 4, 2]
        "#,
    );
}

#[test]
fn p16_a_retained_event_reaches_subscribers_live_without_the_flag() {
    check(
        r#"
        alice joins
        bob joins
        bob > [32, 1, {"get_retained": true}, "com.x"]
        bob < [33, 1, 1]
        alice > [16, 1, {"retain": true}, "com.x", ["live"]]
        bob < [36, 1, "*", {}, ["live"]]
        alice > [16, 2, {"retain": false}, "com.x", ["not kept"]]
        bob < [36, 1, "*", {}, ["not kept"]]
        alice leaves
        bob > [34, 2, 1]
        bob < [35, 2]
        bob > [32, 3, {"get_retained": true}, "com.x"]
        bob < [33, 3, 2]
        bob < [36, 2, "*", {"retained": true}, ["live"]]
        "#,
    );
}

#[test]
fn p16_patterns_get_the_event_of_each_topic_in_the_order_of_publication() {
    check(
        r#"
        alice joins
        bob joins
        alice > [16, 1, {"retain": true}, "com.b.on", ["b"]]
        alice > [16, 2, {"retain": true}, "com.a.on", ["a"]]
        alice > [16, 3, {"retain": true}, "com.a.off", ["off"]]
        alice > [16, 4, {"retain": true}, "comx", ["x"]]
        alice > [16, 5, {"retain": true}, "com.b.on", ["b again"]]
        bob > [32, 1, {"get_retained": true, "match": "prefix"}, "com."]
        bob < [33, 1, 1]
        bob < [36, 1, "$a", {"retained": true, "topic": "com.a.on"}, ["a"]]
        bob < [36, 1, "$off", {"retained": true, "topic": "com.a.off"}, ["off"]]
        bob < [36, 1, "$b", {"retained": true, "topic": "com.b.on"}, ["b again"]]
        bob > [32, 2, {"get_retained": true, "match": "wildcard"}, "com..on"]
        bob < [33, 2, 2]
        bob < [36, 2, "$a", {"retained": true, "topic": "com.a.on"}, ["a"]]
        bob < [36, 2, "$b", {"retained": true, "topic": "com.b.on"}, ["b again"]]
        bob > [32, 3, {"get_retained": true, "match": "prefix"}, "com.c"]
        bob < [33, 3, 3]
        bob > [32, 4, {"get_retained": true, "match": "wildcard"}, "."]
        bob < [33, 4, 4]
        "#,
    );
}

#[test]
fn p16_restrictions_hold_for_those_who_ask_later() {
    check(
        r#"
        role guest {"permissions": [{"uri": "", "match": "prefix", "allow": ["subscribe"]}]}
        alice joins
        bob joins as guest
        carol joins as guest
        alice > [16, 1, {"retain": true, "eligible": [2]}, "com.1", [1]]
        alice > [16, 2, {"retain": true, "exclude": [2]}, "com.2", [2]]
        alice > [16, 3, {"retain": true, "eligible_authid": ["bob"]}, "com.3", [3]]
        alice > [16, 4, {"retain": true, "exclude_authid": ["bob"]}, "com.4", [4]]
        alice > [16, 5, {"retain": true, "eligible_authrole": ["guest"], "exclude_authid": ["carol"]}, "com.5", [5]]
        alice > [16, 6, {"retain": true, "exclude_authrole": ["guest"]}, "com.6", [6]]
        alice > [16, 7, {"retain": true, "eligible": []}, "com.7", [7]]
        alice > [16, 8, {"retain": true, "exclude": [], "exclude_authid": [], "exclude_authrole": []}, "com.8", [8]]
        bob > [32, 1, {"get_retained": true, "match": "prefix"}, "com."]
        bob < [33, 1, 1]
        bob < [36, 1, "*", {"...": 1, "topic": "com.1"}, [1]]
        bob < [36, 1, "*", {"...": 1, "topic": "com.3"}, [3]]
        bob < [36, 1, "*", {"...": 1, "topic": "com.5"}, [5]]
        bob < [36, 1, "*", {"...": 1, "topic": "com.8"}, [8]]
        carol > [32, 1, {"get_retained": true, "match": "prefix"}, "com."]
        carol < [33, 1, 1]
        carol < [36, 1, "*", {"...": 1, "topic": "com.2"}, [2]]
        carol < [36, 1, "*", {"...": 1, "topic": "com.4"}, [4]]
        carol < [36, 1, "*", {"...": 1, "topic": "com.8"}, [8]]
        "#,
    );
}

#[test]
fn p16_an_event_for_some_does_not_hide_the_last_one_for_all() {
    check(
        r#"
        alice joins
        bob joins
        carol joins
        alice > [16, 1, {"retain": true}, "com.x", ["all"]]
        alice > [16, 2, {"retain": true, "eligible_authid": ["bob"]}, "com.x", ["bob"]]
        alice > [16, 3, {"retain": true, "eligible_authid": ["carol"]}, "com.x", ["carol"]]
        alice > [16, 4, {"retain": true, "eligible_authid": ["carol"]}, "com.x", ["carol again"]]
        retained 4
        alice > [32, 5, {"get_retained": true}, "com.x"]
        alice < [33, 5, 1]
        alice < [36, 1, "*", {"retained": true}, ["all"]]
        bob > [32, 1, {"get_retained": true}, "com.x"]
        bob < [33, 1, 1]
        bob < [36, 1, "*", {"retained": true}, ["bob"]]
        carol > [32, 1, {"get_retained": true}, "com.x"]
        carol < [33, 1, 1]
        carol < [36, 1, "*", {"retained": true}, ["carol again"]]
        alice > [16, 6, {"retain": true, "eligible": []}, "com.x", ["all anew"]]
        alice > [16, 7, {"retain": true, "eligible": [], "acknowledge": true}, "com.x", ["nobody"]]
        alice < [17, 7, "*"]
        retained 6
        alice > [16, 8, {"retain": true, "eligible": [2, 3], "exclude_me": false}, "com.x", ["both"]]
        bob < [36, 1, "*", {}, ["both"]]
        carol < [36, 1, "*", {}, ["both"]]
        alice > [16, 9, {"retain": true}, "com.x", ["all anew"]]
        bob < [36, 1, "*", {}, ["all anew"]]
        carol < [36, 1, "*", {}, ["all anew"]]
        retained 1
        carol > [32, 2, {"get_retained": true}, "com.x"]
        carol < [33, 2, 1]
        carol < [36, 1, "*", {"retained": true}, ["all anew"]]
        "#,
    );
}

#[test]
fn p16_a_topic_has_sixteen_events_for_some_at_most() {
    let mut script = String::from(
        r#"
        alice joins
        bob joins
        alice > [16, 1, {"retain": true}, "com.x", ["all"]]
        alice > [16, 1, {"retain": true, "eligible": [2]}, "com.x", ["bob"]]
        "#,
    );
    for _ in 0..16 {
        script += "alice > [16, 1, {\"retain\": true, \"eligible\": [9]}, \"com.x\", [9]]\n";
    }
    script += r#"
        retained 17
        forgotten 1
        bob > [32, 1, {"get_retained": true}, "com.x"]
        bob < [33, 1, 1]
        bob < [36, 1, "*", {"retained": true}, ["all"]]
        "#;
    check(&script);
}

#[test]
fn p16_a_publisher_gets_its_own_when_it_asks() {
    check(
        r#"
        alice joins
        alice > [16, 1, {"retain": true, "exclude_me": true}, "com.x", ["mine"]]
        alice > [32, 2, {"get_retained": true}, "com.x"]
        alice < [33, 2, 1]
        alice < [36, 1, "*", {"retained": true}, ["mine"]]
        "#,
    );
}

#[test]
fn p16_publisher_and_attributes_are_as_they_were() {
    check(
        r#"
        role open {"permissions": [{"uri": "", "match": "prefix", "allow": ["publish"], "disclose": {"publisher": true}}]}
        node joins as trusted
        alice joins as open with publisher.payload_passthru_mode
        bob joins
        alice > [16, 1, {"retain": true, "ppt_scheme": "x_mine", "transaction_hash": "0x01"}, "com.x", ["octets"]]
        alice leaves
        role open {"permissions": []}
        bob > [32, 1, {"get_retained": true}, "com.x"]
        bob < [33, 1, 1]
        bob < [36, 1, "*", {"retained": true, "publisher": 2, "publisher_authid": "alice", "publisher_authrole": "open", "ppt_scheme": "x_mine", "transaction_hash": "0x01"}, ["octets"]]
        bob > [16, 2, {"retain": true, "enc_algo": "cryptobox", "enc_serializer": "json", "enc_key": "abc"}, "com.y", "\u0000AQID"]
        bob > [32, 3, {"get_retained": true}, "com.y"]
        bob < [33, 3, 2]
        bob < [36, 2, "*", {"retained": true, "enc_algo": "cryptobox", "enc_serializer": "json", "enc_key": "abc"}, "\u0000AQID"]
        "#,
    );
}

#[test]
fn p16_what_may_not_be_published_is_not_retained() {
    check(
        r#"
        role mute {"permissions": [{"uri": "", "match": "prefix", "allow": ["subscribe"]}]}
        alice joins as mute
        alice > [16, 1, {"retain": true}, "com.x", [1]]
        alice > [16, 2, {"retain": true}, "com. x", [1]]
        retained 0
        "#,
    );
}

#[test]
fn p16_an_event_without_arguments_replaces_the_one_before() {
    check(
        r#"
        alice joins
        alice > [16, 1, {"retain": true}, "com.x", [1]]
        alice > [16, 2, {"retain": true}, "com.x"]
        retained 1
        alice > [32, 3, {"get_retained": true}, "com.x"]
        alice < [33, 3, 1]
        alice < [36, 1, "*", {"retained": true}]
        "#,
    );
}

#[test]
fn p16_the_oldest_go_when_there_are_too_many() {
    check_bounded(
        2,
        1 << 20,
        r#"
        alice joins
        alice > [16, 1, {"retain": true}, "com.a", ["a"]]
        alice > [16, 2, {"retain": true}, "com.b", ["b"]]
        alice > [16, 3, {"retain": true}, "com.a", ["a again"]]
        forgotten 0
        alice > [16, 4, {"retain": true}, "com.c", ["c"]]
        retained 2
        forgotten 1
        alice > [32, 5, {"get_retained": true, "match": "prefix"}, "com"]
        alice < [33, 5, 1]
        alice < [36, 1, "*", {"...": 1, "topic": "com.a"}, ["a again"]]
        alice < [36, 1, "*", {"...": 1, "topic": "com.c"}, ["c"]]
        "#,
    );
    check_bounded(
        0,
        1 << 20,
        r#"
        alice joins
        alice > [16, 1, {"retain": true}, "com.a", ["a"]]
        retained 0
        "#,
    );
}

#[test]
fn p16_the_oldest_go_when_they_are_too_large() {
    let filler = "x".repeat(900);
    let large = "x".repeat(2000);
    let script = format!(
        r#"
        alice joins
        alice > [16, 1, {{"retain": true}}, "com.a", ["{filler}"]]
        alice > [16, 2, {{"retain": true}}, "com.b", [2]]
        retained 2
        alice > [16, 3, {{"retain": true}}, "com.c", ["{filler}"]]
        retained 2
        forgotten 1
        alice > [16, 4, {{"retain": true}}, "com.b", ["{large}"]]  # none rather than one that is outdated
        retained 1
        forgotten 2
        alice > [32, 5, {{"get_retained": true, "match": "prefix"}}, "com"]
        alice < [33, 5, 1]
        alice < [36, 1, "*", {{"...": 1, "topic": "com.c"}}, ["{filler}"]]
        "#
    );
    check_bounded(100, 2000, &script);
}
