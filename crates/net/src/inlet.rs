//! What a connection receives.

use bytes::Bytes;
use crossbar_wire::websocket::{CloseCode, CloseFrame, MessageKind};
use crossbar_wire::{Format, rawsocket, websocket};

use crate::framing::kind;

/// The receiving side of one connection. Holds no buffer while no frame is incomplete.
#[derive(Debug)]
pub(crate) enum Inlet {
    /// RawSocket.
    Raw(rawsocket::Deframer),
    /// WebSocket, with messages of this serializer only.
    Web(Box<websocket::Decoder>, Format),
}

/// What a frame, or several, amounted to.
#[derive(Debug)]
pub(crate) enum Inbound {
    /// One WAMP message, still encoded.
    Message(Bytes),
    /// To be answered by a pong.
    Ping(Bytes),
    /// The answer to a ping.
    Pong(Bytes),
    /// The closing handshake of WebSocket.
    Close(Option<CloseFrame>),
}

/// How a peer broke the rules of its transport.
#[derive(Debug)]
pub(crate) struct Fault {
    /// What is wrong, for the peer.
    pub(crate) text: String,
    /// The code for WebSocket's close frame.
    pub(crate) code: CloseCode,
}

impl Inlet {
    /// Takes what one read brought.
    pub(crate) fn feed(&mut self, octets: &[u8]) {
        match self {
            Self::Raw(deframer) => deframer.feed(octets),
            Self::Web(decoder, _) => decoder.feed(octets),
        }
    }

    /// Gives what comes next, if it is there whole.
    ///
    /// # Errors
    /// Says what is wrong with it; nothing follows.
    pub(crate) fn next(&mut self) -> Result<Option<Inbound>, Fault> {
        match self {
            Self::Raw(deframer) => match deframer.next_frame() {
                Ok(frame) => Ok(frame.map(Inbound::from)),
                Err(error) => Err(Fault {
                    text: error.to_string(),
                    code: CloseCode::PROTOCOL_ERROR,
                }),
            },
            Self::Web(decoder, format) => match decoder.next_message() {
                Ok(Some(incoming)) => checked(incoming, *format).map(Some),
                Ok(None) => Ok(None),
                Err(violation) => Err(Fault {
                    text: violation.to_string(),
                    code: violation.close_code(),
                }),
            },
        }
    }
}

impl From<rawsocket::Incoming> for Inbound {
    fn from(incoming: rawsocket::Incoming) -> Self {
        match incoming {
            rawsocket::Incoming::Message(body) => Self::Message(body),
            rawsocket::Incoming::Ping(payload) => Self::Ping(payload),
            rawsocket::Incoming::Pong(payload) => Self::Pong(payload),
        }
    }
}

/// Lets only the kind of message pass that belongs to the serializer (WAMP spec, "WebSocket Transport").
fn checked(incoming: websocket::Incoming, format: Format) -> Result<Inbound, Fault> {
    let (body, got) = match incoming {
        websocket::Incoming::Message { kind, octets } => (octets, kind),
        websocket::Incoming::Ping(payload) => return Ok(Inbound::Ping(payload)),
        websocket::Incoming::Pong(payload) => return Ok(Inbound::Pong(payload)),
        websocket::Incoming::Close(frame) => return Ok(Inbound::Close(frame)),
    };
    let wanted = kind(format);
    if got == wanted {
        return Ok(Inbound::Message(body));
    }
    let (got, wanted) = (name(got), name(wanted));
    Err(Fault {
        text: format!("a {got} message came, but this serializer takes {wanted} messages only"),
        code: CloseCode::PROTOCOL_ERROR,
    })
}

const fn name(kind: MessageKind) -> &'static str {
    match kind {
        MessageKind::Text => "text",
        MessageKind::Binary => "binary",
    }
}
