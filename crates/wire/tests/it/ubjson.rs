//! UBJSON draft 12 and BJData: what the Python packages `py-ubjson` 0.16 and `bjdata` 0.6 write, which Autobahn speaks,
//! and what else the formats have.

use bytes::Bytes;
use crossbar_wire::{Format, MAX_DEPTH, Message, Payload, Value};

use super::{refused_hex, unhex};

/// Values, and their octets in BJData and in UBJSON as those packages write them.
const ROWS: [(&str, &str, &str); 41] = [
    ("null", "5a", "5a"),
    ("true", "54", "54"),
    ("false", "46", "46"),
    ("0", "5500", "5500"),
    ("255", "55ff", "55ff"),
    ("256", "750001", "490100"),
    ("32767", "75ff7f", "497fff"),
    ("32768", "750080", "6c00008000"),
    ("65535", "75ffff", "6c0000ffff"),
    ("65536", "6d00000100", "6c00010000"),
    ("2147483647", "6dffffff7f", "6c7fffffff"),
    ("2147483648", "6d00000080", "4c0000000080000000"),
    ("4294967295", "6dffffffff", "4c00000000ffffffff"),
    ("4294967296", "4d0000000001000000", "4c0000000100000000"),
    (
        "9223372036854775807",
        "4dffffffffffffff7f",
        "4c7fffffffffffffff",
    ),
    (
        "9223372036854775808",
        "4d0000000000000080",
        "485513 39323233333732303336383534373735383038",
    ),
    (
        "18446744073709551615",
        "4dffffffffffffffff",
        "485514 3138343436373434303733373039353531363135",
    ),
    (
        "18446744073709551616",
        "485514 3138343436373434303733373039353531363136",
        "485514 3138343436373434303733373039353531363136",
    ),
    ("-1", "69ff", "69ff"),
    ("-128", "6980", "6980"),
    ("-129", "497fff", "49ff7f"),
    ("-32768", "490080", "498000"),
    ("-32769", "6cff7fffff", "6cffff7fff"),
    ("-2147483648", "6c00000080", "6c80000000"),
    ("-2147483649", "4cffffff7fffffffff", "4cffffffff7fffffff"),
    (
        "-9223372036854775808",
        "4c0000000000000080",
        "4c8000000000000000",
    ),
    (
        "-9223372036854775809",
        "485514 2d39323233333732303336383534373735383039",
        "485514 2d39323233333732303336383534373735383039",
    ),
    (
        "-18446744073709551616",
        "485515 2d3138343436373434303733373039353531363136",
        "485515 2d3138343436373434303733373039353531363136",
    ),
    ("1.0", "44000000000000f03f", "443ff0000000000000"),
    ("0.1", "449a9999999999b93f", "443fb999999999999a"),
    ("1e300", "449c7500883ce4377e", "447e37e43c8800759c"),
    (r#""""#, "535500", "535500"),
    (r#""a""#, "4361", "4361"),
    (r#""é""#, "535502c3a9", "535502c3a9"),
    (r#""\u0000AQI=""#, "5b24422355020102", "5b24552355020102"),
    (r#""\u0000""#, "5b2442235500", "5b2455235500"),
    ("[]", "5b5d", "5b5d"),
    ("[1,2]", "5b550155025d", "5b550155025d"),
    (r#"{"a":1}"#, "7b55016155017d", "7b55016155017d"),
    (r#"{"":1}"#, "7b550055017d", "7b550055017d"),
    (
        r#"[[],{"a":{"b":[]}}]"#,
        "5b5b5d7b5501617b5501625b5d7d7d5d",
        "5b5b5d7b5501617b5501625b5d7d7d5d",
    ),
];

#[test]
fn f04_values_have_the_octets_that_autobahn_writes() {
    for (json, bjdata, ubjson) in ROWS {
        let value = Value::decode(Format::Json, &Bytes::from(json)).unwrap();
        for (format, digits) in [(Format::Bjdata, bjdata), (Format::Ubjson, ubjson)] {
            let octets = unhex(digits);
            assert_eq!(value.encode(format).unwrap(), octets, "{json} in {format}");
            assert_eq!(Value::decode(format, &octets).unwrap(), value, "{digits}");
        }
    }
}

#[test]
fn f06_values_go_between_ubjson_and_every_other_serializer() {
    for (json, ..) in ROWS {
        let value = Value::decode(Format::Json, &Bytes::from(json)).unwrap();
        for from in Format::ALL {
            let Ok(there) = Payload::new(from, std::slice::from_ref(&value), &[]) else {
                assert_eq!(from, Format::MsgPack, "{json}");
                continue;
            };
            for to in [Format::Bjdata, Format::Ubjson] {
                let back = there.transcode(to).unwrap();
                assert_eq!(
                    back,
                    Payload::new(to, std::slice::from_ref(&value), &[]).unwrap()
                );
                assert_eq!(back.transcode(from).unwrap(), there, "{json}: {from}, {to}");
            }
        }
    }
}

/// Converts `[value]` to JSON and gives what becomes of the value.
fn in_json(format: Format, digits: &str) -> String {
    let payload = Payload {
        format,
        args: unhex(&format!("5b{digits}5d")),
        kwargs: Bytes::new(),
    };
    let text = payload.transcode(Format::Json).unwrap().args;
    String::from_utf8(text[1..text.len() - 1].to_vec()).unwrap()
}

#[test]
fn f04_numbers_of_every_width_are_read() {
    for (digits, json) in [
        ("6905", "5"),
        ("49fe00", "254"),
        ("6c01000000", "1"),
        ("4c0100000000000000", "1"),
        ("6400000040", "2.0"),
        ("68003e", "1.5"),
        ("42ff", "255"),
        ("485501 31", "1"),
        ("485502 2d30", "0"),
        ("485503 312e35", "1.5"),
        ("485503 314532", "100.0"),
        ("485505 3165343030", "null"),
    ] {
        assert_eq!(in_json(Format::Bjdata, digits), json, "{digits}");
    }
    for (digits, json) in [
        ("4900fe", "254"),
        ("6c00000001", "1"),
        ("4c0000000000000001", "1"),
        ("6440000000", "2.0"),
    ] {
        assert_eq!(in_json(Format::Ubjson, digits), json, "{digits}");
    }
    // The same octets, two numbers: why peers must know which format they speak.
    assert_eq!(in_json(Format::Ubjson, "49012c"), "300");
    assert_eq!(in_json(Format::Bjdata, "49012c"), "11265");
}

#[test]
fn f04_lists_and_objects_with_a_head_are_read() {
    for (digits, json) in [
        ("5b23 5500", "[]"),
        ("5b23 5502 5501 5502", "[1,2]"),
        ("5b23 5501 4e 5507", "[7]"),
        ("5b2469 235502 01ff", "[1,-1]"),
        ("5b2443 235502 6162", r#"["a","b"]"#),
        ("5b2453 235502 550161 55026263", r#"["a","bc"]"#),
        ("5b2448 235501 550135", "[5]"),
        ("5b245b 235502 5d 235501 54", "[[],[true]]"),
        ("7b23 5501 690161 5507", r#"{"a":7}"#),
        ("7b2455 235502 550161 07 550162 08", r#"{"a":7,"b":8}"#),
        ("7b245a 235501 550161", r#"{"a":null}"#),
        ("7b245b 235501 550161 55015d", r#"{"a":[1]}"#),
    ] {
        for format in [Format::Bjdata, Format::Ubjson] {
            assert_eq!(in_json(format, digits), json, "{format} {digits}");
        }
    }
    let objects = "5b247b 235502 7d 5501615501 7d";
    assert_eq!(in_json(Format::Ubjson, objects), r#"[{},{"a":1}]"#);
}

#[test]
fn f04_octets_are_a_typed_list_and_other_lists_stay_lists() {
    let octets = r#""\u0000AQI=""#;
    for (format, digits, json) in [
        (Format::Bjdata, "5b2442 235502 0102", octets),
        (Format::Bjdata, "5b2455 235502 0102", "[1,2]"),
        (Format::Ubjson, "5b2455 235502 0102", octets),
        (Format::Bjdata, "5b 5501 5502 5d", "[1,2]"),
        (Format::Ubjson, "5b 5501 5502 5d", "[1,2]"),
        (Format::Ubjson, "5b23 5502 5501 5502", "[1,2]"),
    ] {
        assert_eq!(in_json(format, digits), json, "{format} {digits}");
    }
}

#[test]
fn f04_arrays_of_numpy_are_lists() {
    for (digits, json) in [
        ("5b2455 235b55035d 010203", "[1,2,3]"),
        (
            "5b246c 235b550255025d 01000000 02000000 03000000 04000000",
            "[[1,2],[3,4]]",
        ),
        ("5b2455 235b5501550255015d 0102", "[[[1],[2]]]"),
        ("5b2442 235b550155025d 0102", "[[1,2]]"),
        ("5b2444 235b55005d", "[]"),
        ("5b2444 235b5501550155005d", "[]"),
        (
            "5b 5b2469 235b550255015d 01ff 5b2444 235b55015d 000000000000f83f 5d",
            "[[[1],[-1]],[1.5]]",
        ),
    ] {
        assert_eq!(in_json(Format::Bjdata, digits), json, "{digits}");
    }
}

#[test]
fn f04_no_ops_are_skipped_between_values() {
    let frame = "4e 5b 4e 5530 4e 5501 4e 7b 4e 550161 5a 4e 7d 4e 4361 4e 5b 4e 5501 4e 5d 4e 7b 4e 550161 5b5d 4e 7d 4e 5d 4e";
    for format in [Format::Bjdata, Format::Ubjson] {
        let Message::Call(call) = Message::decode(format, &unhex(frame)).unwrap() else {
            panic!("a CALL");
        };
        // What is copied to others begins at a value and ends with it.
        assert_eq!(call.payload.args, unhex("5b 4e 5501 4e 5d"));
        assert_eq!(call.payload.kwargs, unhex("7b 4e 550161 5b5d 4e 7d"));
        assert_eq!(call.payload.args().unwrap(), [Value::from(1)]);
    }
}

#[test]
fn f04_a_message_may_have_a_head_itself() {
    let message = Message::decode(Format::Bjdata, &unhex("5b2455235503 21 07 09")).unwrap();
    let mut out = Vec::new();
    message.encode(Format::Json, &mut out).unwrap();
    assert_eq!(out, b"[33,7,9]");
    let message = Message::decode(Format::Ubjson, &unhex("5b235503 5521 5507 5509")).unwrap();
    let mut again = Vec::new();
    message.encode(Format::Json, &mut again).unwrap();
    assert_eq!(again, out);
}

#[test]
fn f04_what_is_no_value_is_refused() {
    for (format, digits, error) in [
        (Format::Bjdata, "45", "unexpected octet 0x45"),
        (Format::Bjdata, "5a23", "unexpected octet 0x23"),
        (Format::Ubjson, "750100", "unexpected octet 0x75"),
        (Format::Ubjson, "6d00000000", "unexpected octet 0x6d"),
        (Format::Ubjson, "4201", "unexpected octet 0x42"),
        (Format::Ubjson, "5b2442235500", "unexpected octet 0x42"),
        (
            Format::Ubjson,
            "5b2455235b55015d01",
            "unexpected octet 0x5b",
        ),
        (Format::Bjdata, "5b245a235503", "a length beyond the end"),
        (Format::Ubjson, "5b2454235501", "a length beyond the end"),
        (Format::Bjdata, "5b244e235501", "unexpected octet 0x4e"),
        (Format::Bjdata, "5b2455 5501 5d", "unexpected octet 0x55"),
        (Format::Bjdata, "5b247b5501615523", "unexpected octet 0x7b"),
        (Format::Bjdata, "5b23 69ff", "invalid number"),
        (Format::Bjdata, "53 69ff", "invalid number"),
        (Format::Bjdata, "53 4361", "unexpected octet 0x43"),
        (Format::Bjdata, "53 4e550161", "unexpected octet 0x4e"),
        (Format::Bjdata, "43 ff", "text that is not UTF-8"),
        (Format::Bjdata, "43 c3", "text that is not UTF-8"),
        (Format::Bjdata, "5b2443 235501 ff", "text that is not UTF-8"),
        (Format::Bjdata, "535501ff", "text that is not UTF-8"),
        (Format::Bjdata, "7b 5501ff 5a 7d", "text that is not UTF-8"),
        (
            Format::Bjdata,
            "7b 550161 4e 5a 7d",
            "unexpected octet 0x4e",
        ),
        (Format::Bjdata, "7b 5a 5a 7d", "unexpected octet 0x5a"),
        (Format::Bjdata, "485500", "unexpected end"),
        (Format::Bjdata, "485501 2d", "unexpected end"),
        (Format::Bjdata, "485502 3031", "invalid number"),
        (Format::Bjdata, "485502 2b31", "invalid number"),
        (Format::Bjdata, "485503 4e614e", "invalid number"),
        (Format::Bjdata, "485502 2031", "invalid number"),
        (Format::Bjdata, "485502 3120", "invalid number"),
        (
            Format::Bjdata,
            "7b2455 235b55015d 550161 01",
            "unexpected octet 0x5b",
        ),
        (Format::Bjdata, "5b2453 235b55015d", "unexpected octet 0x5b"),
        (Format::Bjdata, "5b23 5b55015d 5a", "unexpected octet 0x5b"),
        (
            Format::Bjdata,
            "5b2455 235b5b55015d5d 01",
            "unexpected octet 0x5b",
        ),
    ] {
        let frame = format!("5b 5530 5501 7b7d 4361 5b {digits} 5d 5d");
        let found = refused_hex(format, &frame);
        let expected = format!("malformed {format}: {error}");
        assert!(found.starts_with(&expected), "{digits}: {found}");
        let alone = unhex(digits);
        assert!(Value::decode(format, &alone).is_err(), "{digits}");
    }
}

#[test]
fn f04_lengths_beyond_the_frame_cost_no_memory() {
    for digits in [
        "534dffffffffffffffff",
        "484dffffffffffffff7f",
        "5b2442234cffffffffffffff7f",
        "5b2444234cffffffffffffff7f",
        "5b2353".trim_end_matches("53"),
        "5b23 4dffffffffffffffff",
        "5b2453 23 6dffffffff",
        "5b2455 23 5b 6dffffffff 6dffffffff 6dffffffff 5d",
        "7b23 6dffffffff",
        "7b245a 23 6dffffffff",
    ] {
        let frame = format!("5b 5530 5501 7b7d 4361 5b {digits}");
        let found = refused_hex(Format::Bjdata, &frame);
        assert!(
            found.contains("a length beyond the end") || found.contains("unexpected end"),
            "{digits}: {found}"
        );
    }
}

#[test]
fn f04_truncated_at_every_octet() {
    for (format, digits) in [
        (
            Format::Bjdata,
            "5b 5530 5501 7b 550774696d656f7574 75b80b 7d 4361 5b 44000000000000f03f 485503312e35 5b2442235501ff \
             5b2469235b550155025d0102 5d 7b 550161 4362 7d 5d",
        ),
        (
            Format::Ubjson,
            "5b 5530 5501 7b 550774696d656f7574 490bb8 7d 4361 5b 443ff0000000000000 485503312e35 5b2455235501ff \
             5b235502 5453550161 5d 7b245b235501 550161 5d 5d",
        ),
    ] {
        let whole = unhex(digits);
        Message::decode(format, &whole).unwrap();
        for length in 1..whole.len() {
            let error = Message::decode(format, &whole.slice(..length)).unwrap_err();
            let error = error.to_string();
            assert!(
                error.contains("unexpected end") || error.contains("a length beyond the end"),
                "{format} {length}: {error}"
            );
        }
    }
}

#[test]
fn f04_octets_behind_a_message_are_refused() {
    let error = refused_hex(Format::Bjdata, "5b 5522 5501 5502 5d 5a");
    assert_eq!(error, "malformed BJData: octets after the end at octet 8");
}

#[test]
fn f04_depth_is_limited() {
    let limit = usize::try_from(MAX_DEPTH).unwrap();
    let call = |open: &str, depth: usize, close: &str| {
        let head = unhex("5b 5530 5501 7b7d 4361");
        let (open, close) = (unhex(open), unhex(close));
        let (open, close) = (open.repeat(depth - 1), close.repeat(depth - 1));
        Bytes::from([head, open.into(), close.into(), unhex("5d")].concat())
    };
    for (open, close) in [("5b", "5d"), ("5b235501", ""), ("5b245b235501", "5d")] {
        // The innermost counted list needs a value.
        let close = if close.is_empty() { "" } else { close };
        let frame = |depth| {
            let mut frame = call(open, depth, close).to_vec();
            if close.is_empty() {
                frame.insert(frame.len() - 1, b'Z');
            }
            Bytes::from(frame)
        };
        if open != "5b245b235501" {
            Message::decode(Format::Bjdata, &frame(limit)).unwrap();
        }
        let error = Message::decode(Format::Bjdata, &frame(limit + 1)).unwrap_err();
        assert!(
            error.to_string().contains("more than 128 levels"),
            "{error}"
        );
    }
    let axes = |lists: usize, axes: usize| {
        let array = [
            unhex("5b245523").as_ref(),
            b"[",
            &b"U\x01".repeat(axes),
            b"]",
            &[7],
        ]
        .concat();
        let head = unhex("5b 5530 5501 7b7d 4361");
        let (open, close) = (vec![b'['; lists], vec![b']'; lists + 1]);
        Bytes::from([head.as_ref(), &open, &array, &close].concat())
    };
    let message = Message::decode(Format::Bjdata, &axes(limit - 33, 32)).unwrap();
    let mut out = Vec::new();
    message.encode(Format::Cbor, &mut out).unwrap();
    for frame in [axes(limit - 32, 32), axes(1, 33)] {
        let error = Message::decode(Format::Bjdata, &frame).unwrap_err();
        assert!(
            error.to_string().contains("more than 128 levels"),
            "{error}"
        );
    }
}

#[test]
fn f06_the_payload_is_copied_octet_by_octet_between_peers_of_one_variant() {
    // Wider than need be, with a head, a no-op and a float of 32 bits.
    let frame =
        unhex("5b 5510 5501 7b7d 4361 5b 4c0100000000000000 5b2469235501ff 4e 6400000040 5d 5d");
    let Message::Publish(publish) = Message::decode(Format::Bjdata, &frame).unwrap() else {
        panic!("a PUBLISH");
    };
    let mut out = Vec::new();
    Message::Publish(publish.clone())
        .encode(Format::Bjdata, &mut out)
        .unwrap();
    assert!(
        out.windows(publish.payload.args.len())
            .any(|part| part == publish.payload.args)
    );
    out.clear();
    Message::Publish(publish)
        .encode(Format::Ubjson, &mut out)
        .unwrap();
    assert!(out.ends_with(&unhex("5b 5501 5b69ff5d 444000000000000000 5d 5d")));
}

#[test]
fn f06_what_ubjson_cannot_express_is_refused_or_null() {
    let convert = |from, digits: &str, to| {
        let payload = Payload {
            format: from,
            args: unhex(digits),
            kwargs: Bytes::new(),
        };
        payload.transcode(to).map(|payload| payload.args)
    };
    for (digits, error) in [
        ("91810102", "a dictionary key that is not a string"),
        ("91d40501", "a MessagePack extension"),
    ] {
        for to in [Format::Bjdata, Format::Ubjson] {
            let found = convert(Format::MsgPack, digits, to).unwrap_err();
            assert_eq!(found.to_string(), format!("{to} cannot express {error}"));
        }
    }
    let found = convert(Format::Cbor, "81c482010a", Format::Bjdata).unwrap_err();
    assert_eq!(
        found.to_string(),
        "BJData cannot express a CBOR tag or simple value"
    );
    for (digits, bjdata, ubjson) in [
        ("91cb7ff8000000000000", "44000000000000f87f", "5a"),
        ("91cbfff0000000000000", "44000000000000f0ff", "5a"),
        ("91d40000", "5a", "5a"),
        (
            "91d6ff6b05a670",
            "535514323032362d31312d32345431353a30303a30305a",
            "535514323032362d31312d32345431353a30303a30305a",
        ),
    ] {
        for (to, value) in [(Format::Bjdata, bjdata), (Format::Ubjson, ubjson)] {
            let args = convert(Format::MsgPack, digits, to).unwrap();
            assert_eq!(args, unhex(&format!("5b{value}5d")), "{digits}");
        }
    }
    let digits = "9".repeat(4301);
    let octets = [b"[H\x49\x10\xcd".as_slice(), digits.as_bytes(), b"]"].concat();
    let payload = Payload {
        format: Format::Ubjson,
        args: octets.into(),
        kwargs: Bytes::new(),
    };
    for to in [Format::Cbor, Format::Json, Format::Bjdata] {
        assert!(
            payload.transcode(to).is_ok() != (to == Format::Cbor),
            "{to}"
        );
    }
}

#[test]
fn f04_a_binary_stands_in_the_place_of_args() {
    for (format, octets) in [
        (Format::Bjdata, "5b24422355020102"),
        (Format::Ubjson, "5b24552355020102"),
    ] {
        let frame =
            format!("5b 5510 5501 7b 5508656e635f616c676f 5355046d717474 7d 4361 {octets} 5d");
        let message = Message::decode(format, &unhex(&frame)).unwrap();
        assert_eq!(message.payload().unwrap().args, unhex(octets));
        let mut out = Vec::new();
        message.encode(Format::Cbor, &mut out).unwrap();
        assert!(out.ends_with(&unhex("420102")));
    }
    let list = "5b 5510 5501 7b 5508656e635f616c676f 5355046d717474 7d 4361 5b2455235501015d";
    let message = Message::decode(Format::Bjdata, &unhex(list)).unwrap();
    assert_eq!(message.payload().unwrap().args().unwrap(), [Value::from(1)]);
}

#[test]
fn f04_arrays_have_few_lists_for_their_numbers() {
    let array = |lengths: &[u8], numbers: usize| {
        let lengths: Vec<u8> = lengths.iter().flat_map(|&it| [b'U', it]).collect();
        let head = unhex("5b 5530 5501 7b7d 4361 5b 5b245523");
        let numbers = vec![7; numbers];
        let frame = [head.as_ref(), b"[", &lengths, b"]", &numbers, b"]]"].concat();
        Message::decode(Format::Bjdata, &frame.into())
    };
    array(&[200, 1], 200).unwrap();
    array(&[1, 1, 200], 200).unwrap();
    array(&[20, 2, 1, 1], 40).unwrap_err();
    let error = array(&[200, 1, 1, 1], 200).unwrap_err();
    assert!(error.to_string().contains("length"), "{error}");
}
