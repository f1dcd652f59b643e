use super::{lacks, low_octet, put, wide};
use crate::codec::{Mark, Writer};
use crate::plain::{Big, Time};
use crate::{EncodeError, Format, Unrepresentable};

pub(crate) struct CborWriter<'o> {
    pub(crate) out: &'o mut Vec<u8>,
}

impl Writer for CborWriter<'_> {
    const FORMAT: Format = Format::Cbor;
    const ANY_KEY: bool = true;

    #[inline]
    fn begin_message(&mut self, length: usize) {
        self.out.push(0x80 | low_octet(length));
    }

    fn end_message(&mut self) {}

    #[inline]
    fn begin_list(&mut self, length: Option<usize>) -> Mark {
        begin(self.out, LIST, length)
    }

    #[inline]
    fn end_list(&mut self, mark: Mark, length: usize) {
        end(self.out, LIST, mark, length);
    }

    #[inline]
    fn begin_dict(&mut self, length: Option<usize>) -> Mark {
        begin(self.out, DICT, length)
    }

    #[inline]
    fn end_dict(&mut self, mark: Mark, length: usize) {
        end(self.out, DICT, mark, length);
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
fn begin(out: &mut Vec<u8>, major: u8, length: Option<usize>) -> Mark {
    if let Some(length) = length {
        cbor_head(out, major, wide(length));
        return Mark::DONE;
    }
    out.push(major << 5);
    Mark(Some(out.len() - 1))
}

/// Puts the length where the head stands, unless it was known there.
#[inline]
fn end(out: &mut Vec<u8>, major: u8, mark: Mark, length: usize) {
    let Some(at) = mark.0 else {
        return;
    };
    if length < 24 {
        out[at] |= low_octet(length);
        return;
    }
    let mut head = Vec::with_capacity(9);
    cbor_head(&mut head, major, wide(length));
    out.splice(at..=at, head);
}

const LIST: u8 = 4;
const DICT: u8 = 5;
