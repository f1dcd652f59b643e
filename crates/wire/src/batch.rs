//! Several messages in one WebSocket message or one body of a long-poll request (WAMP spec, "Message Batching").

use bytes::{Buf, Bytes};

use crate::Format;

/// The octet behind each message of a JSON batch. Neither can occur in JSON text.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Separator {
    /// 0x1E, which the specification prescribes.
    Record,
    /// 0x18, which Autobahn|Python and with it Crossbar.io use, and nothing else.
    Cancel,
}

impl Separator {
    /// Gives the octet.
    #[must_use]
    pub const fn octet(self) -> u8 {
        match self {
            Self::Record => 0x1e,
            Self::Cancel => 0x18,
        }
    }

    const fn of(octet: u8) -> Option<Self> {
        match octet {
            0x1e => Some(Self::Record),
            0x18 => Some(Self::Cancel),
            _ => None,
        }
    }
}

/// The messages of a batch, oldest first, still encoded; each is a slice of the batch.
#[derive(Clone, Debug)]
pub struct Batch {
    rest: Bytes,
    /// What the batch ends with; none if lengths tell the messages apart.
    separator: Option<Separator>,
}

/// Why octets are no batch.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum BatchError {
    /// It holds no message.
    #[error("a batch must hold a message at least")]
    Empty,
    /// Octets follow the last separator.
    #[error("each message of a batch must be followed by the octet 0x1E")]
    Unterminated,
    /// It ends within a message or the length before it.
    #[error("a batch ends within a message")]
    Cut,
}

impl Batch {
    /// Checks that octets are a batch of whole messages of a serializer. What the messages are like is not looked at.
    ///
    /// # Errors
    /// Says why they are not.
    pub fn new(format: Format, octets: Bytes) -> Result<Self, BatchError> {
        let &last = octets.last().ok_or(BatchError::Empty)?;
        let separator = if format.is_text() {
            Some(Separator::of(last).ok_or(BatchError::Unterminated)?)
        } else {
            check_lengths(&octets)?;
            None
        };
        Ok(Self {
            rest: octets,
            separator,
        })
    }

    /// Gives what the last message is followed by; none if lengths tell the messages apart.
    #[must_use]
    pub const fn separator(&self) -> Option<Separator> {
        self.separator
    }

    fn take_separated(&mut self) -> Bytes {
        let end = self
            .rest
            .iter()
            .position(|&octet| Separator::of(octet).is_some())
            .unwrap_or(self.rest.len());
        let message = self.rest.split_to(end);
        self.rest.advance(self.rest.len().min(1));
        message
    }

    fn take_counted(&mut self) -> Bytes {
        let length = next_length(&self.rest).unwrap_or(0);
        self.rest.advance(LENGTH.min(self.rest.len()));
        self.rest.split_to(length.min(self.rest.len()))
    }
}

impl Iterator for Batch {
    type Item = Bytes;

    fn next(&mut self) -> Option<Bytes> {
        if self.rest.is_empty() {
            return None;
        }
        Some(match self.separator {
            Some(_) => self.take_separated(),
            None => self.take_counted(),
        })
    }
}

/// Appends an encoded message to a batch. It is at most [`MAX_BATCHED`] octets long. `separator` follows it where
/// messages are separated.
pub fn put_batched(format: Format, separator: Separator, body: &[u8], out: &mut Vec<u8>) {
    if format.is_text() {
        out.extend_from_slice(body);
        out.push(separator.octet());
    } else {
        let length = u32::try_from(body.len()).unwrap_or(u32::MAX);
        out.extend_from_slice(&length.to_be_bytes());
        out.extend_from_slice(body);
    }
}

/// The longest message of a batch, in octets: what 32 bits can say.
pub const MAX_BATCHED: usize = 0xffff_ffff;
/// How many octets a batch adds to a message at most.
pub const BATCHED_OVERHEAD: usize = LENGTH;

/// Octets of the length before a message.
const LENGTH: usize = 4;

