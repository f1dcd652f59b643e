use bytes::Bytes;

use super::deflate::InflateError;
use super::frame::{FrameHeader, Opcode, Side, apply_mask, wide};
use super::utf8::{NotUtf8, Utf8Check};
use super::{CloseCode, CloseFrame, Decompressor, MAX_HEADER_LENGTH, MessageKind};
use crate::stream::Stream;

/// What the peer sent.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Incoming {
    /// A whole message: unmasked, put together, decompressed, text checked.
    Message {
        /// Text or octets.
        kind: MessageKind,
        /// The content; a slice of the batch if it came in one frame, uncompressed.
        octets: Bytes,
    },
    /// To be answered by a pong with the same payload.
    Ping(Bytes),
    /// The answer to a ping, or one sent unasked.
    Pong(Bytes),
    /// The closing handshake; nothing follows.
    Close(Option<CloseFrame>),
}

/// How much a peer may send at a time.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Limits {
    /// Octets of one frame's payload; `usize::MAX` for no limit.
    pub max_frame: usize,
    /// Octets of one message, also after decompression; `usize::MAX` for no limit.
    pub max_message: usize,
}

/// What is asked of the peer's masking.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Masking {
    /// Clients mask, servers do not (RFC 6455 §5.1).
    Strict,
    /// Masked and unmasked frames are taken.
    Lenient,
}

/// Reads frames into messages, for one connection and one side of it.
///
/// Faults are found at the first octet that shows them: in headers, and in text also within a frame. Holds no buffer
/// between messages, save the window of a decompressor with context takeover.
#[derive(Debug)]
pub struct Decoder {
    stream: Stream,
    side: Side,
    masking: Masking,
    limits: Limits,
    /// Octets of a message for now.
    confined: usize,
    check_utf8: bool,
    inflate: Option<Box<Decompressor>>,
    frame: Option<Frame>,
    message: Option<Box<Assembly>>,
    utf8: Utf8Check,
    end: Option<End>,
}

/// A frame whose header is consumed.
#[derive(Debug)]
struct Frame {
    header: FrameHeader,
    length: usize,
    /// How much of the payload is unmasked and checked.
    done: usize,
    /// Whether the payload is text as it stands.
    text: bool,
}

/// A message of which not all frames are here.
#[derive(Debug)]
struct Assembly {
    kind: MessageKind,
    compressed: bool,
    octets: Vec<u8>,
}

/// Why nothing more is read.
#[derive(Clone, Copy, Debug)]
enum End {
    Closed,
    Failed(Violation),
}

impl Decoder {
    /// Makes the decoder of what `side` receives.
    #[must_use]
    pub fn new(side: Side, limits: Limits) -> Self {
        Self {
            stream: Stream::new(),
            side,
            masking: Masking::Strict,
            limits,
            confined: usize::MAX,
            check_utf8: true,
            inflate: None,
            frame: None,
            message: None,
            utf8: Utf8Check::default(),
            end: None,
        }
    }

    /// Says what is asked of the peer's masking; [`Masking::Strict`] otherwise.
    #[must_use]
    pub const fn with_masking(mut self, masking: Masking) -> Self {
        self.masking = masking;
        self
    }

    /// Leaves text unchecked: whoever reads it must.
    #[must_use]
    pub const fn without_utf8_check(mut self) -> Self {
        self.check_utf8 = false;
        self
    }

    /// Takes compressed messages too (permessage-deflate was agreed).
    #[must_use]
    pub fn with_deflate(mut self, decompressor: Decompressor) -> Self {
        self.inflate = Some(Box::new(decompressor));
        self
    }

    /// Takes, from the next frame on, messages of at most `octets`, also after decompression, until [`Decoder::release`].
    pub const fn confine(&mut self, octets: usize) {
        self.confined = octets;
    }

    /// Takes whatever the limits allow.
    pub const fn release(&mut self) {
        self.confined = usize::MAX;
    }

    /// Takes what one read brought. The octets are copied once.
    pub fn feed(&mut self, octets: &[u8]) {
        if self.end.is_none() {
            self.stream.feed(octets);
        }
    }

    /// Gives the next message or control frame, or `None` when more octets are needed or the peer has closed.
    ///
    /// # Errors
    /// Says which rule the peer broke; every later call says so again.
    pub fn next_message(&mut self) -> Result<Option<Incoming>, Violation> {
        match self.end {
            Some(End::Closed) => return Ok(None),
            Some(End::Failed(violation)) => return Err(violation),
            None => {}
        }
        let result = self.advance();
        match &result {
            Ok(Some(Incoming::Close(_))) => self.finish(End::Closed),
            Err(violation) => self.finish(End::Failed(*violation)),
            Ok(_) => {}
        }
        result
    }

