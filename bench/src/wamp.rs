//! Speaks WAMP with the project's client, below its API: frames made beforehand, answers made from the invocation's id.

use std::io;

use bytes::Bytes;
use crossbar_client::{Options, RawConnection, Target};
use crossbar_wire::{
    Call, Message, Payload, Publish, Register, RequestId, Subscribe, Text, Value, Yield,
};

use crate::load::WampTarget;
use crate::speaker::Part;

pub(crate) struct Wamp {
    connection: RawConnection,
    part: Part,
    /// Ready frames: a caller's, one a slot; a publisher's only one.
    frames: Vec<Vec<u8>>,
    payload: Payload,
    output: Vec<u8>,
    batch: Vec<Bytes>,
}

impl Wamp {
    pub(crate) async fn open(
        target: &WampTarget,
        part: Part,
        payload: usize,
        window: usize,
    ) -> io::Result<Self> {
        let url: Target = target.url.parse().map_err(io::Error::other)?;
        let options = Options {
            formats: vec![target.format],
            ..Options::realm(&target.realm)
        };
        let connection = RawConnection::connect(&url, &options)
            .await
            .map_err(io::Error::other)?;
        let argument = Value::Text("x".repeat(payload));
        let mut wamp = Self {
            connection,
            part,
            frames: Vec::new(),
            payload: Payload::new(target.format, &[argument], &Vec::new())
                .map_err(io::Error::other)?,
            output: Vec::new(),
            batch: Vec::new(),
        };
        wamp.prepare(window).await?;
        Ok(wamp)
    }

    async fn prepare(&mut self, window: usize) -> io::Result<()> {
        let payload = self.payload.clone();
        let messages: Vec<Message> = match self.part {
            Part::Caller(index) => (0..window)
                .map(|slot| call(slot, index, payload.clone()))
                .collect(),
            Part::Publisher(index) => vec![publish(index, payload)],
            Part::Callee(index) => return self.ask(&register(index)).await,
            Part::Subscriber(index) => return self.ask(&subscribe(index)).await,
        };
        for message in &messages {
            let mut frame = Vec::new();
            self.connection
                .frame(message, &mut frame)
                .map_err(io::Error::other)?;
            self.frames.push(frame);
        }
        Ok(())
    }

    async fn ask(&mut self, message: &Message) -> io::Result<()> {
        self.connection
            .frame(message, &mut self.output)
            .map_err(io::Error::other)?;
        self.flush().await?;
        self.connection
            .receive(&mut self.batch)
            .await
            .map_err(io::Error::other)?;
        for frame in self.batch.drain(..) {
            let answer =
                Message::decode(self.connection.format(), &frame).map_err(io::Error::other)?;
            // Events of an earlier measurement may still be on their way.
            if !matches!(
                answer,
                Message::Registered(_) | Message::Subscribed(_) | Message::Event(_)
            ) {
                return Err(io::Error::other(format!("refused: {answer:?}")));
            }
        }
        Ok(())
    }

    pub(crate) fn call(&mut self, slot: usize) {
        self.output.extend_from_slice(&self.frames[slot]);
    }

    pub(crate) fn publish(&mut self) {
        self.output.extend_from_slice(&self.frames[0]);
    }

    pub(crate) async fn flush(&mut self) -> io::Result<()> {
        if !self.output.is_empty() {
            self.connection
                .send(&self.output)
                .await
                .map_err(io::Error::other)?;
            self.output.clear();
        }
        Ok(())
    }

    pub(crate) async fn read(&mut self, results: &mut Vec<usize>) -> io::Result<()> {
        self.connection
            .receive(&mut self.batch)
            .await
            .map_err(io::Error::other)?;
        if matches!(self.part, Part::Subscriber(_)) {
            results.extend(self.batch.drain(..).map(|_| 0));
            return Ok(());
        }
        for frame in self.batch.drain(..) {
            let message =
                Message::decode(self.connection.format(), &frame).map_err(io::Error::other)?;
            if let Message::Result(result) = message {
                results.push(slot(result.request)?);
            } else if let Message::Invocation(invocation) = message {
                let answer = Message::Yield(Yield {
                    request: invocation.request,
                    progress: None,
                    passthru: None,
                    payload: self.payload.clone(),
                });
                self.connection
                    .frame(&answer, &mut self.output)
                    .map_err(io::Error::other)?;
            } else {
                return Err(io::Error::other(format!("unexpected {message:?}")));
            }
        }
        self.flush().await
    }
}

fn request(number: usize) -> RequestId {
    u64::try_from(number)
        .ok()
        .and_then(RequestId::new)
        .unwrap_or_else(|| unreachable!("slots are few"))
}

fn slot(request: RequestId) -> io::Result<usize> {
    let number = usize::try_from(request.value()).map_err(io::Error::other)?;
    number
        .checked_sub(1)
        .ok_or_else(|| io::Error::other("a result for request 0"))
}

fn call(slot: usize, index: usize, payload: Payload) -> Message {
    Message::Call(Call {
        request: request(slot + 1),
        receive_progress: None,
        progress: None,
        timeout: None,
        disclose_me: None,
        caller: None,
        passthru: None,
        procedure: Text::from(format!("com.example.procedure{index}")),
        payload,
    })
}

fn publish(index: usize, payload: Payload) -> Message {
    Message::Publish(Publish {
        request: request(1),
        acknowledge: None,
        exclude_me: None,
        disclose_me: None,
        retain: None,
        audience: None,
        passthru: None,
        topic: Text::from(format!("com.example.topic{index}")),
        payload,
    })
}

fn register(index: usize) -> Message {
    Message::Register(Register {
        request: request(1),
        policy: None,
        invoke: None,
        concurrency: None,
        force_reregister: None,
        disclose_caller: None,
        forward_timeout: None,
        forward_for: Vec::new(),
        procedure: Text::from(format!("com.example.procedure{index}")),
    })
}

fn subscribe(index: usize) -> Message {
    Message::Subscribe(Subscribe {
        request: request(1),
        policy: None,
        get_retained: None,
        forward_for: Vec::new(),
        topic: Text::from(format!("com.example.topic{index}")),
    })
}
