use super::Violation;

/// The greatest number of octets before a payload.
pub const MAX_HEADER_LENGTH: usize = 14;

/// Which end of a connection this is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Side {
    /// Masks what it sends.
    Client,
    /// Sends unmasked frames.
    Server,
}

/// What a frame carries (RFC 6455 §5.2).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Opcode {
    /// More of the message begun.
    Continuation,
    /// A message of UTF-8 text, or its first frame.
    Text,
    /// A message of octets, or its first frame.
    Binary,
    /// The closing handshake.
    Close,
    /// To be answered by a pong with the same payload.
    Ping,
    /// The answer to a ping, or sent unasked.
    Pong,
}

impl Opcode {
    /// Gives the four bits of the frame.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Continuation => 0,
            Self::Text => 1,
            Self::Binary => 2,
            Self::Close => 8,
            Self::Ping => 9,
            Self::Pong => 10,
        }
    }

    /// Says whether the frame may stand between the frames of a message.
    #[must_use]
    pub const fn is_control(self) -> bool {
        self.code() >= 8
    }

    const fn from_code(code: u8) -> Option<Self> {
        Some(match code {
            0 => Self::Continuation,
            1 => Self::Text,
            2 => Self::Binary,
            8 => Self::Close,
            9 => Self::Ping,
            10 => Self::Pong,
            _ => return None,
        })
    }
}

/// The octets before a payload.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct FrameHeader {
    /// Whether this is the last frame of its message.
    pub fin: bool,
    /// Whether the message is compressed (first frame of a message only).
    pub rsv1: bool,
    /// What the frame carries.
    pub opcode: Opcode,
    /// What the payload is masked with.
    pub mask: Option<[u8; 4]>,
    /// The number of octets of the payload.
    pub length: u64,
}

impl FrameHeader {
    /// Reads a header at the start of `octets`; gives it with its own length, or `None` when octets are missing.
    ///
    /// Checks what one frame alone can show, at the first octet that shows it.
    ///
    /// # Errors
    /// Says which rule the frame breaks.
    pub fn parse(octets: &[u8]) -> Result<Option<(Self, usize)>, Violation> {
        let Some(&first) = octets.first() else {
            return Ok(None);
        };
        if first & 0x30 != 0 {
            return Err(Violation::ReservedBits);
        }
        let opcode =
            Opcode::from_code(first & 0x0f).ok_or(Violation::ReservedOpcode(first & 0x0f))?;
        let (fin, rsv1) = (first & 0x80 != 0, first & 0x40 != 0);
        if opcode.is_control() && !fin {
            return Err(Violation::FragmentedControl);
        }
        let Some(&second) = octets.get(1) else {
            return Ok(None);
        };
        if opcode.is_control() && second & 0x7f > 125 {
            return Err(Violation::LongControl);
        }
        let Some((length, used)) = parse_length(second & 0x7f, &octets[2..])? else {
            return Ok(None);
        };
        let mut header = Self {
            fin,
            rsv1,
            opcode,
            mask: None,
            length,
        };
        let mut header_length = 2 + used;
        if second & 0x80 != 0 {
            let Some(&mask) = octets[header_length..].first_chunk::<4>() else {
                return Ok(None);
            };
            header.mask = Some(mask);
            header_length += 4;
        }
        Ok(Some((header, header_length)))
    }

    /// Appends the octets.
    pub fn put(&self, out: &mut Vec<u8>) {
        let flags = if self.fin { 0x80 } else { 0 } | if self.rsv1 { 0x40 } else { 0 };
        let masked = if self.mask.is_some() { 0x80 } else { 0 };
        out.push(flags | self.opcode.code());
        match (u8::try_from(self.length), u16::try_from(self.length)) {
            (Ok(length @ 0..=125), _) => out.push(masked | length),
            (_, Ok(length)) => {
                out.push(masked | 126);
                out.extend_from_slice(&length.to_be_bytes());
            }
            (_, Err(_)) => {
                out.push(masked | 127);
                out.extend_from_slice(&self.length.to_be_bytes());
            }
        }
        if let Some(mask) = self.mask {
            out.extend_from_slice(&mask);
        }
    }
}

/// Appends the header of an unfragmented, unmasked frame: what a server writes before octets that are encoded already.
pub fn put_header(out: &mut Vec<u8>, opcode: Opcode, length: usize, rsv1: bool) {
    FrameHeader {
        fin: true,
        rsv1,
        opcode,
        mask: None,
        length: wide(length),
    }
    .put(out);
}

