//! UBJSON and its offspring BJData: the same grammar, told apart by a type parameter.

use std::borrow::Cow;
use std::ops::Range;

use bytes::Bytes;

use super::{Cursor, Extent, Fault, Reader, Token};
use crate::{Format, Malformation};

mod axes;
mod head;
mod reader;

/// Reads BJData, draft 3, whose numbers are little-endian.
pub(crate) type BjdataReader<'f> = MarkerReader<'f, false>;

/// Reads UBJSON, draft 12, whose numbers are big-endian.
pub(crate) type UbjsonReader<'f> = MarkerReader<'f, true>;

/// Reads values that begin with a marker, which says what they are. `BIG`: numbers are big-endian, as in UBJSON.
#[derive(Clone)]
pub(crate) struct MarkerReader<'f, const BIG: bool> {
    cursor: Cursor<'f>,
    /// The next value's marker, where the head of its list or dictionary gave it; 0 where the value has its own.
    implied: u8,
    /// The array of several axes that is being read.
    axes: axes::Axes,
}

impl<'f, const BIG: bool> MarkerReader<'f, BIG> {
    const FORMAT: Format = if BIG { Format::Ubjson } else { Format::Bjdata };

    pub(crate) fn new(frame: &'f Bytes) -> Self {
        Self {
            cursor: Cursor::new(Self::FORMAT, frame),
            implied: 0,
            axes: axes::Axes::default(),
        }
    }

    /// Reads the marker of the next value, past no-ops.
    #[inline]
    fn marker(&mut self) -> Result<u8, Fault> {
        if self.implied != 0 {
            return Ok(std::mem::take(&mut self.implied));
        }
        self.no_ops();
        self.cursor.octet()
    }

    #[inline]
    fn no_ops(&mut self) {
        while self.peek() == Some(NO_OP) {
            self.cursor.at += 1;
        }
    }

    #[inline]
    fn peek(&self) -> Option<u8> {
        self.cursor.octets.get(self.cursor.at).copied()
    }

    #[cold]
    fn unexpected(&mut self, octet: u8) -> Fault {
        self.cursor.at -= 1;
        self.cursor.fault(Malformation::Octet(octet))
    }

    /// Reads the octets of a number, greatest first.
    #[inline]
    fn number<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
        let mut octets = self.cursor.array()?;
        if !BIG {
            octets.reverse();
        }
        Ok(octets)
    }

    /// Reads what follows a marker.
    #[inline]
    fn value(&mut self, marker: u8) -> Result<Token<'f>, Fault> {
        Ok(match marker {
            b'U' => Token::Unsigned(self.cursor.octet()?.into()),
            b'u' if !BIG => Token::Unsigned(u16::from_be_bytes(self.number()?).into()),
            b'm' if !BIG => Token::Unsigned(u32::from_be_bytes(self.number()?).into()),
            b'M' if !BIG => Token::Unsigned(u64::from_be_bytes(self.number()?)),
            b'i' => Token::signed(i8::from_be_bytes(self.number()?).into()),
            b'I' => Token::signed(i16::from_be_bytes(self.number()?).into()),
            b'l' => Token::signed(i32::from_be_bytes(self.number()?).into()),
            b'L' => Token::signed(i64::from_be_bytes(self.number()?)),
            b'D' => Token::Float(f64::from_be_bytes(self.number()?)),
            b'S' => {
                let length = self.length()?;
                Token::Text(Cow::Borrowed(self.cursor.take_text(length)?))
            }
            b'[' => return self.list(),
            b'{' => return self.dict(),
            b'T' => Token::Bool(true),
            b'F' => Token::Bool(false),
            b'Z' => Token::Null,
            other => return self.rare(other),
        })
    }

    #[inline(never)]
    fn rare(&mut self, marker: u8) -> Result<Token<'f>, Fault> {
        Ok(match marker {
            b'C' => Token::Text(Cow::Borrowed(self.character()?)),
            b'd' => Token::Float(f32::from_be_bytes(self.number()?).into()),
            b'H' => return self.high_precision(),
            b'h' if !BIG => Token::Float(super::cbor::half(u16::from_be_bytes(self.number()?))),
            b'B' if !BIG => Token::Unsigned(self.cursor.octet()?.into()),
            axes::AXIS if self.axes.is_due() => return self.inner_axis(),
            other => return Err(self.unexpected(other)),
        })
    }

    /// Reads a character of one octet, which is ASCII.
    fn character(&mut self) -> Result<&'f str, Fault> {
        self.cursor.take_text(1)
    }

    /// Reads a number of any size in decimal digits, as JSON has it.
    fn high_precision(&mut self) -> Result<Token<'f>, Fault> {
        let length = self.length()?;
        let start = self.cursor.at;
        let text = self.cursor.take_text(length)?;
        let mut digits = Cursor::new(Self::FORMAT, self.cursor.frame);
        digits.octets = digits.octets.get(..self.cursor.at).unwrap_or_default();
        digits.at = start;
        let head = digits.octet()?;
        let (_, float) = digits.number(head)?;
        if digits.at != self.cursor.at {
            return Err(digits.fault(Malformation::Number));
        }
        Ok(super::decimal::token(text, float))
    }

    /// Reads a length or a count: an integer of any width.
    #[inline]
    fn length(&mut self) -> Result<usize, Fault> {
        let marker = self.cursor.octet()?;
        if marker == b'U' {
            return self.cursor.octet().map(usize::from);
        }
        if !self.is_integer(marker) {
            return Err(self.unexpected(marker));
        }
        let Token::Unsigned(length) = self.value(marker)? else {
            return Err(self.cursor.fault(Malformation::Number));
        };
        usize::try_from(length).map_err(|_| self.cursor.fault(Malformation::Length))
    }
}

/// Stands between values and says nothing.
const NO_OP: u8 = b'N';
