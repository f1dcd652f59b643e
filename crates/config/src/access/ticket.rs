//! `auth.ticket`

use std::collections::BTreeMap;

use crossbar_core::{MethodConfig, Secret, StoredTicket, TicketPrincipal};
use crossbar_wire::Text;
use crossbar_wire::auth::password::{PasswordHash, PasswordHashError};
use serde::Deserialize;
use serde_json::Value;

use crate::Problem;
use crate::place::Place;
use crate::reading::Reading;
use crate::written::{SecretText, Written};

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
pub(super) struct TicketPrincipalAsWritten {
    ticket: SecretText,
    role: String,
}

impl Written for TicketPrincipalAsWritten {
    const REQUIRED: &'static [&'static str] = &["ticket", "role"];
}

pub(super) fn read(reading: &mut Reading, body: Value, at: &Place) -> Option<MethodConfig> {
    let written: TicketAsWritten = reading.read(body, at)?;
    let mut principals = BTreeMap::new();
    for (authid, value, at) in reading.entries(Some(written.principals), &at.key("principals")) {
        let Some(written) = reading.read::<TicketPrincipalAsWritten>(value, &at) else {
            continue;
        };
        let role = Text::from(written.role);
        reading.uses_role(&role, &at.key("role"));
        let ticket = stored(reading, written.ticket.0, &at.key("ticket"));
        principals.insert(Text::from(authid), TicketPrincipal { ticket, role });
    }
    Some(MethodConfig::Ticket(principals))
}

/// Takes the ticket, or a hash of it: what begins like one is one.
fn stored(reading: &mut Reading, ticket: Option<Secret>, at: &Place) -> Option<StoredTicket> {
    let ticket = ticket?;
    let text = std::str::from_utf8(ticket.expose()).unwrap_or_default();
    let problem = match PasswordHash::read(text) {
        Ok(Some(hash)) => return Some(StoredTicket::Hash(hash)),
        Ok(None) => return Some(StoredTicket::Plain(ticket)),
        Err(PasswordHashError::Argon2) => {
            Problem::Rule("malformed Argon2 hash: expected $argon2id$v=19$m=..,t=..,p=..$salt$hash")
        }
        Err(PasswordHashError::Bcrypt) => {
            Problem::Rule("malformed bcrypt hash: expected $2b$, the cost, and 53 characters")
        }
        Err(PasswordHashError::Cost) => Problem::Rule(
            "the hash costs too much: at most 1 GiB and 1000 passes of Argon2, or a bcrypt cost of 18",
        ),
    };
    reading.fault(at, problem, None);
    None
}
