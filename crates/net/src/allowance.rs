//! What one client may have and send.

use std::sync::Arc;
use std::task::{Context, Poll};

use crossbar_core::Limits;

use crate::pace::Pace;

/// What one client may have and send: by its transport at first, by its role as well once its session is open.
#[derive(Debug)]
pub(crate) struct Allowance {
    /// What its transport says, if it says something.
    transport: Option<Arc<Limits>>,
    /// How many octets a message of an open session may have.
    message_size: usize,
    /// How fast it may send, if that is limited.
    pace: Option<Box<Pace>>,
}

/// Gives a transport's limits in the form in which its connections share them.
pub(crate) fn shared(limits: &Arc<Limits>) -> Option<Arc<Limits>> {
    (**limits != Limits::default()).then(|| Arc::clone(limits))
}

impl Allowance {
    /// Makes that of a client without a session.
    pub(crate) fn new(transport: Option<&Arc<Limits>>) -> Self {
        Self {
            transport: transport.cloned(),
            message_size: usize::MAX,
            pace: transport.and_then(|limits| Pace::new(limits.rate)),
        }
    }

    /// Gives what the transport says, for the realm that the client joins.
    pub(crate) fn of_transport(&self) -> Option<Arc<Limits>> {
        self.transport.clone()
    }

    /// Takes note of what holds for the session that is open from now on.
    pub(crate) fn hold(&mut self, limits: &Limits) {
        self.message_size = limits.message_size.unwrap_or(usize::MAX);
        if self
            .pace
            .as_ref()
            .map(|pace| pace.rate())
            .unwrap_or_default()
            != limits.rate
        {
            self.pace = Pace::new(limits.rate);
        }
    }

    /// Says whether a message of that many octets is too long.
    pub(crate) const fn is_too_long(&self, octets: usize) -> bool {
        octets > self.message_size
    }

    /// Takes note of a message. Says whether the client is to be closed for it.
    pub(crate) fn spend(&mut self, octets: usize) -> bool {
        let pace = self.pace.as_mut();
        pace.is_some_and(|pace| pace.spend(octets))
    }

    /// Says whether nothing more is to be read for now.
    pub(crate) fn holds_back(&self) -> bool {
        self.pace.as_ref().is_some_and(|pace| pace.holds_back())
    }

    /// Says whether the client has been waiting since it sent too much.
    pub(crate) fn is_waiting(&self) -> bool {
        self.pace.as_ref().is_some_and(|pace| pace.is_waiting())
    }

    /// Waits until more may be sent.
    pub(crate) fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<()> {
        match &mut self.pace {
            Some(pace) => pace.poll_ready(context),
            None => Poll::Ready(()),
        }
    }
}
