use super::*;
use crate::websocket::{Compressor, DeflatePolicy, Outgoing, put_close, put_control, put_message};

const LIMITS: Limits = Limits {
    max_frame: 1000,
    max_message: 2000,
};

fn decoder() -> Decoder {
    Decoder::new(Side::Client, LIMITS)
}

/// Feeds `octets` in pieces of `size`; gives what came out and how many octets went in before a fault.
fn run(
    mut decoder: Decoder,
    octets: &[u8],
    size: usize,
) -> (Vec<Incoming>, Option<(Violation, usize)>) {
    let mut seen = Vec::new();
    for (index, piece) in octets.chunks(size).enumerate() {
        decoder.feed(piece);
        loop {
            match decoder.next_message() {
                Ok(Some(incoming)) => seen.push(incoming),
                Ok(None) => break,
                Err(violation) => {
                    assert_eq!(decoder.next_message(), Err(violation));
                    return (seen, Some((violation, index * size + piece.len())));
                }
            }
        }
    }
    (seen, None)
}

fn text(content: &str) -> Incoming {
    Incoming::Message {
        kind: MessageKind::Text,
        octets: Bytes::copy_from_slice(content.as_bytes()),
    }
}

#[test]
fn any_split_gives_the_same_messages() {
    let mut octets = Vec::new();
    let long = "x".repeat(300);
    put_message(
        &mut octets,
        MessageKind::Text,
        "héllo".as_bytes(),
        Outgoing::default(),
    );
    put_control(&mut octets, Opcode::Ping, b"p", None);
    octets.extend_from_slice(b"\x01\x02\xce\xba\x8a\x00\x00\x00\x80\x01!");
    put_message(
        &mut octets,
        MessageKind::Text,
        long.as_bytes(),
        Outgoing::default(),
    );
    put_message(&mut octets, MessageKind::Binary, b"", Outgoing::default());
    put_close(&mut octets, Some(CloseCode::NORMAL), "bye", None);
    octets.extend_from_slice(b"\xff\xff nothing follows a close");
    let expected = [
        text("héllo"),
        Incoming::Ping(Bytes::from_static(b"p")),
        Incoming::Pong(Bytes::new()),
        text("κ!"),
        text(&long),
        Incoming::Message {
            kind: MessageKind::Binary,
            octets: Bytes::new(),
        },
        Incoming::Close(Some(CloseFrame {
            code: CloseCode::NORMAL,
            reason: "bye".into(),
        })),
    ];
    for size in 1..=octets.len() {
        let (seen, fault) = run(decoder(), &octets, size);
        assert_eq!(seen, expected, "in pieces of {size}");
        assert_eq!(fault, None);
    }
}

#[test]
fn masked_frames_are_unmasked() {
    let content = "κόσμε ".repeat(20);
    let mut octets = Vec::new();
    let mut next = 0_u8;
    let mut mask = || {
        next += 1;
        [next, 0xaa, 0x55, next]
    };
    for fragment in [None, Some(7)] {
        let how = Outgoing {
            mask: Some(&mut mask),
            fragment,
            ..Outgoing::default()
        };
        put_message(&mut octets, MessageKind::Text, content.as_bytes(), how);
    }
    for size in 1..=octets.len() {
        let (seen, fault) = run(Decoder::new(Side::Server, LIMITS), &octets, size);
        assert_eq!(
            seen,
            [text(&content), text(&content)],
            "in pieces of {size}"
        );
        assert_eq!(fault, None);
    }
    let strict = run(decoder(), &octets, octets.len()).1;
    assert_eq!(strict.map(|fault| fault.0), Some(Violation::Masked));
    let lenient = decoder().with_masking(Masking::Lenient);
    assert_eq!(run(lenient, &octets, octets.len()).0.len(), 2);
}

