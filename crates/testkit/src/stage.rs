//! The stage: a script of what goes into a realm and what comes out of it.
//!
//! ```text
//! role guest {"permissions": [{"uri": "com.", "match": "prefix", "allow": ["call"]}]}
//! alice joins                                       # as `anyone`, who may do everything
//! bob joins as guest with callee.call_canceling     # features that HELLO announces
//! carol joins strictly                              # her request ids must count up from 1
//! alice > [32, 1, {}, "com.x"]                      # goes in
//! alice < [33, 1, 1]                                # comes out
//! alice < [36, 1, "$p", {}, "*"]                    # `$p` is the same everywhere, `*` is anything
//! alice < closed                                    # or `kept`: what becomes of the transport
//! alice < limited subscriptions                     # the shell is told that she wanted more than she may have
//! alice < undecided com.auth                        # and that her role's authorizer did not decide
//! alice < unfit com.x: missing                      # the shell is told that her arguments do not fit, and why
//! alice overfills [48, 2, {}, "com.x"]              # goes in, and is longer than she may send
//! wait 500ms
//! alice leaves                                      # the transport is gone
//! ```
//! Whatever comes out must be the next `<` lines, in this order, and no more. Sessions are numbered as they join.

#![expect(
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    reason = "a test fails by panicking"
)]

mod role;
mod shop;

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbar_core::{
    Access, Authorization, ChannelFraming, ChannelType, Command, Credentials, Join, Joining, Limit,
    Limits, Opening, Outbox, Principal, Realm, RealmOptions, RoleConfig, Statistics, Step,
    Timestamp, Transport, TransportDetails, Undeliverable, WallClock,
};
use crossbar_wire::auth::cryptosign::PrivateKey;
use crossbar_wire::{
    Abort, Features, Format, Hello, Inventory, Message, Role, Roles, SessionId, Text, UriCheck,
};
use serde_json::Value;

pub use shop::shop;

/// Plays a script in a realm with default options.
pub fn check(script: &str) {
    Stage::new(RealmOptions::default(), Access::Open).play(script);
}

/// Plays a script in a realm with `compat: crossbar`.
pub fn check_compat(script: &str) {
    let options = RealmOptions {
        compat_crossbar: true,
        ..RealmOptions::default()
    };
    Stage::new(options, Access::Open).play(script);
}

/// Plays a script in a realm that has the types of a shop.
pub fn check_in_shop(script: &str) {
    let options = RealmOptions {
        inventory: Some(shop()),
        ..RealmOptions::default()
    };
    Stage::new(options, Access::Open).play(script);
}

/// Plays a script in a realm that checks URIs strictly.
pub fn check_strict(script: &str) {
    let options = RealmOptions {
        uri_check: UriCheck::Strict,
        ..RealmOptions::default()
    };
    Stage::new(options, Access::Open).play(script);
}

/// Plays a script with clients that come through a transport with this `auth`.
pub fn check_access(access: Access, script: &str) {
    Stage::new(RealmOptions::default(), access).play(script);
}

/// A realm, the clients of a script, and what has come out so far.
pub struct Stage {
    realm: Realm,
    inventory: Option<Arc<Inventory>>,
    access: Arc<Access>,
    credentials: Option<Arc<Credentials>>,
    identity: Option<Arc<PrivateKey>>,
    channel: ChannelType,
    now: Instant,
    sessions: BTreeMap<String, SessionId>,
    joining: BTreeMap<String, Joining>,
    last_session: u64,
    bound: BTreeMap<String, Value>,
    out: VecDeque<(SessionId, Output)>,
}

#[derive(Debug, PartialEq)]
enum Output {
    Message(Value),
    Kept,
    Closed,
    Limited(Limit),
    Undecided(Text),
    Unfit(String),
}

impl Stage {
    /// Makes a realm with the roles `anyone` and `anonymous`, which may do everything.
    #[must_use]
    pub fn new(options: RealmOptions, access: Access) -> Self {
        let now = Instant::now();
        let inventory = options.inventory.clone();
        let mut realm = Realm::new(Text::from("realm1"), options, [7; 32], clock(now));
        for name in ["anyone", "anonymous"] {
            realm.set_role(RoleConfig {
                name: Text::from(name),
                authorization: Authorization::Always(true),
                trustlevel: None,
                limits: Limits::default(),
                max_sessions: None,
            });
        }
        Self {
            realm,
            inventory,
            access: Arc::new(access),
            credentials: None,
            identity: None,
            channel: ChannelType::Tcp,
            now,
            sessions: BTreeMap::new(),
            joining: BTreeMap::new(),
            last_session: 0,
            bound: BTreeMap::new(),
            out: VecDeque::new(),
        }
    }

