//! A client that mostly does what makes sense from what it has heard, and sometimes anything.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crossbar_wire::{Call, Features, Message, Role, Roles};
use serde_json::{Value, json};

use super::random::Random;

/// One client: what it knows, and what is on its way from it and to it.
pub(super) struct Client {
    pub(super) id: u64,
    pub(super) up: VecDeque<Upward>,
    pub(super) down: VecDeque<Message>,
    last_request: u64,
    /// Numbers what it publishes and calls with.
    said: u64,
    roles: Roles,
    pub(super) part: Part,
    subscriptions: BTreeSet<u64>,
    registrations: BTreeSet<u64>,
    calls: BTreeSet<u64>,
    /// Calls whose arguments it gives step by step, with their procedures.
    streams: BTreeMap<u64, String>,
    parts: u64,
    /// What it works on, and whether progress is welcome.
    invocations: VecDeque<(u64, bool)>,
}

/// What a client is there for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Part {
    Player,
    /// A player whose role has an authorizer.
    Judged,
    /// The authorizer itself.
    Judge,
}

/// The procedure of the authorizer. No pattern of a player takes its place.
pub(super) const AUTHORIZER: &str = "wamp.judge";

/// What the router takes from a client's connection.
pub(super) enum Upward {
    Message(String),
    /// The connection is gone.
    Lost,
}

impl Client {
    pub(super) const fn new(id: u64, roles: Roles, part: Part) -> Self {
        Self {
            id,
            up: VecDeque::new(),
            down: VecDeque::new(),
            last_request: 0,
            said: 0,
            roles,
            part,
            subscriptions: BTreeSet::new(),
            registrations: BTreeSet::new(),
            calls: BTreeSet::new(),
            streams: BTreeMap::new(),
            parts: 0,
            invocations: VecDeque::new(),
        }
    }

    /// Learns from what it is told. Says whether it says GOODBYE in return.
    pub(super) fn hears(&mut self, message: &Message) -> bool {
        match message {
            Message::Subscribed(subscribed) => {
                self.subscriptions.insert(subscribed.subscription.value());
            }
            Message::Registered(registered) => {
                self.registrations.insert(registered.registration.value());
            }
            Message::Invocation(invocation) => {
                let progress = invocation.receive_progress == Some(true);
                self.invocations
                    .push_back((invocation.request.value(), progress));
            }
            Message::Result(result) if result.progress != Some(true) => {
                self.ends(result.request.value());
            }
            Message::Error(error) if error.request_type == Call::CODE => {
                self.ends(error.request.value());
            }
            Message::Goodbye(_) => return true,
            _ => {}
        }
        false
    }

    fn ends(&mut self, call: u64) {
        self.calls.remove(&call);
        self.streams.remove(&call);
    }

    /// Gives what it says next, others being `sessions`.
    pub(super) fn speaks(&mut self, random: &mut Random, sessions: &[u64]) -> Value {
        if self.part == Part::Judge {
            return self.judges(random);
        }
        if !self.invocations.is_empty() && random.chance(500) {
            return self.answers(random);
        }
        match random.below(100) {
            0..12 => self.subscribes(random),
            12..17 => self.unsubscribes(random),
            17..31 => self.publishes(random, sessions),
            31..43 => self.registers(random),
            43..47 => self.unregisters(random),
            47..66 => self.calls(random),
            66..72 => self.calls_the_realm(random, sessions),
            72..77 => self.cancels(random),
            77..96 => self.answers(random),
            96..99 => self.errs(random),
            _ => json!([6, {}, "wamp.close.normal"]),
        }
    }

    /// Says whether this is an authorizer that has something to decide.
    pub(super) fn is_asked(&self) -> bool {
        self.part == Part::Judge && !self.invocations.is_empty()
    }

    /// Decides about one of those who ask, as an authorizer that is not always in its right mind.
    fn judges(&mut self, random: &mut Random) -> Value {
        if self.last_request == 0 {
            return json!([64, self.request(), {}, AUTHORIZER]);
        }
        if self.invocations.is_empty() {
            return self.counts();
        }
        let which = random.below(self.invocations.len());
        let Some((id, _)) = self.invocations.remove(which) else {
            unreachable!("it was drawn among them");
        };
        let answer = match random.below(100) {
            0..45 => json!(true),
            45..60 => json!(false),
            60..68 => json!({"allow": true, "cache": true}),
            68..74 => json!({"allow": false, "cache": true, "cache_ttl": 1}),
            74..80 => json!({"allow": true, "cache": "role", "cache_ttl": 1}),
            80..84 => json!({"allow": false, "cache": "role"}),
            84..88 => json!("maybe"),
            88..92 => return json!([8, 68, id, {}, "com.broken", ["why"]]),
            _ => return self.counts(), // that one waits in vain
        };
        json!([70, id, {}, [answer]])
    }

    fn counts(&mut self) -> Value {
        let request = self.request();
        self.calls.insert(request);
        json!([48, request, {}, "wamp.session.count"])
    }

    fn request(&mut self) -> u64 {
        self.last_request += 1;
        self.last_request
    }

