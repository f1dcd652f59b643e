//! Sessions that come and go in the midst of it.

use crossbar_wire::Message;
use serde_json::json;

use super::calling::Callee;
use super::peer::{Peer, Random, Ways};
use super::publishing::{Streams, topic};

const ROUNDS: u64 = 12;

/// Joins, serves, listens and publishes for a while, and leaves in one way or another; and again.
pub(super) async fn come_and_go(ways: Ways, passer: u64, mut random: Random) {
    for round in 0..ROUNDS {
        let publisher = 100 + passer * ROUNDS + round;
        let peer = Peer::join(&ways, random.below(ways.count())).await;
        pass(peer, publisher, &mut random).await;
    }
}

async fn pass(mut peer: Peer, publisher: u64, random: &mut Random) {
    let own = format!("com.own.{publisher}");
    peer.subscribe(&own, "exact").await;
    let mut callee = Callee::default();
    callee.register(&mut peer, random.below(9)).await;
    let mut streams = Streams::late();
    let request = peer.request();
    peer.say(&json!([32, request, {"match": "prefix"}, "com.test.a"]));
    for number in 0..5 {
        let request = peer.request();
        let topic = topic(publisher, number);
        peer.say(&json!([16, request, {}, topic, [publisher, number]]));
    }
    // When this comes back, all that was said before has had its effect.
    let request = peer.request();
    peer.say(&json!([16, request, {"exclude_me": false}, own]));
    let answers = random.below(2) == 0;
    loop {
        match peer.hear().await {
            Message::Subscribed(subscribed) => {
                let id = subscribed.subscription.value();
                streams.patterns.insert(id, ("com.test.a", "prefix"));
            }
            Message::Invocation(invocation) => callee.take(&invocation),
            Message::Event(event) if event.payload.is_empty() => break,
            Message::Event(event) => streams.take(&event),
            other => panic!("nothing else was asked for: {other:?}"),
        }
        if answers {
            callee.answer(&mut peer);
        }
    }
    if random.below(2) == 0 {
        leave(peer, callee, streams).await;
    }
}

/// Says GOODBYE, and takes what was under way.
async fn leave(mut peer: Peer, mut callee: Callee, mut streams: Streams) {
    peer.say(&json!([6, {}, "wamp.close.normal"]));
    loop {
        match peer.hear().await {
            Message::Goodbye(_) => return,
            Message::Invocation(invocation) => callee.take(&invocation),
            Message::Event(event) => streams.take(&event),
            other => panic!("nothing else was asked for: {other:?}"),
        }
    }
}
