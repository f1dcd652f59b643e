use bytes::Bytes;

use crate::Format;

/// `args` and `kwargs` as the sender encoded them: slices of the frame they came in.
///
/// An absent element is an empty slice. `args` is a list, except in the older payload transparency (`enc_algo`),
/// where one binary or text value stands in its place.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Payload {
    /// The serializer that `args` and `kwargs` are written in.
    pub format: Format,
    /// The encoded list of positional arguments; empty if absent.
    pub args: Bytes,
    /// The encoded dictionary of keyword arguments; empty if absent.
    pub kwargs: Bytes,
}

impl Payload {
    /// The payload of a message without arguments.
    pub const EMPTY: Self = Self {
        format: Format::MsgPack,
        args: Bytes::new(),
        kwargs: Bytes::new(),
    };
}

impl Default for Payload {
    fn default() -> Self {
        Self::EMPTY
    }
}
