use std::cell::RefCell;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use crossbar_wire::{Format, Message};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::LinkError;
use crate::framing::Frames;

/// How much one read takes, in octets.
const READ_SIZE: usize = 64 * 1024;

/// A write buffer that grew beyond this, in octets, is let go of once it is empty.
const KEEP_SIZE: usize = 64 * 1024;

thread_local! {
    /// Where reads land before the deframer copies what has come: an idle connection holds no buffer.
    static SCRATCH: RefCell<Box<[u8]>> = RefCell::new(vec![0; READ_SIZE].into());
}

/// Any stream of octets.
pub(crate) trait Io: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

/// A stream, and what binds to it if it is TLS (RFC 9266).
pub(crate) type Bound = (Box<dyn Io>, Option<[u8; 32]>);

/// A connection after its handshake: messages go in and frames come out, in batches.
pub(crate) struct Link {
    io: Box<dyn Io>,
    frames: Frames,
    format: Format,
    out: Vec<u8>,
    written: usize,
    /// Whether the stream below may still hold octets that were written (TLS).
    unflushed: bool,
    /// What binds to the stream, if it is TLS.
    channel: Option<[u8; 32]>,
}

impl Link {
    pub(crate) fn new(io: Box<dyn Io>, frames: Frames, format: Format) -> Self {
        Self {
            io,
            frames,
            format,
            out: Vec::new(),
            written: 0,
            unflushed: false,
            channel: None,
        }
    }

    /// Takes what binds to the stream.
    pub(crate) fn bound_to(self, channel: Option<[u8; 32]>) -> Self {
        Self { channel, ..self }
    }

    /// Gives what binds to the stream, if it is TLS.
    pub(crate) const fn channel(&self) -> Option<[u8; 32]> {
        self.channel
    }

    pub(crate) const fn format(&self) -> Format {
        self.format
    }

    /// Gives the number of octets that wait to be written.
    pub(crate) const fn queued(&self) -> usize {
        self.out.len() - self.written
    }

    /// Queues a message.
    ///
    /// # Errors
    /// When the message cannot be sent; the connection goes on without it.
    pub(crate) fn put(&mut self, message: &Message) -> Result<(), LinkError> {
        self.frames.put(self.format, message, &mut self.out)
    }

    /// Appends a message to `out` as [`Link::put`] would queue it.
    pub(crate) fn frame(&mut self, message: &Message, out: &mut Vec<u8>) -> Result<(), LinkError> {
        self.frames.put(self.format, message, out)
    }

    /// Queues octets that are framed already.
    pub(crate) fn put_octets(&mut self, octets: &[u8]) {
        self.out.extend_from_slice(octets);
    }

    /// Queues what ends the connection politely, where the framing has it.
    pub(crate) fn put_close(&mut self) {
        self.frames.put_close(&mut self.out);
    }

    /// Gives the next message's octets of what has come, or `None` when more must come.
    pub(crate) fn next_frame(&mut self) -> Result<Option<Bytes>, LinkError> {
        self.frames.next(self.format, &mut self.out)
    }

    /// Gives the next message of what has come, or `None` when more must come.
    pub(crate) fn next_message(&mut self) -> Result<Option<Message>, LinkError> {
        match self.next_frame()? {
            Some(frame) => Ok(Some(Message::decode(self.format, &frame)?)),
            None => Ok(None),
        }
    }

    /// Waits for octets, and writes what is queued meanwhile. Nothing is lost when this is dropped.
    pub(crate) async fn exchange(&mut self) -> Result<(), LinkError> {
        poll_fn(|cx| {
            // What the peer says before it hangs up is read even when writing fails already.
            let written = self.poll_write(cx);
            match self.poll_read(cx) {
                Poll::Pending => match written {
                    Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
                    Poll::Ready(Ok(())) | Poll::Pending => Poll::Pending,
                },
                done @ Poll::Ready(_) => done,
            }
        })
        .await
    }

    /// Writes all that is queued.
    pub(crate) async fn flush(&mut self) -> Result<(), LinkError> {
        poll_fn(|cx| self.poll_write(cx)).await
    }

    /// Writes all that is queued and ends this side's stream.
    pub(crate) async fn shut_down(&mut self) -> Result<(), LinkError> {
        self.flush().await?;
        poll_fn(|cx| Pin::new(&mut self.io).poll_shutdown(cx)).await?;
        Ok(())
    }

    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), LinkError>> {
        while self.written < self.out.len() {
            let count = ready!(Pin::new(&mut self.io).poll_write(cx, &self.out[self.written..]))?;
            if count == 0 {
                return Poll::Ready(Err(io::Error::from(io::ErrorKind::WriteZero).into()));
            }
            self.written += count;
            self.unflushed = true;
        }
        self.written = 0;
        self.out.clear();
        if self.out.capacity() > KEEP_SIZE {
            self.out = Vec::new();
        }
        if self.unflushed {
            ready!(Pin::new(&mut self.io).poll_flush(cx))?;
            self.unflushed = false;
        }
        Poll::Ready(Ok(()))
    }

    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), LinkError>> {
        SCRATCH.with_borrow_mut(|scratch| {
            let mut buffer = ReadBuf::new(scratch);
            ready!(Pin::new(&mut self.io).poll_read(cx, &mut buffer))?;
            if buffer.filled().is_empty() {
                return Poll::Ready(Err(LinkError::Ended));
            }
            self.frames.feed(buffer.filled());
            Poll::Ready(Ok(()))
        })
    }
}
