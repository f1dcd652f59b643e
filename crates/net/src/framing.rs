//! How messages become frames.

use crossbar_wire::rawsocket::{FrameHeader, FrameKind};
use crossbar_wire::websocket::{self, Compressor, MessageKind, Outgoing};
use crossbar_wire::{BATCHED_OVERHEAD, Format, Separator, put_batched};

use crate::pool;

/// How an outlet stores messages.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Framing {
    /// As RawSocket frames.
    RawSocket,
    /// As whole, unmasked, uncompressed WebSocket frames.
    WebSocket,
    /// As items that the connection's task turns into frames with a [`Stage`].
    Staged,
}

impl Framing {
    /// Appends a message. One that is longer than a RawSocket frame can be is not appended; outlets refuse it earlier.
    pub(crate) fn put(self, format: Format, body: &[u8], out: &mut Vec<u8>) {
        self.put_header(format, body.len(), out);
        out.extend_from_slice(body);
    }

    /// Appends what stands before a message of `length` octets.
    pub(crate) fn put_header(self, format: Format, length: usize, out: &mut Vec<u8>) {
        match self {
            Self::RawSocket => {
                if let Ok(header) = FrameHeader::new(FrameKind::Message, length) {
                    out.extend_from_slice(&header.octets());
                }
            }
            Self::WebSocket => websocket::put_header(out, kind(format).opcode(), length, false),
            Self::Staged => put_item(MESSAGE, length, out),
        }
    }

    /// Appends a frame that is complete.
    pub(crate) fn put_frame(self, frame: &[u8], out: &mut Vec<u8>) {
        if self == Self::Staged {
            put_item(FRAME, frame.len(), out);
        }
        out.extend_from_slice(frame);
    }
}

/// Turns the items of [`Framing::Staged`] into WebSocket frames.
#[derive(Debug, Default)]
pub(crate) struct Stage {
    /// Compresses messages.
    pub(crate) compressor: Option<Compressor>,
    /// Cuts messages into frames of at most so many octets.
    pub(crate) fragment: Option<usize>,
    /// Draws masks for the frames; they are sent unmasked if absent.
    pub(crate) masks: Option<Masks>,
    /// Joins messages, where the subprotocol has batches.
    pub(crate) batches: Option<Batches>,
}

/// Joins messages that wait together. A batch is a WebSocket message; what does not fit goes into the next one.
#[derive(Debug)]
pub(crate) struct Batches {
    /// What follows a message of JSON.
    separator: Separator,
    /// How long a batch of several messages gets at most, in octets.
    longest: usize,
    /// The batch that is not sent yet: empty, without capacity, once [`Stage::close_batch`] was called.
    open: Vec<u8>,
}

/// Draws masks for frames. A server's masks hide nothing: they only have to vary.
#[derive(Debug)]
pub(crate) struct Masks(u32);

impl Stage {
    /// Appends the frames for a buffer of items.
    pub(crate) fn put_items(&mut self, format: Format, mut items: &[u8], out: &mut Vec<u8>) {
        while let Some((item, body, rest)) = cut_item(items) {
            items = rest;
            match item {
                FRAME => {
                    self.close_batch(format, out);
                    out.extend_from_slice(body);
                }
                _ => self.put(format, body, out),
            }
        }
    }

    /// Appends the frames for a WAMP message; where there are batches, those of a batch that it has no room in.
    pub(crate) fn put(&mut self, format: Format, body: &[u8], out: &mut Vec<u8>) {
        if let Some(batches) = &self.batches
            && !batches.has_room(body.len())
        {
            self.close_batch(format, out);
        }
        match &mut self.batches {
            Some(batches) => batches.put(format, body),
            None => self.put_message(kind(format), body, out),
        }
    }

    /// Appends the frames for the batch that was begun, if one was.
    pub(crate) fn close_batch(&mut self, format: Format, out: &mut Vec<u8>) {
        if let Some(batches) = &mut self.batches
            && !batches.open.is_empty()
        {
            let batch = std::mem::take(&mut batches.open);
            self.put_message(kind(format), &batch, out);
            pool::give(batch);
        }
    }

    /// Takes note of the separator that the peer uses.
    pub(crate) const fn heard(&mut self, separator: Separator) {
        if let Some(batches) = &mut self.batches {
            batches.separator = separator;
        }
    }

    /// Appends the frames for the content of a WebSocket message.
    pub(crate) fn put_message(&mut self, kind: MessageKind, body: &[u8], out: &mut Vec<u8>) {
        let mut draw = self.masks.as_mut().map(|masks| || masks.draw());
        let how = Outgoing {
            compressor: self.compressor.as_mut(),
            mask: draw.as_mut().map(|draw| {
                let draw: &mut dyn FnMut() -> [u8; 4] = draw;
                draw
            }),
            fragment: self.fragment,
        };
        websocket::put_message(out, kind, body, how);
    }
}

