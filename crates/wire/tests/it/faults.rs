//! Frames that must be refused, with the words that the peer gets to read.

use bytes::Bytes;
use crossbar_wire::{DecodeFault, Format, MAX_DEPTH, Malformation, Message};

use super::{hex, refused, refused_hex};

#[test]
fn the_wrong_shape() {
    for (frame, error) in [
        ("", "empty message"),
        ("[]", "empty message"),
        ("{}", "a message must be a list, found dictionary"),
        ("48", "a message must be a list, found integer"),
        (
            r#"["CALL"]"#,
            "the message type must be an integer, found string",
        ),
        ("[null]", "the message type must be an integer, found null"),
        ("[-1]", "the message type must be an integer, found integer"),
        ("[0]", "unknown message type 0"),
        ("[7]", "unknown message type 7"),
        ("[256,1]", "unknown message type 256"),
        ("[65584,1]", "unknown message type 65584"),
        ("[48]", "CALL: request is missing"),
        ("[48,1]", "CALL: options is missing"),
        ("[48,1,{}]", "CALL: procedure is missing"),
        (r#"[48,1,{},"a",[],{},1]"#, "CALL: more than 6 elements"),
        (r#"[6,{},"a",1]"#, "GOODBYE: more than 3 elements"),
        ("[17,1,2,{}]", "PUBLISHED: more than 3 elements"),
        (
            r#"[48,"1",{},"a"]"#,
            "CALL: request must be an integer, found string",
        ),
        (
            r#"[48,true,{},"a"]"#,
            "CALL: request must be an integer, found boolean",
        ),
    ] {
        assert_eq!(refused(frame), error, "{frame}");
    }
}

#[test]
fn elements_out_of_range_or_of_the_wrong_type() {
    for (frame, error) in [
        (
            r#"[48,-3,{},"a"]"#,
            "CALL: request must be an integer from 0 to 9007199254740992, found -3",
        ),
        (
            r#"[48,1.5,{},"a"]"#,
            "CALL: request must be an integer from 0 to 9007199254740992, found 1.5",
        ),
        (
            "[34,1,0]",
            "UNSUBSCRIBE: subscription must be an integer from 1 to 9007199254740992, found 0",
        ),
        (
            r#"[48,1,"no","a"]"#,
            "CALL: options must be a dictionary, found string",
        ),
        (
            r#"[48,1,[],"a"]"#,
            "CALL: options must be a dictionary, found list",
        ),
        (
            "[48,1,{},7]",
            "CALL: procedure must be a string, found integer",
        ),
        (
            r#"[48,1,{},"\u0000AQI="]"#,
            "CALL: procedure must be a string, found binary",
        ),
        (
            r#"[48,1,{},"a",{}]"#,
            "CALL: args must be a list, found dictionary",
        ),
        (
            r#"[48,1,{},"a",[],[]]"#,
            "CALL: kwargs must be a dictionary, found list",
        ),
    ] {
        assert_eq!(refused(frame), error, "{frame}");
    }
}

#[test]
fn hello_of_the_wrong_shape() {
    for (frame, error) in [
        ("[1,\"r\",{}]", "HELLO: details.roles is missing"),
        (
            "[1,\"r\",{\"roles\":{\"poet\":{}}}]",
            "HELLO: details.roles is missing",
        ),
        (
            "[1,\"r\",{\"roles\":[]}]",
            "HELLO: details.roles must be a dictionary, found list",
        ),
        (
            r#"[1,"r",{"roles":{"caller":{"features":{"call_timeout":1}}}}]"#,
            "HELLO: details.roles.caller.features.call_timeout must be a boolean, found integer",
        ),
        (
            r#"[1,7,{"roles":{"caller":{}}}]"#,
            "HELLO: realm must be a string, found integer",
        ),
        (
            r#"[5,7,{}]"#,
            "AUTHENTICATE: signature must be a string, found integer",
        ),
        (
            r#"[4,"ticket",[]]"#,
            "CHALLENGE: extra must be a dictionary, found list",
        ),
    ] {
        assert_eq!(refused(frame), error, "{frame}");
    }
}

#[test]
fn options_of_the_wrong_type() {
    for (frame, error) in [
        (
            r#"[16,1,{"acknowledge":1},"a"]"#,
            "PUBLISH: options.acknowledge must be a boolean, found integer",
        ),
        (
            r#"[48,1,{"timeout":-1},"a"]"#,
            "CALL: options.timeout must be an integer from 0 to 9007199254740992, found -1",
        ),
        (
            r#"[48,1,{"timeout":"5"},"a"]"#,
            "CALL: options.timeout must be an integer, found string",
        ),
        (
            r#"[32,1,{"match":"fuzzy"},"a"]"#,
            "SUBSCRIBE: options.match must be one of exact, prefix, wildcard, found \"fuzzy\"",
        ),
        (
            r#"[32,1,{"match":5},"a"]"#,
            "SUBSCRIBE: options.match must be a string, found integer",
        ),
        (
            r#"[64,1,{"invoke":"all"},"a"]"#,
            "REGISTER: options.invoke must be one of single, roundrobin, random, first, last, found \"all\"",
        ),
        (
            r#"[64,1,{"concurrency":4294967296},"a"]"#,
            "REGISTER: options.concurrency must be an integer from 0 to 4294967295, found 4294967296",
        ),
        (
            r#"[49,1,{"mode":"abort"}]"#,
            "CANCEL: options.mode must be one of skip, kill, killnowait, found \"abort\"",
        ),
        (
            r#"[16,1,{"eligible":[1,0]},"a"]"#,
            "PUBLISH: options.eligible must be an integer from 1 to 9007199254740992, found 0",
        ),
        (
            r#"[16,1,{"exclude":{}},"a"]"#,
            "PUBLISH: options.exclude must be a list, found dictionary",
        ),
        (
            r#"[16,1,{"forward_for":[{"session":"x"}]},"a"]"#,
            "PUBLISH: options.forward_for.session must be an integer, found string",
        ),
        (
            r#"[1,"r",{"roles":{"caller":{}},"authmethods":"ticket"}]"#,
            "HELLO: details.authmethods must be a list, found string",
        ),
        (
            r#"[1,"r",{"roles":{"caller":{}},"authextra":"x"}]"#,
            "HELLO: details.authextra must be a dictionary, found string",
        ),
    ] {
        assert_eq!(refused(frame), error, "{frame}");
    }
}

#[test]
fn keys_that_are_not_text() {
    assert_eq!(
        refused_hex(Format::MsgPack, "94 30 01 81 01 02 a161"),
        "CALL: options has a key that is not a string: integer"
    );
    assert_eq!(
        refused_hex(Format::Cbor, "84 1830 01 a1 4161 02 6161"),
        "CALL: options has a key that is not a string: binary"
    );
    assert_eq!(
        refused_hex(Format::MsgPack, "96 30 01 80 a161 90 81 01 02"),
        "CALL: kwargs has a key that is not a string: integer"
    );
}

#[test]
fn binary_is_never_read_as_text() {
    assert_eq!(
        refused_hex(Format::MsgPack, "94 30 01 80 c40161"),
        "CALL: procedure must be a string, found binary"
    );
    assert_eq!(
        refused_hex(Format::Cbor, "84 1830 01 a0 4161"),
        "CALL: procedure must be a string, found binary"
    );
}

#[test]
fn malformed_json() {
    for (frame, error) in [
        ("[48,1,{},\"a\"", "unexpected end at octet 12"),
        ("[48,1,{},\"a", "unexpected end at octet 11"),
        ("[48,1,{},\"a\"]]", "octets after the end at octet 13"),
        ("[48,1,{},\"a\"] x", "octets after the end at octet 14"),
        ("[48,1,{},\"a\",]", "unexpected octet 0x5d at octet 13"),
        ("[48,,1]", "unexpected octet 0x2c at octet 4"),
        ("[48 1]", "unexpected octet 0x31 at octet 4"),
        ("[48,01]", "unexpected octet 0x31 at octet 5"),
        ("[+1]", "unexpected octet 0x2b at octet 1"),
        ("[48,1.]", "invalid number at octet 6"),
        ("[48,1e]", "invalid number at octet 6"),
        ("[48,-]", "invalid number at octet 6"),
        ("[NaN]", "unexpected octet 0x4e at octet 1"),
        ("[48,1,{},\"a\",[NaN]]", "unexpected octet 0x4e at octet 14"),
        ("[48,1,{},\"a\",[nul]]", "unexpected octet 0x6e at octet 14"),
        ("[48,1,{},\"a\",[tru", "unexpected octet 0x74 at octet 14"),
        ("[48,1,{\"a\"},\"a\"]", "unexpected octet 0x7d at octet 10"),
        ("[48,1,{1:2},\"a\"]", "unexpected octet 0x31 at octet 7"),
        (
            "[48,1,{},\"a\tb\"]",
            "control character in a string at octet 11",
        ),
        ("[48,1,{},\"a\\x\"]", "unknown escape sequence at octet 11"),
        (
            "[48,1,{},\"\\u12g4\"]",
            "unknown escape sequence at octet 10",
        ),
        ("[48,1,{},\"\\", "unexpected end at octet 10"),
        (
            "[48,1,{},\"a\",[\"\\ud800\"]]",
            "lone surrogate at octet 15",
        ),
        (
            "[48,1,{},\"a\",[\"\\ud800\\u0041\"]]",
            "lone surrogate at octet 15",
        ),
        (
            "[48,1,{},\"a\",[\"\\udc00\"]]",
            "lone surrogate at octet 15",
        ),
        (
            "[48,1,{},\"a\",[\"\\u0000@@\"]]",
            "invalid base64 in a binary string at octet 24",
        ),
        (
            "[48,1,{},\"a\",[\"\\u0000QQ\"]]",
            "invalid base64 in a binary string at octet 24",
        ),
    ] {
        assert_eq!(
            refused(frame),
            format!("malformed JSON: {error}"),
            "{frame}"
        );
    }
}

#[test]
fn text_that_is_not_utf8() {
    let frame = Bytes::from_static(b"[48,1,{},\"a\xff\"]");
    assert_eq!(
        Message::decode(Format::Json, &frame)
            .unwrap_err()
            .to_string(),
        "malformed JSON: text that is not UTF-8 at octet 11"
    );
    assert_eq!(
        refused_hex(Format::MsgPack, "94 30 01 80 a1ff"),
        "malformed MessagePack: text that is not UTF-8 at octet 5"
    );
    assert_eq!(
        refused_hex(Format::MsgPack, "95 30 01 80 a161 91 a1ff"),
        "malformed MessagePack: text that is not UTF-8 at octet 8"
    );
    assert_eq!(
        refused_hex(Format::Cbor, "85 1830 01 a0 6161 81 61ff"),
        "malformed CBOR: text that is not UTF-8 at octet 9"
    );
    // An encoded surrogate.
    assert_eq!(
        refused_hex(Format::Cbor, "85 1830 01 a0 6161 81 63eda080"),
        "malformed CBOR: text that is not UTF-8 at octet 9"
    );
}

#[test]
fn lengths_beyond_the_frame_cost_no_memory() {
    for digits in [
        "ddffffffff",
        "dfffffffff",
        "94 30 01 80 dbffffffff",
        "95 30 01 80 a161 91 c6ffffffff",
        "95 30 01 80 a161 91 c9ffffffff05",
        "95 30 01 80 a161 ddffffffff",
        "96 30 01 80 a161 90 dfffffffff",
    ] {
        let error = refused_hex(Format::MsgPack, digits);
        assert!(
            error.contains("a length beyond the end"),
            "{digits}: {error}"
        );
    }
    for digits in [
        "9bffffffffffffffff",
        "84 1830 01 a0 7bffffffffffffffff",
        "85 1830 01 a0 6161 5bffffffffffffffff",
        "85 1830 01 a0 6161 9bffffffffffffffff",
        "86 1830 01 a0 6161 80 bbffffffffffffffff",
    ] {
        let error = refused_hex(Format::Cbor, digits);
        assert!(
            error.contains("a length beyond the end"),
            "{digits}: {error}"
        );
    }
}

#[test]
fn truncated_at_every_octet() {
    for (format, digits) in [
        (
            Format::MsgPack,
            "96 30 01 81 a774696d656f7574 cd0bb8 a3636f6d 92 cb3ff0000000000000 d70102030405060708ff 81 a161 c40101",
        ),
        (
            Format::Cbor,
            "86 1830 01 a1 6774696d656f7574 190bb8 63636f6d 82 fb3ff0000000000000 c11a01020304 a1 6161 5f4101ff",
        ),
    ] {
        let whole = super::unhex(digits);
        hex(format, digits);
        for length in 1..whole.len() {
            let error = Message::decode(format, &whole.slice(..length)).unwrap_err();
            let malformed = matches!(
                error.fault(),
                DecodeFault::Malformed {
                    fault: Malformation::End | Malformation::Length,
                    ..
                }
            );
            assert!(malformed, "{format} {length}: {error}");
        }
    }
}

#[test]
fn octets_after_the_end() {
    assert_eq!(
        refused_hex(Format::MsgPack, "93 22 01 02 c0"),
        "malformed MessagePack: octets after the end at octet 4"
    );
    assert_eq!(
        refused_hex(Format::Cbor, "83 1822 01 02 f6"),
        "malformed CBOR: octets after the end at octet 5"
    );
}

#[test]
fn octets_that_the_serializer_reserves() {
    assert_eq!(
        refused_hex(Format::MsgPack, "93 22 01 c1"),
        "malformed MessagePack: unexpected octet 0xc1 at octet 3"
    );
    for digits in ["1c", "3d", "fc", "ff", "f810"] {
        let error = refused_hex(Format::Cbor, &format!("85 1830 01 a0 6161 81 {digits}"));
        assert!(
            error.starts_with("malformed CBOR: unexpected octet"),
            "{digits}: {error}"
        );
    }
    // A chunk of the wrong type, and one of indefinite length, within a string of indefinite length.
    for digits in ["7f4161ff", "7f7f6161ffff", "5f6161ff"] {
        let error = refused_hex(Format::Cbor, &format!("85 1830 01 a0 6161 81 {digits}"));
        assert!(
            error.starts_with("malformed CBOR: unexpected octet"),
            "{digits}: {error}"
        );
    }
}

#[test]
fn depth_is_limited() {
    let limit = usize::try_from(MAX_DEPTH).unwrap();
    // The message's own list counts.
    let json = |depth: usize| {
        let (open, close) = ("[".repeat(depth - 1), "]".repeat(depth - 1));
        Bytes::from(format!(r#"[48,1,{{}},"a",{open}{close}]"#))
    };
    Message::decode(Format::Json, &json(limit)).unwrap();
    let error = Message::decode(Format::Json, &json(limit + 1)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "malformed JSON: more than 128 levels at octet 141"
    );
    let error = Message::decode(Format::Json, &json(1_000_000)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "malformed JSON: more than 128 levels at octet 141"
    );

    let binary = |head: &[u8], level: &[u8], depth: usize, end: &[u8]| {
        Bytes::from([head, &level.repeat(depth - 1), end].concat())
    };
    let msgpack = |depth| binary(b"\x95\x30\x01\x80\xa1a\x91", b"\x91", depth - 1, b"\xc0");
    Message::decode(Format::MsgPack, &msgpack(limit)).unwrap();
    let error = Message::decode(Format::MsgPack, &msgpack(limit + 1)).unwrap_err();
    assert!(
        error.to_string().contains("more than 128 levels"),
        "{error}"
    );
    let cbor = |depth| {
        binary(
            b"\x85\x18\x30\x01\xa0\x61a\x81",
            b"\xa1\x01",
            depth - 1,
            b"\xf6",
        )
    };
    Message::decode(Format::Cbor, &cbor(limit)).unwrap();
    let error = Message::decode(Format::Cbor, &cbor(limit + 1)).unwrap_err();
    assert!(
        error.to_string().contains("more than 128 levels"),
        "{error}"
    );
}

#[test]
fn cbor_tags_are_levels() {
    let tagged = |tags: usize| {
        let head = b"\x85\x18\x30\x01\xa0\x61a\x81".as_slice();
        Bytes::from([head, &vec![0xc6; tags], b"\x01"].concat())
    };
    let room = usize::try_from(MAX_DEPTH).unwrap() - 2;
    let message = Message::decode(Format::Cbor, &tagged(room)).unwrap();
    let mut out = Vec::new();
    assert!(message.encode(Format::Json, &mut out).is_err());
    assert!(out.is_empty());
    for tags in [room + 1, 1_000_000] {
        let error = Message::decode(Format::Cbor, &tagged(tags)).unwrap_err();
        assert!(
            error.to_string().contains("more than 128 levels"),
            "{error}"
        );
    }
}
