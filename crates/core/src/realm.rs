mod admission;
mod answering;
mod audience;
mod audit;
mod authorizing;
mod calling;
mod canceling;
mod ending;
mod invoking;
mod limiting;
mod meta;
mod passthru;
mod pubsub;
mod queueing;
mod registering;
mod rerouting;
mod retaining;
mod streaming;
mod undeliverable;
mod validating;

use std::time::Instant;

use crossbar_wire::{
    Abort, Features, Identity, Message, Role, Roles as PeerRoles, SessionId, Text, Welcome,
};

use self::authorizing::{Authorizing, realm_itself};
use crate::abort::{abort, shortened};
use crate::broker::Broker;
use crate::calls::Calls;
use crate::dealer::Dealer;
use crate::definitions::Definitions;
use crate::generator::Generator;
use crate::history::History;
use crate::parking::Waiting;
use crate::retained::Retained;
use crate::role::{Roles, TRUSTED};
use crate::session::{Session, Sessions, identity};
use crate::{
    Command, HistoryStore, Join, Outbox, Principal, RealmOptions, RoleConfig, Timestamp, WallClock,
    uris,
};

/// Why a message could not be put into a session's queue.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Undeliverable {
    /// It is larger than the receiver accepts.
    TooLarge,
    /// The receiver's serializer cannot express its payload.
    Unrepresentable,
    /// As much as may waits for the receiver to read already.
    Full,
}

/// How much a realm holds and what it has dropped.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Statistics {
    /// Sessions that have joined and not ended.
    pub sessions: usize,
    /// Subscriptions: topics and patterns.
    pub subscriptions: usize,
    /// Registrations: procedures and patterns.
    pub registrations: usize,
    /// Calls that wait for an answer.
    pub calls: usize,
    /// Time limits that are running.
    pub time_limits: usize,
    /// Events that a receiver could not be sent.
    pub dropped_events: u64,
    /// Requests that were refused since their session had, or sent, as much as it may.
    pub limited: u64,
    /// Events that are retained for later subscribers.
    pub retained_events: usize,
    /// The octets of memory that these take, about.
    pub retained_octets: usize,
    /// Events that are not retained any longer, since there was no room.
    pub forgotten_events: u64,
}

/// One realm: its sessions, broker and dealer.
#[derive(Debug)]
pub struct Realm {
    name: Text,
    options: RealmOptions,
    ids: Generator,
    roles: Roles,
    sessions: Sessions,
    broker: Broker,
    dealer: Dealer,
    definitions: Definitions,
    calls: Calls,
    retained: Retained,
    history: Option<History>,
    authorizing: Authorizing,
    is_settling: bool,
    dropped_events: u64,
    limited: u64,
    clock: WallClock,
    /// The time of the input that is being taken.
    now: Instant,
}

impl Realm {
    /// Makes an empty realm. `seed` seeds the generator of ids; `clock` tells the time of day.
    #[must_use]
    pub fn new(name: Text, options: RealmOptions, seed: [u8; 32], clock: WallClock) -> Self {
        let mut realm = Self {
            name,
            retained: Retained::new(options.max_retained_events, options.max_retained_octets),
            dealer: Dealer::new(&options.call_queues),
            definitions: Definitions::default(),
            options,
            ids: Generator::new(seed),
            roles: Roles::new(),
            sessions: Sessions::default(),
            broker: Broker::default(),
            calls: Calls::default(),
            dropped_events: 0,
            limited: 0,
            history: None,
            authorizing: Authorizing::default(),
            is_settling: false,
            now: clock.read_at(),
            clock,
        };
        realm.open_history();
        realm
    }

    /// Keeps past events in another store than in memory. What is there already is lost.
    pub fn set_history_store(&mut self, store: Box<dyn HistoryStore>) {
        if let Some(history) = &mut self.history {
            history.set_store(store);
        }
    }

    /// Sets the time of day, which the realm else counts on from the time it was made.
    pub fn set_clock(&mut self, clock: WallClock) {
        self.clock = clock;
    }

