//! What client libraries in the field send. Each test is named after what they do.

use crossbar_wire::{CancelMode, Features, Format, InvocationPolicy, MatchPolicy, Message, Role};

use super::{encoded, encoded_json, hex, json, refused, unhex};

fn hello(details: &str) -> crossbar_wire::Hello {
    let Message::Hello(hello) = json(&format!(r#"[1,"realm1",{details}]"#)) else {
        panic!("HELLO is something else");
    };
    *hello
}

#[test]
fn hello_without_authmethods_and_authid() {
    let hello = hello(r#"{"roles":{"caller":{}}}"#);
    assert!(hello.authmethods.is_empty());
    assert_eq!(hello.authid, None);
}

#[test]
fn autobahncpp_sends_an_empty_list_of_authmethods_and_an_empty_authid() {
    let hello = hello(r#"{"roles":{"caller":{}},"authmethods":[],"authid":""}"#);
    assert!(hello.authmethods.is_empty());
    assert_eq!(hello.authid.unwrap(), "");
}

#[test]
fn authmethods_null() {
    assert!(
        hello(r#"{"roles":{"caller":{}},"authmethods":null}"#)
            .authmethods
            .is_empty()
    );
}

#[test]
fn wamp_async_sends_roles_without_features() {
    let hello = hello(r#"{"roles":{"caller":{},"callee":{},"publisher":{},"subscriber":{}}}"#);
    for role in [
        Role::Caller,
        Role::Callee,
        Role::Publisher,
        Role::Subscriber,
    ] {
        assert_eq!(hello.roles.features(role), Some(Features::NONE));
    }
}

#[test]
fn awre_sends_empty_features() {
    let hello = hello(r#"{"roles":{"caller":{"features":{}}},"agent":"awre"}"#);
    assert_eq!(hello.roles.features(Role::Caller), Some(Features::NONE));
    assert_eq!(hello.agent.unwrap(), "awre");
}

#[test]
fn mdwamp_puts_flags_right_into_the_role() {
    let hello = hello(
        r#"{"roles":{"publisher":{"publisher_exclusion":true,"publication_trustlevels":true,
        "caller_exclusion":true,"subscriber_blackwhite_listing":false}}}"#,
    );
    let features = Features::PUBLISHER_EXCLUSION.union(Features::PUBLICATION_TRUSTLEVELS);
    assert_eq!(hello.roles.features(Role::Publisher), Some(features));
}

#[test]
fn c04_both_spellings_of_call_canceling_announce_it() {
    let hello = hello(
        r#"{"roles":{"callee":{"features":{"call_cancelling":true}},"caller":{"call_cancelling":true}}}"#,
    );
    for role in [Role::Callee, Role::Caller] {
        let features = hello.roles.features(role);
        assert_eq!(features, Some(Features::CALL_CANCELING));
    }
}

#[test]
fn unknown_roles_features_and_keys_are_skipped() {
    let hello = hello(
        r#"{"x":[{"y":null}],"roles":{"poet":{"z":1},"callee":{"features":{"rhymes":7,
        "call_canceling":true},"w":[]}},"resumable":true}"#,
    );
    assert_eq!(
        hello.roles.features(Role::Callee),
        Some(Features::CALL_CANCELING)
    );
    assert_eq!(hello.roles.features(Role::Caller), None);
}

