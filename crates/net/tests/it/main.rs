//! Conversations on the wire with a router that listens on a port the system chooses.

#![expect(clippy::unwrap_used, reason = "a helper that fails, fails its test")]

mod abuse;
mod attacks;
mod authenticators;
mod authorizers;
mod batched;
mod cookies;
mod delegating;
mod endpoint;
mod ends;
mod events;
mod flatbuffers;
mod handshake;
mod limits;
mod meta;
mod office;
mod origins;
mod peer;
mod proxies;
mod server;
mod tls;
mod tokens;
mod websocket;
