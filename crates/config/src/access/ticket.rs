//! `auth.ticket`

use std::collections::BTreeMap;

use crossbar_core::{MethodConfig, TicketPrincipal};
use crossbar_wire::Text;
use serde::Deserialize;
use serde_json::Value;

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
struct TicketPrincipalAsWritten {
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
        let ticket = written.ticket.0;
        principals.insert(Text::from(authid), TicketPrincipal { ticket, role });
    }
    Some(MethodConfig::Ticket(principals))
}
