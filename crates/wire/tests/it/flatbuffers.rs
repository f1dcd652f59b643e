//! FlatBuffers as Autobahn writes it.

mod frames;

use bytes::Bytes;
use crossbar_wire::{Format, Message, Payload};
use serde_json::Value;

use super::vectors::{in_json, samples, variants};
use super::{encoded, encoded_json, json, unhex};

#[test]
fn f05_every_sample_of_autobahn_decodes_and_survives() {
    let mut encodings = 0;
    for (file, octets, expected) in flatbuffers_samples() {
        let message = decode(&octets).unwrap_or_else(|e| panic!("{file}: {e}"));
        assert_eq!(in_json(&message), expected, "{file}");
        let again = decode(&encoded(&message, Format::FlatBuffers)).unwrap();
        assert_eq!(again, message, "{file}");
        encodings += 1;
    }
    assert_eq!(encodings, 34);
}

#[test]
fn f05_every_sample_goes_to_and_from_json() {
    for (file, octets, _) in flatbuffers_samples() {
        let message = decode(&octets).unwrap();
        let text = encoded_json(&message);
        let there = encoded(&json(&text), Format::FlatBuffers);
        assert_eq!(encoded_json(&decode(&there).unwrap()), text, "{file}");
    }
}

#[test]
fn f05_arguments_stay_slices_of_the_frame() {
    let call = json(r#"[48, 1, {}, "com.a", ["hello"], {"b": 1}]"#);
    let frame = encoded(&call, Format::FlatBuffers);
    let message = decode(&frame).unwrap();
    let Payload {
        format,
        args,
        kwargs,
    } = message.payload().unwrap();
    assert_eq!(*format, Format::Cbor);
    assert_eq!(*format, Format::FlatBuffers.payload());
    assert_eq!(*args, unhex("81 6568656c6c6f"));
    assert_eq!(*kwargs, unhex("a1 6162 01"));
    let within = frame.as_ptr_range();
    assert!(within.contains(&args.as_ptr()) && within.contains(&kwargs.as_ptr()));
}

#[test]
fn f05_arguments_of_cbor_are_copied_octet_by_octet() {
    // 1 with eight octets and a list of indefinite length, which CBOR need not have.
    let args = "9f 1b0000000000000001 ff";
    let call =
        Message::decode(Format::Cbor, &unhex(&format!("85 1830 01 a0 6161 {args}"))).unwrap();
    let arrived = decode(&encoded(&call, Format::FlatBuffers)).unwrap();
    assert_eq!(arrived.payload().unwrap().args, unhex(args));
    assert_eq!(
        encoded(&arrived, Format::Cbor),
        encoded(&call, Format::Cbor)
    );
}

#[test]
fn f05_arguments_must_be_well_formed() {
    let call = json(r#"[48, 1, {}, "com.a", ["hello"], {"b": 1}]"#);
    let frame = encoded(&call, Format::FlatBuffers);
    for (from, to, fault) in [
        (
            "81 6568656c6c6f",
            "81 6668656c6c6f",
            "malformed CBOR: a length beyond the end at octet 2",
        ),
        (
            "81 6568656c6c6f",
            "81 6468656c6c6f",
            "malformed CBOR: octets after the end at octet 6",
        ),
        (
            "81 6568656c6c6f",
            "81 65ff656c6c6f",
            "malformed CBOR: text that is not UTF-8 at octet 2",
        ),
        (
            "81 6568656c6c6f",
            "01 6568656c6c6f",
            "CALL: args must be a list, found integer",
        ),
        (
            "a1 6162 01",
            "82 6162 01",
            "CALL: kwargs must be a dictionary, found list",
        ),
        (
            "a1 6162 01",
            "a1 01 6162",
            "CALL: kwargs has a key that is not a string: integer",
        ),
    ] {
        let error = decode(&replaced(&frame, &unhex(from), &unhex(to))).unwrap_err();
        assert_eq!(error.to_string(), fault);
    }
}

#[test]
fn f05_arguments_are_in_the_serializer_that_is_named() {
    let text = r#"[48,1,{"ppt_scheme":"mqtt","ppt_serializer":"json","ppt_cipher":"aes256gcm","ppt_keyid":"k"},"com.a",["\u0000AQI="]]"#;
    let frame = encoded(&json(text), Format::FlatBuffers);
    let message = decode(&frame).unwrap();
    assert_eq!(message.payload().unwrap().format, Format::Json);
    assert_eq!(in_json(&message), in_json(&json(text)));
}

#[test]
fn f05_e05_payload_transparency_takes_the_place_of_arguments() {
    let text = r#"[48,1,{"enc_algo":"cryptobox","enc_key":"k","enc_serializer":"json"},"com.a","\u0000AQI="]"#;
    let frame = encoded(&json(text), Format::FlatBuffers);
    // The octets themselves, with their length before them.
    assert!(frame.windows(6).any(|octets| octets == [2, 0, 0, 0, 1, 2]));
    assert_eq!(in_json(&decode(&frame).unwrap()), in_json(&json(text)));
    // Without arguments.
    let text = r#"[48,1,{"enc_algo":"xbr"},"com.a"]"#;
    let frame = encoded(&json(text), Format::FlatBuffers);
    assert_eq!(in_json(&decode(&frame).unwrap()), in_json(&json(text)));
}

#[test]
fn f05_a_payload_stands_alone_and_says_its_algorithm() {
    let call = json(r#"[48,1,{"enc_algo":"mqtt","enc_serializer":"json"},"com.a","\u0000AQI="]"#);
    let frame = encoded(&call, Format::FlatBuffers);
    let refused = |number: u8| {
        // The scheme (2 for mqtt) stands right before the serializer (1 for JSON).
        let changed = replaced(&frame, &[2, 1], &[number, 1]);
        decode(&changed).unwrap_err().to_string()
    };
    assert_eq!(refused(0), "CALL: ppt_scheme is missing");
    let word = "CALL: ppt_scheme must be one of none, cryptobox, mqtt, xbr, found \"4\"";
    assert_eq!(refused(4), word);
}

#[test]
fn f05_what_is_absent_means_what_the_schema_says() {
    for (sent, arrives) in MEANINGS {
        let frame = encoded(&json(sent), Format::FlatBuffers);
        let message = decode(&frame).unwrap_or_else(|e| panic!("{sent}: {e}"));
        assert_eq!(encoded_json(&message), *arrives, "{sent}");
    }
}

/// What has another default than elsewhere, or says less, becomes what it means.
const MEANINGS: &[(&str, &str)] = &[
    (r#"[49,1,{}]"#, r#"[49,1,{"mode":"killnowait"}]"#),
    (r#"[49,1,{"mode":"skip"}]"#, r#"[49,1,{"mode":"skip"}]"#),
    (r#"[49,1,{"mode":"kill"}]"#, r#"[49,1,{"mode":"kill"}]"#),
    (r#"[69,1,{}]"#, r#"[69,1,{"mode":"kill"}]"#),
    (
        r#"[69,1,{"mode":"killnowait"}]"#,
        r#"[69,1,{"mode":"killnowait"}]"#,
    ),
    (r#"[16,1,{"exclude_me":true},"a"]"#, r#"[16,1,{},"a"]"#),
    (
        r#"[16,1,{"exclude_me":false},"a"]"#,
        r#"[16,1,{"exclude_me":false},"a"]"#,
    ),
    (r#"[16,1,{"acknowledge":false},"a"]"#, r#"[16,1,{},"a"]"#),
    (
        r#"[16,1,{"eligible":[],"exclude_authid":[]},"a"]"#,
        r#"[16,1,{"eligible":[],"exclude_authid":[]},"a"]"#,
    ),
    (r#"[48,1,{"timeout":0},"a"]"#, r#"[48,1,{},"a"]"#),
    (
        r#"[48,1,{"timeout":4294967295},"a"]"#,
        r#"[48,1,{"timeout":4294967295},"a"]"#,
    ),
    (
        r#"[64,1,{"invoke":"single","match":"exact"},"a"]"#,
        r#"[64,1,{},"a"]"#,
    ),
    (
        r#"[64,1,{"invoke":"roundrobin","match":"prefix"},"a"]"#,
        r#"[64,1,{"match":"prefix","invoke":"roundrobin"},"a"]"#,
    ),
    (r#"[36,1,2,{"trustlevel":3},[]]"#, r#"[36,1,2,{}]"#),
    (r#"[8,48,1,{"callee":5},"a"]"#, r#"[8,48,1,{},"a"]"#),
    (
        r#"[1,null,{"roles":{"caller":{"features":{"call_timeout":true,"payload_passthru_mode":true}}},"agent":"x"}]"#,
        r#"[1,null,{"roles":{"caller":{"features":{"call_timeout":true}}}}]"#,
    ),
    (
        r#"[1,"a",{"roles":{"caller":{}},"authmethods":["anonymous","wamp-scram","ticket"],"authextra":{"pubkey":"ab"}}]"#,
        r#"[1,"a",{"roles":{"caller":{}},"authmethods":["anonymous","wamp-scram","ticket"],"authextra":{"pubkey":"ab"}}]"#,
    ),
    (
        r#"[2,1,{"authmethod":"tls","authextra":{"a":1},"agent":"x","roles":{"dealer":{}}}]"#,
        r#"[2,1,{"roles":{"dealer":{}}}]"#,
    ),
    (
        r#"[2,1,{"authmethod":"cryptosign","authextra":{"a":"b"},"roles":{}}]"#,
        r#"[2,1,{"authmethod":"cryptosign","authextra":{"a":"b"},"roles":{}}]"#,
    ),
    (
        r#"[1,"a",{"roles":{"caller":{}},"authmethods":["ticket","wampcra","ticket"]}]"#,
        r#"[1,"a",{"roles":{"caller":{}},"authmethods":["ticket","wampcra"]}]"#,
    ),
    (
        r#"[4,"wampcra",{"challenge":"{}"}]"#,
        r#"[4,"wampcra",{"challenge":"{}"}]"#,
    ),
    (
        r#"[5,"signature",{"channel_binding":null}]"#,
        r#"[5,"signature",{"channel_binding":null}]"#,
    ),
];

#[test]
fn f05_what_the_schema_cannot_say_is_refused() {
    for (text, what) in INEXPRESSIBLE {
        let mut out = b"before".to_vec();
        let error = json(text)
            .encode(Format::FlatBuffers, &mut out)
            .expect_err(text);
        let expected = format!("FlatBuffers cannot express {what}");
        assert_eq!(error.to_string(), expected, "{text}");
        assert_eq!(out, b"before");
    }
}

const INEXPRESSIBLE: &[(&str, &str)] = &[
    (r#"[48,1,{"progress":true},"a"]"#, "progress in CALL"),
    (r#"[48,1,{"disclose_me":true},"a"]"#, "disclose_me"),
    (
        r#"[48,1,{"timeout":4294967296},"a"]"#,
        "a timeout beyond 32 bits",
    ),
    (r#"[48,1,{"ppt_scheme":"wamp"},"a"]"#, "this ppt_scheme"),
    (r#"[48,1,{"ppt_scheme":"x_own"},"a"]"#, "this ppt_scheme"),
    (r#"[48,1,{"ppt_scheme":"none"},"a"]"#, "this ppt_scheme"),
    (
        r#"[48,1,{"ppt_scheme":"mqtt","ppt_serializer":"native"},"a"]"#,
        "this ppt_serializer",
    ),
    (
        r#"[48,1,{"ppt_scheme":"mqtt","ppt_cipher":"rot13"},"a"]"#,
        "this ppt_cipher",
    ),
    (
        r#"[48,1,{"ppt_serializer":"json"},"a"]"#,
        "ppt_serializer without ppt_scheme",
    ),
    (
        r#"[48,1,{"enc_algo":"x_own"},"a","\u0000AQI="]"#,
        "this enc_algo",
    ),
    (
        r#"[48,1,{"enc_algo":"mqtt","enc_serializer":"x_own"},"a","\u0000AQI="]"#,
        "this enc_serializer",
    ),
    (
        r#"[48,1,{"enc_algo":"mqtt"},"a","text"]"#,
        "enc_algo with anything but octets",
    ),
    (
        r#"[48,1,{"enc_algo":"mqtt"},"a","\u0000AQI=",{"b":1}]"#,
        "enc_algo with kwargs",
    ),
    (
        r#"[48,1,{"enc_algo":"mqtt","ppt_keyid":"k"},"a"]"#,
        "enc_algo with ppt attributes",
    ),
    (
        r#"[48,1,{"enc_key":"k"},"a"]"#,
        "enc attributes without enc_algo",
    ),
    (r#"[68,1,1,{"progress":true}]"#, "progress in INVOCATION"),
    (r#"[16,1,{"disclose_me":true},"a"]"#, "disclose_me"),
    (
        r#"[50,1,{"transaction_hash":"h"}]"#,
        "transaction_hash in an answer",
    ),
    (r#"[3,{},"a",[1]]"#, "arguments in ABORT"),
    (
        r#"[32,1,{"forward_for":[{"session":1}]},"a"]"#,
        "forward_for in SUBSCRIBE",
    ),
    (
        r#"[34,1,2,{"forward_for":[{"session":1}]}]"#,
        "forward_for in UNSUBSCRIBE",
    ),
    (
        r#"[64,1,{"forward_for":[{"session":1}]},"a"]"#,
        "forward_for in REGISTER",
    ),
    (
        r#"[66,1,2,{"forward_for":[{"session":1}]}]"#,
        "forward_for in UNREGISTER",
    ),
    (r#"[64,1,{"disclose_caller":true},"a"]"#, "disclose_caller"),
    (r#"[64,1,{"forward_timeout":true},"a"]"#, "forward_timeout"),
    (
        r#"[64,1,{"concurrency":65536},"a"]"#,
        "a concurrency beyond 65535",
    ),
    (
        r#"[1,"a",{"roles":{"caller":{}},"authmethods":["tls"]}]"#,
        "this authentication method",
    ),
    (r#"[4,"own",{}]"#, "this authentication method"),
    (
        r#"[4,"wampcra",{"challenge":"{}","salt":"s"}]"#,
        "extra attributes but one with text",
    ),
    (r#"[5,"",{"a":1}]"#, "extra attributes but one with text"),
    (
        r#"[1,"a",{"roles":{"caller":{}},"authextra":{"a":{}}}]"#,
        "extra attributes but one with text",
    ),
];

fn decode(octets: &Bytes) -> Result<Message, crossbar_wire::DecodeError> {
    Message::decode(Format::FlatBuffers, octets)
}

fn replaced(frame: &Bytes, from: &[u8], to: &[u8]) -> Bytes {
    let at = position(frame, from);
    let mut changed = frame.to_vec();
    changed[at..at + from.len()].copy_from_slice(to);
    changed.into()
}

/// Finds octets that must stand in a frame once.
fn position(frame: &Bytes, part: &[u8]) -> usize {
    let mut all = (0..frame.len()).filter(|&at| frame[at..].starts_with(part));
    let found = all.next().expect("the octets are in the frame");
    assert_eq!(all.next(), None, "the octets are there once");
    found
}

/// Gives the samples that have FlatBuffers, and what they say in JSON: the sample's own message, but for what the schema
/// reads into absent fields and what Autobahn does not write.
fn flatbuffers_samples() -> Vec<(String, Bytes, Value)> {
    let mut all = Vec::new();
    for (file, sample) in samples() {
        let Some(serializers) = sample.get("serializers") else {
            continue;
        };
        if serializers.get("flatbuffers").is_none() {
            continue;
        }
        let text = &variants(serializers, Format::Json)[0];
        let mut expected = in_json(&Message::decode(Format::Json, text).unwrap());
        match file.as_str() {
            "cancel" => expected[2]["mode"] = "skip".into(),
            "interrupt" => expected[2]["mode"] = "kill".into(),
            "welcome" => expected[2]["roles"] = serde_json::json!({}),
            "hello" => expected[2]["roles"] = unwritten_roles(),
            _ => {}
        }
        for octets in variants(serializers, Format::FlatBuffers) {
            all.push((file.clone(), octets, expected.clone()));
        }
    }
    all
}

/// What Autobahn announces over other serializers, as far as the schema has it.
fn unwritten_roles() -> Value {
    let features = |names: &[&str]| {
        let transparency = ["payload_transparency", "payload_encryption_cryptobox"];
        let all = names.iter().chain(&transparency);
        let all: serde_json::Map<_, _> =
            all.map(|name| ((*name).to_owned(), true.into())).collect();
        serde_json::json!({ "features": all })
    };
    serde_json::json!({
        "publisher": features(&[
            "publisher_identification", "publisher_exclusion", "subscriber_blackwhite_listing",
        ]),
        "subscriber": features(&[
            "publisher_identification", "pattern_based_subscription", "subscription_revocation",
        ]),
        "caller": features(&["caller_identification", "progressive_call_results", "call_canceling"]),
        "callee": features(&[
            "caller_identification", "progressive_call_results", "call_canceling",
            "pattern_based_registration", "shared_registration", "registration_revocation",
        ]),
    })
}
