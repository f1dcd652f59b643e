use crate::check;

#[test]
fn e01_the_attributes_travel_with_calls_and_results() {
    check(
        r#"
        alice joins with callee.payload_passthru_mode
        bob joins with caller.payload_passthru_mode
        alice > [64, 1, {}, "com.x"]
        alice < [65, 1, 1]
        bob > [48, 1, {"ppt_scheme": "wamp", "ppt_serializer": "cbor", "ppt_cipher": "xsalsa20poly1305", "ppt_keyid": "k"}, "com.x", ["\u0000AQI="]]
        alice < [68, 1, 1, {"ppt_scheme": "wamp", "ppt_serializer": "cbor", "ppt_cipher": "xsalsa20poly1305", "ppt_keyid": "k"}, ["\u0000AQI="]]
        alice > [70, 1, {"ppt_scheme": "mqtt", "ppt_serializer": "native"}, ["\u0000AwQ="]]
        bob < [50, 1, {"ppt_scheme": "mqtt", "ppt_serializer": "native"}, ["\u0000AwQ="]]
        bob > [48, 2, {}, "com.x", ["plain"]]
        alice < [68, 2, 1, {}, ["plain"]]
        alice > [70, 2, {}, ["plain, too"]]
        bob < [50, 2, {}, ["plain, too"]]
        "#,
    );
}

#[test]
fn e01_the_attributes_travel_with_errors() {
    check(
        r#"
        alice joins with callee.payload_passthru_mode
        bob joins with caller.payload_passthru_mode
        alice > [64, 1, {}, "com.x"]
        alice < [65, 1, 1]
        bob > [48, 1, {}, "com.x"]
        alice < [68, 1, 1, {}]
        alice > [8, 68, 1, {"ppt_scheme": "wamp", "ppt_serializer": "cbor"}, "com.error", ["\u0000AQI="]]
        bob < [8, 48, 1, {"ppt_scheme": "wamp", "ppt_serializer": "cbor"}, "com.error", ["\u0000AQI="]]
        "#,
    );
}

#[test]
fn e01_the_attributes_travel_with_events() {
    check(
        r#"
        alice joins with subscriber.payload_passthru_mode
        bob joins with publisher.payload_passthru_mode
        alice > [32, 1, {}, "com.x"]
        alice < [33, 1, 1]
        alice > [32, 2, {"match": "prefix"}, "com."]
        alice < [33, 2, 2]
        bob > [16, 1, {"ppt_scheme": "x_mine", "ppt_serializer": "cbor", "forward_for": [{"session": 9}]}, "com.x", ["\u0000AQI="]]
        alice < [36, 1, "$p", {"ppt_scheme": "x_mine", "ppt_serializer": "cbor"}, ["\u0000AQI="]]
        alice < [36, 2, "$p", {"topic": "com.x", "ppt_scheme": "x_mine", "ppt_serializer": "cbor"}, ["\u0000AQI="]]
        "#,
    );
}

#[test]
fn e01_progress_combines_with_passthru() {
    check(
        r#"
        alice joins with callee.payload_passthru_mode callee.progressive_call_results
        bob joins with caller.payload_passthru_mode
        alice > [64, 1, {}, "com.x"]
        alice < [65, 1, 1]
        bob > [48, 1, {"receive_progress": true}, "com.x"]
        alice < [68, 1, 1, {"receive_progress": true}]
        alice > [70, 1, {"progress": true, "ppt_scheme": "x_mine"}, [1]]
        bob < [50, 1, {"progress": true, "ppt_scheme": "x_mine"}, [1]]
        alice > [70, 1, {"progress": true}, [2]]
        bob < [50, 1, {"progress": true}, [2]]
        alice > [70, 1, {"ppt_scheme": "x_mine"}, [3]]
        bob < [50, 1, {"ppt_scheme": "x_mine"}, [3]]
        "#,
    );
}

