//! What a connection receives.

use bytes::Bytes;
use crossbar_wire::websocket::{CloseCode, CloseFrame, MessageKind};
use crossbar_wire::{Batch, Format, Separator, rawsocket, websocket};

use crate::framing::kind;

/// The receiving side of one connection. Holds no buffer while no frame is incomplete.
#[derive(Debug)]
pub(crate) enum Inlet {
    /// RawSocket.
    Raw(rawsocket::Deframer),
    /// WebSocket, with messages of this serializer only.
    Web(Box<websocket::Decoder>, Format),
    /// WebSocket, with batches of such messages.
    Batched(Box<Batches>),
}

/// The receiving side of a WebSocket connection whose messages are batches (WAMP spec, "Message Batching").
#[derive(Debug)]
pub(crate) struct Batches {
    decoder: websocket::Decoder,
    format: Format,
    /// What is left of the batch that came last.
    batch: Option<Batch>,
    /// What the last batch ended with.
    separator: Option<Separator>,
    /// How many messages may still come before a pause.
    turn: usize,
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
    /// Takes messages of at most `octets`, until [`Inlet::release`].
    pub(crate) fn confine(&mut self, octets: usize) {
        match self {
            Self::Raw(deframer) => deframer.confine(octets),
            Self::Web(decoder, _) => decoder.confine(octets),
            Self::Batched(batches) => batches.decoder.confine(octets),
        }
    }

    /// Takes messages as long as the transport does.
    pub(crate) fn release(&mut self) {
        match self {
            Self::Raw(deframer) => deframer.release(),
            Self::Web(decoder, _) => decoder.release(),
            Self::Batched(batches) => batches.decoder.release(),
        }
    }

    /// Takes what one read brought.
    pub(crate) fn feed(&mut self, octets: &[u8]) {
        match self {
            Self::Raw(deframer) => deframer.feed(octets),
            Self::Web(decoder, _) => decoder.feed(octets),
            Self::Batched(batches) => batches.decoder.feed(octets),
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
            Self::Web(decoder, format) => next_of(decoder, *format),
            Self::Batched(batches) => batches.next(),
        }
    }

    /// Says whether more is there whole, although [`Inlet::next`] has given nothing: what was taken is to be answered first.
    pub(crate) const fn is_paused(&self) -> bool {
        match self {
            Self::Raw(_) | Self::Web(..) => false,
            Self::Batched(batches) => batches.batch.is_some(),
        }
    }

    /// Gives what the peer separates its messages with, if it does.
    pub(crate) const fn separator(&self) -> Option<Separator> {
        match self {
            Self::Raw(_) | Self::Web(..) => None,
            Self::Batched(batches) => batches.separator,
        }
    }
}

/// How many messages of a batch are taken before what they caused is written. A batch can hold a great many.
const TURN: usize = 1024;

impl Batches {
    /// Makes one for messages of a serializer.
    pub(crate) const fn new(decoder: websocket::Decoder, format: Format) -> Self {
        Self {
            decoder,
            format,
            batch: None,
            separator: None,
            turn: TURN,
        }
    }

    fn next(&mut self) -> Result<Option<Inbound>, Fault> {
        loop {
            if let Some(batch) = &mut self.batch {
                if self.turn == 0 {
                    self.turn = TURN;
                    return Ok(None);
                }
                self.turn -= 1;
                if let Some(message) = batch.next() {
                    return Ok(Some(Inbound::Message(message)));
                }
                self.batch = None;
            }
            match next_of(&mut self.decoder, self.format)? {
                Some(Inbound::Message(octets)) => self.begin(octets)?,
                other @ (Some(Inbound::Ping(_) | Inbound::Pong(_) | Inbound::Close(_)) | None) => {
                    return Ok(other);
                }
            }
        }
    }

    fn begin(&mut self, octets: Bytes) -> Result<(), Fault> {
        let batch = Batch::new(self.format, octets).map_err(|error| Fault {
            text: error.to_string(),
            code: CloseCode::PROTOCOL_ERROR,
        })?;
        self.separator = batch.separator();
        self.batch = Some(batch);
        Ok(())
    }
}

fn next_of(decoder: &mut websocket::Decoder, format: Format) -> Result<Option<Inbound>, Fault> {
    match decoder.next_message() {
        Ok(Some(incoming)) => checked(incoming, format).map(Some),
        Ok(None) => Ok(None),
        Err(violation) => Err(Fault {
            text: violation.to_string(),
            code: violation.close_code(),
        }),
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
