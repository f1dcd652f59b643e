//! The node configuration: read, substituted, checked whole, with every fault and its path.
//!
//! What is written in a file has private types (`…AsWritten`); what the rest of the program uses are the public
//! types here: defaults filled in, times as durations, paths absolute, sizes in octets.
//!
//! Invariants:
//! - Reading goes on after a fault: [`load`] reports all of them, each with its place.
//! - An item's `raw` is its JSON after substitution of environment variables and with its id filled in; reading it
//!   again gives the same item. The management API carries that form.
//! - Nothing here runs anything, and no name is resolved.

mod endpoint;
mod fault;
mod node;
mod rawsocket;
mod realm;
mod transport;
mod web;
mod websocket;
mod worker;

pub use endpoint::{Endpoint, Interface, IpVersion, Ports, TcpEndpoint, UnixEndpoint};
pub use fault::{Fault, Faults, Hint, Notice, Problem};
pub use node::{Controller, Node, ShutdownRule};
pub use rawsocket::RawSocket;
pub use realm::{Realm, Role};
pub use transport::{Overflow, QueueLimits, Transport, TransportKind, Universal};
pub use web::{JsonDocument, StaticFiles, Web, WebOptions, WebService};
pub use websocket::{AutoPing, Deflate, WebSocket, WebSocketOptions};
pub use worker::{Inherit, ProcessEnvironment, Router, Worker, WorkerKind, WorkerOptions};
