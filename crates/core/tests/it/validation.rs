//! Arguments against the types that a permission or an authorizer names (Crossbar.io: `validate`).

use crate::stage::check_in_shop;

/// bob's role has this `validate` for everything; alice is of a role that may do all.
fn guarded(validate: &str, script: &str) {
    check_in_shop(&format!(
        r#"
        role guest {{"permissions": [{{"uri": "", "match": "prefix", "allow": ["call", "publish", "subscribe"], "validate": {validate}}}]}}
        alice joins with callee.call_canceling callee.progressive_call_results callee.progressive_call_invocations callee.payload_passthru_mode
        bob joins as guest with caller.progressive_call_invocations caller.progressive_call_results caller.payload_passthru_mode publisher.payload_passthru_mode
        alice > [64, 1, {{}}, "com.x"]
        alice < [65, 1, 1]
        alice > [32, 2, {{}}, "com.t"]
        alice < [33, 2, 1]
        {script}
        "#
    ));
}

#[test]
fn z04_the_arguments_of_a_call_must_fit() {
    guarded(
        r#"{"call": "shop.Order"}"#,
        r#"
        bob > [48, 1, {}, "com.x", [7, {"name": "cup"}], {"clerk": "eve"}]
        alice < [68, 1, 1, {}, [7, {"name": "cup"}], {"clerk": "eve"}]
        alice > [70, 1, {}, ["anything"]]
        bob < [50, 1, {}, ["anything"]]
        bob > [48, 2, {}, "com.x", [7, {"name": 8}], {"clerk": "eve"}]
        bob < unfit the arguments of the call do not fit "shop.Order": item.name: expected a string, found integer
        bob < [8, 48, 2, {}, "wamp.error.invalid_argument", ["the arguments of the call do not fit \"shop.Order\": item.name: expected a string, found integer"]]
        bob > [48, 3, {}, "com.none"]
        bob < unfit the arguments of the call do not fit "shop.Order": customer: missing
        bob < [8, 48, 3, {}, "wamp.error.invalid_argument", "*"]
        bob > [48, 4, {}, "wamp.session.count"]
        bob < unfit the arguments of the call do not fit "shop.Order": customer: missing
        bob < [8, 48, 4, {}, "wamp.error.invalid_argument", "*"]
        alice > [48, 3, {}, "wamp.session.count"]
        alice < [50, 3, {}, [2]]
        bob > [16, 5, {"acknowledge": true}, "com.t", ["anything"]]
        bob < [17, 5, "$p"]
        alice < [36, 1, "$p", {}, ["anything"]]
        "#,
    );
}

#[test]
fn z04_the_most_specific_permission_says_what_is_checked() {
    check_in_shop(
        r#"
        role guest {"permissions": [{"uri": "", "match": "prefix", "allow": ["call"], "validate": {"call": "shop.Order"}}, {"uri": "com.free", "allow": ["call"]}, {"uri": "com.no", "allow": [], "validate": {"call": "shop.Order"}}]}
        bob joins as guest
        bob > [48, 1, {}, "com.free"]
        bob < [8, 48, 1, {}, "wamp.error.no_such_procedure", "*"]
        bob > [48, 2, {}, "com.no"]
        bob < [8, 48, 2, {}, "wamp.error.not_authorized", "*"]
        bob > [48, 3, {}, "com.x"]
        bob < unfit the arguments of the call do not fit "shop.Order": customer: missing
        bob < [8, 48, 3, {}, "wamp.error.invalid_argument", "*"]
        "#,
    );
}

