//! The calls that wait for a callee, each in the queue of its registration (Crossbar.io: `call-queue`).

use crossbar_wire::RegistrationId;

use super::Dealer;
use crate::CallQueueRule;
use crate::calls::CallKey;
use crate::index::PatternIndex;

/// How many calls may wait, by procedure, and what has become of those that do.
#[derive(Debug, Default)]
pub(super) struct Queues {
    limits: PatternIndex<usize>,
    last_ticket: u64,
    /// Registrations that calls wait for, and that a callee may be free of.
    freed: Vec<RegistrationId>,
    /// Calls that wait for a registration that is gone.
    orphans: Vec<(u64, CallKey)>,
}

impl Queues {
    fn new(rules: &[CallQueueRule]) -> Self {
        let mut limits = PatternIndex::default();
        for rule in rules {
            limits.insert(rule.uri.compact(), rule.policy, rule.limit);
        }
        Self {
            limits,
            ..Self::default()
        }
    }

    pub(super) fn free(&mut self, registration: RegistrationId) {
        self.freed.push(registration);
    }

    pub(super) fn abandon(&mut self, waiting: impl IntoIterator<Item = (u64, CallKey)>) {
        self.orphans.extend(waiting);
    }
}

impl Dealer {
    pub(crate) fn new(rules: &[CallQueueRule]) -> Self {
        Self {
            queues: Queues::new(rules),
            ..Self::default()
        }
    }

    /// Says whether calls wait for a callee of this registration.
    pub(crate) fn is_waited_for(&self, id: RegistrationId) -> bool {
        let registration = self.registrations.get(&id);
        registration.is_some_and(|registration| !registration.waiting.is_empty())
    }

    /// Says whether one more call of a procedure may wait for a callee of this registration.
    pub(crate) fn may_wait(&self, id: RegistrationId, procedure: &[u8]) -> bool {
        let limits = &self.queues.limits;
        let limit = limits
            .exact(procedure)
            .or_else(|| limits.best_pattern(procedure));
        let registration = self.registrations.get(&id);
        registration.is_some_and(|it| it.waiting.len() < limit.unwrap_or(0))
    }

    /// Draws the next ticket: who has the lowest is served first.
    pub(crate) const fn next_ticket(&mut self) -> u64 {
        self.queues.last_ticket += 1;
        self.queues.last_ticket
    }

    /// Puts a call at the end of the queue.
    pub(crate) fn wait(&mut self, id: RegistrationId, ticket: u64, call: CallKey) {
        if let Some(registration) = self.registrations.get_mut(&id) {
            registration.waiting.insert(ticket, call);
        }
    }

    /// Takes a call out of the queue.
    pub(crate) fn unqueue(&mut self, id: RegistrationId, ticket: u64) {
        if let Some(registration) = self.registrations.get_mut(&id) {
            registration.waiting.remove(&ticket);
        }
    }

    /// Takes the first call out of the queue.
    pub(crate) fn pop_waiting(&mut self, id: RegistrationId) -> Option<CallKey> {
        let (_, call) = self.registrations.get_mut(&id)?.waiting.pop_first()?;
        Some(call)
    }

    /// Says whether nothing has happened that queued calls have to be told of.
    pub(crate) const fn is_settled(&self) -> bool {
        self.queues.freed.is_empty() && self.queues.orphans.is_empty()
    }

    /// Gives a registration that calls wait for and that a callee may be free of.
    pub(crate) fn next_freed(&mut self) -> Option<RegistrationId> {
        self.queues.freed.pop()
    }

    /// Takes the calls, with their tickets, that wait for what is gone, oldest first.
    pub(crate) fn take_orphans(&mut self) -> Vec<(u64, CallKey)> {
        std::mem::take(&mut self.queues.orphans)
    }
}
