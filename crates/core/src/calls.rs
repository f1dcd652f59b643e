mod audit;
mod flight;

use std::collections::{BTreeSet, HashMap};
use std::time::{Duration, Instant};

use crossbar_wire::{RequestId, SessionId};
use foldhash::fast::RandomState;

pub(crate) use self::flight::{
    Call, Chunk, Invoked, Kept, Order, Place, Queued, Rerouting, Stage, Stream,
};
use crate::session::Sessions;

/// Names a call in flight. A key is dropped from every table when its call ends.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct CallKey(usize);

/// The calls in flight, and when they time out.
#[derive(Debug, Default)]
pub(crate) struct Calls {
    slots: Vec<Option<Call>>,
    free: Vec<usize>,
    deadlines: BTreeSet<(Instant, CallKey)>,
    /// The octets that queued, progressive and re-routable calls keep.
    kept: usize,
    /// The same by caller, of those that keep any.
    kept_by: HashMap<SessionId, usize, RandomState>,
}

impl Calls {
    /// Adds a call, and enters it with its caller and its callee.
    pub(crate) fn begin(&mut self, mut call: Call, sessions: &mut Sessions) -> CallKey {
        let slot = self.free.pop().unwrap_or(self.slots.len());
        let key = CallKey(slot);
        if let Stage::Invoked(invoked) = &call.stage
            && let Some(callee) = sessions.get_mut(invoked.callee)
        {
            callee.invocations.insert(invoked.invocation, key);
        }
        if let Some(caller) = sessions.get_mut(call.caller) {
            call.older = caller.calls.insert(call.request, key);
            caller.open_calls += 1;
        }
        self.keep(call.caller, 0, call.octets());
        self.deadlines
            .extend(call.deadline.map(|deadline| (deadline, key)));
        match self.slots.get_mut(slot) {
            Some(place) => *place = Some(call),
            None => self.slots.push(Some(call)),
        }
        key
    }

    /// Gives a call to a callee, or to another one, which has until `timeout` after `start` to answer. Gives what the call
    /// was before.
    pub(crate) fn assign(
        &mut self,
        key: CallKey,
        invoked: Invoked,
        (timeout, start): (Option<Duration>, Instant),
        sessions: &mut Sessions,
    ) -> Option<Stage> {
        let (callee, invocation) = (invoked.callee, invoked.invocation);
        let before = self.change(key, |call| {
            call.limit(timeout, start);
            std::mem::replace(&mut call.stage, Stage::Invoked(invoked))
        })?;
        detach_from_callee(&before, sessions);
        if let Some(callee) = sessions.get_mut(callee) {
            callee.invocations.insert(invocation, key);
        }
        Some(before)
    }

    /// Takes a call out of every table.
    pub(crate) fn end(&mut self, key: CallKey, sessions: &mut Sessions) -> Option<Call> {
        let call = self.slots.get_mut(key.0)?.take()?;
        self.free.push(key.0);
        self.keep(call.caller, call.octets(), 0);
        if let Some(deadline) = call.deadline {
            self.deadlines.remove(&(deadline, key));
        }
        detach_from_callee(&call.stage, sessions);
        self.detach_from_caller(key, &call, sessions);
        self.shrink();
        Some(call)
    }

    pub(crate) fn get(&self, key: CallKey) -> Option<&Call> {
        self.slots.get(key.0)?.as_ref()
    }

    /// Says whether more calls of one caller share the request id of this, its newest one, than may.
    pub(crate) fn is_crowded(&self, newest: CallKey) -> bool {
        let older = |&key: &CallKey| self.get(key)?.older();
        let chain = std::iter::successors(older(&newest), older);
        chain.take(MAX_SHARED).count() == MAX_SHARED
    }

    /// Changes a call, and what is counted of all.
    pub(crate) fn change<T>(
        &mut self,
        key: CallKey,
        change: impl FnOnce(&mut Call) -> T,
    ) -> Option<T> {
        let call = self.slots.get_mut(key.0)?.as_mut()?;
        let (octets, deadline) = (call.octets(), call.deadline);
        let given = change(call);
        let (caller, after) = (call.caller, call.octets());
        if call.deadline != deadline {
            if let Some(deadline) = deadline {
                self.deadlines.remove(&(deadline, key));
            }
            self.deadlines
                .extend(call.deadline.map(|deadline| (deadline, key)));
        }
        self.keep(caller, octets, after);
        Some(given)
    }

