//! Connections that speak FlatBuffers.

use bytes::Bytes;
use crossbar_wire::websocket::{Incoming, MessageKind};
use crossbar_wire::{Format, Message};
use serde_json::{Value, json};

use crate::peer::{HELLO, Raw, Web, dial, exchange, to_end, upgrade};
use crate::server::{Server, rawsocket, universal, websocket};

/// A RawSocket client that speaks FlatBuffers; tests write and read its messages in JSON.
struct Flat(Raw);

impl Flat {
    async fn connect(server: &Server) -> Self {
        Self(Raw::connect_with(server.address, 5).await)
    }

    async fn join(server: &Server) -> Self {
        let mut flat = Self::connect(server).await;
        flat.send(HELLO).await;
        assert_eq!(flat.receive().await[0], 2);
        flat
    }

    async fn send(&mut self, json: &str) {
        self.0.send_frame(0, &flatbuffers(json)).await;
    }

    async fn receive(&mut self) -> Value {
        let (kind, octets) = self.0.receive_frame().await;
        assert_eq!(kind, 0);
        to_json(octets)
    }

    async fn ask(&mut self, json: &str) -> Value {
        self.send(json).await;
        self.receive().await
    }

    async fn leave(mut self) {
        let goodbye = self.ask(r#"[6,{},"wamp.close.close_realm"]"#).await;
        assert_eq!(goodbye[0], 6);
    }
}

fn flatbuffers(json: &str) -> Vec<u8> {
    let mut out = Vec::new();
    Message::decode(Format::Json, &json.to_owned().into())
        .unwrap()
        .encode(Format::FlatBuffers, &mut out)
        .unwrap();
    out
}

fn to_json(octets: impl Into<Bytes>) -> Value {
    let message = Message::decode(Format::FlatBuffers, &octets.into()).unwrap();
    let mut out = Vec::new();
    message.encode(Format::Json, &mut out).unwrap();
    serde_json::from_slice(&out).unwrap()
}

/// A router that serves every serializer, FlatBuffers among them.
fn start() -> Server {
    let (mut raw, mut web) = (rawsocket(), websocket());
    raw.formats.push(Format::FlatBuffers);
    web.formats.push(Format::FlatBuffers);
    Server::with(universal(raw, web))
}

#[tokio::test]
async fn f05_t03_flatbuffers_is_serializer_5_where_it_is_served() {
    let server = start();
    Flat::join(&server).await.leave().await;
    let without = Server::start();
    let mut stream = dial(without.address).await;
    assert_eq!(
        exchange(&mut stream, &[0x7f, 0xf5, 0, 0]).await,
        [0x7f, 0x10, 0, 0]
    );
}

#[tokio::test]
async fn f05_t01_flatbuffers_has_a_subprotocol_but_no_batches() {
    let server = start();
    let offer = "Sec-WebSocket-Protocol: wamp.2.flatbuffers.batched, wamp.2.flatbuffers\r\n";
    let mut web = Web::connect(server.address, "/ws", offer).await;
    assert!(
        web.head
            .contains("sec-websocket-protocol: wamp.2.flatbuffers\r\n")
    );
    web.send_kind(MessageKind::Binary, &flatbuffers(HELLO))
        .await;
    let Some(Incoming::Message { octets, .. }) = web.next().await else {
        panic!("no WELCOME");
    };
    let welcome = to_json(octets);
    assert_eq!(welcome[2]["realm"], "realm1");
    assert_eq!(
        welcome[2]["roles"]["dealer"]["features"]["call_canceling"],
        true
    );
    let offer = "Sec-WebSocket-Protocol: wamp.2.flatbuffers.batched\r\n";
    let (_, head) = upgrade(server.address, "/ws", offer).await;
    assert!(head.starts_with("HTTP/1.1 400 "), "{head}");
}

#[tokio::test]
async fn f05_f06_calls_and_events_cross_serializers() {
    let server = start();
    let (mut flat, mut text) = (Flat::join(&server).await, Raw::join(server.address).await);
    let registered = flat.ask(r#"[64,1,{},"com.flat"]"#).await;
    text.send(r#"[48,1,{},"com.flat",[1,"\u0000AQI="],{"k":[2.5,null]}]"#)
        .await;
    let invocation = flat.receive().await;
    let expected = json!([68, 1, registered[2], {}, [1, "\u{0}AQI="], {"k": [2.5, null]}]);
    assert_eq!(invocation, expected);
    flat.send(r#"[70,1,{},["\u0000/w=="]]"#).await;
    assert_eq!(text.receive().await, json!([50, 1, {}, ["\u{0}/w=="]]));
    text.ask(r#"[64,2,{},"com.text"]"#).await;
    flat.send(r#"[48,2,{},"com.text"]"#).await;
    assert_eq!(text.receive().await[0], 68);
    text.send(r#"[8,68,1,{},"com.error",["why"],{"a":1}]"#)
        .await;
    let error = json!([8, 48, 2, {}, "com.error", ["why"], {"a": 1}]);
    assert_eq!(flat.receive().await, error);
    let subscribed = flat.ask(r#"[32,3,{},"com.topic"]"#).await;
    let published = text
        .ask(r#"[16,3,{"acknowledge":true},"com.topic",["x"]]"#)
        .await;
    let event = json!([36, subscribed[2], published[2], {}, ["x"]]);
    assert_eq!(flat.receive().await, event);
    let subscribed = text.ask(r#"[32,4,{},"com.topic"]"#).await;
    let published = flat
        .ask(r#"[16,4,{"acknowledge":true},"com.topic",["y"]]"#)
        .await;
    let event = json!([36, subscribed[2], published[2], {}, ["y"]]);
    assert_eq!(text.receive().await, event);
}

/// HELLO as Autobahn writes it: no roles, no methods.
#[tokio::test]
async fn f05_a_hello_of_autobahn_opens_a_session_with_every_role() {
    let server = start();
    let mut flat = Flat::connect(&server).await;
    let hello = "0c00000008000a0009000400080000001000000000010a0008000000000004000a00000004000000060000007265616c6d310000";
    let octets: Vec<u8> = (0..hello.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&hello[at..at + 2], 16).unwrap())
        .collect();
    flat.0.send_frame(0, &octets).await;
    let welcome = flat.receive().await;
    assert_eq!(
        (&welcome[0], &welcome[2]["authrole"]),
        (&json!(2), &json!("anonymous"))
    );
    assert_eq!(flat.ask(r#"[64,1,{},"com.flat"]"#).await[0], 65);
    assert_eq!(flat.ask(r#"[32,2,{},"com.flat"]"#).await[0], 33);
    assert_eq!(
        flat.ask(r#"[16,3,{"acknowledge":true},"com.flat"]"#).await[0],
        17
    );
    assert_eq!(flat.ask(r#"[48,4,{},"com.nothing"]"#).await[0], 8);
}

#[tokio::test]
async fn f05_what_flatbuffers_cannot_say_reaches_the_others() {
    let server = start();
    let (mut flat, mut text) = (Flat::join(&server).await, Raw::join(server.address).await);
    flat.ask(r#"[64,1,{},"com.flat"]"#).await;
    flat.ask(r#"[32,2,{},"com.topic"]"#).await;
    text.ask(r#"[32,1,{},"com.topic"]"#).await;
    // The caller is told; the subscriber misses the event that others get.
    let error = text
        .ask(r#"[48,2,{"enc_algo":"x_own"},"com.flat","\u0000AQI="]"#)
        .await;
    assert_eq!((&error[0], &error[2]), (&json!(8), &json!(2)), "{error}");
    text.send(r#"[16,3,{"exclude_me":false,"enc_algo":"x_own"},"com.topic","\u0000AQI="]"#)
        .await;
    assert_eq!(text.receive().await[3]["enc_algo"], "x_own");
    text.send(r#"[16,4,{},"com.topic",["next"]]"#).await;
    assert_eq!(flat.receive().await[4], json!(["next"]));
}

#[tokio::test]
async fn f05_a_frame_that_is_no_message_is_a_violation() {
    let server = start();
    let mut flat = Flat::join(&server).await;
    flat.0.send_frame(0, b"\x04\0\0\0").await;
    let abort = flat.receive().await;
    let message = "malformed FlatBuffers: an offset beyond the end at octet 0";
    assert_eq!(
        abort,
        json!([3, {"message": message}, "wamp.error.protocol_violation"])
    );
    assert_eq!(to_end(&mut flat.0.stream).await, b"");
}
