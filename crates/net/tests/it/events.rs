//! Events that not every subscriber can take.

use crossbar_wire::{Format, Message};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::peer::{HELLO, Raw, dial, soon};
use crate::server::Server;

/// A RawSocket client that speaks MessagePack; tests write and read its messages in JSON.
struct Packed(Raw);

impl Packed {
    async fn join(server: &Server) -> Self {
        let mut packed = Self(Raw::connect_with(server.address, 2).await);
        assert_eq!(packed.ask(HELLO).await[0], 2);
        packed
    }

    async fn ask(&mut self, json: &str) -> Value {
        let message = Message::decode(Format::Json, &json.to_owned().into()).unwrap();
        let mut octets = Vec::new();
        message.encode(Format::MsgPack, &mut octets).unwrap();
        self.0.send_frame(0, &octets).await;
        self.receive().await
    }

    /// Publishes one text, as MessagePack has it.
    async fn publish(&mut self, request: u8, text: &str) {
        let mut octets = vec![0x95, 16, request, 0x81, 0xab];
        octets.extend_from_slice(b"acknowledge");
        octets.extend_from_slice(&[0xc3, 0xa5]);
        octets.extend_from_slice(b"com.x");
        octets.extend_from_slice(&[0x91, 0xda]);
        octets.extend_from_slice(&u16::try_from(text.len()).unwrap().to_be_bytes());
        octets.extend_from_slice(text.as_bytes());
        self.0.send_frame(0, &octets).await;
        assert_eq!(self.receive().await[0], 17);
    }

    async fn receive(&mut self) -> Value {
        let octets = self.octets().await;
        let message = Message::decode(Format::MsgPack, &octets.into()).unwrap();
        let mut out = Vec::new();
        message.encode(Format::Json, &mut out).unwrap();
        serde_json::from_slice(&out).unwrap()
    }

    async fn octets(&mut self) -> Vec<u8> {
        let (kind, octets) = self.0.receive_frame().await;
        assert_eq!(kind, 0);
        octets
    }
}

/// Joins with JSON and a limit of 2 KiB a message.
async fn join_narrow(server: &Server) -> Raw {
    let mut stream = dial(server.address).await;
    stream.write_all(&[0x7f, 0x21, 0, 0]).await.unwrap();
    let mut reply = [0; 4];
    soon(stream.read_exact(&mut reply)).await.unwrap();
    assert_eq!(reply[0], 0x7f);
    let mut narrow = Raw { stream };
    narrow
        .send(r#"[1,"realm1",{"roles":{"subscriber":{}}}]"#)
        .await;
    narrow
}

#[tokio::test]
async fn p07_an_event_that_one_subscriber_cannot_take_reaches_the_others() {
    let server = Server::start();
    let (mut packed, mut text) = (Packed::join(&server).await, Raw::join(server.address).await);
    let mut publisher = Packed::join(&server).await;
    assert_eq!(packed.ask(r#"[32,1,{},"com.x"]"#).await[0], 33);
    assert_eq!(text.ask(r#"[32,1,{},"com.x"]"#).await[0], 33);
    // JSON has no text that begins with NUL: that is how it marks octets.
    publisher.publish(1, "\0?").await;
    publisher.publish(2, "all").await;
    assert!(packed.octets().await.ends_with(b"\0?"));
    assert_eq!(packed.receive().await[4], json!(["all"]));
    assert_eq!(text.receive().await[4], json!(["all"]));
    assert_eq!(server.router.statistics().events_dropped, 1);
}

#[tokio::test]
async fn p06_an_event_too_large_for_one_subscriber_reaches_the_others() {
    let server = Server::start();
    let (mut narrow, mut text) = (join_narrow(&server).await, Raw::join(server.address).await);
    let mut publisher = Packed::join(&server).await;
    assert_eq!(narrow.receive().await[0], 2);
    assert_eq!(narrow.ask(r#"[32,1,{},"com.x"]"#).await[0], 33);
    assert_eq!(text.ask(r#"[32,1,{},"com.x"]"#).await[0], 33);
    let large = "x".repeat(3000);
    publisher.publish(1, &large).await;
    publisher.publish(2, "small").await;
    assert_eq!(text.receive().await[4], json!([large]));
    assert_eq!(text.receive().await[4], json!(["small"]));
    assert_eq!(narrow.receive().await[4], json!(["small"]));
    assert_eq!(server.router.statistics().events_dropped, 1);
}
