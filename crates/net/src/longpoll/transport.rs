//! One client of long-poll: what it sends is taken at once, what is for it waits until it asks.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use crossbar_core::ChannelFraming;
use crossbar_wire::{BATCHED_OVERHEAD, Batch, Format, MAX_BATCHED, SessionId, put_batched};
use parking_lot::Mutex;
use tokio::sync::Semaphore;
use tokio::time::Instant;
use tracing::debug;

use super::state::{Life, State};
use super::{LongPollService, OpenFault};
use crate::allowance::Allowance;
use crate::driver::wake;
use crate::framing::Framing;
use crate::outlet::{Next, Outlet, Part};
use crate::places::Place;
use crate::session::{Change, Session, Work};
use crate::site::Peer;
use crate::subprotocol::Subprotocol;

/// A transport over requests of HTTP: a session and what waits for its client.
#[derive(Debug)]
pub struct LongPollTransport {
    id: Arc<str>,
    protocol: &'static str,
    format: Format,
    batched: bool,
    /// How long a request waits for a message.
    request_timeout: Option<Duration>,
    outlet: Arc<Outlet>,
    /// Requests that send are taken one after the other, so that one that has to wait is not overtaken.
    sending: Semaphore,
    state: Mutex<State>,
}

/// Messages that came together.
type Messages = Box<dyn Iterator<Item = Bytes> + Send>;

/// The transport is closed, or its session is over for good and the client has got everything.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the transport is closed")]
pub struct Gone;

/// Why what a client sent was not taken.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SendFault {
    /// The transport is closed.
    #[error(transparent)]
    Gone(#[from] Gone),
    /// It broke the protocol; the session is over.
    #[error("protocol violation: {0}")]
    Violation(String),
}

/// How long a transport whose session is over for good waits for its client to close it, and how often one is looked at,
/// if clients may be silent for ever.
pub(super) const LINGER: Duration = Duration::from_secs(30);
/// How long a batch gets at most, in octets, if a single message is not longer.
const LONGEST_BATCH: usize = 1 << 20;
/// How long a request is at most, in octets: what a WebSocket message has by default.
const LONGEST: usize = 16 << 20;
/// How many messages of a batch are handed to the realm at once.
const TURN: usize = 1024;

impl LongPollTransport {
    pub(super) fn new(
        id: &Arc<str>,
        subprotocol: Subprotocol,
        service: &LongPollService,
        peer: &Peer,
        place: Option<Place>,
    ) -> Result<Self, OpenFault> {
        let (Some(protocol), Some(format)) = (subprotocol.name, subprotocol.format) else {
            return Err(OpenFault::Unavailable);
        };
        let budget = service.config.queue;
        let outlet = Arc::new(Outlet::new(format, Framing::Staged, MAX_BATCHED, budget));
        let client = peer.client(ChannelFraming::LongPoll, format);
        let mut session = Session::new(&service.router, &service.access, &outlet, client);
        session.allowance = Allowance::new(service.limits.as_ref());
        Ok(Self {
            id: Arc::clone(id),
            protocol,
            format,
            batched: subprotocol.batched,
            request_timeout: service.config.request_timeout,
            outlet,
            sending: Semaphore::new(1),
            state: Mutex::new(State::new(session, place)),
        })
    }

