use super::{lacks, put, wide};
use crate::codec::{Mark, Writer};
use crate::plain::{Big, Time};
use crate::{EncodeError, Format, Unrepresentable};

/// Writes BJData as Autobahn does: little-endian, unsigned markers, octets as a list of type `B`.
pub(crate) type BjdataWriter<'o> = MarkerWriter<'o, false>;

/// Writes UBJSON as Autobahn did before: big-endian, octets as a list of type `U`.
pub(crate) type UbjsonWriter<'o> = MarkerWriter<'o, true>;

/// Writes values that begin with a marker. Lists and dictionaries end with a bracket. `BIG`: numbers are big-endian.
pub(crate) struct MarkerWriter<'o, const BIG: bool> {
    pub(crate) out: &'o mut Vec<u8>,
}

impl<const BIG: bool> MarkerWriter<'_, BIG> {
    /// Appends a number whose octets come greatest first.
    #[inline]
    fn number<const N: usize>(&mut self, marker: u8, mut octets: [u8; N]) {
        if !BIG {
            octets.reverse();
        }
        put(self.out, marker, &octets);
    }

    /// Appends a number in decimal digits.
    fn high_precision(&mut self, digits: &str) {
        self.out.push(b'H');
        self.key(digits);
    }

    fn natural_of_ubjson(&mut self, value: u64) {
        if let Ok(value) = u8::try_from(value) {
            self.number(b'U', [value]);
        } else if let Ok(value) = i16::try_from(value) {
            self.number(b'I', value.to_be_bytes());
        } else if let Ok(value) = i32::try_from(value) {
            self.number(b'l', value.to_be_bytes());
        } else if let Ok(value) = i64::try_from(value) {
            self.number(b'L', value.to_be_bytes());
        } else {
            self.high_precision(&value.to_string());
        }
    }

    fn natural_of_bjdata(&mut self, value: u64) {
        if let Ok(value) = u8::try_from(value) {
            self.number(b'U', [value]);
        } else if let Ok(value) = u16::try_from(value) {
            self.number(b'u', value.to_be_bytes());
        } else if let Ok(value) = u32::try_from(value) {
            self.number(b'm', value.to_be_bytes());
        } else {
            self.number(b'M', value.to_be_bytes());
        }
    }
}

impl<const BIG: bool> Writer for MarkerWriter<'_, BIG> {
    const FORMAT: Format = if BIG { Format::Ubjson } else { Format::Bjdata };
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
        self.out.push(b'[');
        Mark::DONE
    }

    #[inline]
    fn end_list(&mut self, _mark: Mark, _length: usize) {
        self.out.push(b']');
    }

    #[inline]
    fn begin_dict(&mut self, _length: Option<usize>) -> Mark {
        self.out.push(b'{');
        Mark::DONE
    }

    #[inline]
    fn end_dict(&mut self, _mark: Mark, _length: usize) {
        self.out.push(b'}');
    }

    #[inline]
    fn name(&mut self, key: &'static str) {
        self.key(key);
    }

    #[inline]
    fn key(&mut self, key: &str) {
        self.unsigned(wide(key.len()));
        self.out.extend_from_slice(key.as_bytes());
    }

    fn null(&mut self) {
        self.out.push(b'Z');
    }

    fn boolean(&mut self, value: bool) {
        self.out.push(if value { b'T' } else { b'F' });
    }

    #[inline]
    fn unsigned(&mut self, value: u64) {
        if BIG {
            self.natural_of_ubjson(value);
        } else {
            self.natural_of_bjdata(value);
        }
    }

    fn negative(&mut self, value: u64) -> Result<(), EncodeError> {
        let Ok(value) = i64::try_from(value).map(|v| -1 - v) else {
            self.high_precision(&(-1 - i128::from(value)).to_string());
            return Ok(());
        };
        if let Ok(value) = i8::try_from(value) {
            self.number(b'i', value.to_be_bytes());
        } else if let Ok(value) = i16::try_from(value) {
            self.number(b'I', value.to_be_bytes());
        } else if let Ok(value) = i32::try_from(value) {
            self.number(b'l', value.to_be_bytes());
        } else {
            self.number(b'L', value.to_be_bytes());
        }
        Ok(())
    }

    fn big(&mut self, value: &Big<'_>) -> Result<(), EncodeError> {
        let digits = value
            .to_digits()
            .ok_or(lacks(Self::FORMAT, Unrepresentable::Digits))?;
        self.high_precision(&digits);
        Ok(())
    }

    fn float(&mut self, value: f64) {
        if BIG && !value.is_finite() {
            // UBJSON draft 12, "Numeric Types": there is null in place of NaN and infinity.
            return self.null();
        }
        self.number(b'D', value.to_be_bytes());
    }

    #[inline]
    fn text(&mut self, value: &str) -> Result<(), EncodeError> {
        if let &[octet] = value.as_bytes() {
            self.out.extend_from_slice(&[b'C', octet]);
            return Ok(());
        }
        self.out.push(b'S');
        self.key(value);
        Ok(())
    }

    fn binary(&mut self, value: &[u8]) {
        let head = if BIG { b"[$U#" } else { b"[$B#" };
        self.out.extend_from_slice(head);
        self.unsigned(wide(value.len()));
        self.out.extend_from_slice(value);
    }

    fn time(&mut self, value: &Time) -> Result<(), EncodeError> {
        let text = value
            .to_text()
            .ok_or(lacks(Self::FORMAT, Unrepresentable::Time))?;
        self.text(&text)
    }

    #[inline]
    fn raw(&mut self, value: &[u8]) {
        self.out.extend_from_slice(value);
    }
}
