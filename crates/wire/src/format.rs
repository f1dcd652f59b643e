use std::fmt;

use bytes::Bytes;

use crate::codec::cbor::CborReader;
use crate::codec::json::JsonReader;
use crate::codec::msgpack::MsgPackReader;
use crate::codec::write::{CborWriter, JsonWriter, MsgPackWriter};
use crate::{DecodeError, EncodeError, Message};

/// A serializer of WAMP messages (WAMP spec, "Serializers").
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Format {
    /// JSON (RFC 8259), binary values as NUL + base64 strings.
    Json,
    /// MessagePack, edition 5 or later.
    MsgPack,
    /// CBOR (RFC 8949).
    Cbor,
}

impl Format {
    /// Every serializer, in the order in which a router prefers them.
    pub const ALL: [Self; 3] = [Self::Cbor, Self::MsgPack, Self::Json];
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Json => "JSON",
            Self::MsgPack => "MessagePack",
            Self::Cbor => "CBOR",
        })
    }
}

impl Message {
    /// Reads one whole message from a frame; payloads stay slices of it.
    ///
    /// # Errors
    /// Names the first fault of the frame.
    pub fn decode(format: Format, frame: &Bytes) -> Result<Self, DecodeError> {
        match format {
            Format::Json => Self::read(JsonReader::new(frame)?),
            Format::MsgPack => Self::read(MsgPackReader::new(frame)),
            Format::Cbor => Self::read(CborReader::new(frame)),
        }
    }

    /// Appends the message's octets to `out`, transcoding the payload if it has another format.
    ///
    /// # Errors
    /// Says what `format` cannot express; `out` is then as it was.
    pub fn encode(&self, format: Format, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        let start = out.len();
        let written = match format {
            Format::Json => self.write(&mut JsonWriter { out }),
            Format::MsgPack => self.write(&mut MsgPackWriter { out }),
            Format::Cbor => self.write(&mut CborWriter { out }),
        };
        if written.is_err() {
            out.truncate(start);
        }
        written
    }
}
