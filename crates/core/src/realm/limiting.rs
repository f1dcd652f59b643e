//! How much sessions may have, and what becomes of those who want more.

use std::time::Instant;

use crossbar_wire::{
    Abort, CancelMode, Identity, MatchPolicy, Message, RequestId, SessionId, Text,
};

use super::{Realm, send};
use crate::abort::{abort, limit_exceeded};
use crate::parking::Waiting;
use crate::refusal::{Refusal, RequestType};
use crate::role::{RoleKey, TRUSTED};
use crate::session::Session;
use crate::{Command, Limit, Limits, Outbox, TransportDetails, uris};

impl Realm {
    /// Gives the limits of a session: of its transport's and its role's the stricter ones. The node's own sessions have none.
    #[must_use]
    pub fn limits(&self, session: SessionId) -> Limits {
        match self.sessions.get(session) {
            Some(session) if !session.trusted => {
                let transport = session.limits.as_deref().copied().unwrap_or_default();
                transport.stricter(*self.roles.limits(session.role))
            }
            Some(_) | None => Limits::default(),
        }
    }

    /// Tells who a session is and what it comes over, as far as that is known.
    #[must_use]
    pub fn describe(
        &self,
        session: SessionId,
    ) -> Option<(Box<Identity>, Option<TransportDetails>)> {
        let transport = self.sessions.get(session)?.details.transport.clone();
        Some((self.identify(session)?, transport))
    }

    /// Ends a session that sends faster than it may: ABORT with this text.
    pub fn expel(&mut self, session: SessionId, text: &str, out: &mut Outbox) {
        if self.sessions.open(session).is_some() {
            self.abort(session, limit_exceeded(text), out);
        }
    }

    /// Takes a message of an open session that is longer than its sender's limit: a request is refused, an answer is an error
    /// for whoever waits for it. Others, which carry nothing of size, go on.
    pub fn refuse_large(
        &mut self,
        from: SessionId,
        message: Message,
        now: Instant,
        out: &mut Outbox,
    ) {
        let Some(session) = self.sessions.get_mut(from).filter(|it| it.is_open()) else {
            return;
        };
        if refusable(&message).is_none() {
            self.handle(from, message, now, out);
            return;
        }
        self.now = now;
        if session.parking.is_some() {
            self.take_judged(from, Waiting::new(message, true), out);
        } else if let Err(expected) = session.take_request_id(&message) {
            self.violate_request_id(from, expected, out);
        } else {
            self.take_large(from, &message, out);
        }
        self.settle(out);
    }

    /// Refuses what a message asks or answers for its size.
    pub(super) fn take_large(&mut self, from: SessionId, message: &Message, out: &mut Outbox) {
        let (Some(session), Some((of, request))) = (self.sessions.get(from), refusable(message))
        else {
            return;
        };
        let call = match of {
            RequestType::Invocation => session.invocations.get(&request),
            RequestType::Call => session.calls.get(&request),
            RequestType::Publish
            | RequestType::Subscribe
            | RequestType::Unsubscribe
            | RequestType::Register
            | RequestType::Unregister => None,
        };
        let text = "the message is longer than the sender may send";
        let refusal = Refusal::limited(uris::PAYLOAD_SIZE_EXCEEDED, text, Limit::MessageSize);
        match (of, call.copied()) {
            (RequestType::Call | RequestType::Invocation, Some(key)) => {
                self.note(from, &refusal, out);
                if of == RequestType::Call || matches!(message, Message::Yield(_)) {
                    self.interrupt(key, CancelMode::KillNoWait, out);
                }
                self.fail(key, refusal, out);
            }
            (RequestType::Invocation, None) => {}
            (RequestType::Publish, _) if !acknowledged(message) => self.note(from, &refusal, out),
            (of, _) => self.refuse(from, refusal, (of, request), out),
        }
    }

    /// Answers a request that is refused.
    pub(super) fn refuse(
        &mut self,
        from: SessionId,
        refusal: Refusal,
        (of, request): (RequestType, RequestId),
        out: &mut Outbox,
    ) {
        self.note(from, &refusal, out);
        if refusal.matter().is_none() {
            send(out, from, refusal.answer(of, request));
        }
    }

    /// Lets the shell know of a refusal, if a limit or misfitting arguments are the reason. Notes what has to be asked first.
    pub(super) fn note(&mut self, session: SessionId, refusal: &Refusal, out: &mut Outbox) {
        if let Some(matter) = refusal.matter() {
            self.authorizing.want(matter.clone());
        }
        if let Some(limit) = refusal.limit() {
            self.limited += 1;
            out.push_back(Command::Limited { session, limit });
        }
        if let Some(why) = refusal.misfit() {
            let why = why.to_owned();
            out.push_back(Command::Unfit { session, why });
        }
    }

