//! Peers that do what they should not, while others go on.

use crossbar_config::{Overflow, QueueLimits, RawSocket, TransportKind};
use tokio::io::AsyncWriteExt;

use crate::peer::{HELLO, Raw, Web, soon, to_end};
use crate::server::{Server, rawsocket};

/// A session that is there all the time, and at the end still works.
async fn bystander(server: &Server) -> Raw {
    let mut raw = Raw::join(server.address).await;
    assert_eq!(raw.ask(r#"[32,1,{},"com.example.bystander"]"#).await[0], 33);
    raw
}

async fn still_works(mut raw: Raw) {
    let options = r#"{"exclude_me":false}"#;
    raw.send(&format!(
        r#"[16,2,{options},"com.example.bystander",["hi"]]"#
    ))
    .await;
    let event = raw.receive().await;
    assert_eq!(event[0], 36);
    assert_eq!(event[4][0], "hi");
}

#[tokio::test]
async fn i04_request_ids_are_strict_where_a_transport_asks_for_it() {
    let settings = RawSocket {
        strict_request_ids: true,
        ..rawsocket()
    };
    let strict = Server::with(TransportKind::RawSocket(settings));
    let mut raw = Raw::join(strict.address).await;
    assert_eq!(raw.ask(r#"[32,1,{},"com.a"]"#).await[0], 33);
    raw.send(r#"[32,3,{},"com.b"]"#).await;
    let (reason, text) = raw.aborted().await;
    assert_eq!(reason, "wamp.error.protocol_violation");
    assert!(text.contains("2 was expected"), "{text}");
    let lenient = Server::start();
    let mut raw = Raw::join(lenient.address).await;
    assert_eq!(raw.ask(r#"[32,7,{},"com.a"]"#).await[0], 33);
}

#[tokio::test]
async fn s12_malformed_messages_are_violations() {
    let server = Server::start();
    let bystander = bystander(&server).await;
    let nested = format!(
        r#"[16,1,{{}},"a.b",[{}{}]]"#,
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    for message in [
        "",
        "[]",
        "{}",
        "nonsense",
        "[48",
        "[48]",
        "[9999,1]",
        "[\"48\",1]",
        "[48,-1,{},\"a.b\"]",
        "[48,9007199254740993,{},\"a.b\"]",
        "[48,1,[],\"a.b\"]",
        "[48,1,{},7]",
        "[48,1,{},\"a.b\",{}]",
        "[16,1,{\"acknowledge\":1},\"a.b\"]",
        &nested,
    ] {
        let mut raw = Raw::join(server.address).await;
        raw.send(message).await;
        let (reason, text) = raw.aborted().await;
        assert_eq!(reason, "wamp.error.protocol_violation", "{message:.40}");
        assert!(!text.is_empty(), "{message:.40}");
    }
    server.sessions(1).await;
    still_works(bystander).await;
}

#[tokio::test]
async fn s12_what_came_before_a_violation_is_done() {
    let server = Server::start();
    let mut bystander = bystander(&server).await;
    let mut raw = Raw::join(server.address).await;
    let mut octets = Vec::new();
    for message in [
        r#"[16,1,{},"com.example.bystander",["last words"]]"#,
        "nonsense",
    ] {
        octets.extend_from_slice(&u32::try_from(message.len()).unwrap().to_be_bytes());
        octets.extend_from_slice(message.as_bytes());
    }
    raw.stream.write_all(&octets).await.unwrap();
    assert_eq!(raw.aborted().await.0, "wamp.error.protocol_violation");
    assert_eq!(bystander.receive().await[4][0], "last words");
}

#[tokio::test]
async fn t04_broken_frames_are_violations() {
    let mut config = rawsocket();
    config.max_message_size = 512;
    let server = Server::with(TransportKind::RawSocket(config));
    for header in [
        [0x10, 0, 0, 1], // a reserved bit
        [0x03, 0, 0, 1], // a reserved type
        [0x00, 0, 2, 1], // 513 octets
    ] {
        let mut stream = crate::peer::dial(server.address).await;
        stream.write_all(&[0x7f, 0xf1, 0, 0]).await.unwrap();
        let mut reply = [0; 4];
        soon(tokio::io::AsyncReadExt::read_exact(&mut stream, &mut reply))
            .await
            .unwrap();
        assert_eq!(reply, [0x7f, 0x01, 0, 0]);
        let mut raw = Raw { stream };
        assert_eq!(raw.ask(HELLO).await[0], 2);
        raw.stream.write_all(&header).await.unwrap();
        assert_eq!(raw.aborted().await.0, "wamp.error.protocol_violation");
    }
    server.sessions(0).await;
}

#[tokio::test]
async fn s02_a_second_hello_is_a_violation() {
    let server = Server::start();
    let mut raw = Raw::join(server.address).await;
    raw.send(HELLO).await;
    assert_eq!(raw.aborted().await.0, "wamp.error.protocol_violation");
}

#[tokio::test]
async fn t04_a_client_that_takes_too_short_messages_is_closed() {
    let server = Server::start();
    let mut stream = crate::peer::dial(server.address).await;
    stream.write_all(&[0x7f, 0x01, 0, 0]).await.unwrap();
    let mut raw = Raw { stream };
    raw.send(HELLO).await;
    assert_eq!(to_end(&mut raw.stream).await, [0x7f, 0xf1, 0, 0]);
    server.sessions(0).await;
}

/// Subscribes and then reads nothing, while so much is published that the budget cannot hold it.
async fn flood(overflow: Overflow) -> (Server, Raw) {
    let mut config = rawsocket();
    config.queue = QueueLimits {
        octets: 1 << 20,
        overflow,
    };
    let server = Server::with(TransportKind::RawSocket(config));
    let bystander = bystander(&server).await;
    let mut lazy = Raw::join(server.address).await;
    assert_eq!(lazy.ask(r#"[32,1,{},"com.example.flood"]"#).await[0], 33);
    let mut publisher = Raw::join(server.address).await;
    let text = "x".repeat(100_000);
    for request in 1..=200 {
        let publish =
            format!(r#"[16,{request},{{"acknowledge":true}},"com.example.flood",["{text}"]]"#);
        assert_eq!(publisher.ask(&publish).await[0], 17);
    }
    publisher.leave().await;
    still_works(bystander).await;
    (server, lazy)
}

#[tokio::test]
async fn a_peer_that_never_reads_is_closed() {
    let (server, _lazy) = flood(Overflow::Close).await;
    server.sessions(0).await;
    assert_eq!(server.router.statistics().sessions_overflowed, 1);
    assert_eq!(server.router.statistics().events_dropped, 0);
}

#[tokio::test]
async fn a_peer_that_reads_late_misses_events_if_configured() {
    let (server, mut lazy) = flood(Overflow::Drop).await;
    let dropped = server.router.statistics().events_dropped;
    assert!((1..200).contains(&dropped), "{dropped}");
    for _ in dropped..200 {
        assert_eq!(lazy.receive().await[0], 36);
    }
    assert_eq!(lazy.ask(r#"[32,2,{},"com.example.other"]"#).await[0], 33);
    assert_eq!(server.router.statistics().sessions_overflowed, 0);
}

#[tokio::test]
async fn a_peer_that_pings_and_never_reads_is_dropped() {
    let mut config = rawsocket();
    config.queue.octets = 1 << 20;
    let server = Server::with(TransportKind::RawSocket(config));
    let bystander = bystander(&server).await;
    let mut raw = Raw::join(server.address).await;
    let ping = [&[1, 0, 0x40, 0][..], &[0; 0x4000]].concat();
    let flood = async { while raw.stream.write_all(&ping).await.is_ok() {} };
    soon(flood).await;
    server.sessions(1).await;
    still_works(bystander).await;
}

#[tokio::test]
async fn r07_callers_do_not_end_a_callee_that_reads_late() {
    let mut config = rawsocket();
    config.queue.octets = 1 << 20;
    let server = Server::with(TransportKind::RawSocket(config));
    let mut callee = Raw::join(server.address).await;
    for (request, procedure) in [(1, "com.example.small"), (2, "com.example.large")] {
        let register = format!(r#"[64,{request},{{}},"{procedure}"]"#);
        assert_eq!(callee.ask(&register).await[0], 65);
    }
    assert_eq!(callee.ask(r#"[32,3,{},"com.example.news"]"#).await[0], 33);
    let mut caller = Raw::join(server.address).await;
    let text = "x".repeat(100_000);
    for request in 1..=200 {
        caller
            .send(&format!(
                r#"[48,{request},{{}},"com.example.large",["{text}"]]"#
            ))
            .await;
    }
    for request in 201..=20_000 {
        caller
            .send(&format!(r#"[48,{request},{{}},"com.example.small"]"#))
            .await;
    }
    caller
        .send(r#"[16,20001,{"acknowledge":true},"com.example.news"]"#)
        .await;
    let mut refused = 0;
    loop {
        let answer = caller.receive().await;
        if answer[0] == 17 {
            break;
        }
        assert_eq!(answer[4], "wamp.error.no_available_callee", "{answer}");
        refused += 1;
    }
    assert!((100..20_000).contains(&refused), "{refused}");
    let statistics = server.router.statistics();
    assert_eq!(
        (statistics.sessions_overflowed, statistics.undeliverable),
        (0, refused)
    );
    for _ in refused..20_000 {
        assert_eq!(callee.receive().await[0], 68);
    }
    assert_eq!(callee.receive().await[0], 36);
    assert_eq!(callee.ask(r#"[32,4,{},"com.example.x"]"#).await[0], 33);
}

#[tokio::test]
async fn messages_of_all_sizes_keep_their_order() {
    const LENGTHS: [usize; 4] = [5, 4_000, 20_000, 300_000];
    let length = |request: usize| LENGTHS[request % LENGTHS.len()];
    let server = Server::start();
    let subscribe = r#"[32,1,{},"com.example.order"]"#;
    let mut raw = [
        Raw::join(server.address).await,
        Raw::join(server.address).await,
    ];
    for raw in &mut raw {
        assert_eq!(raw.ask(subscribe).await[0], 33);
    }
    let mut web = Web::join(server.address).await;
    web.send(subscribe).await;
    assert_eq!(web.receive().await[0], 33);
    let mut publisher = Raw::join(server.address).await;
    for request in 1..=80 {
        let text = "y".repeat(length(request));
        publisher
            .send(&format!(
                r#"[16,{request},{{}},"com.example.order",[{request},"{text}"]]"#
            ))
            .await;
    }
    for request in 1..=80 {
        let [first, second] = &mut raw;
        for event in [
            first.receive().await,
            second.receive().await,
            web.receive().await,
        ] {
            assert_eq!(event[4][0], request);
            assert_eq!(event[4][1].as_str().unwrap().len(), length(request));
        }
    }
}
