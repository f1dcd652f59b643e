//! What browsers hold.

use std::fmt;

use crossbar_config::Cookie;
use http::header::{COOKIE, HeaderMap, HeaderValue};
use sha2::{Digest as _, Sha256};

/// A cookie's value: whoever has it may be let in. `Debug` does not show it.
#[derive(Clone, Eq, PartialEq)]
pub(crate) struct CookieValue(Box<str>);

/// What a value is looked up by: how long that takes tells nothing of it.
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(crate) struct Digest([u8; 32]);

impl CookieValue {
    /// Draws a value of so many characters from the system's generator; none if that fails.
    pub(crate) fn draw(length: usize) -> Option<Self> {
        let mut text = String::with_capacity(length);
        let mut octets = [0; 64];
        while text.len() < length {
            getrandom::fill(&mut octets).ok()?;
            let digits = octets
                .iter()
                .filter_map(|&octet| DIGITS.get(usize::from(octet >> 2)));
            let room = length - text.len();
            text.extend(digits.map(|&digit| char::from(digit)).take(room));
        }
        Some(Self(text.into()))
    }

    /// Takes a value that a client or a store has; none if it cannot be one.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let fits = |octet: u8| octet.is_ascii_graphic() && !b"\",;\\".contains(&octet);
        (SHORTEST..=LONGEST)
            .contains(&text.len())
            .then_some(text)
            .filter(|text| text.bytes().all(fits))
            .map(|text| Self(text.into()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn digest(&self) -> Digest {
        Digest(Sha256::digest(self.0.as_bytes()).into())
    }

    /// Makes the header that gives the cookie to a browser: for all paths, so that one that is set on another path is the same.
    pub(crate) fn set_cookie(&self, settings: &Cookie) -> Option<HeaderValue> {
        let (name, age) = (&settings.name, settings.max_age.as_secs());
        let mut text = format!("{name}={}; Path=/; Max-Age={age}", self.0);
        if settings.secure {
            text.push_str("; Secure");
        }
        if settings.http_only {
            text.push_str("; HttpOnly");
        }
        if let Some(same_site) = settings.same_site {
            text.push_str("; SameSite=");
            text.push_str(same_site.name());
        }
        let mut header = HeaderValue::from_str(&text).ok()?;
        header.set_sensitive(true);
        Some(header)
    }
}

impl Digest {
    /// Writes it in hexadecimal.
    pub(crate) fn to_hex(self) -> String {
        use fmt::Write;
        self.0.iter().fold(String::new(), |mut text, octet| {
            // A string takes all that is written.
            let _ = write!(text, "{octet:02x}");
            text
        })
    }

    /// Reads it.
    pub(crate) fn from_hex(text: &str) -> Option<Self> {
        let mut octets = [0; 32];
        let pairs = text.as_bytes().chunks_exact(2);
        if text.len() != 64 {
            return None;
        }
        for (octet, pair) in octets.iter_mut().zip(pairs) {
            *octet = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
        }
        Some(Self(octets))
    }
}

impl fmt::Debug for CookieValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// Gives the values that a request has for a cookie, in its order. There may be several, of other paths and domains.
pub(crate) fn presented(headers: &HeaderMap, name: &str) -> Vec<CookieValue> {
    headers
        .get_all(COOKIE)
        .into_iter()
        .filter_map(|header| header.to_str().ok())
        .flat_map(|header| header.split(';'))
        .filter_map(|pair| pair.split_once('='))
        .filter(|(key, _)| key.trim() == name)
        .filter_map(|(_, value)| CookieValue::read(unquoted(value.trim())))
        .take(MOST)
        .collect()
}

fn unquoted(value: &str) -> &str {
    let inner = value.strip_prefix('"').and_then(|it| it.strip_suffix('"'));
    inner.unwrap_or(value)
}

/// 62 of 64 octets are digits: the others are drawn again.
const DIGITS: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
/// Characters.
const SHORTEST: usize = 6;
/// Characters.
const LONGEST: usize = 64;
/// How many values of one name are looked at.
const MOST: usize = 8;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use crossbar_config::{CookieStore, SameSite};

    use super::*;

    fn settings() -> Cookie {
        Cookie {
            name: "cbtid".to_owned(),
            length: 24,
            max_age: Duration::from_secs(60),
            store: CookieStore::Memory,
            secure: false,
            http_only: false,
            same_site: None,
        }
    }

    #[test]
    fn values_are_drawn_in_any_length_and_differ() {
        for length in 6..=64 {
            let value = CookieValue::draw(length).unwrap();
            assert_eq!(value.as_str().len(), length);
            assert_eq!(CookieValue::read(value.as_str()), Some(value.clone()));
            assert_ne!(CookieValue::draw(length), Some(value));
        }
    }

    #[test]
    fn what_cannot_be_a_value_is_none() {
        let long = "a".repeat(65);
        for text in [
            "",
            "short",
            "with blank",
            "with;semicolon",
            "ünicode",
            "a\"quote",
            &long,
        ] {
            assert_eq!(CookieValue::read(text), None, "{text}");
        }
        // Crossbar.io's values have signs of Base64.
        assert!(CookieValue::read("a+b/c=").is_some());
    }

    #[test]
    fn a11_the_header_has_the_attributes_that_are_configured() {
        let value = CookieValue::read("abcdefgh").unwrap();
        let plain = value.set_cookie(&settings()).unwrap();
        assert_eq!(plain, "cbtid=abcdefgh; Path=/; Max-Age=60");
        let strict = Cookie {
            secure: true,
            http_only: true,
            same_site: Some(SameSite::Strict),
            ..settings()
        };
        let strict = value.set_cookie(&strict).unwrap();
        let expected = "cbtid=abcdefgh; Path=/; Max-Age=60; Secure; HttpOnly; SameSite=Strict";
        assert_eq!(strict, expected);
        assert!(strict.is_sensitive());
    }

    #[test]
    fn all_values_of_the_name_are_found_and_no_others() {
        let mut headers = HeaderMap::new();
        let first = "other=xxxxxx; cbtid=first1; cbtidx=yyyyyy; CBTID=zzzzzz";
        headers.append(COOKIE, HeaderValue::from_static(first));
        let second = "cbtid=\"second\";cbtid=;cbtid";
        headers.append(COOKIE, HeaderValue::from_static(second));
        let found = presented(&headers, "cbtid");
        let found: Vec<&str> = found.iter().map(CookieValue::as_str).collect();
        assert_eq!(found, ["first1", "second"]);
        let many = "cbtid=aaaaaa;".repeat(100);
        headers.append(COOKIE, HeaderValue::from_str(&many).unwrap());
        assert_eq!(presented(&headers, "cbtid").len(), MOST);
    }

    #[test]
    fn digests_are_read_as_written() {
        let digest = CookieValue::read("abcdefgh").unwrap().digest();
        assert!(Digest::from_hex(&digest.to_hex()) == Some(digest));
        for text in ["", "zz", &"g".repeat(64), &"ü".repeat(32)] {
            assert!(Digest::from_hex(text).is_none());
        }
    }
}
