use crossbar_wire::Text;
use crossbar_wire::auth::scram::{Dialect, Kdf, Keys};

/// A principal that proves to know a password.
#[derive(Clone, Debug)]
pub struct ScramPrincipal {
    /// How its password became a key.
    pub kdf: Kdf,
    /// The one dialect that derives such keys; none if both do, as with PBKDF2.
    pub dialect: Option<Dialect>,
    /// The salt.
    pub salt: Vec<u8>,
    /// What is kept of the password.
    pub keys: Keys,
    /// The role it gets.
    pub role: Text,
}

impl ScramPrincipal {
    /// Says whether clients of a dialect derive the principal's keys.
    #[must_use]
    pub fn serves(&self, dialect: Dialect) -> bool {
        self.dialect.is_none_or(|only| only == dialect)
    }
}
