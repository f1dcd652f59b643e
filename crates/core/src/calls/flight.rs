use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbar_wire::{
    Call as CallMessage, Invocation, Payload, RegistrationId, RequestId, SessionId, Text,
};

use super::CallKey;
use crate::Validation;
use crate::kept::passthru_octets;
use crate::role::Grant;

/// A call in flight.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) caller: SessionId,
    pub(crate) request: RequestId,
    pub(crate) stage: Stage,
    /// Whether the caller wants results step by step.
    pub(crate) progressive: bool,
    /// Whether a progressive result has come.
    pub(crate) answered: bool,
    /// Whether the callee was told to stop and its answer is awaited.
    pub(crate) killed: bool,
    /// What its further arguments and its results must be, if that is checked.
    pub(crate) validation: Option<Arc<Validation>>,
    /// How long the next answer may take.
    timeout: Option<Duration>,
    pub(super) deadline: Option<Instant>,
    /// The older call of the same caller with the same request id: some clients use one twice.
    pub(super) older: Option<CallKey>,
}

/// How far a call has come.
#[derive(Debug)]
pub(crate) enum Stage {
    /// A callee works on it.
    Invoked(Invoked),
    /// It waits for a callee.
    Queued(Box<Queued>),
}

/// A callee's side of a call.
#[derive(Debug)]
pub(crate) struct Invoked {
    pub(crate) callee: SessionId,
    pub(crate) invocation: RequestId,
    /// The place that the call takes at a callee that limits its concurrency.
    pub(crate) place: Option<Place>,
    pub(crate) kept: Option<Box<Kept>>,
}

/// A callee of a registration.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Place {
    pub(crate) registration: RegistrationId,
    pub(crate) endpoint: u64,
}

/// What few calls leave with the dealer, for what may come after their INVOCATION.
#[derive(Debug)]
pub(crate) enum Kept {
    Stream(Stream),
    Rerouting(Rerouting),
}

/// What the further chunks of a progressive call need (WAMP spec, "Progressive Call Invocations").
#[derive(Debug)]
pub(crate) struct Stream {
    /// The INVOCATION of every chunk, without arguments.
    pub(crate) template: Invocation,
    pub(crate) procedure: Text,
    /// Whether the caller has yet to send its last chunk.
    pub(crate) open: bool,
    /// Whether the callee was sent more than the first chunk.
    pub(crate) continued: bool,
    octets: usize,
}

/// What it takes to give a call to another callee (WAMP spec, "Call Re-Routing").
#[derive(Debug)]
pub(crate) struct Rerouting {
    pub(crate) order: Order,
    /// The callees that could not take it.
    pub(crate) tried: BTreeSet<SessionId>,
}

/// A call that waits until a callee is free.
#[derive(Debug)]
pub(crate) struct Queued {
    pub(crate) order: Order,
    /// Its place in the queue of its registration.
    pub(crate) ticket: u64,
    /// What followed the first chunk of a progressive call.
    chunks: Vec<Chunk>,
    octets: usize,
}

/// Arguments that follow those of the first CALL.
#[derive(Debug)]
pub(crate) struct Chunk {
    pub(crate) last: bool,
    pub(crate) payload: Payload,
}

/// A call that is allowed, with all that its callee is to be told.
#[derive(Clone, Debug)]
pub(crate) struct Order {
    pub(crate) registration: RegistrationId,
    pub(crate) grant: Grant,
    /// When the CALL came: its time limit counts from then.
    pub(crate) received: Instant,
    /// Whether the call shares no memory with the frame it came in.
    pub(crate) is_compact: bool,
    pub(crate) call: CallMessage,
}

impl Call {
    pub(crate) const fn new(caller: SessionId, request: RequestId, stage: Stage) -> Self {
        Self {
            caller,
            request,
            stage,
            progressive: false,
            answered: false,
            killed: false,
            validation: None,
            timeout: None,
            deadline: None,
            older: None,
        }
    }

    /// Gives the older call of the same caller with the same request id.
    pub(crate) const fn older(&self) -> Option<CallKey> {
        self.older
    }

    /// Gives the callee's side, if a callee works on the call.
    pub(crate) const fn invoked(&self) -> Option<&Invoked> {
        match &self.stage {
            Stage::Invoked(invoked) => Some(invoked),
            Stage::Queued(_) => None,
        }
    }

