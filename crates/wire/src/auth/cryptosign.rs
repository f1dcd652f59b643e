//! WAMP-Cryptosign (WAMP spec, "Cryptosign-based Authentication").
//!
//! What is signed is a challenge of 32 octets, with channel binding the challenge XOR the channel's id. What is sent is
//! the signature and the signed message, in 192 hexadecimal digits.

use std::fmt;

use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};

use super::{constant_time_eq, from_hex_exactly, hex, xor};

/// A challenge.
pub type Nonce = [u8; 32];

/// An Ed25519 private key. `Debug` shows the public one.
#[derive(Clone)]
pub struct PrivateKey(Box<SigningKey>);

/// An Ed25519 public key.
#[derive(Clone, Copy, Eq, PartialEq)]
pub struct PublicKey([u8; 32]);

/// Why the answer to a challenge is no proof.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum SignatureError {
    /// It is too short, too long, or has other characters.
    #[error("a signature has 192 hexadecimal digits")]
    Form,
    /// What was signed is not the challenge, bound to the channel as agreed.
    #[error("another message was signed than the challenge")]
    Message,
    /// The key did not sign the message.
    #[error("the signature is wrong")]
    Signature,
}

impl PrivateKey {
    /// Takes the key's seed.
    #[must_use]
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(Box::new(SigningKey::from_bytes(seed)))
    }

    /// Reads the key's seed in 64 hexadecimal digits.
    #[must_use]
    pub fn read(digits: &str) -> Option<Self> {
        from_hex_exactly(digits).map(|seed| Self::from_seed(&seed))
    }

    /// Gives the public key.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key().to_bytes())
    }

    /// Signs a challenge: signature and message, in 192 hexadecimal digits.
    #[must_use]
    pub fn sign(&self, challenge: &Nonce, channel: Option<&[u8; 32]>) -> String {
        let message = message(challenge, channel);
        let signature = self.0.sign(&message).to_bytes();
        hex(&[&signature[..], &message[..]].concat())
    }

    /// Derives a secret of another purpose from the key.
    #[must_use]
    pub fn derive(&self, purpose: &[u8]) -> [u8; 32] {
        super::hmac_sha256(self.0.as_bytes(), purpose)
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PrivateKey(*** of {})", self.public())
    }
}

impl PublicKey {
    /// Reads a key in 64 hexadecimal digits; none if they are no point of the curve, or one that proves nothing.
    #[must_use]
    pub fn read(digits: &str) -> Option<Self> {
        let octets = from_hex_exactly(digits)?;
        let key = VerifyingKey::from_bytes(&octets).ok()?;
        (!key.is_weak()).then_some(Self(octets))
    }

