//! The history in memory against a naive list that thinks of bounds when it is asked only.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::mpsc::{self, Sender};
use std::time::{Duration, Instant};

use bytes::Bytes;
use crossbar_core::{
    HistoryQuery, HistoryRule, HistoryStore, Join, KeptEvent, MemoryHistory, Outbox, PastEvent,
    Principal, Realm, RealmOptions, Timestamp, WallClock,
};
use crossbar_wire::{
    Features, Format, Hello, MatchPolicy, Message, Payload, PublicationId, Role, Roles, SessionId,
    Text, Value,
};
use proptest::prelude::*;

const MAX_AGE: Duration = Duration::from_millis(50);
const MAX_EVENTS: usize = 6;
const MAX_OCTETS: usize = 4000;

/// Every event that was ever published, and how many of them are gone.
#[derive(Debug, Default)]
struct NaiveHistory {
    all: Vec<PastEvent>,
    gone: usize,
}

impl NaiveHistory {
    fn forget(&mut self, now: Timestamp) {
        let is_over = |kept: &[PastEvent]| {
            let octets: usize = kept.iter().map(|past| past.event.octets()).sum();
            let is_old = kept.first().is_some_and(|it| now.since(it.time) > MAX_AGE);
            kept.len() > MAX_EVENTS || octets > MAX_OCTETS || is_old
        };
        while is_over(&self.all[self.gone..]) {
            self.gone += 1;
        }
    }
}

impl HistoryStore for NaiveHistory {
    fn append(&mut self, _: usize, event: PastEvent) {
        let time = event.time;
        if event.event.octets() <= MAX_OCTETS {
            self.all.push(event);
        }
        self.forget(time);
    }

    fn query(
        &mut self,
        _: usize,
        query: &HistoryQuery,
        now: Timestamp,
        visit: &mut dyn FnMut(&PastEvent) -> ControlFlow<()>,
    ) {
        self.forget(now);
        let kept = &self.all[self.gone..];
        let place = |id| kept.iter().position(|past| past.event.publication == id);
        let holds = |id: Option<PublicationId>, place_holds: &dyn Fn(usize) -> bool| {
            id.is_none_or(|id| place(id).is_some_and(place_holds))
        };
        let mut found: Vec<&PastEvent> = kept
            .iter()
            .enumerate()
            .filter(|&(here, _)| {
                holds(query.from_publication, &|it| here >= it)
                    && holds(query.after_publication, &|it| here > it)
                    && holds(query.before_publication, &|it| here < it)
                    && holds(query.until_publication, &|it| here <= it)
            })
            .map(|(_, past)| past)
            .filter(|past| {
                let shown = Timestamp::read(&past.time.to_string()).unwrap();
                query.from_time.is_none_or(|it| shown >= it)
                    && query.after_time.is_none_or(|it| shown > it)
                    && query.before_time.is_none_or(|it| shown < it)
                    && query.until_time.is_none_or(|it| shown <= it)
            })
            .filter(|past| {
                query
                    .topic
                    .as_ref()
                    .is_none_or(|it| *it == past.event.topic)
            })
            .collect();
        if query.reverse {
            found.reverse();
        }
        for past in found {
            if visit(past).is_break() {
                return;
            }
        }
    }
}

#[derive(Clone, Debug)]
enum Operation {
    Publish { topic: &'static str, length: usize },
    Wait(u64),
    Ask(HistoryQuery),
}

fn at(microseconds: u64) -> Timestamp {
    Timestamp::since_1970(Duration::from_micros(microseconds))
}

fn publication(number: u64) -> PublicationId {
    PublicationId::new(number + 1).unwrap()
}

fn operation() -> impl Strategy<Value = Operation> {
    let length = prop::sample::select(vec![0, 10, 1000, 5000]);
    let topic = || prop::sample::select(vec!["com.a", "com.b"]);
    // Whole milliseconds, as clients say.
    let time = || prop::option::weighted(0.2, (0..120_u64).prop_map(|it| at(it * 1000)));
    let id = || prop::option::weighted(0.2, (0..30_u64).prop_map(publication));
    let query = (
        any::<bool>(),
        (time(), time(), time(), time()),
        prop::option::weighted(0.3, topic()),
        (id(), id(), id(), id()),
    );
    let query = query.prop_map(|(reverse, times, topic, ids)| HistoryQuery {
        reverse,
        from_time: times.0,
        after_time: times.1,
        before_time: times.2,
        until_time: times.3,
        topic: topic.map(Text::from),
        from_publication: ids.0,
        after_publication: ids.1,
        before_publication: ids.2,
        until_publication: ids.3,
    });
    prop_oneof![
        4 => (topic(), length).prop_map(|(topic, length)| Operation::Publish { topic, length }),
        2 => (0..20_000_u64).prop_map(Operation::Wait),
        4 => query.prop_map(Operation::Ask),
    ]
}

/// Gives the publications that a store shows, up to the fifth.
fn shown(store: &mut dyn HistoryStore, query: &HistoryQuery, now: Timestamp) -> Vec<PublicationId> {
    let mut found = Vec::new();
    store.query(0, query, now, &mut |past| {
        found.push(past.event.publication);
        if found.len() < 5 {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        }
    });
    found
}

proptest! {
    #[test]
    fn p15_the_history_in_memory_agrees_with_a_naive_one(
        operations in prop::collection::vec(operation(), 1..60),
    ) {
        let rule = HistoryRule {
            uri: Text::from("com."),
            policy: MatchPolicy::Prefix,
            max_events: Some(MAX_EVENTS),
            max_age: Some(MAX_AGE),
            max_octets: Some(MAX_OCTETS),
        };
        let mut memory = MemoryHistory::new(&[rule]);
        let mut naive = NaiveHistory::default();
        let (mut now, mut published) = (0, 0);
        for operation in operations {
            match operation {
                Operation::Publish { topic, length } => {
                    let args = [Value::Text("x".repeat(length))];
                    let event = Arc::new(KeptEvent {
                        publication: publication(published),
                        topic: Text::from(topic),
                        publisher: None,
                        trustlevel: None,
                        passthru: None,
                        audience: None,
                        payload: Payload::new(Format::Cbor, &args, &[]).unwrap(),
                    });
                    published += 1;
                    let time = at(now);
                    memory.append(0, PastEvent { time, event: Arc::clone(&event) });
                    naive.append(0, PastEvent { time, event });
                }
                Operation::Wait(microseconds) => now += microseconds,
                Operation::Ask(query) => prop_assert_eq!(
                    shown(&mut memory, &query, at(now)),
                    shown(&mut naive, &query, at(now))
                ),
            }
        }
    }
}

/// Tells of every event that it is to keep.
#[derive(Debug)]
struct Recorder(Sender<(usize, Vec<Value>)>);

impl HistoryStore for Recorder {
    fn append(&mut self, rule: usize, event: PastEvent) {
        let args = event.event.payload.args().unwrap();
        self.0.send((rule, args)).unwrap();
    }

