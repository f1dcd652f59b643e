//! Numbers in decimal digits, as JSON's grammar has them.

use std::ops::Range;

use super::{Cursor, Fault, Token};
use crate::Malformation;

impl Cursor<'_> {
    /// Reads the rest of a number: its text, and whether it has a fraction or an exponent.
    #[inline]
    pub(crate) fn number(&mut self, head: u8) -> Result<(Range<usize>, bool), Fault> {
        let start = self.at - 1;
        let first = if head == b'-' { self.octet()? } else { head };
        match first {
            b'0' => {}
            b'1'..=b'9' => self.digits(),
            _ => return Err(self.fault(Malformation::Number)),
        }
        let mut float = false;
        if self.peek() == Some(b'.') {
            self.at += 1;
            float = true;
            self.some_digits()?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            float = true;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            self.some_digits()?;
        }
        Ok((start..self.at, float))
    }

    #[inline]
    fn peek(&self) -> Option<u8> {
        self.octets.get(self.at).copied()
    }

    #[inline]
    fn digits(&mut self) {
        while let Some(b'0'..=b'9') = self.peek() {
            self.at += 1;
        }
    }

    fn some_digits(&mut self) -> Result<(), Fault> {
        let start = self.at;
        self.digits();
        if self.at == start {
            return Err(self.fault(Malformation::Number));
        }
        Ok(())
    }
}

/// Reads a number's text, which JSON's grammar allows.
pub(crate) fn token(text: &str, float: bool) -> Token<'_> {
    if float {
        return Token::Float(text.parse().unwrap_or(f64::NAN));
    }
    let (digits, negative) = match text.strip_prefix('-') {
        Some(digits) => (digits, true),
        None => (text, false),
    };
    let Ok(magnitude) = digits.parse::<u64>() else {
        return if digits == TWO_TO_64 && negative {
            Token::Negative(u64::MAX)
        } else {
            Token::Digits(text)
        };
    };
    match magnitude.checked_sub(1) {
        Some(less) if negative => Token::Negative(less),
        _ => Token::Unsigned(magnitude),
    }
}

const TWO_TO_64: &str = "18446744073709551616";
