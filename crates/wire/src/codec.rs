//! The serializers as token streams: one reader and one writer trait, monomorphised.
//!
//! Readers check everything while they read: UTF-8, lengths against the frame before anything is allocated, depth.

use std::borrow::Cow;
use std::ops::Range;

use bytes::Bytes;

use crate::plain::{Big, Time};
use crate::{DecodeError, DecodeFault, EncodeError, Format, Kind, Malformation};

pub(crate) mod cbor;
pub(crate) mod decimal;
pub(crate) mod dict;
pub(crate) mod dispatch;
pub(crate) mod flatbuffers;
pub(crate) mod json;
pub(crate) mod json_string;
pub(crate) mod msgpack;
pub(crate) mod ubjson;
pub(crate) mod write;

/// How deep lists and dictionaries may lie within one another, the message's own list included.
pub const MAX_DEPTH: u32 = 128;

/// One step of reading a value.
#[derive(Debug, PartialEq)]
pub(crate) enum Token<'f> {
    /// Null; also CBOR `undefined` and MessagePack extension 0, JavaScript's `undefined`.
    Null,
    Bool(bool),
    Unsigned(u64),
    /// The integer −1 − n, as CBOR has it: covers everything down to −2^64.
    Negative(u64),
    /// A JSON or UBJSON integer beyond 64 bits, as written.
    Digits(&'f str),
    Float(f64),
    Text(Cow<'f, str>),
    Binary(Cow<'f, [u8]>),
    List(Extent),
    Dict(Extent),
    /// A MessagePack extension.
    Extension(i8, &'f [u8]),
    /// A CBOR tag; the value it belongs to follows.
    Tag(u64),
    /// A CBOR simple value without a meaning here.
    Simple(u8),
}

impl Token<'_> {
    /// Gives an integer with a sign.
    #[inline]
    pub(crate) fn signed(value: i64) -> Self {
        u64::try_from(value).map_or_else(|_| Self::Negative(!value.cast_unsigned()), Self::Unsigned)
    }

    pub(crate) const fn kind(&self) -> Kind {
        match self {
            Self::Null => Kind::Null,
            Self::Bool(_) => Kind::Bool,
            Self::Unsigned(_) | Self::Negative(_) | Self::Digits(_) => Kind::Integer,
            Self::Float(_) => Kind::Float,
            Self::Text(_) => Kind::Text,
            Self::Binary(_) => Kind::Binary,
            Self::List(_) => Kind::List,
            Self::Dict(_) => Kind::Dict,
            Self::Extension(..) => Kind::Extension,
            Self::Tag(_) | Self::Simple(_) => Kind::Tag,
        }
    }
}

/// How far a list or dictionary reaches.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Extent {
    /// Items or entries that are left, if the serializer says.
    pub(crate) left: Option<usize>,
    /// Nothing of it has been read.
    pub(crate) first: bool,
    /// The UBJSON marker that the head gives for all its values; 0 where each has its own.
    pub(crate) of: u8,
    /// Which axis of a BJData array this is, counted from 1; 0 for any other list.
    pub(crate) axis: u8,
}

impl Extent {
    pub(crate) const OPEN: Self = Self {
        left: None,
        first: true,
        of: 0,
        axis: 0,
    };

    pub(crate) const fn counted(left: usize) -> Self {
        Self {
            left: Some(left),
            first: true,
            of: 0,
            axis: 0,
        }
    }
}

/// A serializer's tokens, in order, from one frame. A clone reads on from the same place.
pub(crate) trait Reader<'f>: Clone {
    const FORMAT: Format;

    /// Reads a scalar whole, or the head of a list or dictionary.
    fn token(&mut self) -> Result<Token<'f>, Fault>;

    /// Reads an integer if one without a sign stands here; otherwise reads nothing. The short way to what
    /// [`Reader::token`] gives; so do the other `try_…`.
    fn try_unsigned(&mut self) -> Option<u64>;

    /// Reads text if some stands here that is part of the frame as it is; otherwise reads nothing.
    fn try_text(&mut self) -> Option<Range<usize>>;

    /// Enters a list if one stands here and nothing is wrong with it; otherwise reads nothing.
    fn try_list(&mut self) -> Option<Extent>;

    /// Reads a dictionary without entries if one stands here; otherwise reads nothing.
    fn try_empty_dict(&mut self) -> bool;

    /// Reads a dictionary's key.
    fn key(&mut self) -> Result<Token<'f>, Fault>;

    /// Says whether another item of a list follows, and steps to it or past the end.
    fn item(&mut self, extent: &mut Extent) -> Result<bool, Fault>;

    /// Says whether another entry of a dictionary follows, and steps to its key or past the end.
    fn entry(&mut self, extent: &mut Extent) -> Result<bool, Fault>;

    /// The offset right behind what was read last.
    fn offset(&self) -> usize;

    /// The offset of what is read next.
    fn position(&mut self) -> usize {
        self.offset()
    }

    fn frame(&self) -> &'f Bytes;

    /// Checks that nothing follows.
    fn end(&mut self) -> Result<(), Fault> {
        let offset = self.position();
        if offset == self.frame().len() {
            return Ok(());
        }
        Err(malformed(Self::FORMAT, offset, Malformation::Trailing))
    }

    /// Reads past one value, checking that it is well formed.
    fn skip(&mut self) -> Result<(), Fault>;

    /// Reads past what is left of a value whose first token was read.
    fn skip_rest(&mut self, token: Token<'f>) -> Result<(), Fault> {
        match token {
            Token::List(mut extent) => {
                while self.item(&mut extent)? {
                    self.skip()?;
                }
                Ok(())
            }
            Token::Dict(mut extent) => {
                while self.entry(&mut extent)? {
                    let key = self.key()?;
                    self.skip_key(key)?;
                    self.skip()?;
                }
                Ok(())
            }
            Token::Tag(_) => self.skip(),
            Token::Null
            | Token::Bool(_)
            | Token::Unsigned(_)
            | Token::Negative(_)
            | Token::Digits(_)
            | Token::Float(_)
            | Token::Text(_)
            | Token::Binary(_)
            | Token::Extension(..)
            | Token::Simple(_) => Ok(()),
        }
    }

    /// Reads past what is left of a key; keys of payload dictionaries may be anything.
    fn skip_key(&mut self, token: Token<'f>) -> Result<(), Fault> {
        if matches!(token, Token::Text(_)) {
            return Ok(());
        }
        self.skip_rest(token)
    }
}

