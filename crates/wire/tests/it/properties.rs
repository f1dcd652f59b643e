//! What holds for every message, every value and every frame.

mod flatbuffers;
mod messages;
mod values;

use bytes::Bytes;
use crossbar_wire::{Format, Message, Payload, Value};
use proptest::prelude::*;

use self::messages::message;
use self::values::{format, value};

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_message_survives_its_own_serializer(message in message()) {
        let format = message.payload().map_or(Format::Json, |payload| payload.format);
        let mut out = b"before".to_vec();
        message.encode(format, &mut out).unwrap();
        prop_assert!(out.starts_with(b"before"));
        let frame = Bytes::from(out).slice(6..);
        prop_assert_eq!(Message::decode(format, &frame).unwrap(), message);
    }

    #[test]
    fn a_message_survives_the_way_through_another_serializer(
        message in message(),
        there in format(),
    ) {
        let own = message.payload().map_or(Format::Json, |payload| payload.format);
        let encoded = |message: &Message, format| {
            let mut out = Vec::new();
            message.encode(format, &mut out).unwrap();
            Bytes::from(out)
        };
        let arrived = Message::decode(there, &encoded(&message, there)).unwrap();
        prop_assert_eq!(encoded(&arrived, own), encoded(&message, own));
    }

    #[test]
    fn a_value_survives_every_serializer(value in value(), format in format()) {
        let octets = Bytes::from(value.encode(format).unwrap());
        prop_assert_eq!(Value::decode(format, &octets).unwrap(), value);
    }

    #[test]
    fn a_payload_survives_the_way_through_other_serializers(
        args in prop::collection::vec(value(), 0..4),
        kwargs in prop::collection::vec((".{0,5}", value()), 0..4),
        formats in prop::collection::vec(format(), 2..5),
    ) {
        let mut payload = Payload::new(formats[0], &args, &kwargs).unwrap();
        for format in formats {
            payload = payload.transcode(format).unwrap();
        }
        prop_assert_eq!(payload.args().unwrap(), args);
        prop_assert_eq!(payload.kwargs().unwrap(), kwargs);
    }

    #[test]
    fn transcoding_gives_the_same_octets_as_encoding(
        value in value(),
        from in format(),
        to in format(),
    ) {
        let args = [value];
        let there = Payload::new(from, &args, &[]).unwrap().transcode(to).unwrap();
        prop_assert_eq!(there, Payload::new(to, &args, &[]).unwrap());
    }

    #[test]
    fn a_value_survives_serde(value in value()) {
        prop_assert_eq!(crossbar_wire::to_value(&value).unwrap(), value.clone());
        prop_assert_eq!(crossbar_wire::from_value::<Value>(value.clone()).unwrap(), value);
    }

    #[test]
    fn json_is_what_serde_json_takes_for_json(
        text in r#"[\[\]{},:"0-9eE.+\-\\ntrufalse \n]{0,12}"#,
        more in r#"\[("[^"\\\x00-\x1f]{0,4}(\\[nu"x/0]?[0-9a-f]{0,5})?"|-?[0-9]{1,3}(\.[0-9]{0,2})?([eE][+-]?[0-9]{0,1})?|\{"a":[0-9]?\}),?(true|nul|null)?\]"#,
    ) {
        for text in [text, more] {
            let ours = Value::decode(Format::Json, &Bytes::from(text.clone()));
            let theirs = serde_json::from_str::<serde_json::Value>(&text);
            prop_assert_eq!(ours.is_ok(), theirs.is_ok(), "{}: {:?}, {:?}", text, ours, theirs);
            // serde_json reads the integer -0 as a float.
            if let (Ok(ours), Ok(theirs), false) = (ours, theirs, text.contains("-0")) {
                prop_assert_eq!(ours, Value::from(theirs));
            }
        }
    }

    #[test]
    fn random_octets_do_no_harm(octets in prop::collection::vec(any::<u8>(), 0..200)) {
        any_frame(&Bytes::from(octets));
    }

    #[test]
    fn random_calls_do_no_harm(octets in prop::collection::vec(any::<u8>(), 0..60)) {
        any_frame(&Bytes::from([b"\x95\x30\x01\x80\xa1a".as_slice(), &octets].concat()));
        any_frame(&Bytes::from([b"\x9f\x18\x30\x01\xa0\x61a".as_slice(), &octets].concat()));
    }

    #[test]
    fn f04_random_markers_do_no_harm(
        pieces in prop::collection::vec(
            prop_oneof![
                4 => prop::sample::select(MARKERS.to_vec()).prop_map(<[u8]>::to_vec),
                1 => prop::collection::vec(any::<u8>(), 0..3),
            ],
            0..24,
        ),
        closed in any::<bool>(),
    ) {
        let end: &[u8] = if closed { b"]]" } else { b"" };
        any_frame(&Bytes::from([b"[U0U\x01{}Ca[".as_slice(), &pieces.concat(), end].concat()));
    }

    #[test]
    fn random_json_does_no_harm(text in r#"\[(48|16|1),1,\{("[a-z_]{0,3}\\?\\u?[0d8]{0,5}":[-0-9.eE+]{0,5})?\},["\[\]{},:\\u0-9a-fA-F é]{0,20}"#) {
        any_frame(&Bytes::from(text));
    }

    #[test]
    fn a_changed_message_does_no_harm(
        message in message(),
        format in format(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut out = Vec::new();
        message.encode(format, &mut out).unwrap();
        for (at, octet) in changes {
            let at = at.index(out.len());
            out[at] = octet;
        }
        any_frame(&Bytes::from(out));
    }
}

/// What frames of UBJSON and BJData are made of.
const MARKERS: [&[u8]; 26] = [
    b"[",
    b"]",
    b"{",
    b"}",
    b"[$U#U\x01",
    b"[$B#U\x02",
    b"[$l#[U\x01U\x02]",
    b"[$[#U\x02",
    b"{$[#U\x01",
    b"[#U\x02",
    b"{#U\x01",
    b"$",
    b"#",
    b"N",
    b"Z",
    b"T",
    b"U\x01a",
    b"i\xff",
    b"SU\x01a",
    b"Cb",
    b"HU\x013",
    b"HU\x031.5",
    b"u\x01\x00",
    b"D\0\0\0\0\0\0\xf0\x7f",
    b"h\x00\x3e",
    b"[$S#U\x01",
];

/// Decodes a frame in every serializer; what decodes must survive encoding, and convert or be refused.
fn any_frame(frame: &Bytes) {
    for format in Format::ALL {
        let Ok(message) = Message::decode(format, frame) else {
            continue;
        };
        let mut out = Vec::new();
        match message.encode(format, &mut out) {
            Ok(()) => {
                let again = Message::decode(format, &out.into()).unwrap();
                // By its text, since NaN is unequal to itself.
                assert_eq!(format!("{again:?}"), format!("{message:?}"));
            }
            // JSON's own escape for NUL in an envelope, which marks binary elsewhere.
            Err(error) => assert!(error.to_string().contains("NUL"), "{error}"),
        }
        for other in Format::ALL {
            let mut out = Vec::new();
            if message.encode(other, &mut out).is_ok() {
                Message::decode(other, &out.into()).unwrap();
            } else {
                assert!(out.is_empty());
            }
        }
    }
}
