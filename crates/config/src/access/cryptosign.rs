//! `auth.cryptosign`

use std::collections::BTreeMap;

use crossbar_core::{CryptosignPrincipal, MethodConfig};
use crossbar_wire::Text;
use crossbar_wire::auth::cryptosign::PublicKey;
use serde::Deserialize;
use serde_json::Value;

use crate::place::Place;
use crate::reading::Reading;
use crate::written::{Refusal, Written};
use crate::{Problem, names};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CryptosignAsWritten {
    principals: Value,
}

impl Written for CryptosignAsWritten {
    const REQUIRED: &'static [&'static str] = &["principals"];
    const REFUSED: &'static [(&'static str, Refusal)] = &[("trustroots", TRUSTROOTS)];
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CryptosignPrincipalAsWritten {
    /// Ed25519 public keys, each of 64 hexadecimal digits; any will do.
    authorized_keys: Value,
    /// Needed, but for proxies, whose clients bring their own.
    role: Option<String>,
    /// The realm the principal gets into, whatever it asks for.
    realm: Option<String>,
}

impl Written for CryptosignPrincipalAsWritten {
    const REQUIRED: &'static [&'static str] = &["authorized_keys"];
}

pub(super) fn read(reading: &mut Reading, body: Value, at: &Place) -> Option<MethodConfig> {
    let principals = principals(reading, body, at, RoleKey::Needed)?;
    Some(MethodConfig::Cryptosign(principals))
}

/// Whether principals have a role.
#[derive(Clone, Copy)]
pub(super) enum RoleKey {
    /// They must have one.
    Needed,
    /// It means nothing.
    Idle,
}

/// Reads the principals; those of a proxy are of the same form.
pub(super) fn principals(
    reading: &mut Reading,
    body: Value,
    at: &Place,
    role: RoleKey,
) -> Option<BTreeMap<Text, CryptosignPrincipal>> {
    let written: CryptosignAsWritten = reading.read(body, at)?;
    let mut principals = BTreeMap::new();
    for (authid, value, at) in reading.entries(Some(written.principals), &at.key("principals")) {
        let Some(written) = reading.read::<CryptosignPrincipalAsWritten>(value, &at) else {
            continue;
        };
        let principal = CryptosignPrincipal {
            role: role.read(reading, written.role, &at),
            realm: realm(reading, written.realm, &at.key("realm")),
            authorized_keys: keys(reading, written.authorized_keys, &at.key("authorized_keys")),
        };
        principals.insert(Text::from(authid), principal);
    }
    Some(principals)
}

impl RoleKey {
    fn read(self, reading: &mut Reading, role: Option<String>, at: &Place) -> Text {
        match (self, role) {
            (Self::Needed, Some(role)) => {
                let role = Text::from(role);
                reading.uses_role(&role, &at.key("role"));
                role
            }
            (Self::Needed, None) => {
                reading.fault(at, Problem::MissingKey("role"), None);
                Text::default()
            }
            (Self::Idle, _) => Text::default(),
        }
    }
}

fn realm(reading: &mut Reading, realm: Option<String>, at: &Place) -> Option<Text> {
    let realm = realm?;
    if !names::is_realm_name(&realm) {
        reading.fault(at, Problem::Rule("not a realm name"), None);
    }
    Some(Text::from(realm))
}

fn keys(reading: &mut Reading, value: Value, at: &Place) -> Vec<PublicKey> {
    let mut keys = Vec::new();
    for (value, at) in reading.items(Some(value), at) {
        match value.as_str().and_then(PublicKey::read) {
            Some(key) => keys.push(key),
            None => {
                let problem = Problem::Rule("not an Ed25519 public key of 64 hexadecimal digits");
                reading.fault(&at, problem, None);
            }
        }
    }
    keys
}

const TRUSTROOTS: Refusal =
    Refusal::Never("chains of certificates that end in a blockchain are not checked here");
