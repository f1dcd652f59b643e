//! `auth` of WebSocket and RawSocket.

use std::collections::BTreeMap;

use crossbar_core::{Access, MethodConfig, Salting, TicketPrincipal, WampCraPrincipal};
use crossbar_wire::Text;
use serde::Deserialize;
use serde_json::Value;

use crate::place::Place;
use crate::reading::Reading;
use crate::written::{Refusal, SecretText, Whole, Written};

/// Reads `auth`; an absent one lets everybody in as `anonymous`.
pub(crate) fn read(reading: &mut Reading, value: Option<Value>, at: &Place) -> Access {
    if value.is_none() {
        return Access::Open;
    }
    let methods = reading.entries(value, at);
    let read =
        |(name, value, place): (String, Value, Place)| read_method(reading, &name, value, &place);
    Access::Methods(methods.into_iter().filter_map(read).collect())
}

fn read_method(
    reading: &mut Reading,
    name: &str,
    value: Value,
    at: &Place,
) -> Option<MethodConfig> {
    if NOT_YET.contains(&name) {
        let what = format!("the authentication method {name:?}");
        reading.refuse(what, Refusal::NotYet, at);
        return None;
    }
    if !METHODS.contains(&name) {
        reading.unknown(name, "authentication method", &METHODS, at);
        return None;
    }
    let body = take_static(reading, value, at)?;
    match name {
        "anonymous" => read_anonymous(reading, body, at),
        "ticket" => read_ticket(reading, body, at),
        _ => read_wampcra(reading, body, at),
    }
}

/// Takes `type`, which must be `static`.
fn take_static(reading: &mut Reading, value: Value, at: &Place) -> Option<Value> {
    let (kind, body) = reading.take_type(value, at)?;
    let at = at.key("type");
    match kind.as_str() {
        "static" => Some(body),
        "dynamic" | "function" => {
            let what = format!("authentication of type {kind:?}");
            reading.refuse(what, Refusal::NotYet, &at);
            None
        }
        other => {
            reading.unknown(other, "authentication type", &["static"], &at);
            None
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AnonymousAsWritten {
    role: Option<String>,
    authid: Option<String>,
}

impl Written for AnonymousAsWritten {
    const IGNORED: &'static [(&'static str, &'static str)] =
        &[("realm", "clients name the realm they join")];
}

fn read_anonymous(reading: &mut Reading, body: Value, at: &Place) -> Option<MethodConfig> {
    let written: AnonymousAsWritten = reading.read(body, at)?;
    let role = written
        .role
        .map_or(Text::from_static("anonymous"), Text::from);
    reading.uses_role(&role, &at.key("role"));
    Some(MethodConfig::Anonymous {
        role,
        authid: written.authid.map(Text::from),
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TicketAsWritten {
    principals: Value,
}

impl Written for TicketAsWritten {
    const REQUIRED: &'static [&'static str] = &["principals"];
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TicketPrincipalAsWritten {
    ticket: SecretText,
    role: String,
}

impl Written for TicketPrincipalAsWritten {
    const REQUIRED: &'static [&'static str] = &["ticket", "role"];
}

fn read_ticket(reading: &mut Reading, body: Value, at: &Place) -> Option<MethodConfig> {
    let written: TicketAsWritten = reading.read(body, at)?;
    let mut principals = BTreeMap::new();
    for (authid, value, at) in reading.entries(Some(written.principals), &at.key("principals")) {
        let Some(written) = reading.read::<TicketPrincipalAsWritten>(value, &at) else {
            continue;
        };
        let role = Text::from(written.role);
        reading.uses_role(&role, &at.key("role"));
        let ticket = written.ticket.0;
        principals.insert(Text::from(authid), TicketPrincipal { ticket, role });
    }
    Some(MethodConfig::Ticket(principals))
}

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
struct WampCraUserAsWritten {
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

fn read_wampcra(reading: &mut Reading, body: Value, at: &Place) -> Option<MethodConfig> {
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

const METHODS: [&str; 3] = ["anonymous", "ticket", "wampcra"];
const NOT_YET: [&str; 6] = [
    "scram",
    "cryptosign",
    "tls",
    "cookie",
    "cryptosign-proxy",
    "anonymous-proxy",
];
