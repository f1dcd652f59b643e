//! Signatures and proofs of the authentication methods.

pub mod certificate;
pub mod cryptosign;
pub mod password;
pub mod scram;
pub mod wampcra;

use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// Says whether two secrets are equal, in a time that depends on their lengths only.
#[must_use]
pub fn constant_time_eq(a: &[u8], b: &[u8]) -> bool {
    a.ct_eq(b).into()
}

/// Gives HMAC-SHA256 (RFC 2104).
///
/// # Panics
/// Never: HMAC takes keys of any length.
#[must_use]
pub fn hmac_sha256(key: &[u8], message: &[u8]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(message);
    mac.finalize().into_bytes().into()
}

/// Writes octets as hexadecimal digits, in lower case.
#[must_use]
pub fn hex(octets: &[u8]) -> String {
    octets
        .iter()
        .flat_map(|octet| [octet >> 4, octet & 15])
        .filter_map(|digit| char::from_digit(digit.into(), 16))
        .collect()
}

/// Reads hexadecimal digits of either case; none if there are others, or an odd number.
#[must_use]
pub fn from_hex(digits: &str) -> Option<Vec<u8>> {
    if !digits.len().is_multiple_of(2) || !digits.is_ascii() {
        return None;
    }
    let octet = |pair: &[u8]| {
        let digit = |digit: u8| char::from(digit).to_digit(16);
        u8::try_from(digit(pair[0])? * 16 + digit(pair[1])?).ok()
    };
    digits.as_bytes().chunks_exact(2).map(octet).collect()
}

/// Reads exactly as many octets as the array has.
#[must_use]
pub fn from_hex_exactly<const N: usize>(digits: &str) -> Option<[u8; N]> {
    if digits.len() != 2 * N {
        return None;
    }
    from_hex(digits)?.try_into().ok()
}

fn sha256(octets: &[u8]) -> [u8; 32] {
    Sha256::digest(octets).into()
}

fn xor(a: &[u8; 32], b: &[u8; 32]) -> [u8; 32] {
    std::array::from_fn(|place| a[place] ^ b[place])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equality_is_equality() {
        assert!(constant_time_eq(b"abc", b"abc"));
        assert!(!constant_time_eq(b"abc", b"abd"));
        assert!(!constant_time_eq(b"abc", b"abcd"));
        assert!(constant_time_eq(b"", b""));
    }

    #[test]
    fn hexadecimal_digits_are_read_and_written() {
        assert_eq!(hex(&[0, 0x1f, 0xff]), "001fff");
        assert_eq!(from_hex("001Fff"), Some(vec![0, 0x1f, 0xff]));
        assert_eq!(from_hex(""), Some(Vec::new()));
        for digits in ["0", "0g", "+1", "é", "äö0"] {
            assert_eq!(from_hex(digits), None, "{digits}");
        }
        assert_eq!(from_hex_exactly::<2>("0102"), Some([1, 2]));
        assert_eq!(from_hex_exactly::<2>("010203"), None);
    }
}
