//! A realm with clients around it, what lies between them, and a clock.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbar_core::{
    Access, Authorization, Authorizer, CallQueueRule, Command, HistoryRule, Joining, Limits,
    Opening, Outbox, Principal, Realm, RealmOptions, RoleConfig, Step, Timestamp, Undeliverable,
    WallClock,
};
use crossbar_wire::{
    Features, Format, Hello, MatchPolicy, Message, Role, Roles, SessionId, Subscribe, Text,
};

use super::client::{AUTHORIZER, Client, Part, Upward};
use super::docket::CACHE_TTL;
use super::peer::signature;
use super::random::Random;
use super::referee::Referee;

/// How likely what is, in thousandths.
#[derive(Clone, Copy)]
pub(super) struct Odds {
    /// A connection is lost.
    pub(super) loss: usize,
    /// A message with a payload cannot be delivered.
    pub(super) undeliverable: usize,
    /// A receiver's queue is full.
    pub(super) overflow: usize,
    /// Calls wait when every callee is busy, and are passed on.
    pub(super) waiting: bool,
    /// An authorizer decides what some of the sessions may do.
    pub(super) judged: bool,
    /// The realm behaves as Crossbar.io where the specification says otherwise.
    pub(super) compat: bool,
    /// The realm closes; sessions may join again.
    pub(super) close: usize,
    /// What is said is heard at once, in both directions.
    pub(super) prompt: bool,
}

pub(super) struct World {
    realm: Realm,
    referee: Referee,
    random: Random,
    odds: Odds,
    start: Instant,
    now: Instant,
    clients: Vec<Client>,
    last_session: u64,
    out: Outbox,
    /// What cannot be delivered, as the receivers' tasks find out later.
    late: VecDeque<(u64, Message)>,
    pub(super) story: Story,
}

/// What is to be checked of the events that an input brought forth.
enum Check {
    Events(BTreeSet<(u64, u64)>),
    Retained(Subscribe),
    /// Those of one publication, by its publisher and its number.
    EventsOf((u64, u64), BTreeSet<(u64, u64)>),
    Nothing,
}

/// What happened: the last of it to be read, all of it to be compared.
#[derive(Default)]
pub(super) struct Story {
    pub(super) last: VecDeque<String>,
    /// How often each kind of message came out; errors by their URI.
    pub(super) seen: BTreeMap<String, usize>,
    digest: DefaultHasher,
}

impl Story {
    fn tell(&mut self, line: String) {
        line.hash(&mut self.digest);
        self.last.push_back(line);
        if self.last.len() > 40 {
            self.last.pop_front();
        }
    }

    fn count(&mut self, message: &Message) {
        let kind = match message {
            Message::Error(error) => error.error.as_str(),
            Message::Event(event) if event.retained == Some(true) => "retained EVENT",
            Message::Result(result) if result.progress == Some(true) => "progressive RESULT",
            _ => message.name(),
        };
        *self.seen.entry(kind.to_owned()).or_default() += 1;
    }

    pub(super) fn digest(&self) -> u64 {
        self.digest.finish()
    }
}

impl World {
    pub(super) fn new(seed: u64, odds: Odds) -> Self {
        let start = Instant::now();
        let clock = WallClock::new(start, Timestamp::default());
        let mut options = RealmOptions {
            compat_crossbar: odds.compat,
            ..RealmOptions::default()
        };
        options.history.push(HistoryRule {
            uri: Text::from("a."),
            policy: MatchPolicy::Prefix,
            max_events: Some(5),
            max_age: None,
            max_octets: None,
        });
        if odds.waiting {
            options.call_queues.push(CallQueueRule {
                uri: Text::from("a"),
                policy: MatchPolicy::Prefix,
                limit: 3,
            });
        }
        let mut realm = Realm::new(Text::from("realm1"), options, [3; 32], clock);
        for name in ["anyone", "other"] {
            realm.set_role(role(name, Authorization::Always(true)));
        }
        if odds.judged {
            realm.set_role(judged());
        }
        Self {
            realm,
            referee: Referee::new(!odds.waiting),
            random: Random::new(seed),
            odds,
            start,
            now: start,
            clients: Vec::new(),
            last_session: 0,
            out: Outbox::new(),
            late: VecDeque::new(),
            story: Story::default(),
        }
    }

    /// Lets something happen, and checks all that must hold afterwards.
    pub(super) fn step(&mut self) {
        match self.random.below(100) {
            0..6 => self.join(),
            6..11 => self.wait(),
            11..45 => self.speak(),
            45..72 => self.deliver_up(),
            _ => self.deliver_down(),
        }
        if self.random.chance(self.odds.loss) {
            self.lose_connection();
        }
        if self.random.chance(self.odds.close) {
            self.close();
        }
        if self.odds.judged {
            self.change_decisions();
        }
        if self.odds.prompt {
            self.deliver_all();
        }
        self.settle();
    }

