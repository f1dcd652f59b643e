//! The three writers. MessagePack and CBOR get shortest integers and definite lengths.

use super::json_string::{write_binary, write_text};
use super::{Mark, Writer};
use crate::plain::{Big, Time};
use crate::{EncodeError, Format, Unrepresentable};

pub(crate) struct JsonWriter<'o> {
    pub(crate) out: &'o mut Vec<u8>,
}

impl JsonWriter<'_> {
    /// Puts a comma unless the value is the first of its list or dictionary, or follows its key.
    #[inline]
    fn separate(&mut self) {
        if !matches!(self.out.last(), None | Some(b'[' | b'{' | b':')) {
            self.out.push(b',');
        }
    }
}

impl Writer for JsonWriter<'_> {
    const FORMAT: Format = Format::Json;

    #[inline]
    fn begin_message(&mut self, _length: usize) {
        self.out.push(b'[');
    }

    #[inline]
    fn end_message(&mut self) {
        self.out.push(b']');
    }

    #[inline]
    fn begin_list(&mut self) -> Mark {
        self.separate();
        self.out.push(b'[');
        Mark(0)
    }

    #[inline]
    fn end_list(&mut self, _mark: Mark, _length: usize) {
        self.out.push(b']');
    }

    #[inline]
    fn begin_dict(&mut self) -> Mark {
        self.separate();
        self.out.push(b'{');
        Mark(0)
    }

    #[inline]
    fn end_dict(&mut self, _mark: Mark, _length: usize) {
        self.out.push(b'}');
    }

    #[inline]
    fn name(&mut self, key: &'static str) {
        self.separate();
        self.out.push(b'"');
        self.out.extend_from_slice(key.as_bytes());
        self.out.extend_from_slice(b"\":");
    }

    fn key(&mut self, key: &str) {
        self.separate();
        write_text(key, self.out);
        self.out.push(b':');
    }

    fn null(&mut self) {
        self.separate();
        self.out.extend_from_slice(b"null");
    }

    fn boolean(&mut self, value: bool) {
        self.separate();
        self.out
            .extend_from_slice(if value { b"true" } else { b"false" });
    }

    #[inline]
    fn unsigned(&mut self, value: u64) {
        self.separate();
        write_decimal(value, self.out);
    }

    fn negative(&mut self, value: u64) -> Result<(), EncodeError> {
        self.separate();
        self.out.push(b'-');
        match value.checked_add(1) {
            Some(magnitude) => write_decimal(magnitude, self.out),
            None => self.out.extend_from_slice(b"18446744073709551616"),
        }
        Ok(())
    }

    fn big(&mut self, value: &Big<'_>) -> Result<(), EncodeError> {
        let digits = value
            .to_digits()
            .ok_or(lacks(Format::Json, Unrepresentable::Digits))?;
        self.raw(digits.as_bytes());
        Ok(())
    }

    fn float(&mut self, value: f64) {
        if !value.is_finite() {
            return self.null();
        }
        self.separate();
        // `Debug` keeps the fraction of a whole number, the shortest digits and the exponent.
        self.out.extend_from_slice(format!("{value:?}").as_bytes());
    }

    #[inline]
    fn text(&mut self, value: &str) -> Result<(), EncodeError> {
        if value.starts_with('\0') {
            return Err(lacks(Format::Json, Unrepresentable::Nul));
        }
        self.separate();
        write_text(value, self.out);
        Ok(())
    }

    fn binary(&mut self, value: &[u8]) {
        self.separate();
        write_binary(value, self.out);
    }

    fn time(&mut self, value: &Time) -> Result<(), EncodeError> {
        let text = value
            .to_text()
            .ok_or(lacks(Format::Json, Unrepresentable::Time))?;
        self.text(&text)
    }

    #[inline]
    fn raw(&mut self, value: &[u8]) {
        self.separate();
        self.out.extend_from_slice(value);
    }
}

/// Appends a number in decimal digits.
fn write_decimal(value: u64, out: &mut Vec<u8>) {
    let mut digits = [0; 20];
    let mut start = digits.len();
    let mut rest = value;
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + u8::try_from(rest % 10).unwrap_or_default();
        rest /= 10;
        start -= 1;
        if rest == 0 {
            break;
        }
    }
    out.extend_from_slice(digits.get(start..).unwrap_or_default());
}

pub(crate) struct MsgPackWriter<'o> {
    pub(crate) out: &'o mut Vec<u8>,
}

