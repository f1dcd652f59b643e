//! WebSocket connections whose messages are batches.

use bytes::Bytes;
use crossbar_config::{QueueLimits, TransportKind, WebSocket, WebSocketOptions};
use crossbar_wire::websocket::{Incoming, MessageKind};
use crossbar_wire::{Batch, Format, Message, Separator, put_batched};
use serde_json::{Value, json};

use crate::peer::{HELLO, Web};
use crate::server::{Server, rawsocket, universal, websocket};

const JSON: &str = "Sec-WebSocket-Protocol: wamp.2.json.batched\r\n";

/// Gives messages as one batch.
fn batch(format: Format, separator: Separator, messages: &[&str]) -> Vec<u8> {
    let mut out = Vec::new();
    for message in messages {
        let mut body = Vec::new();
        Message::decode(Format::Json, &Bytes::copy_from_slice(message.as_bytes()))
            .unwrap()
            .encode(format, &mut body)
            .unwrap();
        put_batched(format, separator, &body, &mut out);
    }
    out
}

/// Sends messages of JSON as one batch, as the specification has it.
async fn send(web: &mut Web, messages: &[&str]) {
    let octets = batch(Format::Json, Separator::Record, messages);
    web.send_kind(MessageKind::Text, &octets).await;
}

/// Gives the octets of the next WebSocket message.
async fn octets(web: &mut Web) -> Bytes {
    match web.next().await {
        Some(Incoming::Message { octets, .. }) => octets,
        other => panic!("{other:?}"),
    }
}

/// Gives the messages of the next batch.
async fn receive(web: &mut Web) -> Vec<Value> {
    let octets = octets(web).await;
    assert_eq!(octets.last(), Some(&0x1e));
    Batch::new(Format::Json, octets)
        .unwrap()
        .map(|message| serde_json::from_slice(&message).unwrap())
        .collect()
}

async fn join(server: &Server) -> Web {
    let mut web = Web::connect(server.address, "/ws", JSON).await;
    send(&mut web, &[HELLO]).await;
    let welcome = receive(&mut web).await;
    assert_eq!((welcome.len(), &welcome[0][0]), (1, &json!(2)));
    web
}

#[tokio::test]
async fn t02_what_waits_together_is_one_batch() {
    let server = Server::start();
    let mut web = join(&server).await;
    assert!(
        web.head
            .contains("sec-websocket-protocol: wamp.2.json.batched\r\n")
    );
    send(
        &mut web,
        &[
            r#"[32,1,{},"com.a"]"#,
            r#"[16,2,{"acknowledge":true,"exclude_me":false},"com.a",["x"]]"#,
            r#"[48,3,{},"com.nothing"]"#,
        ],
    )
    .await;
    let codes: Vec<_> = receive(&mut web)
        .await
        .iter()
        .map(|message| message[0].clone())
        .collect();
    assert_eq!(codes, [33, 17, 36, 8]);
}

