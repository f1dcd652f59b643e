//! What a connection still has to send.

use std::collections::VecDeque;
use std::sync::Arc;
use std::task::{Context, Waker};
use std::time::Duration;

use bytes::Bytes;
use crossbar_config::{Overflow, QueueLimits};
use crossbar_core::{Transport, Undeliverable};
use crossbar_wire::{Format, Message};
use parking_lot::Mutex;
use tokio::time::Instant;

use crate::framing::Framing;
use crate::large::Large;
use crate::pool;

/// The sending side of one connection, shared by its task and by whoever has something for it.
///
/// Messages are appended as whole frames under the realm's lock, so that their order is the core's. The task
/// takes all there is and writes it at once.
#[derive(Debug)]
pub(crate) struct Outlet {
    /// The serializer of the connection.
    pub(crate) format: Format,
    /// The longest message that the peer takes, in octets.
    pub(crate) longest: usize,
    /// How much may wait, and what becomes of the rest.
    pub(crate) budget: QueueLimits,
    framing: Framing,
    queue: Mutex<Queue>,
}

/// Why a message was not queued.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Rejection {
    /// The receiver cannot have it; others can go on as before.
    Undeliverable(Undeliverable),
    /// Too much is waiting already.
    Full {
        /// Whether an event is dropped for that, rather than the session ended.
        drop_events: bool,
    },
}

/// How a connection or its session ends, once everything queued is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Ending {
    /// The session is over.
    Session {
        /// Whether another session may follow.
        transport: Transport,
        /// Whether it broke the protocol.
        violation: bool,
    },
    /// The transport closes, since the router or the transport stops.
    Stop,
    /// The transport closes at once, without writing what is queued: the peer does not read.
    Overflow,
}

/// What the connection's task does next.
#[derive(Debug)]
pub(crate) enum Next {
    /// It writes this.
    Write(Batch),
    /// It ends.
    End(Ending),
    /// It sleeps; the waker is in place.
    Sleep,
}

/// All that waited at one moment.
#[derive(Debug)]
pub(crate) struct Batch {
    /// The pieces, oldest first, before `tail`.
    pub(crate) parts: VecDeque<Part>,
    /// Frames of small messages, newest last.
    pub(crate) tail: Vec<u8>,
    /// What it counts against the budget, in octets.
    pub(crate) octets: usize,
}

/// A piece of what waits.
#[derive(Debug)]
pub(crate) enum Part {
    /// Frames of small messages, in a buffer of the pool.
    Small(Vec<u8>),
    /// A frame that other outlets hold, too.
    Shared(Bytes),
    /// A large message that the connection's task encodes.
    Large(Arc<Large>),
}

#[derive(Debug, Default)]
struct Queue {
    parts: VecDeque<Part>,
    tail: Vec<u8>,
    /// What waits and what the task is writing, in octets.
    octets: usize,
    /// What waits, in octets.
    waiting: usize,
    ending: Option<Ending>,
    /// Wakes the task; absent while it is awake.
    waker: Option<Waker>,
    /// Whether the task waits for the socket and has no use for more to write.
    blocked: bool,
    /// Since when there has been no room for an invocation, while the peer has taken nothing.
    stuck: Option<Instant>,
}

impl Outlet {
    /// Makes one with nothing queued.
    pub(crate) fn new(
        format: Format,
        framing: Framing,
        longest: usize,
        budget: QueueLimits,
    ) -> Self {
        Self {
            format,
            longest,
            budget,
            framing,
            queue: Mutex::default(),
        }
    }

    /// Gives how much may wait when a message is queued, in octets: others' calls leave a quarter for everything else, so that
    /// they do not end a session which does not read for a moment.
    pub(crate) const fn room(&self, message: &Message) -> usize {
        if matches!(message, Message::Invocation(_)) {
            self.budget.octets - self.budget.octets / 4
        } else {
            self.budget.octets
        }
    }

