//! Where a transport stands.

use std::collections::VecDeque;
use std::task::Waker;

use bytes::Bytes;
use crossbar_core::Transport;
use crossbar_wire::Separator;
use tokio::time::Instant;

use crate::framing;
use crate::outlet::Ending;
use crate::places::Place;
use crate::pool;
use crate::session::Session;

/// A client's session, and what is ready for the client.
#[derive(Debug)]
pub(super) struct State {
    pub(super) session: Session,
    pub(super) life: Life,
    /// Messages that have left the outlet, oldest first, each with what it counts against the outlet's budget.
    pub(super) ready: VecDeque<(Bytes, usize)>,
    /// What the client separates the messages of a JSON batch with.
    pub(super) separator: Separator,
    /// The number of the newest request for messages. Only that one waits.
    pub(super) newest: u64,
    /// Wakes it.
    pub(super) waker: Option<Waker>,
    /// How many requests for messages are there.
    pub(super) requests: usize,
    /// When the client was last heard of, or when its session ended for good.
    pub(super) heard: Instant,
    /// What it occupies of its address's number.
    pub(super) place: Option<Place>,
}

/// How far a transport is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Life {
    /// It is served.
    Live,
    /// Nothing is listened to; what waits is still given.
    Over,
    /// Nothing is given, either.
    Closed,
}

impl State {
    pub(super) fn new(session: Session, place: Option<Place>) -> Self {
        Self {
            session,
            life: Life::Live,
            ready: VecDeque::new(),
            separator: Separator::Cancel,
            newest: 0,
            waker: None,
            requests: 0,
            heard: Instant::now(),
            place,
        }
    }

    /// Takes note that the client is there. Without a session that takes more than to wait.
    pub(super) fn heard(&mut self) {
        if self.life == Life::Live && self.session.id().is_some() {
            self.heard = Instant::now();
        }
    }

    pub(super) fn load_small(&mut self, items: Vec<u8>) {
        for body in framing::messages(&items) {
            let cost = body.len() + framing::ITEM_HEADER;
            self.ready.push_back((Bytes::copy_from_slice(body), cost));
        }
        pool::give(items);
    }

    pub(super) fn end(&mut self, ending: Ending) {
        match ending {
            Ending::Session { transport, .. } => {
                self.session.ended(transport);
                if transport == Transport::Close || self.session.is_last() {
                    self.over();
                }
            }
            Ending::Stop => {
                self.session.leave();
                self.over();
            }
            Ending::Overflow => {
                self.session.ended(Transport::Close);
                self.ready.clear();
                self.over();
            }
        }
    }

    pub(super) fn over(&mut self) {
        if self.life == Life::Live {
            self.life = Life::Over;
            self.heard = Instant::now();
        }
    }

    /// Gives what wakes the request that waits, if there is nothing to wait for or something to be decided.
    pub(super) fn receiver_if_over(&mut self) -> Option<Waker> {
        (self.life != Life::Live || self.session.is_deciding())
            .then(|| self.waker.take())
            .flatten()
    }
}
