//! What holds for both framings, whatever comes and however the octets are split.

use bytes::Bytes;
use crossbar_wire::rawsocket::{self, Deframer, FrameError, FrameHeader, FrameKind, Handshake};
use crossbar_wire::websocket::{
    self, ClientHandshake, Decoder, Deflate, DeflatePolicy, Limits, MessageKind, Opcode, Outgoing,
    Side, Violation, accept_key, put_close, put_control, put_message,
};
use crossbar_wire::{Batch, Format, Separator, put_batched};
use proptest::collection::vec;
use proptest::prelude::*;

const LIMIT: usize = 4096;

/// Cuts octets in pieces whose sizes go round in `sizes`.
fn pieces<'a>(octets: &'a [u8], sizes: &'a [usize]) -> impl Iterator<Item = &'a [u8]> {
    let mut rest = octets;
    let mut sizes = sizes.iter().cycle();
    std::iter::from_fn(move || {
        let size = (*sizes.next()?).clamp(1, rest.len().max(1));
        let (piece, later) = rest.split_at_checked(size)?;
        rest = later;
        Some(piece)
    })
}

fn sizes() -> impl Strategy<Value = Vec<usize>> {
    vec(1_usize..200, 1..8)
}

type Deframed = (Vec<rawsocket::Incoming>, Option<FrameError>);

fn deframe<'a>(octets: impl IntoIterator<Item = &'a [u8]>) -> Deframed {
    let mut deframer = Deframer::new(LIMIT);
    let mut seen = Vec::new();
    for piece in octets {
        deframer.feed(piece);
        loop {
            match deframer.next_frame() {
                Ok(Some(frame)) => seen.push(frame),
                Ok(None) => break,
                Err(error) => return (seen, Some(error)),
            }
        }
    }
    (seen, None)
}

type Decoded = (Vec<websocket::Incoming>, Option<Violation>);

fn decode<'a>(mut decoder: Decoder, octets: impl IntoIterator<Item = &'a [u8]>) -> Decoded {
    let mut seen = Vec::new();
    for piece in octets {
        decoder.feed(piece);
        loop {
            match decoder.next_message() {
                Ok(Some(incoming)) => seen.push(incoming),
                Ok(None) => break,
                Err(violation) => return (seen, Some(violation)),
            }
        }
    }
    (seen, None)
}

/// What one side of a WebSocket may send.
#[derive(Clone, Debug)]
enum Sent {
    Text(String, Option<usize>),
    Binary(Vec<u8>, Option<usize>),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
}

fn sent() -> impl Strategy<Value = Vec<Sent>> {
    let fragment = proptest::option::of(1_usize..300);
    vec(
        prop_oneof![
            ("\\PC{0,200}", fragment.clone())
                .prop_map(|(text, fragment)| Sent::Text(text, fragment)),
            (vec(any::<u8>(), 0..1000), fragment)
                .prop_map(|(octets, fragment)| Sent::Binary(octets, fragment)),
            vec(any::<u8>(), 0..125).prop_map(Sent::Ping),
            vec(any::<u8>(), 0..125).prop_map(Sent::Pong),
        ],
        0..8,
    )
}

fn deflate() -> Deflate {
    let policy = DeflatePolicy::default();
    policy.choose("permessage-deflate").unwrap()
}

fn decoder(side: Side, compressed: bool) -> Decoder {
    let limits = Limits {
        max_frame: LIMIT,
        max_message: LIMIT,
    };
    let decoder = Decoder::new(side, limits);
    if compressed {
        decoder.with_deflate(deflate().decompressor(side))
    } else {
        decoder
    }
}

/// Writes what the client sends.
fn encode(all: &[Sent], compressed: bool, mask: [u8; 4]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut compressor = compressed.then(|| deflate().compressor(Side::Client));
    for sent in all {
        let (kind, octets, fragment) = match sent {
            Sent::Text(text, fragment) => (MessageKind::Text, text.as_bytes(), *fragment),
            Sent::Binary(octets, fragment) => (MessageKind::Binary, &**octets, *fragment),
            Sent::Ping(octets) => {
                put_control(&mut out, Opcode::Ping, octets, Some(mask));
                continue;
            }
            Sent::Pong(octets) => {
                put_control(&mut out, Opcode::Pong, octets, Some(mask));
                continue;
            }
        };
        let how = Outgoing {
            compressor: compressor.as_mut(),
            mask: Some(&mut || mask),
            fragment,
        };
        put_message(&mut out, kind, octets, how);
    }
    out
}

fn expected(sent: &Sent) -> websocket::Incoming {
    let message = |kind, octets: &[u8]| websocket::Incoming::Message {
        kind,
        octets: Bytes::copy_from_slice(octets),
    };
    match sent {
        Sent::Text(text, _) => message(MessageKind::Text, text.as_bytes()),
        Sent::Binary(octets, _) => message(MessageKind::Binary, octets),
        Sent::Ping(octets) => websocket::Incoming::Ping(Bytes::copy_from_slice(octets)),
        Sent::Pong(octets) => websocket::Incoming::Pong(Bytes::copy_from_slice(octets)),
    }
}

