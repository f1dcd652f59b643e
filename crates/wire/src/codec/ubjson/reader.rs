use super::{Bytes, Extent, Fault, Format, MarkerReader, Range, Reader, Token};

impl<'f, const BIG: bool> Reader<'f> for MarkerReader<'f, BIG> {
    const FORMAT: Format = Self::FORMAT;

    #[inline]
    fn token(&mut self) -> Result<Token<'f>, Fault> {
        let marker = self.marker()?;
        self.value(marker)
    }

    #[inline]
    fn try_unsigned(&mut self) -> Option<u64> {
        if self.implied != 0 {
            return None;
        }
        let marker = self.peek()?;
        if BIG {
            let value = match marker {
                b'U' => return self.cursor.try_array().map(|[octet]| octet.into()),
                b'I' => i16::from_be_bytes(self.peek_number()?).into(),
                b'l' => i32::from_be_bytes(self.peek_number()?).into(),
                b'L' => i64::from_be_bytes(self.peek_number()?),
                _ => return None,
            };
            let value = u64::try_from(value).ok()?;
            self.cursor.at += 1 + Self::size(marker)?;
            return Some(value);
        }
        match marker {
            b'U' => self.cursor.try_array().map(|[octet]| octet.into()),
            b'u' => self
                .cursor
                .try_array()
                .map(u16::from_le_bytes)
                .map(u64::from),
            b'm' => self
                .cursor
                .try_array()
                .map(u32::from_le_bytes)
                .map(u64::from),
            b'M' => self.cursor.try_array().map(u64::from_le_bytes),
            _ => None,
        }
    }

    #[inline]
    fn try_text(&mut self) -> Option<Range<usize>> {
        let at = self.cursor.at;
        let &[b'S', b'U', length] = self.cursor.octets.get(at..)?.first_chunk()? else {
            return None;
        };
        if self.implied != 0 {
            return None;
        }
        self.cursor.try_text(3, length.into())
    }

    #[inline]
    fn try_list(&mut self) -> Option<Extent> {
        if self.implied != 0 || self.peek() != Some(b'[') {
            return None;
        }
        if let Some(b'$' | b'#') = self.cursor.octets.get(self.cursor.at + 1) {
            return None;
        }
        self.cursor.try_enter(1, 0)?;
        Some(Extent::OPEN)
    }

    #[inline]
    fn try_empty_dict(&mut self) -> bool {
        let rest = self.cursor.octets.get(self.cursor.at..);
        let empty = self.implied == 0 && rest.is_some_and(|rest| rest.starts_with(b"{}"));
        self.cursor.at += if empty { 2 } else { 0 };
        empty
    }

    #[inline]
    fn key(&mut self) -> Result<Token<'f>, Fault> {
        self.key_text().map(Token::Text)
    }

    #[inline]
    fn item(&mut self, extent: &mut Extent) -> Result<bool, Fault> {
        self.next(extent, b']')
    }

    #[inline]
    fn entry(&mut self, extent: &mut Extent) -> Result<bool, Fault> {
        self.next(extent, b'}')
    }

    fn offset(&self) -> usize {
        self.cursor.at
    }

    fn position(&mut self) -> usize {
        if self.implied == 0 {
            self.no_ops();
        }
        self.cursor.at
    }

    fn frame(&self) -> &'f Bytes {
        self.cursor.frame
    }

    fn skip(&mut self) -> Result<(), Fault> {
        let marker = self.marker()?;
        if let Some(size) = Self::size(marker) {
            return self.cursor.step(size);
        }
        match marker {
            b'S' => {
                let length = self.length()?;
                self.cursor.skip_text(length)
            }
            b'[' => self.skip_list(),
            other => {
                let token = self.value(other)?;
                self.skip_rest(token)
            }
        }
    }
}

impl<const BIG: bool> MarkerReader<'_, BIG> {
    /// Shows the number behind a marker, greatest octet first.
    fn peek_number<const N: usize>(&self) -> Option<[u8; N]> {
        let octets = self.cursor.octets.get(self.cursor.at + 1..)?;
        octets.first_chunk().copied()
    }

    fn skip_list(&mut self) -> Result<(), Fault> {
        let head = self.head()?;
        let count = head.count.unwrap_or(0);
        if head.of == Self::OCTET && !head.axes {
            return self.cursor.take(count).map(drop);
        }
        self.enter_list(&head)?;
        if let Some(size) = Self::size(head.of) {
            self.cursor.depth -= 1;
            return self.cursor.step(count.saturating_mul(size));
        }
        let mut extent = head.extent();
        while self.item(&mut extent)? {
            self.skip()?;
        }
        Ok(())
    }
}
