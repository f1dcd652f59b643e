use std::borrow::Cow;
use std::ops::Range;

use bytes::Bytes;

use super::json_string::{self, Piece};
use super::{Cursor, Extent, Fault, Reader, Token, decimal, malformed};
use crate::{Format, Malformation};

/// Reads JSON (RFC 8259). The whole frame is checked for UTF-8 once, at the start.
#[derive(Clone)]
pub(crate) struct JsonReader<'f> {
    cursor: Cursor<'f>,
}

impl<'f> JsonReader<'f> {
    pub(crate) fn new(frame: &'f Bytes) -> Result<Self, Fault> {
        if !frame.is_ascii()
            && let Err(error) = simdutf8::compat::from_utf8(frame)
        {
            let fault = Malformation::Utf8;
            return Err(malformed(Format::Json, error.valid_up_to(), fault));
        }
        Ok(Self {
            cursor: Cursor::new(Format::Json, frame),
        })
    }

    /// Gives a part of the frame as text.
    #[inline]
    fn part(&self, part: Range<usize>) -> &'f str {
        let octets = self.cursor.octets.get(part).unwrap_or_default();
        // Cannot fail: the frame was checked, and parts begin and end at ASCII characters.
        std::str::from_utf8(octets).unwrap_or_default()
    }

    #[inline]
    fn space(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.cursor.octets.get(self.cursor.at) {
            self.cursor.at += 1;
        }
    }

    /// Reads the next octet that is not white space.
    #[inline]
    fn head(&mut self) -> Result<u8, Fault> {
        self.space();
        self.cursor.octet()
    }

    #[cold]
    fn unexpected(&mut self, octet: u8) -> Fault {
        self.cursor.at -= 1;
        self.cursor.fault(Malformation::Octet(octet))
    }

    /// Reads a string whose opening quote was read: its raw inside, and whether that has escapes.
    #[inline]
    fn string(&mut self) -> Result<(Range<usize>, bool), Fault> {
        let start = self.cursor.at;
        let mut escaped = false;
        loop {
            match json_string::next(self.cursor.octets, &mut self.cursor.at) {
                Piece::End(end) => {
                    return Ok((start..end, escaped));
                }
                Piece::Escape => escaped = true,
                Piece::Fault(fault) => return Err(self.cursor.fault(fault)),
            }
        }
    }

    fn value(&self, raw: Range<usize>, escaped: bool) -> Result<Token<'f>, Fault> {
        let raw = self.part(raw);
        if !escaped {
            return Ok(Token::Text(Cow::Borrowed(raw)));
        }
        if json_string::is_binary(raw) {
            let octets =
                json_string::binary(raw).ok_or_else(|| self.cursor.fault(Malformation::Base64))?;
            return Ok(Token::Binary(Cow::Owned(octets)));
        }
        Ok(Token::Text(Cow::Owned(json_string::unescape(raw))))
    }

    fn word(&mut self, rest: &[u8], token: Token<'f>) -> Result<Token<'f>, Fault> {
        let follows = self.cursor.octets.get(self.cursor.at..).unwrap_or_default();
        if !follows.starts_with(rest) {
            self.cursor.at -= 1;
            let octet = self.cursor.octet()?;
            return Err(self.unexpected(octet));
        }
        self.cursor.at += rest.len();
        Ok(token)
    }

    #[inline]
    fn peek(&self) -> Option<u8> {
        self.cursor.octets.get(self.cursor.at).copied()
    }

    fn separated(&mut self, extent: &mut Extent, close: u8) -> Result<bool, Fault> {
        let first = std::mem::replace(&mut extent.first, false);
        let head = self.head()?;
        if head == close {
            self.cursor.depth -= 1;
            return Ok(false);
        }
        if first {
            self.cursor.at -= 1;
            return Ok(true);
        }
        if head == b',' {
            return Ok(true);
        }
        Err(self.unexpected(head))
    }

    fn colon(&mut self) -> Result<(), Fault> {
        match self.head()? {
            b':' => Ok(()),
            other => Err(self.unexpected(other)),
        }
    }
}

