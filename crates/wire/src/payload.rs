use bytes::{Bytes, BytesMut};

use crate::codec::dispatch::{self, Reading, Writing};
use crate::codec::{Reader, Writer};
use crate::plain::{Transcoding, transcode};
use crate::value;
use crate::{DecodeError, DecodeFault, Dict, EncodeError, Format, Value};

/// `args` and `kwargs` as the sender encoded them: slices of the frame they came in.
///
/// An absent or empty element is an empty slice. `args` is a list, except in the older payload transparency
/// (`enc_algo`), where one binary or text value stands in its place.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Payload {
    /// The serializer that `args` and `kwargs` are written in.
    pub format: Format,
    /// The encoded list of positional arguments; empty if absent.
    pub args: Bytes,
    /// The encoded dictionary of keyword arguments; empty if absent.
    pub kwargs: Bytes,
}

impl Payload {
    /// The payload of a message without arguments.
    pub const EMPTY: Self = Self {
        format: Format::MsgPack,
        args: Bytes::new(),
        kwargs: Bytes::new(),
    };

    /// Encodes arguments for messages in `format`.
    ///
    /// # Errors
    /// Says what `format` cannot express.
    pub fn new(
        format: Format,
        args: &[Value],
        kwargs: &[(String, Value)],
    ) -> Result<Self, EncodeError> {
        let format = format.payload();
        let (mut list, mut dict) = (Vec::new(), Vec::new());
        if !args.is_empty() {
            dispatch::write(format, &mut list, &List(args))?;
        }
        if !kwargs.is_empty() {
            dispatch::write(format, &mut dict, &Entries(kwargs))?;
        }
        Ok(Self {
            format,
            args: list.into(),
            kwargs: dict.into(),
        })
    }

    /// Decodes the positional arguments. An opaque value in their place comes as a list of one.
    ///
    /// # Errors
    /// When the octets are not well formed or hold what [`Value`] does not.
    pub fn args(&self) -> Result<Vec<Value>, DecodeError> {
        if self.args.is_empty() {
            return Ok(Vec::new());
        }
        Ok(match Value::decode(self.format, &self.args)? {
            Value::List(list) => list,
            opaque @ (Value::Null
            | Value::Bool(_)
            | Value::Integer(_)
            | Value::Float(_)
            | Value::Text(_)
            | Value::Binary(_)
            | Value::Dict(_)) => vec![opaque],
        })
    }

    /// Decodes the keyword arguments.
    ///
    /// # Errors
    /// When the octets are not well formed or hold what [`Value`] does not.
    pub fn kwargs(&self) -> Result<Dict, DecodeError> {
        if self.kwargs.is_empty() {
            return Ok(Dict::new());
        }
        let value = Value::decode(self.format, &self.kwargs)?;
        let found = value.kind();
        if let Value::Dict(dict) = value {
            return Ok(dict);
        }
        Err(DecodeFault::NoValue { offset: 0, found }.into())
    }

    /// Gives the same payload in another serializer, or that of its payloads; the same octets if it is the same.
    ///
    /// # Errors
    /// Says what `format` cannot express.
    pub fn transcode(&self, format: Format) -> Result<Self, EncodeError> {
        let format = format.payload();
        if format == self.format {
            return Ok(self.clone());
        }
        let part = |value: &Bytes| {
            let mut out = Vec::with_capacity(value.len());
            if !value.is_empty() {
                let part = Transcoding {
                    from: self.format,
                    value,
                };
                dispatch::write(format, &mut out, &part)?;
            }
            Ok::<_, EncodeError>(Bytes::from(out))
        };
        Ok(Self {
            format,
            args: part(&self.args)?,
            kwargs: part(&self.kwargs)?,
        })
    }

