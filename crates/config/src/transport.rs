use std::collections::BTreeMap;

use serde_json::Value;

use crate::{Endpoint, RawSocket, Web, WebSocket, WebSocketOptions};

/// `transports[]`: a listening transport.
#[derive(Clone, Debug)]
pub struct Transport {
    /// `id`: unique in its worker.
    pub id: String,
    /// `endpoint`
    pub endpoint: Endpoint,
    /// `max_connections`: connections beyond are closed as soon as accepted.
    pub max_connections: usize,
    /// `type` and what belongs to it.
    pub kind: TransportKind,
    /// The transport's JSON, as the management API carries it.
    pub raw: Value,
}

/// What a transport speaks.
#[derive(Clone, Debug)]
pub enum TransportKind {
    /// `websocket`: on any request path.
    WebSocket(Box<WebSocket>),
    /// `rawsocket`
    RawSocket(RawSocket),
    /// `web`
    Web(Web),
    /// `universal`: several of these, told apart by the first octets.
    Universal(Box<Universal>),
    /// `websocket.testee`: sends back every message.
    WebSocketTestee(Box<WebSocketOptions>),
    /// `stream.testee`: sends back every octet.
    StreamTestee,
}

/// `universal`: what is absent closes the connections that ask for it.
#[derive(Clone, Debug, Default)]
pub struct Universal {
    /// `rawsocket`: connections that begin with the octet 0x7F.
    pub rawsocket: Option<RawSocket>,
    /// `websocket`: by the first component of the request's path (`/` for none).
    pub websocket: BTreeMap<String, WebSocket>,
    /// `web`: all other HTTP requests.
    pub web: Option<Web>,
}

/// How much may wait for a session that does not read, and what then happens.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct QueueLimits {
    /// `send_queue_limit` in octets.
    pub octets: usize,
    /// `send_queue_overflow`
    pub overflow: Overflow,
}

/// `send_queue_overflow`: what is done when a session's queue is over its limit.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Overflow {
    /// `close`: the session is ended.
    #[default]
    Close,
    /// `drop`: events are dropped and counted; other messages end the session.
    Drop,
}

impl Default for QueueLimits {
    fn default() -> Self {
        Self {
            octets: 64 << 20,
            overflow: Overflow::Close,
        }
    }
}
