use std::fmt;

use crate::Text;

/// How strictly URIs are read (realm option `uri_check`; WAMP spec, "URIs").
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum UriCheck {
    /// Components hold anything but `.`, `#` and white space.
    #[default]
    Loose,
    /// Components hold `[0-9a-z_]` only.
    Strict,
}

/// How a subscription's, registration's or permission's URI is compared (WAMP spec, "Pattern-based ...").
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum MatchPolicy {
    /// Equal.
    #[default]
    Exact,
    /// A plain string prefix; the empty prefix matches everything.
    Prefix,
    /// Empty components match any one component; the count must be equal.
    Wildcard,
}

impl MatchPolicy {
    /// Every policy's word.
    pub const NAMES: &'static [&'static str] = &["exact", "prefix", "wildcard"];

    /// Gives the word on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Prefix => "prefix",
            Self::Wildcard => "wildcard",
        }
    }

    /// Gives the policy that a word stands for.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "exact" => Some(Self::Exact),
            "prefix" => Some(Self::Prefix),
            "wildcard" => Some(Self::Wildcard),
            _ => None,
        }
    }
}

/// A checked URI without empty components.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Uri(Text);

impl Uri {
    /// Checks a URI and keeps a copy of its own size.
    ///
    /// # Errors
    /// Names the first fault.
    pub fn new(text: &Text, check: UriCheck) -> Result<Self, UriError> {
        Self::check(text, check)?;
        Ok(Self(text.compact()))
    }

    /// Checks a URI that is not to be kept.
    ///
    /// # Errors
    /// Names the first fault.
    pub fn check(text: &Text, check: UriCheck) -> Result<(), UriError> {
        components(text.as_bytes(), check, |_| false)
    }

    /// Shows the URI.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Shows the octets.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// Shares the text.
    #[must_use]
    pub const fn text(&self) -> &Text {
        &self.0
    }
}

impl fmt::Display for Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A checked URI together with its match policy. Only patterns may have empty components.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Pattern {
    uri: Text,
    policy: MatchPolicy,
}

impl Pattern {
    /// Checks a pattern and keeps a copy of its own size. A wildcard pattern may have empty components anywhere, a
    /// prefix at its end; the empty prefix is allowed, the empty wildcard pattern is one empty component.
    ///
    /// # Errors
    /// Names the first fault.
    pub fn new(text: &Text, policy: MatchPolicy, check: UriCheck) -> Result<Self, UriError> {
        match policy {
            MatchPolicy::Exact => components(text.as_bytes(), check, |_| false),
            MatchPolicy::Prefix => components(text.as_bytes(), check, |last| last),
            MatchPolicy::Wildcard => components(text.as_bytes(), check, |_| true),
        }?;
        Ok(Self {
            uri: text.compact(),
            policy,
        })
    }

    /// Shows the URI.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.uri
    }

    /// Shows the octets of the URI.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.uri.as_bytes()
    }

    /// Shares the text.
    #[must_use]
    pub const fn text(&self) -> &Text {
        &self.uri
    }

    /// Gives the policy.
    #[must_use]
    pub const fn policy(&self) -> MatchPolicy {
        self.policy
    }

    /// Says whether a URI without empty components falls under the pattern.
    #[must_use]
    pub fn matches(&self, uri: &str) -> bool {
        match self.policy {
            MatchPolicy::Exact => self.uri.as_bytes() == uri.as_bytes(),
            MatchPolicy::Prefix => uri.as_bytes().starts_with(self.uri.as_bytes()),
            MatchPolicy::Wildcard => {
                let mut components = uri.split('.');
                let all = self.uri.as_str().split('.').all(|wanted| {
                    components
                        .next()
                        .is_some_and(|found| wanted.is_empty() || wanted == found)
                });
                all && components.next().is_none()
            }
        }
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.uri.fmt(f)
    }
}

/// What is wrong with a URI.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum UriError {
    /// A component is empty where none may be.
    #[error("the URI has an empty component")]
    EmptyComponent,
    /// White space or `#`.
    #[error("the URI has a character that no URI may have: {0:?}")]
    Character(char),
    /// A character that only loose URIs may have.
    #[error("the URI has a character other than a-z, 0-9 and _: {0:?}")]
    NotStrict(char),
}

/// Checks all components of UTF-8. `empty` says whether a component may be empty, given whether it is the last.
pub(crate) fn components(
    octets: &[u8],
    check: UriCheck,
    empty: impl Fn(bool) -> bool,
) -> Result<(), UriError> {
    let mut length = 0_usize;
    for &octet in octets {
        match octet {
            b'a'..=b'z' | b'0'..=b'9' | b'_' => length += 1,
            b'.' if length == 0 && !empty(false) => return Err(UriError::EmptyComponent),
            b'.' => length = 0,
            b'!'..=b'~' if octet != b'#' && check == UriCheck::Loose => length += 1,
            _ => return unusual(octets, check, empty),
        }
    }
    if length == 0 && !empty(true) {
        return Err(UriError::EmptyComponent);
    }
    Ok(())
}

