//! How many messages a realm routes by itself: no serializer, no queue, no socket.

#![expect(clippy::unwrap_used, reason = "a bench fails by panicking")]
#![expect(
    clippy::disallowed_methods,
    reason = "the ban on clocks is for the core itself"
)]

use std::hint::black_box;
use std::time::Instant;

use bytes::Bytes;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use crossbar_core::{
    Actions, Authorization, Command, Disclosure, HistoryRule, Join, Limits, Outbox, Permission,
    Principal, Realm, RealmOptions, RoleConfig, Timestamp, WallClock,
};
use crossbar_wire::{
    Call, Format, Hello, MatchPolicy, Message, Payload, Publish, Register, RequestId, SessionId,
    Subscribe, Text, Yield,
};

struct Bench {
    realm: Realm,
    now: Instant,
    out: Outbox,
    payload: Payload,
}

impl Bench {
    /// Makes a realm whose sessions may do everything below `com.example.`, and a payload of 32 octets.
    fn new(sessions: u64) -> Self {
        Self::with(RealmOptions::default(), "com.example.", sessions)
    }

    /// Makes one whose sessions may do everything below `prefix`.
    fn with(options: RealmOptions, prefix: &str, sessions: u64) -> Self {
        let clock = WallClock::new(Instant::now(), Timestamp::default());
        let mut realm = Realm::new(Text::from("realm1"), options, [1; 32], clock);
        realm.set_role(RoleConfig {
            name: Text::from("backend"),
            limits: Limits {
                subscriptions: Some(1 << 20),
                registrations: Some(1 << 20),
                wildcards: Some(1 << 20),
                ..Limits::default()
            },
            max_sessions: None,
            authorization: Authorization::Static(vec![Permission {
                uri: Text::from(prefix),
                policy: MatchPolicy::Prefix,
                allow: Actions {
                    call: true,
                    register: true,
                    publish: true,
                    subscribe: true,
                },
                disclose_caller: Disclosure::default(),
                disclose_publisher: Disclosure::default(),
                trustlevel: None,
                cache: true,
                validation: None,
            }]),
            trustlevel: None,
        });
        let mut bench = Self {
            realm,
            now: Instant::now(),
            out: Outbox::new(),
            payload: Payload {
                format: Format::MsgPack,
                args: Bytes::from(vec![0x91; 32]),
                kwargs: Bytes::new(),
            },
        };
        for id in 1..=sessions {
            let join = Join {
                session: session(id),
                realm: Text::from("realm1"),
                principal: Principal {
                    authid: Text::from("someone"),
                    authrole: Text::from("backend"),
                    ..Principal::default()
                },
                hello: Hello::default(),
                transport: None,
                strict_request_ids: false,
                limits: None,
                remembered: false,
                expires: None,
            };
            bench.realm.join(join, bench.now, &mut bench.out).unwrap();
        }
        bench.out.clear();
        bench
    }

    fn handle(&mut self, from: SessionId, message: Message) {
        let Self {
            realm, now, out, ..
        } = self;
        realm.handle(from, message, *now, out);
    }

    fn subscribe(&mut self, from: u64, topic: &str, policy: MatchPolicy) {
        let subscribe = Subscribe {
            request: request(1),
            policy: Some(policy),
            get_retained: None,
            forward_for: Vec::new(),
            topic: Text::from(topic),
        };
        self.handle(session(from), Message::Subscribe(subscribe));
        self.out.clear();
    }

    fn register(&mut self, from: u64, procedure: &str, policy: MatchPolicy) {
        let register = Register {
            request: request(1),
            policy: Some(policy),
            invoke: None,
            concurrency: None,
            force_reregister: None,
            disclose_caller: None,
            forward_timeout: None,
            forward_for: Vec::new(),
            procedure: Text::from(procedure),
        };
        self.handle(session(from), Message::Register(register));
        self.out.clear();
    }

