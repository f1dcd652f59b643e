use std::borrow::Cow;

use bytes::Bytes;

use super::{Cursor, Extent, Reader, Token};
use crate::{DecodeError, Format, Malformation};

/// Reads MessagePack, edition 5: text and binary are distinct.
pub(crate) struct MsgPackReader<'f> {
    cursor: Cursor<'f>,
}

impl<'f> MsgPackReader<'f> {
    pub(crate) fn new(frame: &'f Bytes) -> Self {
        Self {
            cursor: Cursor::new(Format::MsgPack, frame),
        }
    }

    fn length8(&mut self) -> Result<usize, DecodeError> {
        self.cursor.octet().map(usize::from)
    }

    fn length16(&mut self) -> Result<usize, DecodeError> {
        self.cursor.array().map(u16::from_be_bytes).map(usize::from)
    }

    fn length32(&mut self) -> Result<usize, DecodeError> {
        let length = self.cursor.array().map(u32::from_be_bytes)?;
        usize::try_from(length).map_err(|_| self.cursor.fault(Malformation::Length))
    }

    fn text(&mut self, length: usize) -> Result<Token<'f>, DecodeError> {
        let text = self.cursor.take_text(length)?;
        Ok(Token::Text(Cow::Borrowed(text)))
    }

    fn binary(&mut self, length: usize) -> Result<Token<'f>, DecodeError> {
        Ok(Token::Binary(Cow::Borrowed(self.cursor.take(length)?)))
    }

    fn list(&mut self, length: usize) -> Result<Token<'f>, DecodeError> {
        self.cursor.enter(length)?;
        Ok(Token::List(Extent::counted(length)))
    }

    fn dict(&mut self, length: usize) -> Result<Token<'f>, DecodeError> {
        self.cursor.enter(length.saturating_mul(2))?;
        Ok(Token::Dict(Extent::counted(length)))
    }

    fn extension(&mut self, length: usize) -> Result<Token<'f>, DecodeError> {
        let [kind] = self.cursor.array().map(i8::from_be_bytes).map(|k| [k])?;
        let octets = self.cursor.take(length)?;
        if kind == 0 && octets == [0] {
            return Ok(Token::Null);
        }
        Ok(Token::Extension(kind, octets))
    }

    fn signed(value: i64) -> Token<'f> {
        u64::try_from(value)
            .map_or_else(|_| Token::Negative(!value.cast_unsigned()), Token::Unsigned)
    }

    #[inline(never)]
    fn rare(&mut self, head: u8) -> Result<Token<'f>, DecodeError> {
        Ok(match head {
            0xc4 => {
                let length = self.length8()?;
                return self.binary(length);
            }
            0xc5 => {
                let length = self.length16()?;
                return self.binary(length);
            }
            0xc6 => {
                let length = self.length32()?;
                return self.binary(length);
            }
            0xc7 => {
                let length = self.length8()?;
                return self.extension(length);
            }
            0xc8 => {
                let length = self.length16()?;
                return self.extension(length);
            }
            0xc9 => {
                let length = self.length32()?;
                return self.extension(length);
            }
            0xca => Token::Float(f64::from(f32::from_be_bytes(self.cursor.array()?))),
            0xd0 => Self::signed(i8::from_be_bytes(self.cursor.array()?).into()),
            0xd1 => Self::signed(i16::from_be_bytes(self.cursor.array()?).into()),
            0xd2 => Self::signed(i32::from_be_bytes(self.cursor.array()?).into()),
            0xd3 => Self::signed(i64::from_be_bytes(self.cursor.array()?)),
            0xd4..=0xd8 => return self.extension(1 << (head - 0xd4)),
            other => {
                self.cursor.at -= 1;
                return Err(self.cursor.fault(Malformation::Octet(other)));
            }
        })
    }
}

impl<'f> Reader<'f> for MsgPackReader<'f> {
    const FORMAT: Format = Format::MsgPack;

    #[inline]
    fn token(&mut self) -> Result<Token<'f>, DecodeError> {
        let head = self.cursor.octet()?;
        match head {
            0x00..=0x7f => Ok(Token::Unsigned(head.into())),
            0x80..=0x8f => self.dict((head & 0x0f).into()),
            0x90..=0x9f => self.list((head & 0x0f).into()),
            0xa0..=0xbf => self.text((head & 0x1f).into()),
            0xc0 => Ok(Token::Null),
            0xc2 => Ok(Token::Bool(false)),
            0xc3 => Ok(Token::Bool(true)),
            0xcb => Ok(Token::Float(f64::from_be_bytes(self.cursor.array()?))),
            0xcc => Ok(Token::Unsigned(self.cursor.octet()?.into())),
            0xcd => Ok(Token::Unsigned(
                u16::from_be_bytes(self.cursor.array()?).into(),
            )),
            0xce => Ok(Token::Unsigned(
                u32::from_be_bytes(self.cursor.array()?).into(),
            )),
            0xcf => Ok(Token::Unsigned(u64::from_be_bytes(self.cursor.array()?))),
            0xd9 => {
                let length = self.length8()?;
                self.text(length)
            }
            0xda => {
                let length = self.length16()?;
                self.text(length)
            }
            0xdb => {
                let length = self.length32()?;
                self.text(length)
            }
            0xdc => {
                let length = self.length16()?;
                self.list(length)
            }
            0xdd => {
                let length = self.length32()?;
                self.list(length)
            }
            0xde => {
                let length = self.length16()?;
                self.dict(length)
            }
            0xdf => {
                let length = self.length32()?;
                self.dict(length)
            }
            0xe0..=0xff => Ok(Token::Negative((!head).into())),
            other => self.rare(other),
        }
    }

    #[inline]
    fn key(&mut self) -> Result<Token<'f>, DecodeError> {
        self.token()
    }

    #[inline]
    fn item(&mut self, extent: &mut Extent) -> Result<bool, DecodeError> {
        let left = extent.left.get_or_insert(0);
        Ok(self.cursor.count_down(left))
    }

    #[inline]
    fn entry(&mut self, extent: &mut Extent) -> Result<bool, DecodeError> {
        self.item(extent)
    }

    fn offset(&self) -> usize {
        self.cursor.at
    }

    fn frame(&self) -> &'f Bytes {
        self.cursor.frame
    }
}