/// The same for a text with a character beyond ASCII or a bad one.
fn unusual(octets: &[u8], check: UriCheck, empty: impl Fn(bool) -> bool) -> Result<(), UriError> {
    let text = std::str::from_utf8(octets).unwrap_or_default();
    for character in text.chars() {
        if matches!(character, '#' | '\u{1c}'..='\u{1f}') || character.is_whitespace() {
            return Err(UriError::Character(character));
        }
        let strict = matches!(character, 'a'..='z' | '0'..='9' | '_' | '.');
        if check == UriCheck::Strict && !strict {
            return Err(UriError::NotStrict(character));
        }
    }
    let (rest, last) = text
        .rsplit_once('.')
        .map_or((None, text), |(r, l)| (Some(r), l));
    if last.is_empty() && !empty(true) {
        return Err(UriError::EmptyComponent);
    }
    let inner = rest.is_some_and(|rest| rest.split('.').any(str::is_empty));
    if inner && !empty(false) {
        return Err(UriError::EmptyComponent);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uri(text: &str, check: UriCheck) -> Result<(), UriError> {
        Uri::check(&Text::from(text), check)
    }

    fn pattern(text: &str, policy: MatchPolicy) -> Result<Pattern, UriError> {
        Pattern::new(&Text::from(text), policy, UriCheck::Loose)
    }

    #[test]
    fn i_05_loose_uris_refuse_white_space_and_number_signs() {
        for good in [
            "a",
            "com.example.Topic-1",
            "com.é.😀",
            "a.b:c/d?e=f",
            "A._",
            "a\u{7f}b",
        ] {
            assert_eq!(uri(good, UriCheck::Loose), Ok(()), "{good}");
        }
        for (bad, character) in [
            ("com.a b", ' '),
            ("com.a#", '#'),
            ("a\tb", '\t'),
            ("a\u{a0}b", '\u{a0}'),
            ("é#", '#'),
            ("a\u{2028}", '\u{2028}'),
            ("a\u{1c}", '\u{1c}'),
        ] {
            assert_eq!(
                uri(bad, UriCheck::Loose),
                Err(UriError::Character(character)),
                "{bad}"
            );
        }
    }

    #[test]
    fn i_06_strict_uris_hold_lower_case_letters_digits_and_underscores() {
        assert_eq!(uri("com.example_1.topic", UriCheck::Strict), Ok(()));
        for (bad, character) in [("com.Example", 'E'), ("com.a-b", '-'), ("com.é", 'é')] {
            assert_eq!(
                uri(bad, UriCheck::Strict),
                Err(UriError::NotStrict(character)),
                "{bad}"
            );
        }
    }

    #[test]
    fn i_07_empty_components() {
        for bad in ["", ".", "a.", ".a", "a..b", "é.", ".é", "é..b"] {
            for check in [UriCheck::Loose, UriCheck::Strict] {
                let fault = uri(bad, check);
                assert!(
                    matches!(
                        fault,
                        Err(UriError::EmptyComponent | UriError::NotStrict(_))
                    ),
                    "{bad}: {fault:?}"
                );
            }
            assert_eq!(
                uri(bad, UriCheck::Loose),
                Err(UriError::EmptyComponent),
                "{bad}"
            );
            assert!(pattern(bad, MatchPolicy::Exact).is_err(), "{bad}");
            assert!(pattern(bad, MatchPolicy::Wildcard).is_ok(), "{bad}");
        }
        for good in ["", "a.", "a", "é."] {
            assert!(pattern(good, MatchPolicy::Prefix).is_ok(), "{good}");
        }
        for bad in [".a", "a..b", "a..", "."] {
            assert!(pattern(bad, MatchPolicy::Prefix).is_err(), "{bad}");
        }
    }

    #[test]
    fn patterns_match_by_their_policy() {
        let matches = |text, policy, uri| pattern(text, policy).unwrap().matches(uri);
        assert!(matches("a.b", MatchPolicy::Exact, "a.b"));
        assert!(!matches("a.b", MatchPolicy::Exact, "a.b.c"));
        assert!(matches("a.b", MatchPolicy::Prefix, "a.b.c"));
        assert!(matches("a.b", MatchPolicy::Prefix, "a.bc"));
        assert!(matches("", MatchPolicy::Prefix, "a"));
        assert!(!matches("a.b", MatchPolicy::Prefix, "a.c"));
        assert!(matches("a..c", MatchPolicy::Wildcard, "a.b.c"));
        assert!(matches("", MatchPolicy::Wildcard, "a"));
        assert!(matches("..", MatchPolicy::Wildcard, "a.b.c"));
        assert!(!matches("", MatchPolicy::Wildcard, "a.b"));
        assert!(!matches("a..c", MatchPolicy::Wildcard, "a.b.c.d"));
        assert!(!matches("a..c", MatchPolicy::Wildcard, "a.b"));
        assert!(!matches("a..c", MatchPolicy::Wildcard, "x.b.c"));
    }

    #[test]
    fn a_kept_uri_does_not_keep_its_frame() {
        let frame = bytes::Bytes::from(vec![b'a'; 10_000]);
        let text = Text::from_utf8(frame.slice(..4)).unwrap();
        let uri = Uri::new(&text, UriCheck::Loose).unwrap();
        drop(text);
        assert!(frame.is_unique());
        assert_eq!(uri.as_str(), "aaaa");
    }
}