    /// Has all clients come over connections that prove this much.
    pub fn set_credentials(&mut self, credentials: Credentials) {
        self.credentials = Some(Arc::new(credentials));
    }

    /// Gives the router a key of its own.
    pub fn set_identity(&mut self, key: PrivateKey) {
        self.identity = Some(Arc::new(key));
    }

    /// Has all clients that say HELLO come over this.
    pub fn set_channel(&mut self, channel: ChannelType) {
        self.channel = channel;
    }

    /// Plays the script, then lets everybody leave: every table must be empty.
    pub fn play(mut self, script: &str) {
        for line in script.lines() {
            let line = line.split(" # ").next().unwrap_or_default().trim();
            if !line.is_empty() && !line.starts_with('#') {
                self.line(line);
            }
        }
        assert!(self.out.is_empty(), "came out at the end: {:?}", self.out);
        for session in std::mem::take(&mut self.sessions).into_values() {
            self.act(|realm, now, out| realm.leave(session, now, out));
        }
        let left = self.realm.statistics();
        let nothing = Statistics {
            dropped_events: left.dropped_events,
            limited: left.limited,
            retained_events: left.retained_events,
            retained_octets: left.retained_octets,
            forgotten_events: left.forgotten_events,
            ..Statistics::default()
        };
        assert_eq!(left, nothing, "left over when all have gone");
    }

    fn line(&mut self, line: &str) {
        let (who, rest) = line.split_once(' ').unwrap_or((line, ""));
        let (verb, rest) = rest.split_once(' ').unwrap_or((rest, ""));
        if verb != "<" {
            assert!(
                self.out.is_empty(),
                "before `{line}` came out: {:?}",
                self.out
            );
        }
        match (who, verb) {
            ("role", name) => self.role(name, rest),
            ("unrole", name) => assert!(self.realm.remove_role(name)),
            ("wait", time) => self.wait(time),
            ("realm", "closes") => self.act(|realm, now, out| realm.close(rest, now, out)),
            ("realm", "purges") => {
                let role = Some(rest).filter(|rest| !rest.is_empty());
                self.realm.purge_authorizations(role);
            }
            ("dropped", count) => {
                assert_eq!(self.realm.statistics().dropped_events.to_string(), count);
            }
            ("retained", count) => {
                assert_eq!(self.realm.statistics().retained_events.to_string(), count);
            }
            ("forgotten", count) => {
                assert_eq!(self.realm.statistics().forgotten_events.to_string(), count);
            }
            (who, "joins") => self.join(who, rest),
            (who, "leaves") => {
                let session = self.sessions.remove(who).expect("has joined");
                self.act(|realm, now, out| realm.leave(session, now, out));
            }
            (who, ">") => self.input(who, rest),
            (who, "overfills") => self.overfill(who, rest),
            (who, "<") => self.output(who, rest, line),
            (who, "cannot") => self.undeliverable(who, rest),
            _ => panic!("what is `{line}`?"),
        }
    }

    fn act(&mut self, action: impl FnOnce(&mut Realm, Instant, &mut Outbox)) {
        let mut out = Outbox::new();
        action(&mut self.realm, self.now, &mut out);
        for command in out {
            self.take(command);
        }
    }

    fn take(&mut self, command: Command) {
        match command {
            Command::Send { to, message } => self.out.push_back((to, shown(&message))),
            Command::Publish { to, event } => {
                assert!(to.len() > 1, "one receiver needs no list");
                let message = Message::Event(event);
                self.out
                    .extend(to.into_iter().map(|to| (to, shown(&message))));
            }
            Command::End { session, transport } => {
                let output = match transport {
                    Transport::Keep => Output::Kept,
                    Transport::Close => Output::Closed,
                };
                self.out.push_back((session, output));
            }
            Command::Limited { session, limit } => {
                self.out.push_back((session, Output::Limited(limit)));
            }
            Command::Undecided(undecided) => {
                let output = Output::Undecided(undecided.procedure);
                self.out.push_back((undecided.session, output));
            }
            Command::Unfit { session, why } => {
                self.out.push_back((session, Output::Unfit(why)));
            }
        }
    }