#[test]
fn e01_c02_every_chunk_of_a_call_says_how_to_read_it() {
    check(
        r#"
        alice joins with callee.payload_passthru_mode callee.progressive_call_invocations callee.call_canceling
        bob joins with caller.payload_passthru_mode caller.progressive_call_invocations
        alice > [64, 1, {}, "com.x"]
        alice < [65, 1, 1]
        bob > [48, 1, {"progress": true, "ppt_scheme": "x_mine", "ppt_serializer": "cbor"}, "com.x", [1]]
        alice < [68, 1, 1, {"progress": true, "ppt_scheme": "x_mine", "ppt_serializer": "cbor"}, [1]]
        bob > [48, 1, {"progress": true}, "com.x", [2]]
        alice < [68, 1, 1, {"progress": true, "ppt_scheme": "x_mine", "ppt_serializer": "cbor"}, [2]]
        bob > [48, 1, {"ppt_scheme": "x_mine", "ppt_serializer": "cbor"}, "com.x", [3]]
        alice < [68, 1, 1, {"ppt_scheme": "x_mine", "ppt_serializer": "cbor"}, [3]]
        "#,
    );
}

#[test]
fn e02_the_router_does_not_judge_the_payload() {
    check(
        r#"
        alice joins with subscriber.payload_passthru_mode
        bob joins with publisher.payload_passthru_mode
        alice > [32, 1, {}, "com.x"]
        alice < [33, 1, 1]
        bob > [16, 1, {"ppt_scheme": "x_mine"}, "com.x", [1, 2], {"three": 4}]
        alice < [36, 1, "*", {"ppt_scheme": "x_mine"}, [1, 2], {"three": 4}]
        "#,
    );
}

#[test]
fn e03_passthru_that_the_caller_did_not_announce_is_a_violation() {
    check(
        r#"
        alice joins with callee.payload_passthru_mode
        bob joins
        alice > [64, 1, {}, "com.x"]
        alice < [65, 1, 1]
        bob > [48, 1, {"ppt_scheme": "wamp"}, "com.x", [1]]
        bob < [3, {"message": "payload passthru, which the session did not announce as a caller"}, "wamp.error.protocol_violation"]
        bob < closed
        "#,
    );
}

#[test]
fn e03_passthru_that_the_publisher_did_not_announce_is_a_violation() {
    check(
        r#"
        alice joins
        bob joins with caller.payload_passthru_mode
        alice > [32, 1, {}, "com.x"]
        alice < [33, 1, 1]
        bob > [16, 1, {"acknowledge": true, "ppt_scheme": "wamp"}, "com.x", [1]]
        bob < [3, {"message": "payload passthru, which the session did not announce as a publisher"}, "wamp.error.protocol_violation"]
        bob < closed
        "#,
    );
}

#[test]
fn e03_passthru_that_the_callee_did_not_announce_is_a_violation() {
    for answer in [
        r#"[70, 1, {"ppt_scheme": "wamp"}, [1]]"#,
        r#"[8, 68, 1, {"ppt_scheme": "wamp"}, "com.error", [1]]"#,
    ] {
        check(&format!(
            r#"
            alice joins
            bob joins with caller.payload_passthru_mode
            alice > [64, 1, {{}}, "com.x"]
            alice < [65, 1, 1]
            bob > [48, 1, {{}}, "com.x"]
            alice < [68, 1, 1, {{}}]
            alice > {answer}
            alice < [3, {{"message": "payload passthru, which the session did not announce as a callee"}}, "wamp.error.protocol_violation"]
            alice < closed
            bob < [8, 48, 1, {{}}, "wamp.error.canceled", "*"]
            "#
        ));
    }
}

#[test]
fn e03_a_call_to_a_callee_without_the_feature_is_refused() {
    check(
        r#"
        alice joins
        bob joins with caller.payload_passthru_mode
        alice > [64, 1, {"concurrency": 1}, "com.x"]
        alice < [65, 1, 1]
        bob > [48, 1, {"ppt_scheme": "wamp"}, "com.x", [1]]
        bob < [8, 48, 1, {}, "wamp.error.feature_not_supported", ["the callee does not support payload passthru"]]
        bob > [48, 2, {}, "com.x", [1]]
        alice < [68, 1, 1, {}, [1]]
        "#,
    );
}

#[test]
fn e03_the_realm_itself_reads_its_arguments() {
    check(
        r#"
        bob joins with caller.payload_passthru_mode
        bob > [48, 1, {"ppt_scheme": "wamp"}, "wamp.session.count", ["\u0000AQI="]]
        bob < [8, 48, 1, {}, "wamp.error.feature_not_supported", ["the realm's own procedures do not support payload passthru"]]
        "#,
    );
}