    /// Gives the id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Gives the name of what is spoken.
    #[must_use]
    pub const fn protocol(&self) -> &'static str {
        self.protocol
    }

    /// Gives the serializer.
    #[must_use]
    pub const fn format(&self) -> Format {
        self.format
    }

    /// Gives the session, if one is open.
    #[must_use]
    pub fn session(&self) -> Option<SessionId> {
        self.state.lock().session.id()
    }

    /// Says whether a request waits for messages.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        self.state.lock().waker.is_some()
    }

    /// Gives how long a request may be for now, in octets: nobody knows yet who sends what opens a session.
    #[must_use]
    pub fn longest(&self) -> usize {
        self.state.lock().session.longest().min(LONGEST)
    }

    /// Takes what a client sends: a message, or a batch of them. Waits whenever the client has sent more than it may.
    ///
    /// # Errors
    /// Says why it was not taken.
    pub async fn send(&self, body: Bytes) -> Result<(), SendFault> {
        let turn = self.sending.acquire().await;
        let mut messages = self.work(|state, work| self.begin(state, body, work))?;
        loop {
            poll_fn(|context| self.state.lock().session.poll_pace(context)).await;
            if self.work(|state, work| self.take(state, &mut messages, work))? {
                break;
            }
        }
        drop(turn);
        Ok(())
    }

    fn work<T>(
        &self,
        work_on: impl FnOnce(&mut State, &mut Work) -> Result<T, SendFault>,
    ) -> Result<T, SendFault> {
        let mut work = Work::default();
        let mut state = self.state.lock();
        let done = work_on(&mut state, &mut work);
        state.session.flush(&mut work);
        let receiver = state.receiver_if_over();
        drop(state);
        work.wakes.extend(receiver);
        wake(&mut work.wakes);
        done
    }

    /// Waits for messages, and gives one, or a batch of all that wait. Nothing, if none comes in time, the client asks anew
    /// meanwhile, or the transport closes.
    ///
    /// # Errors
    /// Nothing will come any more.
    pub async fn receive(&self) -> Result<Bytes, Gone> {
        let request = self.ask()?;
        let wait = poll_fn(|context| self.poll_receive(request.number, context));
        Ok(match self.request_timeout {
            Some(limit) => tokio::time::timeout(limit, wait).await.unwrap_or_default(),
            None => wait.await,
        })
    }

    /// Ends the session without a word, and gives whoever waits nothing. What comes back is the client's place, and until when it
    /// stays occupied: who does not wait for its refusal does not get out of that.
    pub(super) fn close(&self) -> Option<(Instant, Place)> {
        let mut state = self.state.lock();
        let until = state.session.held_up();
        state.session.leave();
        state.life = Life::Closed;
        state.ready.clear();
        let place = state.place.take();
        let waker = state.waker.take();
        drop(state);
        wake(&mut waker.into_iter().collect());
        until.zip(place)
    }

    /// Gives when to look after the client again; none if it has gone. One that waits for messages has not, nor has any if
    /// there is no limit; but whoever has no session must do more than wait.
    pub(super) fn due(&self, now: Instant, limit: Option<Duration>) -> Option<Instant> {
        let mut state = self.state.lock();
        self.heed_ending(&mut state);
        let due = match (state.life, limit) {
            (Life::Closed, _) => return None,
            (Life::Live, None) => now + LINGER,
            (Life::Live, Some(limit)) if state.requests > 0 && state.session.id().is_some() => {
                now + limit
            }
            (Life::Live | Life::Over, limit) => state.heard + limit.unwrap_or(LINGER),
        };
        (due > now).then_some(due)
    }

    /// Cuts what a client sends into messages.
    fn begin(
        &self,
        state: &mut State,
        body: Bytes,
        work: &mut Work,
    ) -> Result<Messages, SendFault> {
        self.heed_ending(state);
        if state.life != Life::Live {
            return Err(Gone.into());
        }
        state.heard = Instant::now();
        if !self.batched {
            return Ok(Box::new(std::iter::once(body)));
        }
        match Batch::new(self.format, body) {
            Ok(batch) => {
                state.separator = batch.separator().unwrap_or(state.separator);
                Ok(Box::new(batch))
            }
            Err(error) => {
                let what = error.to_string();
                state.session.violate(&what, work);
                state.over();
                Err(SendFault::Violation(what))
            }
        }
    }

    /// Takes messages as fast as the client may send them. Says whether there are no more.
    fn take(
        &self,
        state: &mut State,
        messages: &mut Messages,
        work: &mut Work,
    ) -> Result<bool, SendFault> {
        self.heed_ending(state);
        state.heard = Instant::now();
        for _ in 0..TURN {
            if state.life != Life::Live {
                return Ok(true);
            }
            if state.session.is_over_rate() {
                return Ok(false);
            }
            let Some(message) = messages.next() else {
                return Ok(true);
            };
            let change = state.session.take(&message, work);
            self.heed(state, change)?;
        }
        Ok(false)
    }

    fn heed(&self, state: &mut State, change: Change) -> Result<(), SendFault> {
        match change {
            Change::None | Change::Opened => {}
            Change::Goodbye => self.heed_ending(state),
            Change::Refused => state.over(),
            Change::Violation(what) => {
                state.over();
                return Err(SendFault::Violation(what));
            }
        }
        Ok(())
    }

    fn heed_ending(&self, state: &mut State) {
        if let Some(ending) = self.outlet.take_ending() {
            state.end(ending);
        }
    }

    /// Takes note of a request for messages. One that waits already gets nothing.
    fn ask(&self) -> Result<Request<'_>, Gone> {
        let mut state = self.state.lock();
        self.heed_ending(&mut state);
        if state.life != Life::Live {
            self.load(&mut state, &Context::from_waker(Waker::noop()));
            if state.life == Life::Closed || state.ready.is_empty() {
                return Err(Gone);
            }
        }
        state.newest += 1;
        state.requests += 1;
        state.heard();
        let number = state.newest;
        let waker = state.waker.take();
        drop(state);
        wake(&mut waker.into_iter().collect());
        Ok(Request {
            transport: self,
            number,
        })
    }

    fn poll_receive(&self, number: u64, context: &mut Context<'_>) -> Poll<Bytes> {
        let mut work = Work::default();
        let mut state = self.state.lock();
        if let Poll::Ready(change) = state.session.poll_decided(context, &mut work)
            && let Err(fault) = self.heed(&mut state, change)
        {
            debug!(%fault, "session refused");
        }
        let received = self.poll_messages(&mut state, number, context);
        drop(state);
        wake(&mut work.wakes);
        received
    }

    fn poll_messages(&self, state: &mut State, number: u64, context: &Context<'_>) -> Poll<Bytes> {
        if state.newest != number || state.life == Life::Closed {
            return Poll::Ready(Bytes::new());
        }
        state.waker = None;
        self.load(state, context);
        if let Some(body) = self.give(state) {
            return Poll::Ready(body);
        }
        if state.life != Life::Live {
            return Poll::Ready(Bytes::new());
        }
        state.waker = Some(context.waker().clone());
        Poll::Pending
    }

    /// Takes what waits in the outlet.
    fn load(&self, state: &mut State, context: &Context<'_>) {
        loop {
            match self.outlet.next(0, context) {
                Next::Sleep => return,
                Next::End(ending) => state.end(ending),
                Next::Write(batch) => {
                    for part in batch.parts {
                        self.load_part(state, part);
                    }
                    state.load_small(batch.tail);
                }
            }
        }
    }

    fn load_part(&self, state: &mut State, part: Part) {
        match part {
            Part::Small(buffer) => state.load_small(buffer),
            Part::Shared(frame) => {
                let length = frame.len();
                state.ready.push_back((frame, length));
            }
            Part::Large(large) => {
                let cost = large.payload_length();
                match large.body(self.format, self.outlet.longest) {
                    Ok(body) => state.ready.push_back((body, cost)),
                    Err(why) => {
                        self.outlet.wrote(cost);
                        state.session.undeliverable(&large, why);
                    }
                }
            }
        }
    }

    /// Gives what a response carries, if anything is there.
    fn give(&self, state: &mut State) -> Option<Bytes> {
        let (first, cost) = state.ready.pop_front()?;
        self.outlet.wrote(cost);
        if !self.batched {
            return Some(first);
        }
        let mut batch = Vec::new();
        put_batched(self.format, state.separator, &first, &mut batch);
        while let Some((next, cost)) = state.ready.front() {
            if batch.len() + next.len() + BATCHED_OVERHEAD > LONGEST_BATCH {
                break;
            }
            put_batched(self.format, state.separator, next, &mut batch);
            self.outlet.wrote(*cost);
            state.ready.pop_front();
        }
        Some(batch.into())
    }
}

/// A request for messages that is being answered.
struct Request<'a> {
    transport: &'a LongPollTransport,
    number: u64,
}

impl Drop for Request<'_> {
    fn drop(&mut self) {
        let mut state = self.transport.state.lock();
        state.requests -= 1;
        if state.newest == self.number {
            state.waker = None;
        }
        state.heard();
    }
}
