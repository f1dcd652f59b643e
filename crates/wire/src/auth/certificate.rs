//! Certificates: what they say, and their fingerprints (WAMP spec, "TLS Certificate-based Authentication").

mod x509;

pub use x509::{Certificate, Name};

use std::fmt;

use sha1::{Digest, Sha1};
use sha2::Sha256;

/// What certificates are known by: a hash over their octets (DER).
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Fingerprint {
    /// SHA-1: what Crossbar.io's configurations name.
    Sha1([u8; 20]),
    /// SHA-256
    Sha256([u8; 32]),
}

impl Fingerprint {
    /// Reads 20 octets in hexadecimal, with or without colons between them.
    #[must_use]
    pub fn read_sha1(text: &str) -> Option<Self> {
        octets(text).map(Self::Sha1)
    }

    /// Reads 32 octets in hexadecimal, with or without colons between them.
    #[must_use]
    pub fn read_sha256(text: &str) -> Option<Self> {
        octets(text).map(Self::Sha256)
    }

    /// Computes the SHA-1 fingerprint of a certificate (DER).
    #[must_use]
    pub fn sha1_of(der: &[u8]) -> Self {
        Self::Sha1(Sha1::digest(der).into())
    }

    /// Computes the SHA-256 fingerprint of a certificate (DER).
    #[must_use]
    pub fn sha256_of(der: &[u8]) -> Self {
        Self::Sha256(Sha256::digest(der).into())
    }

    /// Says whether this is a certificate's fingerprint.
    #[must_use]
    pub fn is_of(&self, der: &[u8]) -> bool {
        match self {
            Self::Sha1(octets) => *octets == <[u8; 20]>::from(Sha1::digest(der)),
            Self::Sha256(octets) => *octets == <[u8; 32]>::from(Sha256::digest(der)),
        }
    }
}

impl fmt::Display for Fingerprint {
    /// Writes hexadecimal capitals with colons between them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let octets: &[u8] = match self {
            Self::Sha1(octets) => octets,
            Self::Sha256(octets) => octets,
        };
        for (place, octet) in octets.iter().enumerate() {
            let colon = if place == 0 { "" } else { ":" };
            write!(f, "{colon}{octet:02X}")?;
        }
        Ok(())
    }
}

fn octets<const N: usize>(text: &str) -> Option<[u8; N]> {
    if !text.contains(':') {
        return super::from_hex_exactly(text);
    }
    let pairs: Option<Vec<[u8; 1]>> = text.split(':').map(super::from_hex_exactly).collect();
    pairs?.concat().try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a10_fingerprints_are_read_with_and_without_colons() {
        // sha1sum and sha256sum of "abc".
        let sha1 = "A9:99:3E:36:47:06:81:6A:BA:3E:25:71:78:50:C2:6C:9C:D0:D8:9D";
        let read = Fingerprint::read_sha1(sha1).unwrap();
        assert!(read.is_of(b"abc"));
        assert!(!read.is_of(b"abd"));
        assert_eq!(Fingerprint::read_sha1(&sha1.replace(':', "")), Some(read));
        assert_eq!(Fingerprint::sha1_of(b"abc").to_string(), sha1);
        let sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert!(Fingerprint::read_sha256(sha256).unwrap().is_of(b"abc"));
        for text in ["", ":", "a9", "A9:9", &sha1[1..], "a9:99:xx"] {
            assert_eq!(Fingerprint::read_sha1(text), None, "{text}");
        }
        assert_eq!(Fingerprint::read_sha256(sha1), None);
    }
}