    /// Notes a progressive result: the time limit starts again, and no other callee gets the call.
    pub(crate) fn progressed(&mut self, key: CallKey, now: Instant) {
        self.change(key, |call| {
            call.restart(now);
            call.answered = true;
            if let Stage::Invoked(Invoked { kept, .. }) = &mut call.stage {
                kept.take_if(|kept| matches!(**kept, Kept::Rerouting(_)));
            }
        });
    }

    /// Takes what it takes to give a call to another callee.
    pub(crate) fn take_rerouting(&mut self, key: CallKey) -> Option<Rerouting> {
        let kept = self.change(key, |call| match &mut call.stage {
            Stage::Invoked(Invoked { kept, .. }) => {
                kept.take_if(|kept| matches!(**kept, Kept::Rerouting(_)))
            }
            Stage::Queued(_) => None,
        });
        match *kept.flatten()? {
            Kept::Rerouting(rerouting) => Some(rerouting),
            Kept::Stream(_) => None,
        }
    }

    /// Says whether that many octets more may be kept for a caller: for one that keeps some already, no more than its share.
    pub(crate) fn has_room(&self, caller: SessionId, octets: usize) -> bool {
        let of_caller = self.kept_by.get(&caller);
        self.kept.saturating_add(octets) <= MAX_KEPT
            && of_caller.is_none_or(|kept| kept.saturating_add(octets) <= SHARE)
    }

    /// Gives the time of the first limit.
    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        self.deadlines.first().map(|&(deadline, _)| deadline)
    }

    /// Gives the first call whose limit is over.
    pub(crate) fn overdue(&self, now: Instant) -> Option<CallKey> {
        let &(deadline, key) = self.deadlines.first()?;
        (deadline <= now).then_some(key)
    }

    pub(crate) fn len(&self) -> usize {
        let count = self.slots.len() - self.free.len();
        debug_assert!(count > 0 || self.kept == 0);
        count
    }

    pub(crate) fn deadlines(&self) -> usize {
        self.deadlines.len()
    }

    /// Counts what a call keeps after a change in place of what it kept before.
    fn keep(&mut self, caller: SessionId, before: usize, after: usize) {
        if before == after {
            return;
        }
        self.kept = self.kept - before + after;
        let of_caller = self.kept_by.entry(caller).or_default();
        *of_caller = *of_caller - before + after;
        if *of_caller == 0 {
            self.kept_by.remove(&caller);
        }
    }

    fn detach_from_caller(&mut self, key: CallKey, call: &Call, sessions: &mut Sessions) {
        let Some(caller) = sessions.get_mut(call.caller) else {
            return;
        };
        caller.open_calls -= 1;
        match caller.calls.get(&call.request).copied() {
            None => {}
            Some(newest) if newest == key => match call.older {
                Some(older) => {
                    caller.calls.insert(call.request, older);
                }
                None => {
                    caller.calls.remove(&call.request);
                    give_back(&mut caller.calls);
                }
            },
            Some(newest) => self.unlink(newest, key, call.older),
        }
    }

    /// Takes a call out of the chain of those with its request id.
    fn unlink(&mut self, newest: CallKey, key: CallKey, older: Option<CallKey>) {
        let mut at = Some(newest);
        while let Some(Some(call)) = at.and_then(|at| self.slots.get_mut(at.0)) {
            if call.older == Some(key) {
                call.older = older;
                return;
            }
            at = call.older;
        }
    }

    /// Gives memory back after a burst.
    fn shrink(&mut self) {
        if self.slots.len() > IDLE_SLOTS && self.free.len() == self.slots.len() {
            *self = Self::default();
        }
    }
}

fn detach_from_callee(stage: &Stage, sessions: &mut Sessions) {
    if let Stage::Invoked(invoked) = stage
        && let Some(callee) = sessions.get_mut(invoked.callee)
    {
        callee.invocations.remove(&invoked.invocation);
        give_back(&mut callee.invocations);
    }
}

