//! Frames whose octets lie, and how frames are laid out.

use bytes::Bytes;
use crossbar_wire::{Format, Message};

use super::{decode, flatbuffers_samples, position, replaced};
use crate::{encoded, json, unhex};

#[test]
fn f05_a_frame_cut_short_is_refused_or_lacks_padding_only() {
    for (file, octets, _) in flatbuffers_samples() {
        let whole = decode(&octets).unwrap();
        for length in 0..octets.len() {
            if let Ok(message) = decode(&octets.slice(..length)) {
                assert_eq!(message, whole, "{file} cut at {length}");
                assert!(octets.len() - length <= 4, "{file} cut at {length}");
            }
        }
    }
}

#[test]
fn f05_a_flipped_bit_does_no_harm() {
    for (_, octets, _) in flatbuffers_samples() {
        for bit in 0..octets.len() * 8 {
            let mut changed = octets.to_vec();
            changed[bit / 8] ^= 1 << (bit % 8);
            any_frame(&changed.into());
        }
    }
}

#[test]
fn f05_every_length_and_offset_may_lie() {
    for (_, octets, _) in flatbuffers_samples() {
        for at in 0..octets.len().saturating_sub(3) {
            for lie in [0, 1, 4, 0x7fff_ffff, 0x8000_0000, u32::MAX] {
                let mut changed = octets.to_vec();
                changed[at..at + 4].copy_from_slice(&u32::to_le_bytes(lie));
                any_frame(&changed.into());
            }
        }
    }
}

#[test]
fn f05_frames_that_are_no_message() {
    for (digits, fault) in [
        ("", "empty message"),
        (
            "04 00 00",
            "malformed FlatBuffers: unexpected end at octet 0",
        ),
        (
            "00 00 00 00",
            "malformed FlatBuffers: an offset beyond the end at octet 0",
        ),
        (
            "04 00 00 00",
            "malformed FlatBuffers: an offset beyond the end at octet 0",
        ),
        // A root table whose vtable lies before the frame, and one whose vtable is the table itself.
        (
            "04000000 05000000",
            "malformed FlatBuffers: an offset beyond the end at octet 4",
        ),
        (
            "04000000 00000000",
            "malformed FlatBuffers: a length beyond the end at octet 4",
        ),
        // A vtable without fields: no message.
        ("08000000 04000400 04000000", "Message: msg is missing"),
        // The octet of the kind lies beyond its table.
        (
            "0c000000 0600040004000000 08000000",
            "malformed FlatBuffers: an offset beyond the end at octet 12",
        ),
        // 37 counts here, 7 does not.
        (
            "0c000000 0800090008000400 08000000 0000000007",
            "malformed FlatBuffers: an offset beyond the end at octet 16",
        ),
    ] {
        assert_eq!(decode(&unhex(digits)).expect_err(digits).to_string(), fault);
    }
    let (_, cancel, _) = flatbuffers_samples()
        .into_iter()
        .find(|(file, ..)| file == "cancel")
        .unwrap();
    let unknown = replaced(&cancel, &[0, 49], &[0, 7]);
    assert_eq!(
        decode(&unknown).unwrap_err().to_string(),
        "unknown message type 7"
    );
    // CANCEL's fields as a SUBSCRIBE: the topic is missing.
    let subscribe = replaced(&cancel, &[0, 49], &[0, 32]);
    assert_eq!(
        decode(&subscribe).unwrap_err().to_string(),
        "SUBSCRIBE: topic is missing"
    );
    let event = replaced(&cancel, &[0, 49], &[0, 36]);
    let fault = "EVENT: publication must be an integer from 1 to 9007199254740992, found 0";
    assert_eq!(decode(&event).unwrap_err().to_string(), fault);
}

#[test]
fn f05_ids_stay_in_their_range() {
    let frame = encoded(&json("[33, 1, 9007199254740992]"), Format::FlatBuffers);
    assert!(decode(&frame).is_ok());
    let beyond = replaced(
        &frame,
        &(1_u64 << 53).to_le_bytes(),
        &u64::MAX.to_le_bytes(),
    );
    let fault = "SUBSCRIBED: subscription must be an integer from 1 to 9007199254740992, found 18446744073709551615";
    assert_eq!(decode(&beyond).unwrap_err().to_string(), fault);
}

#[test]
fn f05_offsets_to_the_same_octets_cost_no_more_than_the_frame() {
    let long = "x".repeat(4000);
    let short: Vec<String> = (10..1010).map(|number| format!("{number:06}")).collect();
    let text = format!(
        r#"[16,1,{{"exclude_authid":{}}},"{long}"]"#,
        serde_json::to_string(&short).unwrap()
    );
    let frame = encoded(&json(&text), Format::FlatBuffers);
    assert!(decode(&frame).is_ok());
    // Each of the thousand offsets then leads to the long topic, whose text has to be checked.
    let topic = position(&frame, long.as_bytes()) - 4;
    let first = position(&frame, b"000010") - 4;
    let list = first - 4 * short.len();
    let mut changed = frame.to_vec();
    for at in (list..first).step_by(4) {
        let back = u32::try_from(topic)
            .unwrap()
            .wrapping_sub(u32::try_from(at).unwrap());
        changed[at..at + 4].copy_from_slice(&back.to_le_bytes());
    }
    let error = decode(&changed.clone().into()).unwrap_err().to_string();
    assert!(error.contains("an offset beyond the end"), "{error}");
    // Offsets lead forward only: the long text has to follow.
    changed.truncate(first);
    let target = changed.len();
    changed.extend(u32::try_from(long.len()).unwrap().to_le_bytes());
    changed.extend(long.as_bytes());
    for at in (list..first).step_by(4) {
        let offset = u32::try_from(target - at).unwrap();
        changed[at..at + 4].copy_from_slice(&offset.to_le_bytes());
    }
    let error = decode(&changed.into()).unwrap_err().to_string();
    assert!(error.contains("the same octets used too often"), "{error}");
}

#[test]
fn f05_numbers_are_aligned_for_readers_that_map_them() {
    let message = json(
        r#"[16,1,{"eligible":[5,6],"exclude_me":false,"forward_for":[{"session":7}]},"abc",[1]]"#,
    );
    let mut out = b"any prefix".to_vec();
    let start = out.len();
    message.encode(Format::FlatBuffers, &mut out).unwrap();
    let frame = Bytes::from(out).slice(start..);
    for number in [5_u64, 7] {
        assert_eq!(position(&frame, &number.to_le_bytes()) % 8, 0, "{number}");
    }
    assert_eq!(position(&frame, b"\x03\0\0\0abc\0") % 4, 0);
    assert_eq!(
        decode(&frame).unwrap(),
        decode(&encoded(&message, Format::FlatBuffers)).unwrap()
    );
}

/// Decodes a frame; what decodes must give itself again, and convert or be refused.
fn any_frame(octets: &Bytes) {
    let Ok(message) = decode(octets) else {
        return;
    };
    let written = encoded(&message, Format::FlatBuffers);
    let again = decode(&written).unwrap();
    assert_eq!(encoded(&again, Format::FlatBuffers), written);
    for format in Format::ALL {
        let mut out = Vec::new();
        if message.encode(format, &mut out).is_ok() {
            assert_eq!(encoded(&again, format), out);
            Message::decode(format, &out.into()).unwrap();
        }
    }
}
