//! Opening RawSocket connections and sessions.

use std::collections::BTreeMap;
use std::time::Duration;

use crossbar_config::TransportKind;
use crossbar_core::{Access, MethodConfig, Secret, TicketPrincipal};
use crossbar_wire::{Format, Text};
use tokio::io::AsyncWriteExt;

use crate::peer::{HELLO, Raw, dial, exchange, soon, to_end};
use crate::server::{Server, rawsocket, universal, websocket};

#[tokio::test]
async fn t03_the_router_answers_with_its_own_limit() {
    let mut raw = rawsocket();
    raw.max_message_size = 1 << 20;
    for kind in [
        TransportKind::RawSocket(raw.clone()),
        universal(raw, websocket()),
    ] {
        let server = Server::with(kind);
        let mut stream = dial(server.address).await;
        stream.write_all(&[0x7f, 0x02, 0, 0]).await.unwrap();
        let mut reply = [0; 4];
        soon(tokio::io::AsyncReadExt::read_exact(&mut stream, &mut reply))
            .await
            .unwrap();
        assert_eq!(reply, [0x7f, 0xb2, 0, 0]);
    }
}

#[tokio::test]
async fn t03_errors_are_replied_to() {
    let mut raw = rawsocket();
    raw.formats = vec![Format::MsgPack];
    let server = Server::with(TransportKind::RawSocket(raw));
    for (request, reply) in [
        ([0x7f, 0xf0, 0, 0], [0x7f, 0x10, 0, 0]), // serializer 0 is illegal
        ([0x7f, 0xf5, 0, 0], [0x7f, 0x10, 0, 0]), // a serializer that is not built
        ([0x7f, 0xf1, 0, 0], [0x7f, 0x10, 0, 0]), // a serializer that is not configured
        ([0x7f, 0xf2, 1, 0], [0x7f, 0x30, 0, 0]), // reserved octets
    ] {
        let mut stream = dial(server.address).await;
        assert_eq!(
            exchange(&mut stream, &request).await,
            reply,
            "{request:02x?}"
        );
    }
}

#[tokio::test]
async fn t03_another_first_octet_is_hung_up_on() {
    let server = Server::with(TransportKind::RawSocket(rawsocket()));
    let mut stream = dial(server.address).await;
    // Thruway and MDWamp open with the length of their HELLO.
    assert_eq!(exchange(&mut stream, &[0]).await, b"");
    assert_eq!(server.router.statistics().handshakes_failed, 1);
}

#[tokio::test]
async fn t03_octets_come_in_pieces_or_all_at_once() {
    let server = Server::start();
    let mut octets = vec![0x7f, 0xf1, 0, 0];
    octets.extend_from_slice(&u32::try_from(HELLO.len()).unwrap().to_be_bytes());
    octets.extend_from_slice(HELLO.as_bytes());
    for size in [1, 2, 5, octets.len()] {
        let mut stream = dial(server.address).await;
        for piece in octets.chunks(size) {
            stream.write_all(piece).await.unwrap();
            tokio::task::yield_now().await;
        }
        let mut reply = [0; 4];
        soon(tokio::io::AsyncReadExt::read_exact(&mut stream, &mut reply))
            .await
            .unwrap();
        assert_eq!(reply, [0x7f, 0xf1, 0, 0]);
        let mut raw = Raw { stream };
        assert_eq!(raw.receive().await[0], 2, "in pieces of {size}");
    }
}

#[tokio::test]
async fn t04_pings_are_answered_in_order() {
    let server = Server::start();
    let mut raw = Raw::join(server.address).await;
    raw.send_frame(1, b"once").await;
    raw.send_frame(1, b"").await;
    assert_eq!(raw.receive_frame().await, (2, b"once".to_vec()));
    assert_eq!(raw.receive_frame().await, (2, Vec::new()));
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_never_speaks_is_hung_up_on() {
    for kind in [
        TransportKind::RawSocket(rawsocket()),
        TransportKind::WebSocket(Box::new(websocket())),
        universal(rawsocket(), websocket()),
    ] {
        let server = Server::with(kind);
        let mut silent = dial(server.address).await;
        assert_eq!(to_end(&mut silent).await, b"");
        let mut stalled = dial(server.address).await;
        stalled.write_all(b"\x7f\xf1").await.unwrap();
        to_end(&mut stalled).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_peer_without_hello_is_hung_up_on() {
    let server = Server::start();
    let mut raw = Raw::connect(server.address).await;
    let start = tokio::time::Instant::now();
    assert_eq!(raw.aborted().await.0, "wamp.error.timeout");
    assert!(start.elapsed() >= Duration::from_secs(9));
}

#[tokio::test]
async fn s01_the_first_message_must_be_hello() {
    let server = Server::start();
    let mut raw = Raw::connect(server.address).await;
    raw.send(r#"[48,1,{},"com.example.add"]"#).await;
    let (reason, message) = raw.aborted().await;
    assert_eq!(reason, "wamp.error.protocol_violation");
    assert!(message.contains("HELLO"), "{message}");
}

#[tokio::test]
async fn a02_who_cannot_join_is_not_asked_for_a_secret() {
    let principal = |role| TicketPrincipal {
        ticket: Some(Secret::new(Text::from_static("secret")).into()),
        role: Text::from_static(role),
    };
    let mut raw = rawsocket();
    raw.access = Access::Methods(vec![MethodConfig::Ticket(BTreeMap::from([
        (Text::from_static("joe"), principal("anonymous")),
        (Text::from_static("eve"), principal("nobody")),
    ]))]);
    let server = Server::with(TransportKind::RawSocket(raw));
    for (realm, authid, reason) in [
        ("nowhere", "joe", "wamp.error.no_such_realm"),
        ("realm1", "eve", "wamp.error.no_such_role"),
    ] {
        let mut raw = Raw::connect(server.address).await;
        let details = format!(
            r#"{{"roles":{{"caller":{{}}}},"authmethods":["ticket"],"authid":"{authid}"}}"#
        );
        raw.send(&format!(r#"[1,"{realm}",{details}]"#)).await;
        assert_eq!(raw.aborted().await.0, reason);
    }
}

#[tokio::test]
async fn s03_an_unknown_realm_is_refused() {
    let server = Server::start();
    let mut raw = Raw::connect(server.address).await;
    raw.send(&HELLO.replace("realm1", "realm9")).await;
    let (reason, message) = raw.aborted().await;
    assert_eq!(reason, "wamp.error.no_such_realm");
    assert!(message.contains("realm9"), "{message}");
}

#[tokio::test]
async fn s10_another_session_may_follow_goodbye() {
    let server = Server::start();
    let mut raw = Raw::join(server.address).await;
    let goodbye = raw.ask(r#"[6,{},"wamp.close.close_realm"]"#).await;
    assert_eq!(goodbye[0], 6);
    server.sessions(0).await;
    assert_eq!(raw.ask(HELLO).await[0], 2);
    // GOODBYE and the next HELLO in one packet.
    let mut octets = Vec::new();
    for message in [r#"[6,{},"wamp.close.close_realm"]"#, HELLO] {
        octets.extend_from_slice(&u32::try_from(message.len()).unwrap().to_be_bytes());
        octets.extend_from_slice(message.as_bytes());
    }
    raw.stream.write_all(&octets).await.unwrap();
    assert_eq!(raw.receive().await[0], 6);
    assert_eq!(raw.receive().await[0], 2);
    server.sessions(1).await;
}
