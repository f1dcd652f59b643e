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
    Actions, Authorization, Command, Disclosure, Join, Outbox, Permission, Principal, Realm,
    RealmOptions, RoleConfig, Timestamp, WallClock,
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
        let clock = WallClock::new(Instant::now(), Timestamp::default());
        let mut realm = Realm::new(
            Text::from("realm1"),
            RealmOptions::default(),
            [1; 32],
            clock,
        );
        realm.set_role(RoleConfig {
            name: Text::from("backend"),
            authorization: Authorization::Static(vec![Permission {
                uri: Text::from("com.example."),
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

    fn register(&mut self, from: u64, procedure: &str) {
        let register = Register {
            request: request(1),
            policy: None,
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
        let publish = Publish {
            request: request(2),
            acknowledge: None,
            exclude_me: None,
            disclose_me: None,
            retain: None,
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
            bench.register(id, procedure);
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

criterion_group!(benches, calls, events, patterns);
criterion_main!(benches);
