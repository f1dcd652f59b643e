//! Whose a connection is when a proxy has passed it on.

use std::time::Duration;

use crossbar_config::{
    Endpoint, ForwardedHeader, Forwarding, Network, Proxies, Transport, UnixEndpoint,
};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::peer::{HELLO, Raw, Web, dial, exchange, soon, to_end};
use crate::server::{Server, rawsocket, realm, tcp, transport, universal, websocket};

const LINE: &[u8] = b"PROXY TCP4 192.0.2.7 127.0.0.1 4711 80\r\n";
const LOOPBACK: &str = "127.0.0.0/8";
const ELSEWHERE: &str = "10.0.0.0/8";

fn proxies(network: &str) -> Proxies {
    Proxies::new(vec![Network::parse(network).unwrap()], false)
}

/// A transport that expects the PROXY protocol's header from a network.
fn introduced_from(network: &str) -> Transport {
    let mut transport = transport(universal(rawsocket(), websocket()));
    let mut endpoint = tcp(0);
    endpoint.proxy_protocol = proxies(network);
    transport.endpoint = Endpoint::Tcp(endpoint);
    transport
}

/// A transport that believes a header of HTTP requests from a network.
fn forwarded_from(network: &str, header: ForwardedHeader) -> Transport {
    let mut transport = transport(universal(rawsocket(), websocket()));
    transport.forwarding = Forwarding {
        proxies: proxies(network),
        header,
    };
    transport
}

