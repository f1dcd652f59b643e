//! The sending side of a connection.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use crossbar_wire::Separator;
use tokio::io::AsyncWrite;
use tracing::debug;

use crate::framing::{Framing, Stage};
use crate::manners::{Going, Gone};
use crate::outlet::{Batch, Ending, Next, Outlet, Part};
use crate::pool;
use crate::session::Session;
use crate::writer::Writer;

/// Makes frames of what an outlet holds, and writes them.
pub(crate) struct Sending {
    pub(crate) outlet: Arc<Outlet>,
    framing: Framing,
    stage: Option<Box<Stage>>,
    writer: Writer,
}

impl Sending {
    pub(crate) fn new(outlet: Arc<Outlet>, framing: Framing, stage: Option<Box<Stage>>) -> Self {
        Self {
            outlet,
            framing,
            stage,
            writer: Writer::default(),
        }
    }

    /// Queues a frame of the transport itself.
    pub(crate) fn push_frame(&self, frame: &[u8]) -> Going {
        self.outlet.push_frame(frame).map_err(|_| {
            debug!("connection dropped: too much waits for its peer to read");
            Gone
        })
    }

    /// Writes what waits. Ready when nothing does, or when the connection is to end. `separator` is what the peer
    /// separates the messages of a batch with; the session is told what cannot be sent.
    pub(crate) fn poll<S: AsyncWrite + Unpin>(
        &mut self,
        stream: &mut S,
        separator: Option<Separator>,
        session: &Session,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<Option<Ending>>> {
        loop {
            if self.writer.poll_write_all(stream, context)?.is_pending() {
                return match self
                    .outlet
                    .block(std::mem::take(&mut self.writer.moved), context)
                {
                    Some(ending) => Poll::Ready(Ok(Some(ending))),
                    None => Poll::Pending,
                };
            }
            let written = std::mem::take(&mut self.writer.octets);
            match self.outlet.next(written, context) {
                Next::Write(batch) => self.load(batch, separator, session),
                Next::End(ending) => return Poll::Ready(Ok(Some(ending))),
                // TLS may still hold octets that it has taken.
                Next::Sleep => {
                    ready!(Pin::new(stream).poll_flush(context))?;
                    return Poll::Ready(Ok(None));
                }
            }
        }
    }

    /// Moves what waited into the writer.
    fn load(&mut self, batch: Batch, separator: Option<Separator>, session: &Session) {
        self.writer.octets += batch.octets;
        if let (Some(stage), Some(separator)) = (&mut self.stage, separator) {
            stage.heard(separator);
        }
        for part in batch.parts {
            match part {
                Part::Small(buffer) => self.load_frames(buffer),
                Part::Shared(frame) => self.writer.push_shared(frame),
                Part::Large(large) => match large.body(self.outlet.format, self.outlet.longest) {
                    Ok(body) => self.load_body(body),
                    Err(why) => session.undeliverable(&large, why),
                },
            }
        }
        self.load_frames(batch.tail);
        if let Some(stage) = &mut self.stage {
            let mut frames = pool::take();
            stage.close_batch(self.outlet.format, &mut frames);
            self.writer.push(frames);
        }
    }

    fn load_frames(&mut self, buffer: Vec<u8>) {
        let Some(stage) = &mut self.stage else {
            self.writer.push(buffer);
            return;
        };
        let mut frames = pool::take();
        stage.put_items(self.outlet.format, &buffer, &mut frames);
        pool::give(buffer);
        self.writer.push(frames);
    }

    fn load_body(&mut self, body: bytes::Bytes) {
        let mut frames = pool::take();
        match &mut self.stage {
            Some(stage) => {
                stage.put(self.outlet.format, &body, &mut frames);
                self.writer.push(frames);
            }
            None => {
                self.framing
                    .put_header(self.outlet.format, body.len(), &mut frames);
                self.writer.push(frames);
                self.writer.push_shared(body);
            }
        }
    }
}