/// Gives a session's memory back after a burst of calls.
fn give_back(table: &mut HashMap<RequestId, CallKey, RandomState>) {
    if table.is_empty() && table.capacity() > IDLE_SLOTS {
        table.shrink_to_fit();
    }
}

/// How many calls in flight of one caller may share a request id: they are told apart one by one.
pub(crate) const MAX_SHARED: usize = 16;

/// How many slots are kept when no call is in flight.
const IDLE_SLOTS: usize = 1024;

/// How many octets queued, progressive and re-routable calls of a realm may keep, 64 MiB.
const MAX_KEPT: usize = 64 << 20;

/// How many of these the calls of one caller may keep, a quarter; a single call may keep more.
const SHARE: usize = MAX_KEPT / 4;

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use crossbar_wire::{Call as CallMessage, Format, Payload, RegistrationId, SessionId, Text};

    use super::*;
    use crate::role::Grant;

    fn waiting(caller: SessionId, request: u64, octets: usize, now: Instant) -> Call {
        let request = RequestId::new(request).unwrap();
        let payload = Payload {
            format: Format::MsgPack,
            args: Bytes::from(vec![0; octets]),
            kwargs: Bytes::new(),
        };
        let order = Order {
            registration: RegistrationId::new(1).unwrap(),
            grant: Grant::default(),
            received: now,
            is_compact: true,
            call: CallMessage {
                request,
                receive_progress: None,
                progress: None,
                timeout: None,
                disclose_me: None,
                caller: None,
                passthru: None,
                procedure: Text::from_static("com.x"),
                payload,
            },
        };
        let queued = Queued::new(order, request.value());
        Call::new(caller, request, Stage::Queued(Box::new(queued)))
    }

    #[test]
    #[expect(
        clippy::disallowed_methods,
        reason = "the ban on clocks is for the core itself"
    )]
    fn c11_c12_what_is_kept_is_bounded_and_given_back() {
        let (now, mut calls) = (Instant::now(), Calls::default());
        let mut sessions = Sessions::default();
        let [alice, bob, carol] = [1, 2, 3].map(|id| SessionId::new(id).unwrap());
        assert!(calls.has_room(alice, MAX_KEPT) && !calls.has_room(alice, MAX_KEPT + 1));
        let first = calls.begin(waiting(alice, 1, MAX_KEPT / 2, now), &mut sessions);
        assert!(calls.has_room(bob, MAX_KEPT / 4) && !calls.has_room(bob, MAX_KEPT / 2));
        let second = calls.begin(waiting(bob, 2, MAX_KEPT / 4, now), &mut sessions);
        assert!(!calls.has_room(carol, MAX_KEPT / 4));
        calls.end(first, &mut sessions).unwrap();
        assert!(calls.has_room(carol, MAX_KEPT / 2));
        calls.end(second, &mut sessions).unwrap();
        assert!(calls.has_room(bob, MAX_KEPT));
        assert_eq!((calls.len(), calls.kept_by.len()), (0, 0));
    }

    #[test]
    #[expect(
        clippy::disallowed_methods,
        reason = "the ban on clocks is for the core itself"
    )]
    fn c11_c12_a_caller_that_keeps_something_has_a_share() {
        let (now, mut calls) = (Instant::now(), Calls::default());
        let mut sessions = Sessions::default();
        let [alice, bob] = [1, 2].map(|id| SessionId::new(id).unwrap());
        let first = calls.begin(waiting(alice, 1, SHARE / 2, now), &mut sessions);
        assert!(calls.has_room(alice, SHARE / 4) && !calls.has_room(alice, SHARE));
        assert!(calls.has_room(bob, SHARE));
        let second = calls.begin(waiting(alice, 2, SHARE / 4, now), &mut sessions);
        assert!(!calls.has_room(alice, SHARE / 4) && calls.has_room(bob, SHARE));
        calls.end(first, &mut sessions).unwrap();
        calls.end(second, &mut sessions).unwrap();
        assert!(calls.has_room(alice, SHARE));
        assert_eq!((calls.len(), calls.kept_by.len()), (0, 0));
    }

    #[test]
    fn a_call_is_small() {
        assert!(size_of::<Option<Call>>() <= 144, "{}", size_of::<Call>());
    }
}
