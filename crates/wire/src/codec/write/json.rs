use std::io::Write;

use super::lacks;
use crate::codec::json_string::{write_binary, write_text};
use crate::codec::{Mark, Writer};
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
    const ANY_KEY: bool = false;

    #[inline]
    fn begin_message(&mut self, _length: usize) {
        self.out.push(b'[');
    }

    #[inline]
    fn end_message(&mut self) {
        self.out.push(b']');
    }

    #[inline]
    fn begin_list(&mut self, _length: Option<usize>) -> Mark {
        self.separate();
        self.out.push(b'[');
        Mark::DONE
    }

    #[inline]
    fn end_list(&mut self, _mark: Mark, _length: usize) {
        self.out.push(b']');
    }

    #[inline]
    fn begin_dict(&mut self, _length: Option<usize>) -> Mark {
        self.separate();
        self.out.push(b'{');
        Mark::DONE
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
        write!(self.out, "{value:?}").unwrap_or_default();
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
