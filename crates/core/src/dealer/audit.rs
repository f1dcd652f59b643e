use crossbar_wire::RegistrationId;

use super::{Dealer, Registration};
use crate::calls::{Calls, Place, Stage};
use crate::session::Sessions;

impl Dealer {
    /// Names each registration that is not found, whose callees do not know of it, or whose places and queue are not those
    /// of the calls in flight.
    pub(crate) fn audit(&self, sessions: &Sessions, calls: &Calls, found: &mut Vec<String>) {
        for (&id, registration) in &self.registrations {
            if self.lookup(&registration.procedure) != Some(id) {
                found.push(format!("registration {id} is not found by its procedure"));
            }
            if registration.turn >= registration.endpoints.len() {
                found.push(format!("it is nobody's turn in registration {id}"));
            }
            registration.audit_callees(id, sessions, calls, found);
            registration.audit_queue(id, calls, found);
        }
        let (count, indexed) = (self.registrations.len(), self.by_procedure.len());
        if count != indexed {
            found.push(format!("{indexed} procedures for {count} registrations"));
        }
        if !self.is_settled() {
            found.push("calls wait for a callee that is free or gone".to_owned());
        }
    }

    /// Says whether a call waits for a callee of this registration.
    pub(crate) fn has_waiting(&self, id: RegistrationId, ticket: u64) -> bool {
        let registration = self.registrations.get(&id);
        registration.is_some_and(|it| it.waiting.contains_key(&ticket))
    }
}

impl Registration {
    fn audit_callees(
        &self,
        id: RegistrationId,
        sessions: &Sessions,
        calls: &Calls,
        found: &mut Vec<String>,
    ) {
        for endpoint in &self.endpoints {
            let callee = endpoint.callee;
            let session = sessions.get(callee);
            if !session.is_some_and(|session| session.registrations.contains(&id)) {
                found.push(format!("{callee} does not know of registration {id}"));
            }
            let place = Place {
                registration: id,
                endpoint: endpoint.key,
            };
            let taken = calls.iter().filter(|(_, call)| {
                let invoked = call.invoked();
                invoked.is_some_and(|invoked| invoked.place == Some(place))
            });
            let taken = taken.count();
            if usize::try_from(endpoint.active) != Ok(taken) {
                let active = endpoint.active;
                found.push(format!("{active} of {taken} places at {callee} of {id}"));
            }
        }
    }

    fn audit_queue(&self, id: RegistrationId, calls: &Calls, found: &mut Vec<String>) {
        for (&ticket, &key) in &self.waiting {
            let waits = calls.get(key).is_some_and(|call| match &call.stage {
                Stage::Queued(queued) => (queued.ticket, queued.order.registration) == (ticket, id),
                Stage::Invoked(_) => false,
            });
            if !waits {
                found.push(format!("the call {ticket} of {id} does not wait"));
            }
        }
    }
}
