//! When a certificate is valid.

use crossbar_core::Timestamp;
use crossbar_wire::auth::certificate::Certificate;

/// From when until when a certificate is valid.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Validity {
    /// `notBefore`
    pub(crate) from: Timestamp,
    /// `notAfter`
    pub(crate) until: Timestamp,
}

impl Validity {
    /// Reads it from a certificate in DER.
    pub(crate) fn of(certificate: &[u8]) -> Option<Self> {
        let read = Certificate::read(certificate)?;
        Some(Self {
            from: timestamp(&read.not_before)?,
            until: timestamp(&read.not_after)?,
        })
    }
}

/// Reads `20261129123456Z`.
fn timestamp(text: &str) -> Option<Timestamp> {
    let part = |from: usize, to: usize| text.get(from..to);
    let (year, month, day) = (part(0, 4)?, part(4, 6)?, part(6, 8)?);
    let (hour, minute, second) = (part(8, 10)?, part(10, 12)?, part(12, 14)?);
    Timestamp::read(&format!("{year}-{month}-{day}T{hour}:{minute}:{second}Z"))
}