#[test]
fn every_violation_has_its_name() {
    for (octets, violation, code) in [
        (&b"\xc1\x00"[..], Violation::ReservedBits, 1002),
        (b"\xc9\x00", Violation::ReservedBits, 1002),
        (b"\x83\x00", Violation::ReservedOpcode(3), 1002),
        (b"\x09\x00", Violation::FragmentedControl, 1002),
        (b"\x89\x7e\x00\x7e", Violation::LongControl, 1002),
        (b"\x80\x00", Violation::UnexpectedContinuation, 1002),
        (b"\x01\x00\x81\x00", Violation::MissingContinuation, 1002),
        (b"\x81\x80\0\0\0\0", Violation::Masked, 1002),
        (b"\x88\x01\x03", Violation::ClosePayload, 1002),
        (b"\x88\x02\x03\xed", Violation::CloseCode(1005), 1002),
        (b"\x88\x02\x00\x00", Violation::CloseCode(0), 1002),
        (b"\x88\x02\x13\x88", Violation::CloseCode(5000), 1002),
        (b"\x88\x03\x03\xe8\xff", Violation::Utf8, 1007),
        (b"\x81\x01\xff", Violation::Utf8, 1007),
        (b"\x81\x01\xce", Violation::Utf8, 1007),
        (b"\x82\x7e\x03\xe9", Violation::FrameTooBig, 1009),
        (
            b"\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xff",
            Violation::FrameTooBig,
            1009,
        ),
    ] {
        for size in [1, octets.len()] {
            let fault = run(decoder(), octets, size).1;
            assert_eq!(fault.map(|fault| fault.0), Some(violation), "{octets:02x?}");
        }
        assert_eq!(violation.close_code().value(), code);
    }
    let fault = run(Decoder::new(Side::Server, LIMITS), b"\x81\x00", 2).1;
    assert_eq!(fault, Some((Violation::Unmasked, 2)));
}

#[test]
fn text_fails_within_the_frame_that_is_wrong() {
    let fault = run(decoder(), b"\x81\x20ab\xff", 1).1;
    assert_eq!(fault, Some((Violation::Utf8, 5)));
    let fault = run(decoder(), b"\x01\x01\xf4\x80\x04\x90", 1).1;
    assert_eq!(fault, Some((Violation::Utf8, 6)));
    let unchecked = decoder().without_utf8_check();
    assert_eq!(run(unchecked, b"\x81\x01\xff", 3).0.len(), 1);
}

#[test]
fn a_message_over_the_limit_is_refused_by_a_header() {
    let mut octets = Vec::new();
    for first in [0x02, 0, 0] {
        octets.extend_from_slice(&[first, 0x7e, 0x03, 0x20]);
        octets.extend_from_slice(&[0; 800]);
    }
    let fault = run(decoder(), &octets, 1).1;
    assert_eq!(fault, Some((Violation::MessageTooBig, 2 * 804 + 4)));
}

#[test]
fn compressed_messages_are_read() {
    let deflate = DeflatePolicy::default()
        .choose("permessage-deflate")
        .unwrap();
    let mut compressor: Compressor = deflate.compressor(Side::Server);
    let decoder = || decoder().with_deflate(deflate.decompressor(Side::Client));
    let content = "a compressible text ".repeat(50);
    let mut octets = Vec::new();
    for (content, fragment) in [
        (&*content, None),
        (&*content, Some(5)),
        ("", None),
        ("κ", Some(1)),
    ] {
        let how = Outgoing {
            compressor: Some(&mut compressor),
            fragment,
            ..Outgoing::default()
        };
        put_message(&mut octets, MessageKind::Text, content.as_bytes(), how);
    }
    put_message(
        &mut octets,
        MessageKind::Text,
        b"plain",
        Outgoing::default(),
    );
    for size in [1, 3, octets.len()] {
        let (seen, fault) = run(decoder(), &octets, size);
        assert_eq!(fault, None);
        assert_eq!(
            seen,
            [
                text(&content),
                text(&content),
                text(""),
                text("κ"),
                text("plain")
            ]
        );
    }

    let bomb = |content: &[u8]| {
        let mut octets = Vec::new();
        let how = Outgoing {
            compressor: Some(&mut deflate.compressor(Side::Server)),
            ..Outgoing::default()
        };
        put_message(&mut octets, MessageKind::Text, content, how);
        run(decoder(), &octets, octets.len()).1.map(|fault| fault.0)
    };
    assert_eq!(bomb(&[b'a'; 2000]), None);
    assert_eq!(bomb(&[b'a'; 2001]), Some(Violation::MessageTooBig));
    assert_eq!(bomb(b"\xce\xba\xff"), Some(Violation::Utf8));
    assert_eq!(bomb(b"\xce"), Some(Violation::Utf8));
    let broken = run(decoder(), b"\xc1\x02\xff\xff", 4).1;
    assert_eq!(broken, Some((Violation::Deflate, 4)));
    let continued = run(decoder(), b"\x41\x00\xc0\x00", 4).1;
    assert_eq!(continued, Some((Violation::ReservedBits, 4)));
}