    /// Forgets what the authorizer decided, or sets the role anew.
    fn change_decisions(&mut self) {
        if self.random.chance(10) {
            self.story.tell("decisions are forgotten".to_owned());
            let role = self.random.one(&[None, Some("judged")]);
            self.realm.purge_authorizations(role);
            self.referee.docket.purge();
        }
        if self.random.chance(5) {
            self.story.tell("the role is set anew".to_owned());
            self.realm.set_role(judged());
            self.referee.docket.set_anew();
        }
    }

    /// Lets everybody leave, one way or another, and checks that nothing of them is left.
    pub(super) fn end(&mut self) {
        while !self.clients.is_empty() {
            let which = self.random.below(self.clients.len());
            if self.random.chance(500) {
                self.hang_up(which);
            } else {
                let goodbye = r#"[6, {}, "wamp.close.normal"]"#.to_owned();
                self.clients[which].up.push_back(Upward::Message(goodbye));
                self.clients[which].up.push_back(Upward::Lost);
            }
            self.deliver_all();
            self.settle();
        }
        while let Some(due) = self.realm.next_timeout() {
            self.pass(due.saturating_duration_since(self.now));
            self.realm.handle_timeout(self.now, &mut self.out);
            self.dispatch();
            self.settle();
        }
        self.take_back();
        let left = self.realm.statistics();
        let tables = [
            left.sessions,
            left.subscriptions,
            left.registrations,
            left.calls,
        ];
        assert_eq!((tables, left.time_limits), ([0; 4], 0));
    }

    fn join(&mut self) {
        if self.clients.len() >= 12 {
            return;
        }
        self.last_session += 1;
        let id = self.last_session;
        let mut roles = self.roles();
        let authid = self.random.one(&["ann", "ben", "cat"]);
        let part = self.part();
        let authrole = match part {
            Part::Player => self.random.one(&["anyone", "anyone", "other", "trusted"]),
            Part::Judged => "judged",
            Part::Judge => "trusted",
        };
        if part == Part::Judge {
            let features = Features::CALL_CANCELING.union(Features::REGISTRATION_REVOCATION);
            roles = Roles::default()
                .with(Role::Callee, features)
                .with(Role::Caller, features);
        }
        let hello = Hello {
            realm: Some(Text::from("realm1")),
            roles,
            ..Hello::default()
        };
        let access = Arc::new(Access::Fixed(Principal {
            authid: Text::from(authid),
            authrole: Text::from(authrole),
            ..Principal::default()
        }));
        let session = SessionId::new(id).unwrap();
        let opening = Opening {
            session,
            random: [9; 32],
            time: Timestamp::default(),
            credentials: None,
            cookie: None,
            identity: None,
            disguise: [0; 32],
            transport: None,
        };
        let step = Joining::hello(&access, hello, opening);
        let Step::Join(join) = step else {
            panic!("the principal is fixed");
        };
        self.story
            .tell(format!("{id} joins as {authid}, {authrole}, {roles:?}"));
        self.referee.join(id, authid, authrole, roles);
        if part == Part::Judged {
            self.referee.docket.judge(id);
        }
        self.clients.push(Client::new(id, roles, part));
        self.realm.join(*join, self.now, &mut self.out).unwrap();
        self.dispatch();
    }

    /// Chooses what the next client is there for: an authorizer is, as a rule.
    fn part(&mut self) -> Part {
        if !self.odds.judged {
            return Part::Player;
        }
        let has_judge = self.clients.iter().any(|client| client.part == Part::Judge);
        if !has_judge && self.random.chance(700) {
            return Part::Judge;
        }
        self.random.one(&[Part::Player, Part::Judged])
    }

    fn roles(&mut self) -> Roles {
        let mut features =
            Features::REGISTRATION_REVOCATION.union(Features::SUBSCRIPTION_REVOCATION);
        if self.odds.waiting && self.random.chance(600) {
            features = features.union(Features::CALL_REROUTE);
        }
        for feature in [
            Features::CALL_CANCELING,
            Features::PROGRESSIVE_CALL_INVOCATIONS,
            Features::CALL_TIMEOUT,
            Features::PROGRESSIVE_CALL_RESULTS,
            Features::PAYLOAD_PASSTHRU_MODE,
        ] {
            if self.random.chance(600) {
                features = features.union(feature);
            }
        }
        Role::ALL[..4]
            .iter()
            .fold(Roles::default(), |roles, &role| roles.with(role, features))
    }

