//! WAMP-SCRAM (WAMP spec, "Salted Challenge Response Authentication"; RFC 5802), and the older draft of it that Autobahn
//! and Crossbar.io speak by the name `scram`.

use std::fmt;

use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};

use super::{constant_time_eq, hmac_sha256, sha256, xor};

/// Which of the two is spoken.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Dialect {
    /// `wamp-scram`, as the specification has it.
    Specification,
    /// `scram`, as Autobahn has it: nothing is escaped or bound, and the base64 text of an Argon2 hash is the key.
    Autobahn,
}

/// How a password becomes a key.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kdf {
    /// Argon2id, version 1.3, one lane.
    Argon2id {
        /// Passes.
        iterations: u32,
        /// Memory in KiB.
        memory: u32,
    },
    /// PBKDF2 with HMAC-SHA256.
    Pbkdf2 {
        /// Iterations.
        iterations: u32,
    },
}

/// The salted password: what is kept by who proves to know the password. `Debug` does not show it.
#[derive(Clone)]
pub struct SaltedPassword(Vec<u8>);

/// What a router keeps of a password. It proves that others know it, and lets nobody pretend to.
#[derive(Clone)]
pub struct Keys {
    /// `StoredKey`
    pub stored: [u8; 32],
    /// `ServerKey`
    pub server: [u8; 32],
}

/// What both sides have said: the `AuthMessage` of RFC 5802.
#[derive(Clone, Debug)]
pub struct Exchange(String);

/// What an exchange is made of, as it stands in the messages.
#[derive(Clone, Copy, Debug)]
pub struct Said<'a> {
    /// The authid, normalized.
    pub authid: &'a str,
    /// The client's nonce.
    pub client_nonce: &'a str,
    /// The nonce of the CHALLENGE, which contains the client's.
    pub nonce: &'a str,
    /// The salt in base64.
    pub salt: &'a str,
    /// The iterations.
    pub iterations: u32,
    /// The type of the channel binding, and its data.
    pub binding: Option<(&'a str, &'a [u8])>,
}

/// Why a password cannot be salted.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum SaltingError {
    /// The password has characters that SASLprep prohibits.
    #[error("the password has characters that are not allowed")]
    Password,
    /// Argon2 does not take such parameters: memory below 8 KiB, no pass, a salt below 8 octets.
    #[error("these parameters of Argon2 cannot be")]
    Parameters,
}

impl Dialect {
    /// Gives the method's name on the wire.
    #[must_use]
    pub const fn method(self) -> &'static str {
        match self {
            Self::Specification => "wamp-scram",
            Self::Autobahn => "scram",
        }
    }

    /// Gives a key derivation's name on the wire.
    #[must_use]
    pub const fn kdf(self, kdf: Kdf) -> &'static str {
        match (self, kdf) {
            (Self::Specification, Kdf::Argon2id { .. }) => "argon2id13",
            (Self::Autobahn, Kdf::Argon2id { .. }) => "argon2id-13",
            (_, Kdf::Pbkdf2 { .. }) => "pbkdf2",
        }
    }

    /// Gives the key under which WELCOME's `authextra` has the server's signature.
    #[must_use]
    pub const fn verifier(self) -> &'static str {
        match self {
            Self::Specification => "verifier",
            Self::Autobahn => "scram_server_signature",
        }
    }

    /// Makes the nonce of a CHALLENGE; none if the client's is not in base64.
    #[must_use]
    pub fn nonce(self, client: &str, server: &[u8]) -> Option<String> {
        let octets = STANDARD.decode(client).ok()?;
        Some(match self {
            Self::Specification => format!("{client}{}", STANDARD.encode(server)),
            Self::Autobahn => STANDARD.encode([&octets, server].concat()),
        })
    }

    /// Says whether the nonce of a CHALLENGE goes on from the client's.
    #[must_use]
    pub fn continues(self, nonce: &str, client: &str) -> bool {
        match self {
            Self::Specification => nonce.len() > client.len() && nonce.starts_with(client),
            Self::Autobahn => match (STANDARD.decode(nonce), STANDARD.decode(client)) {
                (Ok(nonce), Ok(client)) => nonce.len() > client.len() && nonce.starts_with(&client),
                (Ok(_) | Err(_), _) => false,
            },
        }
    }
}

impl Kdf {
    /// Gives the iterations.
    #[must_use]
    pub const fn iterations(self) -> u32 {
        match self {
            Self::Argon2id { iterations, .. } | Self::Pbkdf2 { iterations } => iterations,
        }
    }

    /// Gives the memory in KiB, if it takes any.
    #[must_use]
    pub const fn memory(self) -> Option<u32> {
        match self {
            Self::Argon2id { memory, .. } => Some(memory),
            Self::Pbkdf2 { .. } => None,
        }
    }

