//! Hashes of passwords, as other programs write them.

use std::fmt;

use argon2::password_hash::PasswordHashString;
use argon2::{Argon2, PasswordVerifier};

/// A password's hash: `$argon2id$…` (also `argon2i`, `argon2d`; the PHC string format) or bcrypt's `$2b$…` (also `$2a$`,
/// `$2x$`, `$2y$`). `Debug` does not show it.
#[derive(Clone)]
pub struct PasswordHash(Form);

#[derive(Clone)]
enum Form {
    Argon2(PasswordHashString),
    Bcrypt(String),
}

/// Why a text is no hash of a password.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum PasswordHashError {
    /// It is no PHC string of Argon2, or its parameters cannot be.
    #[error("malformed Argon2 hash")]
    Argon2,
    /// It is no bcrypt string, or its cost is not from 4 to 31.
    #[error("malformed bcrypt hash")]
    Bcrypt,
    /// Checking it would take more than 1 GiB, more than 1,000 passes or a bcrypt cost above 18.
    #[error("the hash costs too much to check")]
    Cost,
}

impl PasswordHash {
    /// Reads a hash; none if the text does not begin like one.
    ///
    /// # Errors
    /// It begins like one but is none.
    pub fn read(text: &str) -> Result<Option<Self>, PasswordHashError> {
        if text.starts_with("$argon2") {
            argon2_hash(text).map(Some)
        } else if ["$2a$", "$2b$", "$2x$", "$2y$"]
            .iter()
            .any(|prefix| text.starts_with(prefix))
        {
            bcrypt_hash(text).map(Some)
        } else {
            Ok(None)
        }
    }

    /// Says whether this is the hash of a password. Takes milliseconds, and memory as the hash says.
    #[must_use]
    pub fn is_of(&self, password: &[u8]) -> bool {
        match &self.0 {
            Form::Argon2(hash) => Argon2::default()
                .verify_password(password, &hash.password_hash())
                .is_ok(),
            Form::Bcrypt(hash) => bcrypt::verify(password, hash).unwrap_or(false),
        }
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

fn argon2_hash(text: &str) -> Result<PasswordHash, PasswordHashError> {
    let hash = PasswordHashString::new(text).map_err(|_| PasswordHashError::Argon2)?;
    let parsed = hash.password_hash();
    argon2::Algorithm::try_from(parsed.algorithm).map_err(|_| PasswordHashError::Argon2)?;
    if parsed.salt.is_none() || parsed.hash.is_none() {
        return Err(PasswordHashError::Argon2);
    }
    let parameters = argon2::Params::try_from(&parsed).map_err(|_| PasswordHashError::Argon2)?;
    if parameters.m_cost() > MOST_MEMORY || parameters.t_cost() > MOST_PASSES {
        return Err(PasswordHashError::Cost);
    }
    Ok(PasswordHash(Form::Argon2(hash)))
}

fn bcrypt_hash(text: &str) -> Result<PasswordHash, PasswordHashError> {
    let parts: bcrypt::HashParts = text.parse().map_err(|_| PasswordHashError::Bcrypt)?;
    let alphabet = |octet: u8| octet.is_ascii_alphanumeric() || matches!(octet, b'.' | b'/');
    if text.len() != 60 || !text.as_bytes()[7..].iter().all(|&octet| alphabet(octet)) {
        return Err(PasswordHashError::Bcrypt);
    }
    match parts.get_cost() {
        4..=18 => Ok(PasswordHash(Form::Bcrypt(text.to_owned()))),
        19..=31 => Err(PasswordHashError::Cost),
        _ => Err(PasswordHashError::Bcrypt),
    }
}

/// KiB
const MOST_MEMORY: u32 = 1 << 20;
const MOST_PASSES: u32 = 1000;

#[cfg(test)]
mod tests {
    use super::*;

    /// Made with argon2-cffi and with the bcrypt package of Python: the password is "sesame".
    const HASHES: [&str; 3] = [
        "$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHQxMjM0$Yqkgm3Pno2+ryfTz9+J9axICoEQFoVubKJiwtPRn87o",
        "$argon2i$v=19$m=64,t=1,p=1$c2FsdHNhbHQxMjM0$/C7jM7hasHXsn4h12LWvHgnYd0IQrAEPBc2AMoeoVvc",
        "$2b$04$sfibuNyo.G/64w0w.kJZLO/IoOTVTWIh68n7qBry.bxQOd/fm3joS",
    ];

    #[test]
    fn a02_hashes_are_of_one_password() {
        for text in HASHES {
            let hash = PasswordHash::read(text).unwrap().unwrap();
            assert!(hash.is_of(b"sesame"), "{text}");
            assert!(!hash.is_of(b"sesamE"), "{text}");
            assert!(!hash.is_of(b""), "{text}");
            assert_eq!(format!("{hash:?}"), "***");
        }
        assert!(PasswordHash::read("sesame").unwrap().is_none());
        assert!(PasswordHash::read("$3$x").unwrap().is_none());
    }

    #[test]
    fn a02_malformed_hashes_have_names() {
        let bcrypt = HASHES[2];
        for (text, error) in [
            ("$argon2id$", PasswordHashError::Argon2),
            (
                "$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ",
                PasswordHashError::Argon2,
            ),
            (
                "$argon2idx$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$c2FsdHNhbHQ",
                PasswordHashError::Argon2,
            ),
            (
                "$argon2id$v=19$m=4000000,t=1,p=1$c2FsdHNhbHQ$c2FsdHNhbHRzYWx0c2FsdA",
                PasswordHashError::Cost,
            ),
            (&bcrypt[..59], PasswordHashError::Bcrypt),
            (&bcrypt.replacen("$04$", "$31$", 1), PasswordHashError::Cost),
            (
                &bcrypt.replacen("$04$", "$99$", 1),
                PasswordHashError::Bcrypt,
            ),
        ] {
            assert_eq!(PasswordHash::read(text).err(), Some(error), "{text}");
        }
    }
}
