//! A file's octets, read on blocking threads as the client takes them: one chunk at a time is in memory.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Frame, SizeHint};
use tokio::task::JoinHandle;

/// A piece of a body.
#[derive(Clone, Debug)]
pub(super) enum Piece {
    /// These octets.
    Octets(Bytes),
    /// Those of the file from an offset to another.
    Span(Range<u64>),
}

/// The body of a response that sends a file or parts of it.
pub(super) struct FileBody {
    pieces: VecDeque<Piece>,
    file: Reader,
    /// Octets still to be handed out.
    remaining: u64,
}

/// Where the file is: here, or lent to a blocking thread.
enum Reader {
    Here(File),
    Reading(JoinHandle<io::Result<(File, Bytes)>>),
    Gone,
}

impl Piece {
    /// Its length in octets.
    pub(super) fn length(&self) -> u64 {
        match self {
            Self::Octets(octets) => u64::try_from(octets.len()).unwrap_or(u64::MAX),
            Self::Span(span) => span.end.saturating_sub(span.start),
        }
    }
}

impl FileBody {
    /// Sends the pieces in their order.
    pub(super) fn new(file: File, pieces: VecDeque<Piece>) -> Self {
        Self {
            remaining: pieces.iter().map(Piece::length).sum(),
            pieces,
            file: Reader::Here(file),
        }
    }

    fn handed_out(&mut self, octets: &Bytes) {
        let length = u64::try_from(octets.len()).unwrap_or(u64::MAX);
        self.remaining = self.remaining.saturating_sub(length);
    }

    /// Takes the next octets that are at hand, or the next span to read from the file.
    fn next_piece(&mut self) -> Option<Piece> {
        loop {
            match self.pieces.front_mut()? {
                Piece::Octets(_) => return self.pieces.pop_front(),
                Piece::Span(span) if span.is_empty() => {
                    self.pieces.pop_front();
                }
                Piece::Span(span) => {
                    let end = span.end.min(span.start.saturating_add(CHUNK));
                    let chunk = span.start..end;
                    span.start = end;
                    return Some(Piece::Span(chunk));
                }
            }
        }
    }
}

impl hyper::body::Body for FileBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        loop {
            match std::mem::replace(&mut self.file, Reader::Gone) {
                Reader::Gone => return Poll::Ready(None),
                Reader::Here(file) => match self.next_piece() {
                    None => return Poll::Ready(None),
                    Some(Piece::Octets(octets)) => {
                        self.file = Reader::Here(file);
                        self.handed_out(&octets);
                        return Poll::Ready(Some(Ok(Frame::data(octets))));
                    }
                    Some(Piece::Span(span)) => {
                        let read = tokio::task::spawn_blocking(move || read(file, span));
                        self.file = Reader::Reading(read);
                    }
                },
                Reader::Reading(mut read) => {
                    let Poll::Ready(done) = Pin::new(&mut read).poll(context) else {
                        self.file = Reader::Reading(read);
                        return Poll::Pending;
                    };
                    let (file, octets) = done.map_err(io::Error::other)??;
                    self.file = Reader::Here(file);
                    self.handed_out(&octets);
                    return Poll::Ready(Some(Ok(Frame::data(octets))));
                }
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.remaining == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.remaining)
    }
}

/// Reads a span of at most `CHUNK` octets. A file that has become shorter is an error: its length is announced.
fn read(mut file: File, span: Range<u64>) -> io::Result<(File, Bytes)> {
    file.seek(SeekFrom::Start(span.start))?;
    let length = usize::try_from(span.end - span.start).map_err(io::Error::other)?;
    let mut octets = vec![0; length];
    file.read_exact(&mut octets)?;
    Ok((file, Bytes::from(octets)))
}

/// Octets read at once.
const CHUNK: u64 = 128 * 1024;