#[test]
fn e03_a_result_to_a_caller_without_the_feature_is_refused() {
    check(
        r#"
        alice joins with callee.payload_passthru_mode
        bob joins
        alice > [64, 1, {"concurrency": 1}, "com.x"]
        alice < [65, 1, 1]
        bob > [48, 1, {"receive_progress": true}, "com.x"]
        alice < [68, 1, 1, {}]
        alice > [70, 1, {"progress": true, "ppt_scheme": "wamp"}, [1]]
        alice < [8, 68, 1, {}, "wamp.error.feature_not_supported", ["the caller does not support payload passthru"]]
        bob < [8, 48, 1, {}, "wamp.error.feature_not_supported", ["the caller does not support payload passthru"]]
        alice > [70, 1, {"ppt_scheme": "wamp"}, [2]]
        bob > [48, 2, {}, "com.x"]
        alice < [68, 2, 1, {}]
        alice > [8, 68, 2, {"ppt_scheme": "wamp"}, "com.error", [1]]
        alice < [8, 68, 2, {}, "wamp.error.feature_not_supported", ["the caller does not support payload passthru"]]
        bob < [8, 48, 2, {}, "wamp.error.feature_not_supported", ["the caller does not support payload passthru"]]
        "#,
    );
}

#[test]
fn e03_a_subscriber_without_the_feature_gets_the_event() {
    check(
        r#"
        alice joins
        bob joins with publisher.payload_passthru_mode
        alice > [32, 1, {}, "com.x"]
        alice < [33, 1, 1]
        bob > [16, 1, {"ppt_scheme": "wamp"}, "com.x", [1]]
        alice < [36, 1, "*", {"ppt_scheme": "wamp"}, [1]]
        "#,
    );
}

#[test]
fn e03_nothing_is_passthru_without_a_scheme() {
    check(
        r#"
        alice joins
        bob joins
        alice > [64, 1, {}, "com.x"]
        alice < [65, 1, 1]
        bob > [48, 1, {"ppt_scheme": "", "ppt_serializer": "cbor", "ppt_cipher": "c", "ppt_keyid": "k"}, "com.x", [1]]
        alice < [68, 1, 1, {}, [1]]
        alice > [70, 1, {"ppt_serializer": "cbor"}, [2]]
        bob < [50, 1, {}, [2]]
        "#,
    );
}

#[test]
fn e04_schemes_of_applications_pass() {
    check(
        r#"
        alice joins with callee.payload_passthru_mode
        bob joins with caller.payload_passthru_mode
        alice > [64, 1, {}, "com.x"]
        alice < [65, 1, 1]
        bob > [48, 1, {"ppt_scheme": "nobody knows", "ppt_serializer": "mine", "ppt_cipher": "rot13"}, "com.x", [1]]
        alice < [68, 1, 1, {"ppt_scheme": "nobody knows", "ppt_serializer": "mine", "ppt_cipher": "rot13"}, [1]]
        "#,
    );
}

#[test]
fn e05_the_older_attributes_need_no_announcement() {
    check(
        r#"
        alice joins
        bob joins
        alice > [64, 1, {}, "com.x"]
        alice < [65, 1, 1]
        alice > [32, 2, {}, "com.x"]
        alice < [33, 2, 1]
        bob > [48, 1, {"enc_algo": "cryptobox", "enc_serializer": "json", "enc_key": "k"}, "com.x", "\u0000AQI="]
        alice < [68, 1, 1, {"enc_algo": "cryptobox", "enc_serializer": "json", "enc_key": "k"}, "\u0000AQI="]
        alice > [70, 1, {"enc_algo": "mqtt"}, "\u0000AwQ="]
        bob < [50, 1, {"enc_algo": "mqtt"}, "\u0000AwQ="]
        bob > [48, 2, {}, "com.x"]
        alice < [68, 2, 1, {}]
        alice > [8, 68, 2, {"enc_algo": "cryptobox"}, "com.error", "\u0000AwQ="]
        bob < [8, 48, 2, {"enc_algo": "cryptobox"}, "com.error", "\u0000AwQ="]
        bob > [16, 3, {"enc_algo": "x_mine", "enc_serializer": "x_too"}, "com.x", "\u0000AQI="]
        alice < [36, 1, "*", {"enc_algo": "x_mine", "enc_serializer": "x_too"}, "\u0000AQI="]
        "#,
    );
}
