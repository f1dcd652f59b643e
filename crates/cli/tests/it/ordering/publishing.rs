//! Publishers that number their events, and subscribers that know what must come next.

use std::collections::BTreeMap;

use crossbar_wire::{Event, Message};
use serde_json::json;
use tokio::task::JoinSet;

use super::passing;
use super::peer::{Peer, Random, Ways, numbers};

const PUBLISHERS: u64 = 4;
/// How many events each of them publishes.
const EVENTS: u64 = 600;
const END: &str = "com.end";

pub(super) async fn play(seed: u64, ways: &Ways) {
    let mut random = Random(seed);
    let mut tasks = JoinSet::new();
    for way in 0..ways.count() {
        let subscriber = Subscriber::new(ways, way, &mut random).await;
        tasks.spawn(subscriber.listen());
    }
    for publisher in 0..PUBLISHERS {
        let peer = Peer::join(ways, random.below(ways.count())).await;
        tasks.spawn(publish(peer, publisher, Random(seed * 100 + publisher)));
    }
    for passer in 0..3 {
        let random = Random(seed * 1000 + passer);
        tasks.spawn(passing::come_and_go(ways.clone(), passer, random));
    }
    while let Some(ended) = tasks.join_next().await {
        ended.expect("no peer misses anything");
    }
}

/// Gives the topic of an event: so everybody knows who is to get it.
pub(super) fn topic(publisher: u64, number: u64) -> String {
    let mut random = Random(publisher << 32 | number);
    let component = |of: [&'static str; 3], random: &mut Random| of[random.below(3)];
    let first = component(["a", "b", "ab"], &mut random);
    let second = component(["x", "y", "z"], &mut random);
    format!("com.test.{first}.{second}")
}

async fn publish(mut peer: Peer, publisher: u64, mut random: Random) {
    let mut number = 0;
    while number < EVENTS {
        for _ in 0..=random.below(20) {
            let request = peer.request();
            let topic = topic(publisher, number);
            peer.say(&json!([16, request, {}, topic, [publisher, number]]));
            number += 1;
        }
        peer.flush().await;
    }
    let request = peer.request();
    peer.say(&json!([16, request, {"acknowledge": true}, END, [publisher, number]]));
    let answer = peer.hear().await;
    assert!(matches!(answer, Message::Published(_)), "{answer:?}");
}

/// One that is there from the first event to the last.
struct Subscriber {
    peer: Peer,
    streams: Streams,
    end: u64,
}

impl Subscriber {
    async fn new(ways: &Ways, way: usize, random: &mut Random) -> Self {
        let mut peer = Peer::join(ways, way).await;
        let mut streams = Streams::default();
        let patterns = [
            ("com.test.", "prefix"),
            ("com.test.a", "prefix"),
            ("com.test..x", "wildcard"),
            ("com..b.", "wildcard"),
            ("com.test.a.x", "exact"),
            ("com.test.ab.z", "exact"),
        ];
        for _ in 0..=random.below(3) {
            let (topic, policy) = patterns[random.below(patterns.len())];
            let id = peer.subscribe(topic, policy).await;
            streams.patterns.insert(id, (topic, policy));
        }
        let end = peer.subscribe(END, "exact").await;
        Self { peer, streams, end }
    }

    async fn listen(mut self) {
        let mut ends = BTreeMap::new();
        while ends.len() < usize::try_from(PUBLISHERS).unwrap() {
            let message = self.peer.hear().await;
            let Message::Event(event) = message else {
                panic!("an EVENT, not {message:?}");
            };
            if event.subscription.value() == self.end {
                let said = numbers(&event.payload);
                ends.insert(said[0], said[1]);
            } else {
                self.streams.take(&event);
            }
        }
        for (publisher, total) in ends {
            self.streams.check_end(publisher, total);
        }
    }
}

/// What came of each publisher through each subscription.
#[derive(Default)]
pub(super) struct Streams {
    pub(super) patterns: BTreeMap<u64, (&'static str, &'static str)>,
    /// The last event by subscription and publisher.
    last: BTreeMap<(u64, u64), u64>,
    /// The last event by publisher.
    newest: BTreeMap<u64, u64>,
    /// Whether events before the first that came are none of its business.
    joined_late: bool,
}

impl Streams {
    /// Makes those of a subscriber that comes when publishers are at it.
    pub(super) fn late() -> Self {
        Self {
            joined_late: true,
            ..Self::default()
        }
    }

    pub(super) fn take(&mut self, event: &Event) {
        let id = event.subscription.value();
        let pattern = *self.patterns.get(&id).expect("an event before SUBSCRIBED");
        let said = numbers(&event.payload);
        let (publisher, number) = (said[0], said[1]);
        let topic = topic(publisher, number);
        assert!(event.topic.as_ref().is_none_or(|told| *told == *topic));
        assert!(matches(pattern, &topic), "{topic} through {pattern:?}");
        let last = self.last.insert((id, publisher), number);
        if last.is_some() || !self.joined_late {
            let next = next(pattern, publisher, last);
            assert_eq!(number, next, "of {publisher} after {last:?}");
        }
        let newest = self.newest.entry(publisher).or_default();
        assert!(number >= *newest, "{number} after {newest} of {publisher}");
        *newest = number;
    }

    fn check_end(&self, publisher: u64, total: u64) {
        for (&id, &pattern) in &self.patterns {
            let last = self.last.get(&(id, publisher)).copied();
            let next = next(pattern, publisher, last);
            assert!(next >= total, "{next} of {publisher} is lost");
        }
    }
}

/// Gives the number of the next event of a publisher that matches.
fn next(pattern: (&str, &str), publisher: u64, last: Option<u64>) -> u64 {
    let first = last.map_or(0, |last| last + 1);
    let mut rest = first..;
    rest.find(|&number| matches(pattern, &topic(publisher, number)))
        .unwrap()
}

fn matches((pattern, policy): (&str, &str), topic: &str) -> bool {
    match policy {
        "exact" => pattern == topic,
        "prefix" => topic.starts_with(pattern),
        _ => pattern
            .split('.')
            .zip(topic.split('.'))
            .all(|(p, t)| p.is_empty() || p == t),
    }
}