    /// Appends one encoded message where no more than `room` waits. The waker of a task that sleeps goes to `wakes`.
    ///
    /// # Errors
    /// Says why it was not queued.
    pub(crate) fn push(
        &self,
        body: &[u8],
        room: usize,
        wakes: &mut Vec<Waker>,
    ) -> Result<(), Rejection> {
        if body.len() > self.longest {
            return Err(Rejection::Undeliverable(Undeliverable::TooLarge));
        }
        let mut queue = self.queue.lock();
        queue.admit(body.len(), room, self.budget.overflow)?;
        let before = queue.open_tail(body.len());
        self.framing.put(self.format, body, &mut queue.tail);
        queue.count_tail(before);
        queue.wake(wakes);
        Ok(())
    }

    /// Appends a frame that is complete and that other outlets get, too. `length` is that of the message in it.
    ///
    /// # Errors
    /// Says why it was not queued.
    pub(crate) fn push_shared(
        &self,
        frame: Bytes,
        length: usize,
        wakes: &mut Vec<Waker>,
    ) -> Result<(), Rejection> {
        if length > self.longest {
            return Err(Rejection::Undeliverable(Undeliverable::TooLarge));
        }
        let mut queue = self.queue.lock();
        queue.admit(length, self.budget.octets, self.budget.overflow)?;
        queue.seal_tail();
        queue.octets += frame.len();
        queue.waiting += frame.len();
        queue.parts.push_back(Part::Shared(frame));
        queue.wake(wakes);
        Ok(())
    }

    /// Says how the outlet stores messages.
    pub(crate) const fn framing(&self) -> Framing {
        self.framing
    }

    /// Appends a large message, to be encoded by the connection's task.
    ///
    /// # Errors
    /// Says why it was not queued.
    pub(crate) fn push_large(
        &self,
        large: Arc<Large>,
        wakes: &mut Vec<Waker>,
    ) -> Result<(), Rejection> {
        let length = large.payload_length();
        let room = self.room(&large.message);
        let mut queue = self.queue.lock();
        queue.admit(length, room, self.budget.overflow)?;
        queue.seal_tail();
        queue.parts.push_back(Part::Large(large));
        queue.octets += length;
        queue.waiting += length;
        queue.wake(wakes);
        Ok(())
    }

    /// Appends a frame of the transport itself. For the connection's own task, which is awake.
    ///
    /// # Errors
    /// Too much is waiting already: the peer makes the router answer, but does not read.
    pub(crate) fn push_frame(&self, frame: &[u8]) -> Result<(), Rejection> {
        let mut queue = self.queue.lock();
        queue.admit(frame.len(), self.budget.octets, self.budget.overflow)?;
        let before = queue.open_tail(frame.len());
        self.framing.put_frame(frame, &mut queue.tail);
        queue.count_tail(before);
        Ok(())
    }

    /// Says how the connection or its session ends. A later call does not change a more urgent earlier one.
    pub(crate) fn end(&self, ending: Ending, wakes: &mut Vec<Waker>) {
        let mut queue = self.queue.lock();
        if ending == Ending::Overflow {
            queue.discard();
        }
        if queue.ending.is_none_or(|e| e.urgency() <= ending.urgency()) {
            queue.ending = Some(ending);
        }
        queue.blocked = false;
        queue.wake(wakes);
    }

    /// Takes note that the task is awake, so that nobody need wake it. Gives how the session or the connection ends, if
    /// that has come about.
    pub(crate) fn awake(&self) -> Option<Ending> {
        let mut queue = self.queue.lock();
        queue.waker = None;
        queue.blocked = false;
        queue.ending.take()
    }

    /// Takes note that `octets`' worth of what was taken is with the peer. For those that take more than they write.
    pub(crate) fn wrote(&self, octets: usize) {
        let mut queue = self.queue.lock();
        queue.octets -= octets.min(queue.octets);
        queue.stuck = None;
    }

    /// Takes note that there was no room for an invocation. Says whether the peer has taken nothing for so long that it will not.
    pub(crate) fn is_stuck(&self) -> bool {
        let mut queue = self.queue.lock();
        queue.stuck.get_or_insert_with(Instant::now).elapsed() >= PATIENCE
    }

    /// Gives how the session or the connection ends, if that has come about; whether a task sleeps stays as it is.
    pub(crate) fn take_ending(&self) -> Option<Ending> {
        self.queue.lock().ending.take()
    }