    /// Sets how long each answer may take, the first one from `start` on.
    pub(crate) fn limit(&mut self, timeout: Option<Duration>, start: Instant) {
        self.timeout = timeout;
        self.deadline = timeout.and_then(|timeout| start.checked_add(timeout));
    }

    /// Starts the time limit again, if there is one.
    pub(super) fn restart(&mut self, now: Instant) {
        if self.deadline.is_some() {
            self.limit(self.timeout, now);
        }
    }

    /// Counts the octets of memory that the dealer keeps for the call, about.
    pub(super) fn octets(&self) -> usize {
        match &self.stage {
            Stage::Invoked(Invoked { kept: None, .. }) => 0,
            Stage::Invoked(Invoked {
                kept: Some(kept), ..
            }) => match &**kept {
                Kept::Stream(stream) => stream.octets,
                Kept::Rerouting(rerouting) => size_of::<Kept>() + rerouting.order.octets(),
            },
            Stage::Queued(queued) => queued.octets,
        }
    }
}

impl Kept {
    pub(crate) const fn stream(&mut self) -> Option<&mut Stream> {
        match self {
            Self::Stream(stream) => Some(stream),
            Self::Rerouting(_) => None,
        }
    }
}

impl Stream {
    pub(crate) fn new(template: Invocation, procedure: Text) -> Self {
        let passthru = template.passthru.as_deref().map_or(0, passthru_octets);
        Self {
            octets: size_of::<Kept>() + procedure.len() + passthru,
            template,
            procedure,
            open: true,
            continued: false,
        }
    }

    /// Makes the INVOCATION of the next chunk.
    pub(crate) fn next(&mut self, chunk: Chunk) -> Invocation {
        self.open = !chunk.last;
        self.continued = true;
        Invocation {
            progress: self.open.then_some(true),
            payload: chunk.payload,
            ..self.template.clone()
        }
    }
}

impl Queued {
    pub(crate) fn new(order: Order, ticket: u64) -> Self {
        Self {
            octets: size_of::<Self>() + order.octets(),
            order,
            ticket,
            chunks: Vec::new(),
        }
    }

    /// Adds arguments that follow. Says whether there was room.
    pub(crate) fn push(&mut self, chunk: Chunk) -> bool {
        let has_room = self.chunks.len() < MAX_CHUNKS;
        if has_room {
            let chunk = chunk.compact();
            self.octets += chunk.octets();
            self.chunks.push(chunk);
        }
        has_room
    }

    /// Gives what followed the first chunk.
    pub(crate) fn into_chunks(self) -> Vec<Chunk> {
        self.chunks
    }

    /// Says whether the caller has yet to send its last chunk.
    pub(crate) fn is_open(&self) -> bool {
        self.order.is_stream() && !self.chunks.last().is_some_and(|chunk| chunk.last)
    }
}

impl Chunk {
    /// Copies the arguments, so that they share no memory with the frame they came in.
    fn compact(self) -> Self {
        Self {
            payload: self.payload.compact(),
            ..self
        }
    }

    /// Counts the octets of memory, about.
    const fn octets(&self) -> usize {
        size_of::<Self>() + self.payload.len()
    }
}

impl Order {
    /// Copies the call, so that it shares no memory with the frame it came in.
    pub(crate) fn compact(&self) -> Self {
        if self.is_compact {
            return self.clone();
        }
        let call = &self.call;
        Self {
            is_compact: true,
            registration: self.registration,
            grant: self.grant.clone(),
            received: self.received,
            call: CallMessage {
                caller: call.caller.as_ref().map(|it| Box::new(it.compact())),
                passthru: call.passthru.as_ref().map(|it| Box::new(it.compact())),
                procedure: call.procedure.compact(),
                payload: call.payload.compact(),
                ..call.clone()
            },
        }
    }

    /// Says whether the arguments come step by step.
    pub(crate) fn is_stream(&self) -> bool {
        self.call.progress == Some(true)
    }

    /// Counts the octets of what is not in the order itself.
    pub(crate) fn octets(&self) -> usize {
        let call = &self.call;
        let passthru = call.passthru.as_deref().map_or(0, passthru_octets);
        let caller = call.caller.as_deref().map_or(0, |caller| {
            let texts = [&caller.authid, &caller.authrole];
            texts.into_iter().flatten().map(|text| text.len()).sum()
        });
        call.procedure.len() + call.payload.len() + passthru + caller
    }
}

/// How many chunks of one call wait at most.
const MAX_CHUNKS: usize = 1024;
