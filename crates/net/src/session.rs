//! What the messages of one connection do.

use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use crossbar_core::{
    Access, Join, Joining, Opening, Step, Transport, Undeliverable, no_such_realm,
    protocol_violation,
};
use crossbar_wire::{Abort, Hello, Message, SessionId, Text};
use tracing::debug;

use crate::allowance::Allowance;
use crate::driver::{Driver, wake};
use crate::large::Large;
use crate::outlet::Outlet;
use crate::router::Router;
use crate::site::Client;
use crate::statistics::Counters;
use crate::time::time_of_day;

mod deciding;
mod login;
mod refusing;

use deciding::Deciding;
use login::Login;

/// How long a message may be before a session is open, in octets: nobody knows yet who sends it, and what it says is kept.
pub(crate) const LONGEST_OPENING: usize = 64 * 1024;

/// The WAMP side of one connection: from HELLO to GOODBYE, perhaps several times.
///
/// However the connection's task ends, the realm is told.
#[derive(Debug)]
pub(crate) struct Session {
    router: Arc<Router>,
    access: Arc<Access>,
    outlet: Arc<Outlet>,
    client: Client,
    /// Whether the request ids of its sessions must count up from 1.
    pub(crate) strict_request_ids: bool,
    /// What the client may have and send.
    pub(crate) allowance: Allowance,
    /// The router's name for the connection.
    id: u64,
    phase: Phase,
    login: Login,
}

/// Where a connection stands.
#[derive(Debug)]
enum Phase {
    /// A HELLO must come.
    Hello,
    /// The answer to a CHALLENGE must come.
    Challenged(Box<Joining>),
    /// What follows the last message takes time to find out. Nothing is taken meanwhile.
    Deciding(Deciding),
    /// A session is open.
    Open(Arc<Driver>, SessionId),
    /// Nothing is listened to any more.
    Over,
}

/// Buffers for the work on one batch of messages, one set a thread.
#[derive(Debug, Default)]
pub(crate) struct Work {
    messages: Vec<Message>,
    /// How long each of them is in octets, if the realm is metered.
    lengths: Vec<usize>,
    body: Vec<u8>,
    /// The tasks to wake once no lock is held.
    pub(crate) wakes: Vec<Waker>,
}

/// What a message has changed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Change {
    /// Nothing of concern to the transport.
    None,
    /// A session was opened.
    Opened,
    /// The peer said GOODBYE: the outlet may hold an ending.
    Goodbye,
    /// The peer is refused or has refused: the transport closes once all is written.
    Refused,
    /// The peer broke the protocol: the same, and it is told why.
    Violation(String),
}

impl Session {
    /// Makes a connection without a session.
    pub(crate) fn new(
        router: &Arc<Router>,
        access: &Arc<Access>,
        outlet: &Arc<Outlet>,
        client: Client,
    ) -> Self {
        Self {
            id: router.enroll(outlet),
            router: Arc::clone(router),
            access: Arc::clone(access),
            outlet: Arc::clone(outlet),
            client,
            strict_request_ids: false,
            allowance: Allowance::new(None),
            phase: Phase::Hello,
            login: Login::default(),
        }
    }

    /// Gives the session, if one is open.
    pub(crate) const fn id(&self) -> Option<SessionId> {
        match &self.phase {
            Phase::Open(_, session) => Some(*session),
            Phase::Hello | Phase::Challenged(_) | Phase::Deciding(_) | Phase::Over => None,
        }
    }

    /// Says whether no message is to be taken until [`Session::poll_decided`] is ready.
    pub(crate) const fn is_deciding(&self) -> bool {
        matches!(self.phase, Phase::Deciding(_)) || self.login.is_ending()
    }

    /// Gives how long a message may be for now, in octets, as far as that depends on the session.
    pub(crate) const fn longest(&self) -> usize {
        match &self.phase {
            Phase::Hello | Phase::Challenged(_) | Phase::Deciding(_) => LONGEST_OPENING,
            Phase::Open(..) | Phase::Over => usize::MAX,
        }
    }

    /// Says whether the router stops, so that no other session can follow.
    pub(crate) fn is_last(&self) -> bool {
        self.router.is_draining()
    }

    /// Says whether no message is to be taken until [`Session::poll_pace`] is ready: the client sends faster than it may.
    pub(crate) fn is_over_rate(&self) -> bool {
        self.allowance.holds_back() && !matches!(self.phase, Phase::Over)
    }

    /// Waits until the client may send more.
    pub(crate) fn poll_pace(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if !self.is_over_rate() {
            return Poll::Ready(());
        }
        let waits = self.allowance.is_waiting();
        let ready = self.allowance.poll_ready(context);
        if ready.is_pending() && !waits {
            self.note_pause();
        }
        ready
    }

