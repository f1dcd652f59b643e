use std::fmt;

use crate::Format;

/// Why a frame is not a message. The wording goes to the peer in `ABORT.Details.message`.
///
/// One pointer in size, so that the good case is moved about cheaply.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error(transparent)]
pub struct DecodeError(Box<DecodeFault>);

impl DecodeError {
    /// Shows the fault.
    #[must_use]
    pub const fn fault(&self) -> &DecodeFault {
        &self.0
    }

    /// Puts a key in front of the place, if the fault has one.
    #[cold]
    pub(crate) fn below(mut self, outer: &str) -> Self {
        if let Some(place) = self.0.place() {
            let attribute = match place.attribute.take() {
                Some(inner) if &*inner != outer => format!("{outer}.{inner}").into(),
                _ => outer.into(),
            };
            place.attribute = Some(attribute);
        }
        self
    }
}

impl From<DecodeFault> for DecodeError {
    #[cold]
    fn from(fault: DecodeFault) -> Self {
        Self(Box::new(fault))
    }
}

/// A way in which a frame is not a message.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeFault {
    /// No octet or an empty list.
    #[error("empty message")]
    Empty,
    /// The outermost value is something else.
    #[error("a message must be a list, found {found}")]
    NotAList {
        /// What stands there.
        found: Kind,
    },
    /// The first element is not a number.
    #[error("the message type must be an integer, found {found}")]
    TypeNotInteger {
        /// What stands there.
        found: Kind,
    },
    /// The first element is no message type of WAMP.
    #[error("unknown message type {code}")]
    UnknownType {
        /// The first element.
        code: u64,
    },
    /// The list ends too early, or a mandatory key is absent.
    #[error("{place} is missing")]
    Missing {
        /// What is missing.
        place: Place,
    },
    /// The list goes on where the message ends.
    #[error("{message}: more than {most} elements")]
    TooManyElements {
        /// The message's name.
        message: &'static str,
        /// How many elements it may have, the type included.
        most: u8,
    },
    /// A value has the wrong type.
    #[error("{place} must be {expected}, found {found}")]
    WrongType {
        /// Where it stands.
        place: Place,
        /// What may stand there, with its article.
        expected: &'static str,
        /// What stands there.
        found: Kind,
    },
    /// A number is negative, fractional or too large.
    #[error("{place} must be an integer from {least} to {most}, found {found}")]
    OutOfRange {
        /// Where it stands.
        place: Place,
        /// The least that is allowed.
        least: u64,
        /// The most that is allowed.
        most: u64,
        /// What stands there.
        found: Box<str>,
    },
    /// A word is not one of those that WAMP defines.
    #[error("{place} must be one of {}, found {found:?}", allowed.join(", "))]
    UnknownWord {
        /// Where it stands.
        place: Place,
        /// What may stand there.
        allowed: &'static [&'static str],
        /// What stands there.
        found: Box<str>,
    },
    /// A dictionary has a key that is not text.
    #[error("{place} has a key that is not a string: {found}")]
    KeyNotText {
        /// The dictionary.
        place: Place,
        /// What stands for a key.
        found: Kind,
    },
    /// The octets break the rules of the serializer.
    #[error("malformed {format}: {fault} at octet {offset}")]
    Malformed {
        /// The serializer.
        format: Format,
        /// Where, counted from 0.
        offset: usize,
        /// How.
        fault: Malformation,
    },
    /// A [`crate::Value`] cannot hold what the octets say: an integer beyond 128 bits, an unknown extension or tag.
    #[error("{found} at octet {offset} has no counterpart here")]
    NoValue {
        /// Where, counted from 0.
        offset: usize,
        /// What stands there.
        found: Kind,
    },
}

impl DecodeFault {
    const fn place(&mut self) -> Option<&mut Place> {
        match self {
            Self::Missing { place }
            | Self::WrongType { place, .. }
            | Self::OutOfRange { place, .. }
            | Self::UnknownWord { place, .. }
            | Self::KeyNotText { place, .. } => Some(place),
            Self::Empty
            | Self::NotAList { .. }
            | Self::TypeNotInteger { .. }
            | Self::UnknownType { .. }
            | Self::TooManyElements { .. }
            | Self::Malformed { .. }
            | Self::NoValue { .. } => None,
        }
    }
}

