use std::fmt;

use bytes::Bytes;

use crate::codec::dispatch::{self, Reading, Writing};
use crate::codec::flatbuffers;
use crate::codec::{Reader, Writer};
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
    /// BJData, draft 3: what Autobahn and Crossbar.io speak by the name of `ubjson` since 26.6. Little-endian numbers,
    /// octets as lists of type `B`.
    Bjdata,
    /// UBJSON, draft 12: what they spoke by that name before. Big-endian numbers, octets as lists of type `U`.
    Ubjson,
    /// FlatBuffers, as Autobahn speaks it. Payloads within are in another serializer: [`Format::payload`].
    FlatBuffers,
}

impl Format {
    /// Every serializer that has a form for any value, and so for payloads; all but FlatBuffers.
    pub const ALL: [Self; 5] = [
        Self::Cbor,
        Self::MsgPack,
        Self::Json,
        Self::Bjdata,
        Self::Ubjson,
    ];

    /// What a router offers unless it is told otherwise, in the order in which it prefers them: one for each
    /// [`Format::name`].
    pub const OFFERED: [Self; 4] = [Self::Cbor, Self::MsgPack, Self::Json, Self::Bjdata];

    /// Gives the name that peers agree on, as in the WebSocket subprotocol `wamp.2.json`. Two serializers are named
    /// `ubjson`; which of them is meant, peers must know.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::MsgPack => "msgpack",
            Self::Cbor => "cbor",
            Self::Bjdata | Self::Ubjson => "ubjson",
            Self::FlatBuffers => "flatbuffers",
        }
    }

    /// Gives the serializer of payloads within messages: itself, but CBOR for FlatBuffers.
    #[must_use]
    pub const fn payload(self) -> Self {
        match self {
            Self::Json | Self::MsgPack | Self::Cbor | Self::Bjdata | Self::Ubjson => self,
            Self::FlatBuffers => Self::Cbor,
        }
    }

    /// Says whether messages are text, which WebSocket distinguishes from binary.
    #[must_use]
    pub const fn is_text(self) -> bool {
        match self {
            Self::Json => true,
            Self::MsgPack | Self::Cbor | Self::Bjdata | Self::Ubjson | Self::FlatBuffers => false,
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Json => "JSON",
            Self::MsgPack => "MessagePack",
            Self::Cbor => "CBOR",
            Self::Bjdata => "BJData",
            Self::Ubjson => "UBJSON",
            Self::FlatBuffers => "FlatBuffers",
        })
    }
}

impl Message {
    /// Reads one whole message from a frame; payloads stay slices of it.
    ///
    /// # Errors
    /// Names the first fault of the frame.
    pub fn decode(format: Format, frame: &Bytes) -> Result<Self, DecodeError> {
        if format == Format::FlatBuffers {
            return flatbuffers::decode(frame);
        }
        dispatch::read(format, frame, ReadMessage)
    }

    /// Appends the message's octets to `out`, transcoding the payload if it has another format.
    ///
    /// # Errors
    /// Says what `format` cannot express; `out` is then as it was.
    pub fn encode(&self, format: Format, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        let start = out.len();
        let written = if format == Format::FlatBuffers {
            flatbuffers::encode(self, out)
        } else {
            dispatch::write(format, out, self)
        };
        if written.is_err() {
            out.truncate(start);
        }
        written
    }
}

struct ReadMessage;

impl<'f> Reading<'f> for ReadMessage {
    type Output = Message;
    type Error = DecodeError;

    #[inline]
    fn read<R: Reader<'f>>(self, reader: R) -> Result<Message, DecodeError> {
        Message::read(reader)
    }
}

impl Writing for Message {
    #[inline]
    fn write<W: Writer>(&self, out: &mut W) -> Result<(), EncodeError> {
        Self::write_to(self, out)
    }
}
