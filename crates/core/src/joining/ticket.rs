use std::collections::BTreeMap;

use crossbar_wire::auth::constant_time_eq;
use crossbar_wire::{Dict, Text};

use super::{Client, Proof, Step, principal};
use crate::{StoredTicket, TicketPrincipal};

/// The method's name on the wire (WAMP spec, "Ticket-based Authentication").
pub(super) const METHOD: &str = "ticket";

/// What a client is told that shows another ticket.
pub(super) const REFUSAL: &str = "ticket in static WAMP-Ticket authentication is invalid";

/// The ticket that a client has to show; none matches if it is not set.
#[derive(Debug)]
pub(super) struct Ticket(Option<StoredTicket>);

impl Ticket {
    /// Says whether it takes milliseconds to compare.
    pub(super) const fn is_hashed(&self) -> bool {
        matches!(self.0, Some(StoredTicket::Hash(_)))
    }

    /// Compares a ticket.
    pub(super) fn verify(&self, shown: &[u8]) -> bool {
        match &self.0 {
            // An empty one would be everybody's.
            Some(StoredTicket::Plain(ticket)) => {
                !ticket.expose().is_empty() && constant_time_eq(ticket.expose(), shown)
            }
            Some(StoredTicket::Hash(hash)) => shown.len() <= LONGEST && hash.is_of(shown),
            None => false,
        }
    }
}

impl Client {
    pub(super) fn ticket(self, principals: &BTreeMap<Text, TicketPrincipal>) -> Step {
        let Some(found) = self.find(principals) else {
            return self.no_principal();
        };
        let proof = Proof::Ticket(Ticket(found.ticket.clone()));
        let principal = principal(&found.authid, &found.role, METHOD);
        let proof = found.only_if_known(proof);
        self.challenge(Dict::new(), principal, proof)
    }
}

/// Octets: longer tickets are not hashed.
const LONGEST: usize = 4096;
