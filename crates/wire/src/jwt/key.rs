use std::fmt;

use ring::hmac;
use ring::signature::{RsaPublicKeyComponents, UnparsedPublicKey};

use super::algorithm::Curve;
use super::{Algorithm, jwk, pem};

/// A key that bears out the signatures of tokens. `Debug` does not show secrets.
#[derive(Clone)]
pub struct Key {
    pub(super) kid: Option<String>,
    /// The one algorithm that it is for, if that is said.
    pub(super) algorithm: Option<Algorithm>,
    pub(super) material: Material,
}

/// What a key is made of.
#[derive(Clone)]
pub(super) enum Material {
    /// A shared secret.
    Secret(Vec<u8>),
    /// An RSA public key in DER (PKCS #1).
    Rsa(Vec<u8>),
    /// An RSA public key in its two numbers, without leading zeros.
    RsaNumbers { modulus: Vec<u8>, exponent: Vec<u8> },
    /// A point on a curve.
    Point(Curve, Vec<u8>),
}

/// Why a key cannot be used.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum KeyError {
    /// It is not a public key in PEM (`BEGIN PUBLIC KEY`, `BEGIN RSA PUBLIC KEY`).
    #[error("not a public key in PEM")]
    Pem,
    /// It is a private key, which only who makes tokens should have.
    #[error("a private key, where the public one is needed")]
    Private,
    /// It is a certificate.
    #[error("a certificate, where the public key in it is needed")]
    Certificate,
    /// It is of a kind that no algorithm here takes.
    #[error("a key of a kind that cannot be used: RSA, P-256, P-384 and Ed25519 can")]
    Kind,
    /// It is too short, or malformed.
    #[error("a key that is too short or malformed: RSA takes 2048 to 8192 bits")]
    Malformed,
    /// It is not a JSON Web Key Set.
    #[error("not a JSON Web Key Set")]
    NotASet,
    /// There are more than [`MAX_KEYS`] of them.
    #[error("more than 256 keys")]
    TooMany,
    /// Nothing in the set can be used.
    #[error("a key set without a key that can be used")]
    Empty,
}

/// How many keys a set has at most.
pub const MAX_KEYS: usize = 256;

impl Key {
    /// Makes a key of a shared secret.
    #[must_use]
    pub fn secret(secret: &[u8]) -> Self {
        Self::new(Material::Secret(secret.to_vec()))
    }

    /// Reads a public key in PEM.
    ///
    /// # Errors
    /// It is none, or none that can be used.
    pub fn pem(text: &str) -> Result<Self, KeyError> {
        Self::new(pem::read(text)?).checked()
    }

    fn new(material: Material) -> Self {
        Self {
            kid: None,
            algorithm: None,
            material,
        }
    }

    /// Says whether a signature is right.
    #[must_use]
    pub(super) fn verify(&self, algorithm: Algorithm, signed: &[u8], signature: &[u8]) -> bool {
        let verified = match &self.material {
            Material::Secret(secret) => algorithm.hmac().map(|hash| {
                let key = hmac::Key::new(hash, secret);
                hmac::verify(&key, signed, signature)
            }),
            Material::Rsa(der) => algorithm
                .rsa()
                .map(|rsa| UnparsedPublicKey::new(rsa, der).verify(signed, signature)),
            Material::RsaNumbers { modulus, exponent } => algorithm.rsa().map(|rsa| {
                let (n, e) = (modulus, exponent);
                RsaPublicKeyComponents { n, e }.verify(rsa, signed, signature)
            }),
            Material::Point(curve, point) => algorithm
                .on_curve(*curve)
                .map(|it| UnparsedPublicKey::new(it, point).verify(signed, signature)),
        };
        matches!(verified, Some(Ok(())))
    }

    /// Says whether it is of the algorithm's kind. A secret is as long as the hash at least (RFC 7518, "HMAC with SHA-2
    /// Functions").
    fn fits(&self, algorithm: Algorithm) -> bool {
        let kind = match &self.material {
            Material::Secret(secret) => algorithm
                .hmac()
                .is_some_and(|hash| secret.len() >= hash.digest_algorithm().output_len()),
            Material::Rsa(_) | Material::RsaNumbers { .. } => algorithm.rsa().is_some(),
            Material::Point(curve, _) => algorithm.on_curve(*curve).is_some(),
        };
        kind && self.algorithm.is_none_or(|only| only == algorithm)
    }

    /// Checks what a key looks like before it is used.
    pub(super) fn checked(self) -> Result<Self, KeyError> {
        let good = match &self.material {
            Material::Secret(secret) => !secret.is_empty(),
            Material::Rsa(der) => (266..=1100).contains(&der.len()),
            Material::RsaNumbers { modulus, exponent } => {
                (256..=1024).contains(&modulus.len()) && (1..=5).contains(&exponent.len())
            }
            Material::Point(curve, point) => point.len() == curve.public_key(),
        };
        if good {
            Ok(self)
        } else {
            Err(KeyError::Malformed)
        }
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key")
            .field("kid", &self.kid)
            .field("algorithm", &self.algorithm)
            .finish_non_exhaustive()
    }
}

/// Keys, of which a token's header chooses one.
#[derive(Clone, Debug, Default)]
pub struct KeySet(Vec<Key>);

impl KeySet {
    /// Makes a set of one key, which is used whatever id a token names.
    #[must_use]
    pub fn one(key: Key) -> Self {
        Self(vec![key])
    }

    /// Reads a JSON Web Key Set (RFC 7517). Keys that are not for signatures or of a kind that is not known are left out;
    /// shared secrets are so, too, unless they are allowed: whoever publishes a set publishes them.
    ///
    /// # Errors
    /// It is none, too large, or has no key that can be used.
    pub fn from_json(json: &[u8], secrets: bool) -> Result<Self, KeyError> {
        let keys = jwk::read(json, secrets)?;
        if keys.is_empty() {
            return Err(KeyError::Empty);
        }
        Ok(Self(keys))
    }

    /// Says whether a key of this id is there.
    #[must_use]
    pub fn has(&self, kid: &str) -> bool {
        self.0.iter().any(|key| key.kid.as_deref() == Some(kid))
    }

    /// Counts the keys.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Says whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Gives the keys that may bear out a token: of the algorithm's kind, and with the id that the token names, if both have
    /// one.
    pub(super) fn fitting<'a>(
        &'a self,
        algorithm: Algorithm,
        kid: Option<&'a str>,
    ) -> impl Iterator<Item = &'a Key> {
        let named = move |key: &&Key| match (kid, key.kid.as_deref()) {
            (Some(asked), Some(kid)) => asked == kid,
            (None, _) | (_, None) => true,
        };
        let fitting = self.0.iter().filter(move |key| key.fits(algorithm));
        fitting.filter(named).take(MAX_TRIED)
    }
}

/// How many keys are tried for a token that names none.
const MAX_TRIED: usize = 8;
