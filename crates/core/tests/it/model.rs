//! Random conversations of a few sessions, against naive lists of who subscribed and registered what.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "whatever else comes out is a failure"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use crossbar_core::{
    Authorization, Command, Join, Limits, Outbox, Principal, Realm, RealmOptions, RoleConfig,
    Statistics, Timestamp, WallClock,
};
use crossbar_wire::{Features, Format, Hello, Message, Role, Roles, SessionId, Text};
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Operation {
    Join,
    Leave(usize),
    Goodbye(usize),
    Subscribe(usize, Pattern),
    Unsubscribe(usize),
    Publish(usize, String, bool),
    Register(usize, Pattern, &'static str),
    Unregister(usize),
    Call(usize, String, u64),
    Answer(usize, Answer),
    Cancel(usize, &'static str),
    Wait(u64),
}

/// A URI or pattern with its match policy.
type Pattern = (String, &'static str);

#[derive(Clone, Copy, Debug)]
enum Answer {
    Progress,
    Result,
    Error,
}

fn uri() -> impl Strategy<Value = String> {
    let component = prop::sample::select(vec!["a", "b", "ab"]);
    prop::collection::vec(component, 1..4).prop_map(|c| c.join("."))
}

fn pattern() -> impl Strategy<Value = Pattern> {
    let open = prop::sample::select(vec!["a", "b", "ab", "", ""]);
    let wildcard = prop::collection::vec(open, 1..4).prop_map(|c| (c.join("."), "wildcard"));
    let prefix = prop::sample::select(vec!["", "a", "a.", "ab", "a.b", "b."]);
    prop_oneof![
        2 => uri().prop_map(|uri| (uri, "exact")),
        1 => prefix.prop_map(|prefix| (prefix.to_owned(), "prefix")),
        1 => wildcard,
    ]
}

fn operation() -> impl Strategy<Value = Operation> {
    let who = || 0..8_usize;
    let invoke = prop::sample::select(vec!["single", "first", "last", "roundrobin", "random"]);
    let answer = prop::sample::select(vec![Answer::Progress, Answer::Result, Answer::Error]);
    let mode = prop::sample::select(vec!["skip", "kill", "killnowait"]);
    let timeout = prop::sample::select(vec![0, 50, 200]);
    prop_oneof![
        2 => Just(Operation::Join),
        1 => who().prop_map(Operation::Leave),
        1 => who().prop_map(Operation::Goodbye),
        4 => (who(), pattern()).prop_map(|(s, p)| Operation::Subscribe(s, p)),
        2 => any::<usize>().prop_map(Operation::Unsubscribe),
        4 => (who(), uri(), any::<bool>()).prop_map(|(s, u, me)| Operation::Publish(s, u, me)),
        4 => (who(), pattern(), invoke).prop_map(|(s, p, i)| Operation::Register(s, p, i)),
        2 => any::<usize>().prop_map(Operation::Unregister),
        8 => (who(), uri(), timeout).prop_map(|(s, u, t)| Operation::Call(s, u, t)),
        5 => (any::<usize>(), answer).prop_map(|(i, a)| Operation::Answer(i, a)),
        2 => (any::<usize>(), mode).prop_map(|(c, m)| Operation::Cancel(c, m)),
        1 => (0..100_u64).prop_map(Operation::Wait),
    ]
}

/// What the specification says, word for word.
fn matches((pattern, policy): &Pattern, uri: &str) -> bool {
    match *policy {
        "exact" => pattern == uri,
        "prefix" => uri.starts_with(pattern.as_str()),
        _ => {
            let (pattern, uri): (Vec<_>, Vec<_>) =
                (pattern.split('.').collect(), uri.split('.').collect());
            pattern.len() == uri.len()
                && (pattern.iter().zip(&uri)).all(|(p, u)| p.is_empty() || p == u)
        }
    }
}

/// Orders what serves a call: exact, then the longest prefix, then the wildcard that is literal the furthest.
fn rank((pattern, policy): &Pattern) -> (u8, usize, Vec<bool>) {
    match *policy {
        "exact" => (0, 0, Vec::new()),
        "prefix" => (1, usize::MAX - pattern.len(), Vec::new()),
        _ => (2, 0, pattern.split('.').map(str::is_empty).collect()),
    }
}

struct Registration {
    id: u64,
    pattern: Pattern,
    invoke: &'static str,
    callees: Vec<u64>,
}

struct World {
    realm: Realm,
    now: Instant,
    sessions: BTreeSet<u64>,
    last_session: u64,
    last_request: u64,
    /// By id: the pattern and who subscribed to it.
    subscriptions: BTreeMap<u64, (Pattern, BTreeSet<u64>)>,
    registrations: Vec<Registration>,
    /// The calls that wait for their one final answer.
    calls: BTreeSet<(u64, u64)>,
    /// The invocations that a callee was given, over or not.
    invocations: Vec<(u64, u64)>,
    received: Vec<(u64, Message)>,
}

impl World {
    fn new() -> Self {
        let clock = WallClock::new(Instant::now(), Timestamp::default());
        let mut realm = Realm::new(
            Text::from("realm1"),
            RealmOptions::default(),
            [3; 32],
            clock,
        );
        realm.set_role(RoleConfig {
            name: Text::from("anyone"),
            authorization: Authorization::Always(true),
            trustlevel: None,
            limits: Limits::default(),
            max_sessions: None,
        });
        Self {
            realm,
            now: Instant::now(),
            sessions: BTreeSet::new(),
            last_session: 0,
            last_request: 0,
            subscriptions: BTreeMap::new(),
            registrations: Vec::new(),
            calls: BTreeSet::new(),
            invocations: Vec::new(),
            received: Vec::new(),
        }
    }

    fn play(&mut self, operation: Operation) {
        match operation {
            Operation::Join => self.join(),
            Operation::Leave(who) => self.leave(who, false),
            Operation::Goodbye(who) => self.leave(who, true),
            Operation::Subscribe(who, pattern) => self.subscribe(who, &pattern),
            Operation::Unsubscribe(which) => self.unsubscribe(which),
            Operation::Publish(who, topic, exclude_me) => self.publish(who, &topic, exclude_me),
            Operation::Register(who, pattern, invoke) => self.register(who, &pattern, invoke),
            Operation::Unregister(which) => self.unregister(which),
            Operation::Call(who, procedure, timeout) => self.call(who, &procedure, timeout),
            Operation::Answer(which, answer) => self.answer(which, answer),
            Operation::Cancel(which, mode) => self.cancel(which, mode),
            Operation::Wait(time) => self.wait(time),
        }
        assert_eq!(self.realm.statistics().calls, self.in_flight());
    }

    /// Counts the calls that the realm must know.
    fn in_flight(&self) -> usize {
        self.calls.len()
    }

    fn nth(&self, who: usize) -> Option<u64> {
        let count = self.sessions.len().max(1);
        self.sessions.iter().nth(who % count).copied()
    }

    fn send(&mut self, from: u64, json: &str) {
        let message = Message::decode(Format::Json, &json.to_owned().into()).unwrap();
        let mut out = Outbox::new();
        let from = SessionId::new(from).unwrap();
        self.realm.handle(from, message, self.now, &mut out);
        self.take(out);
    }

    fn take(&mut self, out: Outbox) {
        for command in out {
            match command {
                Command::Send { to, message } => self.receive(to.value(), message),
                Command::Publish { to, event } => {
                    for to in to {
                        self.receive(to.value(), Message::Event(event.clone()));
                    }
                }
                Command::End { session, .. } => self.forget(session.value()),
                Command::Limited { .. } | Command::Undecided(_) | Command::Unfit { .. } => {}
            }
        }
    }

    fn receive(&mut self, to: u64, message: Message) {
        assert!(
            self.sessions.contains(&to),
            "to one that is gone: {message:?}"
        );
        match &message {
            Message::Result(result) if result.progress == Some(true) => {
                assert!(self.calls.contains(&(to, result.request.value())));
            }
            Message::Result(result) => {
                let call = (to, result.request.value());
                assert!(self.calls.remove(&call), "a second answer: {message:?}");
            }
            Message::Error(error) if error.request_type == 48 => {
                let call = (to, error.request.value());
                assert!(self.calls.remove(&call), "a second answer: {message:?}");
            }
            Message::Invocation(invocation) => {
                self.invocations.push((to, invocation.request.value()));
            }
            Message::Interrupt(interrupt) => {
                let known = (to, interrupt.request.value());
                assert!(self.invocations.contains(&known), "{message:?}");
            }
            _ => {}
        }
        self.received.push((to, message));
    }

    /// Gives what one session received since the last time.
    fn answer_to(&mut self, who: u64) -> Message {
        let received = std::mem::take(&mut self.received);
        let mut own = received.into_iter().filter(|(to, _)| *to == who);
        let (_, message) = own.next().expect("an answer");
        message
    }

    fn request(&mut self) -> u64 {
        self.received.clear();
        self.last_request += 1;
        self.last_request
    }

    fn join(&mut self) {
        self.last_session += 1;
        let id = self.last_session;
        // Every other session can be interrupted.
        let features = if id.is_multiple_of(2) {
            Features::CALL_CANCELING.union(Features::PROGRESSIVE_CALL_RESULTS)
        } else {
            Features::NONE
        };
        let join = Join {
            session: SessionId::new(id).unwrap(),
            realm: Text::from("realm1"),
            principal: Principal {
                authrole: Text::from("anyone"),
                ..Principal::default()
            },
            hello: Hello {
                roles: Roles::default().with(Role::Callee, features),
                ..Hello::default()
            },
            transport: None,
            strict_request_ids: false,
            limits: None,
            remembered: false,
            expires: None,
        };
        let mut out = Outbox::new();
        self.sessions.insert(id);
        self.realm.join(join, self.now, &mut out).unwrap();
        self.take(out);
    }

    fn leave(&mut self, who: usize, goodbye: bool) {
        let Some(who) = self.nth(who) else { return };
        if goodbye {
            self.send(who, r#"[6, {}, "wamp.close.normal"]"#);
            assert!(!self.sessions.contains(&who));
            return;
        }
        self.forget(who);
        let mut out = Outbox::new();
        let session = SessionId::new(who).unwrap();
        self.realm.leave(session, self.now, &mut out);
        self.take(out);
    }

    fn forget(&mut self, who: u64) {
        self.sessions.remove(&who);
        self.calls.retain(|(caller, _)| *caller != who);
        self.invocations.retain(|(callee, _)| *callee != who);
        for (_, subscribers) in self.subscriptions.values_mut() {
            subscribers.remove(&who);
        }
        for registration in &mut self.registrations {
            registration.callees.retain(|callee| *callee != who);
        }
        self.drop_empty();
    }

    fn drop_empty(&mut self) {
        self.subscriptions.retain(|_, (_, who)| !who.is_empty());
        self.registrations.retain(|r| !r.callees.is_empty());
    }

    fn subscribe(&mut self, who: usize, pattern: &Pattern) {
        let Some(who) = self.nth(who) else { return };
        let request = self.request();
        let (topic, policy) = pattern;
        let json = format!(r#"[32, {request}, {{"match": "{policy}"}}, "{topic}"]"#);
        self.send(who, &json);
        let Message::Subscribed(subscribed) = self.answer_to(who) else {
            panic!("SUBSCRIBED for {json}");
        };
        let id = subscribed.subscription.value();
        let known = self.subscriptions.iter().find(|(_, (p, _))| *p == *pattern);
        assert!(known.is_none_or(|(known, _)| *known == id));
        let entry = self.subscriptions.entry(id);
        let (there, subscribers) = entry.or_insert((pattern.clone(), BTreeSet::new()));
        assert_eq!(&*there, pattern);
        subscribers.insert(who);
    }

    fn unsubscribe(&mut self, which: usize) {
        let all: Vec<(u64, u64)> = self
            .subscriptions
            .iter()
            .flat_map(|(id, (_, subscribers))| subscribers.iter().map(|who| (*who, *id)))
            .collect();
        if all.is_empty() {
            return;
        }
        let (who, id) = all[which % all.len()];
        let request = self.request();
        self.send(who, &format!("[34, {request}, {id}]"));
        assert!(matches!(self.answer_to(who), Message::Unsubscribed(_)));
        let (_, subscribers) = self.subscriptions.get_mut(&id).unwrap();
        subscribers.remove(&who);
        self.drop_empty();
    }

    fn publish(&mut self, who: usize, topic: &str, exclude_me: bool) {
        let Some(who) = self.nth(who) else { return };
        let request = self.request();
        let json = format!(r#"[16, {request}, {{"exclude_me": {exclude_me}}}, "{topic}"]"#);
        self.send(who, &json);
        let mut expected = BTreeSet::new();
        for (id, (pattern, subscribers)) in &self.subscriptions {
            if matches(pattern, topic) {
                let receivers = subscribers.iter().filter(|s| !exclude_me || **s != who);
                expected.extend(receivers.map(|receiver| (*receiver, *id)));
            }
        }
        let received = std::mem::take(&mut self.received);
        let count = received.len();
        let got: BTreeSet<(u64, u64)> = received
            .into_iter()
            .map(|(to, message)| match message {
                Message::Event(event) => (to, event.subscription.value()),
                other => panic!("an EVENT, not {other:?}"),
            })
            .collect();
        assert_eq!((&got, count), (&expected, expected.len()), "{json}");
    }

    fn register(&mut self, who: usize, pattern: &Pattern, invoke: &'static str) {
        let Some(who) = self.nth(who) else { return };
        let request = self.request();
        let (procedure, policy) = pattern;
        let json = format!(
            r#"[64, {request}, {{"match": "{policy}", "invoke": "{invoke}"}}, "{procedure}"]"#
        );
        self.send(who, &json);
        let answer = self.answer_to(who);
        let there = self
            .registrations
            .iter_mut()
            .find(|r| r.pattern == *pattern);
        match (answer, there) {
            (Message::Registered(registered), None) => self.registrations.push(Registration {
                id: registered.registration.value(),
                pattern: pattern.clone(),
                invoke,
                callees: vec![who],
            }),
            (Message::Registered(registered), Some(there)) => {
                assert_eq!(registered.registration.value(), there.id);
                assert_eq!(invoke, there.invoke);
                assert_ne!(invoke, "single");
                if !there.callees.contains(&who) {
                    there.callees.push(who);
                }
            }
            (Message::Error(_), Some(there)) => {
                assert!(there.invoke == "single" || there.invoke != invoke);
            }
            (other, _) => panic!("{json}: {other:?}"),
        }
    }

    fn unregister(&mut self, which: usize) {
        let all: Vec<(u64, u64)> = self
            .registrations
            .iter()
            .flat_map(|r| r.callees.iter().map(|who| (*who, r.id)))
            .collect();
        if all.is_empty() {
            return;
        }
        let (who, id) = all[which % all.len()];
        let request = self.request();
        self.send(who, &format!("[66, {request}, {id}]"));
        assert!(matches!(self.answer_to(who), Message::Unregistered(_)));
        let registration = self.registrations.iter_mut().find(|r| r.id == id).unwrap();
        registration.callees.retain(|callee| *callee != who);
        self.drop_empty();
    }

    fn call(&mut self, who: usize, procedure: &str, timeout: u64) {
        let Some(who) = self.nth(who) else { return };
        let request = self.request();
        self.calls.insert((who, request));
        let json = format!(
            r#"[48, {request}, {{"timeout": {timeout}, "receive_progress": true}}, "{procedure}"]"#
        );
        self.send(who, &json);
        let serving = self
            .registrations
            .iter()
            .filter(|r| matches(&r.pattern, procedure))
            .min_by_key(|r| rank(&r.pattern));
        let [(to, message)] = &self.received[..] else {
            panic!("{json}: {:?}", self.received);
        };
        match (serving, message) {
            (None, Message::Error(error)) => {
                assert_eq!(error.error, "wamp.error.no_such_procedure");
            }
            (Some(serving), Message::Invocation(invocation)) => {
                assert_eq!(invocation.registration.value(), serving.id);
                match serving.invoke {
                    "first" => assert_eq!(to, serving.callees.first().unwrap()),
                    "last" => assert_eq!(to, serving.callees.last().unwrap()),
                    _ => assert!(serving.callees.contains(to)),
                }
            }
            (_, other) => panic!("{json}: {other:?}"),
        }
    }

    /// Answers an invocation, perhaps one that is over.
    fn answer(&mut self, which: usize, answer: Answer) {
        if self.invocations.is_empty() {
            return;
        }
        let (callee, invocation) = self.invocations[which % self.invocations.len()];
        let message = match answer {
            Answer::Progress => format!(r#"[70, {invocation}, {{"progress": true}}]"#),
            Answer::Result => format!("[70, {invocation}, {{}}]"),
            Answer::Error => format!(r#"[8, 68, {invocation}, {{}}, "com.error"]"#),
        };
        self.send(callee, &message);
    }

    fn cancel(&mut self, which: usize, mode: &str) {
        if let Some(count) = std::num::NonZero::new(self.calls.len()) {
            let (caller, request) = *self.calls.iter().nth(which % count).unwrap();
            self.send(caller, &format!(r#"[49, {request}, {{"mode": "{mode}"}}]"#));
        }
    }

    fn wait(&mut self, milliseconds: u64) {
        self.now += Duration::from_millis(milliseconds);
        let mut out = Outbox::new();
        self.realm.handle_timeout(self.now, &mut out);
        self.take(out);
        assert!(self.realm.next_timeout().is_none_or(|next| next > self.now));
    }
}

proptest! {
    #[test]
    fn a_realm_agrees_with_naive_lists(
        operations in prop::collection::vec(operation(), 0..120),
    ) {
        let mut world = World::new();
        for _ in 0..3 {
            world.join();
        }
        for operation in operations {
            world.play(operation);
        }
        while !world.sessions.is_empty() {
            world.leave(0, false);
        }
        prop_assert_eq!(world.realm.statistics(), Statistics::default());
        prop_assert_eq!(world.realm.next_timeout(), None);
    }
}