impl Batches {
    /// Begins with none. A client's first message tells the separator; before it, Autobahn's is the safer one.
    pub(crate) fn new(longest_message: usize) -> Self {
        Self {
            separator: Separator::Cancel,
            longest: longest_message.min(LONGEST_BATCH),
            open: Vec::new(),
        }
    }

    /// Says whether the open batch can take a message. An empty one takes any.
    const fn has_room(&self, length: usize) -> bool {
        let length = length.saturating_add(BATCHED_OVERHEAD);
        self.open.is_empty() || self.open.len().saturating_add(length) <= self.longest
    }

    fn put(&mut self, format: Format, body: &[u8]) {
        if self.open.capacity() == 0 {
            self.open = pool::take();
        }
        put_batched(format, self.separator, body, &mut self.open);
    }
}

impl Masks {
    /// Starts a series.
    pub(crate) fn new() -> Self {
        Self(getrandom::u32().unwrap_or(0x9e37_79b9))
    }

    const fn draw(&mut self) -> [u8; 4] {
        self.0 = self.0.wrapping_mul(0x915f_77f5).wrapping_add(0x9e37_79b9);
        self.0.to_be_bytes()
    }
}

/// Gives the kind of WebSocket message that a serializer uses.
pub(crate) const fn kind(format: Format) -> MessageKind {
    if format.is_text() {
        MessageKind::Text
    } else {
        MessageKind::Binary
    }
}

/// How long a batch of several messages gets at most, in octets: what a buffer of the pool holds. A receiver sees nothing
/// of a batch before all of it has come.
const LONGEST_BATCH: usize = pool::LARGEST;

/// Gives the messages of a buffer of items, oldest first; frames are left out.
pub(crate) fn messages(mut items: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        loop {
            let (item, body, rest) = cut_item(items)?;
            items = rest;
            if item == MESSAGE {
                return Some(body);
            }
        }
    })
}

/// An item that is a message to be framed.
const MESSAGE: u8 = 0;
/// An item that is a complete frame.
const FRAME: u8 = 1;
/// Octets before an item: what it is, and its length.
pub(crate) const ITEM_HEADER: usize = 9;

fn put_item(item: u8, length: usize, out: &mut Vec<u8>) {
    out.push(item);
    out.extend_from_slice(&u64::try_from(length).unwrap_or(u64::MAX).to_be_bytes());
}

fn cut_item(items: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (header, rest) = items.split_first_chunk::<ITEM_HEADER>()?;
    let [item, length @ ..] = *header;
    let length = usize::try_from(u64::from_be_bytes(length)).ok()?;
    let (body, rest) = rest.split_at_checked(length)?;
    Some((item, body, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_come_out_as_frames_in_order() {
        let mut items = Vec::new();
        Framing::Staged.put(Format::Json, b"[1]", &mut items);
        Framing::Staged.put_frame(b"\x89\x00", &mut items);
        Framing::Staged.put(Format::Json, b"[22]", &mut items);
        let mut stage = Stage {
            fragment: Some(3),
            ..Stage::default()
        };
        let mut out = Vec::new();
        stage.put_items(Format::Json, &items, &mut out);
        assert_eq!(out, b"\x81\x03[1]\x89\x00\x01\x03[22\x80\x01]");
    }

    #[test]
    fn t02_messages_are_joined_until_a_frame_or_the_limit_comes() {
        let mut items = Vec::new();
        for body in [&b"[1]"[..], b"[2]", b"[3]"] {
            Framing::Staged.put(Format::Json, body, &mut items);
        }
        Framing::Staged.put_frame(b"\x89\x00", &mut items);
        Framing::Staged.put(Format::Json, b"[4444444444444444]", &mut items);
        let mut stage = Stage {
            batches: Some(Batches::new(12)),
            ..Stage::default()
        };
        let mut out = Vec::new();
        stage.put_items(Format::Json, &items, &mut out);
        assert_eq!(out, b"\x81\x08[1]\x18[2]\x18\x81\x04[3]\x18\x89\x00");
        out.clear();
        stage.heard(Separator::Record);
        stage.put(Format::Json, b"[5]", &mut out);
        stage.close_batch(Format::Json, &mut out);
        assert_eq!(out, b"\x81\x13[4444444444444444]\x18\x81\x04[5]\x1e");
        out.clear();
        stage.close_batch(Format::Json, &mut out);
        assert_eq!(out, b"");
    }

    #[test]
    fn headers_say_the_length() {
        let mut out = Vec::new();
        Framing::RawSocket.put(Format::MsgPack, b"ab", &mut out);
        Framing::WebSocket.put(Format::MsgPack, b"ab", &mut out);
        assert_eq!(out, b"\0\0\0\x02ab\x82\x02ab");
    }
}