#[test]
fn z04_the_further_arguments_of_a_call_must_fit() {
    let begun = r#"
        bob > [48, 1, {"progress": true}, "com.x", [7, {"name": "cup"}], {"clerk": "eve"}]
        alice < [68, 1, 1, {"progress": true}, [7, {"name": "cup"}], {"clerk": "eve"}]
        "#;
    let validate = r#"{"call": "shop.Order", "call_progress": "shop.More"}"#;
    let script = r#"
        bob > [48, 1, {"progress": true}, "com.x", [{"name": "pot"}]]
        alice < [68, 1, 1, {"progress": true}, [{"name": "pot"}]]
        bob > [48, 1, {"progress": true}, "com.x", ["pot"]]
        alice < [69, 1, {"mode": "killnowait"}]
        bob < unfit the arguments of the call do not fit "shop.More": item: expected a "shop.Item", found string
        bob < [8, 48, 1, {}, "wamp.error.invalid_argument", "*"]
        bob > [48, 1, {}, "com.x", [{"name": "pan"}]]
        alice > [8, 68, 1, {}, "wamp.error.canceled"]
        "#;
    guarded(validate, &format!("{begun}{script}"));
    let script = r#"
        bob > [48, 1, {}, "com.x", [{"name": "pot"}]]
        alice < [69, 1, {"mode": "killnowait"}]
        bob < unfit the arguments of the call do not fit "shop.Order": customer: expected an integer from 1 to 9007199254740992, found dictionary
        bob < [8, 48, 1, {}, "wamp.error.invalid_argument", "*"]
        "#;
    guarded(r#"{"call": "shop.Order"}"#, &format!("{begun}{script}"));
    let violation = r#"
        bob > [48, 1, {}, "com.y", ["pot"]]
        bob < [3, {"message": "*"}, "wamp.error.protocol_violation"]
        bob < closed
        alice < [69, 1, {"mode": "killnowait"}]
        "#;
    guarded(validate, &format!("{begun}{violation}"));
}

#[test]
fn z04_a_result_that_does_not_fit_is_an_error_for_the_caller() {
    let good = r#"["bf469db0-efea-425b-8de4-24b5770e6241"]"#;
    let script = format!(
        r#"
        bob > [48, 1, {{}}, "com.x"]
        alice < [68, 1, 1, {{}}]
        alice > [70, 1, {{}}, {good}, {{"topic": "com.paid"}}]
        bob < [50, 1, {{}}, {good}, {{"topic": "com.paid"}}]
        bob > [48, 2, {{}}, "com.x"]
        alice < [68, 2, 1, {{}}]
        alice > [70, 2, {{}}, [17]]
        alice < unfit the arguments of the result do not fit "shop.Placed": number: expected a UUID, found integer
        bob < [8, 48, 2, {{}}, "wamp.error.invalid_argument", ["the arguments of the result do not fit \"shop.Placed\": number: expected a UUID, found integer"]]
        bob > [48, 3, {{"receive_progress": true}}, "com.x"]
        alice < [68, 3, 1, {{"receive_progress": true}}]
        alice > [70, 3, {{"progress": true}}, {good}]
        bob < [50, 3, {{"progress": true}}, {good}]
        alice > [70, 3, {{"progress": true}}, [1]]
        alice < [69, 3, {{"mode": "killnowait"}}]
        alice < unfit the arguments of the result do not fit "shop.Placed": number: expected a UUID, found integer
        bob < [8, 48, 3, {{}}, "wamp.error.invalid_argument", "*"]
        alice > [70, 3, {{}}, {good}]
        "#
    );
    guarded(r#"{"call_result": "shop.Placed"}"#, &script);
}

#[test]
fn z04_progressive_results_have_a_type_of_their_own() {
    guarded(
        r#"{"call_result": "shop.Placed", "call_result_progress": "shop.Progress"}"#,
        r#"
        bob > [48, 1, {"receive_progress": true}, "com.x"]
        alice < [68, 1, 1, {"receive_progress": true}]
        alice > [70, 1, {"progress": true}, [50]]
        bob < [50, 1, {"progress": true}, [50]]
        alice > [70, 1, {}, [100]]
        alice < unfit the arguments of the result do not fit "shop.Placed": number: expected a UUID, found integer
        bob < [8, 48, 1, {}, "wamp.error.invalid_argument", "*"]
        "#,
    );
}

#[test]
fn z04_the_arguments_of_a_callees_error_must_fit() {
    guarded(
        r#"{"call_error": "shop.Failure"}"#,
        r#"
        bob > [48, 1, {}, "com.x"]
        alice < [68, 1, 1, {}]
        alice > [8, 68, 1, {}, "com.error.closed", ["at night"]]
        bob < [8, 48, 1, {}, "com.error.closed", ["at night"]]
        bob > [48, 2, {}, "com.x"]
        alice < [68, 2, 1, {}]
        alice > [8, 68, 2, {}, "com.error.closed"]
        alice < unfit the arguments of the error do not fit "shop.Failure": reason: missing
        bob < [8, 48, 2, {}, "wamp.error.invalid_argument", ["the arguments of the error do not fit \"shop.Failure\": reason: missing"]]
        bob > [48, 3, {}, "com.x"]
        alice < [68, 3, 1, {}]
        bob > [49, 3, {"mode": "kill"}]
        alice < [69, 3, {"mode": "kill"}]
        alice > [8, 68, 3, {}, "wamp.error.canceled"]
        bob < [8, 48, 3, {}, "wamp.error.canceled"]
        bob > [48, 4, {"timeout": 50}, "com.x"]
        alice < [68, 4, 1, {}]
        wait 50ms
        alice < [69, 4, {"mode": "killnowait"}]
        bob < [8, 48, 4, {}, "wamp.error.timeout", "*"]
        alice > [70, 4, {}]
        "#,
    );
}

#[test]
fn z04_events_must_fit() {
    guarded(
        r#"{"event": "shop.Paid"}"#,
        r#"
        bob > [16, 1, {}, "com.t", [5, 2, {"amount": 9}]]
        alice < [36, 1, "*", {}, [5, 2, {"amount": 9}]]
        bob > [16, 2, {}, "com.t", [5, 2, {"amount": -9}]]
        bob < unfit the arguments of the event do not fit "shop.Paid": payment.amount: expected an integer from 0 to 4294967295
        bob > [16, 3, {"acknowledge": true, "retain": true}, "com.t", [5]]
        bob < unfit the arguments of the event do not fit "shop.Paid": payment_type: missing
        bob < [8, 16, 3, {}, "wamp.error.invalid_argument", ["the arguments of the event do not fit \"shop.Paid\": payment_type: missing"]]
        retained 0
        alice > [16, 3, {"exclude_me": false}, "com.t", [5]]
        alice < [36, 1, "*", {}, [5]]
        "#,
    );
}

#[test]
fn z04_a_testament_must_fit_when_it_is_left() {
    guarded(
        r#"{"event": "shop.Paid"}"#,
        r#"
        bob > [48, 1, {}, "wamp.session.add_testament", ["com.t", [5], {}]]
        bob < unfit the arguments of the event do not fit "shop.Paid": payment_type: missing
        bob < [8, 48, 1, {}, "wamp.error.invalid_argument", "*"]
        bob > [48, 2, {}, "wamp.session.add_testament", ["com.t", [5, 0, null], {}]]
        bob < [50, 2, {}, "*"]
        bob leaves
        alice < [36, 1, "*", {}, [5, 0, null]]
        "#,
    );
}

#[test]
fn z04_what_passthru_hides_is_refused() {
    guarded(
        r#"{"call": "shop.Order", "call_result": "shop.Placed", "event": "shop.Paid"}"#,
        r#"
        bob > [48, 1, {"ppt_scheme": "x_mine"}, "com.x", ["\u0000AQI="]]
        bob < unfit the arguments of the call must fit "shop.Order", which payload passthru hides
        bob < [8, 48, 1, {}, "wamp.error.invalid_argument", "*"]
        bob > [16, 2, {"acknowledge": true, "ppt_scheme": "x_mine"}, "com.t", ["\u0000AQI="]]
        bob < unfit the arguments of the event must fit "shop.Paid", which payload passthru hides
        bob < [8, 16, 2, {}, "wamp.error.invalid_argument", "*"]
        bob > [48, 3, {"enc_algo": "cryptobox"}, "com.x", "\u0000AQI="]
        bob < unfit the arguments of the call must fit "shop.Order", which payload passthru hides
        bob < [8, 48, 3, {}, "wamp.error.invalid_argument", "*"]
        "#,
    );
}

#[test]
fn z04_calls_that_wait_keep_their_types() {
    guarded(
        r#"{"call_result": "shop.Progress"}"#,
        r#"
        carol joins
        carol > [64, 1, {"invoke": "roundrobin", "concurrency": 1}, "com.shared"]
        carol < [65, 1, 2]
        bob > [48, 1, {}, "com.shared"]
        carol < [68, 1, 2, {}]
        role guest {"permissions": [{"uri": "", "match": "prefix", "allow": ["call"]}]}
        carol > [70, 1, {}, [1000]]
        carol < unfit the arguments of the result do not fit "shop.Progress": done: expected an integer from 0 to 255
        bob < [8, 48, 1, {}, "wamp.error.invalid_argument", "*"]
        bob > [48, 2, {}, "com.shared"]
        carol < [68, 2, 2, {}]
        carol > [70, 2, {}, [1000]]
        bob < [50, 2, {}, [1000]]
        "#,
    );
}

/// bob's requests are judged by `judge`.
fn judged(script: &str) {
    check_in_shop(&format!(
        r#"
        role guest {{"authorizer": "com.auth"}}
        judge joins with callee.call_canceling
        judge > [64, 1, {{}}, "com.auth"]
        judge < [65, 1, 1]
        alice joins
        alice > [64, 1, {{}}, "com.x"]
        alice < [65, 1, 2]
        bob joins as guest
        {script}
        "#
    ));
}

#[test]
fn z04_an_authorizer_names_types_and_they_are_kept_with_its_answer() {
    judged(
        r#"
        bob > [48, 1, {}, "com.x", ["soon"]]
        judge < [68, 1, 1, "*", "*"]
        judge > [70, 1, {}, [{"allow": true, "cache": true, "validate": {"call": "shop.Progress", "call_result": "shop.Failure", "event_confirmation": "shop.Nothing", "extra": {"a": "b"}}}]]
        bob < unfit the arguments of the call do not fit "shop.Progress": done: expected an integer from 0 to 255, found string
        bob < [8, 48, 1, {}, "wamp.error.invalid_argument", "*"]
        bob > [48, 2, {}, "com.x", [7]]
        alice < [68, 1, 2, {}, [7]]
        alice > [70, 1, {}, [8]]
        alice < unfit the arguments of the result do not fit "shop.Failure": reason: expected a string, found integer
        bob < [8, 48, 2, {}, "wamp.error.invalid_argument", "*"]
        realm purges guest
        bob > [48, 3, {}, "com.x", ["soon"]]
        judge < [68, 2, 1, "*", "*"]
        judge > [70, 2, {}, [{"allow": true, "cache": "role", "validate": {}}]]
        alice < [68, 2, 2, {}, ["soon"]]
        alice > [70, 2, {}]
        bob < [50, 3, {}]
        bob > [48, 4, {}, "com.x"]
        alice < [68, 3, 2, {}]
        alice > [70, 3, {}]
        bob < [50, 4, {}]
        bob > [16, 5, {"acknowledge": true}, "com.t", [1]]
        judge < [68, 3, 1, "*", "*"]
        judge > [70, 3, {}, [{"allow": true, "validate": {"event": "shop.Nothing"}}]]
        bob < unfit the arguments of the event do not fit "shop.Nothing": more values than the type has
        bob < [8, 16, 5, {}, "wamp.error.invalid_argument", "*"]
        "#,
    );
}

#[test]
fn z04_an_authorizer_that_names_no_type_has_not_decided() {
    judged(
        r#"
        bob > [48, 1, {}, "com.x"]
        judge < [68, 1, 1, "*", "*"]
        judge > [70, 1, {}, [{"allow": true, "cache": true, "validate": {"call": "shop.None"}}]]
        bob < undecided com.auth
        bob < [8, 48, 1, {}, "wamp.error.authorization_failed", ["<com.x> could not be authorized: the authorizer gave \"validate\": no catalog has the type \"shop.None\""]]
        bob > [48, 2, {}, "com.x"]
        judge < [68, 2, 1, "*", "*"]
        judge > [70, 2, {}, [{"allow": true, "validate": {"call": 1}}]]
        bob < undecided com.auth
        bob < [8, 48, 2, {}, "wamp.error.authorization_failed", ["<com.x> could not be authorized: the authorizer gave \"validate\" with a wrong \"call\""]]
        bob > [48, 3, {}, "com.x"]
        judge < [68, 3, 1, "*", "*"]
        judge > [70, 3, {}, [{"allow": true, "validate": {"args": "shop.Order"}}]]
        bob < undecided com.auth
        bob < [8, 48, 3, {}, "wamp.error.authorization_failed", ["<com.x> could not be authorized: the authorizer gave \"validate\" with a wrong \"args\""]]
        "#,
    );
}
