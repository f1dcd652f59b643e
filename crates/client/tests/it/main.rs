//! Conversations of the client with a router that follows a script, and with the real one.

#![expect(clippy::unwrap_used, reason = "a failure here is a failed test")]

mod authenticators;
mod callee;
mod caller;
mod opening;
mod proofs;
mod pubsub;
mod reconnect;
mod router;
mod script;
mod tls;
mod websocket;