    fn role(&mut self, name: &str, json: &str) {
        let role: Value = serde_json::from_str(json).unwrap();
        let inventory = self.inventory.as_ref();
        self.realm.set_role(role::read(name, &role, inventory));
    }

    fn wait(&mut self, time: &str) {
        let milliseconds = time.strip_suffix("ms").unwrap().parse().unwrap();
        let end = self.now + Duration::from_millis(milliseconds);
        while let Some(next) = self.realm.next_timeout().filter(|&next| next <= end) {
            self.now = next;
            self.act(Realm::handle_timeout);
        }
        self.now = end;
        self.act(Realm::handle_timeout);
    }

    fn next_session(&mut self, who: &str) -> SessionId {
        self.last_session += 1;
        let session = SessionId::new(self.last_session).unwrap();
        self.sessions.insert(who.into(), session);
        session
    }

    /// Joins without HELLO, and takes the WELCOME.
    fn join(&mut self, who: &str, how: &str) {
        let mut words = how.split(' ');
        let mut role = "anyone";
        let mut roles = Roles::default();
        let mut strict_request_ids = false;
        while let Some(word) = words.next() {
            match word {
                "as" => role = words.next().unwrap(),
                "" | "with" => {}
                "strictly" => strict_request_ids = true,
                feature => roles = announce(roles, feature),
            }
        }
        let session = self.next_session(who);
        let join = Join {
            session,
            realm: Text::from("realm1"),
            principal: Principal {
                authid: Text::from(who),
                authrole: Text::from(role),
                ..Principal::default()
            },
            hello: Hello {
                roles,
                ..Hello::default()
            },
            transport: Some(transport(ChannelType::Tcp)),
            strict_request_ids,
            limits: None,
            remembered: false,
            expires: None,
        };
        self.act(|realm, now, out| realm.join(join, now, out).unwrap());
        self.out.pop_front().expect("WELCOME");
    }

    fn input(&mut self, who: &str, json: &str) {
        let mut json = json.to_owned();
        for (name, value) in &self.bound {
            json = json.replace(&format!("\"{name}\""), &value.to_string());
        }
        let message = Message::decode(Format::Json, &json.into()).expect("the script's message");
        if let Some(joining) = self.joining.remove(who) {
            let Message::Authenticate(authenticate) = message else {
                panic!("{who} is challenged");
            };
            self.step(who, joining.authenticate(&authenticate));
        } else if let Some(&session) = self.sessions.get(who) {
            self.act(|realm, now, out| realm.handle(session, message, now, out));
        } else {
            let Message::Hello(hello) = message else {
                panic!("{who} has not joined");
            };
            let session = self.next_session(who);
            let opening = Opening {
                session,
                random: [9; 32],
                time: clock(self.now).at(self.now),
                credentials: self.credentials.clone(),
                cookie: None,
                identity: self.identity.clone(),
                disguise: [5; 32],
                transport: Some(transport(self.channel)),
            };
            let step = Joining::hello(&self.access, *hello, opening);
            self.step(who, step);
        }
    }

    /// Sends a message that is longer than its sender may send.
    fn overfill(&mut self, who: &str, json: &str) {
        let message = Message::decode(Format::Json, &json.to_owned().into()).unwrap();
        let session = self.sessions[who];
        self.act(|realm, now, out| realm.refuse_large(session, message, now, out));
    }

    fn step(&mut self, who: &str, step: Step) {
        let session = self.sessions[who];
        match step {
            Step::Challenge(challenge, joining) => {
                assert_eq!(joining.session, session);
                self.joining.insert(who.into(), joining);
                let message = Message::Challenge(Box::new(challenge));
                self.out.push_back((session, shown(&message)));
            }
            Step::Join(join) => {
                let mut refused = None;
                self.act(|realm, now, out| refused = realm.join(*join, now, out).err());
                if let Some(abort) = refused {
                    self.refuse(session, abort);
                }
            }
            Step::Abort(abort) | Step::Denied(abort) => self.refuse(session, abort),
            Step::Ask(..) | Step::Keys(..) => panic!("nobody is there to ask about {who}"),
        }
    }