/// Where octets go in some serializer. Values are written in order; `begin…` and `end…` pair up.
pub(crate) trait Writer {
    const FORMAT: Format;

    /// Whether keys of dictionaries may be other than text.
    const ANY_KEY: bool;

    /// Opens the list of a whole message; unlike [`Writer::begin_list`] it stands on its own.
    fn begin_message(&mut self, length: usize);

    fn end_message(&mut self);

    /// Opens a list. Where its length is not known yet, the head is put right at the end, which may move the items.
    fn begin_list(&mut self, length: Option<usize>) -> Mark;

    fn end_list(&mut self, mark: Mark, length: usize);

    fn begin_dict(&mut self, length: Option<usize>) -> Mark;

    fn end_dict(&mut self, mark: Mark, length: usize);

    /// Writes a key that needs no escaping in any serializer.
    fn name(&mut self, key: &'static str);

    fn key(&mut self, key: &str);

    fn null(&mut self);

    fn boolean(&mut self, value: bool);

    fn unsigned(&mut self, value: u64);

    /// Writes −1 − `value`.
    fn negative(&mut self, value: u64) -> Result<(), EncodeError>;

    fn big(&mut self, value: &Big<'_>) -> Result<(), EncodeError>;

    fn float(&mut self, value: f64);

    fn text(&mut self, value: &str) -> Result<(), EncodeError>;

    fn binary(&mut self, value: &[u8]);

    fn time(&mut self, value: &Time) -> Result<(), EncodeError>;

    /// Writes a value that is encoded in this serializer.
    fn raw(&mut self, value: &[u8]);
}

/// Where the head of a list or dictionary stands in the output, if its length is still to be put there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mark(pub(crate) Option<usize>);

impl Mark {
    pub(crate) const DONE: Self = Self(None);
}

/// How octets break the rules of their serializer, and where. Small, since every token may come to one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fault {
    offset: usize,
    fault: Malformation,
    format: Format,
}

impl From<Fault> for DecodeError {
    #[cold]
    fn from(fault: Fault) -> Self {
        let Fault {
            format,
            offset,
            fault,
        } = fault;
        DecodeFault::Malformed {
            format,
            offset,
            fault,
        }
        .into()
    }
}

impl From<Fault> for EncodeError {
    #[cold]
    fn from(fault: Fault) -> Self {
        Self::Payload(fault.into())
    }
}

#[cold]
pub(crate) const fn malformed(format: Format, offset: usize, fault: Malformation) -> Fault {
    Fault {
        offset,
        fault,
        format,
    }
}

/// The octets of one value or message under reading, and where it stands.
#[derive(Clone)]
pub(crate) struct Cursor<'f> {
    pub(crate) frame: &'f Bytes,
    pub(crate) octets: &'f [u8],
    pub(crate) at: usize,
    pub(crate) depth: u32,
    format: Format,
}

