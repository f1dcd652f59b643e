use crossbar_wire::Text;

use super::{Client, Step, principal};

/// The method's name on the wire.
pub(super) const METHOD: &str = "anonymous";

impl Client {
    /// Lets a client in that does not say who it is. Its own authid counts for nothing; with the same cookie it gets the same one.
    pub(super) fn anonymous(self, role: &Text, authid: Option<Text>) -> Step {
        let alias = self
            .opening
            .transport
            .as_ref()
            .and_then(|transport| transport.cookie);
        let authid = authid.unwrap_or_else(|| match alias {
            Some(alias) => authid_of(alias.octets()),
            None => draw_authid(&self.opening.random),
        });
        self.enter(principal(&authid, role, METHOD))
    }
}

/// Makes an authid of random octets.
pub(super) fn draw_authid(random: &[u8; 32]) -> Text {
    let (octets, _) = random.split_first_chunk().expect("32 are more than 24");
    authid_of(octets)
}

/// Makes an authid like `UYXU-G6HF-…`: 24 characters that nobody confuses, in groups of four.
pub(crate) fn authid_of(octets: &[u8; 24]) -> Text {
    let mut authid = String::with_capacity(29);
    for (place, octet) in octets.iter().enumerate() {
        if place > 0 && place % 4 == 0 {
            authid.push('-');
        }
        authid.push(char::from(ALPHABET[usize::from(*octet) % ALPHABET.len()]));
    }
    Text::from(authid)
}

/// Digits and capitals without those that look alike.
const ALPHABET: &[u8; 23] = b"3479ACEFHJKLMNPQRTUVWXY";
