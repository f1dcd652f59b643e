//! From a serializer's name to its reader or writer: the one place where each is listed.

use bytes::Bytes;

use super::cbor::CborReader;
use super::json::JsonReader;
use super::msgpack::MsgPackReader;
use super::ubjson::{BjdataReader, UbjsonReader};
use super::write::{BjdataWriter, CborWriter, JsonWriter, MsgPackWriter, UbjsonWriter};
use super::{Fault, Reader, Writer};
use crate::{EncodeError, Format};

/// What is done with a reader, whichever it is.
pub(crate) trait Reading<'f> {
    type Output;
    type Error: From<Fault>;

    fn read<R: Reader<'f>>(self, reader: R) -> Result<Self::Output, Self::Error>;
}

/// What any writer writes.
pub(crate) trait Writing {
    fn write<W: Writer>(&self, out: &mut W) -> Result<(), EncodeError>;
}

/// Reads a frame, or a part of one, that is in `format`. What is not a whole message is in CBOR where messages are in
/// FlatBuffers.
#[inline]
pub(crate) fn read<'f, T: Reading<'f>>(
    format: Format,
    frame: &'f Bytes,
    reading: T,
) -> Result<T::Output, T::Error> {
    match format {
        Format::Json => reading.read(JsonReader::new(frame)?),
        Format::MsgPack => reading.read(MsgPackReader::new(frame)),
        Format::Cbor | Format::FlatBuffers => reading.read(CborReader::new(frame)),
        Format::Bjdata => reading.read(BjdataReader::new(frame)),
        Format::Ubjson => reading.read(UbjsonReader::new(frame)),
    }
}

/// Appends in `format` to `out`; anything but a whole message.
#[inline]
pub(crate) fn write<T: Writing + ?Sized>(
    format: Format,
    out: &mut Vec<u8>,
    writing: &T,
) -> Result<(), EncodeError> {
    match format {
        Format::Json => writing.write(&mut JsonWriter { out }),
        Format::MsgPack => writing.write(&mut MsgPackWriter { out }),
        Format::Cbor | Format::FlatBuffers => writing.write(&mut CborWriter { out }),
        Format::Bjdata => writing.write(&mut BjdataWriter { out }),
        Format::Ubjson => writing.write(&mut UbjsonWriter { out }),
    }
}