    fn derive(self, password: &[u8], salt: &[u8]) -> Result<[u8; 32], SaltingError> {
        let mut key = [0; 32];
        match self {
            Self::Argon2id { iterations, memory } => {
                let parameters = Params::new(memory, iterations, 1, Some(key.len()))
                    .map_err(|_| SaltingError::Parameters)?;
                Argon2::new(Algorithm::Argon2id, Version::V0x13, parameters)
                    .hash_password_into(password, salt, &mut key)
                    .map_err(|_| SaltingError::Parameters)?;
            }
            Self::Pbkdf2 { iterations } => {
                pbkdf2::pbkdf2_hmac::<sha2::Sha256>(password, salt, iterations, &mut key);
            }
        }
        Ok(key)
    }
}

impl SaltedPassword {
    /// Salts a password; takes as long as the parameters say.
    ///
    /// # Errors
    /// Password or parameters cannot be.
    pub fn new(
        dialect: Dialect,
        kdf: Kdf,
        password: &str,
        salt: &[u8],
    ) -> Result<Self, SaltingError> {
        let normalized;
        let password = match dialect {
            Dialect::Specification => {
                normalized = normalize(password).ok_or(SaltingError::Password)?;
                normalized.as_bytes()
            }
            Dialect::Autobahn => password.as_bytes(),
        };
        let key = kdf.derive(password, salt)?;
        Ok(Self(match (dialect, kdf) {
            (Dialect::Autobahn, Kdf::Argon2id { .. }) => STANDARD_NO_PAD.encode(key).into_bytes(),
            (Dialect::Specification, _) | (Dialect::Autobahn, Kdf::Pbkdf2 { .. }) => key.to_vec(),
        }))
    }

    /// Gives what a router keeps.
    #[must_use]
    pub fn keys(&self) -> Keys {
        Keys {
            stored: sha256(&self.client_key()),
            server: hmac_sha256(&self.0, b"Server Key"),
        }
    }

    fn client_key(&self) -> [u8; 32] {
        hmac_sha256(&self.0, b"Client Key")
    }
}

impl Exchange {
    /// Puts together what was said.
    #[must_use]
    pub fn new(dialect: Dialect, said: &Said<'_>) -> Self {
        let (authid, channel) = match dialect {
            Dialect::Specification => (escape(said.authid), header(said.binding)),
            Dialect::Autobahn => (said.authid.to_owned(), String::new()),
        };
        let Said {
            client_nonce,
            nonce,
            salt,
            iterations,
            ..
        } = said;
        Self(format!(
            "n={authid},r={client_nonce},r={nonce},s={salt},i={iterations},c={channel},r={nonce}"
        ))
    }

    /// Makes the client's proof, in base64.
    #[must_use]
    pub fn proof(&self, password: &SaltedPassword) -> String {
        let key = password.client_key();
        let signature = hmac_sha256(&sha256(&key), self.0.as_bytes());
        STANDARD.encode(xor(&key, &signature))
    }

    /// Checks the client's proof.
    #[must_use]
    pub fn is_proof(&self, keys: &Keys, proof: &str) -> bool {
        let Some(proof) = STANDARD.decode(proof).ok().and_then(|p| p.try_into().ok()) else {
            return false;
        };
        let signature = hmac_sha256(&keys.stored, self.0.as_bytes());
        constant_time_eq(&sha256(&xor(&signature, &proof)), &keys.stored)
    }

    /// Makes the server's signature, in base64.
    #[must_use]
    pub fn signature(&self, keys: &Keys) -> String {
        STANDARD.encode(hmac_sha256(&keys.server, self.0.as_bytes()))
    }

    /// Checks the server's signature, with or without the `v=` that the specification's example has.
    #[must_use]
    pub fn is_signature(&self, keys: &Keys, signature: &str) -> bool {
        let signature = signature.strip_prefix("v=").unwrap_or(signature);
        constant_time_eq(signature.as_bytes(), self.signature(keys).as_bytes())
    }
}

impl fmt::Debug for SaltedPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// Normalizes an authid or a password (SASLprep, RFC 4013); none if it has characters that are not allowed.
#[must_use]
pub fn normalize(text: &str) -> Option<String> {
    stringprep::saslprep(text).ok().map(Into::into)
}

/// Gives octets in base64.
#[must_use]
pub fn base64(octets: &[u8]) -> String {
    STANDARD.encode(octets)
}

