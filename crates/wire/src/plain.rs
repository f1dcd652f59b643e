//! Values as all serializers have them: what transcoding and [`crate::Value`] read.
//!
//! The decisions, by what the sender wrote (rows) and the receiver's serializer. "error" is
//! [`EncodeError::Unrepresentable`]; nothing is dropped or altered silently but what this table says.
//!
//! | value | JSON | MessagePack | CBOR | BJData, UBJSON |
//! | --- | --- | --- | --- | --- |
//! | null, CBOR `undefined`, MessagePack ext 0 with octet 0 | null | nil | null | null |
//! | octets | string of NUL and base64 | bin | byte string | list of type `B` (BJData), `U` (UBJSON) |
//! | integer, −2^63 to 2^64−1 | integer | shortest integer | shortest integer | shortest integer; from 2^63 high precision in UBJSON |
//! | integer, beyond that | integer | error | integer down to −2^64, else bignum (tag 2, 3) | high precision |
//! | integer of more than 4300 digits | error | error | error | error |
//! | float, high precision with a fraction or exponent | shortest digits, fraction kept (`1.0`) | float 64 | float 64 | float 64 |
//! | JSON or high-precision number beyond the range of a float | null | infinity | infinity | infinity, null in UBJSON |
//! | NaN, ±infinity | null | float 64 | float 64 | float 64, null in UBJSON |
//! | text | string | str | text string | string; one octet: character |
//! | text that starts with NUL | error, as it would read as octets | str | text string | string |
//! | dictionary with text keys | object | map | map, definite length | object |
//! | dictionary with a number, boolean, null or octets for a key | error | map | map | error |
//! | dictionary with another key | error | error | error | error |
//! | time: MessagePack ext −1, CBOR tag 1 | ISO 8601 string in UTC | ext −1 | tag 0 with an ISO 8601 string | ISO 8601 string in UTC |
//! | time: CBOR tag 0 | its string | its string | – | its string |
//! | other MessagePack extension | error | – | error | error |
//! | CBOR tags 21–24, 32–37, 55799 | value without the tag | value without the tag | – | value without the tag |
//! | other CBOR tag or simple value | error | error | – | error |
//! | list or object whose head gives the type and number of its values | array, object | array, map | array, map | list, object without such a head |
//! | BJData array of several axes | arrays in arrays | arrays in arrays | arrays in arrays | lists in lists |
//!
//! A list of type `U` is octets in UBJSON, which has no other binary, and a list of integers in BJData; lists of integers
//! that are written here have no type, so they stay lists.
//!
//! Lists and dictionaries of indefinite length become definite. To the same serializer nothing of this happens: the
//! octets are copied.

use std::borrow::Cow;

use bytes::Bytes;

use crate::codec::dispatch::{self, Reading, Writing};
use crate::codec::write::lacks;
use crate::codec::{Extent, Fault, Reader, Token, Writer};
use crate::{EncodeError, Format, Kind, Unrepresentable};

mod big;
mod time;

pub(crate) use big::Big;
pub use big::MAX_DIGITS;
pub(crate) use time::Time;
pub use time::{date_of_day, day_of_date};

/// A value's beginning, tags and extensions resolved.
pub(crate) enum Plain<'f> {
    Null,
    Bool(bool),
    Unsigned(u64),
    /// −1 − n.
    Negative(u64),
    Big(Big<'f>),
    Float(f64),
    Text(Cow<'f, str>),
    Binary(Cow<'f, [u8]>),
    List(Extent),
    Dict(Extent),
    Time(Time),
    Foreign(Kind),
}

impl<'f> Plain<'f> {
    pub(crate) fn read<R: Reader<'f>>(reader: &mut R) -> Result<Self, Fault> {
        let token = reader.token()?;
        Self::resolve(reader, token)
    }

    /// Reads on after the first token of a value.
    pub(crate) fn resolve<R: Reader<'f>>(reader: &mut R, token: Token<'f>) -> Result<Self, Fault> {
        Ok(match token {
            Token::Null => Self::Null,
            Token::Bool(value) => Self::Bool(value),
            Token::Unsigned(value) => Self::Unsigned(value),
            Token::Negative(value) => Self::Negative(value),
            Token::Digits(digits) => Self::Big(Big::Digits(digits)),
            Token::Float(value) => Self::Float(value),
            Token::Text(text) => Self::Text(text),
            Token::Binary(octets) => Self::Binary(octets),
            Token::List(extent) => Self::List(extent),
            Token::Dict(extent) => Self::Dict(extent),
            Token::Extension(kind, octets) => match Time::from_extension(kind, octets) {
                Some(time) => Self::Time(time),
                None => Self::Foreign(Kind::Extension),
            },
            Token::Tag(tag) => return Self::tagged(reader, tag),
            Token::Simple(_) => Self::Foreign(Kind::Tag),
        })
    }

    /// Reads the value of a tag.
    fn tagged<R: Reader<'f>>(reader: &mut R, mut tag: u64) -> Result<Self, Fault> {
        loop {
            let token = reader.token()?;
            return Ok(match (tag, token) {
                (TAG_TRANSPARENT, Token::Tag(inner)) => {
                    tag = inner;
                    continue;
                }
                (TAG_BIG, Token::Binary(octets)) => Self::big(false, octets),
                (TAG_BIG_NEGATIVE, Token::Binary(octets)) => Self::big(true, octets),
                (TAG_TEXT_TIME, Token::Text(text)) => Self::Text(text),
                (TAG_EPOCH, token) => match Time::from_epoch(&token) {
                    Some(time) => Self::Time(time),
                    None => Self::foreign(reader, token)?,
                },
                (TAG_TRANSPARENT, token) => return Self::resolve(reader, token),
                (21..=24 | 32..=37, Token::Text(text)) => Self::Text(text),
                (21..=24 | 32..=37, Token::Binary(octets)) => Self::Binary(octets),
                (_, token) => Self::foreign(reader, token)?,
            });
        }
    }

    fn foreign<R: Reader<'f>>(reader: &mut R, token: Token<'f>) -> Result<Self, Fault> {
        reader.skip_rest(token)?;
        Ok(Self::Foreign(Kind::Tag))
    }

    fn big(negative: bool, octets: Cow<'f, [u8]>) -> Self {
        let big = Big::Octets { negative, octets };
        match big.magnitude64() {
            Some(value) if negative => Self::Negative(value),
            Some(value) => Self::Unsigned(value),
            None => Self::Big(big),
        }
    }
}

