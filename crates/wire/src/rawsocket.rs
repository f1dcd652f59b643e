//! RawSocket: the handshake and the length-prefixed frames (WAMP spec, "RawSocket Transport").
//!
//! Values only: octets come in as slices, what is to be sent comes out as octets. A [`Deframer`] cuts a byte
//! stream into messages, which are slices of the batch they came in.

mod deframer;
mod frame;
mod handshake;

pub use deframer::{Deframer, Incoming};
pub use frame::{FrameError, FrameHeader, FrameKind, HEADER_LENGTH};
pub use handshake::{Handshake, HandshakeError, Length, MAGIC, Refusal, ReplyError};