    /// Takes note that the task has written `written` octets' worth, and says what it does next.
    pub(crate) fn next(&self, written: usize, context: &Context<'_>) -> Next {
        let mut queue = self.queue.lock();
        queue.octets -= written.min(queue.octets);
        if written > 0 {
            queue.stuck = None;
        }
        if let Some(ending) = queue.ending.take() {
            return Next::End(ending);
        }
        if queue.waiting > 0 {
            return Next::Write(queue.take());
        }
        queue.waker = Some(context.waker().clone());
        Next::Sleep
    }

    /// Takes note that the socket takes no more and that only an ending need wake the task. Gives that, if it has come
    /// about. `moved` says whether the socket has taken something since the last time.
    pub(crate) fn block(&self, moved: bool, context: &Context<'_>) -> Option<Ending> {
        let mut queue = self.queue.lock();
        queue.blocked = true;
        if moved {
            queue.stuck = None;
        }
        queue.waker = Some(context.waker().clone());
        queue.ending.take()
    }
}

/// How long a callee may take nothing of what waits for it while there is no room for another call.
const PATIENCE: Duration = Duration::from_secs(60);
/// More octets than any framing adds to a message.
const FRAMING: usize = 16;

impl Ending {
    const fn urgency(self) -> u8 {
        match self {
            Self::Session {
                transport: Transport::Keep,
                ..
            } => 0,
            Self::Session {
                transport: Transport::Close,
                ..
            } => 1,
            Self::Stop => 2,
            Self::Overflow => 3,
        }
    }
}

impl Queue {
    /// Checks the budget. A message is taken while less than the limit waits, so that one of any size can pass.
    fn admit(&self, length: usize, room: usize, overflow: Overflow) -> Result<(), Rejection> {
        if self.octets > 0 && self.octets + length > room {
            return Err(Rejection::Full {
                drop_events: overflow == Overflow::Drop,
            });
        }
        Ok(())
    }

    /// Makes sure that the tail has a buffer, with room for a message of `length` octets if that can be had without making
    /// it larger than the pool takes back; gives its length.
    fn open_tail(&mut self, length: usize) -> usize {
        if self.tail.len() + length > pool::LARGEST - FRAMING {
            self.seal_tail();
        }
        if self.tail.capacity() == 0 {
            self.tail = pool::take();
        }
        self.tail.len()
    }

    /// Lets nothing more be appended to the frames in the tail.
    fn seal_tail(&mut self) {
        if !self.tail.is_empty() {
            self.parts
                .push_back(Part::Small(std::mem::take(&mut self.tail)));
        }
    }

    const fn count_tail(&mut self, before: usize) {
        let added = self.tail.len() - before;
        self.octets += added;
        self.waiting += added;
    }

    fn wake(&mut self, wakes: &mut Vec<Waker>) {
        if !self.blocked
            && let Some(waker) = self.waker.take()
        {
            wakes.push(waker);
        }
    }

    fn take(&mut self) -> Batch {
        Batch {
            parts: std::mem::take(&mut self.parts),
            tail: std::mem::take(&mut self.tail),
            octets: std::mem::take(&mut self.waiting),
        }
    }

    fn discard(&mut self) {
        self.octets -= self.waiting;
        drop(self.take());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn who_takes_nothing_for_long_is_stuck() {
        let budget = QueueLimits {
            octets: 100,
            overflow: Overflow::Close,
        };
        let outlet = Outlet::new(Format::Json, Framing::RawSocket, 1000, budget);
        let mut wakes = Vec::new();
        outlet.push(&[b' '; 60], 75, &mut wakes).unwrap();
        let full = Rejection::Full { drop_events: false };
        assert_eq!(outlet.push(&[b' '; 20], 75, &mut wakes), Err(full));
        outlet.push(&[b' '; 20], 100, &mut wakes).unwrap();
        assert!(!outlet.is_stuck());
        tokio::time::advance(PATIENCE / 2).await;
        let context = Context::from_waker(Waker::noop());
        outlet.block(false, &context);
        tokio::time::advance(PATIENCE / 2).await;
        assert!(outlet.is_stuck());
        outlet.block(true, &context);
        assert!(!outlet.is_stuck());
        tokio::time::advance(PATIENCE).await;
        assert!(outlet.is_stuck());
        outlet.next(60, &context);
        assert!(!outlet.is_stuck());
    }
}
