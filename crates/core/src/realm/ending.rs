//! The ends of sessions.

use std::time::{Duration, Instant};

use crossbar_wire::{
    Abort, CancelMode, Goodbye, Message, RegistrationId, RequestId, SessionId, SubscriptionId, Text,
};

use super::meta::Detached;
use super::{Realm, send};
use crate::abort::protocol_violation;
use crate::calls::CallKey;
use crate::refusal::Refusal;
use crate::{Command, Outbox, Transport, uris};

/// How long a session has to answer the router's GOODBYE.
const GOODBYE_LIMIT: Duration = Duration::from_secs(5);

/// What a session had until it ended.
#[derive(Default)]
struct Emptied {
    subscriptions: Vec<Detached<SubscriptionId>>,
    registrations: Vec<Detached<RegistrationId>>,
}

impl Realm {
    /// Ends a session that broke the protocol: ABORT `wamp.error.protocol_violation` with this text.
    pub fn violate(&mut self, session: SessionId, message: &str, out: &mut Outbox) {
        if self.sessions.open(session).is_some() {
            self.abort(session, protocol_violation(message), out);
        }
    }

    /// The same for a request id that is not the next one.
    #[cold]
    pub(super) fn violate_request_id(&mut self, from: SessionId, expected: u64, out: &mut Outbox) {
        let text = format!("a request id that does not count up: {expected} was expected");
        self.violate(from, &text, out);
    }

    /// Ends an open session with ABORT.
    pub(super) fn abort(&mut self, session: SessionId, abort: Abort, out: &mut Outbox) {
        self.sessions.close(session, None);
        send(out, session, Message::Abort(Box::new(abort)));
        self.end(session, Transport::Close, out);
        self.settle(out);
    }

    /// Ends a session whose transport is gone.
    pub fn leave(&mut self, session: SessionId, now: Instant, out: &mut Outbox) {
        self.now = now;
        if self.sessions.open(session).is_some() {
            self.sessions.close(session, None);
            self.clear(session, out);
        }
        self.sessions.remove(session);
        self.settle(out);
    }

    /// Says GOODBYE to every session, which then have until a time limit to answer.
    pub fn close(&mut self, reason: &str, now: Instant, out: &mut Outbox) {
        self.now = now;
        let sessions = self.sessions.iter();
        let open = sessions.filter(|(_, session)| session.is_open());
        let open: Vec<SessionId> = open.map(|(id, _)| id).collect();
        let goodbye = Goodbye {
            message: None,
            reason: Text::from(reason),
        };
        self.kill_all(&open, &goodbye, out);
    }

    /// Says GOODBYE to a session whose cookie was logged out elsewhere.
    pub fn log_out(&mut self, session: SessionId, now: Instant, out: &mut Outbox) {
        self.now = now;
        let is_open = self.sessions.open(session);
        if is_open.is_some_and(|session| !session.trusted) {
            let goodbye = Goodbye {
                message: Some(Text::from_static("the login was ended by another session")),
                reason: Text::from_static(uris::LOGOUT),
            };
            self.kill(&[session], &goodbye, out);
            self.settle(out);
        }
    }

    /// Says GOODBYE to sessions, which then have until a time limit to answer. They learn nothing of each other's end.
    pub(super) fn kill(&mut self, victims: &[SessionId], goodbye: &Goodbye, out: &mut Outbox) {
        for (session, emptied) in self.dismiss(victims, goodbye, out) {
            self.tell(session, emptied, out);
        }
    }

    /// The same without a word to those that stay.
    pub(super) fn kill_all(&mut self, all: &[SessionId], goodbye: &Goodbye, out: &mut Outbox) {
        for (session, _) in self.dismiss(all, goodbye, out) {
            self.definitions.forget(session);
        }
        self.settle(out);
    }

    fn dismiss(
        &mut self,
        victims: &[SessionId],
        goodbye: &Goodbye,
        out: &mut Outbox,
    ) -> Vec<(SessionId, Emptied)> {
        for &session in victims {
            self.say_goodbye(session, goodbye, out);
        }
        let victims = victims.iter();
        victims.map(|&it| (it, self.empty(it, out))).collect()
    }

    fn say_goodbye(&mut self, session: SessionId, goodbye: &Goodbye, out: &mut Outbox) {
        let until = self.now.checked_add(GOODBYE_LIMIT);
        self.sessions.close(session, until);
        let goodbye = Message::Goodbye(Box::new(goodbye.clone()));
        send(out, session, goodbye);
    }

    /// Answers a client's GOODBYE; its transport may carry another session.
    pub(super) fn take_goodbye(&mut self, from: SessionId, out: &mut Outbox) {
        self.sessions.close(from, None);
        let reason = if self.options.compat_crossbar {
            uris::CLOSE_NORMAL // compat: Crossbar.io's own reason
        } else {
            uris::GOODBYE_AND_OUT
        };
        let goodbye = Goodbye {
            message: None,
            reason: Text::from_static(reason),
        };
        send(out, from, Message::Goodbye(Box::new(goodbye)));
        self.end(from, Transport::Keep, out);
    }