/// Gives `details.transport` of a session, as another session sees it.
async fn transport_of(raw: &mut Raw, session: &Value) -> Value {
    let get = format!(r#"[48,1,{{}},"wamp.session.get",[{session}]]"#);
    raw.ask(&get).await[3][0]["transport"].clone()
}

/// Shakes hands over a stream that a proxy has begun, and joins.
async fn join(mut stream: tokio::net::TcpStream) -> (Raw, Value) {
    let handshake = [0x7f, 0xf1, 0, 0];
    stream.write_all(&handshake).await.unwrap();
    let mut reply = [0; 4];
    soon(stream.read_exact(&mut reply)).await.unwrap();
    let mut raw = Raw { stream };
    let welcome = raw.ask(HELLO).await;
    assert_eq!(welcome[0], 2);
    (raw, welcome[1].clone())
}

fn binary(command: u8, family: u8, rest: &[u8]) -> Vec<u8> {
    let length = u16::try_from(rest.len()).unwrap().to_be_bytes();
    [
        b"\r\n\r\n\0\r\nQUIT\n",
        &[command, family][..],
        &length,
        rest,
    ]
    .concat()
}

#[tokio::test]
async fn the_address_is_the_one_that_the_proxy_tells() {
    let server = Server::on(realm(), &introduced_from(LOOPBACK));
    let tcp4 = [192, 0, 2, 7, 127, 0, 0, 1, 0x12, 0x67, 0, 80];
    for (header, peer) in [
        (LINE.to_vec(), "tcp4:192.0.2.7:4711"),
        (
            b"PROXY TCP6 2001:db8::9 ::1 4711 80\r\n".to_vec(),
            "tcp6:2001:db8::9:4711",
        ),
        (binary(0x21, 0x11, &tcp4), "tcp4:192.0.2.7:4711"),
        (
            binary(0x21, 0x11, &[&tcp4[..], &[4, 0, 1, 0]].concat()),
            "tcp4:192.0.2.7:4711",
        ),
        (b"PROXY UNKNOWN\r\n".to_vec(), "tcp4:127.0.0.1:"),
        (binary(0x20, 0x00, &[]), "tcp4:127.0.0.1:"),
    ] {
        let mut stream = dial(server.address).await;
        stream.write_all(&header).await.unwrap();
        let (mut raw, session) = join(stream).await;
        let transport = transport_of(&mut raw, &session).await;
        let told = transport["peer"].as_str().unwrap();
        assert!(told.starts_with(peer), "{told}");
    }
}

#[tokio::test]
async fn without_a_header_a_proxys_connection_is_closed() {
    let server = Server::on(realm(), &introduced_from(LOOPBACK));
    for octets in [
        &b"\x7f\xf1\0\0GET / HTTP/1.1"[..],
        b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        b"PROXY TCP4 1.1.1.1 2.2.2.2 1 2\n",
        &binary(0x21, 0x12, &[0; 12]),
        &binary(0x21, 0x11, &[0xFF; 5000]),
    ] {
        let mut stream = dial(server.address).await;
        assert_eq!(exchange(&mut stream, octets).await, b"", "{octets:?}");
    }
    assert_eq!(server.router.statistics().connections_accepted, 0);
}

#[tokio::test(start_paused = true)]
async fn a_header_has_a_time_limit() {
    let server = Server::on(realm(), &introduced_from(LOOPBACK));
    let mut stream = dial(server.address).await;
    stream.write_all(b"PROXY TC").await.unwrap();
    let started = tokio::time::Instant::now();
    let mut rest = Vec::new();
    let _ = stream.read_to_end(&mut rest).await;
    assert!(started.elapsed() <= Duration::from_secs(6));
    assert_eq!(rest, b"");
}

#[tokio::test]
async fn from_elsewhere_a_header_is_no_header() {
    let server = Server::on(realm(), &introduced_from(ELSEWHERE));
    let mut stream = dial(server.address).await;
    let request = [LINE, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"].concat();
    let answer = exchange(&mut stream, &request).await;
    assert!(answer.starts_with(b"HTTP/1.1 400 "), "{answer:?}");
    let mut stream = dial(server.address).await;
    stream.write_all(&binary(0x20, 0, &[])).await.unwrap();
    to_end(&mut stream).await;
    server.sessions(0).await;
    // Whoever is no proxy is served as ever.
    Raw::join(server.address).await.leave().await;
}

#[cfg(unix)]
#[tokio::test]
async fn a_proxy_on_a_unix_socket_introduces_its_clients() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("router.sock");
    let mut transport = transport(universal(rawsocket(), websocket()));
    transport.endpoint = Endpoint::Unix(UnixEndpoint {
        path: path.clone(),
        backlog: 50,
        proxy_protocol: true,
    });
    let router = realm();
    crossbar_net::listen(&transport, &router, None).unwrap();
    let mut stream = tokio::net::UnixStream::connect(&path).await.unwrap();
    let hello = [
        LINE,
        &[0x7f, 0xf1, 0, 0, 0, 0, 0],
        &[u8::try_from(HELLO.len()).unwrap()],
        HELLO.as_bytes(),
    ];
    stream.write_all(&hello.concat()).await.unwrap();
    let mut head = [0; 8];
    soon(stream.read_exact(&mut head)).await.unwrap();
    assert_eq!(head[..4], [0x7f, 0xf1, 0, 0]);
    let mut stream = tokio::net::UnixStream::connect(&path).await.unwrap();
    stream.write_all(&[0x7f, 0xf1, 0, 0]).await.unwrap();
    stream.write_all(&[0; 11]).await.unwrap();
    let mut nothing = Vec::new();
    let _ = soon(stream.read_to_end(&mut nothing)).await;
    assert_eq!(nothing, b"");
}

/// Joins over WebSocket with these header lines; gives what the session meta API tells of the transport.
async fn transport_with(server: &Server, lines: &str) -> Value {
    let lines = format!("Sec-WebSocket-Protocol: wamp.2.json\r\n{lines}");
    let mut web = Web::connect(server.address, "/ws", &lines).await;
    web.send(HELLO).await;
    let session = web.receive().await[1].clone();
    let mut raw = Raw::join(server.address).await;
    transport_of(&mut raw, &session).await
}

#[tokio::test]
async fn trusted_proxies_tell_whose_a_request_is() {
    let server = Server::on(
        realm(),
        &forwarded_from(LOOPBACK, ForwardedHeader::XForwardedFor),
    );
    let lines = "X-Forwarded-For: 6.6.6.6, 192.0.2.7\r\nX-Forwarded-Proto: https\r\n";
    let transport = transport_with(&server, lines).await;
    assert_eq!(transport["peer"], "tcp4:192.0.2.7:0");
    assert_eq!(transport["channel_type"], "tls");
    let lines = "Forwarded: for=6.6.6.6\r\n";
    let told = transport_with(&server, lines).await["peer"].to_string();
    assert!(told.starts_with("\"tcp4:127.0.0.1:"), "{told}");

    let server = Server::on(
        realm(),
        &forwarded_from(LOOPBACK, ForwardedHeader::Forwarded),
    );
    let lines = "Forwarded: for=\"[2001:db8::7]:99\"\r\nX-Forwarded-For: 6.6.6.6\r\n";
    let transport = transport_with(&server, lines).await;
    assert_eq!(transport["peer"], "tcp6:2001:db8::7:99");
    assert_eq!(transport["channel_type"], "tcp");
}

#[tokio::test]
async fn requests_that_hide_whose_they_are_get_400() {
    for (header, lines) in [
        (
            ForwardedHeader::XForwardedFor,
            "Connection: close, X-Forwarded-For\r\n",
        ),
        (
            ForwardedHeader::Forwarded,
            "Connection: close\r\nForwarded: for=\", for=192.0.2.7\r\n",
        ),
    ] {
        let request = format!("GET /ws HTTP/1.1\r\nHost: a\r\n{lines}\r\n");
        for (network, status) in [(LOOPBACK, "400"), (ELSEWHERE, "200")] {
            let server = Server::on(realm(), &forwarded_from(network, header));
            let mut stream = dial(server.address).await;
            let answer = exchange(&mut stream, request.as_bytes()).await;
            let answer = String::from_utf8_lossy(&answer);
            assert!(
                answer.starts_with(&format!("HTTP/1.1 {status} ")),
                "{answer}"
            );
        }
    }
}

#[tokio::test]
async fn forged_headers_are_ignored() {
    let lines = "X-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Proto: https\r\nForwarded: for=192.0.2.7\r\n\
                 X-Real-IP: 192.0.2.7\r\nTrue-Client-IP: 192.0.2.7\r\n";
    for transport in [
        transport(universal(rawsocket(), websocket())),
        forwarded_from(ELSEWHERE, ForwardedHeader::XForwardedFor),
        forwarded_from(ELSEWHERE, ForwardedHeader::Forwarded),
    ] {
        let server = Server::on(realm(), &transport);
        let transport = transport_with(&server, lines).await;
        let told = transport["peer"].to_string();
        assert!(told.starts_with("\"tcp4:127.0.0.1:"), "{told}");
        assert_eq!(transport["is_secure"], false);
    }
}

#[tokio::test]
async fn an_addresss_limit_is_for_clients_and_not_for_proxies() {
    let mut introduced = introduced_from(LOOPBACK);
    introduced.max_connections_per_address = Some(1);
    let server = Server::on(realm(), &introduced);
    let mut open = Vec::new();
    for client in ["192.0.2.1", "192.0.2.2"] {
        let mut stream = dial(server.address).await;
        let line = format!("PROXY TCP4 {client} 127.0.0.1 1 80\r\n");
        stream.write_all(line.as_bytes()).await.unwrap();
        open.push(join(stream).await);
    }
    let mut again = dial(server.address).await;
    let octets = exchange(&mut again, b"PROXY TCP4 192.0.2.1 127.0.0.1 2 80\r\n").await;
    assert_eq!(octets, b"");

    let mut forwarded = forwarded_from(LOOPBACK, ForwardedHeader::XForwardedFor);
    forwarded.max_connections_per_address = Some(1);
    let server = Server::on(realm(), &forwarded);
    let _first = Raw::join(server.address).await;
    let _second = Raw::join(server.address).await;
}
