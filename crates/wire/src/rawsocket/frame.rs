/// The number of octets before a frame's payload.
pub const HEADER_LENGTH: usize = 4;

/// The greatest payload of a frame: 16 Mi octets (said by the X bit with length zero).
const MAX_PAYLOAD: usize = 1 << 24;

/// What a frame carries.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum FrameKind {
    /// 0: one WAMP message.
    Message,
    /// 1: to be answered at once by one PONG with the same payload.
    Ping,
    /// 2: the answer to a PING.
    Pong,
}

/// The four octets before a payload.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct FrameHeader {
    /// What the frame carries.
    pub kind: FrameKind,
    length: u32,
}

impl FrameHeader {
    /// Makes a header for a payload of `length` octets.
    ///
    /// # Errors
    /// [`FrameError::TooLong`] above 16 Mi octets.
    pub fn new(kind: FrameKind, length: usize) -> Result<Self, FrameError> {
        match u32::try_from(length) {
            Ok(octets) if length <= MAX_PAYLOAD => Ok(Self {
                kind,
                length: octets,
            }),
            _ => Err(FrameError::TooLong {
                length,
                limit: MAX_PAYLOAD,
            }),
        }
    }

    /// Reads a header.
    ///
    /// # Errors
    /// Says which rule of the transport it breaks.
    pub const fn parse(octets: [u8; HEADER_LENGTH]) -> Result<Self, FrameError> {
        let [first, high, middle, low] = octets;
        if first & 0xf0 != 0 {
            return Err(FrameError::ReservedBits(first));
        }
        let kind = match first & 0x07 {
            0 => FrameKind::Message,
            1 => FrameKind::Ping,
            2 => FrameKind::Pong,
            other => return Err(FrameError::ReservedType(other)),
        };
        let length = u32::from_be_bytes([0, high, middle, low]);
        match (first & 0x08 != 0, length) {
            (false, length) => Ok(Self { kind, length }),
            (true, 0) => Ok(Self {
                kind,
                length: 1 << 24,
            }),
            (true, _) => Err(FrameError::ReservedBits(first)),
        }
    }

    /// Gives the number of octets of the payload.
    ///
    /// # Panics
    /// Never: 16 Mi fits every platform with a network.
    #[must_use]
    pub fn length(self) -> usize {
        usize::try_from(self.length).expect("a payload of at most 2^24 octets fits usize")
    }

    /// Gives the octets.
    #[must_use]
    pub const fn octets(self) -> [u8; HEADER_LENGTH] {
        let kind = match self.kind {
            FrameKind::Message => 0,
            FrameKind::Ping => 1,
            FrameKind::Pong => 2,
        };
        let [x, high, middle, low] = self.length.to_be_bytes();
        [kind | x << 3, high, middle, low]
    }
}

/// A rule of the transport that a frame breaks; the connection cannot go on.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum FrameError {
    /// The upper four bits, or the X bit with a length, are set.
    #[error("reserved bits are set in the frame's first octet {0:#04x}")]
    ReservedBits(u8),
    /// The type is 3 to 7.
    #[error("frame type {0} is reserved")]
    ReservedType(u8),
    /// The payload is longer than this side takes.
    #[error("a payload of {length} octets is over the limit of {limit}")]
    TooLong {
        /// What the header announces.
        length: usize,
        /// What was agreed.
        limit: usize,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_go_both_ways() {
        for (octets, kind, length) in [
            ([0, 0, 0, 0], FrameKind::Message, 0),
            ([0, 0xff, 0xff, 0xff], FrameKind::Message, (1 << 24) - 1),
            ([8, 0, 0, 0], FrameKind::Message, 1 << 24),
            ([1, 0, 0, 5], FrameKind::Ping, 5),
            ([2, 0, 1, 0], FrameKind::Pong, 256),
        ] {
            let header = FrameHeader::parse(octets).unwrap();
            assert_eq!((header.kind, header.length()), (kind, length));
            assert_eq!(header, FrameHeader::new(kind, length).unwrap());
            assert_eq!(header.octets(), octets);
        }
    }

    #[test]
    fn broken_headers_have_names() {
        for (octets, error) in [
            ([0x10, 0, 0, 0], FrameError::ReservedBits(0x10)),
            ([0x80, 0, 0, 0], FrameError::ReservedBits(0x80)),
            ([8, 0, 0, 1], FrameError::ReservedBits(8)),
            ([3, 0, 0, 0], FrameError::ReservedType(3)),
            ([7, 0, 0, 0], FrameError::ReservedType(7)),
        ] {
            assert_eq!(FrameHeader::parse(octets), Err(error));
        }
        assert!(FrameHeader::new(FrameKind::Message, (1 << 24) + 1).is_err());
    }
}
