//! WAMP-CRA (WAMP spec, "Challenge Response Authentication").

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::Sha256;

use super::hmac_sha256;

/// The iterations of key derivation where CHALLENGE does not say.
pub const ITERATIONS: u32 = 1000;

/// The length of a derived key in octets where CHALLENGE does not say.
pub const KEY_LENGTH: usize = 32;

/// Signs a challenge, exactly as it was received: base64 of HMAC-SHA256.
///
/// `secret` is the shared secret, or for a salted one what [`derive_key`] gives.
#[must_use]
pub fn sign(secret: &[u8], challenge: &[u8]) -> String {
    STANDARD.encode(hmac_sha256(secret, challenge))
}

/// Derives the key of a salted secret: the base64 *text* of PBKDF2-HMAC-SHA256, as all clients have it.
#[must_use]
pub fn derive_key(secret: &[u8], salt: &[u8], iterations: u32, key_length: usize) -> String {
    let mut key = vec![0; key_length];
    pbkdf2::pbkdf2_hmac::<Sha256>(secret, salt, iterations, &mut key);
    STANDARD.encode(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn challenges_are_signed_as_autobahn_signs_them() {
        // Computed with Python's hmac, hashlib and base64.
        assert_eq!(
            sign(b"secret", br#"{"nonce": "\u00e4", "session": 1}"#),
            "AcG8gm51oEGbrqqWeVntrrr6cchctwOhdi+b0gLCgkM="
        );
        let key = derive_key(b"secret", b"salt123", 100, 16);
        assert_eq!(key, "EX1Y3Q9BMM2oGLxsGqDgFQ==");
        assert_eq!(
            derive_key(b"secret", b"salt123", ITERATIONS, KEY_LENGTH),
            "MDS8Yxpu4J/vkHJ8dNEgqECYsI0uRDh2oZ5eN0vYPvo="
        );
        assert_eq!(
            sign(key.as_bytes(), b"challenge"),
            "gRzitg/CjEE11YgNhAQAOdBddVWD+RkWp7w+mils3wY="
        );
    }
}