    fn publish(&mut self, from: u64, topic: &Text) {
        self.publish_and(None, from, topic);
    }

    fn publish_and(&mut self, retain: Option<bool>, from: u64, topic: &Text) {
        let publish = Publish {
            request: request(2),
            acknowledge: None,
            exclude_me: None,
            disclose_me: None,
            retain,
            audience: None,
            passthru: None,
            topic: topic.clone(),
            payload: self.payload.clone(),
        };
        self.handle(session(from), Message::Publish(publish));
        black_box(&self.out);
        self.out.clear();
    }

    fn call(&mut self, from: u64, number: u64, procedure: &Text) {
        let call = Call {
            request: request(number),
            receive_progress: None,
            progress: None,
            timeout: None,
            disclose_me: None,
            caller: None,
            passthru: None,
            procedure: procedure.clone(),
            payload: self.payload.clone(),
        };
        self.handle(session(from), Message::Call(call));
    }

    /// Answers the invocations that lie in the outbox.
    fn answer(&mut self) {
        for _ in 0..self.out.len() {
            let Some(Command::Send { to, message }) = self.out.pop_front() else {
                panic!("an invocation is sent to one");
            };
            let Message::Invocation(invocation) = message else {
                panic!("every call is served");
            };
            let result = Yield {
                request: invocation.request,
                progress: None,
                passthru: None,
                payload: invocation.payload,
            };
            self.handle(to, Message::Yield(result));
        }
        black_box(&self.out);
        self.out.clear();
    }
}

fn session(id: u64) -> SessionId {
    // Spread, as random ids are.
    SessionId::new(id * 0x0003_1415_9265_3589 % (1 << 53)).unwrap()
}

fn request(id: u64) -> RequestId {
    RequestId::new(id).unwrap()
}

fn calls(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("calls");
    // A call routes two messages: CALL → INVOCATION, YIELD → RESULT.
    group.throughput(Throughput::Elements(2 * 64));
    for callers in [1, 1000] {
        let mut bench = Bench::new(callers + 10);
        let procedures: Vec<Text> = (0..10).map(|i| format!("com.example.{i}").into()).collect();
        for (id, procedure) in (callers + 1..).zip(&procedures) {
            bench.register(id, procedure, MatchPolicy::Exact);
        }
        let mut number = 0;
        group.bench_function(format!("{callers} callers, 64 outstanding"), |bencher| {
            bencher.iter(|| {
                for _ in 0..64 {
                    number += 1;
                    let caller = number % callers + 1;
                    let procedure = &procedures[usize::try_from(number % 10).unwrap()];
                    bench.call(caller, number, procedure);
                }
                bench.answer();
            });
        });
    }
    group.finish();
}

fn events(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("events");
    let topic = Text::from("com.example.topic.created");
    for subscribers in [1, 100, 10_000] {
        let mut bench = Bench::new(subscribers + 1);
        for id in 1..=subscribers {
            bench.subscribe(id, &topic, MatchPolicy::Exact);
        }
        group.throughput(Throughput::Elements(subscribers));
        group.bench_function(format!("1 to {subscribers}"), |bencher| {
            bencher.iter(|| bench.publish(subscribers + 1, &topic));
        });
    }
    group.finish();
}

fn patterns(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("patterns");
    let topic = Text::from("com.example.topic.created");
    let mut bench = Bench::new(2);
    bench.subscribe(1, "com.example.topic.", MatchPolicy::Prefix);
    bench.subscribe(1, "com.example..created", MatchPolicy::Wildcard);
    for i in 0..1000 {
        bench.subscribe(1, &format!("com.example.{i}."), MatchPolicy::Prefix);
        bench.subscribe(1, &format!("com.example..{i}"), MatchPolicy::Wildcard);
    }
    group.throughput(Throughput::Elements(2));
    group.bench_function("1 prefix and 1 wildcard of 2002", |bencher| {
        bencher.iter(|| bench.publish(2, &topic));
    });
    group.finish();
}

