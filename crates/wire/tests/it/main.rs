//! What other peers put on the wire, and what comes out of it here.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use bytes::Bytes;
use crossbar_wire::{Format, Message};

mod faults;
mod flatbuffers;
mod framing;
mod ids;
mod interfaces;
mod jwt;
mod properties;
mod quirks;
mod transcoding;
mod ubjson;
mod vectors;

/// Decodes a message that must be accepted.
fn json(text: &str) -> Message {
    let frame = Bytes::from(text.to_owned());
    Message::decode(Format::Json, &frame).unwrap_or_else(|e| panic!("{text}: {e}"))
}

/// Decodes a message in hexadecimal digits (blanks are skipped) that must be accepted.
fn hex(format: Format, digits: &str) -> Message {
    Message::decode(format, &unhex(digits)).unwrap_or_else(|e| panic!("{digits}: {e}"))
}

/// Gives the text of the error for a message that must be refused.
fn refused(text: &str) -> String {
    let frame = Bytes::from(text.to_owned());
    let fault = Message::decode(Format::Json, &frame).expect_err(text);
    fault.to_string()
}

fn refused_hex(format: Format, digits: &str) -> String {
    let fault = Message::decode(format, &unhex(digits)).expect_err(digits);
    fault.to_string()
}

/// Encodes a message that the serializer must be able to express.
fn encoded(message: &Message, format: Format) -> Bytes {
    let mut out = Vec::new();
    message.encode(format, &mut out).unwrap();
    out.into()
}

fn encoded_json(message: &Message) -> String {
    String::from_utf8(encoded(message, Format::Json).to_vec()).unwrap()
}

fn unhex(digits: &str) -> Bytes {
    let digits: Vec<u8> = digits.bytes().filter(|o| *o != b' ').collect();
    digits
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}