    /// Adds a role, or replaces the one of that name; its sessions are judged by the new one from then on. The role
    /// `trusted` is built in and stays as it is.
    pub fn set_role(&mut self, role: RoleConfig) {
        if let Some(key) = self.roles.set(role) {
            self.role_changed(key);
        }
    }

    /// Removes a role; its sessions are denied everything from then on. Says whether it was there.
    pub fn remove_role(&mut self, name: &str) -> bool {
        let removed = self.roles.remove(name);
        if let Some(key) = removed {
            self.role_changed(key);
        }
        removed.is_some()
    }

    /// Opens a session and answers WELCOME.
    ///
    /// # Errors
    /// Gives the ABORT for a role that the realm lacks, a session id that is taken, or a login that has expired meanwhile.
    #[expect(clippy::result_large_err, reason = "once a session")]
    pub fn join(&mut self, join: Join, now: Instant, out: &mut Outbox) -> Result<(), Abort> {
        self.now = now;
        let id = join.session;
        let Some(role) = self.roles.find(&join.principal.authrole) else {
            return Err(self.no_such_role(&join.principal.authrole));
        };
        let trusted = self.roles.name(role).as_str() == TRUSTED;
        if !trusted {
            self.check_sessions(role)?;
        }
        let left = join.expires.map(|expires| expires.since(self.time()));
        if left.is_some_and(|left| left.is_zero()) {
            let message = "what proves who the client is has expired meanwhile".to_owned();
            return Err(abort(uris::NOT_AUTHORIZED, message));
        }
        let mut session = Session::new(&join, role, trusted);
        session.details.expires = left.and_then(|left| now.checked_add(left));
        session.parking = self.roles.authorizer(role).map(|_| Box::default());
        if id == realm_itself() || !self.sessions.insert(id, session) {
            let message = "the session id is taken, join again".to_owned();
            return Err(abort(uris::PROTOCOL_VIOLATION, message));
        }
        let welcome = self.welcome(id, join.principal);
        send(out, id, Message::Welcome(Box::new(welcome)));
        if !trusted {
            self.announce_join(id, out);
        }
        Ok(())
    }

    /// Says whether the realm has the role of a client that has yet to prove who it is, so that a client which cannot join is
    /// not asked for a secret.
    ///
    /// # Errors
    /// Gives the ABORT for a role that the realm lacks.
    pub fn admits(&self, join: &Join) -> Result<(), Box<Abort>> {
        let role = &join.principal.authrole;
        match self.roles.find(role) {
            Some(_) => Ok(()),
            None => Err(Box::new(self.no_such_role(role))),
        }
    }

    /// Says whether there is a role that sessions can have.
    #[must_use]
    pub fn has_role(&self, name: &Text) -> bool {
        self.roles.find(name).is_some()
    }

    /// Takes a message of an open session.
    pub fn handle(&mut self, from: SessionId, message: Message, now: Instant, out: &mut Outbox) {
        self.now = now;
        let Some(session) = self.sessions.get_mut(from) else {
            return;
        };
        if !session.is_open() {
            self.handle_while_closing(from, &message, out);
            return;
        }
        if session.parking.is_some() {
            self.take_judged(from, Waiting::new(message, false), out);
            self.settle(out);
            return;
        }
        if let Err(expected) = session.take_request_id(&message) {
            self.violate_request_id(from, expected, out);
            return;
        }
        let is_chunk = session.is_chunk(&message);
        self.take(from, message, is_chunk, out);
        self.settle(out);
    }