    /// Takes an encoded message. Those of an open session wait for [`Session::flush`].
    pub(crate) fn take(&mut self, frame: &Bytes, work: &mut Work) -> Change {
        if frame.len() > self.longest() {
            return self.violate(
                "the message is too long for a client without a session",
                work,
            );
        }
        if self.allowance.spend(frame.len()) {
            return self.expel(work);
        }
        let message = match Message::decode(self.outlet.format, frame) {
            Ok(message) => message,
            Err(error) => return self.violate(&error.to_string(), work),
        };
        match self.phase {
            Phase::Open(ref driver, session) if self.allowance.is_too_long(frame.len()) => {
                let driver = Arc::clone(driver);
                self.flush(work);
                driver.refuse_large(session, message, &mut work.wakes);
                Change::None
            }
            Phase::Open(ref driver, _) => {
                if driver.is_metered() {
                    work.lengths.push(frame.len());
                }
                let goodbye = matches!(message, Message::Goodbye(_));
                work.messages.push(message);
                if goodbye {
                    return self.take_goodbye(work);
                }
                Change::None
            }
            Phase::Hello | Phase::Challenged(_) | Phase::Deciding(_) => self.open(message, work),
            Phase::Over => Change::None,
        }
    }

    /// Takes note of a ping, or of a pong that nobody waits for: the client pays for it as for a message.
    pub(crate) fn note_control(&mut self, octets: usize, work: &mut Work) -> Change {
        if self.allowance.spend(octets) {
            return self.expel(work);
        }
        Change::None
    }

    /// Hands the messages that were taken to the realm.
    pub(crate) fn flush(&self, work: &mut Work) {
        if work.messages.is_empty() {
            return;
        }
        match &self.phase {
            Phase::Open(driver, session) => {
                let Work {
                    messages,
                    lengths,
                    wakes,
                    ..
                } = work;
                driver.submit(*session, messages, lengths, wakes);
            }
            Phase::Hello | Phase::Challenged(_) | Phase::Deciding(_) | Phase::Over => {
                work.messages.clear();
                work.lengths.clear();
            }
        }
    }

    /// Takes note that the realm has ended the session.
    pub(crate) fn ended(&mut self, transport: Transport) {
        self.forget_login();
        self.phase = match transport {
            Transport::Keep => Phase::Hello,
            Transport::Close => Phase::Over,
        };
    }

    /// Answers a breach of the protocol, be it of WAMP or of the transport: with ABORT (WAMP spec, "Protocol Violations").
    pub(crate) fn violate(&mut self, what: &str, work: &mut Work) -> Change {
        self.flush(work);
        self.note_violation(what);
        match std::mem::replace(&mut self.phase, Phase::Over) {
            Phase::Open(driver, session) => {
                driver.violate(session, what, &mut work.wakes);
            }
            Phase::Hello | Phase::Challenged(_) | Phase::Deciding(_) => {
                self.abort(protocol_violation(what), work);
            }
            Phase::Over => {}
        }
        Change::Violation(what.to_owned())
    }

    /// Tells the realm that a message which it had sent here cannot be delivered.
    pub(crate) fn undeliverable(&self, large: &Large, why: Undeliverable) {
        let mut wakes = Vec::new();
        match &self.phase {
            Phase::Open(..) if matches!(large.message, Message::Event(_)) => {
                Counters::add(&self.router.counters().events_dropped, 1);
            }
            Phase::Open(driver, session) => {
                driver.undeliverable(*session, &large.message, why, &mut wakes);
            }
            Phase::Hello | Phase::Challenged(_) | Phase::Deciding(_) | Phase::Over => {}
        }
        wake(&mut wakes);
    }

    /// Ends the session, if one is open, without a word to the peer.
    pub(crate) fn leave(&mut self) {
        self.forget_login();
        if let Phase::Open(driver, session) = std::mem::replace(&mut self.phase, Phase::Over) {
            let mut wakes = Vec::new();
            driver.leave(session, &mut wakes);
            wake(&mut wakes);
        }
    }

    fn open(&mut self, message: Message, work: &mut Work) -> Change {
        let step = match (std::mem::replace(&mut self.phase, Phase::Hello), message) {
            (Phase::Hello, Message::Hello(hello)) => self.greet(*hello),
            (Phase::Challenged(joining), Message::Authenticate(answer)) if joining.is_slow() => {
                let work = move || joining.authenticate(&answer);
                let router = Arc::clone(&self.router);
                return self.decide(Box::pin(router.compute(self.address(), work)));
            }
            (Phase::Challenged(joining), Message::Authenticate(answer)) => {
                joining.authenticate(&answer)
            }
            (_, Message::Abort(abort)) => {
                debug!(reason = %abort.reason, "client aborted the opening of its session");
                self.phase = Phase::Over;
                return Change::Refused;
            }
            (Phase::Deciding(_), _) => {
                return self.violate("a message while the session is being opened", work);
            }
            (Phase::Challenged(_), _) => {
                return self.violate("AUTHENTICATE must follow CHALLENGE", work);
            }
            (_, _) => return self.violate("HELLO must be the first message of a session", work),
        };
        self.follow(step, work)
    }