/// Gives 100,000 URIs, 10,000 prefixes, and 10,000 wildcards of every shape that five components have.
fn large() -> impl Iterator<Item = (String, MatchPolicy)> {
    let exact = (0..100_000).map(|i| {
        let uri = format!("com.example{}.a{}.b.c", i / 1000, i % 1000);
        (uri, MatchPolicy::Exact)
    });
    let prefixes = (0..10_000).map(|i| {
        let end = if i % 2 == 0 { "" } else { ".b" };
        let uri = format!("com.example{}.a{}{end}", i / 100, i % 100);
        (uri, MatchPolicy::Prefix)
    });
    let wildcards = (0..10_000).map(|i| {
        let (shape, i) = (1 + i % 30, i / 30);
        let literals = ["com", "example", "a", "b", "c"];
        let component = |(place, literal): (usize, &&str)| {
            if shape >> place & 1 == 1 {
                String::new()
            } else {
                format!("{literal}{i}")
            }
        };
        let components: Vec<String> = literals.iter().enumerate().map(component).collect();
        (components.join("."), MatchPolicy::Wildcard)
    });
    exact.chain(prefixes).chain(wildcards)
}

/// What a message costs in a realm with [`large`] tables.
fn large_tables(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("120,000 patterns");
    let mut bench = Bench::with(RealmOptions::default(), "", 2);
    for (pattern, policy) in large() {
        bench.subscribe(1, &pattern, policy);
        bench.register(1, &pattern, policy);
    }
    for (topic, events, name) in [
        ("com.example50.a510.b.c", 1, "events: 1 URI"),
        ("com.example50.a50.b.c", 2, "events: 1 URI and 1 prefix"),
        ("com9.example9.x.x.x", 1, "events: 1 wildcard"),
        ("com9.example9.a9.b9.c9", 30, "events: 30 wildcards"),
        ("com.example.other.b.c", 1, "events: nothing"),
    ] {
        let topic = Text::from(topic);
        group.throughput(Throughput::Elements(events));
        group.bench_function(name, |bencher| bencher.iter(|| bench.publish(2, &topic)));
    }
    group.throughput(Throughput::Elements(2));
    let mut number = 0;
    for (procedure, name) in [
        ("com.example50.a510.b.c", "call: a URI"),
        ("com.example50.a50.x", "call: a prefix"),
        ("com9.example9.x.x.x", "call: a wildcard"),
    ] {
        let procedure = Text::from(procedure);
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                number += 1;
                bench.call(2, number, &procedure);
                bench.answer();
            });
        });
    }
    group.finish();
}

/// What a publication costs whose topic keeps nothing, beside topics that do.
fn keeping(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("keeping");
    let topic = Text::from("com.example.topic.created");
    let history = (0..1000).map(|i| HistoryRule {
        uri: format!("com.example.kept.{i}").into(),
        policy: MatchPolicy::Exact,
        max_events: Some(10),
        max_age: None,
        max_octets: None,
    });
    let keeping = RealmOptions {
        history: history.collect(),
        ..RealmOptions::default()
    };
    for (options, retained, name) in [
        (RealmOptions::default(), 0, "nothing is kept"),
        (
            keeping,
            10_000,
            "other topics have history and retained events",
        ),
    ] {
        let mut bench = Bench::with(options, "com.example.", 2);
        bench.subscribe(1, &topic, MatchPolicy::Exact);
        for i in 0..retained {
            bench.publish_and(Some(true), 2, &format!("com.example.retained.{i}").into());
        }
        for i in 0..retained.min(1000) {
            bench.publish(2, &format!("com.example.kept.{i}").into());
        }
        group.throughput(Throughput::Elements(1));
        group.bench_function(name, |bencher| bencher.iter(|| bench.publish(2, &topic)));
    }
    group.finish();
}

criterion_group!(benches, calls, events, patterns, large_tables, keeping);
criterion_main!(benches);
