//! The table of conversions between serializers, cell by cell.

use bytes::Bytes;
use crossbar_wire::{EncodeError, Format, Payload};

use super::unhex;

/// Converts `[value]`, given in hexadecimal digits, and gives what becomes of the value.
fn convert(from: Format, value: &str, to: Format) -> Result<Bytes, String> {
    let (head, tail) = match from {
        Format::Json => panic!("JSON is not written in hexadecimal digits"),
        Format::MsgPack => ("91", ""),
        Format::Cbor | Format::FlatBuffers => ("81", ""),
        Format::Bjdata | Format::Ubjson => ("5b", "5d"),
    };
    converted(from, unhex(&format!("{head}{value}{tail}")), to)
}

fn converted(from: Format, args: Bytes, to: Format) -> Result<Bytes, String> {
    let payload = Payload {
        format: from,
        args,
        kwargs: Bytes::new(),
    };
    match payload.transcode(to) {
        Ok(payload) => {
            let closed = matches!(to, Format::Json | Format::Bjdata | Format::Ubjson);
            let end = payload.args.len() - usize::from(closed);
            Ok(payload.args.slice(1..end))
        }
        Err(error) => {
            assert!(
                matches!(error, EncodeError::Unrepresentable { .. }),
                "{error}"
            );
            Err(error.to_string())
        }
    }
}

/// Checks a row: the value in MessagePack and CBOR, and what it is in JSON; each gives each other.
fn alike(json: &str, msgpack: &str, cbor: &str) {
    let text = Bytes::from(json.to_owned());
    let list = Bytes::from(format!("[{json}]"));
    assert_eq!(
        convert(Format::MsgPack, msgpack, Format::Json),
        Ok(text.clone()),
        "{json}"
    );
    assert_eq!(
        convert(Format::MsgPack, msgpack, Format::Cbor),
        Ok(unhex(cbor)),
        "{json}"
    );
    assert_eq!(
        convert(Format::Cbor, cbor, Format::Json),
        Ok(text),
        "{json}"
    );
    assert_eq!(
        convert(Format::Cbor, cbor, Format::MsgPack),
        Ok(unhex(msgpack)),
        "{json}"
    );
    assert_eq!(
        converted(Format::Json, list.clone(), Format::MsgPack),
        Ok(unhex(msgpack))
    );
    assert_eq!(
        converted(Format::Json, list, Format::Cbor),
        Ok(unhex(cbor)),
        "{json}"
    );
}

fn becomes(from: Format, value: &str, to: Format, expected: &str) {
    let expected = if to == Format::Json {
        Bytes::from(expected.to_owned())
    } else {
        unhex(expected)
    };
    assert_eq!(convert(from, value, to), Ok(expected), "{value}");
}

fn fails(from: Format, value: &str, to: Format, expected: &str) {
    assert_eq!(
        convert(from, value, to),
        Err(expected.to_owned()),
        "{value}"
    );
}

#[test]
fn f06_scalars() {
    alike("null", "c0", "f6");
    alike("true", "c3", "f5");
    alike("false", "c2", "f4");
    alike("\"abc\"", "a3616263", "63616263");
    alike("\"\"", "a0", "60");
}

#[test]
fn f06_integers_take_the_shortest_form() {
    alike("0", "00", "00");
    alike("23", "17", "17");
    alike("24", "18", "1818");
    alike("127", "7f", "187f");
    alike("128", "cc80", "1880");
    alike("255", "ccff", "18ff");
    alike("256", "cd0100", "190100");
    alike("65535", "cdffff", "19ffff");
    alike("65536", "ce00010000", "1a00010000");
    alike("4294967295", "ceffffffff", "1affffffff");
    alike("4294967296", "cf0000000100000000", "1b0000000100000000");
    alike(
        "18446744073709551615",
        "cfffffffffffffffff",
        "1bffffffffffffffff",
    );
    alike("-1", "ff", "20");
    alike("-24", "e8", "37");
    alike("-32", "e0", "381f");
    alike("-33", "d0df", "3820");
    alike("-128", "d080", "387f");
    alike("-129", "d1ff7f", "3880");
    alike("-32768", "d18000", "397fff");
    alike("-32769", "d2ffff7fff", "398000");
    alike("-2147483648", "d280000000", "3a7fffffff");
    alike("-2147483649", "d3ffffffff7fffffff", "3a80000000");
    alike(
        "-9223372036854775808",
        "d38000000000000000",
        "3b7fffffffffffffff",
    );
}

