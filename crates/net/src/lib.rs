//! net.

mod site;

pub use site::{Body, BoxFuture, Peer, Reply, Site};

/// A WebSocket endpoint of a transport: its settings and the realms behind it.
#[derive(Debug)]
pub struct WebSocketService {}
