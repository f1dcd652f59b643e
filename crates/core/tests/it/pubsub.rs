use crate::check;

#[test]
fn p01_subscribing_again_gives_the_same_subscription() {
    check(
        r#"
        alice joins
        bob joins
        alice > [32, 1, {}, "com.x"]
        alice < [33, 1, 1]
        alice > [32, 2, {}, "com.x"]
        alice < [33, 2, 1]
        alice > [32, 3, {"match": null, "get_retained": false}, "com.x"]
        alice < [33, 3, 1]
        bob > [16, 1, {}, "com.x", ["once"]]
        alice < [36, 1, "*", {}, ["once"]]
        alice > [34, 4, 1]
        alice < [35, 4]
        bob > [16, 2, {}, "com.x", ["never"]]
        "#,
    );
}

#[test]
fn p02_unsubscribing_what_is_not_subscribed() {
    check(
        r#"
        alice joins
        bob joins
        alice > [32, 1, {}, "com.x"]
        alice < [33, 1, 1]
        bob > [34, 1, 1]
        bob < [8, 34, 1, {}, "wamp.error.no_such_subscription", "*"]
        bob > [34, 2, 99]
        bob < [8, 34, 2, {}, "wamp.error.no_such_subscription", "*"]
        alice > [34, 2, 1]
        alice < [35, 2]
        alice > [34, 3, 1]
        alice < [8, 34, 3, {}, "wamp.error.no_such_subscription", "*"]
        "#,
    );
}

#[test]
fn p03_only_an_acknowledged_publication_is_answered() {
    check(
        r#"
        role mute {"permissions": []}
        alice joins
        bob joins as mute
        alice > [16, 1, {}, "com.x"]
        alice > [16, 2, {"acknowledge": false}, "com.x"]
        alice > [16, 3, {"acknowledge": true}, "com.x"]
        alice < [17, 3, "*"]
        bob > [16, 1, {}, "com.x"]
        bob > [16, 2, {"acknowledge": true}, "com.x"]
        bob < [8, 16, 2, {}, "wamp.error.not_authorized", "*"]
        "#,
    );
}

#[test]
fn p04_one_event_for_each_subscription_that_matches() {
    check(
        r#"
        alice joins
        bob joins
        alice > [32, 1, {"match": "wildcard"}, "com..y"]
        alice < [33, 1, 1]
        alice > [32, 2, {"match": "prefix"}, "com.x"]
        alice < [33, 2, 2]
        alice > [32, 3, {"match": "prefix"}, "com"]
        alice < [33, 3, 3]
        alice > [32, 4, {}, "com.x.y"]
        alice < [33, 4, 4]
        alice > [32, 5, {"match": "wildcard"}, "com.x."]
        alice < [33, 5, 5]
        bob > [16, 1, {}, "com.x.y", [1]]
        alice < [36, 4, "$p", {}, [1]]
        alice < [36, 3, "$p", {"topic": "com.x.y"}, [1]]
        alice < [36, 2, "$p", {"topic": "com.x.y"}, [1]]
        alice < [36, 5, "$p", {"topic": "com.x.y"}, [1]]
        alice < [36, 1, "$p", {"topic": "com.x.y"}, [1]]
        "#,
    );
}

#[test]
fn p04_the_same_event_for_all_subscribers() {
    check(
        r#"
        alice joins
        bob joins
        carol joins
        alice > [32, 1, {}, "com.x"]
        alice < [33, 1, 1]
        bob > [32, 1, {}, "com.x"]
        bob < [33, 1, 1]
        carol > [32, 1, {}, "com.x"]
        carol < [33, 1, 1]
        bob > [16, 2, {}, "com.x", ["hi"], {"k": 1}]
        alice < [36, 1, "$p", {}, ["hi"], {"k": 1}]
        carol < [36, 1, "$p", {}, ["hi"], {"k": 1}]
        "#,
    );
}

#[test]
fn p05_events_keep_the_order_of_their_publisher() {
    check(
        r#"
        alice joins
        bob joins
        alice > [32, 1, {}, "com.x"]
        alice < [33, 1, 1]
        alice > [32, 2, {"match": "prefix"}, "com.y"]
        alice < [33, 2, 2]
        bob > [16, 1, {}, "com.y.1", [1]]
        alice < [36, 2, "*", {"topic": "com.y.1"}, [1]]
        bob > [16, 2, {}, "com.x", [2]]
        alice < [36, 1, "*", {}, [2]]
        bob > [16, 3, {}, "com.y.2", [3]]
        alice < [36, 2, "*", {"topic": "com.y.2"}, [3]]
        "#,
    );
}

#[test]
fn p06_p07_an_undeliverable_event_is_dropped_and_counted() {
    check(
        r#"
        alice joins
        alice > [32, 1, {}, "com.x"]
        alice < [33, 1, 1]
        dropped 0
        alice cannot hold [36, 1, 5, {}, ["much"]]
        alice cannot express [36, 1, 6, {}, ["odd"]]
        dropped 2
        alice > [34, 2, 1]
        alice < [35, 2]
        "#,
    );
}

