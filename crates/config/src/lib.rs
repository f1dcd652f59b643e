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

mod access;
mod ciphers;
mod connecting;
mod cookie;
mod default_node;
mod endpoint;
mod fault;
mod file;
mod inventory;
mod items;
mod json;
mod limits;
mod listening;
mod longpoll;
mod names;
mod node;
mod origins;
mod permission;
mod place;
mod proxies;
mod rawsocket;
mod reading;
mod realm;
mod serializers;
mod shown;
mod stats;
mod store;
mod substitution;
mod surroundings;
mod tls;
mod transport;
mod web;
mod web_services;
mod websocket;
mod websocket_options;
mod worker;
mod written;

pub use ciphers::CipherSuite;
pub use connecting::{ConnectingEndpoint, Remote};
pub use cookie::{Cookie, CookieDatabase, CookieStore, SameSite};
pub use default_node::default_node;
pub use endpoint::{Endpoint, Interface, IpVersion, Ports, TcpEndpoint, UnixEndpoint};
pub use fault::{Fault, Faults, Hint, Notice, Problem};
pub use file::{Notation, find_file, load, read_document};
pub use items::{
    read_connecting_endpoint, read_realm, read_role, read_testee_transport, read_transport,
    read_web_service, read_worker_options,
};
pub use longpoll::LongPoll;
pub use node::{Controller, Node, ShutdownRule};
pub use origins::names_host;
pub use proxies::{ForwardedHeader, Forwarding, Network, Proxies};
pub use rawsocket::RawSocket;
pub use realm::{Realm, Role};
pub use shown::shown;
pub use surroundings::{Environment, Raw, Surroundings, environment};
pub use tls::{CertificateFiles, ClientCertificates, ClientTls, ServerTls, TlsVersions};
pub use transport::{Overflow, QueueLimits, Transport, TransportKind, Universal};
pub use web::{JsonDocument, StaticFiles, Web, WebOptions, WebService};
pub use websocket::{AutoPing, Deflate, WebSocket, WebSocketOptions};
pub use worker::{Inherit, ProcessEnvironment, Router, Worker, WorkerKind, WorkerOptions};