/// How octets break the rules of their serializer.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Malformation {
    /// The frame ends inside a value.
    #[error("unexpected end")]
    End,
    /// An octet that may not stand here.
    #[error("unexpected octet {0:#04x}")]
    Octet(u8),
    /// Text is not UTF-8.
    #[error("text that is not UTF-8")]
    Utf8,
    /// An escape sequence that JSON does not have.
    #[error("unknown escape sequence")]
    Escape,
    /// Half of a surrogate pair.
    #[error("lone surrogate")]
    Surrogate,
    /// An unescaped control character in a JSON string.
    #[error("control character in a string")]
    Control,
    /// What follows NUL in a JSON string is not base64.
    #[error("invalid base64 in a binary string")]
    Base64,
    /// A number that JSON does not allow.
    #[error("invalid number")]
    Number,
    /// A declared length exceeds the frame.
    #[error("a length beyond the end")]
    Length,
    /// More levels than [`crate::MAX_DEPTH`].
    #[error("more than 128 levels")]
    Depth,
    /// Octets after the value.
    #[error("octets after the end")]
    Trailing,
    /// An offset that leads out of the frame or the table.
    #[error("an offset beyond the end")]
    Offset,
    /// Offsets lead to the same octets too often.
    #[error("the same octets used too often")]
    Repetition,
}

/// A place in a message, for errors: `CALL: options.timeout`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Place {
    /// The message's name.
    pub message: &'static str,
    /// The element's name.
    pub element: &'static str,
    /// The key below it, if any.
    pub attribute: Option<Box<str>>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.message, self.element)?;
        match &self.attribute {
            Some(attribute) => write!(f, ".{attribute}"),
            None => Ok(()),
        }
    }
}

/// The type of a value on the wire, for errors.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// Null, CBOR `undefined`, MessagePack extension 0 of `undefined`.
    Null,
    /// A boolean.
    Bool,
    /// An integer.
    Integer,
    /// A floating-point number.
    Float,
    /// Text.
    Text,
    /// Octets.
    Binary,
    /// A list.
    List,
    /// A dictionary.
    Dict,
    /// A MessagePack extension.
    Extension,
    /// A CBOR tag or simple value.
    Tag,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Null => "null",
            Self::Bool => "boolean",
            Self::Integer => "integer",
            Self::Float => "float",
            Self::Text => "string",
            Self::Binary => "binary",
            Self::List => "list",
            Self::Dict => "dictionary",
            Self::Extension => "extension",
            Self::Tag => "tag",
        })
    }
}

/// Why a message has no octets in some format.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// The value holds what the format cannot express.
    #[error("{format} cannot express {what}")]
    Unrepresentable {
        /// The receiver's serializer.
        format: Format,
        /// What it lacks.
        what: Unrepresentable,
    },
    /// The payload is not well formed; cannot happen to one that [`crate::Message::decode`] cut out.
    #[error(transparent)]
    Payload(#[from] DecodeError),
}

/// What one serializer has and another lacks.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Unrepresentable {
    /// An integer of more than 64 bits.
    #[error("an integer of more than 64 bits")]
    Integer,
    /// An integer with more digits than [`crate::MAX_DIGITS`], which is not converted between bases.
    #[error("an integer of more than 4300 digits")]
    Digits,
    /// A dictionary key that is not text.
    #[error("a dictionary key that is not a string")]
    Key,
    /// Text that starts with NUL, which marks binary in JSON.
    #[error("a string that starts with NUL")]
    Nul,
    /// A MessagePack extension.
    #[error("a MessagePack extension")]
    Extension,
    /// A CBOR tag or simple value.
    #[error("a CBOR tag or simple value")]
    Tag,
    /// A time outside the years 0 to 9999.
    #[error("a time outside the years 0 to 9999")]
    Time,
    /// An attribute of the envelope, or its value, that the serializer's schema has no place for.
    #[error("{0}")]
    Attribute(&'static str),
    /// More octets than the serializer can count.
    #[error("more than 2 GiB")]
    Length,
}
