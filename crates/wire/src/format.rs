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

impl crate::Message {
    /// Reads one whole message from a frame; payloads stay slices of it.
    ///
    /// # Errors
    /// Names the first fault of the frame.
    pub fn decode(_format: Format, _frame: &bytes::Bytes) -> Result<Self, DecodeError> {
        Err(DecodeError::Empty)
    }

    /// Appends the message's octets to `out`, transcoding the payload if it has another format.
    ///
    /// # Errors
    /// Says what `format` cannot express; `out` is then as it was.
    pub fn encode(&self, _format: Format, _out: &mut Vec<u8>) -> Result<(), EncodeError> {
        Ok(())
    }
}

/// Why a frame is not a message. The wording goes to the peer in `ABORT.Details.message`.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// No octet or an empty array.
    #[error("empty message")]
    Empty,
}

/// Why a message has no octets in some format.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// The payload holds what the format cannot express.
    #[error("the payload has a value that the receiver's serializer cannot express")]
    Unrepresentable,
}