    fn wait(&mut self) {
        let time = self.random.one(&[0, 1, 10, 60, 300, 6000]);
        self.pass(Duration::from_millis(time));
        if self.realm.next_timeout().is_some_and(|due| due <= self.now) {
            self.story.tell(format!("{time} ms pass"));
            self.realm.handle_timeout(self.now, &mut self.out);
            self.dispatch();
            let next = self.realm.next_timeout();
            assert!(next.is_none_or(|due| due > self.now), "time stands still");
        }
    }

    fn pass(&mut self, time: Duration) {
        self.now += time;
        self.referee.docket.now = self.now - self.start;
    }

    fn speak(&mut self) {
        let sessions: Vec<u64> = self.clients.iter().map(|client| client.id).collect();
        let asked = self.clients.iter().position(Client::is_asked);
        let Some(which) = asked
            .filter(|_| self.random.chance(400))
            .or_else(|| self.some_client())
        else {
            return;
        };
        let message = self.clients[which].speaks(&mut self.random, &sessions);
        let message = Upward::Message(message.to_string());
        self.clients[which].up.push_back(message);
    }

    fn some_client(&mut self) -> Option<usize> {
        let count = self.clients.len();
        (count > 0).then(|| self.random.below(count))
    }

    fn deliver_up(&mut self) {
        if let Some(which) = self.some_client() {
            let batch = 1 + self.random.below(4);
            let id = self.clients[which].id;
            for _ in 0..batch {
                let still = self.clients.iter().position(|client| client.id == id);
                self.take_from(still.unwrap_or(usize::MAX));
            }
            self.forget_ended();
        }
    }

    fn deliver_down(&mut self) {
        if let Some(which) = self.some_client() {
            for _ in 0..1 + self.random.below(6) {
                self.give_to(which);
            }
        }
        if self.random.chance(500) {
            self.take_back();
        }
    }

    fn deliver_all(&mut self) {
        let busy = |client: &Client| !client.up.is_empty() || !client.down.is_empty();
        while let Some(which) = self.clients.iter().position(busy) {
            let id = self.clients[which].id;
            self.take_from(which);
            if let Some(still) = self.clients.iter().position(|client| client.id == id) {
                self.give_to(still);
            }
            self.forget_ended();
        }
    }

    /// Hands the realm the next message that came over a connection.
    fn take_from(&mut self, which: usize) {
        let Some(client) = self.clients.get_mut(which) else {
            return;
        };
        let id = client.id;
        let Some(upward) = client.up.pop_front() else {
            return;
        };
        let session = SessionId::new(id).unwrap();
        match upward {
            Upward::Message(json) => {
                self.story.tell(format!("{id} > {json}"));
                let message = Message::decode(Format::Json, &json.into()).unwrap();
                self.handle(session, message);
            }
            Upward::Lost => {
                self.story.tell(format!("{id} is gone"));
                self.leave(session);
            }
        }
    }

    fn handle(&mut self, from: SessionId, message: Message) {
        let id = from.value();
        let passes = self.referee.docket.lets_pass(id, &message);
        self.referee.sends(id, &message);
        let is_judged = self.referee.docket.is_judged(id);
        let check = match &message {
            Message::Publish(_) | Message::Subscribe(_) if is_judged => Check::Nothing,
            Message::Yield(_) => passes.map_or(Check::Nothing, |(from, publish)| {
                let said = signature(&publish.payload).unwrap();
                Check::EventsOf(said, self.referee.receivers(from, &publish))
            }),
            Message::Publish(publish) => Check::Events(self.referee.receivers(id, publish)),
            Message::Subscribe(subscribe) => Check::Retained(subscribe.clone()),
            _ => Check::Nothing,
        };
        self.realm.handle(from, message, self.now, &mut self.out);
        let overflowed = self.dispatch();
        match check {
            Check::Events(receivers) if !overflowed => self.referee.check_events(&receivers),
            Check::EventsOf(said, receivers) if !overflowed => {
                self.referee.check_events_of(said, &receivers);
            }
            Check::Retained(subscribe) if !overflowed => {
                self.referee.check_retained(id, &subscribe);
            }
            _ => {}
        }
    }

    fn leave(&mut self, session: SessionId) {
        self.referee.end(session.value());
        self.clients.retain(|client| client.id != session.value());
        self.realm.leave(session, self.now, &mut self.out);
        self.dispatch();
    }

    /// Carries out what the realm says. Says whether a receiver's queue was full.
    fn dispatch(&mut self) -> bool {
        let mut overflowed = false;
        while let Some(command) = self.out.pop_front() {
            match command {
                Command::Send { to, message } => overflowed |= self.send(to, message),
                Command::Publish { to, event } => {
                    for to in to {
                        let message = Message::Event(event.clone());
                        if self.referee.peers.contains_key(&to.value()) {
                            overflowed |= self.send(to, message);
                        }
                    }
                }
                Command::End { session, transport } => {
                    let session = session.value();
                    self.story.tell(format!("{session} < {transport:?}"));
                    self.referee.end(session);
                }
                Command::Limited { .. } | Command::Undecided(_) | Command::Unfit { .. } => {}
            }
        }
        overflowed
    }

