use std::collections::{BTreeSet, HashMap};
use std::time::{Duration, Instant};

use crossbar_wire::{RegistrationId, RequestId, SessionId};
use foldhash::fast::RandomState;

use crate::session::Sessions;

/// Names a call in flight. A key is dropped from every table when its call ends.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct CallKey(usize);

/// A call in flight.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) caller: SessionId,
    pub(crate) request: RequestId,
    pub(crate) callee: SessionId,
    pub(crate) invocation: RequestId,
    /// The place that the call takes at a callee that limits its concurrency.
    pub(crate) place: Option<Place>,
    /// Whether the caller wants results step by step.
    pub(crate) progressive: bool,
    /// Whether the callee was told to stop and its answer is awaited.
    pub(crate) killed: bool,
    /// How long the next answer may take.
    pub(crate) timeout: Option<Duration>,
    deadline: Option<Instant>,
    /// The older call of the same caller with the same request id: some clients use one twice.
    older: Option<CallKey>,
}

/// A callee of a registration.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Place {
    pub(crate) registration: RegistrationId,
    pub(crate) endpoint: u64,
}

impl Call {
    pub(crate) const fn new(
        (caller, request): (SessionId, RequestId),
        (callee, invocation): (SessionId, RequestId),
    ) -> Self {
        Self {
            caller,
            request,
            callee,
            invocation,
            place: None,
            progressive: false,
            killed: false,
            timeout: None,
            deadline: None,
            older: None,
        }
    }

    /// Gives the older call of the same caller with the same request id.
    pub(crate) const fn older(&self) -> Option<CallKey> {
        self.older
    }
}

/// The calls in flight, and when they time out.
#[derive(Debug, Default)]
pub(crate) struct Calls {
    slots: Vec<Option<Call>>,
    free: Vec<usize>,
    deadlines: BTreeSet<(Instant, CallKey)>,
}

impl Calls {
    /// Adds a call, and enters it with its caller and its callee.
    pub(crate) fn begin(&mut self, mut call: Call, now: Instant, sessions: &mut Sessions) {
        let slot = self.free.pop().unwrap_or(self.slots.len());
        let key = CallKey(slot);
        if let Some(callee) = sessions.get_mut(call.callee) {
            callee.invocations.insert(call.invocation, key);
        }
        if let Some(caller) = sessions.get_mut(call.caller) {
            call.older = caller.calls.insert(call.request, key);
        }
        call.deadline = call.timeout.and_then(|timeout| now.checked_add(timeout));
        self.deadlines
            .extend(call.deadline.map(|deadline| (deadline, key)));
        match self.slots.get_mut(slot) {
            Some(place) => *place = Some(call),
            None => self.slots.push(Some(call)),
        }
    }

    /// Takes a call out of every table.
    pub(crate) fn end(&mut self, key: CallKey, sessions: &mut Sessions) -> Option<Call> {
        let call = self.slots.get_mut(key.0)?.take()?;
        self.free.push(key.0);
        if let Some(deadline) = call.deadline {
            self.deadlines.remove(&(deadline, key));
        }
        if let Some(callee) = sessions.get_mut(call.callee) {
            callee.invocations.remove(&call.invocation);
            give_back(&mut callee.invocations);
        }
        self.detach_from_caller(key, &call, sessions);
        self.shrink();
        Some(call)
    }

    pub(crate) fn get(&self, key: CallKey) -> Option<&Call> {
        self.slots.get(key.0)?.as_ref()
    }

    /// Notes that the callee was told to stop.
    pub(crate) fn kill(&mut self, key: CallKey) {
        if let Some(Some(call)) = self.slots.get_mut(key.0) {
            call.killed = true;
        }
    }

    /// Starts the time limit of a call again: a progressive result came.
    pub(crate) fn restart(&mut self, key: CallKey, now: Instant) {
        if let Some(Some(call)) = self.slots.get_mut(key.0)
            && let Some(deadline) = call.deadline
        {
            self.deadlines.remove(&(deadline, key));
            call.deadline = call.timeout.and_then(|timeout| now.checked_add(timeout));
            self.deadlines
                .extend(call.deadline.map(|deadline| (deadline, key)));
        }
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
        self.slots.len() - self.free.len()
    }

    pub(crate) fn deadlines(&self) -> usize {
        self.deadlines.len()
    }

    fn detach_from_caller(&mut self, key: CallKey, call: &Call, sessions: &mut Sessions) {
        let Some(caller) = sessions.get_mut(call.caller) else {
            return;
        };
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

/// Gives a session's memory back after a burst of calls.
fn give_back(table: &mut HashMap<RequestId, CallKey, RandomState>) {
    if table.is_empty() && table.capacity() > IDLE_SLOTS {
        table.shrink_to_fit();
    }
}

/// How many slots are kept when no call is in flight.
const IDLE_SLOTS: usize = 1024;
