//! What the fuzz targets of the decoders have in common.

use bytes::Bytes;
use crossbar_wire::{EncodeError, Format, Message};

/// Decodes a frame. What decodes must give itself again when it is encoded, and convert to every other serializer or be
/// refused by name.
///
/// # Panics
/// When that does not hold.
pub fn message(format: Format, octets: &[u8]) {
    let Ok(message) = Message::decode(format, &Bytes::copy_from_slice(octets)) else {
        return;
    };
    let mut out = Vec::new();
    if message.encode(format, &mut out).is_ok() {
        let again = Message::decode(format, &Bytes::from(out)).expect("what was written reads");
        // By their texts, since NaN is unequal to itself.
        assert_eq!(format!("{again:?}"), format!("{message:?}"));
    }
    convert(&message);
}

/// Decodes a frame in FlatBuffers. What decodes must give the same octets again from the second time on, or be refused by
/// name; the first time may give others, since there are many ways to lay out a message.
///
/// # Panics
/// When that does not hold.
pub fn flatbuffers(octets: &[u8]) {
    let Ok(message) = Message::decode(Format::FlatBuffers, &Bytes::copy_from_slice(octets)) else {
        return;
    };
    let mut out = Vec::new();
    match message.encode(Format::FlatBuffers, &mut out) {
        Ok(()) => {
            let frame = Bytes::from(out);
            let again =
                Message::decode(Format::FlatBuffers, &frame).expect("what was written reads");
            let mut out = Vec::new();
            again
                .encode(Format::FlatBuffers, &mut out)
                .expect("what was read is written");
            assert_eq!(out, frame);
        }
        Err(EncodeError::Unrepresentable { .. }) => assert!(out.is_empty()),
        Err(error) => panic!("{error}"),
    }
    convert(&message);
}

/// Converts a message to every serializer, and reads its payload.
fn convert(message: &Message) {
    for other in Format::ALL {
        let mut out = Vec::new();
        match message.encode(other, &mut out) {
            Ok(()) => {
                Message::decode(other, &Bytes::from(out)).expect("what was written reads");
            }
            Err(EncodeError::Unrepresentable { .. }) => assert!(out.is_empty()),
            Err(error) => panic!("{error}"),
        }
    }
    if let Some(payload) = message.payload() {
        let _ = payload.args();
        let _ = payload.kwargs();
    }
}