    /// An ABORT is not answered.
    pub(super) fn take_abort(&mut self, from: SessionId, out: &mut Outbox) {
        self.sessions.close(from, None);
        self.end(from, Transport::Close, out);
    }

    /// Takes a message of a session that the router said GOODBYE to: only the end of it counts.
    pub(super) fn handle_while_closing(
        &mut self,
        from: SessionId,
        message: &Message,
        out: &mut Outbox,
    ) {
        if matches!(message, Message::Goodbye(_)) {
            self.forget(from, Transport::Keep, out);
        } else if matches!(message, Message::Abort(_)) {
            self.forget(from, Transport::Close, out);
        }
    }

    /// Says GOODBYE to a session whose time is up.
    pub(super) fn expire(&mut self, session: SessionId, out: &mut Outbox) {
        let goodbye = Goodbye {
            message: Some(Text::from_static("what let this session in has expired")),
            reason: Text::from_static(uris::EXPIRED),
        };
        self.kill(&[session], &goodbye, out);
    }

    /// Ends a session that did not answer GOODBYE in time.
    pub(super) fn give_up(&mut self, session: SessionId, out: &mut Outbox) {
        self.forget(session, Transport::Close, out);
    }

    /// Ends a session whose tables are full still, and forgets it.
    fn end(&mut self, session: SessionId, transport: Transport, out: &mut Outbox) {
        out.push_back(Command::End { session, transport });
        self.clear(session, out);
        self.sessions.remove(session);
    }

    /// Forgets a session, whose tables were emptied when the router said GOODBYE.
    fn forget(&mut self, session: SessionId, transport: Transport, out: &mut Outbox) {
        out.push_back(Command::End { session, transport });
        self.sessions.remove(session);
    }

    fn clear(&mut self, id: SessionId, out: &mut Outbox) {
        let emptied = self.empty(id, out);
        self.tell(id, emptied, out);
    }

    /// Empties the tables of a session that is closing, and tells those who waited for it.
    fn empty(&mut self, id: SessionId, out: &mut Outbox) -> Emptied {
        let Some(session) = self.sessions.get_mut(id) else {
            return Emptied::default();
        };
        let is_parked = session.parking.is_some();
        let subscriptions = std::mem::take(&mut session.subscriptions);
        let registrations = std::mem::take(&mut session.registrations);
        session.wildcards = 0;
        let calls = in_order(std::mem::take(&mut session.calls));
        let subscriptions = subscriptions.into_iter();
        let subscriptions = subscriptions
            .filter_map(|subscription| self.detach_subscriber(id, subscription))
            .collect();
        let registrations = registrations.into_iter();
        let registrations = registrations
            .filter_map(|registration| self.detach_callee(id, registration))
            .collect();
        for newest in calls {
            self.abandon(newest, out);
        }
        if is_parked {
            self.unpark(id, out);
        }
        let invocations = match self.sessions.get_mut(id) {
            Some(session) => in_order(std::mem::take(&mut session.invocations)),
            None => Vec::new(),
        };
        for key in invocations {
            let text = "the callee disconnected from an in-flight request";
            self.fail(key, Refusal::new(uris::CANCELED, text), out);
        }
        Emptied {
            subscriptions,
            registrations,
        }
    }

    /// Publishes what a session leaves, and that it has left.
    fn tell(&mut self, id: SessionId, emptied: Emptied, out: &mut Outbox) {
        self.publish_testaments(id, out);
        for detached in emptied.subscriptions {
            self.announce_unsubscribed(id, detached, &[], out);
        }
        for detached in emptied.registrations {
            self.announce_unregistered(id, detached, &[], out);
        }
        self.undefine_all(id, out);
        self.tell_leave(id, out);
    }

    fn tell_leave(&mut self, id: SessionId, out: &mut Outbox) {
        let Some(session) = self.sessions.get(id).filter(|session| !session.trusted) else {
            return;
        };
        let authid = session.authid.clone();
        let authrole = self.roles.name(session.role).clone();
        self.announce_leave(id, &authid, &authrole, out);
    }

    /// Ends a call, and the older ones with its request id, whose caller has left.
    fn abandon(&mut self, newest: CallKey, out: &mut Outbox) {
        let mut next = Some(newest);
        while let Some(key) = next {
            self.interrupt(key, CancelMode::KillNoWait, out);
            next = self.end_call(key).and_then(|call| call.older());
        }
    }
}

/// Gives the calls of a table in the order of their requests.
fn in_order<S>(table: std::collections::HashMap<RequestId, CallKey, S>) -> Vec<CallKey> {
    let mut calls: Vec<(RequestId, CallKey)> = table.into_iter().collect();
    calls.sort_unstable();
    calls.into_iter().map(|(_, key)| key).collect()
}
