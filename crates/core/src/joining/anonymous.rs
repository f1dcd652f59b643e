use crossbar_wire::Text;

use super::{Client, Step, principal};

/// The method's name on the wire.
pub(super) const METHOD: &str = "anonymous";

impl Client {
    /// Lets a client in that does not say who it is. Its own authid counts for nothing.
    pub(super) fn anonymous(self, role: &Text, authid: Option<Text>) -> Step {
        let authid = authid.unwrap_or_else(|| draw_authid(&self.opening.random));
        self.enter(principal(&authid, role, METHOD))
    }
}

/// Makes an authid like `UYXU-G6HF-…`: 24 characters that nobody confuses, in groups of four.
pub(super) fn draw_authid(random: &[u8; 32]) -> Text {
    let mut authid = String::with_capacity(29);
    for (place, octet) in random.iter().take(24).enumerate() {
        if place > 0 && place % 4 == 0 {
            authid.push('-');
        }
        authid.push(char::from(ALPHABET[usize::from(*octet) % ALPHABET.len()]));
    }
    Text::from(authid)
}

/// Digits and capitals without those that look alike.
const ALPHABET: &[u8; 23] = b"3479ACEFHJKLMNPQRTUVWXY";
