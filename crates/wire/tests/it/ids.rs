//! The forms in which ids come, and the one in which they leave.

use crossbar_wire::{Format, Message};

use super::{encoded, encoded_json, hex, json, refused, unhex};

#[test]
fn javascript_writes_large_ids_as_float64() {
    // UNREGISTER with request 2^32 + 1 and registration 2^53, both as MessagePack float 64.
    let floats = "93 42 cb41f0000000100000 cb4340000000000000";
    let integers = "93 42 cf0000000100000001 cf0020000000000000";
    assert_eq!(hex(Format::MsgPack, floats), hex(Format::MsgPack, integers));
    let floats = "83 1842 fb41f0000000100000 fb4340000000000000";
    assert_eq!(
        encoded(&hex(Format::Cbor, floats), Format::MsgPack),
        unhex(integers)
    );
}

#[test]
fn json_ids_may_be_written_with_a_fraction_or_exponent() {
    assert_eq!(json("[34,1.0,1e3]"), json("[34,1,1000]"));
    assert_eq!(json(r#"[48.0,1,{},"com.a"]"#), json(r#"[48,1,{},"com.a"]"#));
}

#[test]
fn ids_in_lists_may_be_floats() {
    let floats = json(r#"[16,1,{"eligible":[1.0,2e2],"exclude":[3.0]},"com.a"]"#);
    assert_eq!(
        floats,
        json(r#"[16,1,{"eligible":[1,200],"exclude":[3]},"com.a"]"#)
    );
    let Message::Publish(publish) = floats else {
        panic!("PUBLISH is something else");
    };
    let audience = publish.audience.unwrap();
    let eligible: Vec<u64> = audience
        .eligible
        .unwrap()
        .iter()
        .map(|id| id.value())
        .collect();
    assert_eq!(eligible, [1, 200]);
}

#[test]
fn identities_may_be_floats() {
    let floats = json(r#"[36,1,2,{"publisher":3.0,"forward_for":[{"session":4.0}]}]"#);
    assert_eq!(
        floats,
        json(r#"[36,1,2,{"publisher":3,"forward_for":[{"session":4}]}]"#)
    );
}

#[test]
fn half_and_single_floats_stand_for_ids() {
    // 1.0 as half and single precision.
    assert_eq!(
        hex(Format::Cbor, "83 1822 f93c00 fa3f800000"),
        json("[34,1,1]")
    );
    assert_eq!(
        hex(Format::MsgPack, "93 22 ca3f800000 01"),
        json("[34,1,1]")
    );
}

#[test]
fn ids_go_out_as_unsigned_integers() {
    let message = json("[34,1.0,1e3]");
    assert_eq!(encoded(&message, Format::MsgPack), unhex("93 22 01 cd03e8"));
    assert_eq!(encoded(&message, Format::Cbor), unhex("83 1822 01 1903e8"));
    assert_eq!(encoded_json(&message), "[34,1,1000]");
}

#[test]
fn ids_may_be_wider_than_they_need() {
    let wide = hex(Format::MsgPack, "93 cd0022 cf0000000000000001 ce00000005");
    assert_eq!(wide, json("[34,1,5]"));
    let wide = hex(Format::Cbor, "83 190022 1b0000000000000001 1a00000005");
    assert_eq!(wide, json("[34,1,5]"));
    let signed = hex(Format::MsgPack, "93 d022 d30000000000000001 d10005");
    assert_eq!(signed, json("[34,1,5]"));
}

#[test]
fn random_request_ids_up_to_2_to_the_53() {
    assert_eq!(json("[34,9007199254740992,1]").code(), 34);
    assert_eq!(
        refused("[34,9007199254740993,1]"),
        "UNSUBSCRIBE: request must be an integer from 0 to 9007199254740992, found 9007199254740993"
    );
}

#[test]
fn request_id_zero_is_read() {
    assert_eq!(json(r#"[48,0,{},"com.a"]"#).code(), 48);
}

#[test]
fn event_received_is_read_in_every_serializer() {
    let message = json("[337,5512315355]");
    assert_eq!(message.name(), "EVENT_RECEIVED");
    for format in Format::ALL {
        let again = Message::decode(format, &encoded(&message, format)).unwrap();
        assert_eq!(again, message);
    }
}

#[test]
fn revocations_have_request_zero_and_details() {
    for text in [
        r#"[35,0,{"subscription":5,"reason":"a.b"}]"#,
        r#"[67,0,{"registration":5,"reason":"a.b"}]"#,
        "[35,1]",
        "[67,1]",
    ] {
        assert_eq!(encoded_json(&json(text)), text);
    }
}