    /// Says whether a session may have one more of something that it has `count` of.
    pub(super) fn check_count(
        &self,
        session: &Session,
        count: usize,
        limit: Limit,
    ) -> Result<(), Refusal> {
        let most = self.most(session, limit);
        if count < most {
            return Ok(());
        }
        let what = match limit {
            Limit::Subscriptions => "subscriptions",
            Limit::Registrations => "registrations",
            Limit::Wildcards => "wildcard patterns",
            Limit::OpenCalls => "calls in flight",
            Limit::UriLength | Limit::MessageSize => "octets",
        };
        let text = format!("the session has {count} {what}, which is as many as it may have");
        Err(Refusal::limited(uris::LIMIT_EXCEEDED, text, limit))
    }

    /// Says whether a session may have one more pattern of this kind.
    pub(super) fn check_wildcards(
        &self,
        session: &Session,
        policy: MatchPolicy,
    ) -> Result<(), Refusal> {
        match policy {
            MatchPolicy::Wildcard => {
                let count = usize::try_from(session.wildcards).unwrap_or(usize::MAX);
                self.check_count(session, count, Limit::Wildcards)
            }
            MatchPolicy::Exact | MatchPolicy::Prefix => Ok(()),
        }
    }

    /// Says whether a URI or pattern of a session is not too long.
    pub(super) fn check_length(&self, from: SessionId, uri: &Text) -> Result<(), Refusal> {
        let session = self.sessions.get(from);
        let most = session.map_or(usize::MAX, |it| self.most(it, Limit::UriLength));
        if uri.len() <= most {
            return Ok(());
        }
        let text = format!("the URI has {} octets, and {most} are allowed", uri.len());
        Err(Refusal::limited(uris::INVALID_URI, text, Limit::UriLength))
    }

    /// Says whether the realm may have one more session of a role.
    #[expect(clippy::result_large_err, reason = "once a session")]
    pub(super) fn check_sessions(&self, role: RoleKey) -> Result<(), Abort> {
        let own = self.roles.find(&Text::from_static(TRUSTED));
        let own = own.map_or(0, |own| self.sessions.count_of(own));
        let full = |count: usize, most: Option<usize>| most.is_some_and(|most| count >= most);
        let text = if full(self.sessions.len() - own, self.options.max_sessions) {
            format!("the realm \"{}\" has as many sessions as it may", self.name)
        } else if full(self.sessions.count_of(role), self.roles.max_sessions(role)) {
            let role = self.roles.name(role);
            format!("the role \"{role}\" has as many sessions as it may")
        } else {
            return Ok(());
        };
        Err(abort(uris::LIMIT_EXCEEDED, text))
    }

    fn most(&self, session: &Session, limit: Limit) -> usize {
        if session.trusted {
            return usize::MAX;
        }
        let transport = session.limits.as_deref().and_then(|it| it.of(limit));
        let role = self.roles.limits(session.role).of(limit);
        crate::limits::least(transport, role).unwrap_or(limit.default())
    }
}

/// Gives what a message asks or answers, if it is one that can be refused for its size.
fn refusable(message: &Message) -> Option<(RequestType, RequestId)> {
    match message {
        Message::Call(call) => Some((RequestType::Call, call.request)),
        Message::Publish(publish) => Some((RequestType::Publish, publish.request)),
        Message::Subscribe(subscribe) => Some((RequestType::Subscribe, subscribe.request)),
        Message::Register(register) => Some((RequestType::Register, register.request)),
        Message::Yield(result) => Some((RequestType::Invocation, result.request)),
        Message::Error(error) => Some((RequestType::Invocation, error.request)),
        Message::Hello(_)
        | Message::Welcome(_)
        | Message::Abort(_)
        | Message::Challenge(_)
        | Message::Authenticate(_)
        | Message::Goodbye(_)
        | Message::Published(_)
        | Message::Subscribed(_)
        | Message::Unsubscribe(_)
        | Message::Unsubscribed(_)
        | Message::Event(_)
        | Message::EventReceived(_)
        | Message::Cancel(_)
        | Message::Result(_)
        | Message::Registered(_)
        | Message::Unregister(_)
        | Message::Unregistered(_)
        | Message::Invocation(_)
        | Message::Interrupt(_) => None,
    }
}

fn acknowledged(message: &Message) -> bool {
    matches!(message, Message::Publish(publish) if publish.acknowledge == Some(true))
}