impl<'f> Reader<'f> for JsonReader<'f> {
    const FORMAT: Format = Format::Json;

    #[inline]
    fn token(&mut self) -> Result<Token<'f>, Fault> {
        match self.head()? {
            b'"' => {
                let (raw, escaped) = self.string()?;
                self.value(raw, escaped)
            }
            head @ (b'-' | b'0'..=b'9') => {
                let (text, float) = self.cursor.number(head)?;
                Ok(decimal::token(self.part(text), float))
            }
            b'{' => {
                self.cursor.enter(0)?;
                Ok(Token::Dict(Extent::OPEN))
            }
            b'[' => {
                self.cursor.enter(0)?;
                Ok(Token::List(Extent::OPEN))
            }
            b't' => self.word(b"rue", Token::Bool(true)),
            b'f' => self.word(b"alse", Token::Bool(false)),
            b'n' => self.word(b"ull", Token::Null),
            other => Err(self.unexpected(other)),
        }
    }

    #[inline]
    fn try_unsigned(&mut self) -> Option<u64> {
        self.space();
        let rest = self.cursor.octets.get(self.cursor.at..)?;
        let mut value = 0_u64;
        let mut length = 0;
        while let Some(&digit @ b'0'..=b'9') = rest.get(length) {
            value = value.wrapping_mul(10).wrapping_add((digit - b'0').into());
            length += 1;
        }
        // Up to 19 digits cannot exceed 64 bits; a zero in front and fractions are left to `token`.
        let plain = matches!(rest.get(length), Some(b',' | b']'));
        if !plain || length > 19 || (rest.first() == Some(&b'0') && length != 1) {
            return None;
        }
        self.cursor.at += length;
        (length > 0).then_some(value)
    }

    #[inline]
    fn try_text(&mut self) -> Option<Range<usize>> {
        self.space();
        let start = self.cursor.at + 1;
        let octets = self.cursor.octets;
        if octets.get(self.cursor.at) != Some(&b'"') {
            return None;
        }
        let end = start + json_string::plain_length(octets.get(start..)?)?;
        if octets.get(end) != Some(&b'"') {
            return None;
        }
        self.cursor.at = end + 1;
        Some(start..end)
    }

    #[inline]
    fn try_list(&mut self) -> Option<Extent> {
        self.space();
        if self.peek() != Some(b'[') {
            return None;
        }
        self.cursor.try_enter(1, 0)?;
        Some(Extent::OPEN)
    }

    #[inline]
    fn try_empty_dict(&mut self) -> bool {
        self.space();
        let rest = self.cursor.octets.get(self.cursor.at..);
        let empty = rest.is_some_and(|rest| rest.starts_with(b"{}"));
        self.cursor.at += if empty { 2 } else { 0 };
        empty
    }

    #[inline]
    fn key(&mut self) -> Result<Token<'f>, Fault> {
        match self.head()? {
            b'"' => {}
            other => return Err(self.unexpected(other)),
        }
        let (raw, escaped) = self.string()?;
        self.colon()?;
        let raw = self.part(raw);
        Ok(Token::Text(if escaped {
            Cow::Owned(json_string::unescape(raw))
        } else {
            Cow::Borrowed(raw)
        }))
    }

    #[inline]
    fn item(&mut self, extent: &mut Extent) -> Result<bool, Fault> {
        self.separated(extent, b']')
    }

    #[inline]
    fn entry(&mut self, extent: &mut Extent) -> Result<bool, Fault> {
        self.separated(extent, b'}')
    }

    fn offset(&self) -> usize {
        self.cursor.at
    }

    fn position(&mut self) -> usize {
        self.space();
        self.cursor.at
    }

    fn frame(&self) -> &'f Bytes {
        self.cursor.frame
    }

    fn skip(&mut self) -> Result<(), Fault> {
        match self.head()? {
            b'"' => {
                let (raw, escaped) = self.string()?;
                let raw = if escaped { self.part(raw) } else { "" };
                if json_string::is_binary(raw) && json_string::binary(raw).is_none() {
                    return Err(self.cursor.fault(Malformation::Base64));
                }
                Ok(())
            }
            head @ (b'-' | b'0'..=b'9') => self.cursor.number(head).map(drop),
            b'{' => {
                self.cursor.enter(0)?;
                let mut extent = Extent::OPEN;
                while self.entry(&mut extent)? {
                    match self.head()? {
                        b'"' => self.string()?,
                        other => return Err(self.unexpected(other)),
                    };
                    self.colon()?;
                    self.skip()?;
                }
                Ok(())
            }
            b'[' => {
                self.cursor.enter(0)?;
                let mut extent = Extent::OPEN;
                while self.item(&mut extent)? {
                    self.skip()?;
                }
                Ok(())
            }
            b't' => self.word(b"rue", Token::Null).map(drop),
            b'f' => self.word(b"alse", Token::Null).map(drop),
            b'n' => self.word(b"ull", Token::Null).map(drop),
            other => Err(self.unexpected(other)),
        }
    }
}
