use std::borrow::Cow;
use std::ops::Range;

use bytes::Bytes;

use super::{Cursor, Extent, Fault, Reader, Token};
use crate::{Format, Malformation};

/// Reads MessagePack, edition 5: text and binary are distinct.
#[derive(Clone)]
pub(crate) struct MsgPackReader<'f> {
    cursor: Cursor<'f>,
}

impl<'f> MsgPackReader<'f> {
    pub(crate) fn new(frame: &'f Bytes) -> Self {
        Self {
            cursor: Cursor::new(Format::MsgPack, frame),
        }
    }

    fn length8(&mut self) -> Result<usize, Fault> {
        self.cursor.octet().map(usize::from)
    }

    fn length16(&mut self) -> Result<usize, Fault> {
        self.cursor.array().map(u16::from_be_bytes).map(usize::from)
    }

    fn length32(&mut self) -> Result<usize, Fault> {
        let length = self.cursor.array().map(u32::from_be_bytes)?;
        usize::try_from(length).map_err(|_| self.cursor.fault(Malformation::Length))
    }

    fn text(&mut self, length: usize) -> Result<Token<'f>, Fault> {
        let text = self.cursor.take_text(length)?;
        Ok(Token::Text(Cow::Borrowed(text)))
    }

    fn binary(&mut self, length: usize) -> Result<Token<'f>, Fault> {
        Ok(Token::Binary(Cow::Borrowed(self.cursor.take(length)?)))
    }

    fn list(&mut self, length: usize) -> Result<Token<'f>, Fault> {
        self.cursor.enter(length)?;
        Ok(Token::List(Extent::counted(length)))
    }

    fn dict(&mut self, length: usize) -> Result<Token<'f>, Fault> {
        self.cursor.enter(length.saturating_mul(2))?;
        Ok(Token::Dict(Extent::counted(length)))
    }

    fn extension(&mut self, length: usize) -> Result<Token<'f>, Fault> {
        let [kind] = self.cursor.array().map(i8::from_be_bytes).map(|k| [k])?;
        let octets = self.cursor.take(length)?;
        if kind == 0 && octets == [0] {
            return Ok(Token::Null);
        }
        Ok(Token::Extension(kind, octets))
    }

    /// Reads past `count` values.
    fn skip_values(&mut self, count: usize) -> Result<(), Fault> {
        for _ in 0..count {
            let head = self.cursor.octet()?;
            match head {
                0x00..=0x7f | 0xc0 | 0xc2 | 0xc3 | 0xe0..=0xff => {}
                0x80..=0x8f => self.skip_container(usize::from(head & 0x0f) * 2)?,
                0x90..=0x9f => self.skip_container((head & 0x0f).into())?,
                0xa0..=0xbf => self.cursor.skip_text((head & 0x1f).into())?,
                0xcc | 0xd0 => self.cursor.step(1)?,
                0xcd | 0xd1 => self.cursor.step(2)?,
                0xca | 0xce | 0xd2 => self.cursor.step(4)?,
                0xcb | 0xcf | 0xd3 => self.cursor.step(8)?,
                0xd9 => {
                    let length = self.length8()?;
                    self.cursor.skip_text(length)?;
                }
                _ => {
                    self.cursor.at -= 1;
                    let token = self.token()?;
                    self.skip_rest(token)?;
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

    #[inline(never)]
    fn rare(&mut self, head: u8) -> Result<Token<'f>, Fault> {
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
            0xd0 => Token::signed(i8::from_be_bytes(self.cursor.array()?).into()),
            0xd1 => Token::signed(i16::from_be_bytes(self.cursor.array()?).into()),
            0xd2 => Token::signed(i32::from_be_bytes(self.cursor.array()?).into()),
            0xd3 => Token::signed(i64::from_be_bytes(self.cursor.array()?)),
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
    fn token(&mut self) -> Result<Token<'f>, Fault> {
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
    fn try_unsigned(&mut self) -> Option<u64> {
        let head = *self.cursor.octets.get(self.cursor.at)?;
        match head {
            0x00..=0x7f => {
                self.cursor.at += 1;
                Some(head.into())
            }
            0xcc => self.cursor.try_array().map(|[octet]| octet.into()),
            0xcd => self
                .cursor
                .try_array()
                .map(u16::from_be_bytes)
                .map(u64::from),
            0xce => self
                .cursor
                .try_array()
                .map(u32::from_be_bytes)
                .map(u64::from),
            0xcf => self.cursor.try_array().map(u64::from_be_bytes),
            _ => None,
        }
    }

    #[inline]
    fn try_text(&mut self) -> Option<Range<usize>> {
        let head = *self.cursor.octets.get(self.cursor.at)?;
        if head & 0xe0 == 0xa0 {
            return self.cursor.try_text(1, (head & 0x1f).into());
        }
        if head != 0xd9 {
            return None;
        }
        let length = *self.cursor.octets.get(self.cursor.at + 1)?;
        self.cursor.try_text(2, length.into())
    }

    #[inline]
    fn try_list(&mut self) -> Option<Extent> {
        let head = *self.cursor.octets.get(self.cursor.at)?;
        if head & 0xf0 != 0x90 {
            return None;
        }
        self.cursor.try_enter(1, (head & 0x0f).into())
    }

    #[inline]
    fn try_empty_dict(&mut self) -> bool {
        let empty = self.cursor.octets.get(self.cursor.at) == Some(&0x80);
        self.cursor.at += usize::from(empty);
        empty
    }

    #[inline]
    fn key(&mut self) -> Result<Token<'f>, Fault> {
        self.token()
    }

    #[inline]
    fn item(&mut self, extent: &mut Extent) -> Result<bool, Fault> {
        let left = extent.left.get_or_insert(0);
        Ok(self.cursor.count_down(left))
    }

    #[inline]
    fn entry(&mut self, extent: &mut Extent) -> Result<bool, Fault> {
        self.item(extent)
    }

    fn offset(&self) -> usize {
        self.cursor.at
    }

    fn frame(&self) -> &'f Bytes {
        self.cursor.frame
    }

    fn skip(&mut self) -> Result<(), Fault> {
        self.skip_values(1)
    }
}
