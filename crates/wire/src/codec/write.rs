//! The writers. MessagePack and CBOR get shortest integers and definite lengths.

use crate::{EncodeError, Format, Unrepresentable};

mod cbor;
mod json;
mod msgpack;
mod ubjson;

pub(crate) use cbor::CborWriter;
pub(crate) use json::JsonWriter;
pub(crate) use msgpack::MsgPackWriter;
pub(crate) use ubjson::{BjdataWriter, UbjsonWriter};

/// Appends a head octet and what belongs to it.
#[inline]
fn put(out: &mut Vec<u8>, head: u8, octets: &[u8]) {
    out.push(head);
    out.extend_from_slice(octets);
}

pub(crate) const fn lacks(format: Format, what: Unrepresentable) -> EncodeError {
    EncodeError::Unrepresentable { format, what }
}

fn wide(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

fn low_octet(length: usize) -> u8 {
    u8::try_from(length).unwrap_or(u8::MAX)
}

fn low_half(length: usize) -> u16 {
    u16::try_from(length).unwrap_or(u16::MAX)
}

fn low_word(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}
