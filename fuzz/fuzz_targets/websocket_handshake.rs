//! The WebSocket handshake: a server's answer, an offer of compression and an answer to one.
#![no_main]

use crossbar_wire::websocket::{ClientHandshake, Deflate, DeflatePolicy};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    let mut handshake = ClientHandshake::new("localhost", "/ws", [7; 16]);
    handshake.protocols = vec!["wamp.2.json".to_owned()];
    handshake.offer_deflate = true;
    let _ = handshake.parse_reply(octets);
    let Ok(text) = std::str::from_utf8(octets) else {
        return;
    };
    let _ = Deflate::agreed(text);
    if let Some(deflate) = DeflatePolicy::default().choose(text) {
        Deflate::agreed(&deflate.answer()).expect("our own answer is agreed");
    }
});
