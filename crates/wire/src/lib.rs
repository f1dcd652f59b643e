//! WAMP on the wire: messages, ids, URIs, serializers, framing and signatures, as values.
//!
//! Nothing here does I/O, reads a clock or awaits. Bytes come in as slices, bytes go out into a buffer.
//!
//! Invariants:
//! - The payload is opaque: `args` and `kwargs` stay slices of the frame they came in, checked to be
//!   well formed, never built into a tree on the way through.
//! - Whatever a peer sends ends in a value or a named error, never in a panic, and costs at most a constant
//!   factor of the frame's own size in memory.

pub mod auth;
mod batch;
mod codec;
mod error;
mod fields;
mod format;
mod ids;
mod interfaces;
pub mod jwt;
mod message;
mod payload;
mod plain;
pub mod proxy_protocol;
pub mod rawsocket;
mod record;
mod role;
mod stream;
mod text;
mod uri;
mod value;
pub mod websocket;

pub use batch::*;
pub use codec::MAX_DEPTH;
pub use error::*;
pub use format::*;
pub use ids::*;
pub use interfaces::*;
pub use message::*;
pub use payload::*;
pub use plain::{MAX_DIGITS, date_of_day, day_of_date};
pub use record::*;
pub use role::*;
pub use text::*;
pub use uri::*;
pub use value::{Dict, Value, ValueError, from_value, to_value};