    fn send(&mut self, to: SessionId, message: Message) -> bool {
        let id = to.value();
        if self.random.chance(self.odds.overflow) {
            self.story.tell(format!("{id} overflows"));
            self.cut(to);
            return true;
        }
        let heavy = message.payload().is_some_and(|payload| !payload.is_empty());
        let lost = heavy && self.random.chance(self.odds.undeliverable);
        self.story
            .tell(format!("{id} <{} {message:?}", if lost { "x" } else { "" }));
        self.story.count(&message);
        if !lost {
            self.referee.receives(id, &message);
            if let Some(client) = self.clients.iter_mut().find(|client| client.id == id) {
                client.down.push_back(message);
            }
            return false;
        }
        self.referee.loses(id, &message);
        if matches!(message, Message::Result(_) | Message::Invocation(_)) && self.random.chance(500)
        {
            self.late.push_back((id, message));
        } else {
            self.undeliverable(id, &message);
        }
        false
    }

    fn undeliverable(&mut self, to: u64, message: &Message) {
        let why = self.random.one(&[
            Undeliverable::TooLarge,
            Undeliverable::Unrepresentable,
            Undeliverable::Full,
        ]);
        self.referee.returns(to, message);
        let to = SessionId::new(to).unwrap();
        self.realm.undeliverable(to, message, why, &mut self.out);
    }

    /// Lets a receiver's task give a message back.
    fn take_back(&mut self) {
        while let Some((to, message)) = self.late.pop_front() {
            self.story.tell(format!("{to} gives back"));
            self.undeliverable(to, &message);
            self.dispatch();
        }
    }

    /// Ends a session in the midst of what is sent to it and others.
    fn cut(&mut self, session: SessionId) {
        self.out.retain(|command| match command {
            Command::Send { to, .. } => *to != session,
            Command::End { session: ended, .. } => *ended != session,
            Command::Publish { .. }
            | Command::Limited { .. }
            | Command::Undecided(_)
            | Command::Unfit { .. } => true,
        });
        for command in &mut self.out {
            if let Command::Publish { to, .. } = command {
                to.retain(|&to| to != session);
            }
        }
        self.referee.end(session.value());
        self.clients.retain(|client| client.id != session.value());
        self.realm.leave(session, self.now, &mut self.out);
    }

    fn lose_connection(&mut self) {
        if let Some(which) = self.some_client() {
            self.hang_up(which);
        }
    }

    /// Cuts a connection: the first of what is under way upwards still arrives.
    fn hang_up(&mut self, which: usize) {
        let client = &mut self.clients[which];
        let arrives = self.random.below(client.up.len() + 1);
        client.up.truncate(arrives);
        client.up.push_back(Upward::Lost);
        client.down.clear();
    }

    fn close(&mut self) {
        self.story.tell("the realm closes".to_owned());
        self.realm
            .close("wamp.close.system_shutdown", self.now, &mut self.out);
        self.dispatch();
    }

    /// Lets a client hear the next message for it.
    fn give_to(&mut self, which: usize) {
        let Some(client) = self.clients.get_mut(which) else {
            return;
        };
        if let Some(message) = client.down.pop_front()
            && client.hears(&message)
        {
            let goodbye = r#"[6, {}, "wamp.close.goodbye_and_out"]"#.to_owned();
            client.up.push_back(Upward::Message(goodbye));
        }
    }

    /// Takes clients away whose session is over, once they have heard all and said all.
    fn forget_ended(&mut self) {
        let peers = &self.referee.peers;
        self.clients.retain(|client| {
            peers.contains_key(&client.id) || !client.up.is_empty() || !client.down.is_empty()
        });
    }

    fn settle(&mut self) {
        self.referee.settle(&self.realm.statistics());
        assert_eq!(self.realm.discords(), Vec::<String>::new());
        let elapsed = self.now - self.start;
        self.story.tell(format!("at {elapsed:?}"));
    }
}

fn role(name: &'static str, authorization: Authorization) -> RoleConfig {
    RoleConfig {
        name: Text::from_static(name),
        authorization,
        trustlevel: None,
        limits: Limits::default(),
        max_sessions: None,
    }
}

fn judged() -> RoleConfig {
    let authorizer = Authorizer {
        procedure: Text::from_static(AUTHORIZER),
        timeout: Duration::from_millis(300),
        cache_ttl: CACHE_TTL,
    };
    role("judged", Authorization::Dynamic(authorizer))
}
