//! Drives a realm: the lock, the timer, the end.

use std::sync::Arc;
use std::task::Waker;
use std::time::Instant;

use crossbar_core::{
    Join, Limits, Outbox, Realm, RealmOptions, RoleConfig, Undeliverable, no_such_realm,
};
use crossbar_wire::{Abort, Message, Payload, SessionId, Text};
use parking_lot::{Mutex, MutexGuard};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tracing::debug;

use crate::asking::{Asked, NO_REALM, Question};
use crate::delivery::Delivery;
use crate::outlet::Outlet;
use crate::session::draw;
use crate::statistics::Counters;
use crate::time::wall_clock;

/// Owns one realm. Whoever has messages for it locks it, hands them in, and carries out what the realm commands before it
/// unlocks: messages are queued in the order in which the realm decided. Nothing here waits for a peer.
///
/// A task that drains a queue of batches in place of the lock gains nothing for calls, costs events a quarter of their
/// throughput for the hand-over, and needs a bounded queue of its own.
///
/// Tasks to wake are given to the caller, who wakes them with [`wake`] when no lock is held.
#[derive(Debug)]
pub(crate) struct Driver {
    name: Text,
    state: Mutex<State>,
    /// Tells the timer's task that an earlier time is due.
    alarm: Notify,
    /// Tells that the last session of a closed realm has gone.
    emptied: Notify,
    counters: Arc<Counters>,
    stopped: CancellationToken,
    /// Whether the traffic of sessions is counted.
    metered: bool,
}

#[derive(Debug)]
struct State {
    delivery: Delivery,
    /// What the timer's task waits for.
    armed: Option<Instant>,
    /// Nobody joins any more.
    closed: bool,
}

impl Driver {
    /// Makes an empty realm. Its timer runs as soon as [`Driver::run_timer`] does.
    pub(crate) fn new(
        name: Text,
        options: RealmOptions,
        seed: [u8; 32],
        counters: Arc<Counters>,
        stopped: CancellationToken,
    ) -> Self {
        let statistics = options.statistics;
        let realm = Realm::new(name.clone(), options, seed, wall_clock());
        let state = State {
            delivery: Delivery::new(realm, Arc::clone(&counters), statistics),
            armed: None,
            closed: false,
        };
        Self {
            name,
            state: Mutex::new(state),
            alarm: Notify::new(),
            emptied: Notify::new(),
            counters,
            stopped,
            metered: statistics.is_some(),
        }
    }

    /// Says whether the lengths of what clients send are to be told to [`Driver::submit`].
    pub(crate) const fn is_metered(&self) -> bool {
        self.metered
    }

    /// Gives how many sessions are open.
    pub(crate) fn sessions(&self) -> usize {
        self.state.lock().delivery.sessions()
    }

    /// Adds or replaces a role.
    pub(crate) fn set_role(&self, role: RoleConfig) {
        self.state.lock().delivery.realm.set_role(role);
    }

    /// Removes a role. Says whether it was there.
    pub(crate) fn remove_role(&self, name: &str) -> bool {
        self.state.lock().delivery.realm.remove_role(name)
    }

    /// Forgets what the authorizer of a role decided that is kept.
    pub(crate) fn purge_authorizations(&self, role: &str) {
        let mut state = self.state.lock();
        state.delivery.realm.purge_authorizations(Some(role));
    }

    /// Looks at the realm.
    pub(crate) fn inspect<T>(&self, look: impl FnOnce(&Realm) -> T) -> T {
        look(&self.state.lock().delivery.realm)
    }

    /// Opens a session on a connection. Gives its limits.
    ///
    /// # Errors
    /// Gives the ABORT to send instead.
    pub(crate) fn join(
        &self,
        join: Join,
        outlet: &Arc<Outlet>,
        wakes: &mut Vec<Waker>,
    ) -> Result<Limits, Box<Abort>> {
        let mut state = self.state.lock();
        if state.closed {
            return Err(Box::new(no_such_realm(&self.name)));
        }
        let session = join.session;
        // The system's clock may have been set since.
        state.delivery.realm.set_clock(wall_clock());
        state.delivery.join(join, outlet)?;
        debug!(realm = %self.name, %session, "session opened");
        let limits = state.delivery.realm.limits(session);
        self.finish(state, wakes);
        Ok(limits)
    }

    /// Hands in messages of an open session, oldest first. `lengths` are theirs in octets, if the realm is metered.
    pub(crate) fn submit(
        &self,
        from: SessionId,
        messages: &mut Vec<Message>,
        lengths: &mut Vec<usize>,
        wakes: &mut Vec<Waker>,
    ) {
        let now = Instant::now();
        let mut state = self.state.lock();
        if self.metered {
            state.delivery.received(from, lengths);
        }
        for message in messages.drain(..) {
            state.delivery.handle(from, message, now);
        }
        self.finish(state, wakes);
    }

    /// Ends a session that broke the protocol.
    pub(crate) fn violate(&self, session: SessionId, what: &str, wakes: &mut Vec<Waker>) {
        self.with(wakes, |realm, outbox| realm.violate(session, what, outbox));
    }

    /// Ends a session whose cookie was logged out elsewhere.
    pub(crate) fn log_out(&self, session: SessionId, wakes: &mut Vec<Waker>) {
        let now = Instant::now();
        self.with(wakes, |realm, outbox| realm.log_out(session, now, outbox));
    }

