use bytes::Bytes;

use super::Violation;
use crate::Text;

/// Why a connection is closed (RFC 6455 §7.4). Only codes that may stand in a frame can be made.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct CloseCode(u16);

impl CloseCode {
    /// The purpose is fulfilled.
    pub const NORMAL: Self = Self(1000);
    /// The endpoint goes away: a server shuts down, a browser leaves the page.
    pub const GOING_AWAY: Self = Self(1001);
    /// The peer broke the protocol.
    pub const PROTOCOL_ERROR: Self = Self(1002);
    /// The peer sent a kind of message that is not taken.
    pub const UNSUPPORTED_DATA: Self = Self(1003);
    /// The content does not fit the kind of message, as invalid UTF-8 in text.
    pub const INVALID_PAYLOAD: Self = Self(1007);
    /// The peer did what it may not.
    pub const POLICY_VIOLATION: Self = Self(1008);
    /// The message is too big.
    pub const MESSAGE_TOO_BIG: Self = Self(1009);
    /// The client expected an extension that the server did not negotiate.
    pub const MANDATORY_EXTENSION: Self = Self(1010);
    /// The server met a condition it did not expect.
    pub const INTERNAL_ERROR: Self = Self(1011);

    /// Checks that `code` may stand in a frame.
    #[must_use]
    pub const fn new(code: u16) -> Option<Self> {
        match code {
            1000..=1003 | 1007..=1014 | 3000..=4999 => Some(Self(code)),
            _ => None,
        }
    }

    /// Gives the number on the wire.
    #[must_use]
    pub const fn value(self) -> u16 {
        self.0
    }
}

impl std::fmt::Display for CloseCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// What a close frame says.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CloseFrame {
    /// Why.
    pub code: CloseCode,
    /// The same for people; may be empty.
    pub reason: Text,
}

impl CloseFrame {
    /// Reads a payload; an empty one says nothing.
    pub(super) fn parse(payload: &Bytes) -> Result<Option<Self>, Violation> {
        let Some(&code) = payload.first_chunk::<2>() else {
            return if payload.is_empty() {
                Ok(None)
            } else {
                Err(Violation::ClosePayload)
            };
        };
        let code = u16::from_be_bytes(code);
        let code = CloseCode::new(code).ok_or(Violation::CloseCode(code))?;
        let reason = Text::from_utf8(payload.slice(2..)).map_err(|_| Violation::Utf8)?;
        Ok(Some(Self { code, reason }))
    }
}