    /// Gives arguments that tell who said this, and what came before it.
    fn signed(&mut self) -> [u64; 2] {
        self.said += 1;
        [self.id, self.said]
    }

    fn subscribes(&mut self, random: &mut Random) -> Value {
        let (topic, policy) = pattern(random);
        let retained = random.chance(300);
        json!([32, self.request(), {"match": policy, "get_retained": retained}, topic])
    }

    fn unsubscribes(&mut self, random: &mut Random) -> Value {
        let known: Vec<u64> = self.subscriptions.iter().copied().collect();
        let id = random.any(&known).unwrap_or(77);
        self.subscriptions.remove(&id);
        json!([34, self.request(), id])
    }

    fn publishes(&mut self, random: &mut Random, sessions: &[u64]) -> Value {
        let mut options = json!({});
        if random.chance(300) {
            options["acknowledge"] = json!(true);
        }
        if random.chance(300) {
            options["exclude_me"] = json!(random.chance(300));
        }
        if random.chance(150) && self.part == Part::Player {
            options["retain"] = json!(true);
        }
        if random.chance(250) {
            restrict(&mut options, random, sessions);
        }
        self.pass_through(&mut options, random);
        json!([16, self.request(), options, uri(random), self.signed()])
    }

    fn registers(&mut self, random: &mut Random) -> Value {
        let (procedure, policy) = pattern(random);
        let invoke = random.one(&["single", "first", "last", "roundrobin", "random"]);
        let mut options = json!({"match": policy, "invoke": invoke});
        if random.chance(400) {
            options["concurrency"] = json!(random.one(&[1, 1, 2, 3]));
        }
        if random.chance(100) {
            options["force_reregister"] = json!(true);
        }
        if random.chance(200) {
            options["forward_timeout"] = json!(true);
        }
        if random.chance(200) {
            options["disclose_caller"] = json!(true);
        }
        json!([64, self.request(), options, procedure])
    }

    fn unregisters(&mut self, random: &mut Random) -> Value {
        let known: Vec<u64> = self.registrations.iter().copied().collect();
        let id = random.any(&known).unwrap_or(77);
        self.registrations.remove(&id);
        json!([66, self.request(), id])
    }

    fn calls(&mut self, random: &mut Random) -> Value {
        if !self.streams.is_empty() && random.chance(500) {
            return self.continues(random);
        }
        let mut options = json!({});
        if random.chance(300) {
            options["timeout"] = json!(random.one(&[0, 1, 50, 200]));
        }
        if random.chance(400) {
            options["receive_progress"] = json!(true);
        }
        if random.chance(200) {
            options["disclose_me"] = json!(true);
        }
        self.pass_through(&mut options, random);
        let again = self.last_request > 0 && random.chance(30) && self.part == Part::Player;
        let request = if again {
            self.last_request
        } else {
            self.request()
        };
        self.calls.insert(request);
        let procedure = uri(random);
        if !again && self.supports(Features::PROGRESSIVE_CALL_INVOCATIONS) && random.chance(300) {
            options["progress"] = json!(true);
            self.streams.insert(request, procedure.clone());
        }
        json!([48, request, options, procedure, self.signed()])
    }

    /// Gives more arguments of a call.
    fn continues(&mut self, random: &mut Random) -> Value {
        let known: Vec<u64> = self.streams.keys().copied().collect();
        let request = random.one(&known);
        let mut procedure = self.streams[&request].clone();
        let mut options = json!({"progress": true});
        if random.chance(300) {
            self.streams.remove(&request);
            options = json!({});
        } else if random.chance(30) {
            procedure = uri(random); // which breaks the protocol, if it is another
        }
        json!([48, request, options, procedure, self.signed()])
    }

    fn calls_the_realm(&mut self, random: &mut Random, sessions: &[u64]) -> Value {
        let other = random.any(sessions).unwrap_or(1);
        let small = random.one(&[1, 2, 3, 4, 5, 6, 7, 8]);
        let (procedure, args) = random.one(&OWN);
        let args = match args {
            Args::None => json!([]),
            Args::Session => json!([other]),
            Args::Small => json!([small]),
            Args::Uri => json!([uri(random)]),
            Args::Pair => json!([small, other]),
            Args::Testament => json!([uri(random), ["gone"], {}]),
            Args::Wrong => json!([{"not": "this"}, null]),
        };
        let request = self.request();
        self.calls.insert(request);
        json!([48, request, {}, procedure, args])
    }

    fn cancels(&mut self, random: &mut Random) -> Value {
        let known: Vec<u64> = self.calls.iter().copied().collect();
        let request = random.any(&known).unwrap_or(self.last_request + 9);
        match random.below(4) {
            0 => json!([49, request, {}]),
            1 => json!([49, request, {"mode": "skip"}]),
            2 => json!([49, request, {"mode": "kill"}]),
            _ => json!([49, request, {"mode": "killnowait"}]),
        }
    }

