use std::collections::VecDeque;

use crossbar_wire::{Event, Message, SessionId, Text};

use crate::Limit;

/// What the shell is to do next, oldest first.
pub type Outbox = VecDeque<Command>;

/// An effect of the core.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Sends a message to one session.
    Send {
        /// The receiver.
        to: SessionId,
        /// What it gets.
        message: Message,
    },
    /// Sends one event to several sessions: the same octets for all that speak the same serializer.
    Publish {
        /// The receivers, in order.
        to: Vec<SessionId>,
        /// What they get.
        event: Event,
    },
    /// Forgets the session after what was sent to it; the core has already done so.
    End {
        /// The session.
        session: SessionId,
        /// What becomes of its transport.
        transport: Transport,
    },
    /// Takes note that a session wanted more than it may have. It has been told.
    Limited {
        /// The session.
        session: SessionId,
        /// What it wanted more of.
        limit: Limit,
    },
    /// Takes note that an authorizer did not decide. The session has been told.
    Undecided(Box<Undecided>),
    /// Takes note that a session sent arguments that do not fit. Whoever waits for an answer has been told.
    Unfit {
        /// The session.
        session: SessionId,
        /// What does not fit, and where; nothing of the arguments.
        why: String,
    },
}

/// A request that an authorizer was asked about in vain.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Undecided {
    /// The session that wanted something.
    pub session: SessionId,
    /// Its role.
    pub role: Text,
    /// The authorizer's procedure.
    pub procedure: Text,
    /// What went wrong, without what the authorizer says.
    pub why: Text,
}

/// What becomes of a transport whose session has ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Transport {
    /// The client may close it, or open another session on it (GOODBYE was exchanged).
    Keep,
    /// It is closed once all is written (ABORT, or no answer to GOODBYE).
    Close,
}