    /// Does what a message of an open session says.
    #[inline(always)] // a message is large, and each further call copies it
    fn take(&mut self, from: SessionId, message: Message, is_chunk: bool, out: &mut Outbox) {
        match message {
            Message::Call(call) if is_chunk => self.take_chunk(from, call, out),
            Message::Call(call) => self.call(from, call, out),
            Message::Yield(result) => self.take_yield(from, result, out),
            Message::Publish(publish) => self.publish(from, publish, out),
            Message::Error(error) => self.take_error(from, error, out),
            Message::Cancel(cancel) => self.cancel(from, &cancel, out),
            Message::Subscribe(subscribe) => self.subscribe(from, &subscribe, out),
            Message::Unsubscribe(unsubscribe) => self.unsubscribe(from, &unsubscribe, out),
            Message::Register(register) => self.register(from, &register, out),
            Message::Unregister(unregister) => self.unregister(from, &unregister, out),
            Message::Goodbye(_) => self.take_goodbye(from, out),
            Message::Abort(_) => self.take_abort(from, out),
            Message::EventReceived(_) => {}
            Message::Hello(_) => self.violate(from, "HELLO in an open session", out),
            Message::Authenticate(_) => self.violate(from, "AUTHENTICATE in an open session", out),
            Message::Welcome(_)
            | Message::Challenge(_)
            | Message::Published(_)
            | Message::Subscribed(_)
            | Message::Unsubscribed(_)
            | Message::Event(_)
            | Message::Result(_)
            | Message::Registered(_)
            | Message::Unregistered(_)
            | Message::Invocation(_)
            | Message::Interrupt(_) => {
                self.violate(from, "a message that only a router sends", out);
            }
        }
    }

    /// Gives the time of the next [`Realm::handle_timeout`].
    #[must_use]
    pub fn next_timeout(&self) -> Option<Instant> {
        let limits = [
            self.calls.next_deadline(),
            self.sessions.next_limit(),
            self.authorizing.next_deadline(),
        ];
        limits.into_iter().flatten().min()
    }

    /// Does what is due at `now`.
    pub fn handle_timeout(&mut self, now: Instant, out: &mut Outbox) {
        self.now = now;
        while let Some(call) = self.calls.overdue(now) {
            self.time_out(call, out);
        }
        self.take_late(now, out);
        while let Some(session) = self.sessions.overdue(now) {
            self.give_up(session, out);
        }
        while let Some(session) = self.sessions.expired(now) {
            self.expire(session, out);
        }
        self.settle(out);
    }

    /// Gives the realm's name.
    #[must_use]
    pub fn name(&self) -> &Text {
        &self.name
    }

    /// Counts the sessions.
    #[must_use]
    pub fn session_count(&self) -> usize {
        self.sessions.len()
    }

    /// Gives the sessions.
    pub fn sessions(&self) -> impl Iterator<Item = Identity> {
        self.sessions
            .iter()
            .map(|(id, session)| *identity(id, session, self.roles.name(session.role)))
    }

    /// Counts what the realm holds.
    #[must_use]
    pub fn statistics(&self) -> Statistics {
        Statistics {
            sessions: self.sessions.len(),
            subscriptions: self.broker.len(),
            registrations: self.dealer.len(),
            calls: self.calls.len(),
            time_limits: self.calls.deadlines()
                + self.sessions.limits()
                + self.authorizing.deadlines(),
            dropped_events: self.dropped_events,
            limited: self.limited,
            retained_events: self.retained.len(),
            retained_octets: self.retained.octets(),
            forgotten_events: self.retained.forgotten(),
        }
    }

    /// Gives the time of day of the input that is being taken.
    fn time(&self) -> Timestamp {
        self.clock.at(self.now)
    }

    fn welcome(&self, session: SessionId, principal: Principal) -> Welcome {
        Welcome {
            session,
            realm: Some(self.name.clone()),
            roles: announced(&self.options),
            agent: Some(Text::from_static(AGENT)),
            authid: Some(principal.authid),
            authrole: Some(principal.authrole),
            authmethod: Some(principal.authmethod),
            authprovider: Some(principal.authprovider),
            authextra: principal.authextra,
        }
    }

    fn no_such_role(&self, role: &Text) -> Abort {
        let role = shortened(role);
        let message = format!("no role \"{role}\" exists on realm \"{}\"", self.name);
        abort(uris::NO_SUCH_ROLE, message)
    }
}

