use crate::Format;

/// The first octet of a RawSocket connection, in both directions.
pub const MAGIC: u8 = 0x7f;

/// The longest message that a peer takes: 2^(9 + exponent) octets, from 512 to 16 Mi.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Length(u8);

impl Length {
    /// 16 Mi octets, the most that can be said.
    pub const MAX: Self = Self(15);
    /// 512 octets, the least that can be said.
    pub const MIN: Self = Self(0);

    /// Takes the four bits of the handshake; `None` above 15.
    #[must_use]
    pub const fn from_exponent(exponent: u8) -> Option<Self> {
        if exponent <= 15 {
            Some(Self(exponent))
        } else {
            None
        }
    }

    /// Gives the greatest length that is not above `octets`, or the smallest there is.
    #[must_use]
    pub fn within(octets: usize) -> Self {
        (1..=15)
            .rev()
            .map(Self)
            .find(|length| length.octets() <= octets)
            .unwrap_or(Self::MIN)
    }

    /// Gives the smallest length that is not below `octets`, or the greatest there is.
    #[must_use]
    pub fn covering(octets: usize) -> Self {
        (0..15)
            .map(Self)
            .find(|length| length.octets() >= octets)
            .unwrap_or(Self::MAX)
    }

    /// Gives the four bits of the handshake.
    #[must_use]
    pub const fn exponent(self) -> u8 {
        self.0
    }

    /// Gives the number of octets.
    #[must_use]
    pub const fn octets(self) -> usize {
        512 << self.0
    }
}

/// What a handshake octet quartet says: the longest message that its sender takes, and the serializer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Handshake {
    /// The longest message that the sender of this handshake takes.
    pub length: Length,
    /// The serializer of all messages, both ways. A request can only name it ([`Format::name`]): one that asks for
    /// `ubjson` reads as [`Format::Bjdata`], and the router may hold it for [`Format::Ubjson`].
    pub format: Format,
}

impl Handshake {
    /// Reads a client's request.
    ///
    /// # Errors
    /// Says what is wrong with it; [`HandshakeError::refusal`] tells what to answer.
    pub const fn parse_request(octets: [u8; 4]) -> Result<Self, HandshakeError> {
        let [magic, settings, high, low] = octets;
        if magic != MAGIC {
            return Err(HandshakeError::Magic(magic));
        }
        if high != 0 || low != 0 {
            return Err(HandshakeError::Reserved);
        }
        match format(settings & 0x0f) {
            Some(format) => Ok(Self {
                length: Length(settings >> 4),
                format,
            }),
            None => Err(HandshakeError::Serializer(settings & 0x0f)),
        }
    }

    /// Reads a router's reply to a request for `format`; gives the longest message that the router takes.
    ///
    /// # Errors
    /// Says why there is no connection.
    pub fn parse_reply(octets: [u8; 4], wanted: Format) -> Result<Length, ReplyError> {
        let [magic, settings, high, low] = octets;
        if magic != MAGIC {
            return Err(ReplyError::Magic(magic));
        }
        let serializer = settings & 0x0f;
        if serializer == 0 {
            return Err(ReplyError::Refused(Refusal::from_code(settings >> 4)));
        }
        if high != 0 || low != 0 {
            return Err(ReplyError::Reserved);
        }
        if serializer != code(wanted) {
            return Err(ReplyError::Serializer(serializer));
        }
        Ok(Length(settings >> 4))
    }

    /// Gives the octets, the same in a request and in a reply that accepts.
    #[must_use]
    pub const fn octets(self) -> [u8; 4] {
        [MAGIC, self.length.0 << 4 | code(self.format), 0, 0]
    }
}

/// Why a router turns a handshake down (the error code in the high four bits of its reply).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Refusal {
    /// 1: the serializer is not served.
    SerializerUnsupported,
    /// 2: the length is not acceptable.
    LengthUnacceptable,
    /// 3: reserved bits are in use.
    ReservedBits,
    /// 4: there are as many connections as there may be.
    TooManyConnections,
    /// Any other code.
    Unknown(u8),
}

impl Refusal {
    /// Gives the reply's octets.
    #[must_use]
    pub const fn octets(self) -> [u8; 4] {
        let code = match self {
            Self::SerializerUnsupported => 1,
            Self::LengthUnacceptable => 2,
            Self::ReservedBits => 3,
            Self::TooManyConnections => 4,
            Self::Unknown(code) => code,
        };
        [MAGIC, code << 4, 0, 0]
    }

    const fn from_code(code: u8) -> Self {
        match code {
            1 => Self::SerializerUnsupported,
            2 => Self::LengthUnacceptable,
            3 => Self::ReservedBits,
            4 => Self::TooManyConnections,
            other => Self::Unknown(other),
        }
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::SerializerUnsupported => f.write_str("serializer unsupported"),
            Self::LengthUnacceptable => f.write_str("maximum message length unacceptable"),
            Self::ReservedBits => f.write_str("use of reserved bits"),
            Self::TooManyConnections => f.write_str("maximum connection count reached"),
            Self::Unknown(code) => write!(f, "error code {code}"),
        }
    }
}