/// Appends one encoded value, which must be all of `value`, in another serializer.
pub(crate) fn transcode<W: Writer>(
    from: Format,
    value: &Bytes,
    out: &mut W,
) -> Result<(), EncodeError> {
    dispatch::read(from, value, Copying { out })
}

/// An encoded value to be written in another serializer.
pub(crate) struct Transcoding<'v> {
    pub(crate) from: Format,
    pub(crate) value: &'v Bytes,
}

impl Writing for Transcoding<'_> {
    fn write<W: Writer>(&self, out: &mut W) -> Result<(), EncodeError> {
        transcode(self.from, self.value, out)
    }
}

/// Copies one value, which must be all there is.
struct Copying<'o, W> {
    out: &'o mut W,
}

impl<'f, W: Writer> Reading<'f> for Copying<'_, W> {
    type Output = ();
    type Error = EncodeError;

    fn read<R: Reader<'f>>(self, mut reader: R) -> Result<(), EncodeError> {
        copy(&mut reader, self.out)?;
        Ok(reader.end()?)
    }
}

/// Copies one value from a reader to a writer.
fn copy<'f, R: Reader<'f>, W: Writer>(reader: &mut R, out: &mut W) -> Result<(), EncodeError> {
    match Plain::read(reader)? {
        Plain::Null => out.null(),
        Plain::Bool(value) => out.boolean(value),
        Plain::Unsigned(value) => out.unsigned(value),
        Plain::Negative(value) => out.negative(value)?,
        Plain::Big(value) => out.big(&value)?,
        Plain::Float(value) => out.float(value),
        Plain::Text(text) => out.text(&text)?,
        Plain::Binary(octets) => out.binary(&octets),
        Plain::Time(time) => out.time(&time)?,
        Plain::List(mut extent) => {
            let mark = out.begin_list(extent.left);
            let mut length = 0;
            while reader.item(&mut extent)? {
                copy(reader, out)?;
                length += 1;
            }
            out.end_list(mark, length);
        }
        Plain::Dict(mut extent) => {
            let mark = out.begin_dict(extent.left);
            let mut length = 0;
            while reader.entry(&mut extent)? {
                copy_key(reader, out)?;
                copy(reader, out)?;
                length += 1;
            }
            out.end_dict(mark, length);
        }
        Plain::Foreign(kind) => {
            let what = if kind == Kind::Extension {
                Unrepresentable::Extension
            } else {
                Unrepresentable::Tag
            };
            return Err(lacks(W::FORMAT, what));
        }
    }
    Ok(())
}

fn copy_key<'f, R: Reader<'f>, W: Writer>(reader: &mut R, out: &mut W) -> Result<(), EncodeError> {
    let key = reader.key()?;
    if let Token::Text(key) = key {
        out.key(&key);
        return Ok(());
    }
    if !W::ANY_KEY {
        return Err(lacks(W::FORMAT, Unrepresentable::Key));
    }
    match Plain::resolve(reader, key)? {
        Plain::Unsigned(value) => out.unsigned(value),
        Plain::Negative(value) => out.negative(value)?,
        Plain::Bool(value) => out.boolean(value),
        Plain::Null => out.null(),
        Plain::Float(value) => out.float(value),
        Plain::Binary(octets) => out.binary(&octets),
        Plain::Text(text) => out.key(&text),
        Plain::Big(value) => out.big(&value)?,
        Plain::List(_) | Plain::Dict(_) | Plain::Time(_) | Plain::Foreign(_) => {
            return Err(lacks(W::FORMAT, Unrepresentable::Key));
        }
    }
    Ok(())
}

const TAG_TEXT_TIME: u64 = 0;
const TAG_EPOCH: u64 = 1;
const TAG_BIG: u64 = 2;
const TAG_BIG_NEGATIVE: u64 = 3;
/// "Self-described CBOR", which says nothing about the value.
const TAG_TRANSPARENT: u64 = 55799;