impl Writer for MsgPackWriter<'_> {
    const FORMAT: Format = Format::MsgPack;

    #[inline]
    fn begin_message(&mut self, length: usize) {
        self.out.push(0x90 | low_octet(length));
    }

    fn end_message(&mut self) {}

    #[inline]
    fn begin_list(&mut self) -> Mark {
        self.out.push(0x90);
        Mark(self.out.len())
    }

    #[inline]
    fn end_list(&mut self, mark: Mark, length: usize) {
        patch_msgpack(self.out, mark, length, 0xdc);
    }

    #[inline]
    fn begin_dict(&mut self) -> Mark {
        self.out.push(0x80);
        Mark(self.out.len())
    }

    #[inline]
    fn end_dict(&mut self, mark: Mark, length: usize) {
        patch_msgpack(self.out, mark, length, 0xde);
    }

    #[inline]
    fn name(&mut self, key: &'static str) {
        self.key(key);
    }

    #[inline]
    fn key(&mut self, key: &str) {
        let length = key.len();
        match length {
            0..=31 => self.out.push(0xa0 | low_octet(length)),
            32..=0xff => self.out.extend_from_slice(&[0xd9, low_octet(length)]),
            0x100..=0xffff => put(self.out, 0xda, &low_half(length).to_be_bytes()),
            _ => put(self.out, 0xdb, &low_word(length).to_be_bytes()),
        }
        self.out.extend_from_slice(key.as_bytes());
    }

    fn null(&mut self) {
        self.out.push(0xc0);
    }

    fn boolean(&mut self, value: bool) {
        self.out.push(if value { 0xc3 } else { 0xc2 });
    }

    #[inline]
    fn unsigned(&mut self, value: u64) {
        if let Ok(octet) = u8::try_from(value) {
            if octet < 0x80 {
                self.out.push(octet);
            } else {
                self.out.extend_from_slice(&[0xcc, octet]);
            }
        } else if let Ok(value) = u16::try_from(value) {
            put(self.out, 0xcd, &value.to_be_bytes());
        } else if let Ok(value) = u32::try_from(value) {
            put(self.out, 0xce, &value.to_be_bytes());
        } else {
            put(self.out, 0xcf, &value.to_be_bytes());
        }
    }

    fn negative(&mut self, value: u64) -> Result<(), EncodeError> {
        let Ok(value) = i64::try_from(value).map(|v| -1 - v) else {
            return Err(lacks(Format::MsgPack, Unrepresentable::Integer));
        };
        if let Ok(value) = i8::try_from(value) {
            if value >= -32 {
                self.out.push(value.cast_unsigned());
            } else {
                put(self.out, 0xd0, &value.to_be_bytes());
            }
        } else if let Ok(value) = i16::try_from(value) {
            put(self.out, 0xd1, &value.to_be_bytes());
        } else if let Ok(value) = i32::try_from(value) {
            put(self.out, 0xd2, &value.to_be_bytes());
        } else {
            put(self.out, 0xd3, &value.to_be_bytes());
        }
        Ok(())
    }

    fn big(&mut self, _value: &Big<'_>) -> Result<(), EncodeError> {
        Err(lacks(Format::MsgPack, Unrepresentable::Integer))
    }

    fn float(&mut self, value: f64) {
        put(self.out, 0xcb, &value.to_be_bytes());
    }

    #[inline]
    fn text(&mut self, value: &str) -> Result<(), EncodeError> {
        self.key(value);
        Ok(())
    }

    fn binary(&mut self, value: &[u8]) {
        let length = value.len();
        match length {
            0..=0xff => self.out.extend_from_slice(&[0xc4, low_octet(length)]),
            0x100..=0xffff => put(self.out, 0xc5, &low_half(length).to_be_bytes()),
            _ => put(self.out, 0xc6, &low_word(length).to_be_bytes()),
        }
        self.out.extend_from_slice(value);
    }

    fn time(&mut self, value: &Time) -> Result<(), EncodeError> {
        let octets = value.to_extension();
        match octets.len() {
            4 => put(self.out, 0xd6, &[0xff]),
            8 => put(self.out, 0xd7, &[0xff]),
            length => put(self.out, 0xc7, &[low_octet(length), 0xff]),
        }
        self.out.extend_from_slice(&octets);
        Ok(())
    }

    #[inline]
    fn raw(&mut self, value: &[u8]) {
        self.out.extend_from_slice(value);
    }
}

/// Puts the length of a list or dictionary where its first octet stands. `wide` is the head of its 16-bit form.
#[inline]
fn patch_msgpack(out: &mut Vec<u8>, mark: Mark, length: usize, wide: u8) {
    let at = mark.0 - 1;
    if length < 16 {
        out[at] |= low_octet(length);
        return;
    }
    let mut head = Vec::with_capacity(5);
    match u16::try_from(length) {
        Ok(length) => put(&mut head, wide, &length.to_be_bytes()),
        Err(_) => put(&mut head, wide + 1, &low_word(length).to_be_bytes()),
    }
    out.splice(at..=at, head);
}