#[tokio::test]
async fn t02_the_clients_separator_comes_back() {
    let server = Server::start();
    let mut web = Web::connect(server.address, "/ws", JSON).await;
    let hello = batch(Format::Json, Separator::Cancel, &[HELLO]);
    web.send_kind(MessageKind::Text, &hello).await;
    assert_eq!(octets(&mut web).await.last(), Some(&0x18));
    send(&mut web, &[r#"[48,1,{},"com.nothing"]"#]).await;
    assert_eq!(octets(&mut web).await.last(), Some(&0x1e));
}

#[tokio::test]
async fn t02_lengths_stand_before_messages_of_other_serializers() {
    let server = Server::start();
    for (format, name) in [
        (Format::MsgPack, "wamp.2.msgpack.batched"),
        (Format::Cbor, "wamp.2.cbor.batched"),
    ] {
        let offer = format!("Sec-WebSocket-Protocol: {name}\r\n");
        let mut web = Web::connect(server.address, "/ws", &offer).await;
        let calls = [HELLO, r#"[48,1,{},"com.a"]"#, r#"[48,2,{},"com.b"]"#];
        web.send_kind(
            MessageKind::Binary,
            &batch(format, Separator::Record, &calls),
        )
        .await;
        let answers: Vec<u16> = Batch::new(format, octets(&mut web).await)
            .unwrap()
            .map(|message| Message::decode(format, &message).unwrap().code())
            .collect();
        assert_eq!(answers, [2, 8, 8], "{name}");
    }
}

#[tokio::test]
async fn t02_events_reach_batched_and_plain_subscribers_alike() {
    let server = Server::start();
    let (mut batched, mut plain) = (join(&server).await, Web::join(server.address).await);
    let mut publisher = join(&server).await;
    send(&mut batched, &[r#"[32,1,{},"com.a"]"#]).await;
    receive(&mut batched).await;
    plain.send(r#"[32,1,{},"com.a"]"#).await;
    plain.receive().await;
    let long = "x".repeat(40_000);
    let events: Vec<String> = (0..100)
        .map(|number| {
            let payload = if number == 50 { &long } else { "y" };
            format!(r#"[16,{},{{}},"com.a",[{number},"{payload}"]]"#, number + 1)
        })
        .collect();
    let events: Vec<&str> = events.iter().map(String::as_str).collect();
    send(&mut publisher, &events).await;
    for number in 0..100 {
        assert_eq!(plain.receive().await[4][0], number);
    }
    let mut seen = Vec::new();
    let mut frames = 0;
    while seen.len() < 100 {
        seen.extend(receive(&mut batched).await);
        frames += 1;
    }
    let numbers: Vec<_> = seen.iter().map(|event| event[4][0].clone()).collect();
    assert_eq!(numbers, (0..100).map(Value::from).collect::<Vec<_>>());
    assert_eq!(frames, 1);
}

#[tokio::test]
async fn t02_batches_keep_within_the_limit_of_messages() {
    let options = WebSocketOptions {
        max_message_size: Some(400),
        ..WebSocketOptions::default()
    };
    let socket = WebSocket {
        options,
        ..websocket()
    };
    let server = Server::with(universal(rawsocket(), socket));
    let mut web = Web::connect(server.address, "/ws", JSON).await;
    send(&mut web, &[r#"[1,"realm1",{"roles":{"caller":{}}}]"#]).await;
    assert!(octets(&mut web).await.len() > 400);
    let calls: Vec<String> = (1..=12)
        .map(|id| format!(r#"[48,{id},{{}},"com.a"]"#))
        .collect();
    let calls: Vec<&str> = calls.iter().map(String::as_str).collect();
    send(&mut web, &calls).await;
    let mut answers = Vec::new();
    while answers.len() < 12 {
        let octets = octets(&mut web).await;
        assert!(octets.len() <= 400);
        answers.extend(Batch::new(Format::Json, octets).unwrap());
    }
}

#[tokio::test]
async fn t02_a_long_batch_is_answered_in_turns() {
    let options = WebSocketOptions {
        queue: QueueLimits {
            octets: 150_000,
            ..QueueLimits::default()
        },
        ..WebSocketOptions::default()
    };
    let socket = WebSocket {
        options,
        ..websocket()
    };
    let server = Server::with(universal(rawsocket(), socket));
    let mut web = join(&server).await;
    let calls: Vec<String> = (1..=5000)
        .map(|id| format!(r#"[48,{id},{{}},"com.a"]"#))
        .collect();
    let calls: Vec<&str> = calls.iter().map(String::as_str).collect();
    send(&mut web, &calls).await;
    let mut answers = Vec::new();
    while answers.len() < 5000 {
        answers.extend(receive(&mut web).await);
    }
    let ids: Vec<_> = answers.iter().map(|answer| answer[2].clone()).collect();
    assert_eq!(ids, (1..=5000).map(Value::from).collect::<Vec<_>>());
}

#[tokio::test]
async fn t02_a_session_can_follow_in_the_same_batch() {
    let server = Server::start();
    let mut web = join(&server).await;
    send(&mut web, &[r#"[6,{},"wamp.close.normal"]"#, HELLO]).await;
    let codes: Vec<_> = receive(&mut web)
        .await
        .iter()
        .map(|message| message[0].clone())
        .collect();
    assert_eq!(codes, [6, 2]);
}

#[tokio::test]
async fn t02_what_is_no_batch_is_a_violation() {
    let server = Server::start();
    for (octets, told) in [
        (&b""[..], "a batch must hold a message"),
        (br#"[48,1,{},"com.a"]"#, "0x1E"),
        (b"[48,1,{},\"com.a\"]\x1e[48,", "0x1E"),
        (b"[48,1,{},\"com.a\"]\x1e\x1e", ""),
    ] {
        let mut web = join(&server).await;
        web.send_kind(MessageKind::Text, octets).await;
        let answers = receive(&mut web).await;
        let abort = answers.last().unwrap();
        assert_eq!(abort[2], "wamp.error.protocol_violation");
        let (code, reason) = web.closed().await;
        assert_eq!(code, 1002);
        assert!(reason.contains(told), "{reason}");
    }
    let offer = "Sec-WebSocket-Protocol: wamp.2.cbor.batched\r\n";
    let mut web = Web::connect(server.address, "/ws", offer).await;
    web.send_kind(MessageKind::Binary, b"\xff\xff\xff\xff")
        .await;
    octets(&mut web).await;
    assert_eq!(web.closed().await.0, 1002);
    server.sessions(0).await;
}

#[tokio::test]
async fn t02_the_clients_order_decides() {
    let server = Server::with(TransportKind::WebSocket(Box::new(websocket())));
    for (offer, chosen) in [
        ("wamp.2.cbor.batched, wamp.2.cbor", "wamp.2.cbor.batched"),
        ("wamp.2.cbor, wamp.2.cbor.batched", "wamp.2.cbor"),
        ("wamp.2.none.batched, wamp.2.json", "wamp.2.json"),
    ] {
        let offer = format!("Sec-WebSocket-Protocol: {offer}\r\n");
        let web = Web::connect(server.address, "/", &offer).await;
        let line = format!("sec-websocket-protocol: {chosen}\r\n");
        assert!(web.head.contains(&line), "{}", web.head);
    }
}