proptest! {
    #[test]
    fn rawsocket_frames_come_out_as_they_went_in(
        payloads in vec((0_u8..3, vec(any::<u8>(), 0..600)), 0..10),
        sizes in sizes(),
    ) {
        let mut octets = Vec::new();
        let mut frames = Vec::new();
        for (kind, payload) in payloads {
            let copy = Bytes::copy_from_slice(&payload);
            let (kind, frame) = match kind {
                0 => (FrameKind::Message, rawsocket::Incoming::Message(copy)),
                1 => (FrameKind::Ping, rawsocket::Incoming::Ping(copy)),
                _ => (FrameKind::Pong, rawsocket::Incoming::Pong(copy)),
            };
            octets.extend_from_slice(&FrameHeader::new(kind, payload.len()).unwrap().octets());
            octets.extend_from_slice(&payload);
            frames.push(frame);
        }
        prop_assert_eq!(deframe(pieces(&octets, &sizes)), (frames, None));
    }

    #[test]
    fn splits_of_any_rawsocket_octets_make_no_difference(
        octets in vec(prop_oneof![Just(0_u8), Just(1), Just(2), any::<u8>()], 0..400),
        sizes in sizes(),
    ) {
        prop_assert_eq!(deframe(pieces(&octets, &sizes)), deframe([&*octets]));
    }

    #[test]
    fn rawsocket_handshakes_are_answered_or_named(octets: [u8; 4]) {
        if let Ok(handshake) = Handshake::parse_request(octets) {
            prop_assert_eq!(handshake.octets(), octets);
        }
    }

    #[test]
    fn websocket_messages_come_out_as_they_went_in(
        all in sent(),
        sizes in sizes(),
        compressed: bool,
        mask: [u8; 4],
    ) {
        let octets = encode(&all, compressed, mask);
        let seen = decode(decoder(Side::Server, compressed), pieces(&octets, &sizes));
        let expected: Vec<_> = all.iter().map(expected).collect();
        prop_assert_eq!(seen, (expected, None));
    }

    #[test]
    fn splits_of_broken_websocket_octets_make_no_difference(
        all in sent(),
        sizes in sizes(),
        compressed: bool,
        broken in vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut octets = encode(&all, compressed, [1, 2, 3, 4]);
        put_close(&mut octets, None, "", Some([0; 4]));
        for (index, octet) in broken {
            let index = index.index(octets.len());
            octets[index] ^= octet;
        }
        prop_assert_eq!(
            decode(decoder(Side::Server, compressed), pieces(&octets, &sizes)),
            decode(decoder(Side::Server, compressed), [&*octets])
        );
    }

    #[test]
    fn splits_of_any_websocket_octets_make_no_difference(
        octets in vec(any::<u8>(), 0..300),
        sizes in sizes(),
    ) {
        prop_assert_eq!(
            decode(decoder(Side::Client, true), pieces(&octets, &sizes)),
            decode(decoder(Side::Client, true), [&*octets])
        );
    }

    #[test]
    fn any_offer_of_extensions_is_answered_as_a_client_may_read_it(
        parameters in vec(
            prop_oneof![
                Just("permessage-deflate"),
                Just("server_no_context_takeover"),
                Just("client_no_context_takeover"),
                Just("server_max_window_bits=10"),
                Just("client_max_window_bits"),
                Just("client_max_window_bits=\"12\""),
                Just(", permessage-deflate"),
                Just("="),
                Just("what"),
            ],
            0..8,
        ),
    ) {
        let offer = parameters.join(";");
        if let Some(deflate) = DeflatePolicy::default().choose(&offer) {
            prop_assert!(Deflate::agreed(&deflate.answer()).is_ok(), "{}", offer);
        }
    }

    #[test]
    fn t02_any_octets_are_a_batch_or_named(octets in vec(prop_oneof![Just(0), Just(3), Just(0x1e), any::<u8>()], 0..60)) {
        for format in Format::ALL {
            let Ok(batch) = Batch::new(format, Bytes::from(octets.clone())) else {
                continue;
            };
            let separator = batch.separator().unwrap_or(Separator::Record);
            let mut again = Vec::new();
            for message in batch {
                put_batched(format, separator, &message, &mut again);
            }
            if format == Format::Json {
                prop_assert_eq!(again.len(), octets.len());
            } else {
                prop_assert_eq!(&again, &octets);
            }
        }
    }

    #[test]
    fn any_reply_to_a_websocket_handshake_is_read_or_named(tail in vec(any::<u8>(), 0..200)) {
        let handshake = ClientHandshake::new("a", "/", [0; 16]);
        prop_assert!(!matches!(handshake.parse_reply(&tail), Ok(Some(_))));
        let mut octets = format!(
            "HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\
             Sec-WebSocket-Accept: {}\r\n\r\n",
            accept_key("AAAAAAAAAAAAAAAAAAAAAA==")
        )
        .into_bytes();
        let length = octets.len();
        octets.extend_from_slice(&tail);
        let reply = handshake.parse_reply(&octets).unwrap().unwrap();
        prop_assert_eq!(reply.length, length);
    }
}
