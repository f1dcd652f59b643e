//! RawSocket: both handshakes, then frames that come in pieces. The first octet says how large the pieces are.
#![no_main]

use crossbar_wire::Format;
use crossbar_wire::rawsocket::{Deframer, Handshake};
use libfuzzer_sys::fuzz_target;

const LIMIT: usize = 1 << 16;

fuzz_target!(|octets: &[u8]| {
    if let Some(handshake) = octets.first_chunk() {
        if let Ok(request) = Handshake::parse_request(*handshake) {
            assert_eq!(request.octets(), *handshake);
        }
        for format in Format::ALL {
            let _ = Handshake::parse_reply(*handshake, format);
        }
    }
    let Some((&piece, rest)) = octets.split_first() else {
        return;
    };
    let whole = frames(rest, rest.len());
    assert_eq!(frames(rest, usize::from(piece)), whole);
});

/// Gives the texts of all frames and of the fault at the end.
fn frames(octets: &[u8], piece: usize) -> Vec<String> {
    let mut deframer = Deframer::new(LIMIT);
    let mut all = Vec::new();
    for piece in octets.chunks(piece.max(1)) {
        deframer.feed(piece);
        loop {
            match deframer.next_frame() {
                Ok(Some(frame)) => all.push(format!("{frame:?}")),
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
