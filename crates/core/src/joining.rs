use std::sync::Arc;

use crossbar_wire::{Abort, Authenticate, Challenge, Hello, SessionId, Text};

use crate::{Access, Principal};

/// A client on its way into a realm: HELLO, perhaps CHALLENGE and AUTHENTICATE.
#[derive(Debug)]
pub struct Joining {
    /// The pending session.
    pub session: SessionId,
}

/// What follows a message of a client that is joining.
#[derive(Debug)]
pub enum Step {
    /// The client is challenged; `Joining` waits for its answer.
    Challenge(Challenge, Joining),
    /// The client is who it says: join this realm.
    Join(Box<Join>),
    /// The client is refused.
    Abort(Abort),
}

/// A request to join a realm.
#[derive(Clone, Debug)]
pub struct Join {
    /// The pending session.
    pub session: SessionId,
    /// The realm.
    pub realm: Text,
    /// Who joins.
    pub principal: Principal,
    /// What it announced.
    pub hello: Hello,
}

impl Joining {
    /// Takes the HELLO of a client. `random` are 32 octets from the system's generator (nonces, generated authids);
    /// `timestamp` is the time of day as ISO 8601 in UTC.
    #[must_use]
    pub fn hello(
        _access: &Arc<Access>,
        _session: SessionId,
        _hello: Hello,
        _random: [u8; 32],
        _timestamp: &str,
    ) -> Step {
        Step::Abort(Abort::default())
    }

    /// Takes the answer to the challenge.
    #[must_use]
    pub fn authenticate(self, _authenticate: &Authenticate) -> Step {
        Step::Abort(Abort::default())
    }
}
