//! WebSocket connections.

use std::time::Duration;

use crossbar_config::{AutoPing, Deflate, TransportKind, WebSocket, WebSocketOptions};
use crossbar_wire::websocket::{
    Decoder, Deflate as Agreed, Incoming, Limits, MessageKind, Opcode, Outgoing, Side, put_message,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::peer::{HELLO, Web, dial, exchange, soon, upgrade};
use crate::server::{Server, rawsocket, universal, websocket};

const JSON: &str = "Sec-WebSocket-Protocol: wamp.2.json\r\n";

fn with(options: WebSocketOptions) -> Server {
    Server::with(TransportKind::WebSocket(Box::new(WebSocket {
        options,
        ..websocket()
    })))
}

#[tokio::test]
async fn t01_a_session_opens_on_any_path() {
    let server = with(WebSocketOptions::default());
    let mut web = Web::connect(server.address, "/any/path?x=1", JSON).await;
    assert!(web.head.contains("sec-websocket-protocol: wamp.2.json\r\n"));
    web.send(HELLO).await;
    assert_eq!(web.receive().await[0], 2);
}

#[tokio::test]
async fn t01_no_subprotocol_in_common_is_400_with_the_list() {
    let server = Server::start();
    let offer = "Sec-WebSocket-Protocol: wamp.3.json\r\nConnection: close\r\n";
    let (mut stream, head) = upgrade(server.address, "/ws", offer).await;
    assert!(head.starts_with("HTTP/1.1 400 "), "{head}");
    let mut body = String::new();
    soon(stream.read_to_string(&mut body)).await.unwrap();
    assert!(
        body.contains("wamp.2.cbor.batched, wamp.2.cbor, "),
        "{body}"
    );
}

#[tokio::test]
async fn t01_the_wrong_kind_of_message_is_a_violation() {
    let server = Server::start();
    let mut web = Web::join(server.address).await;
    web.send_kind(MessageKind::Binary, br#"[48,1,{},"a.b"]"#)
        .await;
    let abort = web.receive().await;
    assert_eq!(abort[2], "wamp.error.protocol_violation");
    let (code, reason) = web.closed().await;
    assert_eq!(code, 1002);
    assert!(reason.contains("binary"), "{reason}");
    web.send_control(Opcode::Close, &[3, 234]).await;
    assert_eq!(web.next().await, None);
    server.sessions(0).await;
}

#[tokio::test]
async fn t08_other_paths_and_plain_requests_get_an_answer() {
    let server = Server::start();
    for (request, status, content) in [
        (
            "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
            "200",
            "WebSocket service",
        ),
        (
            "GET /other HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
            "404",
            "Not Found",
        ),
        ("nonsense\r\n\r\n", "400", ""),
    ] {
        let mut stream = dial(server.address).await;
        let answer = exchange(&mut stream, request.as_bytes()).await;
        let answer = String::from_utf8(answer).unwrap();
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status} ")),
            "{request}: {answer}"
        );
        assert!(answer.contains(content), "{answer}");
    }
}

