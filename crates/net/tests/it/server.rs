//! A router with one realm and one transport.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use crossbar_config::{
    Endpoint, Interface, Ports, QueueLimits, RawSocket, TcpEndpoint, Transport, TransportKind,
    Universal, WebSocket, WebSocketOptions,
};
use crossbar_core::{Access, Authorization, Limits, RealmOptions, RoleConfig};
use crossbar_net::{Address, Listener, Router, listen};
use crossbar_wire::{Format, Text};

/// The realm that everybody may join and do everything in.
pub(crate) const REALM: Text = Text::from_static("realm1");

/// A router that listens on the loopback interface.
pub(crate) struct Server {
    pub(crate) router: Arc<Router>,
    pub(crate) listener: Listener,
    pub(crate) address: SocketAddr,
}

impl Server {
    /// Starts one that speaks all protocols on one port.
    pub(crate) fn start() -> Self {
        Self::with(universal(rawsocket(), websocket()))
    }

    /// Starts one with this transport.
    pub(crate) fn with(kind: TransportKind) -> Self {
        Self::with_options(kind, RealmOptions::default())
    }

    /// Starts one with this transport, whose realm has these options.
    pub(crate) fn with_options(kind: TransportKind, options: RealmOptions) -> Self {
        Self::on(realm_with(options), &transport(kind))
    }

    /// Starts a transport on a router.
    pub(crate) fn on(router: Arc<Router>, transport: &Transport) -> Self {
        let listener = listen(transport, &router, None).unwrap();
        let address = match listener.local_address() {
            Address::Tcp(address) => *address,
            Address::Unix(path) => panic!("{}", path.display()),
        };
        Self {
            router,
            listener,
            address,
        }
    }

    /// Waits until as many sessions are open in the realm.
    pub(crate) async fn sessions(&self, count: usize) {
        let reached = async {
            while self.router.sessions(&REALM).unwrap() != count {
                tokio::task::yield_now().await;
            }
        };
        crate::peer::soon(reached).await;
    }
}

/// Makes a router with the realm.
pub(crate) fn realm() -> Arc<Router> {
    realm_with(RealmOptions::default())
}

/// Makes a router whose realm has these options.
fn realm_with(options: RealmOptions) -> Arc<Router> {
    let router = Router::new();
    let role = RoleConfig {
        name: Text::from_static("anonymous"),
        authorization: Authorization::Always(true),
        trustlevel: None,
        limits: Limits::default(),
        max_sessions: None,
    };
    router.start_realm(&REALM, options, [role]).unwrap();
    router
}

/// Makes a transport on a free port of the loopback interface.
pub(crate) fn transport(kind: TransportKind) -> Transport {
    Transport {
        id: "transport001".to_owned(),
        endpoint: Endpoint::Tcp(tcp(0)),
        max_connections: 1000,
        max_connections_per_address: None,
        forwarding: crossbar_config::Forwarding::default(),
        kind,
        raw: crossbar_config::Raw::default(),
    }
}

pub(crate) fn tcp(port: u16) -> TcpEndpoint {
    TcpEndpoint {
        ports: Ports::One(port),
        interface: Interface::Address("127.0.0.1".parse().unwrap()),
        backlog: 50,
        shared: false,
        user_timeout: None,
        proxy_protocol: crossbar_config::Proxies::default(),
        tls: None,
    }
}

pub(crate) fn universal(rawsocket: RawSocket, websocket: WebSocket) -> TransportKind {
    TransportKind::Universal(Box::new(Universal {
        rawsocket: Some(rawsocket),
        websocket: [("ws".to_owned(), websocket)].into(),
        web: None,
    }))
}

pub(crate) fn rawsocket() -> RawSocket {
    RawSocket {
        formats: Format::OFFERED.to_vec(),
        max_message_size: 1 << 24,
        queue: QueueLimits::default(),
        hello_timeout: Some(Duration::from_secs(10)),
        strict_request_ids: false,
        access: Access::Open,
        limits: Arc::default(),
    }
}

pub(crate) fn websocket() -> WebSocket {
    WebSocket {
        url: None,
        formats: Format::OFFERED.to_vec(),
        options: WebSocketOptions {
            hello_timeout: Some(Duration::from_secs(10)),
            ..WebSocketOptions::default()
        },
        access: Access::Open,
        cookie: None,
        limits: Arc::default(),
    }
}