impl<'f> Cursor<'f> {
    pub(crate) fn new(format: Format, frame: &'f Bytes) -> Self {
        Self {
            frame,
            octets: frame,
            at: 0,
            depth: 0,
            format,
        }
    }

    #[cold]
    pub(crate) const fn fault(&self, fault: Malformation) -> Fault {
        malformed(self.format, self.at, fault)
    }

    #[inline]
    pub(crate) fn octet(&mut self) -> Result<u8, Fault> {
        let Some(&octet) = self.octets.get(self.at) else {
            return Err(self.fault(Malformation::End));
        };
        self.at += 1;
        Ok(octet)
    }

    #[inline]
    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
        let Some(octets) = self.octets.get(self.at..).and_then(<[u8]>::first_chunk) else {
            return Err(self.fault(Malformation::End));
        };
        self.at += N;
        Ok(*octets)
    }

    /// Takes `length` octets that the frame declared.
    #[inline]
    pub(crate) fn take(&mut self, length: usize) -> Result<&'f [u8], Fault> {
        let rest = self.octets.get(self.at..).unwrap_or_default();
        let Some(taken) = rest.get(..length) else {
            return Err(self.fault(Malformation::Length));
        };
        self.at += length;
        Ok(taken)
    }

    /// Takes `length` octets that must be UTF-8.
    #[inline]
    pub(crate) fn take_text(&mut self, length: usize) -> Result<&'f str, Fault> {
        let start = self.at;
        let octets = self.take(length)?;
        simdutf8::basic::from_utf8(octets)
            .map_err(|_| malformed(self.format, start, Malformation::Utf8))
    }

    /// Takes a number of `N` octets behind one octet if they are there.
    #[inline]
    pub(crate) fn try_array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let octets = self.octets.get(self.at + 1..)?.first_chunk()?;
        self.at += 1 + N;
        Some(*octets)
    }

    /// Takes `length` octets of text behind a head of `head` octets, if they are there and UTF-8.
    #[inline]
    pub(crate) fn try_text(&mut self, head: usize, length: usize) -> Option<Range<usize>> {
        let start = self.at + head;
        let end = start + length;
        let octets = self.octets.get(start..end)?;
        if !octets.is_ascii() && simdutf8::basic::from_utf8(octets).is_err() {
            return None;
        }
        self.at = end;
        Some(start..end)
    }

    /// Reads past `length` octets that must be UTF-8.
    #[inline]
    pub(crate) fn skip_text(&mut self, length: usize) -> Result<(), Fault> {
        let start = self.at;
        let octets = self.take(length)?;
        if octets.is_ascii() || simdutf8::basic::from_utf8(octets).is_ok() {
            return Ok(());
        }
        Err(malformed(self.format, start, Malformation::Utf8))
    }

    /// Reads past `length` octets that belong to the value.
    #[inline]
    pub(crate) fn step(&mut self, length: usize) -> Result<(), Fault> {
        if length > self.octets.len() - self.at {
            return Err(self.fault(Malformation::End));
        }
        self.at += length;
        Ok(())
    }

    /// Enters a list or dictionary of `count` values, each of which takes an octet at least.
    #[inline]
    pub(crate) fn enter(&mut self, count: usize) -> Result<(), Fault> {
        if count > self.octets.len() - self.at {
            return Err(self.fault(Malformation::Length));
        }
        if self.depth == MAX_DEPTH {
            return Err(self.fault(Malformation::Depth));
        }
        self.depth += 1;
        Ok(())
    }

    /// Enters a list behind a head of `head` octets, if it may be entered.
    #[inline]
    pub(crate) fn try_enter(&mut self, head: usize, count: usize) -> Option<Extent> {
        if count > self.octets.len() - self.at - head || self.depth == MAX_DEPTH {
            return None;
        }
        self.at += head;
        self.depth += 1;
        Some(Extent::counted(count))
    }

    /// Counts down a list or dictionary that said its length.
    #[inline]
    pub(crate) const fn count_down(&mut self, left: &mut usize) -> bool {
        if *left == 0 {
            self.depth -= 1;
            return false;
        }
        *left -= 1;
        true
    }
}