#[tokio::test]
async fn i04_request_ids_are_strict_where_the_options_say_so() {
    let server = with(WebSocketOptions {
        strict_request_ids: true,
        ..WebSocketOptions::default()
    });
    let mut web = Web::join(server.address).await;
    web.send(r#"[32,1,{},"com.a"]"#).await;
    assert_eq!(web.receive().await[0], 33);
    web.send(r#"[32,1,{},"com.b"]"#).await;
    let abort = web.receive().await;
    assert_eq!(
        (&abort[0], &abort[2]),
        (&3.into(), &"wamp.error.protocol_violation".into())
    );
}

#[tokio::test]
async fn without_a_status_page_plain_requests_get_426() {
    let server = with(WebSocketOptions {
        enable_webstatus: false,
        ..WebSocketOptions::default()
    });
    let mut stream = dial(server.address).await;
    let request = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    let answer = String::from_utf8(exchange(&mut stream, request).await).unwrap();
    assert!(answer.starts_with("HTTP/1.1 426 "), "{answer}");
}

#[tokio::test]
async fn origins_that_are_not_allowed_get_403() {
    let server = with(WebSocketOptions {
        allowed_origins: vec!["https://app.example.com".to_owned()],
        ..WebSocketOptions::default()
    });
    let with_origin = |origin: &str| format!("{JSON}Origin: {origin}\r\n");
    let (_, head) = upgrade(server.address, "/", &with_origin("https://evil.net")).await;
    assert!(head.starts_with("HTTP/1.1 403 "), "{head}");
    Web::connect(server.address, "/", &with_origin("https://app.example.com")).await;
}

#[tokio::test]
async fn t09_pings_are_answered_and_close_is_answered() {
    let server = Server::start();
    let mut web = Web::join(server.address).await;
    web.send_control(Opcode::Ping, b"now").await;
    assert_eq!(web.next().await, Some(Incoming::Pong("now".into())));
    web.send_control(Opcode::Close, &[0x0f, 0xa0]).await;
    assert_eq!(web.closed().await, (1000, String::new()));
    assert_eq!(web.next().await, None);
    server.sessions(0).await;
}

#[tokio::test]
async fn close_codes_are_echoed_if_configured() {
    let server = with(WebSocketOptions {
        echo_close_codereason: true,
        ..WebSocketOptions::default()
    });
    let mut web = Web::connect(server.address, "/", JSON).await;
    web.send_control(Opcode::Close, b"\x0f\xa0bye").await;
    assert_eq!(web.closed().await, (4000, "bye".to_owned()));
}

#[tokio::test]
async fn t09_unmasked_frames_are_a_violation() {
    let server = Server::start();
    let mut web = Web::join(server.address).await;
    web.stream.write_all(b"\x81\x02[]").await.unwrap();
    assert_eq!(web.receive().await[0], 3);
    assert_eq!(web.closed().await.0, 1002);
}

#[tokio::test]
async fn too_big_messages_are_refused_with_1009() {
    let server = with(WebSocketOptions {
        max_message_size: Some(1000),
        ..WebSocketOptions::default()
    });
    let mut web = Web::connect(server.address, "/", JSON).await;
    web.send(HELLO).await;
    assert_eq!(web.receive().await[0], 2);
    let long = format!(r#"[16,1,{{}},"a.b",["{}"]]"#, "x".repeat(1000));
    web.send(&long).await;
    assert_eq!(web.receive().await[0], 3);
    assert_eq!(web.closed().await.0, 1009);
}

#[tokio::test]
async fn a_violation_drops_the_connection_if_configured() {
    let server = with(WebSocketOptions {
        fail_by_drop: true,
        ..WebSocketOptions::default()
    });
    let mut web = Web::connect(server.address, "/", JSON).await;
    web.send(HELLO).await;
    assert_eq!(web.receive().await[0], 2);
    web.stream.write_all(b"\x81\x02[]").await.unwrap();
    assert_eq!(web.next().await, None);
}

#[tokio::test]
async fn messages_are_cut_into_frames_if_configured() {
    let server = with(WebSocketOptions {
        auto_fragment_size: Some(100),
        ..WebSocketOptions::default()
    });
    let mut web = Web::connect(server.address, "/", JSON).await;
    web.send(HELLO).await;
    let mut header = [0; 2];
    soon(web.stream.read_exact(&mut header)).await.unwrap();
    assert_eq!(header, [0x01, 100]);
}

#[tokio::test]
async fn permessage_deflate_both_ways() {
    let server = with(WebSocketOptions {
        deflate: Some(Deflate::default()),
        ..WebSocketOptions::default()
    });
    let offer = format!("{JSON}Sec-WebSocket-Extensions: permessage-deflate\r\n");
    let (mut stream, head) = upgrade(server.address, "/", &offer).await;
    assert!(
        head.contains("sec-websocket-extensions: permessage-deflate\r\n"),
        "{head}"
    );
    let agreed = Agreed::agreed("permessage-deflate").unwrap();
    let mut compressor = agreed.compressor(Side::Client);
    let limits = Limits {
        max_frame: usize::MAX,
        max_message: usize::MAX,
    };
    let mut decoder =
        Decoder::new(Side::Client, limits).with_deflate(agreed.decompressor(Side::Client));
    for (message, code) in [
        (HELLO, b"[2,"),
        (r#"[32,1,{},"com.example.topic"]"#, b"[33"),
    ] {
        let mut frame = Vec::new();
        let how = Outgoing {
            compressor: Some(&mut compressor),
            mask: Some(&mut || [1, 2, 3, 4]),
            fragment: None,
        };
        put_message(&mut frame, MessageKind::Text, message.as_bytes(), how);
        stream.write_all(&frame).await.unwrap();
        let mut first = None;
        let octets = loop {
            if let Some(Incoming::Message { octets, .. }) = decoder.next_message().unwrap() {
                break octets;
            }
            let mut piece = [0; 4096];
            let count = soon(stream.read(&mut piece)).await.unwrap();
            assert!(count > 0);
            first.get_or_insert(piece[0]);
            decoder.feed(&piece[..count]);
        };
        assert_eq!(first, Some(0xc1), "the frame says that it is compressed");
        assert!(octets.starts_with(code), "{octets:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_answers_no_ping_is_dropped() {
    let server = with(WebSocketOptions {
        auto_ping: Some(AutoPing {
            interval: Duration::from_secs(5),
            timeout: Some(Duration::from_secs(2)),
            size: 12,
            restart_on_any_traffic: true,
        }),
        ..WebSocketOptions::default()
    });
    let mut web = Web::connect(server.address, "/", JSON).await;
    web.send(HELLO).await;
    assert_eq!(web.receive().await[0], 2);
    let Some(Incoming::Ping(payload)) = web.next().await else {
        panic!("a ping must come");
    };
    assert_eq!(payload.len(), 12);
    web.send_control(Opcode::Pong, &payload).await;
    assert!(matches!(web.next().await, Some(Incoming::Ping(_))));
    assert_eq!(web.next().await, None);
    server.sessions(0).await;
}

#[tokio::test(start_paused = true)]
async fn a_handshake_without_a_limit_may_take_as_long_as_it_takes() {
    let server = with(WebSocketOptions {
        hello_timeout: None,
        ..WebSocketOptions::default()
    });
    let mut web = Web::connect(server.address, "/", JSON).await;
    // Longer than the limit that there is by default.
    for _ in 0..3 {
        let answer = tokio::time::timeout(Duration::from_secs(15), web.next()).await;
        assert!(answer.is_err(), "{answer:?}");
    }
    web.send(HELLO).await;
    assert_eq!(web.receive().await[0], 2);
}

#[tokio::test]
async fn a_testee_sends_messages_back() {
    let server = Server::with(TransportKind::WebSocketTestee(Box::default()));
    let mut web = Web::connect(server.address, "/", "").await;
    for (kind, octets) in [
        (MessageKind::Text, &b"text"[..]),
        (MessageKind::Binary, &[0, 255]),
        (MessageKind::Text, b""),
    ] {
        web.send_kind(kind, octets).await;
        let octets = bytes::Bytes::copy_from_slice(octets);
        assert_eq!(web.next().await, Some(Incoming::Message { kind, octets }));
    }
    web.send_kind(MessageKind::Text, b"\xff").await;
    assert_eq!(web.closed().await.0, 1007);
}

#[tokio::test]
async fn sessions_of_all_transports_meet() {
    let server = Server::with(universal(rawsocket(), websocket()));
    let mut web = Web::join(server.address).await;
    let mut raw = crate::peer::Raw::join(server.address).await;
    web.send(r#"[64,1,{},"com.example.add"]"#).await;
    assert_eq!(web.receive().await[0], 65);
    raw.send(r#"[48,7,{},"com.example.add",[1,2],{"c":3}]"#)
        .await;
    let invocation = web.receive().await;
    assert_eq!(invocation[0], 68);
    assert_eq!(invocation[4], serde_json::json!([1, 2]));
    assert_eq!(invocation[5], serde_json::json!({"c": 3}));
    web.send(&format!("[70,{},{{}},[6]]", invocation[1])).await;
    assert_eq!(raw.receive().await, serde_json::json!([50, 7, {}, [6]]));
}
