//! One conversation in two realms, of which one allows less: nobody gets more there.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use crossbar_core::{
    Actions, Authorization, Command, Disclosure, Join, Limits, Outbox, Permission, Principal,
    Realm, RealmOptions, RoleConfig, Timestamp, WallClock,
};
use crossbar_wire::{Format, Hello, MatchPolicy, Message, SessionId, Text, Value};
use proptest::prelude::*;
use serde_json::json;

/// A URI or a pattern.
type Pattern = (String, MatchPolicy);

/// What a session does; the sessions with odd numbers are judged by the permissions.
#[derive(Clone, Debug)]
enum Act {
    Subscribe(u64, Pattern, bool),
    Unsubscribe(u64, Pattern),
    Publish(u64, String),
    Retain(u64, String),
    Register(String),
    Call(u64, String),
}

fn uri() -> impl Strategy<Value = String> {
    let literal = prop::sample::select(vec!["a", "b", "ab"]);
    prop::collection::vec(literal, 1..4).prop_map(|components| components.join("."))
}

fn pattern() -> impl Strategy<Value = Pattern> {
    let open = prop::sample::select(vec!["a", "b", "ab", "", ""]);
    prop_oneof![
        uri().prop_map(|uri| (uri, MatchPolicy::Exact)),
        prop::collection::vec(open, 1..4).prop_map(|c| (c.join("."), MatchPolicy::Wildcard)),
        "[ab.]{0,5}".prop_map(|prefix| (prefix, MatchPolicy::Prefix)),
    ]
}

fn act() -> impl Strategy<Value = Act> {
    let session = 1..7_u64;
    prop_oneof![
        3 => (session.clone(), pattern(), any::<bool>()).prop_map(|(s, p, r)| Act::Subscribe(s, p, r)),
        1 => (session.clone(), pattern()).prop_map(|(s, p)| Act::Unsubscribe(s, p)),
        4 => (session.clone(), uri()).prop_map(|(s, u)| Act::Publish(s, u)),
        1 => (session.clone(), uri()).prop_map(|(s, u)| Act::Retain(s, u)),
        2 => uri().prop_map(Act::Register),
        3 => (session, uri()).prop_map(|(s, u)| Act::Call(s, u)),
    ]
}

fn actions() -> impl Strategy<Value = Actions> {
    any::<[bool; 4]>().prop_map(|[call, register, publish, subscribe]| Actions {
        call,
        register,
        publish,
        subscribe,
    })
}

fn permission((uri, policy): &Pattern, allow: Actions) -> Permission {
    Permission {
        uri: Text::from(uri.as_str()),
        policy: *policy,
        allow,
        disclose_caller: Disclosure::default(),
        disclose_publisher: Disclosure::default(),
        trustlevel: None,
        cache: false,
        validation: None,
    }
}

/// A realm, and what came to whom: receiver, what for, which message, how often.
struct Play {
    realm: Realm,
    now: Instant,
    subscriptions: BTreeMap<(u64, Pattern), u64>,
    got: BTreeMap<(u64, String, i128), usize>,
    /// The topics of the events that those who are judged got.
    seen: BTreeSet<String>,
}

impl Play {
    fn new(permissions: Vec<Permission>) -> Self {
        let now = Instant::now();
        let clock = WallClock::new(now, Timestamp::default());
        let options = RealmOptions {
            meta_api: false,
            ..RealmOptions::default()
        };
        let mut realm = Realm::new(Text::from_static("realm1"), options, [3; 32], clock);
        let rules = [
            Authorization::Always(true),
            Authorization::Static(permissions),
        ];
        for (name, authorization) in ["anyone", "guest"].into_iter().zip(rules) {
            realm.set_role(RoleConfig {
                name: Text::from_static(name),
                authorization,
                trustlevel: None,
                limits: Limits::default(),
                max_sessions: None,
            });
        }
        for session in 1..7 {
            let join = Join {
                session: SessionId::new(session).unwrap(),
                realm: Text::from_static("realm1"),
                principal: Principal {
                    authrole: Text::from_static(if session % 2 == 1 { "guest" } else { "anyone" }),
                    ..Principal::default()
                },
                hello: Hello::default(),
                transport: None,
                strict_request_ids: false,
                limits: None,
                remembered: false,
                expires: None,
            };
            realm.join(join, now, &mut Outbox::new()).unwrap();
        }
        Self {
            realm,
            now,
            subscriptions: BTreeMap::new(),
            got: BTreeMap::new(),
            seen: BTreeSet::new(),
        }
    }

