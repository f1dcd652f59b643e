use bytes::Bytes;

use super::{FrameError, FrameHeader, FrameKind, HEADER_LENGTH};
use crate::stream::Stream;

/// A whole frame from the peer. Payloads are slices of the batch they came in.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Incoming {
    /// One WAMP message.
    Message(Bytes),
    /// To be answered at once by a PONG with the same payload.
    Ping(Bytes),
    /// The answer to a PING.
    Pong(Bytes),
}

/// Cuts the octets that follow the handshake into frames.
///
/// Holds no buffer while no frame is incomplete.
#[derive(Debug)]
pub struct Deframer {
    stream: Stream,
    limit: usize,
    /// What is taken for now; the limit or less.
    confined: usize,
}

impl Deframer {
    /// Makes one that takes payloads of at most `limit` octets.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self {
            stream: Stream::new(),
            limit,
            confined: limit,
        }
    }

    /// Takes, from the next frame on, payloads of at most `octets`, until [`Deframer::release`].
    pub fn confine(&mut self, octets: usize) {
        self.confined = self.limit.min(octets);
    }

    /// Takes whatever the limit allows.
    pub const fn release(&mut self) {
        self.confined = self.limit;
    }

    /// Takes what one read brought. The octets are copied once.
    pub fn feed(&mut self, octets: &[u8]) {
        self.stream.feed(octets);
    }

    /// Gives the next whole frame, or `None` when more octets are needed.
    ///
    /// # Errors
    /// Says which rule the peer broke; every later call says so again.
    pub fn next_frame(&mut self) -> Result<Option<Incoming>, FrameError> {
        let Some(&octets) = self.stream.octets().first_chunk::<HEADER_LENGTH>() else {
            self.stream.settle(HEADER_LENGTH);
            return Ok(None);
        };
        let header = FrameHeader::parse(octets)?;
        let length = header.length();
        if length > self.confined {
            return Err(FrameError::TooLong {
                length,
                limit: self.confined,
            });
        }
        if self.stream.octets().len() < HEADER_LENGTH + length {
            self.stream.settle(HEADER_LENGTH + length);
            return Ok(None);
        }
        self.stream.skip(HEADER_LENGTH);
        let payload = self.stream.take(length);
        Ok(Some(match header.kind {
            FrameKind::Message => Incoming::Message(payload),
            FrameKind::Ping => Incoming::Ping(payload),
            FrameKind::Pong => Incoming::Pong(payload),
        }))
    }

    /// Gives what the peer sent past the last whole frame, and leaves nothing.
    #[must_use]
    pub fn take_rest(&mut self) -> Bytes {
        let length = self.stream.octets().len();
        self.stream.take(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames(deframer: &mut Deframer) -> Vec<Incoming> {
        std::iter::from_fn(|| deframer.next_frame().unwrap()).collect()
    }

    #[test]
    fn any_split_gives_the_same_frames() {
        let octets = b"\0\0\0\x05hello\x01\0\0\x02hi\x02\0\0\0\0\0\0\0\0\0\0\x01!";
        let expected = [
            Incoming::Message(Bytes::from_static(b"hello")),
            Incoming::Ping(Bytes::from_static(b"hi")),
            Incoming::Pong(Bytes::new()),
            Incoming::Message(Bytes::new()),
            Incoming::Message(Bytes::from_static(b"!")),
        ];
        for size in 1..=octets.len() {
            let mut deframer = Deframer::new(512);
            let mut seen = Vec::new();
            for piece in octets.chunks(size) {
                deframer.feed(piece);
                seen.extend(frames(&mut deframer));
            }
            assert_eq!(seen, expected, "in pieces of {size}");
            assert_eq!(deframer.take_rest().len(), 0);
        }
    }

    #[test]
    fn frames_of_one_batch_share_its_octets() {
        let mut deframer = Deframer::new(512);
        deframer.feed(b"\0\0\0\x01a\0\0\0\x01b");
        let seen = frames(&mut deframer);
        let [Incoming::Message(a), Incoming::Message(b)] = seen.as_slice() else {
            panic!("{seen:?}");
        };
        assert_eq!(a.as_ptr().wrapping_add(5), b.as_ptr());
    }

    #[test]
    fn a_long_frame_is_refused_by_its_header() {
        let mut deframer = Deframer::new(512);
        deframer.feed(&[0, 0, 2, 1]);
        let error = FrameError::TooLong {
            length: 513,
            limit: 512,
        };
        assert_eq!(deframer.next_frame(), Err(error));
        assert_eq!(deframer.next_frame(), Err(error));
    }
}
