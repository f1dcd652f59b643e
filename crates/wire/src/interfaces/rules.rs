use std::fmt;

use crate::UriCheck;
use crate::uri::components;

/// What text must be beyond text (WAMP spec, "WAMP IDL Attributes").
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Rule {
    Name(UriCheck),
    Uri(UriCheck),
    /// A URI or a pattern of any kind.
    Pattern(UriCheck),
    /// A URI or a prefix.
    Prefix(UriCheck),
    Uuid,
}

impl Rule {
    /// Gives the rule that an attribute stands for.
    pub(super) fn named(attribute: &str) -> Option<Self> {
        Some(match attribute {
            "wampname" => Self::Name(UriCheck::Loose),
            "wampname_s" => Self::Name(UriCheck::Strict),
            "wampuri" => Self::Uri(UriCheck::Loose),
            "wampuri_s" => Self::Uri(UriCheck::Strict),
            "wampuri_p" => Self::Pattern(UriCheck::Loose),
            "wampuri_sp" => Self::Pattern(UriCheck::Strict),
            "wampuri_pp" => Self::Prefix(UriCheck::Loose),
            "wampuri_spp" => Self::Prefix(UriCheck::Strict),
            "uuid" => Self::Uuid,
            _ => return None,
        })
    }

    pub(super) fn holds(self, text: &str) -> bool {
        let octets = text.as_bytes();
        match self {
            Self::Name(check) => {
                !octets.contains(&b'.') && components(octets, check, |_| false).is_ok()
            }
            Self::Uri(check) => components(octets, check, |_| false).is_ok(),
            Self::Pattern(check) => components(octets, check, |_| true).is_ok(),
            Self::Prefix(check) => components(octets, check, |last| last).is_ok(),
            Self::Uuid => is_uuid(octets),
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Name(UriCheck::Loose) => "a component of a URI",
            Self::Name(UriCheck::Strict) => "a component of a strict URI",
            Self::Uri(UriCheck::Loose) => "a URI",
            Self::Uri(UriCheck::Strict) => "a strict URI",
            Self::Pattern(UriCheck::Loose) => "a URI or a pattern",
            Self::Pattern(UriCheck::Strict) => "a strict URI or pattern",
            Self::Prefix(UriCheck::Loose) => "a URI or a prefix",
            Self::Prefix(UriCheck::Strict) => "a strict URI or prefix",
            Self::Uuid => "a UUID",
        })
    }
}

/// Says whether this is a UUID in its text form (RFC 9562): groups of 8, 4, 4, 4 and 12 hexadecimal digits.
fn is_uuid(octets: &[u8]) -> bool {
    let groups = octets.split(|&octet| octet == b'-');
    let lengths = groups.map(|group| {
        let is_hex = group.iter().all(u8::is_ascii_hexdigit);
        if is_hex { group.len() } else { 0 }
    });
    lengths.eq([8, 4, 4, 4, 12])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn z04_attributes_of_text() {
        let cases = [
            ("wampname", "a-1", true),
            ("wampname", "a.b", false),
            ("wampname", "", false),
            ("wampname_s", "a-1", false),
            ("wampuri", "com.Ä", true),
            ("wampuri", "com.", false),
            ("wampuri", "com. x", false),
            ("wampuri_s", "com.x_1", true),
            ("wampuri_s", "com.X", false),
            ("wampuri_p", ".a..", true),
            ("wampuri_p", "", true),
            ("wampuri_p", "a#", false),
            ("wampuri_sp", "a..b", true),
            ("wampuri_sp", "a..B", false),
            ("wampuri_pp", "a.", true),
            ("wampuri_pp", "a..b", false),
            ("wampuri_spp", "a.b", true),
            ("uuid", "bf469db0-efea-425b-8de4-24b5770e6241", true),
            ("uuid", "bf469db0-efea-425b-8de4-24b5770e624", false),
            ("uuid", "bf469db0-efea-425b-8de4-24b5770e624x", false),
            ("uuid", "bf469db0efea425b8de424b5770e6241", false),
        ];
        for (attribute, text, holds) in cases {
            let rule = Rule::named(attribute).unwrap();
            assert_eq!(rule.holds(text), holds, "{attribute}: {text}");
        }
        assert_eq!(Rule::named("arg"), None);
    }
}
