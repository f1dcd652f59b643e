use std::collections::BTreeMap;

use crossbar_wire::auth::constant_time_eq;
use crossbar_wire::{Dict, Text};

use super::{Client, Proof, Step, principal};
use crate::{Secret, TicketPrincipal};

/// The method's name on the wire (WAMP spec, "Ticket-based Authentication").
pub(super) const METHOD: &str = "ticket";

/// The ticket that a client has to show; none matches if it is not set.
#[derive(Debug)]
pub(super) struct Ticket(Option<Secret>);

impl Ticket {
    /// Compares a ticket.
    ///
    /// # Errors
    /// Says what the client is told if it is another one.
    pub(super) fn verify(&self, shown: &[u8]) -> Result<(), &'static str> {
        match &self.0 {
            Some(ticket) if constant_time_eq(ticket.expose(), shown) => Ok(()),
            Some(_) | None => Err("ticket in static WAMP-Ticket authentication is invalid"),
        }
    }
}

impl Client {
    pub(super) fn ticket(self, principals: &BTreeMap<Text, TicketPrincipal>) -> Step {
        let found = self
            .authid()
            .and_then(|authid| principals.get_key_value(authid));
        let Some((authid, found)) = found else {
            return self.no_principal();
        };
        let proof = Proof::Ticket(Ticket(found.ticket.clone()));
        self.challenge(Dict::new(), principal(authid, &found.role, METHOD), proof)
    }
}
