use ring::signature as ring_signature;
use ring::{hmac, signature::VerificationAlgorithm};

/// A way to sign a token (RFC 7518, RFC 8037).
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Algorithm {
    /// HMAC with SHA-256.
    Hs256,
    /// HMAC with SHA-384.
    Hs384,
    /// HMAC with SHA-512.
    Hs512,
    /// RSA (PKCS #1 v1.5) with SHA-256.
    Rs256,
    /// RSA (PKCS #1 v1.5) with SHA-384.
    Rs384,
    /// RSA (PKCS #1 v1.5) with SHA-512.
    Rs512,
    /// RSA (PSS) with SHA-256.
    Ps256,
    /// RSA (PSS) with SHA-384.
    Ps384,
    /// RSA (PSS) with SHA-512.
    Ps512,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// ECDSA on P-384 with SHA-384.
    Es384,
    /// Ed25519.
    EdDsa,
}

impl Algorithm {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::Hs256,
        Self::Hs384,
        Self::Hs512,
        Self::Rs256,
        Self::Rs384,
        Self::Rs512,
        Self::Ps256,
        Self::Ps384,
        Self::Ps512,
        Self::Es256,
        Self::Es384,
        Self::EdDsa,
    ];

    /// Finds the algorithm of a name, as `alg` has it.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.name() == name)
    }

    /// Gives its name, as `alg` has it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hs256 => "HS256",
            Self::Hs384 => "HS384",
            Self::Hs512 => "HS512",
            Self::Rs256 => "RS256",
            Self::Rs384 => "RS384",
            Self::Rs512 => "RS512",
            Self::Ps256 => "PS256",
            Self::Ps384 => "PS384",
            Self::Ps512 => "PS512",
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::EdDsa => "EdDSA",
        }
    }

    /// Says whether who can verify can sign, too.
    #[must_use]
    pub const fn is_symmetric(self) -> bool {
        matches!(self, Self::Hs256 | Self::Hs384 | Self::Hs512)
    }

    /// Gives what computes it, if it is symmetric.
    pub(super) const fn hmac(self) -> Option<hmac::Algorithm> {
        match self {
            Self::Hs256 => Some(hmac::HMAC_SHA256),
            Self::Hs384 => Some(hmac::HMAC_SHA384),
            Self::Hs512 => Some(hmac::HMAC_SHA512),
            Self::Rs256
            | Self::Rs384
            | Self::Rs512
            | Self::Ps256
            | Self::Ps384
            | Self::Ps512
            | Self::Es256
            | Self::Es384
            | Self::EdDsa => None,
        }
    }

    /// Gives what verifies it, if it is RSA.
    pub(super) const fn rsa(self) -> Option<&'static ring_signature::RsaParameters> {
        match self {
            Self::Rs256 => Some(&ring_signature::RSA_PKCS1_2048_8192_SHA256),
            Self::Rs384 => Some(&ring_signature::RSA_PKCS1_2048_8192_SHA384),
            Self::Rs512 => Some(&ring_signature::RSA_PKCS1_2048_8192_SHA512),
            Self::Ps256 => Some(&ring_signature::RSA_PSS_2048_8192_SHA256),
            Self::Ps384 => Some(&ring_signature::RSA_PSS_2048_8192_SHA384),
            Self::Ps512 => Some(&ring_signature::RSA_PSS_2048_8192_SHA512),
            Self::Hs256 | Self::Hs384 | Self::Hs512 | Self::Es256 | Self::Es384 | Self::EdDsa => {
                None
            }
        }
    }

    /// Gives what verifies it, if it is on this curve.
    pub(super) fn on_curve(self, curve: Curve) -> Option<&'static dyn VerificationAlgorithm> {
        match (self, curve) {
            (Self::Es256, Curve::P256) => Some(&ring_signature::ECDSA_P256_SHA256_FIXED),
            (Self::Es384, Curve::P384) => Some(&ring_signature::ECDSA_P384_SHA384_FIXED),
            (Self::EdDsa, Curve::Ed25519) => Some(&ring_signature::ED25519),
            (_, Curve::P256 | Curve::P384 | Curve::Ed25519) => None,
        }
    }
}

/// A curve that keys lie on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Curve {
    P256,
    P384,
    Ed25519,
}

impl Curve {
    /// Gives the length of a coordinate in octets.
    pub(super) const fn coordinate(self) -> usize {
        match self {
            Self::P256 | Self::Ed25519 => 32,
            Self::P384 => 48,
        }
    }

    /// Gives the length of a public key in octets, as it is verified with.
    pub(super) const fn public_key(self) -> usize {
        match self {
            Self::P256 | Self::P384 => 1 + 2 * self.coordinate(),
            Self::Ed25519 => self.coordinate(),
        }
    }
}
