//! Arguments and what says how they are encoded: seven fields that follow one another in each message that has them.
//!
//! The schema knows one way around a router's eyes, with the fields `payload` and `ppt_*`. It stands for both that other
//! serializers have: with `payload` for Autobahn's payload transparency (`enc_*`; a binary in the place of `args`), without
//! it for payload passthru (`ppt_*`; a binary within `args`).

use std::borrow::Cow;

use bytes::Bytes;

use super::draft::Draft;
use super::table::{Slot, Table, Words, slot};
use super::{lacking, word_number};
use crate::codec::dispatch::{self, Reading};
use crate::codec::write::CborWriter;
use crate::codec::{Reader, Writer};
use crate::fields::{Decoded, Fields};
use crate::message::ENC_SERIALIZERS;
use crate::{DecodeError, DecodeFault, EncodeError, Format, Kind, Passthru, Payload, Text, Value};

/// Where the seven fields begin in a message.
#[derive(Clone, Copy)]
pub(super) struct Contents(pub(super) u16);

impl Contents {
    const fn args(self) -> Slot {
        slot(self.0, "args")
    }

    const fn kwargs(self) -> Slot {
        slot(self.0 + 1, "kwargs")
    }

    const fn payload(self) -> Slot {
        slot(self.0 + 2, "payload")
    }

    const fn scheme(self) -> Slot {
        slot(self.0 + 3, "ppt_scheme")
    }

    const fn serializer(self) -> Slot {
        slot(self.0 + 4, "ppt_serializer")
    }

    const fn cipher(self) -> Slot {
        slot(self.0 + 5, "ppt_cipher")
    }

    const fn keyid(self) -> Slot {
        slot(self.0 + 6, "ppt_keyid")
    }

    /// Reads the payload, and puts its attributes into `passthru`.
    pub(super) fn read(self, table: &Table<'_>, passthru: &mut Passthru) -> Decoded<Payload> {
        match table.octets(self.payload())? {
            Some(payload) => self.read_opaque(table, &payload, passthru),
            None => self.read_arguments(table, passthru),
        }
    }

    fn read_arguments(self, table: &Table<'_>, passthru: &mut Passthru) -> Decoded<Payload> {
        let text = |word: Option<&'static str>| word.map(Text::from_static);
        let serializer = table.optional_word(self.serializer(), SERIALIZERS)?;
        passthru.ppt_scheme = text(table.optional_word(self.scheme(), SCHEMES)?);
        passthru.ppt_cipher = text(table.optional_word(self.cipher(), CIPHERS)?);
        passthru.ppt_keyid = table.text(self.keyid())?;
        // Without a scheme it says no more than how the arguments are written.
        if passthru.ppt_scheme.is_some() {
            passthru.ppt_serializer = text(serializer);
        }
        let format = serializer.map_or(DEFAULT, format_named);
        let part = |slot: Slot, is_list: bool| {
            let message = table.message();
            match table.octets(slot)? {
                Some(octets) => dispatch::read(format, &octets, Part { message, is_list }),
                None => Ok(Bytes::new()),
            }
        };
        Ok(Payload {
            format,
            args: part(self.args(), true)?,
            kwargs: part(self.kwargs(), false)?,
        })
    }

    fn read_opaque(
        self,
        table: &Table<'_>,
        payload: &Bytes,
        passthru: &mut Passthru,
    ) -> Decoded<Payload> {
        for part in [self.args(), self.kwargs()] {
            if table.octets(part)?.is_some() {
                return Err(beside_payload(table, part));
            }
        }
        let algorithm = table.optional_word(self.scheme(), ALGORITHMS)?;
        let algorithm = algorithm.ok_or_else(|| table.missing(self.scheme()))?;
        passthru.enc_algo = Some(Text::from_static(algorithm));
        if let Some(serializer) = table.optional_word(self.serializer(), SERIALIZERS)? {
            if !ENC_SERIALIZERS.contains(&serializer) {
                return Err(table.unknown_word(self.serializer(), ENC_SERIALIZERS, serializer));
            }
            passthru.enc_serializer = Some(Text::from_static(serializer));
        }
        passthru.enc_key = table.text(self.keyid())?;
        passthru.ppt_cipher = table
            .optional_word(self.cipher(), CIPHERS)?
            .map(Text::from_static);
        let mut args = Vec::new();
        if !payload.is_empty() {
            args.reserve_exact(payload.len() + CBOR_HEAD);
            CborWriter { out: &mut args }.binary(payload);
        }
        Ok(Payload {
            format: Format::Cbor,
            args: args.into(),
            kwargs: Bytes::new(),
        })
    }

