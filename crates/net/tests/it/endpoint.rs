//! Addresses to listen on.

use crossbar_config::{Endpoint, Interface, Ports, TransportKind, UnixEndpoint};
use crossbar_net::{Address, ListenError, Router, listen};
use tokio::io::AsyncWriteExt;

use crate::peer::{Raw, dial, exchange, soon, to_end};
use crate::server::{Server, rawsocket, tcp, transport};

#[tokio::test]
async fn a_port_in_use_is_named() {
    let server = Server::start();
    let mut second = transport(TransportKind::RawSocket(rawsocket()));
    second.endpoint = Endpoint::Tcp(tcp(server.address.port()));
    let error = listen(&second, &server.router, None).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "cannot listen on {}: Address already in use",
            server.address
        )
    );
}

#[tokio::test]
async fn the_first_free_port_of_a_range_is_taken() {
    let server = Server::start();
    let port = server.address.port();
    let mut ranged = tcp(0);
    ranged.ports = Ports::Range(port..=port.saturating_add(20));
    let mut second = transport(TransportKind::RawSocket(rawsocket()));
    second.endpoint = Endpoint::Tcp(ranged.clone());
    let listener = listen(&second, &server.router, None).unwrap();
    let Address::Tcp(address) = listener.local_address() else {
        panic!("{listener:?}");
    };
    assert!(address.port() > port);
    ranged.ports = Ports::Range(port..=port);
    second.endpoint = Endpoint::Tcp(ranged);
    let error = listen(&second, &server.router, None).unwrap_err();
    assert!(matches!(error, ListenError::Range { .. }), "{error}");
}

#[tokio::test]
async fn localhost_is_answered_without_an_interface() {
    let mut everywhere = tcp(0);
    everywhere.interface = Interface::All;
    let mut open = transport(TransportKind::RawSocket(rawsocket()));
    open.endpoint = Endpoint::Tcp(everywhere);
    let server = Server::on(Router::new(), &open);
    let port = server.address.port();
    Raw::connect(([127, 0, 0, 1], port).into()).await;
    if std::net::TcpListener::bind("[::1]:0").is_ok() {
        Raw::connect(format!("[::1]:{port}").parse().unwrap()).await;
    }
}

#[tokio::test]
async fn several_listeners_share_a_port() {
    let mut shared = tcp(0);
    shared.shared = true;
    let mut first = transport(TransportKind::RawSocket(rawsocket()));
    first.endpoint = Endpoint::Tcp(shared.clone());
    let server = Server::on(Router::new(), &first);
    shared.ports = Ports::One(server.address.port());
    first.endpoint = Endpoint::Tcp(shared);
    listen(&first, &server.router, None).unwrap();
}

#[cfg(unix)]
#[tokio::test]
async fn t07_a_unix_socket_replaces_only_a_dead_one() {
    use std::os::unix::fs::PermissionsExt;

    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("router.sock");
    let mut unix = transport(TransportKind::RawSocket(rawsocket()));
    unix.endpoint = Endpoint::Unix(UnixEndpoint {
        path: path.clone(),
        backlog: 50,
        proxy_protocol: false,
    });
    std::fs::write(&path, "a file").unwrap();
    let error = listen(&unix, &Router::new(), None).unwrap_err();
    assert!(matches!(error, ListenError::NotASocket { .. }), "{error}");
    assert_eq!(std::fs::read(&path).unwrap(), b"a file");
    std::fs::remove_file(&path).unwrap();

    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    let router = Router::new();
    listen(&unix, &router, None).unwrap();
    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o660);
    let error = listen(&unix, &router, None).unwrap_err();
    assert!(
        error.to_string().ends_with("Address already in use"),
        "{error}"
    );

    let mut stream = soon(tokio::net::UnixStream::connect(&path)).await.unwrap();
    stream.write_all(&[0x7f, 0xf1, 0, 0]).await.unwrap();
    let mut reply = [0; 4];
    soon(tokio::io::AsyncReadExt::read_exact(&mut stream, &mut reply))
        .await
        .unwrap();
    assert_eq!(reply, [0x7f, 0xf1, 0, 0]);
}

#[tokio::test]
async fn connections_beyond_the_limit_are_closed() {
    let mut limited = transport(TransportKind::RawSocket(rawsocket()));
    limited.max_connections = 1;
    let server = Server::on(Router::new(), &limited);
    let first = Raw::connect(server.address).await;
    let mut second = dial(server.address).await;
    assert_eq!(to_end(&mut second).await, b"");
    assert_eq!(server.router.statistics().connections_refused, 1);
    drop(first);
    let freed = async {
        while server.router.statistics().connections_open > 0 {
            tokio::task::yield_now().await;
        }
    };
    soon(freed).await;
    Raw::connect(server.address).await;
}

#[tokio::test]
async fn a_stopped_listener_leaves_its_connections() {
    let server = Server::start();
    let mut raw = Raw::join(server.address).await;
    server.listener.stop();
    let refused = async {
        while tokio::net::TcpStream::connect(server.address).await.is_ok() {
            tokio::task::yield_now().await;
        }
    };
    soon(refused).await;
    assert_eq!(raw.ask(r#"[32,1,{},"com.example.topic"]"#).await[0], 33);
}

#[tokio::test]
async fn a_stream_testee_sends_octets_back() {
    let server = Server::with(TransportKind::StreamTestee);
    let mut stream = dial(server.address).await;
    stream.write_all(b"anything").await.unwrap();
    stream.shutdown().await.unwrap();
    assert_eq!(exchange(&mut stream, b"").await, b"anything");
}
