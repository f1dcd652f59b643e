//! Calls that wait because every callee is busy (Crossbar.io: `call-queue`).

use std::collections::BTreeSet;

use crossbar_wire::SessionId;

use super::Realm;
use super::invoking::Chosen;
use crate::calls::{Call, CallKey, Order, Queued, Stage};
use crate::refusal::Refusal;
use crate::{Outbox, uris};

impl Realm {
    /// Lets a call wait for a callee.
    pub(super) fn enqueue(&mut self, from: SessionId, order: &Order) -> Result<CallKey, Refusal> {
        let id = order.registration;
        let procedure = &order.call.procedure;
        if !self.dealer.may_wait(id, procedure.as_bytes())
            || !self.calls.has_room(from, order.octets())
        {
            let text = format!("every callee of procedure <{procedure}> is busy");
            return Err(Refusal::new(uris::MAX_CONCURRENCY_REACHED, text));
        }
        let ticket = self.dealer.next_ticket();
        let queued = Queued::new(order.compact(), ticket);
        let mut call = Call::new(from, order.call.request, Stage::Queued(Box::new(queued)));
        call.progressive = order.call.receive_progress == Some(true);
        call.validation.clone_from(&order.grant.validation);
        call.limit(self.limit(order.call.timeout), order.received);
        let key = self.calls.begin(call, &mut self.sessions);
        self.dealer.wait(id, ticket, key);
        Ok(key)
    }

    /// Gives the places that have become free to the calls that wait for them, and ends those that wait in vain.
    /// What that brings about is settled as well, however many sessions it goes through.
    pub(super) fn settle(&mut self, out: &mut Outbox) {
        if self.dealer.is_settled() && self.authorizing.is_settled() {
            return;
        }
        if std::mem::replace(&mut self.is_settling, true) {
            return; // the one that does goes on
        }
        while !self.dealer.is_settled() || !self.authorizing.is_settled() {
            self.serve_queues(out);
            self.take_answers(out);
        }
        self.is_settling = false;
    }

    #[cold]
    fn serve_queues(&mut self, out: &mut Outbox) {
        for (ticket, key) in self.dealer.take_orphans() {
            if self
                .order(key)
                .is_some_and(|(_, queued)| queued.ticket == ticket)
            {
                let text = "the last callee has left while the call was waiting for it";
                self.fail(key, Refusal::new(uris::CANCELED, text), out);
            }
        }
        while let Some(id) = self.dealer.next_freed() {
            while self.dealer.is_waited_for(id)
                && let Some(chosen) = self.dealer.choose(id, &BTreeSet::new(), &mut self.ids)
            {
                match self.dealer.pop_waiting(id) {
                    Some(key) => self.serve(key, chosen, out),
                    None => self.give_back(chosen.1),
                }
            }
        }
    }

    /// Gives a call that waits to a callee.
    fn serve(&mut self, key: CallKey, chosen: Chosen, out: &mut Outbox) {
        let Some((caller, queued)) = self.order(key) else {
            self.give_back(chosen.1);
            return;
        };
        let order = queued.order.clone();
        let received = order.received;
        match self.invoke(caller, order, chosen, out) {
            Ok((invoked, timeout)) => {
                let limit = (timeout, received);
                let before = self.calls.assign(key, invoked, limit, &mut self.sessions);
                if let Some(Stage::Queued(queued)) = before {
                    self.send_waiting(key, queued.into_chunks(), out);
                }
            }
            Err(refusal) => self.fail(key, refusal, out),
        }
    }

    /// Gives a call that waits, and who waits for it.
    fn order(&self, key: CallKey) -> Option<(SessionId, &Queued)> {
        let call = self.calls.get(key)?;
        match &call.stage {
            Stage::Queued(queued) => Some((call.caller, queued)),
            Stage::Invoked(_) => None,
        }
    }
}