    fn finish(&mut self, end: End) {
        self.end = Some(end);
        self.stream = Stream::new();
        self.message = None;
        self.inflate = None;
    }

    fn advance(&mut self) -> Result<Option<Incoming>, Violation> {
        loop {
            if self.frame.is_none() {
                let Some((header, length)) = FrameHeader::parse(self.stream.octets())? else {
                    self.stream.settle(MAX_HEADER_LENGTH);
                    return Ok(None);
                };
                self.frame = Some(self.begin(header)?);
                self.stream.skip(length);
            }
            let Some(frame) = self.payload()? else {
                return Ok(None);
            };
            let payload = self.stream.take(frame.length);
            if let Some(incoming) = self.complete(frame.header, payload)? {
                return Ok(Some(incoming));
            }
        }
    }

    /// Checks a header against what came before it.
    fn begin(&self, header: FrameHeader) -> Result<Frame, Violation> {
        if header.rsv1 && (self.inflate.is_none() || !is_start(header.opcode)) {
            return Err(Violation::ReservedBits);
        }
        match (self.masking, self.side, header.mask) {
            (Masking::Strict, Side::Server, None) => return Err(Violation::Unmasked),
            (Masking::Strict, Side::Client, Some(_)) => return Err(Violation::Masked),
            (Masking::Strict | Masking::Lenient, Side::Server | Side::Client, _) => {}
        }
        let mut text = false;
        if !header.opcode.is_control() {
            let (kind, compressed, before) = self.message_of(header)?;
            text = kind == MessageKind::Text && !compressed && self.check_utf8;
            self.check_length(header.length, before)?;
        }
        let length = usize::try_from(header.length).map_err(|_| Violation::FrameTooBig)?;
        Ok(Frame {
            header,
            length,
            done: 0,
            text,
        })
    }

    /// Gives the message that a data frame belongs to: kind, whether compressed, octets so far.
    fn message_of(&self, header: FrameHeader) -> Result<(MessageKind, bool, usize), Violation> {
        match (header.opcode, self.message.as_deref()) {
            (Opcode::Text, None) => Ok((MessageKind::Text, header.rsv1, 0)),
            (Opcode::Binary, None) => Ok((MessageKind::Binary, header.rsv1, 0)),
            (Opcode::Text | Opcode::Binary, Some(_)) => Err(Violation::MissingContinuation),
            (_, Some(message)) => Ok((message.kind, message.compressed, message.octets.len())),
            (_, None) => Err(Violation::UnexpectedContinuation),
        }
    }

    fn max_message(&self) -> usize {
        self.limits.max_message.min(self.confined)
    }

    fn check_length(&self, length: u64, before: usize) -> Result<(), Violation> {
        if length > wide(self.limits.max_frame) {
            return Err(Violation::FrameTooBig);
        }
        if length > wide(self.max_message().saturating_sub(before)) {
            return Err(Violation::MessageTooBig);
        }
        Ok(())
    }

    /// Unmasks and checks what is here of the frame's payload; gives the frame once that is all.
    fn payload(&mut self) -> Result<Option<Frame>, Violation> {
        let Some(frame) = &mut self.frame else {
            return Ok(None);
        };
        let here = self.stream.octets().len().min(frame.length);
        let fresh = &mut self.stream.octets_mut()[frame.done..here];
        if let Some(mask) = frame.header.mask {
            apply_mask(fresh, mask, frame.done);
        }
        if frame.text {
            self.utf8.feed(fresh)?;
        }
        frame.done = here;
        if here < frame.length {
            self.stream.settle(frame.length);
            return Ok(None);
        }
        Ok(self.frame.take())
    }

    fn complete(
        &mut self,
        header: FrameHeader,
        payload: Bytes,
    ) -> Result<Option<Incoming>, Violation> {
        match header.opcode {
            Opcode::Ping => Ok(Some(Incoming::Ping(payload))),
            Opcode::Pong => Ok(Some(Incoming::Pong(payload))),
            Opcode::Close => Ok(Some(Incoming::Close(CloseFrame::parse(&payload)?))),
            Opcode::Continuation | Opcode::Text | Opcode::Binary => self.data(header, payload),
        }
    }

