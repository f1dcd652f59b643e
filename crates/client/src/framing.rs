use bytes::Bytes;
use crossbar_wire::rawsocket::{self, Deframer, FrameHeader, FrameKind, HEADER_LENGTH};
use crossbar_wire::websocket::{
    CloseCode, Compressor, Decoder, Incoming, MessageKind, Opcode, Outgoing, put_close,
    put_control, put_message,
};
use crossbar_wire::{Format, Message};

use crate::LinkError;

/// How messages stand in the stream of octets.
pub(crate) enum Frames {
    RawSocket {
        deframer: Deframer,
        /// The longest message that the router takes, in octets.
        limit: usize,
    },
    WebSocket(Box<WebSocket>),
}

/// A WebSocket after its handshake.
pub(crate) struct WebSocket {
    pub(crate) decoder: Decoder,
    pub(crate) compressor: Option<Compressor>,
    masks: Masks,
    scratch: Vec<u8>,
    closing: bool,
}

impl Frames {
    pub(crate) fn websocket(decoder: Decoder, compressor: Option<Compressor>) -> Self {
        Self::WebSocket(Box::new(WebSocket {
            decoder,
            compressor,
            masks: Masks::default(),
            scratch: Vec::new(),
            closing: false,
        }))
    }

    /// Appends a message to `out`, which stays as it was when the message cannot be sent.
    pub(crate) fn put(
        &mut self,
        format: Format,
        message: &Message,
        out: &mut Vec<u8>,
    ) -> Result<(), LinkError> {
        match self {
            Self::RawSocket { limit, .. } => put_raw(*limit, format, message, out),
            Self::WebSocket(websocket) => websocket.put(format, message, out),
        }
    }

    pub(crate) fn put_close(&mut self, out: &mut Vec<u8>) {
        match self {
            Self::RawSocket { .. } => {}
            Self::WebSocket(websocket) => websocket.close(Some(CloseCode::NORMAL), "", out),
        }
    }

    pub(crate) fn feed(&mut self, octets: &[u8]) {
        match self {
            Self::RawSocket { deframer, .. } => deframer.feed(octets),
            Self::WebSocket(websocket) => websocket.decoder.feed(octets),
        }
    }

    /// Gives the next message's octets; answers pings and closes to `out` on the way.
    pub(crate) fn next(
        &mut self,
        format: Format,
        out: &mut Vec<u8>,
    ) -> Result<Option<Bytes>, LinkError> {
        match self {
            Self::RawSocket { deframer, .. } => next_raw(deframer, out),
            Self::WebSocket(websocket) => websocket.next(format, out),
        }
    }
}

impl WebSocket {
    fn put(
        &mut self,
        format: Format,
        message: &Message,
        out: &mut Vec<u8>,
    ) -> Result<(), LinkError> {
        self.scratch.clear();
        message.encode(format, &mut self.scratch)?;
        let masks = &mut self.masks;
        let how = Outgoing {
            compressor: self.compressor.as_mut(),
            mask: Some(&mut || masks.draw()),
            fragment: None,
        };
        put_message(out, kind(format), &self.scratch, how);
        if self.scratch.capacity() > 64 * 1024 {
            self.scratch = Vec::new();
        }
        Ok(())
    }

    fn close(&mut self, code: Option<CloseCode>, reason: &str, out: &mut Vec<u8>) {
        if !std::mem::replace(&mut self.closing, true) {
            put_close(out, code, reason, Some(self.masks.draw()));
        }
    }

    fn next(&mut self, format: Format, out: &mut Vec<u8>) -> Result<Option<Bytes>, LinkError> {
        loop {
            let incoming = match self.decoder.next_message() {
                Ok(Some(incoming)) => incoming,
                Ok(None) => return Ok(None),
                Err(violation) => {
                    self.close(Some(violation.close_code()), &violation.to_string(), out);
                    return Err(violation.into());
                }
            };
            match incoming {
                Incoming::Message {
                    kind: found,
                    octets,
                } if found == kind(format) => {
                    return Ok(Some(octets));
                }
                Incoming::Message { .. } => {
                    let code = Some(CloseCode::UNSUPPORTED_DATA);
                    self.close(code, "wrong kind of message for the serializer", out);
                    return Err(LinkError::WrongKind);
                }
                Incoming::Ping(payload) if !self.closing => {
                    put_control(out, Opcode::Pong, &payload, Some(self.masks.draw()));
                }
                Incoming::Ping(_) | Incoming::Pong(_) => {}
                Incoming::Close(frame) => {
                    self.close(frame.as_ref().map(|frame| frame.code), "", out);
                    return Err(LinkError::Closed(frame));
                }
            }
        }
    }
}

/// Masks of frames (RFC 6455 §5.3): from the system's generator, a few dozen at a time.
struct Masks {
    octets: [u8; 128],
    used: usize,
}

impl Default for Masks {
    fn default() -> Self {
        Self {
            octets: [0; 128],
            used: 128,
        }
    }
}

impl Masks {
    fn draw(&mut self) -> [u8; 4] {
        if self.used + 4 > self.octets.len() {
            getrandom::fill(&mut self.octets).expect("the system has a random generator");
            self.used = 0;
        }
        let mut mask = [0; 4];
        mask.copy_from_slice(&self.octets[self.used..self.used + 4]);
        self.used += 4;
        mask
    }
}

/// Gives the kind of WebSocket message that carries a serializer.
pub(crate) const fn kind(format: Format) -> MessageKind {
    if format.is_text() {
        MessageKind::Text
    } else {
        MessageKind::Binary
    }
}

fn put_raw(
    limit: usize,
    format: Format,
    message: &Message,
    out: &mut Vec<u8>,
) -> Result<(), LinkError> {
    let start = out.len();
    out.extend_from_slice(&[0; HEADER_LENGTH]);
    if let Err(error) = message.encode(format, out) {
        out.truncate(start);
        return Err(error.into());
    }
    let length = out.len() - start - HEADER_LENGTH;
    match FrameHeader::new(FrameKind::Message, length) {
        Ok(header) if length <= limit => {
            out[start..start + HEADER_LENGTH].copy_from_slice(&header.octets());
            Ok(())
        }
        _ => {
            out.truncate(start);
            Err(LinkError::TooLong { length, limit })
        }
    }
}

fn next_raw(deframer: &mut Deframer, out: &mut Vec<u8>) -> Result<Option<Bytes>, LinkError> {
    loop {
        match deframer.next_frame()? {
            Some(rawsocket::Incoming::Message(octets)) => return Ok(Some(octets)),
            Some(rawsocket::Incoming::Ping(payload)) => {
                let header = FrameHeader::new(FrameKind::Pong, payload.len())?;
                out.extend_from_slice(&header.octets());
                out.extend_from_slice(&payload);
            }
            Some(rawsocket::Incoming::Pong(_)) => {}
            None => return Ok(None),
        }
    }
}