#[test]
fn features_null_reads_as_none() {
    let hello = hello(r#"{"roles":{"caller":{"features":null},"callee":null}}"#);
    assert_eq!(hello.roles.features(Role::Caller), Some(Features::NONE));
    assert_eq!(hello.roles.features(Role::Callee), Some(Features::NONE));
}

#[test]
fn autobahn_sends_realm_null() {
    let Message::Hello(hello) = json(r#"[1,null,{"roles":{"caller":{}}}]"#) else {
        panic!("HELLO is something else");
    };
    assert_eq!(hello.realm, None);
}

#[test]
fn autobahnjava_sends_match_null_and_get_retained_false() {
    let Message::Subscribe(subscribe) =
        json(r#"[32,1,{"match":null,"get_retained":false},"com.a"]"#)
    else {
        panic!("SUBSCRIBE is something else");
    };
    assert_eq!(subscribe.policy, None);
    assert_eq!(subscribe.get_retained, Some(false));
}

#[test]
fn every_option_may_be_null() {
    let publish = json(
        r#"[16,1,{"acknowledge":null,"exclude_me":null,"disclose_me":null,"retain":null,
        "eligible":null,"exclude_authid":null,"ppt_scheme":null,"enc_algo":null,"forward_for":null},"com.a"]"#,
    );
    assert_eq!(publish, json(r#"[16,1,{},"com.a"]"#));
    let register = json(
        r#"[64,1,{"match":null,"invoke":null,"concurrency":null,"force_reregister":null,
        "disclose_caller":null,"forward_timeout":null},"com.a"]"#,
    );
    assert_eq!(register, json(r#"[64,1,{},"com.a"]"#));
    let call = json(
        r#"[48,1,{"receive_progress":null,"progress":null,"timeout":null,"disclose_me":null,
        "caller":null,"caller_authid":null},"com.a"]"#,
    );
    assert_eq!(call, json(r#"[48,1,{},"com.a"]"#));
    assert_eq!(json(r#"[49,1,{"mode":null}]"#), json("[49,1,{}]"));
    assert_eq!(json(r#"[70,1,{"progress":null}]"#), json("[70,1,{}]"));
}

#[test]
fn options_may_be_null() {
    assert_eq!(json(r#"[48,1,null,"com.a"]"#), json(r#"[48,1,{},"com.a"]"#));
    assert_eq!(json(r#"[32,1,null,"com.a"]"#), json(r#"[32,1,{},"com.a"]"#));
    assert_eq!(
        json(r#"[6,null,"wamp.close.normal"]"#),
        json(r#"[6,{},"wamp.close.normal"]"#)
    );
    assert_eq!(json(r#"[5,"secret",null]"#), json(r#"[5,"secret",{}]"#));
}

#[test]
fn args_null_before_kwargs_reads_as_absent_and_leaves_as_an_empty_list() {
    let call = json(r#"[48,1,{},"com.a",null,{"a":1}]"#);
    assert_eq!(encoded_json(&call), r#"[48,1,{},"com.a",[],{"a":1}]"#);
    let publish = json(r#"[16,1,{},"com.a",null,{"a":1}]"#);
    assert_eq!(encoded_json(&publish), r#"[16,1,{},"com.a",[],{"a":1}]"#);
}

#[test]
fn kwargs_null_reads_as_absent() {
    let call = json(r#"[48,1,{},"com.a",[1],null]"#);
    assert_eq!(encoded_json(&call), r#"[48,1,{},"com.a",[1]]"#);
}

#[test]
fn empty_args_and_kwargs_are_dropped() {
    for text in [
        r#"[48,1,{},"com.a"]"#,
        r#"[48,1,{},"com.a",[]]"#,
        r#"[48,1,{},"com.a",[],{}]"#,
        r#"[48,1,{},"com.a",null,{}]"#,
        r#"[48,1,{},"com.a",null,null]"#,
    ] {
        assert_eq!(encoded_json(&json(text)), r#"[48,1,{},"com.a"]"#);
    }
    assert_eq!(encoded_json(&json(r#"[70,1,{},[1],{}]"#)), "[70,1,{},[1]]");
}

#[test]
fn wamp_async_sends_kwargs_after_an_empty_list() {
    let call = json(r#"[48,1,{},"com.a",[],{"a":1}]"#);
    assert_eq!(encoded_json(&call), r#"[48,1,{},"com.a",[],{"a":1}]"#);
}

#[test]
fn wampy_sends_undefined_for_unset_options() {
    // CALL, options {timeout: undefined, disclose_me: undefined} in CBOR and as MessagePack extension 0.
    let call = json(r#"[48,1,{},"a"]"#);
    let cbor = "84 1830 01 a2 6774696d656f7574 f7 6b646973636c6f73655f6d65 f7 6161";
    assert_eq!(encoded_json(&hex(Format::Cbor, cbor)), encoded_json(&call));
    let msgpack = "94 30 01 82 a774696d656f7574 d40000 ab646973636c6f73655f6d65 c7010000 a161";
    assert_eq!(
        encoded_json(&hex(Format::MsgPack, msgpack)),
        encoded_json(&call)
    );
}

#[test]
fn undefined_for_args_reads_as_absent() {
    assert_eq!(
        encoded_json(&hex(Format::Cbor, "86 1830 01 f7 6161 f7 f7")),
        r#"[48,1,{},"a"]"#
    );
    let msgpack = hex(Format::MsgPack, "95 30 01 80 a161 d40000");
    assert_eq!(encoded_json(&msgpack), r#"[48,1,{},"a"]"#);
}

#[test]
fn goodbye_with_any_reason() {
    for reason in [
        "wamp.error.close_realm",
        "wamp.close.close_realm",
        "wamp.close.normal",
        "wamp.error.goodbye_and_out",
    ] {
        let Message::Goodbye(goodbye) = json(&format!(r#"[6,{{}},"{reason}"]"#)) else {
            panic!("GOODBYE is something else");
        };
        assert_eq!(goodbye.reason, reason);
    }
}

#[test]
fn cancel_with_and_without_a_mode() {
    let mode = |text| {
        let Message::Cancel(cancel) = json(text) else {
            panic!("CANCEL is something else");
        };
        cancel.mode
    };
    assert_eq!(
        mode(r#"[49,1,{"mode":"killnowait"}]"#),
        Some(CancelMode::KillNoWait)
    );
    assert_eq!(mode(r#"[49,1,{"mode":"kill"}]"#), Some(CancelMode::Kill));
    assert_eq!(mode(r#"[49,1,{"mode":"skip"}]"#), Some(CancelMode::Skip));
    assert_eq!(mode("[49,1,{}]"), None);
}

#[test]
fn error_for_an_interrupt_is_read() {
    let Message::Error(error) =
        json(r#"[8,68,1,{},"mdwamp.error.invocation_interrupted",["bye"]]"#)
    else {
        panic!("ERROR is something else");
    };
    assert_eq!(error.request_type, 68);
    assert_eq!(error.error, "mdwamp.error.invocation_interrupted");
}

#[test]
fn autobahncpp_timeout_of_3000() {
    let Message::Call(call) = json(r#"[48,1,{"timeout":3000},"com.a"]"#) else {
        panic!("CALL is something else");
    };
    assert_eq!(call.timeout, Some(3000));
}

#[test]
fn authenticate_with_an_empty_extra() {
    let Message::Authenticate(authenticate) = json(r#"[5,"secret",{}]"#) else {
        panic!("AUTHENTICATE is something else");
    };
    assert_eq!(authenticate.signature, "secret");
    assert_eq!(
        format!("{authenticate:?}"),
        "Authenticate { signature: ***, .. }"
    );
}

#[test]
fn abort_with_arguments() {
    let abort = json(r#"[3,{"message":"no"},"wamp.error.x",[1],{"a":2}]"#);
    let payload = abort.payload().unwrap();
    assert_eq!(payload.args().unwrap(), [1.into()]);
}

#[test]
fn crossbars_private_keys_are_skipped() {
    let Message::Welcome(welcome) = json(
        r#"[2,7,{"realm":"realm1","authid":"a","authrole":"anonymous","authmethod":"anonymous",
        "authprovider":"static","authextra":{"x_cb_node":"n","x_cb_worker":"w"},"x_cb_pid":3,
        "roles":{"broker":{"features":{"event_retention":true}},"dealer":{}}}]"#,
    ) else {
        panic!("WELCOME is something else");
    };
    assert_eq!(welcome.session.value(), 7);
    assert_eq!(
        welcome.authextra.get("x_cb_node").unwrap().as_str(),
        Some("n")
    );
    assert!(
        welcome
            .roles
            .supports(Role::Broker, Features::EVENT_RETENTION)
    );
}

#[test]
fn f01_white_space_anywhere_in_json() {
    let spaced =
        json(" [ 48 ,\n1 ,\t{ \"timeout\" : 5 } , \"com.a\" , [ 1 , 2 ] , { \"a\" : [ ] } ]\r\n");
    assert_eq!(
        encoded_json(&spaced),
        r#"[48,1,{"timeout":5},"com.a",[ 1 , 2 ],{ "a" : [ ] }]"#
    );
}

#[test]
fn f01_escapes_in_keys_and_uris_of_json() {
    let call = json("[48,1,{\"\\u0074imeout\":5},\"com.\\u00e9\\ud83d\\ude00\\n\\/\"]");
    let Message::Call(call) = call else {
        panic!("CALL is something else");
    };
    assert_eq!(call.timeout, Some(5));
    assert_eq!(call.procedure, "com.é😀\n/");
}

#[test]
fn f03_cbor_of_indefinite_length_in_the_envelope() {
    // CALL with an indefinite list, options dictionary, key (in chunks), procedure (in chunks), args and kwargs.
    let streamed = "9f 1830 01 bf 7f 6474696d65 636f7574 ff 05 ff 7f 63636f6d 622e61 ff \
                    9f 01 ff bf 6161 5f 4101 4102 ff ff ff";
    let call = hex(Format::Cbor, streamed);
    assert_eq!(
        encoded_json(&call),
        r#"[48,1,{"timeout":5},"com.a",[1],{"a":"\u0000AQI="}]"#
    );
    let copied = "86 1830 01 a1 6774696d656f7574 05 65636f6d2e61 9f01ff bf61615f41014102ffff";
    assert_eq!(encoded(&call, Format::Cbor), unhex(copied));
}

#[test]
fn f06_the_payload_is_copied_octet_by_octet_within_one_serializer() {
    // Wide integers, single floats, an extension, integer keys; CBOR tags, NaN, duplicate keys.
    let msgpack = "95 30 01 80 a161 96 d30000000000000001 ca3f800000 c70305616263 81 07 08 cb7ff8000000000001 c4 01 ff";
    let call = hex(Format::MsgPack, msgpack);
    assert_eq!(encoded(&call, Format::MsgPack), unhex(msgpack));
    let cbor = "85 1830 01 a0 6161 84 c11a00000000 f97e00 a2 01 02 01 03 d9d9f7 1b0000000000000001";
    let call = hex(Format::Cbor, cbor);
    assert_eq!(encoded(&call, Format::Cbor), unhex(cbor));
    let json_text =
        r#"[48,1,{},"a",[1.0,1E400,"\u0000AQI=",{"b":1,"a":2,"b":3},12345678901234567890123]]"#;
    assert_eq!(encoded_json(&json(json_text)), json_text);
}

#[test]
fn e05_payload_transparency_with_a_binary_or_text_in_the_place_of_args() {
    for (format, digits) in [
        (
            Format::MsgPack,
            "95 30 01 81 a8656e635f616c676f a963727970746f626f78 a161 c402 0102",
        ),
        (
            Format::Cbor,
            "85 1830 01 a1 68656e635f616c676f 6963727970746f626f78 6161 420102",
        ),
    ] {
        let call = hex(format, digits);
        assert_eq!(encoded(&call, format), unhex(digits));
        assert_eq!(
            encoded_json(&call),
            r#"[48,1,{"enc_algo":"cryptobox"},"a","\u0000AQI="]"#
        );
    }
    let text = r#"[48,1,{"enc_algo":"mqtt"},"a","opaque"]"#;
    assert_eq!(encoded_json(&json(text)), text);
    let list = r#"[48,1,{"enc_algo":"x_own"},"a",[1]]"#;
    assert_eq!(encoded_json(&json(list)), list);
    assert_eq!(
        refused(r#"[48,1,{},"a","opaque"]"#),
        "CALL: args must be a list, found string"
    );
}

#[test]
fn e05_names_that_autobahn_refuses_are_not_sent_on_to_it() {
    for name in ["x_", "x_own", "x_o1_2"] {
        let call = format!(r#"[48,1,{{"enc_algo":"{name}","enc_serializer":"{name}"}},"a","p"]"#);
        assert_eq!(encoded_json(&json(&call)), call);
    }
    for name in [
        "", "rot13", "x_1", "x_o", "x_Own", "x_own ", "X_own", "opaque",
    ] {
        for key in ["enc_algo", "enc_serializer"] {
            let call = format!(r#"[48,1,{{"{key}":"{name}"}},"a","p"]"#);
            assert!(refused(&call).contains(key), "{call}");
        }
    }
}

#[test]
fn e01_x06_payload_passthru_attributes_are_forwarded() {
    for message in [
        r#"[16,1,{"ppt_scheme":"wamp","ppt_serializer":"cbor","ppt_cipher":"xsalsa20poly1305","ppt_keyid":"k"},"a",["\u0000AQI="]]"#,
        r#"[48,1,{"ppt_scheme":"x_own","transaction_hash":"h","forward_for":[{"session":1,"authid":"b","authrole":"c"}]},"a"]"#,
        r#"[50,1,{"ppt_scheme":"wamp"}]"#,
        r#"[68,1,2,{"ppt_scheme":"wamp"}]"#,
        r#"[70,1,{"ppt_scheme":"wamp"}]"#,
        r#"[8,48,1,{"ppt_scheme":"wamp"},"com.error"]"#,
        r#"[36,1,2,{"forward_for":[{"session":1}],"ppt_scheme":"wamp"}]"#,
    ] {
        assert_eq!(encoded_json(&json(message)), message);
    }
}

#[test]
fn register_options() {
    let Message::Register(register) = json(
        r#"[64,1,{"match":"wildcard","invoke":"roundrobin","concurrency":4.0,
        "force_reregister":true,"disclose_caller":true,"forward_timeout":true},"a..b"]"#,
    ) else {
        panic!("REGISTER is something else");
    };
    assert_eq!(register.policy, Some(MatchPolicy::Wildcard));
    assert_eq!(register.invoke, Some(InvocationPolicy::RoundRobin));
    assert_eq!(register.concurrency, Some(4));
    assert_eq!(register.force_reregister, Some(true));
    assert_eq!(register.disclose_caller, Some(true));
    assert_eq!(register.forward_timeout, Some(true));
}

#[test]
fn duplicate_keys_the_last_one_counts() {
    let call = json(r#"[48,1,{"timeout":1,"timeout":2},"a"]"#);
    assert_eq!(encoded_json(&call), r#"[48,1,{"timeout":2},"a"]"#);
}

#[test]
fn f02_long_strings_of_msgpack_use_every_header() {
    for length in [31, 32, 255, 256, 65_535, 65_536] {
        let procedure = "a".repeat(length);
        let call = json(&format!(r#"[48,1,{{}},"{procedure}"]"#));
        for format in Format::ALL {
            let again = Message::decode(format, &encoded(&call, format)).unwrap();
            assert_eq!(encoded_json(&again), encoded_json(&call));
        }
    }
}
