//! `auth.wampcra`

use std::collections::BTreeMap;

use crossbar_core::{MethodConfig, Salting, WampCraPrincipal};
use crossbar_wire::Text;
use serde::Deserialize;
use serde_json::Value;

use crate::place::Place;
use crate::reading::Reading;
use crate::written::{SecretText, Whole, Written};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WampCraAsWritten {
    users: Value,
}

impl Written for WampCraAsWritten {
    const REQUIRED: &'static [&'static str] = &["users"];
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WampCraUserAsWritten {
    secret: SecretText,
    role: String,
    salt: Option<String>,
    /// At most ten million: a key is derived for every login.
    iterations: Option<Whole<1, 10_000_000>>,
    /// Octets.
    keylen: Option<Whole<1, 1024>>,
}

impl Written for WampCraUserAsWritten {
    const REQUIRED: &'static [&'static str] = &["secret", "role"];
}

pub(super) fn read(reading: &mut Reading, body: Value, at: &Place) -> Option<MethodConfig> {
    let written: WampCraAsWritten = reading.read(body, at)?;
    let mut users = BTreeMap::new();
    for (authid, value, at) in reading.entries(Some(written.users), &at.key("users")) {
        let Some(written) = reading.read::<WampCraUserAsWritten>(value, &at) else {
            continue;
        };
        let role = Text::from(written.role.as_str());
        reading.uses_role(&role, &at.key("role"));
        let secret = written.secret.0.clone();
        let user = WampCraPrincipal::new(secret, role, salting(reading, written, &at));
        users.insert(Text::from(authid), user);
    }
    Some(MethodConfig::WampCra(users))
}

/// compat: a secret is salted only if all three of its parameters are there.
fn salting(reading: &mut Reading, user: WampCraUserAsWritten, at: &Place) -> Option<Salting> {
    match (user.salt, user.iterations, user.keylen) {
        (Some(salt), Some(iterations), Some(keylen)) => Some(Salting {
            salt: Text::from(salt),
            iterations: iterations.get(),
            keylen: keylen.get(),
        }),
        (None, None, None) => None,
        _ => {
            let text = "the secret is not salted: that takes salt, iterations and keylen";
            reading.notice(at, text);
            None
        }
    }
}
