//! A TCP connection that speaks another protocol than WAMP, with frames made beforehand.

use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A protocol of the load: frames out of pieces made beforehand, frames in by their boundaries.
pub(crate) trait Protocol {
    /// Appends the call of a slot.
    fn call(&mut self, slot: usize, out: &mut Vec<u8>);

    /// Appends an event.
    fn publish(&mut self, out: &mut Vec<u8>);

    /// Reads the whole frames of `input`, appends the answers of a callee to `out`, and gives how many octets were
    /// read. `results` gets the slots of the calls that ended, or slot 0 for each event.
    fn read(
        &mut self,
        input: &[u8],
        out: &mut Vec<u8>,
        results: &mut Vec<usize>,
    ) -> io::Result<usize>;
}

/// The connection with its buffers.
pub(crate) struct Socket {
    stream: TcpStream,
    protocol: Box<dyn Protocol>,
    input: Vec<u8>,
    filled: usize,
    output: Vec<u8>,
}

impl Socket {
    pub(crate) fn new(stream: TcpStream, protocol: Box<dyn Protocol>) -> Self {
        Self {
            stream,
            protocol,
            input: vec![0; 256 * 1024],
            filled: 0,
            output: Vec::new(),
        }
    }

    pub(crate) fn shrink(&mut self) {
        self.input = Vec::new();
        self.output = Vec::new();
    }

    pub(crate) fn call(&mut self, slot: usize) {
        self.protocol.call(slot, &mut self.output);
    }

    pub(crate) fn publish(&mut self) {
        self.protocol.publish(&mut self.output);
    }

    pub(crate) async fn flush(&mut self) -> io::Result<()> {
        if !self.output.is_empty() {
            self.stream.write_all(&self.output).await?;
            self.output.clear();
        }
        Ok(())
    }

    pub(crate) async fn read(&mut self, results: &mut Vec<usize>) -> io::Result<()> {
        if self.filled == self.input.len() {
            self.input.resize(self.input.len() * 2, 0);
        }
        let count = self.stream.read(&mut self.input[self.filled..]).await?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.filled += count;
        let used = self
            .protocol
            .read(&self.input[..self.filled], &mut self.output, results)?;
        self.input.copy_within(used..self.filled, 0);
        self.filled -= used;
        self.flush().await
    }
}
