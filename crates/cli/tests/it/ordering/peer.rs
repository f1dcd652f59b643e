use std::collections::VecDeque;

use bytes::Bytes;
use crossbar_client::{Format, Options, RawConnection, Target};
use crossbar_wire::{Message, Payload, Value};

/// Every framing with every serializer.
#[derive(Clone)]
pub(super) struct Ways(Vec<(Target, Format)>);

impl Ways {
    pub(super) fn to(address: &str) -> Self {
        let targets = [format!("rs://{address}"), format!("ws://{address}/ws")];
        let targets = targets.map(|url| url.parse::<Target>().unwrap());
        let formats = Format::OFFERED.into_iter().chain([Format::FlatBuffers]);
        Self(
            formats
                .flat_map(|format| targets.clone().map(|target| (target, format)))
                .collect(),
        )
    }

    pub(super) const fn count(&self) -> usize {
        self.0.len()
    }
}

/// A session, below the client's API: what it says and hears is in the order of the wire.
pub(super) struct Peer {
    connection: RawConnection,
    frames: Vec<u8>,
    heard: VecDeque<Bytes>,
    last_request: u64,
}

impl Peer {
    /// Joins, one of the ways.
    pub(super) async fn join(ways: &Ways, which: usize) -> Self {
        let (target, format) = &ways.0[which % ways.count()];
        let options = Options {
            formats: vec![*format],
            ..Options::realm("realm1")
        };
        let connection = RawConnection::connect(target, &options).await;
        Self {
            connection: connection.expect("the router takes everybody"),
            frames: Vec::new(),
            heard: VecDeque::new(),
            last_request: 0,
        }
    }

    pub(super) fn request(&mut self) -> u64 {
        self.last_request += 1;
        self.last_request
    }

    /// Says something with the next [`Peer::flush`].
    pub(super) fn say(&mut self, json: &serde_json::Value) {
        let message = Message::decode(Format::Json, &json.to_string().into()).unwrap();
        self.connection.frame(&message, &mut self.frames).unwrap();
    }

    pub(super) async fn flush(&mut self) {
        self.connection.send(&self.frames).await.unwrap();
        self.frames.clear();
    }

    /// Says what is to be said, and hears the next message.
    pub(super) async fn hear(&mut self) -> Message {
        if !self.frames.is_empty() {
            self.flush().await;
        }
        if self.heard.is_empty() {
            let mut batch = Vec::new();
            self.connection.receive(&mut batch).await.unwrap();
            self.heard.extend(batch);
        }
        let frame = self.heard.pop_front().unwrap();
        Message::decode(self.connection.format(), &frame).unwrap()
    }

    /// Says whether all that has come so far was heard.
    pub(super) fn is_caught_up(&self) -> bool {
        self.heard.is_empty()
    }

    /// Subscribes, and gives the subscription once it is there.
    pub(super) async fn subscribe(&mut self, topic: &str, policy: &str) -> u64 {
        let request = self.request();
        self.say(&serde_json::json!([32, request, {"match": policy}, topic]));
        match self.hear().await {
            Message::Subscribed(subscribed) => subscribed.subscription.value(),
            other => panic!("SUBSCRIBED, not {other:?}"),
        }
    }
}

/// Gives the numbers that a payload holds.
pub(super) fn numbers(payload: &Payload) -> Vec<u64> {
    let number = |value| match value {
        Value::Integer(number) => u64::try_from(number).unwrap(),
        other => panic!("a number, not {other:?}"),
    };
    payload.args().unwrap().into_iter().map(number).collect()
}

/// Draws numbers; the same ones for a seed (`SplitMix64`).
pub(super) struct Random(pub(super) u64);

impl Random {
    pub(super) fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let mixed = mixed ^ (mixed >> 31);
        usize::try_from(mixed % u64::try_from(bound).unwrap()).unwrap()
    }
}