    /// Copies the payload into one allocation of its own size, apart from the frame it came in.
    #[must_use]
    pub fn compact(&self) -> Self {
        let mut octets = BytesMut::with_capacity(self.len());
        octets.extend_from_slice(&self.args);
        octets.extend_from_slice(&self.kwargs);
        let mut args = octets.freeze();
        let kwargs = args.split_off(self.args.len());
        Self {
            format: self.format,
            args,
            kwargs,
        }
    }

    /// Says whether there are no arguments.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.args.is_empty() && self.kwargs.is_empty()
    }

    /// Counts the octets.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.args.len() + self.kwargs.len()
    }

    /// Counts the elements that the payload takes in a message.
    pub(crate) const fn elements(&self) -> usize {
        match (self.args.is_empty(), self.kwargs.is_empty()) {
            (true, true) => 0,
            (false, true) => 1,
            (_, false) => 2,
        }
    }

    /// Writes the elements. An absent list before `kwargs` is written as an empty one.
    #[inline]
    pub(crate) fn write<W: Writer>(&self, out: &mut W) -> Result<(), EncodeError> {
        if self.is_empty() {
            return Ok(());
        }
        if self.args.is_empty() {
            let mark = out.begin_list(Some(0));
            out.end_list(mark, 0);
        } else {
            self.write_part(&self.args, out)?;
        }
        if self.kwargs.is_empty() {
            return Ok(());
        }
        self.write_part(&self.kwargs, out)
    }

    #[inline]
    pub(crate) fn write_part<W: Writer>(
        &self,
        part: &Bytes,
        out: &mut W,
    ) -> Result<(), EncodeError> {
        if self.format == W::FORMAT {
            out.raw(part);
            return Ok(());
        }
        transcode(self.format, part, out)
    }
}

impl Default for Payload {
    fn default() -> Self {
        Self::EMPTY
    }
}

struct List<'v>(&'v [Value]);

impl Writing for List<'_> {
    fn write<W: Writer>(&self, out: &mut W) -> Result<(), EncodeError> {
        value::write_list(self.0, out)
    }
}

struct Entries<'v>(&'v [(String, Value)]);

impl Writing for Entries<'_> {
    fn write<W: Writer>(&self, out: &mut W) -> Result<(), EncodeError> {
        value::write_dict(self.0, out)
    }
}

impl Value {
    /// Encodes the value alone.
    ///
    /// # Errors
    /// Says what `format` cannot express.
    pub fn encode(&self, format: Format) -> Result<Vec<u8>, EncodeError> {
        let mut out = Vec::new();
        dispatch::write(format, &mut out, self)?;
        Ok(out)
    }

    /// Decodes one value, which must be all of `octets`.
    ///
    /// # Errors
    /// When the octets are not well formed or hold what a value cannot.
    pub fn decode(format: Format, octets: &Bytes) -> Result<Self, DecodeError> {
        dispatch::read(format, octets, Whole)
    }
}

impl Writing for Value {
    fn write<W: Writer>(&self, out: &mut W) -> Result<(), EncodeError> {
        self.write_to(out)
    }
}

/// Reads one value, which must be all there is.
struct Whole;

impl<'f> Reading<'f> for Whole {
    type Output = Value;
    type Error = DecodeError;

    fn read<R: Reader<'f>>(self, mut reader: R) -> Result<Value, DecodeError> {
        let value = value::read(&mut reader)?;
        reader.end()?;
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_compact_payload_lies_apart_from_its_frame() {
        let frame = Bytes::from_static(b"[36,1,2,{},[1,2],{\"k\":3}]");
        let payload = Payload {
            format: Format::Json,
            args: frame.slice(11..16),
            kwargs: frame.slice(17..24),
        };
        let compact = payload.compact();
        assert_eq!(compact, payload);
        for part in [&compact.args, &compact.kwargs] {
            assert!(!frame.as_ptr_range().contains(&part.as_ptr()));
        }
        assert_eq!(Payload::EMPTY.compact(), Payload::EMPTY);
    }
}
