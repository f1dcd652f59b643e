use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

/// What a sync flush ends with; left out on the wire (RFC 7692 §7.2.1).
const TAIL: [u8; 4] = [0x00, 0x00, 0xff, 0xff];

/// Whether a window lives from one message to the next.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Takeover {
    Keep,
    Drop,
}

/// Compresses one side's messages. Its state (about 256 KiB at 15 window bits) is made at the first message, and is let
/// go of after each without context takeover.
pub struct Compressor {
    state: Option<Compress>,
    window_bits: u8,
    takeover: Takeover,
}

impl Compressor {
    /// `window_bits` is 9 to 15: zlib makes no raw stream with a smaller window.
    pub(super) const fn new(window_bits: u8, takeover: Takeover) -> Self {
        Self {
            state: None,
            window_bits,
            takeover,
        }
    }

    /// Appends the compressed payload of a message to `out`.
    ///
    /// # Panics
    /// Never: a raw stream without dictionary has no error state.
    pub fn compress(&mut self, payload: &[u8], out: &mut Vec<u8>) {
        if payload.is_empty() {
            // RFC 7692 §7.2.3.6: an empty stored block, less its tail.
            out.push(0);
            return;
        }
        let bits = self.window_bits;
        let state = self.state.get_or_insert_with(|| {
            Compress::new_with_window_bits(Compression::default(), false, bits)
        });
        let start = out.len();
        let mut rest = payload;
        loop {
            out.reserve((rest.len() / 2).max(64));
            let before = state.total_in();
            state
                .compress_vec(rest, out, FlushCompress::Sync)
                .expect("a raw deflate stream without dictionary has no error state");
            rest = &rest[taken(before, state.total_in())..];
            if rest.is_empty() && out.len() < out.capacity() {
                break;
            }
        }
        if out[start..].ends_with(&TAIL) {
            out.truncate(out.len() - TAIL.len());
        }
        if self.takeover == Takeover::Drop {
            self.state = None;
        }
    }
}

impl std::fmt::Debug for Compressor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Compressor")
            .field("window_bits", &self.window_bits)
            .field("takeover", &self.takeover)
            .finish_non_exhaustive()
    }
}

/// Decompresses the peer's messages. Its state (about 48 KiB) is made at the first compressed message, and is let go of
/// after each without context takeover.
pub struct Decompressor {
    state: Option<Decompress>,
    takeover: Takeover,
}

/// Why compressed data gives no message.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum InflateError {
    TooBig,
    Broken,
}

impl Decompressor {
    pub(super) const fn new(takeover: Takeover) -> Self {
        Self {
            state: None,
            takeover,
        }
    }

    /// Appends what a frame's payload holds to `out`, which is never made longer than `limit` and one octet.
    pub(super) fn decompress(
        &mut self,
        payload: &[u8],
        fin: bool,
        out: &mut Vec<u8>,
        limit: usize,
    ) -> Result<(), InflateError> {
        // The peer's window may be as large as it likes: 15 bits read every stream.
        let state = self
            .state
            .get_or_insert_with(|| Decompress::new_with_window_bits(false, 15));
        inflate(state, payload, out, limit)?;
        if fin {
            inflate(state, &TAIL, out, limit)?;
            if self.takeover == Takeover::Drop {
                self.state = None;
            }
        }
        Ok(())
    }
}

impl std::fmt::Debug for Decompressor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Decompressor")
            .field("takeover", &self.takeover)
            .finish_non_exhaustive()
    }
}

