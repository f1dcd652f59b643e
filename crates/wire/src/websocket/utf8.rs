/// Checks UTF-8 that comes in pieces, and fails at the first octet that cannot be right.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Utf8Check {
    /// The octets of a character that the last piece broke off in.
    begun: [u8; 4],
    length: usize,
}

/// The octets are not UTF-8.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct NotUtf8;

impl Utf8Check {
    /// Takes the next piece.
    pub(super) fn feed(&mut self, mut piece: &[u8]) -> Result<(), NotUtf8> {
        while self.length > 0 {
            let Some((&next, rest)) = piece.split_first() else {
                return Ok(());
            };
            piece = rest;
            self.begun[self.length] = next;
            self.length += 1;
            match std::str::from_utf8(&self.begun[..self.length]) {
                Ok(_) => self.length = 0,
                Err(error) if error.error_len().is_some() => return Err(NotUtf8),
                Err(_) => {}
            }
        }
        let Err(error) = simdutf8::compat::from_utf8(piece) else {
            return Ok(());
        };
        if error.error_len().is_some() {
            return Err(NotUtf8);
        }
        let begun = &piece[error.valid_up_to()..];
        self.begun[..begun.len()].copy_from_slice(begun);
        self.length = begun.len();
        Ok(())
    }

    /// Says that no more octets come: a character must not be left broken off.
    pub(super) fn finish(&mut self) -> Result<(), NotUtf8> {
        if std::mem::take(&mut self.length) == 0 {
            Ok(())
        } else {
            Err(NotUtf8)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(octets: &[u8], size: usize) -> Result<(), usize> {
        let mut check = Utf8Check::default();
        for (index, piece) in octets.chunks(size).enumerate() {
            check.feed(piece).map_err(|_| index)?;
        }
        check.finish().map_err(|_| octets.len())
    }

    #[test]
    fn pieces_of_any_size_are_checked_alike() {
        let valid =
            "κόσμε \u{10ffff} \u{7ff}\u{800}\u{ffff} plain text, long enough for the vector path"
                .as_bytes();
        for size in 1..=valid.len() {
            assert_eq!(check(valid, size), Ok(()), "{size}");
        }
        for cut in 1..4 {
            let broken = &"\u{10ffff}".as_bytes()[..cut];
            assert_eq!(check(broken, 1), Err(cut));
            assert_eq!(check(broken, 4), Err(cut));
        }
    }

    #[test]
    fn the_first_wrong_octet_is_the_last_taken() {
        for (octets, at) in [
            (&b"\xf4\x90\x80\x80"[..], 1),
            (b"ab\xed\xa0\x80", 3),
            (b"\xc0\xaf", 0),
            (b"\xce\xba\xff", 2),
            (b"\xe0\x80", 1),
            (b"\xf5", 0),
        ] {
            assert_eq!(check(octets, 1), Err(at), "{octets:02x?}");
        }
    }
}
