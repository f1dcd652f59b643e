use std::borrow::Cow;
use std::ops::Range;

use bytes::Bytes;

use super::{Cursor, Extent, Fault, Reader, Token};
use crate::{Format, Malformation};

/// Reads CBOR (RFC 8949), indefinite lengths included.
#[derive(Clone)]
pub(crate) struct CborReader<'f> {
    cursor: Cursor<'f>,
}

impl<'f> CborReader<'f> {
    pub(crate) fn new(frame: &'f Bytes) -> Self {
        Self {
            cursor: Cursor::new(Format::Cbor, frame),
        }
    }

    /// Reads the argument that follows an initial octet with this additional information (0 to 27).
    #[inline]
    fn argument(&mut self, information: u8) -> Result<u64, Fault> {
        match information {
            0..=23 => Ok(information.into()),
            24 => self.cursor.octet().map(u64::from),
            25 => self.cursor.array().map(u16::from_be_bytes).map(u64::from),
            26 => self.cursor.array().map(u32::from_be_bytes).map(u64::from),
            27 => self.cursor.array().map(u64::from_be_bytes),
            other => {
                self.cursor.at -= 1;
                Err(self.cursor.fault(Malformation::Octet(other)))
            }
        }
    }

    #[inline]
    fn length(&mut self, information: u8) -> Result<usize, Fault> {
        let length = self.argument(information)?;
        usize::try_from(length).map_err(|_| self.cursor.fault(Malformation::Length))
    }

    fn binary(&mut self, information: u8) -> Result<Token<'f>, Fault> {
        if information == INDEFINITE {
            let mut whole = Vec::new();
            while let Some(length) = self.chunk(BINARY)? {
                whole.extend_from_slice(self.cursor.take(length)?);
            }
            return Ok(Token::Binary(Cow::Owned(whole)));
        }
        let length = self.length(information)?;
        Ok(Token::Binary(Cow::Borrowed(self.cursor.take(length)?)))
    }

    #[inline]
    fn text(&mut self, information: u8) -> Result<Token<'f>, Fault> {
        if information == INDEFINITE {
            let mut whole = String::new();
            while let Some(length) = self.chunk(TEXT)? {
                whole.push_str(self.cursor.take_text(length)?);
            }
            return Ok(Token::Text(Cow::Owned(whole)));
        }
        let length = self.length(information)?;
        Ok(Token::Text(Cow::Borrowed(self.cursor.take_text(length)?)))
    }

    /// Reads the head of one chunk of an indefinite string; none at its end.
    fn chunk(&mut self, major: u8) -> Result<Option<usize>, Fault> {
        let head = self.cursor.octet()?;
        if head == BREAK {
            return Ok(None);
        }
        if head >> 5 != major || head & 0x1f == INDEFINITE {
            self.cursor.at -= 1;
            return Err(self.cursor.fault(Malformation::Octet(head)));
        }
        self.length(head & 0x1f).map(Some)
    }

    #[inline]
    fn list(&mut self, information: u8) -> Result<Token<'f>, Fault> {
        if information == INDEFINITE {
            self.cursor.enter(1)?;
            return Ok(Token::List(Extent::OPEN));
        }
        let length = self.length(information)?;
        self.cursor.enter(length)?;
        Ok(Token::List(Extent::counted(length)))
    }

    #[inline]
    fn dict(&mut self, information: u8) -> Result<Token<'f>, Fault> {
        if information == INDEFINITE {
            self.cursor.enter(1)?;
            return Ok(Token::Dict(Extent::OPEN));
        }
        let length = self.length(information)?;
        self.cursor.enter(length.saturating_mul(2))?;
        Ok(Token::Dict(Extent::counted(length)))
    }

    /// Reads past `count` values.
    fn skip_values(&mut self, count: usize) -> Result<(), Fault> {
        for _ in 0..count {
            let head = self.cursor.octet()?;
            let information = head & 0x1f;
            match head >> 5 {
                0 | 1 => {
                    self.argument(information)?;
                }
                BINARY if information != INDEFINITE => {
                    let length = self.length(information)?;
                    self.cursor.take(length)?;
                }
                TEXT if information != INDEFINITE => {
                    let length = self.length(information)?;
                    self.cursor.skip_text(length)?;
                }
                4 if information != INDEFINITE => {
                    let length = self.length(information)?;
                    self.skip_container(length)?;
                }
                5 if information != INDEFINITE => {
                    let length = self.length(information)?;
                    self.skip_container(length.saturating_mul(2))?;
                }
                7 if (20..=23).contains(&information) => {}
                7 if information == 27 => self.cursor.step(8)?,
                _ => {
                    self.cursor.at -= 1;
                    self.skip_unusual()?;
                }
            }
        }
        Ok(())
    }

    fn skip_container(&mut self, count: usize) -> Result<(), Fault> {
        self.cursor.enter(count)?;
        self.skip_values(count)?;
        self.cursor.depth -= 1;
        Ok(())
    }

    /// Reads past a value of indefinite length, a tagged or a rare one. A tag is a level: receivers may recurse for it.
    fn skip_unusual(&mut self) -> Result<(), Fault> {
        let depth = self.cursor.depth;
        loop {
            let token = self.token()?;
            if !matches!(token, Token::Tag(_)) {
                self.skip_rest(token)?;
                self.cursor.depth = depth;
                return Ok(());
            }
            self.cursor.enter(1)?;
        }
    }

    fn simple(&mut self, head: u8) -> Result<Token<'f>, Fault> {
        match head & 0x1f {
            20 => Ok(Token::Bool(false)),
            21 => Ok(Token::Bool(true)),
            22 | 23 => Ok(Token::Null),
            value @ 0..=19 => Ok(Token::Simple(value)),
            24 => {
                let value = self.cursor.octet()?;
                if value < 32 {
                    self.cursor.at -= 1;
                    return Err(self.cursor.fault(Malformation::Octet(value)));
                }
                Ok(Token::Simple(value))
            }
            25 => Ok(Token::Float(half(u16::from_be_bytes(self.cursor.array()?)))),
            26 => Ok(Token::Float(f64::from(f32::from_be_bytes(
                self.cursor.array()?,
            )))),
            27 => Ok(Token::Float(f64::from_be_bytes(self.cursor.array()?))),
            _ => {
                self.cursor.at -= 1;
                Err(self.cursor.fault(Malformation::Octet(head)))
            }
        }
    }
}