/// What is wrong with a handshake request.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum HandshakeError {
    /// The peer speaks another protocol.
    #[error("the first octet is {0:#04x} and not 0x7f")]
    Magic(u8),
    /// The serializer is unknown, or 0.
    #[error("serializer {0} is not served")]
    Serializer(u8),
    /// The last two octets are not zero.
    #[error("reserved octets of the handshake are not zero")]
    Reserved,
}

impl HandshakeError {
    /// Gives the reply to send before closing; none to a peer that speaks another protocol.
    #[must_use]
    pub const fn refusal(self) -> Option<Refusal> {
        match self {
            Self::Magic(_) => None,
            Self::Serializer(_) => Some(Refusal::SerializerUnsupported),
            Self::Reserved => Some(Refusal::ReservedBits),
        }
    }
}

/// Why a router's reply gives no connection.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ReplyError {
    /// The peer speaks another protocol.
    #[error("the first octet of the reply is {0:#04x} and not 0x7f")]
    Magic(u8),
    /// The router said no.
    #[error("the router refused the handshake: {0}")]
    Refused(Refusal),
    /// The router answered for another serializer.
    #[error("the router answered with serializer {0}, which was not asked for")]
    Serializer(u8),
    /// The last two octets are not zero.
    #[error("reserved octets of the reply are not zero")]
    Reserved,
}

const fn format(code: u8) -> Option<Format> {
    match code {
        1 => Some(Format::Json),
        2 => Some(Format::MsgPack),
        3 => Some(Format::Cbor),
        4 => Some(Format::Bjdata),
        5 => Some(Format::FlatBuffers),
        _ => None,
    }
}

const fn code(format: Format) -> u8 {
    match format {
        Format::Json => 1,
        Format::MsgPack => 2,
        Format::Cbor => 3,
        Format::Bjdata | Format::Ubjson => 4,
        Format::FlatBuffers => 5,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_request_gets_its_answer() {
        for settings in 0..=255 {
            let parsed = Handshake::parse_request([MAGIC, settings, 0, 0]);
            if matches!(settings & 0x0f, 1..=5) {
                let handshake = parsed.unwrap();
                assert_eq!(handshake.octets(), [MAGIC, settings, 0, 0]);
                assert_eq!(handshake.length.octets(), 1 << (9 + (settings >> 4)));
            } else {
                let error = parsed.unwrap_err();
                assert_eq!(error, HandshakeError::Serializer(settings & 0x0f));
                assert_eq!(error.refusal().unwrap().octets(), [MAGIC, 0x10, 0, 0]);
            }
        }
        assert_eq!(
            Handshake::parse_request([MAGIC, 0xf1, 0, 1]),
            Err(HandshakeError::Reserved)
        );
        assert_eq!(
            HandshakeError::Reserved.refusal().unwrap().octets(),
            [MAGIC, 0x30, 0, 0]
        );
        let http = Handshake::parse_request(*b"GET ").unwrap_err();
        assert_eq!(http, HandshakeError::Magic(b'G'));
        assert_eq!(http.refusal(), None);
    }

    #[test]
    fn replies_are_read() {
        let reply = |octets| Handshake::parse_reply(octets, Format::Cbor);
        assert_eq!(reply([MAGIC, 0x53, 0, 0]).unwrap().octets(), 1 << 14);
        assert_eq!(reply([MAGIC, 0x52, 0, 0]), Err(ReplyError::Serializer(2)));
        assert_eq!(reply([MAGIC, 0x53, 0, 9]), Err(ReplyError::Reserved));
        assert_eq!(reply([0x10, 0x53, 0, 0]), Err(ReplyError::Magic(0x10)));
        for refusal in [
            Refusal::SerializerUnsupported,
            Refusal::LengthUnacceptable,
            Refusal::ReservedBits,
            Refusal::TooManyConnections,
            Refusal::Unknown(9),
        ] {
            assert_eq!(reply(refusal.octets()), Err(ReplyError::Refused(refusal)));
        }
    }

    #[test]
    fn lengths_are_powers_of_two() {
        assert_eq!(Length::within(1_000_000).octets(), 1 << 19);
        assert_eq!(Length::within(1 << 24), Length::MAX);
        assert_eq!(Length::within(usize::MAX), Length::MAX);
        assert_eq!(Length::within(0), Length::MIN);
        assert_eq!(Length::covering(1_000_000).octets(), 1 << 20);
        assert_eq!(Length::covering(1 << 9), Length::MIN);
        assert_eq!(Length::covering(usize::MAX), Length::MAX);
        assert_eq!(Length::from_exponent(16), None);
    }
}
