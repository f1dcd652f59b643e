//! WebSocket (RFC 6455) with permessage-deflate (RFC 7692), as values for both sides.
//!
//! A [`Decoder`] takes what reads bring and gives whole, checked messages. Writing is a header and the payload:
//! [`put_header`] for the server's plain frames, [`put_message`] for everything else. Handshakes are in
//! [`accept_key`], [`ClientHandshake`] and, for the extension, [`DeflatePolicy`] and [`Deflate`].

mod close;
mod decoder;
mod deflate;
mod encode;
mod extension;
mod frame;
mod handshake;
mod utf8;

pub use close::{CloseCode, CloseFrame};
pub use decoder::{Decoder, Incoming, Limits, Masking, Violation};
pub use deflate::{Compressor, Decompressor};
pub use encode::{MessageKind, Outgoing, put_close, put_control, put_message};
pub use extension::{Deflate, DeflatePolicy};
pub use frame::{
    FrameHeader, MAX_HEADER_LENGTH, Opcode, Side, apply_mask, header_length, put_header,
};
pub use handshake::{ClientHandshake, HandshakeFault, ServerReply, accept_key};
