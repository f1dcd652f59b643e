use crossbar_client::{CloseReason, ConnectError, Format, Options, Value, connect};
use crossbar_wire::websocket::{
    CloseCode, Decoder, DeflatePolicy, Incoming, Limits, MessageKind, Opcode, Outgoing, Side,
    accept_key, put_close, put_control, put_message,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::script::{WELCOME, json, soon};

/// The server's side of a WebSocket.
struct Server {
    stream: TcpStream,
    decoder: Decoder,
    compressor: Option<crossbar_wire::websocket::Compressor>,
}

impl Server {
    /// Accepts a client with subprotocol `protocol`; gives its request.
    async fn accept(listener: &TcpListener, protocol: &str) -> (Self, String) {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            soon(stream.read_buf(&mut request)).await.unwrap();
        }
        let request = String::from_utf8(request).unwrap();
        let field = |name: &str| {
            request
                .lines()
                .find_map(|line| line.strip_prefix(name))
                .map(str::trim)
        };
        let deflate = field("Sec-WebSocket-Extensions:")
            .and_then(|offers| DeflatePolicy::default().choose(offers));
        let extension = deflate.map_or_else(String::new, |deflate| {
            format!("Sec-WebSocket-Extensions: {}\r\n", deflate.answer())
        });
        let reply = format!(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Accept: {}\r\nSec-WebSocket-Protocol: {protocol}\r\n{extension}\r\n",
            accept_key(field("Sec-WebSocket-Key:").unwrap())
        );
        stream.write_all(reply.as_bytes()).await.unwrap();
        let limits = Limits {
            max_frame: usize::MAX,
            max_message: 1 << 24,
        };
        let mut decoder = Decoder::new(Side::Server, limits);
        if let Some(deflate) = deflate {
            decoder = decoder.with_deflate(deflate.decompressor(Side::Server));
        }
        let server = Self {
            stream,
            decoder,
            compressor: deflate.map(|deflate| deflate.compressor(Side::Server)),
        };
        (server, request)
    }

    async fn hears(&mut self) -> Incoming {
        loop {
            if let Some(incoming) = self.decoder.next_message().unwrap() {
                return incoming;
            }
            let mut octets = Vec::new();
            assert_ne!(soon(self.stream.read_buf(&mut octets)).await.unwrap(), 0);
            self.decoder.feed(&octets);
        }
    }

    async fn expects(&mut self, message: &str) {
        let Incoming::Message {
            kind: MessageKind::Text,
            octets,
        } = self.hears().await
        else {
            panic!("no text message");
        };
        assert_eq!(octets, message);
    }

    async fn says(&mut self, message: &str) {
        let mut out = Vec::new();
        let how = Outgoing {
            compressor: self.compressor.as_mut(),
            ..Outgoing::default()
        };
        put_message(&mut out, MessageKind::Text, message.as_bytes(), how);
        self.stream.write_all(&out).await.unwrap();
    }
}

async fn listener() -> (TcpListener, crossbar_client::Target) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}/ws?a=b", listener.local_addr().unwrap());
    (listener, url.parse().unwrap())
}

async fn opened(options: Options) -> (crossbar_client::Session, Server, String) {
    let (listener, target) = listener().await;
    let (session, (server, request)) = tokio::join!(connect(&target, options), async {
        let (mut server, request) = Server::accept(&listener, "wamp.2.json").await;
        assert!(matches!(server.hears().await, Incoming::Message { .. }));
        server.says(WELCOME).await;
        (server, request)
    });
    (session.unwrap(), server, request)
}