#[test]
fn p08_black_and_white_lists_by_session() {
    check(
        r#"
        alice joins
        bob joins
        carol joins
        alice > [32, 1, {}, "com.x"]
        alice < [33, 1, 1]
        bob > [32, 1, {}, "com.x"]
        bob < [33, 1, 1]
        carol > [32, 1, {}, "com.x"]
        carol < [33, 1, 1]
        carol > [16, 2, {"eligible": [1, 99]}, "com.x", ["eligible"]]
        alice < [36, 1, "*", {}, ["eligible"]]
        carol > [16, 3, {"exclude": [1]}, "com.x", ["exclude"]]
        bob < [36, 1, "*", {}, ["exclude"]]
        carol > [16, 4, {"eligible": [1, 2, 3, 4, 5, 6], "exclude": [2]}, "com.x", ["both"]]
        alice < [36, 1, "*", {}, ["both"]]
        carol > [16, 5, {"eligible": [2, 2, 2]}, "com.x", ["thrice"]]
        bob < [36, 1, "*", {}, ["thrice"]]
        "#,
    );
}

#[test]
fn p08_an_empty_white_list_means_nobody() {
    check(
        r#"
        alice joins
        bob joins
        alice > [32, 1, {}, "com.x"]
        alice < [33, 1, 1]
        bob > [16, 1, {"eligible": []}, "com.x"]
        bob > [16, 2, {"eligible_authid": []}, "com.x"]
        bob > [16, 3, {"eligible_authrole": []}, "com.x"]
        bob > [16, 4, {"exclude": []}, "com.x", ["all"]]
        alice < [36, 1, "*", {}, ["all"]]
        "#,
    );
}

#[test]
fn p08_black_and_white_lists_by_authid_and_authrole() {
    check(
        r#"
        role guest {"permissions": [{"uri": "", "match": "prefix", "allow": ["subscribe"]}]}
        alice joins
        bob joins as guest
        carol joins as guest
        dave joins
        alice > [32, 1, {}, "com.x"]
        alice < [33, 1, 1]
        bob > [32, 1, {}, "com.x"]
        bob < [33, 1, 1]
        carol > [32, 1, {}, "com.x"]
        carol < [33, 1, 1]
        dave > [16, 1, {"eligible_authrole": ["guest"]}, "com.x", [1]]
        bob < [36, 1, "*", {}, [1]]
        carol < [36, 1, "*", {}, [1]]
        dave > [16, 2, {"eligible_authrole": ["guest"], "eligible_authid": ["alice", "carol"]}, "com.x", [2]]
        carol < [36, 1, "*", {}, [2]]
        dave > [16, 3, {"exclude_authrole": ["guest"]}, "com.x", [3]]
        alice < [36, 1, "*", {}, [3]]
        dave > [16, 4, {"exclude_authid": ["alice", "bob"]}, "com.x", [4]]
        carol < [36, 1, "*", {}, [4]]
        "#,
    );
}

#[test]
fn p08_lists_hold_for_subscribers_of_patterns() {
    check(
        r#"
        alice joins
        bob joins
        carol joins
        alice > [32, 1, {"match": "prefix"}, "com."]
        alice < [33, 1, 1]
        bob > [32, 1, {"match": "wildcard"}, "com."]
        bob < [33, 1, 2]
        carol > [16, 1, {"exclude": [1]}, "com.x", ["not alice"]]
        bob < [36, 2, "*", {"topic": "com.x"}, ["not alice"]]
        carol > [16, 2, {"eligible_authid": ["alice", "nobody"]}, "com.x", ["alice"]]
        alice < [36, 1, "*", {"topic": "com.x"}, ["alice"]]
        "#,
    );
}

#[test]
fn p08_whoever_is_on_both_lists_gets_nothing() {
    check(
        r#"
        alice joins
        bob joins
        alice > [32, 1, {}, "com.x"]
        alice < [33, 1, 1]
        bob > [32, 1, {}, "com.x"]
        bob < [33, 1, 1]
        bob > [16, 2, {"eligible": [1], "exclude_authid": ["alice"]}, "com.x"]
        bob > [16, 3, {"eligible_authrole": ["anyone"], "exclude_authrole": ["anyone"]}, "com.x"]
        bob > [16, 4, {"eligible_authid": ["alice"], "exclude": [1, 1]}, "com.x"]
        bob > [16, 5, {"eligible": [99], "eligible_authid": ["alice"]}, "com.x"]
        bob > [16, 6, {"exclude": [99], "exclude_authid": ["nobody"], "exclude_authrole": ["none"]}, "com.x", ["all"]]
        alice < [36, 1, "*", {}, ["all"]]
        "#,
    );
}

#[test]
fn p08_the_lists_count_when_the_publisher_wants_its_own() {
    check(
        r#"
        alice joins
        alice > [32, 1, {}, "com.x"]
        alice < [33, 1, 1]
        alice > [16, 2, {"exclude_me": false, "exclude": [1]}, "com.x"]
        alice > [16, 3, {"exclude_me": false, "eligible": []}, "com.x"]
        alice > [16, 4, {"exclude_me": false, "eligible_authid": ["alice"]}, "com.x", ["mine"]]
        alice < [36, 1, "*", {}, ["mine"]]
        "#,
    );
}

