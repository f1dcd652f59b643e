//! Sockets to realms: endpoints, RawSocket, WebSocket, their detection, and the driver of each realm.
//!
//! One task serves one connection: it reads, decodes, hands its messages to the realm and writes what waits. The realm is
//! locked by whoever has messages for it; what it commands is queued at the receivers before it is unlocked, so that
//! the order of the core is the order on the wire.
//!
//! Invariants:
//! - No lock is held over an await, and none while a peer is waited for.
//! - A connection at rest holds no buffer, and no timer once its session is open (pings aside).
//! - What waits for a peer has a limit in octets; a peer that never speaks or never closes has a time limit,
//!   unless a configuration lifts it.
//! - However a connection ends, its realm is told.

mod admission;
mod allowance;
mod asking;
mod blocking;
mod clock;
mod computing;
mod connection;
mod cookies;
mod delivery;
mod driver;
mod endpoint;
mod failures;
mod forwarded;
mod framing;
mod gate;
mod http;
mod identity;
mod inlet;
mod introduction;
mod keepalive;
mod keys;
mod large;
mod listener;
mod longpoll;
mod manners;
mod meter;
mod origin;
mod outlet;
mod pace;
mod places;
mod pool;
mod rawsocket;
mod router;
mod runtime;
mod sending;
mod session;
mod site;
mod sites;
mod statistics;
mod subprotocol;
mod testee;
mod throttle;
mod time;
mod tls;
mod upgrade;
mod websocket;
mod writer;

pub use cookies::CookieStoreError;
pub use endpoint::{Address, ListenError};
pub use listener::{Listener, listen, serve_stream};
pub use longpoll::{Gone, LongPollService, LongPollTransport, OpenFault, SendFault};
pub use origin::{Foreign, Page};
pub use router::{RealmError, Router};
pub use runtime::runtime;
pub use site::{Body, BoxFuture, Peer, Reply, Site, empty, full, guarded};
pub use statistics::Statistics;
pub use tls::{TlsConcern, TlsFault, TlsProblem, TlsWarning, check_tls};
pub use websocket::WebSocketService;
