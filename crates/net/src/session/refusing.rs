//! The ends of those who break rules, send too fast, or take too long.

use crossbar_core::{Step, limit_exceeded, too_late};
use crossbar_wire::{Abort, Message};
use tokio::time::Instant;
use tracing::{debug, info, warn};

use super::{Change, Deciding, Phase, Session, Work};
use crate::driver::wake;
use crate::statistics::Counters;

const TOO_FAST: &str = "the client sends faster than it may";

impl Session {
    /// Ends the session of a client that sends faster than it may.
    pub(super) fn expel(&mut self, work: &mut Work) -> Change {
        self.flush(work);
        match std::mem::replace(&mut self.phase, Phase::Over) {
            Phase::Open(driver, session) => {
                self.note_expulsion(Some(session.value()));
                driver.expel(session, TOO_FAST, &mut work.wakes);
            }
            Phase::Hello | Phase::Challenged(_) | Phase::Deciding(_) => {
                self.note_expulsion(None);
                self.abort(limit_exceeded(TOO_FAST), work);
            }
            Phase::Over => return Change::None,
        }
        Change::Refused
    }

    /// Tells a client that its session was not open in time.
    pub(crate) fn time_out(&mut self) {
        match std::mem::replace(&mut self.phase, Phase::Over) {
            Phase::Hello | Phase::Challenged(_) | Phase::Deciding(_) => {
                let counters = self.router.counters();
                Counters::add(&counters.sessions_late, 1);
                if let Some(hidden) = counters.told.late.due() {
                    let peer = self.client.transport.peer;
                    info!(
                        ?peer,
                        hidden, "connection closed: no session was open in time"
                    );
                }
                let mut work = Work::default();
                self.abort(too_late("no session was open in time"), &mut work);
                wake(&mut work.wakes);
            }
            phase @ (Phase::Open(..) | Phase::Over) => self.phase = phase,
        }
    }

    /// Holds up the refusal of a client that did not prove who it is, if there were many from its address. Gives the refusal
    /// back if it is to be sent at once.
    pub(super) fn slow_down(&mut self, abort: Abort) -> Result<Change, Box<Abort>> {
        let Some(address) = self.address() else {
            return Err(Box::new(abort));
        };
        let counters = self.router.counters();
        Counters::add(&counters.authentications_failed, 1);
        let delay = self.router.failures().note(address);
        if delay.is_zero() {
            return Err(Box::new(abort));
        }
        if let Some(hidden) = counters.told.failures.due() {
            warn!(%address, hidden, "many clients of an address fail to prove who they are: they are answered late");
        }
        let until = Instant::now() + delay;
        self.phase = Phase::Deciding(Deciding {
            step: Box::pin(async move {
                tokio::time::sleep_until(until).await;
                Step::Abort(abort)
            }),
            held_up: Some(until),
        });
        Ok(Change::None)
    }

    pub(super) fn abort(&self, abort: Abort, work: &mut Work) {
        self.send(&Message::Abort(Box::new(abort)), work);
    }

    pub(crate) fn note_violation(&self, what: &str) {
        let counters = self.router.counters();
        Counters::add(&counters.violations, 1);
        match counters.told.violations.due() {
            Some(hidden) => {
                let peer = self.client.transport.peer;
                let session = self.id().map(crossbar_wire::SessionId::value);
                warn!(?peer, ?session, what, hidden, "protocol violation");
            }
            None => debug!(what, "protocol violation"),
        }
    }

    pub(super) fn note_pause(&self) {
        let counters = self.router.counters();
        Counters::add(&counters.paused, 1);
        if let Some(hidden) = counters.told.rates.due() {
            let peer = self.client.transport.peer;
            let session = self.id().map(crossbar_wire::SessionId::value);
            info!(
                ?peer,
                ?session,
                hidden,
                "a client is not read for a while: it sends faster than it may"
            );
        }
    }

    pub(super) fn note_refusal(&self, abort: &Abort) {
        debug!(reason = %abort.reason, "session refused");
        if abort.reason == limit_exceeded("").reason {
            let counters = self.router.counters();
            Counters::add(&counters.limited, 1);
            if let Some(hidden) = counters.told.limited.due() {
                let peer = self.client.transport.peer;
                let why = abort.message.as_deref();
                warn!(?peer, ?why, hidden, "a session was refused");
            }
        }
    }

    fn note_expulsion(&self, session: Option<u64>) {
        let counters = self.router.counters();
        Counters::add(&counters.expelled, 1);
        if let Some(hidden) = counters.told.rates.due() {
            let peer = self.client.transport.peer;
            warn!(
                ?peer,
                ?session,
                hidden,
                "session ended: its client sends faster than it may"
            );
        }
    }
}