fn inflate(
    state: &mut Decompress,
    mut input: &[u8],
    out: &mut Vec<u8>,
    limit: usize,
) -> Result<(), InflateError> {
    loop {
        if out.len() == out.capacity() {
            let room = limit.saturating_sub(out.len()).saturating_add(1);
            out.reserve(
                (2 * input.len())
                    .max(out.len())
                    .clamp(256, 1 << 16)
                    .min(room),
            );
        }
        let (read, written) = (state.total_in(), out.len());
        let status = state
            .decompress_vec(input, out, FlushDecompress::Sync)
            .map_err(|_| InflateError::Broken)?;
        input = &input[taken(read, state.total_in())..];
        if out.len() > limit {
            return Err(InflateError::TooBig);
        }
        match status {
            // A final block may stand within a message (RFC 7692 §7.2.3.4); what follows is a new stream.
            Status::StreamEnd => {
                state.reset(false);
                if input.is_empty() {
                    return Ok(());
                }
            }
            Status::Ok | Status::BufError if out.len() == out.capacity() => {}
            Status::Ok | Status::BufError if input.is_empty() => return Ok(()),
            Status::Ok | Status::BufError => {
                if state.total_in() == read && out.len() == written {
                    return Err(InflateError::Broken);
                }
            }
        }
    }
}

/// Gives how far a stream's count of octets has moved.
fn taken(before: u64, after: u64) -> usize {
    usize::try_from(after - before).expect("no more is taken than a slice holds")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(length: usize) -> Vec<u8> {
        (0..length)
            .flat_map(|n| format!("{{\"key\": {}}},", n * n % 97).into_bytes())
            .take(length)
            .collect()
    }

    #[test]
    fn messages_of_every_size_come_back() {
        for takeover in [Takeover::Keep, Takeover::Drop] {
            for bits in [9, 12, 15] {
                let mut compressor = Compressor::new(bits, takeover);
                let mut decompressor = Decompressor::new(takeover);
                for size in [0, 1, 5, 63, 64, 65, 1000, 0, 65_536, 300_000, 3] {
                    let plain = text(size);
                    let mut octets = Vec::new();
                    compressor.compress(&plain, &mut octets);
                    assert!(size < 1000 || octets.len() < size / 4);
                    let mut back = Vec::new();
                    let (a, b) = octets.split_at(octets.len() / 2);
                    decompressor.decompress(a, false, &mut back, size).unwrap();
                    decompressor.decompress(b, true, &mut back, size).unwrap();
                    assert_eq!(back, plain, "{size} octets at {bits} bits");
                }
                assert_eq!(compressor.state.is_some(), takeover == Takeover::Keep);
                assert_eq!(decompressor.state.is_some(), takeover == Takeover::Keep);
            }
        }
    }

    #[test]
    fn a_bomb_costs_no_more_than_the_limit() {
        let mut octets = Vec::new();
        Compressor::new(15, Takeover::Drop).compress(&vec![0; 50_000_000], &mut octets);
        let mut out = Vec::new();
        let result = Decompressor::new(Takeover::Drop).decompress(&octets, true, &mut out, 100_000);
        assert_eq!(result, Err(InflateError::TooBig));
        assert!(out.capacity() <= 200_000, "{}", out.capacity());
    }

    #[test]
    fn examples_of_the_specification_are_read() {
        // RFC 7692 §7.2.3: one block, shared window, no compression, final block, two blocks.
        let mut decompressor = Decompressor::new(Takeover::Keep);
        for octets in [
            &[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00][..],
            &[0xf2, 0x00, 0x11, 0x00, 0x00],
            &[
                0x00, 0x05, 0x00, 0xfa, 0xff, 0x48, 0x65, 0x6c, 0x6c, 0x6f, 0x00,
            ],
            &[0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00],
            &[
                0xf2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xff, 0xff, 0xca, 0xc9, 0xc9, 0x07, 0x00,
            ],
        ] {
            let mut out = Vec::new();
            decompressor.decompress(octets, true, &mut out, 5).unwrap();
            assert_eq!(out, b"Hello", "{octets:02x?}");
        }
    }

    #[test]
    fn broken_data_is_an_error() {
        let result =
            Decompressor::new(Takeover::Keep).decompress(&[0xff; 20], true, &mut Vec::new(), 100);
        assert_eq!(result, Err(InflateError::Broken));
    }
}
