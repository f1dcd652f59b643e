//! Writes what an outlet held.

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use tokio::io::AsyncWrite;

use crate::pool;

/// Octets that are being written, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Writer {
    first: Chunk,
    later: VecDeque<Chunk>,
    /// How much of `first` is written.
    offset: usize,
    /// What the chunks count against the outlet's budget.
    pub(crate) octets: usize,
    /// Whether the peer has taken something.
    pub(crate) moved: bool,
}

#[derive(Debug)]
enum Chunk {
    /// A buffer of the pool.
    Pooled(Vec<u8>),
    /// Octets that others may hold, too.
    Shared(Bytes),
}

impl Writer {
    /// Says whether all is written.
    pub(crate) fn is_empty(&self) -> bool {
        self.offset == self.first.octets().len() && self.later.is_empty()
    }

    /// Appends a buffer of the pool.
    pub(crate) fn push(&mut self, buffer: Vec<u8>) {
        if buffer.is_empty() {
            pool::give(buffer);
        } else {
            self.append(Chunk::Pooled(buffer));
        }
    }

    /// Appends shared octets.
    pub(crate) fn push_shared(&mut self, octets: Bytes) {
        if !octets.is_empty() {
            self.append(Chunk::Shared(octets));
        }
    }

    /// Writes all there is.
    pub(crate) fn poll_write_all<S: AsyncWrite + Unpin>(
        &mut self,
        stream: &mut S,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        while !self.is_empty() {
            let written = ready!(self.poll_write(stream, context))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.moved = true;
            self.advance(written);
        }
        Poll::Ready(Ok(()))
    }

    fn poll_write<S: AsyncWrite + Unpin>(
        &self,
        stream: &mut S,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        let first = &self.first.octets()[self.offset..];
        if self.later.is_empty() {
            return Pin::new(stream).poll_write(context, first);
        }
        let mut slices = [IoSlice::new(&[]); SLICES];
        slices[0] = IoSlice::new(first);
        for (slice, chunk) in slices[1..].iter_mut().zip(&self.later) {
            *slice = IoSlice::new(chunk.octets());
        }
        let count = SLICES.min(1 + self.later.len());
        Pin::new(stream).poll_write_vectored(context, &slices[..count])
    }

    fn advance(&mut self, mut written: usize) {
        loop {
            let rest = self.first.octets().len() - self.offset;
            if written < rest {
                self.offset += written;
                return;
            }
            written -= rest;
            self.offset = 0;
            let next = self.later.pop_front();
            let more = next.is_some();
            std::mem::replace(&mut self.first, next.unwrap_or_default()).recycle();
            if !more {
                self.later.shrink_to_fit();
                return;
            }
        }
    }

    fn append(&mut self, chunk: Chunk) {
        if self.first.octets().is_empty() {
            self.first = chunk;
        } else {
            self.later.push_back(chunk);
        }
    }
}

impl Chunk {
    fn octets(&self) -> &[u8] {
        match self {
            Self::Pooled(buffer) => buffer,
            Self::Shared(octets) => octets,
        }
    }

    fn recycle(self) {
        match self {
            Self::Pooled(buffer) => pool::give(buffer),
            Self::Shared(_) => {}
        }
    }
}

impl Default for Chunk {
    fn default() -> Self {
        Self::Shared(Bytes::new())
    }
}

/// How many chunks go into one system call.
const SLICES: usize = 16;
