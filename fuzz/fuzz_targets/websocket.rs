//! WebSocket frames that come in pieces, for both sides, plain and compressed. The first octet chooses.
#![no_main]

use crossbar_wire::websocket::{Decoder, Deflate, Incoming, Limits, Side};
use libfuzzer_sys::fuzz_target;

const LIMITS: Limits = Limits {
    max_frame: 1 << 16,
    max_message: 1 << 16,
};

fuzz_target!(|octets: &[u8]| {
    let Some((&choice, rest)) = octets.split_first() else {
        return;
    };
    let whole = messages(choice, rest, rest.len());
    assert_eq!(messages(choice, rest, usize::from(choice >> 2)), whole);
});

/// Gives the texts of all messages and of the fault at the end.
fn messages(choice: u8, octets: &[u8], piece: usize) -> Vec<String> {
    let side = if choice & 1 == 0 { Side::Server } else { Side::Client };
    let mut decoder = Decoder::new(side, LIMITS);
    if choice & 2 != 0 {
        let deflate = Deflate::agreed("permessage-deflate").expect("a plain answer is agreed");
        decoder = decoder.with_deflate(deflate.decompressor(side));
    }
    let mut all = Vec::new();
    for piece in octets.chunks(piece.max(1)) {
        decoder.feed(piece);
        loop {
            match decoder.next_message() {
                Ok(Some(message)) => {
                    if let Incoming::Message { octets, .. } = &message {
                        assert!(octets.len() <= LIMITS.max_message);
                    }
                    all.push(format!("{message:?}"));
                }
                Ok(None) => break,
                Err(fault) => {
                    all.push(fault.to_string());
                    return all;
                }
            }
        }
    }
    all
}