#[test]
fn p09_a_publisher_is_excluded_unless_it_says_otherwise() {
    check(
        r#"
        alice joins
        alice > [32, 1, {}, "com.x"]
        alice < [33, 1, 1]
        alice > [16, 2, {}, "com.x", ["not to me"]]
        alice > [16, 3, {"exclude_me": true}, "com.x", ["not to me"]]
        alice > [16, 4, {"exclude_me": false, "acknowledge": true}, "com.x", ["to me"]]
        alice < [17, 4, "$p"]
        alice < [36, 1, "$p", {}, ["to me"]]
        alice > [16, 5, {"eligible": [1]}, "com.x", ["exclusion wins"]]
        "#,
    );
}

#[test]
fn p10_a_publisher_is_disclosed_when_it_asks() {
    check(
        r#"
        alice joins
        bob joins
        alice > [32, 1, {}, "com.x"]
        alice < [33, 1, 1]
        bob > [16, 1, {}, "com.x"]
        alice < [36, 1, "*", {}]
        bob > [16, 2, {"disclose_me": true}, "com.x"]
        alice < [36, 1, "*", {"publisher": 2, "publisher_authid": "bob", "publisher_authrole": "anyone"}]
        "#,
    );
}

#[test]
fn p10_the_permission_decides_about_disclosure() {
    check(
        r#"
        role open {"permissions": [{"uri": "", "match": "prefix", "allow": ["publish"], "disclose": {"publisher": true}}]}
        role hidden {"permissions": [{"uri": "", "match": "prefix", "allow": ["publish"], "disclose": {"publisher": "never"}}]}
        alice joins
        bob joins as open
        carol joins as hidden
        alice > [32, 1, {}, "com.x"]
        alice < [33, 1, 1]
        bob > [16, 1, {"disclose_me": false}, "com.x"]
        alice < [36, 1, "*", {"publisher": 2, "publisher_authid": "bob", "publisher_authrole": "open"}]
        carol > [16, 1, {}, "com.x"]
        alice < [36, 1, "*", {}]
        carol > [16, 2, {"disclose_me": true}, "com.x"]
        carol > [16, 3, {"disclose_me": true, "acknowledge": true}, "com.x"]
        carol < [8, 16, 3, {}, "wamp.error.option_disallowed.disclose_me", "*"]
        "#,
    );
}

#[test]
fn p13_prefixes_are_plain_and_wildcards_by_component() {
    check(
        r#"
        alice joins
        bob joins
        alice > [32, 1, {"match": "prefix"}, "com.obj1"]
        alice < [33, 1, 1]
        alice > [32, 2, {"match": "wildcard"}, "com..on"]
        alice < [33, 2, 2]
        bob > [16, 1, {}, "com.obj1-sub"]
        alice < [36, 1, "*", {"topic": "com.obj1-sub"}]
        bob > [16, 2, {}, "com.obj"]
        bob > [16, 3, {}, "com.door.on"]
        alice < [36, 2, "*", {"topic": "com.door.on"}]
        bob > [16, 4, {}, "com.on"]
        bob > [16, 5, {}, "com.a.b.on"]
        bob > [16, 6, {}, "org.a.on"]
        "#,
    );
}

#[test]
fn p13_the_empty_prefix_matches_all() {
    check(
        r#"
        node joins as trusted
        alice joins
        alice > [32, 1, {"match": "prefix"}, ""]
        alice < [33, 1, 1]
        alice < [36, 1, "*", {"topic": "wamp.subscription.on_create"}, "*"]
        alice < [36, 1, "*", {"topic": "wamp.subscription.on_subscribe"}, "*"]
        node > [16, 1, {}, "a"]
        alice < [36, 1, "*", {"...": 1, "topic": "a"}]
        node > [16, 2, {}, "wamp.session.on_join"]
        alice < [36, 1, "*", {"...": 1, "topic": "wamp.session.on_join"}]
        "#,
    );
}

#[test]
fn p18_receipts_of_events_have_no_effect() {
    check(
        r#"
        alice joins
        bob joins
        alice > [32, 1, {}, "com.x"]
        alice < [33, 1, 1]
        bob > [16, 1, {}, "com.x"]
        alice < [36, 1, "$p", {}]
        alice > [337, "$p"]
        bob > [337, 99]
        alice > [34, 2, 1]
        alice < [35, 2]
        "#,
    );
}

#[test]
fn x04_only_the_nodes_own_sessions_speak_for_others() {
    check(
        r#"
        node joins as trusted
        alice joins
        bob joins
        alice > [32, 1, {}, "com.x"]
        alice < [33, 1, 1]
        bob > [16, 1, {"forward_for": [{"session": 77, "authid": "root", "authrole": "trusted"}]}, "com.x"]
        alice < [36, 1, "*", {}]
        node > [16, 1, {"forward_for": [{"session": 77, "authid": "root", "authrole": "trusted"}]}, "com.x"]
        alice < [36, 1, "*", {"...": 1, "forward_for": [{"session": 77, "authid": "root", "authrole": "trusted"}]}]
        "#,
    );
}