#[test]
fn f06_integers_beyond_64_bits() {
    let json = |digits: &str, to| converted(Format::Json, Bytes::from(format!("[{digits}]")), to);
    let rows = [
        ("18446744073709551616", "c249010000000000000000"),
        ("1180591620717411303424", "c249400000000000000000"),
        ("-18446744073709551617", "c349010000000000000000"),
        ("-1180591620717411303425", "c349400000000000000000"),
        ("-9223372036854775809", "3b8000000000000000"),
        ("-18446744073709551616", "3bffffffffffffffff"),
    ];
    for (digits, cbor) in rows {
        assert_eq!(json(digits, Format::Cbor), Ok(unhex(cbor)), "{digits}");
        becomes(Format::Cbor, cbor, Format::Json, digits);
        let error = "MessagePack cannot express an integer of more than 64 bits";
        fails(Format::Cbor, cbor, Format::MsgPack, error);
        assert_eq!(
            json(digits, Format::MsgPack),
            Err(error.to_owned()),
            "{digits}"
        );
    }
    // A bignum that has no need to be one.
    becomes(Format::Cbor, "c2420100", Format::MsgPack, "cd0100");
    becomes(Format::Cbor, "c340", Format::Json, "-1");
}

#[test]
fn f06_integers_with_too_many_digits() {
    let json = |digits: usize, to| {
        converted(
            Format::Json,
            Bytes::from(format!("[{}]", "9".repeat(digits))),
            to,
        )
    };
    assert!(json(4300, Format::Cbor).is_ok());
    assert_eq!(
        json(4301, Format::Cbor),
        Err("CBOR cannot express an integer of more than 4300 digits".to_owned())
    );
    let mut octets = unhex("81c2597fff").to_vec();
    octets.extend(vec![0xff; 0x7fff]);
    assert_eq!(
        converted(Format::Cbor, octets.into(), Format::Json),
        Err("JSON cannot express an integer of more than 4300 digits".to_owned())
    );
}

#[test]
fn f06_floats_stay_floats() {
    alike("1.0", "cb3ff0000000000000", "fb3ff0000000000000");
    alike("-0.1", "cbbfb999999999999a", "fbbfb999999999999a");
    alike("1e300", "cb7e37e43c8800759c", "fb7e37e43c8800759c");
    alike("0.0", "cb0000000000000000", "fb0000000000000000");
    becomes(Format::MsgPack, "ca3fc00000", Format::Json, "1.5");
    becomes(
        Format::MsgPack,
        "ca3fc00000",
        Format::Cbor,
        "fb3ff8000000000000",
    );
    for (half, json) in [
        ("f93e00", "1.5"),
        ("f90001", "5.960464477539063e-8"),
        ("f97bff", "65504.0"),
        ("f98000", "-0.0"),
        ("f9c400", "-4.0"),
        ("f90400", "6.103515625e-5"),
    ] {
        becomes(Format::Cbor, half, Format::Json, json);
    }
}

#[test]
fn f06_nan_and_infinity_become_null_in_json() {
    for (msgpack, cbor) in [
        ("cb7ff8000000000000", "f97e00"),
        ("cb7ff0000000000000", "f97c00"),
        ("cbfff0000000000000", "f9fc00"),
    ] {
        becomes(Format::MsgPack, msgpack, Format::Json, "null");
        becomes(Format::Cbor, cbor, Format::Json, "null");
        becomes(Format::Cbor, cbor, Format::MsgPack, msgpack);
    }
}