impl<'f> Reader<'f> for CborReader<'f> {
    const FORMAT: Format = Format::Cbor;

    #[inline]
    fn token(&mut self) -> Result<Token<'f>, Fault> {
        let head = self.cursor.octet()?;
        let information = head & 0x1f;
        match head >> 5 {
            0 => self.argument(information).map(Token::Unsigned),
            1 => self.argument(information).map(Token::Negative),
            BINARY => self.binary(information),
            TEXT => self.text(information),
            4 => self.list(information),
            5 => self.dict(information),
            6 => self.argument(information).map(Token::Tag),
            _ => self.simple(head),
        }
    }

    #[inline]
    fn try_unsigned(&mut self) -> Option<u64> {
        let head = *self.cursor.octets.get(self.cursor.at)?;
        match head {
            0..=23 => {
                self.cursor.at += 1;
                Some(head.into())
            }
            24 => self.cursor.try_array().map(|[octet]| octet.into()),
            25 => self
                .cursor
                .try_array()
                .map(u16::from_be_bytes)
                .map(u64::from),
            26 => self
                .cursor
                .try_array()
                .map(u32::from_be_bytes)
                .map(u64::from),
            27 => self.cursor.try_array().map(u64::from_be_bytes),
            _ => None,
        }
    }

    #[inline]
    fn try_text(&mut self) -> Option<Range<usize>> {
        let head = *self.cursor.octets.get(self.cursor.at)?;
        if head >> 5 != TEXT {
            return None;
        }
        match head & 0x1f {
            length @ 0..=23 => self.cursor.try_text(1, length.into()),
            24 => {
                let length = *self.cursor.octets.get(self.cursor.at + 1)?;
                self.cursor.try_text(2, length.into())
            }
            _ => None,
        }
    }

    #[inline]
    fn try_list(&mut self) -> Option<Extent> {
        let head = *self.cursor.octets.get(self.cursor.at)?;
        if !(0x80..=0x97).contains(&head) {
            return None;
        }
        self.cursor.try_enter(1, (head & 0x1f).into())
    }

    #[inline]
    fn try_empty_dict(&mut self) -> bool {
        let empty = self.cursor.octets.get(self.cursor.at) == Some(&0xa0);
        self.cursor.at += usize::from(empty);
        empty
    }

    #[inline]
    fn key(&mut self) -> Result<Token<'f>, Fault> {
        self.token()
    }

    #[inline]
    fn item(&mut self, extent: &mut Extent) -> Result<bool, Fault> {
        if let Some(left) = &mut extent.left {
            return Ok(self.cursor.count_down(left));
        }
        if self.cursor.octets.get(self.cursor.at) == Some(&BREAK) {
            self.cursor.at += 1;
            self.cursor.depth -= 1;
            return Ok(false);
        }
        Ok(true)
    }

    #[inline]
    fn entry(&mut self, extent: &mut Extent) -> Result<bool, Fault> {
        self.item(extent)
    }

    fn skip(&mut self) -> Result<(), Fault> {
        self.skip_values(1)
    }

    fn offset(&self) -> usize {
        self.cursor.at
    }

    fn frame(&self) -> &'f Bytes {
        self.cursor.frame
    }
}

/// Widens a half-precision float (RFC 8949, "Half-Precision").
pub(super) fn half(bits: u16) -> f64 {
    let exponent = i32::from((bits >> 10) & 0x1f);
    let fraction = f64::from(bits & 0x3ff);
    let magnitude = match exponent {
        0 => fraction * f64::exp2(-24.0),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        _ => (fraction + 1024.0) * f64::exp2(f64::from(exponent - 25)),
    };
    if bits & 0x8000 == 0 {
        magnitude
    } else {
        -magnitude
    }
}

const BINARY: u8 = 2;
const TEXT: u8 = 3;
const INDEFINITE: u8 = 31;
const BREAK: u8 = 0xff;