pub(crate) struct CborWriter<'o> {
    pub(crate) out: &'o mut Vec<u8>,
}

impl Writer for CborWriter<'_> {
    const FORMAT: Format = Format::Cbor;

    #[inline]
    fn begin_message(&mut self, length: usize) {
        self.out.push(0x80 | low_octet(length));
    }

    fn end_message(&mut self) {}

    #[inline]
    fn begin_list(&mut self) -> Mark {
        self.out.push(0x80);
        Mark(self.out.len())
    }

    #[inline]
    fn end_list(&mut self, mark: Mark, length: usize) {
        patch_cbor(self.out, mark, length);
    }

    #[inline]
    fn begin_dict(&mut self) -> Mark {
        self.out.push(0xa0);
        Mark(self.out.len())
    }

    #[inline]
    fn end_dict(&mut self, mark: Mark, length: usize) {
        patch_cbor(self.out, mark, length);
    }

    #[inline]
    fn name(&mut self, key: &'static str) {
        self.key(key);
    }

    #[inline]
    fn key(&mut self, key: &str) {
        cbor_head(self.out, 3, wide(key.len()));
        self.out.extend_from_slice(key.as_bytes());
    }

    fn null(&mut self) {
        self.out.push(0xf6);
    }

    fn boolean(&mut self, value: bool) {
        self.out.push(if value { 0xf5 } else { 0xf4 });
    }

    #[inline]
    fn unsigned(&mut self, value: u64) {
        cbor_head(self.out, 0, value);
    }

    fn negative(&mut self, value: u64) -> Result<(), EncodeError> {
        cbor_head(self.out, 1, value);
        Ok(())
    }

    fn big(&mut self, value: &Big<'_>) -> Result<(), EncodeError> {
        let (negative, octets) = value
            .to_octets()
            .ok_or(lacks(Format::Cbor, Unrepresentable::Digits))?;
        self.out.push(if negative { 0xc3 } else { 0xc2 });
        self.binary(&octets);
        Ok(())
    }

    fn float(&mut self, value: f64) {
        put(self.out, 0xfb, &value.to_be_bytes());
    }

    #[inline]
    fn text(&mut self, value: &str) -> Result<(), EncodeError> {
        self.key(value);
        Ok(())
    }

    fn binary(&mut self, value: &[u8]) {
        cbor_head(self.out, 2, wide(value.len()));
        self.out.extend_from_slice(value);
    }

    fn time(&mut self, value: &Time) -> Result<(), EncodeError> {
        let text = value
            .to_text()
            .ok_or(lacks(Format::Cbor, Unrepresentable::Time))?;
        self.out.push(0xc0);
        self.text(&text)
    }

    #[inline]
    fn raw(&mut self, value: &[u8]) {
        self.out.extend_from_slice(value);
    }
}

/// Appends the head of a CBOR item: its major type and argument.
#[inline]
pub(crate) fn cbor_head(out: &mut Vec<u8>, major: u8, argument: u64) {
    let major = major << 5;
    if let Ok(octet) = u8::try_from(argument) {
        if octet < 24 {
            out.push(major | octet);
        } else {
            out.extend_from_slice(&[major | 24, octet]);
        }
    } else if let Ok(argument) = u16::try_from(argument) {
        put(out, major | 25, &argument.to_be_bytes());
    } else if let Ok(argument) = u32::try_from(argument) {
        put(out, major | 26, &argument.to_be_bytes());
    } else {
        put(out, major | 27, &argument.to_be_bytes());
    }
}

#[inline]
fn patch_cbor(out: &mut Vec<u8>, mark: Mark, length: usize) {
    let at = mark.0 - 1;
    if length < 24 {
        out[at] |= low_octet(length);
        return;
    }
    let mut head = Vec::with_capacity(9);
    cbor_head(&mut head, out[at] >> 5, wide(length));
    out.splice(at..=at, head);
}

/// Appends a head octet and what belongs to it.
#[inline]
fn put(out: &mut Vec<u8>, head: u8, octets: &[u8]) {
    out.push(head);
    out.extend_from_slice(octets);
}

pub(crate) const fn lacks(format: Format, what: Unrepresentable) -> EncodeError {
    EncodeError::Unrepresentable { format, what }
}

fn wide(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

fn low_octet(length: usize) -> u8 {
    u8::try_from(length).unwrap_or(u8::MAX)
}

fn low_half(length: usize) -> u16 {
    u16::try_from(length).unwrap_or(u16::MAX)
}

fn low_word(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}