#[test]
fn f06_binary() {
    alike(r#""\u0000AQI=""#, "c4020102", "420102");
    alike(r#""\u0000""#, "c400", "40");
    let long = "ab".repeat(300);
    becomes(
        Format::MsgPack,
        &format!("c5012c{long}"),
        Format::Cbor,
        &format!("59012c{long}"),
    );
    becomes(
        Format::Cbor,
        &format!("59012c{long}"),
        Format::MsgPack,
        &format!("c5012c{long}"),
    );
}

#[test]
fn f06_text_with_escapes() {
    alike(
        r#""a\"\\\n\t\u0001é😀""#,
        "ae 61 22 5c 0a 09 01 c3a9 f09f9880"
            .replace("ae", "ac")
            .as_str(),
        "6c 61 22 5c 0a 09 01 c3a9 f09f9880",
    );
}

#[test]
fn f06_text_that_starts_with_nul() {
    becomes(Format::MsgPack, "a20061", Format::Cbor, "620061");
    let error = "JSON cannot express a string that starts with NUL";
    fails(Format::MsgPack, "a20061", Format::Json, error);
    fails(Format::Cbor, "620061", Format::Json, error);
    // As a key it stands for itself.
    becomes(
        Format::MsgPack,
        "81a2006101",
        Format::Json,
        r#"{"\u0000a":1}"#,
    );
}

#[test]
fn f06_undefined_becomes_null() {
    becomes(Format::Cbor, "f7", Format::Json, "null");
    becomes(Format::Cbor, "f7", Format::MsgPack, "c0");
    becomes(Format::MsgPack, "d40000", Format::Json, "null");
    becomes(Format::MsgPack, "d40000", Format::Cbor, "f6");
}

#[test]
fn f06_lists_and_dictionaries_nested() {
    alike(
        r#"[1,[],{"a":[{}]}]"#,
        "9301908 1a1619180".replace(' ', "").as_str(),
        "830180a1616181a0",
    );
    for length in [15, 16, 23, 24, 255, 256, 65_535, 65_536] {
        let list = format!("[[{}]]", vec!["7"; length].join(","));
        let list = Bytes::from(list);
        for format in [Format::MsgPack, Format::Cbor] {
            let there = Payload {
                format: Format::Json,
                args: list.clone(),
                kwargs: Bytes::new(),
            };
            let back = there
                .transcode(format)
                .unwrap()
                .transcode(Format::Json)
                .unwrap();
            assert_eq!(back, there, "{length}");
        }
    }
}

#[test]
fn f06_indefinite_lengths_become_definite() {
    becomes(
        Format::Cbor,
        "9f01bf616102ffff",
        Format::MsgPack,
        "920181a16102",
    );
    becomes(Format::Cbor, "7f61616162ff", Format::MsgPack, "a26162");
    becomes(
        Format::Cbor,
        "5f41014102ff",
        Format::Json,
        r#""\u0000AQI=""#,
    );
}

#[test]
fn f06_keys_that_are_not_text() {
    becomes(Format::MsgPack, "810102", Format::Cbor, "a10102");
    becomes(Format::Cbor, "a12002", Format::MsgPack, "81ff02");
    becomes(Format::MsgPack, "81c3c0", Format::Cbor, "a1f5f6");
    becomes(Format::MsgPack, "81c4010102", Format::Cbor, "a1410102");
    let error = "JSON cannot express a dictionary key that is not a string";
    fails(Format::MsgPack, "810102", Format::Json, error);
    fails(Format::Cbor, "a10102", Format::Json, error);
    let error = "MessagePack cannot express a dictionary key that is not a string";
    fails(Format::Cbor, "a18002", Format::MsgPack, error);
}

#[test]
fn f06_times() {
    // 2026-11-24T15:00:00 UTC is 1795532400.
    becomes(
        Format::MsgPack,
        "d6ff6b05a670",
        Format::Json,
        r#""2026-11-24T15:00:00Z""#,
    );
    becomes(
        Format::MsgPack,
        "d6ff6b05a670",
        Format::Cbor,
        "c074323032362d31312d32345431353a30303a30305a",
    );
    becomes(
        Format::Cbor,
        "c11a6b05a670",
        Format::Json,
        r#""2026-11-24T15:00:00Z""#,
    );
    becomes(
        Format::Cbor,
        "c11a6b05a670",
        Format::MsgPack,
        "d6ff6b05a670",
    );
    becomes(
        Format::Cbor,
        "c1fb41dac1699c200000",
        Format::Json,
        r#""2026-11-24T15:00:00.500Z""#,
    );
    becomes(
        Format::Cbor,
        "c120",
        Format::Json,
        r#""1969-12-31T23:59:59Z""#,
    );
    becomes(
        Format::Cbor,
        "c120",
        Format::MsgPack,
        "c70cff00000000ffffffffffffffff",
    );
}

#[test]
fn f06_times_with_fractions_or_out_of_range() {
    becomes(
        Format::MsgPack,
        "d7ff0000000400000000",
        Format::Json,
        r#""1970-01-01T00:00:00.000000001Z""#,
    );
    becomes(
        Format::MsgPack,
        "c70cff000003e8fffffff1868b8400",
        Format::Json,
        r#""0000-01-01T00:00:00.000001Z""#,
    );
    becomes(Format::Cbor, "c0623f3f", Format::Json, r#""??""#);
    becomes(Format::Cbor, "c0623f3f", Format::MsgPack, "a23f3f");
    let error = "JSON cannot express a time outside the years 0 to 9999";
    fails(Format::Cbor, "c11b7fffffffffffffff", Format::Json, error);
    fails(
        Format::MsgPack,
        "c70cff000000008000000000000000",
        Format::Json,
        error,
    );
}

#[test]
fn f06_extensions_and_tags() {
    let json = "JSON cannot express a MessagePack extension";
    let cbor = "CBOR cannot express a MessagePack extension";
    for extension in ["c702056162", "d40001", "d6fe00000000", "c703ff616263"] {
        fails(Format::MsgPack, extension, Format::Json, json);
        fails(Format::MsgPack, extension, Format::Cbor, cbor);
    }
    for tag in [
        "c482010a",
        "d81c80",
        "d8 40 4101",
        "c16161",
        "c2 01",
        "f0",
        "f8ff",
    ] {
        let (json, msgpack) = (
            "JSON cannot express a CBOR tag or simple value",
            "MessagePack cannot express a CBOR tag or simple value",
        );
        fails(Format::Cbor, tag, Format::Json, json);
        fails(Format::Cbor, tag, Format::MsgPack, msgpack);
    }
    becomes(Format::Cbor, "d9d9f701", Format::Json, "1");
    becomes(Format::Cbor, "d9d9f7d9d9f78101", Format::Json, "[1]");
    becomes(Format::Cbor, "d82061 61", Format::Json, "\"a\"");
    becomes(Format::Cbor, "d82542 0102", Format::MsgPack, "c4020102");
}