/// Reads base64 in canonical form.
#[must_use]
pub fn from_base64(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

/// The GS2 header with the data of the channel, in base64.
fn header(binding: Option<(&str, &[u8])>) -> String {
    match binding {
        None => STANDARD.encode("n,,"),
        Some((kind, data)) => STANDARD.encode([format!("p={kind},,").as_bytes(), data].concat()),
    }
}

fn escape(name: &str) -> String {
    name.replace('=', "=3D").replace(',', "=2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of RFC 7677.
    #[test]
    fn a04_the_vector_of_scram_sha_256() {
        let salt = "W22ZaJ0SNY7soEsUEjb6gQ==";
        let exchange = Exchange::new(
            Dialect::Specification,
            &Said {
                authid: "user",
                client_nonce: "rOprNGfwEbeRWgbNEkqO",
                nonce: "rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0",
                salt,
                iterations: 4096,
                binding: None,
            },
        );
        let kdf = Kdf::Pbkdf2 { iterations: 4096 };
        let salt = from_base64(salt).unwrap();
        let password = SaltedPassword::new(Dialect::Specification, kdf, "pencil", &salt).unwrap();
        let proof = exchange.proof(&password);
        assert_eq!(proof, "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=");
        let keys = password.keys();
        let signature = exchange.signature(&keys);
        assert_eq!(signature, "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
        assert!(exchange.is_proof(&keys, &proof));
        assert!(exchange.is_signature(&keys, &signature));
        assert!(exchange.is_signature(&keys, &format!("v={signature}")));
        let other = exchange
            .proof(&SaltedPassword::new(Dialect::Specification, kdf, "pencils", &salt).unwrap());
        for wrong in [
            &other,
            "",
            "AAAA",
            &proof[1..],
            &signature,
            &format!("{proof}AAAA"),
        ] {
            assert!(!exchange.is_proof(&keys, wrong), "{wrong}");
        }
        assert!(!exchange.is_signature(&keys, &proof));
    }

    /// Computed with Autobahn's `AuthScram`.
    #[test]
    fn a04_the_older_dialect_as_autobahn_has_it() {
        let client: Vec<u8> = (0..16).collect();
        let server: Vec<u8> = (16..32).collect();
        let client = base64(&client);
        let nonce = Dialect::Autobahn.nonce(&client, &server).unwrap();
        assert_eq!(nonce, "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=");
        assert!(Dialect::Autobahn.continues(&nonce, &client));
        let exchange = Exchange::new(
            Dialect::Autobahn,
            &Said {
                authid: "joe",
                client_nonce: &client,
                nonce: &nonce,
                salt: "c2FsdHNhbHQxMjM0NTY3OA==",
                iterations: 2,
                binding: None,
            },
        );
        let kdf = Kdf::Argon2id {
            iterations: 2,
            memory: 64,
        };
        let salt = b"saltsalt12345678";
        let password = SaltedPassword::new(Dialect::Autobahn, kdf, "p4ssw0rd", salt).unwrap();
        let keys = password.keys();
        assert_eq!(
            crate::auth::hex(&keys.stored),
            "b6697ceead4cfee82af6a5a90cef45c5c0937b8fcc970bb8b8d7eced1449827e"
        );
        assert_eq!(
            crate::auth::hex(&keys.server),
            "02b8f3ca7e0325dc5bfde0137d94c00fe5fc37e7c2dd2c57341605a4c439f01a"
        );
        let proof = exchange.proof(&password);
        assert_eq!(proof, "/VhTZcNA7JEh3tUuE4Nmf39NGGAc/rzw4SlaLyb8MW0=");
        assert!(exchange.is_proof(&keys, &proof));
        let signature = "AvqbKOYf/wyO490XbL7kD4suOtBxjftG44Nq98c3oXc=";
        assert_eq!(exchange.signature(&keys), signature);
        // The raw hash, computed with argon2-cffi, is what the specification's dialect takes as the key.
        let raw = "9132db37562f2e37969758b53ab7f9ae4b26a985d2d4bfc58ecb0808957a7bbe";
        assert_eq!(
            crate::auth::hex(&kdf.derive(b"p4ssw0rd", salt).unwrap()),
            raw
        );
        assert_eq!(format!("{password:?} {keys:?}"), "*** ***");
    }

    #[test]
    fn a04_a06_what_is_bound_and_escaped() {
        let said = Said {
            authid: "a=b,c",
            client_nonce: "x",
            nonce: "xy",
            salt: "z",
            iterations: 1,
            binding: None,
        };
        let Exchange(plain) = Exchange::new(Dialect::Specification, &said);
        assert_eq!(plain, "n=a=3Db=2Cc,r=x,r=xy,s=z,i=1,c=biws,r=xy");
        let bound = Said {
            binding: Some(("tls-exporter", &[1, 2])),
            ..said
        };
        let Exchange(bound) = Exchange::new(Dialect::Specification, &bound);
        let header = base64(b"p=tls-exporter,,\x01\x02");
        assert!(bound.contains(&format!(",c={header},")), "{bound}");
    }

    #[test]
    fn a04_passwords_and_nonces_are_normal() {
        assert_eq!(normalize("I\u{ad}X").as_deref(), Some("IX"));
        assert_eq!(normalize("\u{2168}").as_deref(), Some("IX"));
        assert_eq!(normalize("\u{7}"), None);
        let dialect = Dialect::Specification;
        assert_eq!(
            dialect.nonce("egVDf3DMJh0=", &[0; 3]).as_deref(),
            Some("egVDf3DMJh0=AAAA")
        );
        assert_eq!(dialect.nonce("no base64", &[0; 3]), None);
        assert!(!dialect.continues("egVDf3DMJh0=", "egVDf3DMJh0="));
        assert!(!dialect.continues("AAAAegVDf3DMJh0=", "egVDf3DMJh0="));
        assert!(!Dialect::Autobahn.continues("AAAA", "egVDf3DMJh0="));
        let kdf = Kdf::Argon2id {
            iterations: 1,
            memory: 1,
        };
        let failed = SaltedPassword::new(dialect, kdf, "x", b"saltsalt").err();
        assert_eq!(failed, Some(SaltingError::Parameters));
    }
}