    /// Writes the payload with its attributes.
    pub(super) fn write<'m>(
        self,
        draft: &mut Draft<'m>,
        payload: &'m Payload,
        passthru: Option<&'m Passthru>,
    ) -> Result<(), EncodeError> {
        let Some(passthru) = passthru else {
            return self.write_arguments(draft, payload, DEFAULT);
        };
        let number = |name, words, text: Option<&Text>| {
            let number = text.map(|text| word_number(name, words, text));
            number.transpose().map(Option::unwrap_or_default)
        };
        let cipher = number("this ppt_cipher", CIPHERS, passthru.ppt_cipher.as_ref())?;
        draft.number8(self.cipher(), cipher, 0);
        if let Some(algorithm) = &passthru.enc_algo {
            refuse_both(passthru)?;
            let algorithm = word_number("this enc_algo", ALGORITHMS, algorithm)?;
            draft.number8(self.scheme(), algorithm, 0);
            let serializer = passthru.enc_serializer.as_ref();
            let serializer = number("this enc_serializer", SERIALIZERS, serializer)?;
            draft.number8(self.serializer(), serializer, 0);
            draft.text(self.keyid(), passthru.enc_key.as_deref());
            return self.write_opaque(draft, payload);
        }
        refuse_halves(passthru)?;
        let scheme = number("this ppt_scheme", SCHEMES, passthru.ppt_scheme.as_ref())?;
        draft.number8(self.scheme(), scheme, 0);
        let name = passthru.ppt_serializer.as_ref();
        let serializer = number("this ppt_serializer", SERIALIZERS, name)?;
        draft.number8(self.serializer(), serializer, 0);
        draft.text(self.keyid(), passthru.ppt_keyid.as_deref());
        let format = name.map_or(DEFAULT, |name| format_named(name));
        self.write_arguments(draft, payload, format)
    }

    fn write_arguments<'m>(
        self,
        draft: &mut Draft<'m>,
        payload: &'m Payload,
        format: Format,
    ) -> Result<(), EncodeError> {
        if payload.format == format {
            self.write_parts(
                draft,
                Cow::Borrowed(&payload.args),
                Cow::Borrowed(&payload.kwargs),
            );
            return Ok(());
        }
        let Payload { args, kwargs, .. } = payload.transcode(format)?;
        self.write_parts(draft, Cow::Owned(args.into()), Cow::Owned(kwargs.into()));
        Ok(())
    }

    fn write_parts<'m>(self, draft: &mut Draft<'m>, args: Cow<'m, [u8]>, kwargs: Cow<'m, [u8]>) {
        for (slot, part) in [(self.args(), args), (self.kwargs(), kwargs)] {
            if !part.is_empty() {
                draft.octets(slot, part);
            }
        }
    }

    fn write_opaque(self, draft: &mut Draft<'_>, payload: &Payload) -> Result<(), EncodeError> {
        let octets = if payload.args.is_empty() {
            Vec::new()
        } else {
            match Value::decode(payload.format, &payload.args)? {
                Value::Binary(octets) => octets,
                Value::Null
                | Value::Bool(_)
                | Value::Integer(_)
                | Value::Float(_)
                | Value::Text(_)
                | Value::List(_)
                | Value::Dict(_) => return Err(lacking("enc_algo with anything but octets")),
            }
        };
        if !payload.kwargs.is_empty() {
            return Err(lacking("enc_algo with kwargs"));
        }
        draft.octets(self.payload(), Cow::Owned(octets));
        Ok(())
    }
}

/// The serializer of arguments where nothing else is said, as Autobahn has it.
const DEFAULT: Format = Format::FlatBuffers.payload();

/// The octets that CBOR puts before a binary at most.
const CBOR_HEAD: usize = 9;

const SCHEMES: Words = &["none", "cryptobox", "mqtt", "xbr", "opaque"];
const ALGORITHMS: Words = &["none", "cryptobox", "mqtt", "xbr"];
const CIPHERS: Words = &["none", "xsalsa20poly1305", "aes256gcm"];
const SERIALIZERS: Words = &[
    "transport",
    "json",
    "msgpack",
    "cbor",
    "ubjson",
    "opaque",
    "flatbuffers",
    "flexbuffers",
];

/// Gives the serializer of arguments where `ppt_serializer` says `name`.
fn format_named(name: &str) -> Format {
    match name {
        "json" => Format::Json,
        "msgpack" => Format::MsgPack,
        "ubjson" => Format::Bjdata,
        _ => DEFAULT,
    }
}

/// A part of a payload that is read alone: a list or a dictionary and nothing more; gives nothing for an empty one.
struct Part {
    message: &'static str,
    is_list: bool,
}

impl<'f> Reading<'f> for Part {
    type Output = Bytes;
    type Error = DecodeError;

    fn read<R: Reader<'f>>(self, reader: R) -> Decoded<Bytes> {
        let mut fields = Fields::new(reader);
        fields.name(self.message);
        if self.is_list {
            fields.lone_args()
        } else {
            fields.lone_kwargs()
        }
    }
}

#[cold]
fn beside_payload(table: &Table<'_>, part: Slot) -> DecodeError {
    DecodeFault::WrongType {
        place: table.place(part),
        expected: "absent beside payload",
        found: Kind::Binary,
    }
    .into()
}

/// Refuses a message with both kinds of attributes, since the schema has only one place for them.
fn refuse_both(passthru: &Passthru) -> Result<(), EncodeError> {
    let others = [
        &passthru.ppt_scheme,
        &passthru.ppt_serializer,
        &passthru.ppt_keyid,
    ];
    if others.iter().any(|attribute| attribute.is_some()) {
        return Err(lacking("enc_algo with ppt attributes"));
    }
    Ok(())
}

/// Refuses attributes without the one that gives them their meaning.
fn refuse_halves(passthru: &Passthru) -> Result<(), EncodeError> {
    if passthru.enc_key.is_some() || passthru.enc_serializer.is_some() {
        return Err(lacking("enc attributes without enc_algo"));
    }
    if passthru.ppt_serializer.is_some() && passthru.ppt_scheme.is_none() {
        return Err(lacking("ppt_serializer without ppt_scheme"));
    }
    Ok(())
}