    fn greet(&mut self, hello: Hello) -> Step {
        let Some((session, random)) = draw() else {
            return Step::Abort(Abort {
                message: Some(Text::from_static("the router has no random numbers")),
                reason: Text::from_static("wamp.error.unavailable"),
                ..Abort::default()
            });
        };
        let opening = Opening {
            session,
            random,
            time: time_of_day(),
            credentials: self.client.credentials.clone(),
            cookie: self.known_login(),
            identity: self.router.identity(),
            disguise: self.router.disguise(),
            transport: Some(self.client.transport.clone()),
        };
        Joining::hello(&self.access, hello, opening)
    }

    fn follow(&mut self, step: Step, work: &mut Work) -> Change {
        let abort = match step {
            Step::Challenge(challenge, joining) => match self.admits(joining.request()) {
                Ok(()) if self.send(&Message::Challenge(Box::new(challenge)), work) => {
                    self.phase = Phase::Challenged(Box::new(joining));
                    return Change::None;
                }
                Ok(()) => Box::new(Abort {
                    message: Some(Text::from_static(
                        "the challenge does not fit into this serializer or a message of this length",
                    )),
                    reason: Text::from_static("wamp.error.authentication_failed"),
                    ..Abort::default()
                }),
                Err(abort) => abort,
            },
            Step::Join(mut join) => {
                if let Some(saving) = self.remember(&join) {
                    return self.decide(Box::pin(async move {
                        saving.await;
                        Step::Join(join)
                    }));
                }
                let session = join.session;
                join.strict_request_ids = self.strict_request_ids;
                join.limits = self.allowance.of_transport();
                let joined = match self.router.driver(&join.realm) {
                    Some(driver) => driver
                        .join(*join, &self.outlet, &mut work.wakes)
                        .map(|limits| (driver, limits)),
                    None => Err(Box::new(no_such_realm(&join.realm))),
                };
                match joined {
                    Ok((driver, limits)) => {
                        self.allowance.hold(&limits);
                        self.attach(&driver, session, work);
                        self.phase = Phase::Open(driver, session);
                        return Change::Opened;
                    }
                    Err(abort) => abort,
                }
            }
            Step::Abort(abort) => Box::new(abort),
            Step::Denied(abort) => match self.slow_down(abort) {
                Ok(change) => return change,
                Err(abort) => abort,
            },
            Step::Ask(inquiry, joining) => return self.ask(*inquiry, joining),
            Step::Keys(request, joining) => return self.look_up(request, joining),
        };
        self.note_refusal(&abort);
        self.phase = Phase::Over;
        self.send(&Message::Abort(abort), work);
        Change::Refused
    }

    /// Says whether a client could join, before it is asked for a secret.
    fn admits(&self, join: Option<&Join>) -> Result<(), Box<Abort>> {
        let Some(join) = join else {
            return Ok(());
        };
        match self.router.driver(&join.realm) {
            Some(driver) => driver.inspect(|realm| realm.admits(join)),
            None => Err(Box::new(no_such_realm(&join.realm))),
        }
    }

    /// Queues a message of the transport's own, not the realm's. Says whether the peer will get it.
    fn send(&self, message: &Message, work: &mut Work) -> bool {
        work.body.clear();
        let queued = message.encode(self.outlet.format, &mut work.body).is_ok()
            && self
                .outlet
                .push(&work.body, self.outlet.budget.octets, &mut work.wakes)
                .is_ok();
        if !queued {
            debug!(
                message = message.name(),
                "the peer cannot take this message"
            );
        }
        queued
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.leave();
        self.router.dismiss(self.id);
    }
}

/// Draws a session id and a nonce from the system's generator; none if that fails.
pub(crate) fn draw() -> Option<(SessionId, [u8; 32])> {
    let (mut id, mut nonce) = ([0; 8], [0; 32]);
    getrandom::fill(&mut id).ok()?;
    getrandom::fill(&mut nonce).ok()?;
    Some((session_id(u64::from_ne_bytes(id))?, nonce))
}

/// Makes a session id of random bits: from 1 to 2^53 (WAMP spec, "IDs").
fn session_id(random: u64) -> Option<SessionId> {
    SessionId::new((random >> 11) + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn session_ids_are_in_range() {
        assert_eq!(session_id(0).unwrap().value(), 1);
        assert_eq!(session_id(u64::MAX).unwrap().value(), 1 << 53);
    }
}