    fn answers(&mut self, random: &mut Random) -> Value {
        if self.invocations.is_empty() {
            return self.calls(random);
        }
        let which = random.below(self.invocations.len());
        let (id, progress) = self.invocations[which];
        let mut options = json!({});
        self.pass_through(&mut options, random);
        if random.chance(if progress { 500 } else { 50 }) {
            options["progress"] = json!(true);
            self.parts += 1;
            return json!([70, id, options, ["part", self.parts]]);
        }
        self.invocations.remove(which);
        if random.chance(250) {
            let error = random.one(&["com.error", "wamp.error.canceled", "wamp.error.unavailable"]);
            return json!([8, 68, id, options, error, ["why"]]);
        }
        json!([70, id, options, ["done"]])
    }

    /// Does what no client should.
    fn errs(&mut self, random: &mut Random) -> Value {
        let late = random.one(&[1, 2, 3, 1_000_000]);
        let request = self.request();
        match random.below(24) {
            0 => json!([1, "realm1", {"roles": {"caller": {}}}]),
            1 => json!([5, "secret", {}]),
            2 => json!([36, 1, 1, {}]),
            3 => json!([68, 1, 1, {}]),
            4 => json!([50, 1, {}]),
            5 => json!([8, 48, 1, {}, "com.error"]),
            6 => json!([3, {}, "com.reason"]),
            7..12 => json!([70, late, {}, ["late"]]),
            12..15 => json!([8, 68, late, {}, "com.late"]),
            15 => json!([337, 1]),
            16 => json!([32, request, {}, "bad uri"]),
            17 => json!([64, request, {"concurrency": 0}, "a.b"]),
            18 => json!([64, request, {}, "wamp.mine"]),
            19 => json!([16, request, {"acknowledge": true}, "wamp.session.on_join"]),
            20 => json!([34, request, 1]),
            21 => json!([66, request, 1]),
            _ => json!([16, request, {"ppt_scheme": "wamp"}, "a.b", self.signed()]),
        }
    }

    /// Says whether it announced a feature, which it does for every role.
    fn supports(&self, feature: Features) -> bool {
        self.roles.supports(Role::Caller, feature)
    }

    fn pass_through(&self, options: &mut Value, random: &mut Random) {
        if self.supports(Features::PAYLOAD_PASSTHRU_MODE) && random.chance(100) {
            options["ppt_scheme"] = json!("x_mine");
        }
    }
}

/// What a procedure of the realm itself is given.
#[derive(Clone, Copy)]
enum Args {
    None,
    Session,
    Small,
    Uri,
    Pair,
    Testament,
    Wrong,
}

const OWN: [(&str, Args); 24] = [
    ("wamp.session.count", Args::None),
    ("wamp.session.list", Args::None),
    ("wamp.session.get", Args::Session),
    ("wamp.session.kill", Args::Session),
    ("wamp.session.kill", Args::Small),
    ("wamp.session.kill_by_authid", Args::Uri),
    ("wamp.session.kill_by_authrole", Args::Wrong),
    ("wamp.session.add_testament", Args::Testament),
    ("wamp.session.add_testament", Args::Testament),
    ("wamp.session.flush_testaments", Args::None),
    ("wamp.registration.list", Args::None),
    ("wamp.registration.lookup", Args::Uri),
    ("wamp.registration.match", Args::Uri),
    ("wamp.registration.get", Args::Small),
    ("wamp.registration.list_callees", Args::Small),
    ("wamp.registration.count_callees", Args::Small),
    ("wamp.registration.remove_callee", Args::Pair),
    ("wamp.subscription.list", Args::None),
    ("wamp.subscription.match", Args::Uri),
    ("wamp.subscription.get", Args::Small),
    ("wamp.subscription.list_subscribers", Args::Small),
    ("wamp.subscription.remove_subscriber", Args::Pair),
    ("wamp.subscription.get_events", Args::Small),
    ("wamp.no.such", Args::Wrong),
];

fn restrict(options: &mut Value, random: &mut Random, sessions: &[u64]) {
    let keys = [
        "eligible",
        "exclude",
        "eligible_authid",
        "exclude_authid",
        "eligible_authrole",
        "exclude_authrole",
    ];
    let key = random.one(&keys);
    let count = random.below(3);
    let list: Vec<Value> = (0..count)
        .map(|_| match key {
            "eligible" | "exclude" => json!(random.any(sessions).unwrap_or(5)),
            "eligible_authid" | "exclude_authid" => json!(random.one(&["ann", "ben", "cat"])),
            _ => json!(random.one(&["anyone", "other", "nobody"])),
        })
        .collect();
    options[key] = json!(list);
}

fn uri(random: &mut Random) -> String {
    let length = 1 + random.below(3);
    let components: Vec<&str> = (0..length).map(|_| random.one(&["a", "b", "ab"])).collect();
    components.join(".")
}

fn pattern(random: &mut Random) -> (String, &'static str) {
    match random.below(10) {
        0..6 => (uri(random), "exact"),
        6 | 7 => {
            let prefix = random.one(&["", "a", "a.", "ab", "a.b", "b.", "wamp.session."]);
            (prefix.to_owned(), "prefix")
        }
        _ => {
            let length = 1 + random.below(3);
            let components: Vec<&str> = (0..length)
                .map(|_| random.one(&["a", "b", "ab", "", ""]))
                .collect();
            (components.join("."), "wildcard")
        }
    }
}
