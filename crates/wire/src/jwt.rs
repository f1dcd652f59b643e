//! JSON Web Tokens in the compact form, signed (RFC 7515, RFC 7519, RFC 8037).
//!
//! What a token claims can be seen only once a key has borne it out: [`Token::verify`] is the one way to it. A key works for
//! algorithms of its own kind alone, so that a public key is never taken for a secret, and `none` is no algorithm at all.

mod algorithm;
mod claims;
mod jwk;
mod key;
mod pem;

pub use algorithm::*;
pub use key::*;

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::Value;

/// A signed token that was taken apart; nothing of it has been believed yet.
#[derive(Clone)]
pub struct Token {
    algorithm: Algorithm,
    kid: Option<String>,
    /// What the signature is over: header and claims in base64.
    signed: Vec<u8>,
    claims: Vec<u8>,
    signature: Vec<u8>,
}

/// Why a token is not believed.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum TokenError {
    /// It has more than [`MAX_TOKEN`] octets.
    #[error("the token is too long")]
    TooLong,
    /// It has not three parts in base64, or one of them is not the JSON object that it should be.
    #[error("the token is malformed")]
    Malformed,
    /// Two members of an object have one name.
    #[error("the token has a name twice")]
    Duplicate,
    /// Its header has `crit`: something that a receiver must understand.
    #[error("the token's header has an extension that is not understood")]
    Critical,
    /// Its algorithm is none that is known here, `none` for one.
    #[error("the token's algorithm is not known")]
    Algorithm,
    /// Its algorithm is not allowed.
    #[error("the token's algorithm is not allowed")]
    NotAllowed,
    /// No key is there for its algorithm and key id.
    #[error("no key for this token is known")]
    UnknownKey,
    /// The signature is wrong.
    #[error("the token's signature is wrong")]
    Signature,
}

/// The longest token in octets: more than identity providers make, less than what would be work.
pub const MAX_TOKEN: usize = 16 * 1024;

impl Token {
    /// Takes a token apart.
    ///
    /// # Errors
    /// It is none, or its header asks for what is not understood.
    pub fn parse(text: &[u8]) -> Result<Self, TokenError> {
        if text.len() > MAX_TOKEN {
            return Err(TokenError::TooLong);
        }
        let mut parts = text.rsplitn(2, |&octet| octet == b'.');
        let (signature, signed) = (parts.next(), parts.next());
        let (Some(signature), Some(signed)) = (signature, signed) else {
            return Err(TokenError::Malformed);
        };
        let mut parts = signed.split(|&octet| octet == b'.');
        let (Some(header), Some(claims), None) = (parts.next(), parts.next(), parts.next()) else {
            return Err(TokenError::Malformed);
        };
        let header = claims::read(&decode(header)?)?;
        if header.get("crit").is_some() {
            return Err(TokenError::Critical);
        }
        let algorithm = header.get("alg").and_then(Value::as_str);
        let algorithm = algorithm.and_then(Algorithm::from_name);
        let kid = match header.get("kid") {
            None => None,
            Some(kid) => Some(kid.as_str().ok_or(TokenError::Malformed)?.to_owned()),
        };
        Ok(Self {
            algorithm: algorithm.ok_or(TokenError::Algorithm)?,
            kid,
            signed: signed.to_vec(),
            claims: decode(claims)?,
            signature: decode(signature)?,
        })
    }

    /// Gives the id of the key that it says it is signed with, to look for that key.
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// Gives what the token claims, once a key has borne it out.
    ///
    /// # Errors
    /// Its algorithm is none of `allowed`, no key fits, the signature is wrong, or the claims are no JSON object.
    pub fn verify(&self, keys: &KeySet, allowed: &[Algorithm]) -> Result<Value, TokenError> {
        if !allowed.contains(&self.algorithm) {
            return Err(TokenError::NotAllowed);
        }
        let mut error = TokenError::UnknownKey;
        for key in keys.fitting(self.algorithm, self.kid()) {
            if key.verify(self.algorithm, &self.signed, &self.signature) {
                return claims::read(&self.claims);
            }
            error = TokenError::Signature;
        }
        Err(error)
    }
}

impl fmt::Debug for Token {
    /// Who has a token has what it is good for: it is not shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token")
            .field("algorithm", &self.algorithm)
            .field("kid", &self.kid)
            .finish_non_exhaustive()
    }
}

fn decode(text: &[u8]) -> Result<Vec<u8>, TokenError> {
    URL_SAFE_NO_PAD
        .decode(text)
        .map_err(|_| TokenError::Malformed)
}
