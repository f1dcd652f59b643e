use super::{lacks, low_half, low_octet, low_word, put};
use crate::codec::{Mark, Writer};
use crate::plain::{Big, Time};
use crate::{EncodeError, Format, Unrepresentable};

pub(crate) struct MsgPackWriter<'o> {
    pub(crate) out: &'o mut Vec<u8>,
}

impl Writer for MsgPackWriter<'_> {
    const FORMAT: Format = Format::MsgPack;
    const ANY_KEY: bool = true;

    #[inline]
    fn begin_message(&mut self, length: usize) {
        self.out.push(0x90 | low_octet(length));
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

/// The heads of lists or of dictionaries: with the length in it (0 here), and with 16 bits of length to follow. The
/// one with 32 bits comes next.
#[derive(Clone, Copy)]
struct Heads {
    short: u8,
    wide: u8,
}

const LIST: Heads = Heads {
    short: 0x90,
    wide: 0xdc,
};
const DICT: Heads = Heads {
    short: 0x80,
    wide: 0xde,
};

#[inline]
fn begin(out: &mut Vec<u8>, heads: Heads, length: Option<usize>) -> Mark {
    if let Some(length) = length {
        put_head(out, heads, length);
        return Mark::DONE;
    }
    out.push(heads.short);
    Mark(Some(out.len() - 1))
}

/// Puts the length where the head stands, unless it was known there.
#[inline]
fn end(out: &mut Vec<u8>, heads: Heads, mark: Mark, length: usize) {
    let Some(at) = mark.0 else {
        return;
    };
    if length < 16 {
        out[at] |= low_octet(length);
        return;
    }
    let mut head = Vec::with_capacity(5);
    put_head(&mut head, heads, length);
    out.splice(at..=at, head);
}

#[inline]
fn put_head(out: &mut Vec<u8>, heads: Heads, length: usize) {
    match length {
        0..16 => out.push(heads.short | low_octet(length)),
        16..=0xffff => put(out, heads.wide, &low_half(length).to_be_bytes()),
        _ => put(out, heads.wide + 1, &low_word(length).to_be_bytes()),
    }
}
