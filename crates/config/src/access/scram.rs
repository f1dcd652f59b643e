//! `auth.scram`

use std::collections::BTreeMap;

use crossbar_core::{MethodConfig, ScramPrincipal};
use crossbar_wire::Text;
use crossbar_wire::auth::scram::{Dialect, Kdf, Keys};
use crossbar_wire::auth::{from_hex, from_hex_exactly};
use serde::Deserialize;
use serde_json::Value;

use crate::Problem;
use crate::place::Place;
use crate::reading::Reading;
use crate::written::{SecretText, Whole, Written};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ScramAsWritten {
    principals: Value,
}

impl Written for ScramAsWritten {
    const REQUIRED: &'static [&'static str] = &["principals"];
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct ScramPrincipalAsWritten {
    /// `argon2id-13`: keys as Autobahn derives them; `argon2id13`: as the specification does; `pbkdf2`: both alike.
    kdf: String,
    iterations: Whole<1, 10_000_000>,
    /// KiB; needed with Argon2, and without effect otherwise.
    memory: Option<Whole<8, { 1 << 20 }>>,
    /// Hexadecimal, at least 8 octets.
    salt: String,
    /// Hexadecimal, 32 octets.
    stored_key: SecretText,
    /// Hexadecimal, 32 octets.
    server_key: SecretText,
    role: String,
}

impl Written for ScramPrincipalAsWritten {
    const REQUIRED: &'static [&'static str] = &[
        "kdf",
        "iterations",
        "salt",
        "stored-key",
        "server-key",
        "role",
    ];
}

pub(super) fn read(reading: &mut Reading, body: Value, at: &Place) -> Option<MethodConfig> {
    let written: ScramAsWritten = reading.read(body, at)?;
    let mut principals = BTreeMap::new();
    for (authid, value, at) in reading.entries(Some(written.principals), &at.key("principals")) {
        let Some(written) = reading.read::<ScramPrincipalAsWritten>(value, &at) else {
            continue;
        };
        if let Some(principal) = principal(reading, &written, &at) {
            principals.insert(Text::from(authid), principal);
        }
    }
    Some(MethodConfig::Scram(principals))
}

fn principal(
    reading: &mut Reading,
    written: &ScramPrincipalAsWritten,
    at: &Place,
) -> Option<ScramPrincipal> {
    let role = Text::from(written.role.as_str());
    reading.uses_role(&role, &at.key("role"));
    let kdf = kdf(reading, written, at);
    let salt = from_hex(&written.salt).filter(|salt| (8..=1024).contains(&salt.len()));
    if salt.is_none() {
        let problem = Problem::Rule("a salt has 8 to 1024 octets in hexadecimal");
        reading.fault(&at.key("salt"), problem, None);
    }
    let stored = key(reading, &written.stored_key, &at.key("stored-key"));
    let server = key(reading, &written.server_key, &at.key("server-key"));
    let (kdf, dialect) = kdf?;
    Some(ScramPrincipal {
        kdf,
        dialect,
        salt: salt?,
        keys: Keys {
            stored: stored?,
            server: server?,
        },
        role,
    })
}

/// Tells how the keys were derived, and which dialect derives such keys.
fn kdf(
    reading: &mut Reading,
    written: &ScramPrincipalAsWritten,
    at: &Place,
) -> Option<(Kdf, Option<Dialect>)> {
    let iterations = written.iterations.get();
    let meanings = [
        ("argon2id-13", Some(Dialect::Autobahn)),
        ("argon2id13", Some(Dialect::Specification)),
        ("pbkdf2", None),
    ];
    let place = at.key("kdf");
    let dialect = reading.one_of(&written.kdf, "key derivation", &meanings, &place)?;
    if dialect.is_none() {
        return Some((Kdf::Pbkdf2 { iterations }, None));
    }
    let Some(memory) = written.memory else {
        reading.fault(at, Problem::MissingKey("memory"), None);
        return None;
    };
    let memory = memory.get();
    Some((Kdf::Argon2id { iterations, memory }, dialect))
}

/// Reads a key; one that is not set is no fault of the file's, but has nobody come in.
fn key(reading: &mut Reading, digits: &SecretText, at: &Place) -> Option<[u8; 32]> {
    let digits = digits.0.as_ref()?;
    let digits = std::str::from_utf8(digits.expose()).unwrap_or_default();
    let key = from_hex_exactly(digits);
    if key.is_none() {
        let problem = Problem::Rule("a key has 64 hexadecimal digits");
        reading.fault(at, problem, None);
    }
    key
}
