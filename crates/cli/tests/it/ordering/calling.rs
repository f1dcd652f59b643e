//! Callers that number their calls, and callees that know what came before.

use std::collections::{BTreeMap, BTreeSet};

use crossbar_wire::{Invocation, Message};
use serde_json::json;
use tokio::task::JoinSet;

use super::passing;
use super::peer::{Peer, Random, Ways, numbers};

const CALLERS: usize = 4;
/// How many calls each of them makes.
const CALLS: u64 = 250;
/// How many of them wait for an answer at a time.
const OUTSTANDING: usize = 16;
const PROCEDURES: usize = 3;
const DONE: &str = "com.done";

pub(super) async fn play(seed: u64, ways: &Ways) {
    let mut random = Random(seed);
    let mut tasks = JoinSet::new();
    for way in 0..ways.count() {
        let mut peer = Peer::join(ways, way).await;
        peer.subscribe(DONE, "exact").await;
        let mut callee = Callee::default();
        for index in [way, random.below(PROCEDURES)] {
            callee.register(&mut peer, index).await;
        }
        tasks.spawn(callee.serve(peer));
    }
    for caller in 0..CALLERS {
        let peer = Peer::join(ways, random.below(ways.count())).await;
        let number = u64::try_from(caller).unwrap();
        tasks.spawn(call(peer, number, Random(seed * 100 + number)));
    }
    for passer in 0..3 {
        let random = Random(seed * 1000 + passer);
        tasks.spawn(passing::come_and_go(ways.clone(), passer, random));
    }
    while let Some(ended) = tasks.join_next().await {
        ended.expect("no peer misses anything");
    }
}

pub(super) fn procedure(index: usize) -> String {
    format!("com.test.procedure.{}", index % PROCEDURES)
}

/// Calls, and checks that each call is answered once, its progress in order.
async fn call(mut peer: Peer, caller: u64, mut random: Random) {
    let mut outstanding = BTreeMap::new();
    let mut number = 0;
    while number < CALLS || !outstanding.is_empty() {
        while number < CALLS && outstanding.len() < OUTSTANDING {
            let request = peer.request();
            let progress = random.below(4) == 0;
            let procedure = procedure(random.below(PROCEDURES));
            let options = json!({"receive_progress": progress});
            peer.say(&json!([48, request, options, procedure, [caller, number]]));
            outstanding.insert(request, (number, 0));
            number += 1;
        }
        take_answer(&peer.hear().await, caller, &mut outstanding);
    }
    let request = peer.request();
    peer.say(&json!([16, request, {"acknowledge": true}, DONE, [caller]]));
    let answer = peer.hear().await;
    assert!(matches!(answer, Message::Published(_)), "{answer:?}");
}

fn take_answer(answer: &Message, caller: u64, outstanding: &mut BTreeMap<u64, (u64, u64)>) {
    match answer {
        Message::Result(result) => {
            let request = result.request.value();
            let (number, steps) = outstanding.get_mut(&request).expect("a second answer");
            assert_eq!(numbers(&result.payload), [caller, *number, *steps]);
            *steps += 1;
            if result.progress != Some(true) {
                outstanding.remove(&request);
            }
        }
        Message::Error(error) => {
            // Its callee came and went.
            assert_eq!(error.error, "wamp.error.canceled");
            let request = error.request.value();
            assert!(outstanding.remove(&request).is_some(), "a second answer");
        }
        other => panic!("an answer, not {other:?}"),
    }
}

/// What a callee has registered and heard.
#[derive(Default)]
pub(super) struct Callee {
    registrations: BTreeSet<u64>,
    last_invocation: u64,
    /// The last call by caller.
    last: BTreeMap<u64, u64>,
    /// Invocations with caller, number and whether progress is welcome.
    open: Vec<(u64, u64, u64, bool)>,
}

impl Callee {
    /// Registers one of the procedures, which others serve, too. Invocations of others may come meanwhile.
    pub(super) async fn register(&mut self, peer: &mut Peer, index: usize) {
        let request = peer.request();
        let options = json!({"invoke": "roundrobin"});
        peer.say(&json!([64, request, options, procedure(index)]));
        loop {
            match peer.hear().await {
                Message::Registered(registered) => {
                    self.registrations.insert(registered.registration.value());
                    return;
                }
                Message::Invocation(invocation) => self.take(&invocation),
                other => panic!("REGISTERED, not {other:?}"),
            }
        }
    }

    pub(super) fn take(&mut self, invocation: &Invocation) {
        let known = self
            .registrations
            .contains(&invocation.registration.value());
        assert!(known, "an invocation before REGISTERED");
        let id = invocation.request.value();
        assert_eq!(id, self.last_invocation + 1);
        self.last_invocation = id;
        let said = numbers(&invocation.payload);
        let (caller, number) = (said[0], said[1]);
        let last = self.last.insert(caller, number);
        assert!(last < Some(number), "{number} after {last:?} of {caller}");
        let progress = invocation.receive_progress == Some(true);
        self.open.push((id, caller, number, progress));
    }

    /// Answers all that is open, the newest first.
    pub(super) fn answer(&mut self, peer: &mut Peer) {
        while let Some((id, caller, number, progress)) = self.open.pop() {
            let steps = if progress { 3 } else { 0 };
            for step in 0..steps {
                peer.say(&json!([70, id, {"progress": true}, [caller, number, step]]));
            }
            peer.say(&json!([70, id, {}, [caller, number, steps]]));
        }
    }

    /// Serves until all callers are done.
    async fn serve(mut self, mut peer: Peer) {
        let mut done = 0;
        while done < CALLERS {
            match peer.hear().await {
                Message::Invocation(invocation) => self.take(&invocation),
                Message::Event(_) => done += 1,
                other => panic!("an INVOCATION, not {other:?}"),
            }
            if peer.is_caught_up() {
                self.answer(&mut peer);
            }
        }
    }
}
