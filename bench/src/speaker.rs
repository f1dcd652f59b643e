//! One connection of the load, in whichever protocol its router speaks.

use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::load::Target;
use crate::nats::Nats;
use crate::raw::Raw;
use crate::wamp::Wamp;

/// A protocol of the load: frames out of pieces made beforehand, frames in by their boundaries.
pub(crate) trait Protocol {
    /// Appends the call of a slot; one slot has one call outstanding.
    fn call(&mut self, slot: usize, out: &mut Vec<u8>);

    /// Appends an event.
    fn publish(&mut self, out: &mut Vec<u8>);

    /// Reads the whole frames of `input`, appends the answers of a callee to `out`, and gives how many octets were
    /// read. `results` gets the slots of the calls that ended, or slot 0 for each event.
    fn read(&mut self, input: &[u8], out: &mut Vec<u8>, results: &mut Vec<usize>) -> io::Result<usize>;
}

/// What a connection is for.
#[derive(Clone, Copy)]
pub(crate) enum Part {
    /// Calls procedure `index`.
    Caller(usize),
    /// Answers procedure `index`.
    Callee(usize),
    /// Publishes to topic `index`.
    Publisher(usize),
    /// Subscribes to topic `index`.
    Subscriber(usize),
}

/// A connection that has joined and, as callee or subscriber, is ready to receive.
pub(crate) struct Speaker {
    stream: Box<dyn Stream>,
    protocol: Box<dyn Protocol>,
    input: Vec<u8>,
    filled: usize,
    output: Vec<u8>,
}

/// A socket of either kind.
pub(crate) trait Stream: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin {}

impl<T: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin> Stream for T {}

impl Speaker {
    /// Connects, joins and takes its part.
    pub(crate) async fn open(target: &Target, part: Part, payload: usize, window: usize) -> io::Result<Self> {
        let (stream, protocol): (Box<dyn Stream>, Box<dyn Protocol>) = match target {
            Target::Wamp(target) => {
                let (stream, wamp) = Wamp::open(target, part, payload, window).await?;
                (stream, Box::new(wamp))
            }
            Target::Nats(address) => {
                let (stream, nats) = Nats::open(address, part, payload).await?;
                (stream, Box::new(nats))
            }
            Target::Raw(address) => {
                let (stream, raw) = Raw::open(address, part, payload).await?;
                (stream, Box::new(raw))
            }
        };
        Ok(Self {
            stream,
            protocol,
            input: vec![0; 256 * 1024],
            filled: 0,
            output: Vec::new(),
        })
    }

    /// Gives back the buffers of a connection that will only be held open.
    pub(crate) fn shrink(mut self) -> Self {
        self.input = Vec::new();
        self.output = Vec::new();
        self
    }

    /// Queues the call of a slot.
    pub(crate) fn call(&mut self, slot: usize) {
        self.protocol.call(slot, &mut self.output);
    }

    /// Queues an event.
    pub(crate) fn publish(&mut self) {
        self.protocol.publish(&mut self.output);
    }

    /// Writes all that is queued.
    pub(crate) async fn flush(&mut self) -> io::Result<()> {
        if !self.output.is_empty() {
            self.stream.write_all(&self.output).await?;
            self.output.clear();
        }
        Ok(())
    }

    /// Waits for input, answers what asks for an answer, and gives the slots that ended.
    pub(crate) async fn read(&mut self, results: &mut Vec<usize>) -> io::Result<()> {
        if self.filled == self.input.len() {
            self.input.resize(self.input.len() * 2, 0);
        }
        let count = self.stream.read(&mut self.input[self.filled..]).await?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.filled += count;
        let used = self.protocol.read(&self.input[..self.filled], &mut self.output, results)?;
        self.input.copy_within(used..self.filled, 0);
        self.filled -= used;
        self.flush().await
    }
}