/// Gives the number of octets of an unmasked header before a payload of `length` octets.
#[must_use]
pub const fn header_length(length: usize) -> usize {
    match length {
        0..=125 => 2,
        126..=0xffff => 4,
        _ => 10,
    }
}

/// Masks or unmasks `octets`, of which the first stands at `offset` in the payload.
pub fn apply_mask(octets: &mut [u8], mask: [u8; 4], offset: usize) {
    if mask == [0; 4] {
        return;
    }
    let mut mask = mask;
    mask.rotate_left(offset % 4);
    let [a, b, c, d] = mask;
    let word = u64::from_ne_bytes([a, b, c, d, a, b, c, d]);
    let mut words = octets.chunks_exact_mut(8);
    for chunk in &mut words {
        if let Some(eight) = chunk.first_chunk_mut::<8>() {
            *eight = (u64::from_ne_bytes(*eight) ^ word).to_ne_bytes();
        }
    }
    for (octet, mask) in words.into_remainder().iter_mut().zip(mask.iter().cycle()) {
        *octet ^= mask;
    }
}

/// Widens a length in memory to a length on the wire.
pub(super) fn wide(length: usize) -> u64 {
    u64::try_from(length).expect("lengths in memory have at most 64 bits")
}

/// Reads what follows the seven bits of a length; gives the length and how many octets it took.
fn parse_length(short: u8, octets: &[u8]) -> Result<Option<(u64, usize)>, Violation> {
    let (length, used, least) = match short {
        126 => {
            let Some(&long) = octets.first_chunk::<2>() else {
                return Ok(None);
            };
            (u64::from(u16::from_be_bytes(long)), 2, 126)
        }
        127 => {
            let Some(&long) = octets.first_chunk::<8>() else {
                return Ok(None);
            };
            (u64::from_be_bytes(long), 8, 0x1_0000)
        }
        short => (u64::from(short), 0, 0),
    };
    if length < least || length > u64::MAX >> 1 {
        return Err(Violation::Length);
    }
    Ok(Some((length, used)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_go_both_ways_at_every_length() {
        for length in [0, 1, 125, 126, 127, 0xffff, 0x1_0000, (1 << 32) + 5] {
            for mask in [None, Some([1, 2, 3, 4])] {
                let header = FrameHeader {
                    fin: true,
                    rsv1: length % 2 == 1,
                    opcode: Opcode::Binary,
                    mask,
                    length,
                };
                let mut octets = Vec::new();
                header.put(&mut octets);
                let size = octets.len();
                assert_eq!(FrameHeader::parse(&octets), Ok(Some((header, size))));
                for end in 0..size {
                    assert_eq!(FrameHeader::parse(&octets[..end]), Ok(None));
                }
                if mask.is_none() {
                    assert_eq!(size, header_length(usize::try_from(length).unwrap()));
                }
            }
        }
    }

    #[test]
    fn broken_headers_have_names() {
        for (octets, violation) in [
            (&[0x90][..], Violation::ReservedBits),
            (&[0xa1], Violation::ReservedBits),
            (&[0x83], Violation::ReservedOpcode(3)),
            (&[0x8f], Violation::ReservedOpcode(15)),
            (&[0x09], Violation::FragmentedControl),
            (&[0x89, 126], Violation::LongControl),
            (&[0x81, 126, 0, 125], Violation::Length),
            (
                &[0x81, 127, 0, 0, 0, 0, 0, 0, 0xff, 0xff],
                Violation::Length,
            ),
            (&[0x81, 127, 0x80, 0, 0, 0, 0, 0, 0, 0], Violation::Length),
        ] {
            assert_eq!(FrameHeader::parse(octets), Err(violation), "{octets:02x?}");
        }
    }

    #[test]
    fn masking_in_pieces_is_masking_at_once() {
        let plain: Vec<u8> = (0..=99).collect();
        let mask = [0x12, 0x34, 0x56, 0x78];
        let expected: Vec<u8> = plain
            .iter()
            .zip(mask.iter().cycle())
            .map(|(a, b)| a ^ b)
            .collect();
        for cut in 0..plain.len() {
            let mut octets = plain.clone();
            apply_mask(&mut octets[..cut], mask, 0);
            apply_mask(&mut octets[cut..], mask, cut);
            assert_eq!(octets, expected, "cut at {cut}");
        }
    }
}