    /// Checks the answer to a challenge.
    ///
    /// # Errors
    /// Says why it proves nothing.
    pub fn verify(
        &self,
        answer: &str,
        challenge: &Nonce,
        channel: Option<&[u8; 32]>,
    ) -> Result<(), SignatureError> {
        let answer: [u8; 96] = from_hex_exactly(answer).ok_or(SignatureError::Form)?;
        let (signature, signed) = answer.split_at(64);
        let message = message(challenge, channel);
        if !constant_time_eq(signed, &message) {
            return Err(SignatureError::Message);
        }
        let signature = Signature::from_slice(signature).map_err(|_| SignatureError::Signature)?;
        VerifyingKey::from_bytes(&self.0)
            .and_then(|key| key.verify_strict(&message, &signature))
            .map_err(|_| SignatureError::Signature)
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Reads a challenge in 64 hexadecimal digits.
#[must_use]
pub fn read_challenge(digits: &str) -> Option<Nonce> {
    from_hex_exactly(digits)
}

fn message(challenge: &Nonce, channel: Option<&[u8; 32]>) -> [u8; 32] {
    channel.map_or(*challenge, |channel| xor(challenge, channel))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHANNEL: &str = "62e935ae755f3d48f80d4d59f6121358c435722a67e859cc0caa8b539027f2ff";
    const ONE: &str = "4d57d97a68f555696620a6d849c0ce582568518d729eb753dc7c732de2804510";
    const TWO: &str = "d511fe78e23934b3dadb52fcd022974b80bd92bccc7c5cf404e46cc0a8a2f5cd";
    const THREE: &str = "6e1fde9cf9e2359a87420b65a87dc0c66136e66945196ba2475990d8a0c3a25b";

    /// The specification's vectors: bound, private key, challenge, signature.
    const VECTORS: [(bool, &str, &str, &str); 6] = [
        (
            false,
            ONE,
            "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
            "b32675b221f08593213737bef8240e7c15228b07028e19595294678c90d11c0cae80a357331bfc5cc9fb71081464e6e75013517c2cf067ad566a6b7b728e5d03ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        ),
        (
            false,
            TWO,
            "b26c1f87c13fc1da14997f1b5a71995dff8fbe0a62fae8473c7bdbd05bfb607d",
            "d4209ad10d5aff6bfbc009d7e924795de138a63515efc7afc6b01b7fe5201372190374886a70207b042294af5bd64ce725cd8dceb344e6d11c09d1aaaf4d660fb26c1f87c13fc1da14997f1b5a71995dff8fbe0a62fae8473c7bdbd05bfb607d",
        ),
        (
            false,
            THREE,
            "b05e6b8ad4d69abf74aa3be3c0ee40ae07d66e1895b9ab09285a2f1192d562d2",
            "7beb282184baadd08f166f16dd683b39cab53816ed81e6955def951cb2ddad1ec184e206746fd82bda075af03711d3d5658fc84a76196b0fa8d1ebc92ef9f30bb05e6b8ad4d69abf74aa3be3c0ee40ae07d66e1895b9ab09285a2f1192d562d2",
        ),
        (
            true,
            ONE,
            "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
            "9b6f41540c9b95b4b7b281c3042fa9c54cef43c842d62ea3fd6030fcb66e70b3e80d49d44c29d1635da9348d02ec93f3ed1ef227dfb59a07b580095c2b82f80f9d16ca518aa0c2b707f2b2a609edeca73bca8dd59817a633f35574ac6fd80d00",
        ),
        (
            true,
            TWO,
            "b26c1f87c13fc1da14997f1b5a71995dff8fbe0a62fae8473c7bdbd05bfb607d",
            "305aaa3ac25e98f651427688b3fc43fe7d8a68a7ec1d7d61c61517c519bd4a427c3015599d83ca28b4c652333920223844ef0725eb5dc2febfd6af7677b73f01d0852a29b460fc92ec943242ac638a053bbacc200512b18b30d15083cbdc9282",
        ),
        (
            true,
            THREE,
            "b05e6b8ad4d69abf74aa3be3c0ee40ae07d66e1895b9ab09285a2f1192d562d2",
            "ee3c7644fd8070532bc1fde3d70d742267da545d8c8f03e63bda63f1ad4214f4d2c4bfdb4eb9526def42deeb7e31602a6ff99eba893e0a4ad4d45892ca75e608d2b75e24a189a7f78ca776ba36fc53f6c3e31c32f251f2c524f0a44202f2902d",
        ),
    ];

    #[test]
    fn a05_a06_the_specifications_vectors() {
        let channel = from_hex_exactly(CHANNEL).unwrap();
        for (bound, key, challenge, signature) in VECTORS {
            let key = PrivateKey::read(key).unwrap();
            let challenge = read_challenge(challenge).unwrap();
            let channel = bound.then_some(&channel);
            assert_eq!(key.sign(&challenge, channel), signature);
            let public = key.public();
            assert_eq!(public.verify(signature, &challenge, channel), Ok(()));
            let other = (!bound).then_some(&[1; 32]);
            assert_eq!(
                public.verify(signature, &challenge, other),
                Err(SignatureError::Message)
            );
        }
    }

    #[test]
    fn a05_what_is_no_signature() {
        let key = PrivateKey::read(ONE).unwrap();
        let (public, challenge) = (key.public(), [7; 32]);
        let right = key.sign(&challenge, None);
        let upper = right.to_uppercase();
        assert_eq!(public.verify(&upper, &challenge, None), Ok(()));
        let replayed = public.verify(&right, &[8; 32], None);
        assert_eq!(replayed, Err(SignatureError::Message));
        let stranger = PrivateKey::read(TWO).unwrap().sign(&challenge, None);
        let forged = format!("{}{}", "00".repeat(64), &right[128..]);
        for wrong in [&stranger, &forged] {
            let verdict = public.verify(wrong, &challenge, None);
            assert_eq!(verdict, Err(SignatureError::Signature));
        }
        for malformed in [
            "",
            &right[1..],
            &right[2..],
            &format!("{right}00"),
            &right.replacen('0', "g", 1),
        ] {
            let verdict = public.verify(malformed, &challenge, None);
            assert_eq!(verdict, Err(SignatureError::Form), "{malformed}");
        }
    }

    #[test]
    fn a05_keys_that_prove_nothing_are_none() {
        let identity = format!("01{}", "00".repeat(31));
        for digits in [
            "",
            "zz",
            &ONE[1..],
            &identity,
            &format!("02{}", "00".repeat(31)),
        ] {
            assert!(PublicKey::read(digits).is_none(), "{digits}");
        }
        let key = PrivateKey::read(ONE).unwrap();
        assert_eq!(
            PublicKey::read(&key.public().to_string()),
            Some(key.public())
        );
        assert!(!format!("{key:?}").contains(ONE));
    }
}