    fn query(
        &mut self,
        _: usize,
        _: &HistoryQuery,
        _: Timestamp,
        _: &mut dyn FnMut(&PastEvent) -> ControlFlow<()>,
    ) {
    }
}

#[test]
fn p15_a_realm_keeps_its_history_in_the_store_it_is_given() {
    let rule = |uri: &str, policy| HistoryRule {
        uri: Text::from(uri),
        policy,
        max_events: None,
        max_age: None,
        max_octets: None,
    };
    let options = RealmOptions {
        history: vec![
            rule("com.other", MatchPolicy::Exact),
            rule("com.x", MatchPolicy::Exact),
            rule("com.", MatchPolicy::Prefix),
        ],
        ..RealmOptions::default()
    };
    let (sender, kept) = mpsc::channel();
    let mut realm = realm(options);
    realm.set_history_store(Box::new(Recorder(sender)));
    publish(&mut realm, r#"[16, 1, {}, "com.x", [1]]"#);
    publish(&mut realm, r#"[16, 2, {}, "org.x", [2]]"#);
    let one = vec![Value::from(1_u64)];
    let kept: Vec<(usize, Vec<Value>)> = kept.try_iter().collect();
    assert_eq!(kept, [(1, one.clone()), (2, one)]);
}

#[test]
fn p15_p16_what_is_kept_does_not_pin_its_frame() {
    let options = RealmOptions {
        history: vec![HistoryRule {
            uri: Text::from("com.x"),
            policy: MatchPolicy::Exact,
            max_events: Some(9),
            max_age: None,
            max_octets: None,
        }],
        ..RealmOptions::default()
    };
    let mut realm = realm(options);
    let everything = r#"[16, 1, {"retain": true, "ppt_scheme": "x_mine", "ppt_serializer": "x_own", "ppt_cipher": "c",
        "ppt_keyid": "k", "transaction_hash": "0x1", "enc_key": "key", "enc_serializer": "x_ser",
        "forward_for": [{"session": 7, "authid": "joe", "authrole": "user"}],
        "eligible_authid": ["a"], "eligible_authrole": ["b"], "exclude_authid": ["c"], "exclude_authrole": ["d"]},
        "com.x", ["some text"], {"k": "v"}]"#;
    let sessions = r#"[16, 2, {"retain": true, "eligible": [1], "exclude": [2]}, "com.x", [1]]"#;
    for json in [everything, sessions] {
        let frame = publish(&mut realm, json);
        assert!(frame.is_unique(), "{json}");
    }
    assert_eq!(realm.statistics().retained_events, 2);
}

/// Makes a realm with one session, of the node itself.
fn realm(options: RealmOptions) -> Realm {
    let now = Instant::now();
    let clock = WallClock::new(now, Timestamp::default());
    let mut realm = Realm::new(Text::from("realm1"), options, [1; 32], clock);
    let publisher = Features::PAYLOAD_PASSTHRU_MODE;
    let join = Join {
        session: SessionId::new(1).unwrap(),
        realm: Text::from("realm1"),
        principal: Principal {
            authrole: Text::from("trusted"),
            ..Principal::default()
        },
        hello: Hello {
            roles: Roles::default().with(Role::Publisher, publisher),
            ..Hello::default()
        },
        transport: None,
        strict_request_ids: false,
        limits: None,
        remembered: false,
        expires: None,
    };
    realm.join(join, now, &mut Outbox::new()).unwrap();
    realm
}

/// Lets the session publish. Gives the frame, which nothing but the realm may still use.
fn publish(realm: &mut Realm, json: &str) -> Bytes {
    let frame = Bytes::from(json.to_owned());
    let message = Message::decode(Format::Json, &frame).unwrap();
    let session = SessionId::new(1).unwrap();
    realm.handle(session, message, Instant::now(), &mut Outbox::new());
    frame
}