    /// Does what `act` says, which is the request of this number and what its message says.
    fn act(&mut self, number: u64, act: &Act) {
        match act {
            Act::Subscribe(session, pattern, retained) => {
                let (uri, policy) = pattern;
                let options = json!({"match": policy.name(), "get_retained": retained});
                let answer = self.say(*session, &json!([32, number, options, uri]));
                if let Some(id) = answer {
                    self.subscriptions.insert((*session, pattern.clone()), id);
                }
            }
            Act::Unsubscribe(session, pattern) => {
                if let Some(id) = self.subscriptions.remove(&(*session, pattern.clone())) {
                    self.say(*session, &json!([34, number, id]));
                }
            }
            Act::Publish(session, topic) => {
                let options = json!({"exclude_me": false});
                self.say(*session, &json!([16, number, options, topic, [number]]));
            }
            Act::Retain(session, topic) => {
                // Its own topic, or an older event would be kept where a newer one is not allowed.
                let topic = format!("{topic}.{number}");
                let options = json!({"retain": true});
                self.say(*session, &json!([16, number, options, topic, [number]]));
            }
            Act::Register(procedure) => {
                self.say(2, &json!([64, number, {}, procedure]));
            }
            Act::Call(session, procedure) => {
                self.say(*session, &json!([48, number, {}, procedure, [number]]));
            }
        }
    }

    /// Hands in a message. Gives the id of the subscription that it brought about.
    fn say(&mut self, from: u64, json: &serde_json::Value) -> Option<u64> {
        let message = Message::decode(Format::Json, &json.to_string().into()).unwrap();
        let mut out = Outbox::new();
        let from = SessionId::new(from).unwrap();
        self.realm.handle(from, message, self.now, &mut out);
        let mut subscribed = None;
        for command in out {
            match command {
                Command::Send { to, message } => {
                    if let Message::Subscribed(answer) = &message {
                        subscribed = Some(answer.subscription.value());
                        let known = (to.value(), answer.subscription.value());
                        self.subscriptions
                            .entry(named(json, known.0))
                            .or_insert(known.1);
                    }
                    self.note(to, &message);
                }
                Command::Publish { to, event } => {
                    let message = Message::Event(event);
                    for to in to {
                        self.note(to, &message);
                    }
                }
                Command::End { .. } => panic!("nobody breaks the protocol"),
                Command::Limited { .. } | Command::Undecided(_) | Command::Unfit { .. } => {}
            }
        }
        subscribed
    }

    /// Takes note of what a session gets from another.
    fn note(&mut self, to: SessionId, message: &Message) {
        let what = if let Message::Event(event) = message {
            let id = event.subscription.value();
            let known = self.subscriptions.iter();
            let found =
                known.filter(|&((session, _), known)| (*session, *known) == (to.value(), id));
            let (pattern, _) = found
                .map(|(key, _)| &key.1)
                .next()
                .expect("SUBSCRIBED came first");
            if to.value() % 2 == 1 {
                let topic = event.topic.as_ref().map_or(pattern.as_str(), Text::as_str);
                self.seen.insert(topic.to_owned());
            }
            format!("event of {pattern}")
        } else if let Message::Invocation(_) = message {
            "invocation".to_owned()
        } else {
            return;
        };
        let args = message.payload().unwrap().args().unwrap();
        let [Value::Integer(number)] = args.as_slice() else {
            panic!("{message:?}");
        };
        *self.got.entry((to.value(), what, *number)).or_default() += 1;
    }
}

/// Gives the key of the subscription that a SUBSCRIBE asks for.
fn named(subscribe: &serde_json::Value, session: u64) -> (u64, Pattern) {
    let policy = MatchPolicy::named(subscribe[2]["match"].as_str().unwrap()).unwrap();
    (session, (subscribe[3].as_str().unwrap().to_owned(), policy))
}

proptest! {
    #[test]
    fn z02_z05_a_narrower_grant_never_delivers_more(
        table in prop::collection::vec((pattern(), actions()), 1..8),
        taken in any::<prop::sample::Index>(),
        denied in pattern(),
        acts in prop::collection::vec(act(), 1..80),
    ) {
        let mut wide: Vec<Permission> = Vec::new();
        for (pattern, allow) in &table {
            if wide.iter().all(|it| (it.uri.as_str(), it.policy) != (&pattern.0, pattern.1)) {
                wide.push(permission(pattern, *allow));
            }
        }
        let mut less = wide.clone();
        let place = taken.index(less.len());
        less[place].allow = Actions::default();
        let mut more_denied = wide.clone();
        more_denied.retain(|it| (it.uri.as_str(), it.policy) != (&denied.0, denied.1));
        more_denied.push(permission(&denied, Actions::default()));

        let mut all = [wide, less, more_denied].map(Play::new);
        for (number, act) in (1..).zip(&acts) {
            for play in &mut all {
                play.act(number, act);
            }
        }
        for play in &mut all {
            // What comes by a pattern could be had by its topic as well.
            for (number, topic) in (1000..).zip(std::mem::take(&mut play.seen)) {
                let subscribe = json!([32, number, {"match": "exact"}, topic]);
                prop_assert!(play.say(1, &subscribe).is_some(), "{topic} came, and is denied");
            }
        }
        let [wide, narrow @ ..] = &all;
        for play in narrow {
            for (what, count) in &play.got {
                let most = wide.got.get(what).copied().unwrap_or(0);
                prop_assert!(*count <= most, "{what:?} {count} times, not {most}");
            }
        }
    }
}