    fn data(&mut self, header: FrameHeader, payload: Bytes) -> Result<Option<Incoming>, Violation> {
        let (kind, compressed, _) = self.message_of(header)?;
        let octets = if self.message.is_none() && header.fin && !compressed {
            payload
        } else {
            let mut message = self.message.take().unwrap_or_else(|| {
                Box::new(Assembly {
                    kind,
                    compressed,
                    octets: Vec::new(),
                })
            });
            if compressed {
                self.inflate(&payload, header.fin, &mut message)?;
            } else {
                message.octets.extend_from_slice(&payload);
            }
            if !header.fin {
                self.message = Some(message);
                return Ok(None);
            }
            Bytes::from(message.octets)
        };
        if kind == MessageKind::Text && self.check_utf8 {
            self.utf8.finish()?;
        }
        Ok(Some(Incoming::Message { kind, octets }))
    }

    fn inflate(&mut self, payload: &[u8], fin: bool, to: &mut Assembly) -> Result<(), Violation> {
        let longest = self.max_message();
        let inflate = self.inflate.as_mut().ok_or(Violation::ReservedBits)?;
        let before = to.octets.len();
        inflate.decompress(payload, fin, &mut to.octets, longest)?;
        if to.kind == MessageKind::Text && self.check_utf8 {
            self.utf8.feed(&to.octets[before..])?;
        }
        Ok(())
    }
}

const fn is_start(opcode: Opcode) -> bool {
    matches!(opcode, Opcode::Text | Opcode::Binary)
}

/// A rule of RFC 6455 or RFC 7692, or a limit, that the peer broke.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Violation {
    /// A reserved bit without an extension that defines it there.
    #[error("reserved bits are set in a frame")]
    ReservedBits,
    /// An opcode that nothing defines.
    #[error("opcode {0} is reserved")]
    ReservedOpcode(u8),
    /// A control frame that is not whole.
    #[error("a control frame is fragmented")]
    FragmentedControl,
    /// A control frame over 125 octets.
    #[error("a control frame has more than 125 octets")]
    LongControl,
    /// A length that is not in its shortest form, or has the highest bit set.
    #[error("a frame's length is not in its shortest form")]
    Length,
    /// An unmasked frame from a client.
    #[error("a frame from the client is not masked")]
    Unmasked,
    /// A masked frame from a server.
    #[error("a frame from the server is masked")]
    Masked,
    /// A continuation of nothing.
    #[error("a continuation frame without a message begun")]
    UnexpectedContinuation,
    /// A new message before the last one's end.
    #[error("a new message begins before the last one has ended")]
    MissingContinuation,
    /// A close frame of one octet.
    #[error("a close frame has half a code")]
    ClosePayload,
    /// A close code that may not stand in a frame.
    #[error("close code {0} is not allowed")]
    CloseCode(u16),
    /// Text that is not UTF-8.
    #[error("text is not UTF-8")]
    Utf8,
    /// Compressed data that cannot be read.
    #[error("compressed data is broken")]
    Deflate,
    /// A frame over the limit.
    #[error("a frame is over the size limit")]
    FrameTooBig,
    /// A message over the limit, perhaps after decompression only.
    #[error("a message is over the size limit")]
    MessageTooBig,
}

impl Violation {
    /// Gives the code to close with.
    #[must_use]
    pub const fn close_code(self) -> CloseCode {
        match self {
            Self::Utf8 => CloseCode::INVALID_PAYLOAD,
            Self::FrameTooBig | Self::MessageTooBig => CloseCode::MESSAGE_TOO_BIG,
            Self::ReservedBits
            | Self::ReservedOpcode(_)
            | Self::FragmentedControl
            | Self::LongControl
            | Self::Length
            | Self::Unmasked
            | Self::Masked
            | Self::UnexpectedContinuation
            | Self::MissingContinuation
            | Self::ClosePayload
            | Self::CloseCode(_)
            | Self::Deflate => CloseCode::PROTOCOL_ERROR,
        }
    }
}

impl From<NotUtf8> for Violation {
    fn from(_: NotUtf8) -> Self {
        Self::Utf8
    }
}

impl From<InflateError> for Violation {
    fn from(error: InflateError) -> Self {
        match error {
            InflateError::TooBig => Self::MessageTooBig,
            InflateError::Broken => Self::Deflate,
        }
    }
}

#[cfg(test)]
mod tests;