    /// Ends a session that sends faster than it may.
    pub(crate) fn expel(&self, session: SessionId, text: &str, wakes: &mut Vec<Waker>) {
        self.with(wakes, |realm, outbox| realm.expel(session, text, outbox));
    }

    /// Takes a message that is longer than its sender's limit.
    pub(crate) fn refuse_large(&self, from: SessionId, message: Message, wakes: &mut Vec<Waker>) {
        let now = Instant::now();
        self.with(wakes, |realm, outbox| {
            realm.refuse_large(from, message, now, outbox);
        });
    }

    /// Asks a procedure of the realm.
    ///
    /// # Errors
    /// Says why not.
    pub(crate) fn ask(
        self: Arc<Self>,
        procedure: Text,
        payload: Payload,
    ) -> Result<Question, &'static str> {
        let (session, _) = draw().ok_or("there are no random numbers")?;
        let mut wakes = Vec::new();
        let mut state = self.state.lock();
        if state.closed {
            return Err(NO_REALM);
        }
        let asked = state.delivery.ask(session, procedure, payload);
        self.finish(state, &mut wakes);
        wake(&mut wakes);
        Ok(Question {
            driver: self,
            asked: asked?,
        })
    }

    /// Ends the call of a question that nobody wants to be answered any more.
    pub(crate) fn give_up(&self, asked: &Asked, wakes: &mut Vec<Waker>) {
        let mut state = self.state.lock();
        state.delivery.give_up(asked);
        self.finish(state, wakes);
    }

    /// Ends a session whose connection is gone.
    pub(crate) fn leave(&self, session: SessionId, wakes: &mut Vec<Waker>) {
        let mut state = self.state.lock();
        state.delivery.leave(session);
        debug!(realm = %self.name, %session, "session lost its transport");
        self.finish(state, wakes);
    }

    /// Takes back a message that its receiver's task could not encode.
    pub(crate) fn undeliverable(
        &self,
        to: SessionId,
        message: &Message,
        why: Undeliverable,
        wakes: &mut Vec<Waker>,
    ) {
        Counters::add(&self.counters.undeliverable, 1);
        self.with(wakes, |realm, outbox| {
            realm.undeliverable(to, message, why, outbox);
        });
    }

    /// Says GOODBYE to all sessions and lets nobody join any more.
    pub(crate) fn close(&self, reason: &str) {
        let mut wakes = Vec::new();
        self.state.lock().closed = true;
        self.with(&mut wakes, |realm, outbox| {
            realm.close(reason, Instant::now(), outbox);
        });
        wake(&mut wakes);
    }

    /// Waits until no session is left in a closed realm.
    pub(crate) async fn emptied(&self) {
        let mut emptied = std::pin::pin!(self.emptied.notified());
        loop {
            emptied.as_mut().enable();
            if self.sessions() == 0 {
                return;
            }
            emptied.as_mut().await;
            emptied.set(self.emptied.notified());
        }
    }

    /// Closes the connections of the sessions that are still there, and ends the timer's task.
    pub(crate) fn stop(&self) {
        let mut wakes = Vec::new();
        let mut state = self.state.lock();
        state.closed = true;
        state.delivery.stop();
        self.finish(state, &mut wakes);
        wake(&mut wakes);
        self.stopped.cancel();
    }

    /// Wakes the realm whenever it has something to do by itself. Ends when the realm is stopped.
    pub(crate) async fn run_timer(self: Arc<Self>) {
        let mut wakes = Vec::new();
        loop {
            let due = {
                let mut state = self.state.lock();
                state.armed = state.delivery.realm.next_timeout();
                state.armed
            };
            let ring = async {
                match due {
                    Some(due) => tokio::time::sleep_until(due.into()).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = self.stopped.cancelled() => return,
                () = self.alarm.notified() => {}
                () = ring => {
                    let now = tokio::time::Instant::now().into_std();
                    self.with(&mut wakes, |realm, outbox| realm.handle_timeout(now, outbox));
                    wake(&mut wakes);
                }
            }
        }
    }

    fn with(&self, wakes: &mut Vec<Waker>, act: impl FnOnce(&mut Realm, &mut Outbox)) {
        let mut state = self.state.lock();
        state.delivery.act(act);
        self.finish(state, wakes);
    }

    /// Sees to the timer, and unlocks.
    fn finish(&self, mut state: MutexGuard<'_, State>, wakes: &mut Vec<Waker>) {
        state.delivery.tell_traffic();
        wakes.append(&mut state.delivery.wakes);
        if state.closed && state.delivery.sessions() == 0 {
            self.emptied.notify_waiters();
        }
        let next = state.delivery.realm.next_timeout();
        let earlier = match (next, state.armed) {
            (Some(next), Some(armed)) => next < armed,
            (Some(_), None) => true,
            (None, _) => false,
        };
        if earlier {
            state.armed = next;
            drop(state);
            self.alarm.notify_one();
        }
    }
}

/// Wakes tasks, outside any lock.
pub(crate) fn wake(wakes: &mut Vec<Waker>) {
    for waker in wakes.drain(..) {
        waker.wake();
    }
}
