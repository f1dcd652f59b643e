use super::frame::wide;
use super::{CloseCode, Compressor, FrameHeader, Opcode, apply_mask};

/// The longest reason of a close frame, in octets: a control frame has 125, the code takes two.
const MAX_REASON: usize = 123;

/// The kind of a message.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum MessageKind {
    /// UTF-8 text.
    Text,
    /// Octets.
    Binary,
}

impl MessageKind {
    /// Gives the opcode of a message's first frame.
    #[must_use]
    pub const fn opcode(self) -> Opcode {
        match self {
            Self::Text => Opcode::Text,
            Self::Binary => Opcode::Binary,
        }
    }
}

/// How messages are written.
#[derive(Default)]
pub struct Outgoing<'a> {
    /// Compresses the message, if set.
    pub compressor: Option<&'a mut Compressor>,
    /// Draws the mask of each frame, if set; clients must.
    pub mask: Option<&'a mut dyn FnMut() -> [u8; 4]>,
    /// Cuts messages into frames of at most so many octets, if set and not 0.
    pub fragment: Option<usize>,
}

/// Appends a whole message.
pub fn put_message(out: &mut Vec<u8>, kind: MessageKind, payload: &[u8], how: Outgoing<'_>) {
    let mut compressed = Vec::new();
    let rsv1 = how.compressor.is_some();
    let payload = how.compressor.map_or(payload, |compressor| {
        compressor.compress(payload, &mut compressed);
        &compressed
    });
    let size = how.fragment.filter(|&size| size > 0).unwrap_or(usize::MAX);
    let mut mask = how.mask;
    let (mut rest, mut first) = (payload, true);
    loop {
        let (piece, later) = rest.split_at(size.min(rest.len()));
        rest = later;
        let header = FrameHeader {
            fin: rest.is_empty(),
            rsv1: rsv1 && first,
            opcode: if first {
                kind.opcode()
            } else {
                Opcode::Continuation
            },
            mask: mask.as_mut().map(|draw| draw()),
            length: wide(piece.len()),
        };
        put_frame(out, header, piece);
        first = false;
        if rest.is_empty() {
            return;
        }
    }
}

/// Appends a ping or a pong; a payload over 125 octets is cut.
pub fn put_control(out: &mut Vec<u8>, opcode: Opcode, payload: &[u8], mask: Option<[u8; 4]>) {
    let payload = payload.get(..125).unwrap_or(payload);
    let header = FrameHeader {
        fin: true,
        rsv1: false,
        opcode,
        mask,
        length: wide(payload.len()),
    };
    put_frame(out, header, payload);
}

/// Appends a close frame; a reason over 123 octets is cut between characters.
pub fn put_close(out: &mut Vec<u8>, code: Option<CloseCode>, reason: &str, mask: Option<[u8; 4]>) {
    let mut payload = Vec::new();
    if let Some(code) = code {
        payload.extend_from_slice(&code.value().to_be_bytes());
        let end = reason.floor_char_boundary(MAX_REASON);
        payload.extend_from_slice(&reason.as_bytes()[..end]);
    }
    put_control(out, Opcode::Close, &payload, mask);
}

fn put_frame(out: &mut Vec<u8>, header: FrameHeader, payload: &[u8]) {
    header.put(out);
    let start = out.len();
    out.extend_from_slice(payload);
    if let Some(mask) = header.mask {
        apply_mask(&mut out[start..], mask, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples_of_the_specification_are_written() {
        // RFC 6455 §5.7
        let mut out = Vec::new();
        put_message(&mut out, MessageKind::Text, b"Hello", Outgoing::default());
        assert_eq!(out, b"\x81\x05Hello");

        let mut out = Vec::new();
        let masked = Outgoing {
            mask: Some(&mut || [0x37, 0xfa, 0x21, 0x3d]),
            ..Outgoing::default()
        };
        put_message(&mut out, MessageKind::Text, b"Hello", masked);
        assert_eq!(out, b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58");

        let mut out = Vec::new();
        let fragmented = Outgoing {
            fragment: Some(3),
            ..Outgoing::default()
        };
        put_message(&mut out, MessageKind::Text, b"Hello", fragmented);
        assert_eq!(out, b"\x01\x03Hel\x80\x02lo");

        let mut out = Vec::new();
        put_control(&mut out, Opcode::Ping, b"Hello", None);
        assert_eq!(out, b"\x89\x05Hello");
    }

    #[test]
    fn close_reasons_are_cut_between_characters() {
        let mut out = Vec::new();
        put_close(&mut out, Some(CloseCode::NORMAL), &"ä".repeat(70), None);
        assert_eq!(&out[..4], b"\x88\x7c\x03\xe8");
        assert_eq!(std::str::from_utf8(&out[4..]).unwrap(), "ä".repeat(61));
        let mut out = Vec::new();
        put_close(&mut out, None, "unsaid", None);
        assert_eq!(out, b"\x88\x00");
    }
}
