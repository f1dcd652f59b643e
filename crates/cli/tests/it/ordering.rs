//! The order of messages over the real program, with every serializer over RawSocket and WebSocket, while sessions come and go
//! (WAMP spec, "Message Ordering").
//!
//! What each peer does follows from the seed; how it interleaves is up to the machine.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "whatever else comes is a failure"
)]

mod calling;
mod passing;
mod peer;
mod publishing;

use std::time::Duration;

use crate::running::{Running, directory};
use peer::Ways;

/// Starts a node and lets `play` happen with it, within a time limit.
fn with_node(play: impl AsyncFnOnce(Ways)) {
    let directory = directory(&config());
    let mut node = Running::start(directory.path(), &[]);
    let line = node.wait_for("listening on 127.0.0.1");
    node.wait_for("NODE_BOOT_COMPLETE");
    let address = line.split("listening on ").nth(1).unwrap();
    let ways = Ways::to(address.split(' ').next().unwrap());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let limited = tokio::time::timeout(LIMIT, play(ways)).await;
        limited.expect("everybody ends in time");
    });
}

/// Gives a configuration with RawSocket and WebSocket on one port.
fn config() -> serde_json::Value {
    let serializers = ["json", "msgpack", "cbor", "ubjson", "flatbuffers"];
    let mut config = crate::running::config();
    config["workers"][0]["transports"] = serde_json::json!([{
        "type": "universal",
        "endpoint": {"type": "tcp", "port": 0, "interface": "127.0.0.1"},
        "rawsocket": {"serializers": serializers},
        "websocket": {"ws": {"type": "websocket", "serializers": serializers}},
    }]);
    config
}

#[test]
fn p05_each_subscriber_gets_the_events_of_each_publisher_in_order_and_none_is_lost() {
    for seed in 1..4 {
        with_node(async |ways| publishing::play(seed, &ways).await);
    }
}

#[test]
fn r06_each_callee_gets_the_calls_of_each_caller_in_order_and_each_is_answered_once() {
    for seed in 1..4 {
        with_node(async |ways| calling::play(seed, &ways).await);
    }
}

const LIMIT: Duration = Duration::from_secs(60);
