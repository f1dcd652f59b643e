//! What is read of a certificate beside what rustls reads.

use crossbar_core::Timestamp;

/// From when until when a certificate is valid.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Validity {
    /// `notBefore`
    pub(crate) from: Timestamp,
    /// `notAfter`
    pub(crate) until: Timestamp,
}

impl Validity {
    /// Reads it from a certificate in DER (RFC 5280, "Certificate").
    pub(crate) fn of(certificate: &[u8]) -> Option<Self> {
        let mut outer = Fields(certificate);
        let mut certificate = Fields(outer.take(SEQUENCE)?);
        let mut signed = Fields(certificate.take(SEQUENCE)?);
        if signed.is_next(VERSION) {
            signed.take(VERSION)?;
        }
        signed.take(INTEGER)?;
        let _algorithm = signed.take(SEQUENCE)?;
        let _issuer = signed.take(SEQUENCE)?;
        let mut validity = Fields(signed.take(SEQUENCE)?);
        Some(Self {
            from: validity.time()?,
            until: validity.time()?,
        })
    }
}

const INTEGER: u8 = 0x02;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xa0;

/// Values in DER, one after the other.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn is_next(&self, tag: u8) -> bool {
        self.0.first() == Some(&tag)
    }

    /// Takes the content of the next value, which has this tag.
    fn take(&mut self, tag: u8) -> Option<&'a [u8]> {
        let (&[found, first], rest) = self.0.split_first_chunk()?;
        if found != tag {
            return None;
        }
        let (length, rest) = match first {
            0..=0x7f => (usize::from(first), rest),
            0x81 => (usize::from(*rest.first()?), rest.get(1..)?),
            0x82 => {
                let (&octets, rest) = rest.split_first_chunk()?;
                (usize::from(u16::from_be_bytes(octets)), rest)
            }
            _ => return None,
        };
        let (content, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some(content)
    }

    fn time(&mut self) -> Option<Timestamp> {
        let (tag, century_digits) = if self.is_next(UTC_TIME) {
            (UTC_TIME, 2)
        } else {
            (GENERALIZED_TIME, 4)
        };
        let text = std::str::from_utf8(self.take(tag)?).ok()?;
        let (year, rest) = text.split_at_checked(century_digits)?;
        let century = match (tag, year) {
            (UTC_TIME, year) if year < "50" => "20",
            (UTC_TIME, _) => "19",
            _ => "",
        };
        let pair = |index: usize| rest.get(2 * index..2 * index + 2);
        let (month, day) = (pair(0)?, pair(1)?);
        let (hour, minute, second) = (pair(2)?, pair(3)?, pair(4)?);
        Timestamp::read(&format!(
            "{century}{year}-{month}-{day}T{hour}:{minute}:{second}Z"
        ))
    }
}