    fn refuse(&mut self, session: SessionId, abort: Abort) {
        let message = Message::Abort(Box::new(abort));
        self.out.push_back((session, shown(&message)));
        self.out.push_back((session, Output::Closed));
    }

    fn output(&mut self, who: &str, expected: &str, line: &str) {
        let session = self.sessions[who];
        let Some((to, output)) = self.out.pop_front() else {
            panic!("nothing came out for `{line}`");
        };
        assert_eq!(to, session, "`{line}`, but came out: {output:?}");
        let matches = match (expected, &output) {
            ("kept", output) => *output == Output::Kept,
            ("closed", output) => *output == Output::Closed,
            (expected, Output::Limited(limit)) => {
                expected.strip_prefix("limited ") == Some(limit.name())
            }
            (expected, Output::Undecided(procedure)) => {
                expected.strip_prefix("undecided ") == Some(procedure.as_str())
            }
            (expected, Output::Unfit(why)) => expected.strip_prefix("unfit ") == Some(why),
            (json, Output::Message(value)) => {
                let expected = serde_json::from_str(json).expect(line);
                self.matches(&expected, value)
            }
            (_, Output::Kept | Output::Closed) => false,
        };
        assert!(matches, "`{line}`, but came out: {output:?}");
        if matches!(output, Output::Kept | Output::Closed) {
            self.sessions.remove(who);
        }
    }

    fn matches(&mut self, expected: &Value, value: &Value) -> bool {
        match (expected, value) {
            (Value::String(name), _) if name == "*" => true,
            (Value::String(name), value) if name.starts_with('$') => {
                let bound = self.bound.entry(name.clone()).or_insert(value.clone());
                bound == value
            }
            (Value::Array(expected), Value::Array(values)) => {
                expected.len() == values.len()
                    && expected.iter().zip(values).all(|(e, v)| self.matches(e, v))
            }
            (Value::Object(expected), Value::Object(values)) => {
                let open = expected.contains_key("...");
                let named = expected.iter().filter(|(key, _)| *key != "...");
                (open || expected.len() == values.len())
                    && named.into_iter().all(|(key, expected)| {
                        values.get(key).is_some_and(|v| self.matches(expected, v))
                    })
            }
            (expected, value) => expected == value,
        }
    }

    /// `alice cannot hold [36, …]` (too large), `alice cannot express [36, …]` or `alice cannot take [36, …]` (too much waits).
    fn undeliverable(&mut self, who: &str, rest: &str) {
        let (why, json) = rest.split_once(' ').unwrap();
        let why = match why {
            "hold" => Undeliverable::TooLarge,
            "express" => Undeliverable::Unrepresentable,
            "take" => Undeliverable::Full,
            _ => panic!("cannot what?"),
        };
        let session = self.sessions[who];
        let message = Message::decode(Format::Json, &json.to_owned().into()).unwrap();
        self.act(|realm, _, out| realm.undeliverable(session, &message, why, out));
    }
}

/// It is 2026-01-02T03:04:05.678Z when a script begins.
fn clock(now: Instant) -> WallClock {
    let time = Duration::from_millis(1_767_323_045_678);
    WallClock::new(now, Timestamp::since_1970(time))
}

fn transport(channel: ChannelType) -> TransportDetails {
    TransportDetails {
        channel,
        framing: ChannelFraming::RawSocket,
        format: Format::Json,
        peer: Some(SocketAddr::from(([127, 0, 0, 1], 50_000))),
        cookie: None,
        certificate: None,
    }
}

fn shown(message: &Message) -> Output {
    let mut octets = Vec::new();
    message.encode(Format::Json, &mut octets).unwrap();
    Output::Message(serde_json::from_slice(&octets).unwrap())
}

/// Adds a feature like `callee.call_canceling` to what a client announces.
fn announce(roles: Roles, feature: &str) -> Roles {
    let (role, feature) = feature.split_once('.').unwrap();
    let role = Role::ALL.into_iter().find(|r| r.name() == role).unwrap();
    let named = Features::NAMES.iter().find(|(name, _)| *name == feature);
    let (_, feature) = named.expect("a feature");
    let features = roles.features(role).unwrap_or_default();
    roles.with(role, features.union(*feature))
}