#[tokio::test]
async fn messages_go_both_ways_plain_and_compressed() {
    for deflate in [false, true] {
        let options = Options {
            deflate,
            headers: vec![("Origin".to_owned(), "http://x".to_owned())],
            formats: vec![Format::Cbor, Format::Json],
            ..json()
        };
        let (session, mut server, request) = opened(options).await;
        assert!(
            request.starts_with("GET /ws?a=b HTTP/1.1\r\nHost: 127.0.0.1:"),
            "{request}"
        );
        assert!(
            request.contains("Protocol: wamp.2.cbor,wamp.2.json\r\n"),
            "{request}"
        );
        assert!(request.contains("Origin: http://x\r\n"), "{request}");
        assert_eq!(server.compressor.is_some(), deflate);
        assert_eq!(session.details().unwrap().format, Format::Json);
        let long = "long ".repeat(20_000);
        let (result, ()) = tokio::join!(session.call::<String>("com.x", &*long), async {
            server
                .expects(&format!(r#"[48,1,{{}},"com.x",["{long}"]]"#))
                .await;
            server.says(&format!(r#"[50,1,{{}},["{long}"]]"#)).await;
        });
        assert_eq!(result.unwrap(), long);
    }
}

#[tokio::test]
async fn pings_are_answered_and_a_close_ends_the_session() {
    let (session, mut server, _) = opened(json()).await;
    let mut out = Vec::new();
    put_control(&mut out, Opcode::Ping, b"hi", None);
    server.stream.write_all(&out).await.unwrap();
    assert_eq!(server.hears().await, Incoming::Pong("hi".into()));
    let mut out = Vec::new();
    put_close(&mut out, Some(CloseCode::GOING_AWAY), "so long", None);
    server.stream.write_all(&out).await.unwrap();
    let Incoming::Close(Some(frame)) = server.hears().await else {
        panic!("no close frame");
    };
    assert_eq!(frame.code, CloseCode::GOING_AWAY);
    let CloseReason::Lost(error) = soon(session.closed()).await else {
        panic!("another reason");
    };
    assert_eq!(
        error.to_string(),
        "the router closed the WebSocket with code 1001: so long"
    );
}

#[tokio::test]
async fn leaving_closes_the_websocket() {
    let (session, mut server, _) = opened(json()).await;
    tokio::join!(session.leave(), async {
        server.expects(r#"[6,{},"wamp.close.close_realm"]"#).await;
        server.says(r#"[6,{},"wamp.close.goodbye_and_out"]"#).await;
        let Incoming::Close(Some(frame)) = server.hears().await else {
            panic!("no close frame");
        };
        assert_eq!(frame.code, CloseCode::NORMAL);
    });
}

#[tokio::test]
async fn broken_frames_are_answered_with_their_close_code() {
    for (octets, code) in [
        (&b"\x81\x01\xff"[..], CloseCode::INVALID_PAYLOAD),
        (b"\x82\x01\x00", CloseCode::UNSUPPORTED_DATA),
        (b"\x81\x80\0\0\0\0", CloseCode::PROTOCOL_ERROR),
        (b"\x81\x7f\0\0\0\0\x10\0\0\0", CloseCode::MESSAGE_TOO_BIG),
    ] {
        let (session, mut server, _) = opened(json()).await;
        server.stream.write_all(octets).await.unwrap();
        let Incoming::Close(Some(frame)) = server.hears().await else {
            panic!("no close frame");
        };
        assert_eq!(frame.code, code, "{octets:02x?}");
        let error = session.call::<Value>("com.x", &()).await;
        assert!(error.is_err());
        assert!(matches!(soon(session.closed()).await, CloseReason::Lost(_)));
    }
}

#[tokio::test]
async fn a_failed_handshake_is_an_error() {
    let (listener, target) = listener().await;
    let options = json();
    let (refused, ()) = tokio::join!(connect(&target, options.clone()), async {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = Vec::new();
        stream.read_buf(&mut request).await.unwrap();
        stream
            .write_all(b"HTTP/1.1 403 Forbidden\r\n\r\n")
            .await
            .unwrap();
    });
    let error = refused.unwrap_err();
    let ConnectError::WebSocket(fault) = error else {
        panic!("{error}");
    };
    assert_eq!(fault.to_string(), "the server answered 403 Forbidden");
    let (refused, _) = tokio::join!(
        connect(&target, options),
        Server::accept(&listener, "wamp.2.cbor")
    );
    assert!(matches!(refused, Err(ConnectError::WebSocket(_))));
}