/// Puts a message for a session into the outbox.
fn send(out: &mut Outbox, to: SessionId, message: Message) {
    out.push_back(Command::Send { to, message });
}

/// Gives the features that the router announces in WELCOME.
fn announced(options: &RealmOptions) -> PeerRoles {
    let mut broker = Features::PUBLISHER_IDENTIFICATION
        .union(Features::PUBLISHER_EXCLUSION)
        .union(Features::SUBSCRIBER_BLACKWHITE_LISTING)
        .union(Features::PUBLICATION_TRUSTLEVELS)
        .union(Features::EVENT_RETENTION)
        .union(Features::PATTERN_BASED_SUBSCRIPTION)
        .union(Features::SUBSCRIPTION_REVOCATION)
        .union(PASSTHRU);
    let mut dealer = Features::PROGRESSIVE_CALL_RESULTS
        .union(Features::PROGRESSIVE_CALL_INVOCATIONS)
        .union(Features::CALL_TIMEOUT)
        .union(Features::CALL_CANCELING)
        .union(Features::CALLER_IDENTIFICATION)
        .union(Features::CALL_TRUSTLEVELS)
        .union(Features::PATTERN_BASED_REGISTRATION)
        .union(Features::SHARED_REGISTRATION)
        .union(Features::CALL_REROUTE)
        .union(Features::REGISTRATION_REVOCATION)
        .union(PASSTHRU);
    if options.meta_api {
        broker = broker
            .union(Features::SESSION_META_API)
            .union(Features::SUBSCRIPTION_META_API)
            .union(Features::REFLECTION);
        dealer = dealer
            .union(Features::SESSION_META_API)
            .union(Features::REGISTRATION_META_API)
            .union(Features::TESTAMENT_META_API)
            .union(Features::REFLECTION);
    }
    if options.meta_api && !options.history.is_empty() {
        broker = broker.union(Features::EVENT_HISTORY);
    }
    PeerRoles::default()
        .with(Role::Broker, broker)
        .with(Role::Dealer, dealer)
}

/// Payload passthru and Autobahn's predecessor of it, which Autobahn does not use with a router that does not announce it.
const PASSTHRU: Features = Features::PAYLOAD_PASSTHRU_MODE
    .union(Features::PAYLOAD_TRANSPARENCY)
    .union(Features::PAYLOAD_ENCRYPTION_CRYPTOBOX);

/// `details.agent` of WELCOME: without a version, which would tell a stranger what to try.
const AGENT: &str = "Crossbar-in-Rust";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Authorization, Limits};
    use crossbar_wire::Hello;

    fn join(session: u64) -> Join {
        Join {
            session: SessionId::new(session).unwrap(),
            realm: Text::from_static("realm1"),
            principal: Principal {
                authrole: Text::from_static("anyone"),
                ..Principal::default()
            },
            hello: Hello::default(),
            transport: None,
            strict_request_ids: false,
            limits: None,
            remembered: false,
            expires: None,
        }
    }

    #[test]
    #[expect(
        clippy::disallowed_methods,
        reason = "the ban on clocks is for the core itself"
    )]
    fn s07_a_session_id_is_not_given_twice() {
        let now = Instant::now();
        let mut realm = Realm::new(
            Text::from_static("realm1"),
            RealmOptions::default(),
            [0; 32],
            WallClock::new(now, Timestamp::default()),
        );
        realm.set_role(RoleConfig {
            name: Text::from_static("anyone"),
            authorization: Authorization::Always(true),
            trustlevel: None,
            limits: Limits::default(),
            max_sessions: None,
        });
        let mut out = Outbox::new();
        realm.join(join(5), now, &mut out).unwrap();
        assert_eq!(out.len(), 1);
        realm.join(join(5), now, &mut out).unwrap_err();
        assert_eq!((out.len(), realm.session_count()), (1, 1));
        realm.join(join(6), now, &mut out).unwrap();
        assert_eq!(realm.session_count(), 2);
    }
}