fn check_lengths(mut octets: &[u8]) -> Result<(), BatchError> {
    while !octets.is_empty() {
        let length = next_length(octets).ok_or(BatchError::Cut)?;
        octets = octets[LENGTH..].get(length..).ok_or(BatchError::Cut)?;
    }
    Ok(())
}

fn next_length(octets: &[u8]) -> Option<usize> {
    let length = u32::from_be_bytes(*octets.first_chunk::<LENGTH>()?);
    usize::try_from(length).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(format: Format, octets: &'static [u8]) -> Result<Vec<Bytes>, BatchError> {
        Batch::new(format, Bytes::from_static(octets)).map(Iterator::collect)
    }

    #[test]
    fn t02_both_separators_are_understood_even_in_one_batch() {
        for (octets, separator) in [
            (b"[1]\x1e[2]\x1e", Separator::Record),
            (b"[1]\x18[2]\x18", Separator::Cancel),
            (b"[1]\x1e[2]\x18", Separator::Cancel),
        ] {
            assert_eq!(messages(Format::Json, octets).unwrap(), ["[1]", "[2]"]);
            let batch = Batch::new(Format::Json, Bytes::from_static(octets)).unwrap();
            assert_eq!(batch.separator(), Some(separator));
        }
    }

    #[test]
    fn t02_lengths_stand_before_messages_that_are_no_text() {
        for format in [Format::MsgPack, Format::Cbor] {
            let octets = b"\0\0\0\x02ab\0\0\0\0\0\0\0\x01c";
            assert_eq!(messages(format, octets).unwrap(), ["ab", "", "c"]);
        }
    }

    #[test]
    fn t02_messages_are_slices_of_the_batch() {
        let octets = Bytes::from_static(b"\0\0\0\x02ab\0\0\0\x01c");
        let batch = Batch::new(Format::Cbor, octets.clone()).unwrap();
        let places: Vec<usize> = batch
            .map(|message| message.as_ptr().addr() - octets.as_ptr().addr())
            .collect();
        assert_eq!(places, [4, 10]);
    }

    #[test]
    fn t02_what_is_no_batch_has_a_name() {
        for (format, octets, error) in [
            (Format::Json, &b""[..], BatchError::Empty),
            (Format::MsgPack, b"", BatchError::Empty),
            (Format::Json, b"[1]", BatchError::Unterminated),
            (Format::Json, b"[1]\x1e[2]", BatchError::Unterminated),
            (Format::Json, b"[1]\0", BatchError::Unterminated),
            (Format::MsgPack, b"\0\0\0", BatchError::Cut),
            (Format::MsgPack, b"\0\0\0\x01", BatchError::Cut),
            (Format::Cbor, b"\0\0\0\x01a\0\0\0\x02b", BatchError::Cut),
            (Format::Cbor, b"\xff\xff\xff\xffa", BatchError::Cut),
        ] {
            assert_eq!(messages(format, octets), Err(error), "{octets:?}");
        }
    }

    #[test]
    fn t02_a_lone_separator_stands_for_an_empty_message() {
        assert_eq!(messages(Format::Json, b"\x1e").unwrap(), [""]);
        assert_eq!(
            messages(Format::Json, b"\x1e\x18[1]\x1e").unwrap(),
            ["", "", "[1]"]
        );
    }

    #[test]
    fn t02_what_is_put_comes_out() {
        for format in Format::ALL {
            for separator in [Separator::Record, Separator::Cancel] {
                let mut out = Vec::new();
                put_batched(format, separator, b"[1,\"a\"]", &mut out);
                put_batched(format, separator, b"[2]", &mut out);
                let batch = Batch::new(format, Bytes::from(out)).unwrap();
                assert_eq!(batch.collect::<Vec<_>>(), ["[1,\"a\"]", "[2]"], "{format}");
            }
        }
        let mut out = Vec::new();
        put_batched(Format::Json, Separator::Record, b"[1]", &mut out);
        put_batched(Format::Json, Separator::Cancel, b"[2]", &mut out);
        put_batched(Format::Cbor, Separator::Cancel, b"[3]", &mut out);
        assert_eq!(out, b"[1]\x1e[2]\x18\0\0\0\x03[3]");
    }
}
