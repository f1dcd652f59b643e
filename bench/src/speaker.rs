//! One connection of the load, in whichever protocol its router speaks.

use std::io;

use crate::load::Target;
use crate::nats::Nats;
use crate::raw::Raw;
use crate::socket::Socket;
use crate::wamp::Wamp;

/// What a connection is for.
#[derive(Clone, Copy)]
pub(crate) enum Part {
    /// Calls procedure `index`.
    Caller(usize),
    /// Answers procedure `index`.
    Callee(usize),
    /// Publishes to topic `index`.
    Publisher(usize),
    /// Subscribes to topic `index`.
    Subscriber(usize),
}

/// A connection that has joined and, as callee or subscriber, is ready to receive.
pub(crate) enum Speaker {
    /// With the project's own client.
    Wamp(Box<Wamp>),
    /// With frames of another protocol.
    Socket(Box<Socket>),
}

impl Speaker {
    /// Connects, joins and takes its part.
    pub(crate) async fn open(
        target: &Target,
        part: Part,
        payload: usize,
        window: usize,
    ) -> io::Result<Self> {
        Ok(match target {
            Target::Wamp(target) => {
                Self::Wamp(Box::new(Wamp::open(target, part, payload, window).await?))
            }
            Target::Nats(address) => {
                Self::Socket(Box::new(Nats::open(address, part, payload).await?))
            }
            Target::Raw(address) => {
                Self::Socket(Box::new(Raw::open(address, part, payload).await?))
            }
        })
    }

    /// Gives back the buffers of a connection that will only be held open.
    pub(crate) fn shrink(&mut self) {
        match self {
            Self::Wamp(_) => {}
            Self::Socket(socket) => socket.shrink(),
        }
    }

    /// Queues the call of a slot; one slot has one call outstanding.
    pub(crate) fn call(&mut self, slot: usize) {
        match self {
            Self::Wamp(wamp) => wamp.call(slot),
            Self::Socket(socket) => socket.call(slot),
        }
    }

    /// Queues an event.
    pub(crate) fn publish(&mut self) {
        match self {
            Self::Wamp(wamp) => wamp.publish(),
            Self::Socket(socket) => socket.publish(),
        }
    }

    /// Writes all that is queued.
    pub(crate) async fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Wamp(wamp) => wamp.flush().await,
            Self::Socket(socket) => socket.flush().await,
        }
    }

    /// Waits for input, answers what asks for an answer, and gives the slots that ended, or slot 0 for each event.
    pub(crate) async fn read(&mut self, results: &mut Vec<usize>) -> io::Result<()> {
        match self {
            Self::Wamp(wamp) => wamp.read(results).await,
            Self::Socket(socket) => socket.read(results).await,
        }
    }
}
