//! The grammar of names, and names that resemble each other.

/// An item's id: a lower case letter, then 2 to 63 of `[a-z0-9_]`.
pub(crate) fn is_item_id(id: &str) -> bool {
    let mut octets = id.bytes();
    octets
        .next()
        .is_some_and(|first| first.is_ascii_lowercase())
        && (3..=64).contains(&id.len())
        && octets.all(|o| o.is_ascii_lowercase() || o.is_ascii_digit() || o == b'_')
}

/// A realm's name: a letter, then 2 to 254 of `[A-Za-z0-9_\-@.]`; or an Ethereum address.
pub(crate) fn is_realm_name(name: &str) -> bool {
    if let Some(digits) = name.strip_prefix("0x") {
        return digits.len() == 40 && digits.bytes().all(|o| o.is_ascii_hexdigit());
    }
    let mut octets = name.bytes();
    octets
        .next()
        .is_some_and(|first| first.is_ascii_alphabetic())
        && (3..=255).contains(&name.len())
        && octets.all(|o| o.is_ascii_alphanumeric() || matches!(o, b'_' | b'-' | b'@' | b'.'))
}

/// A key of `paths`: one component of a path, or `/`.
pub(crate) fn is_path_component(key: &str) -> bool {
    let component = |o: u8| o.is_ascii_alphanumeric() || matches!(o, b'_' | b'-');
    key == "/" || (!key.is_empty() && key.bytes().all(component))
}

/// A permission's URI: any text but white space and `#`; components may be empty.
pub(crate) fn is_permission_uri(uri: &str) -> bool {
    !uri.contains(|c: char| c.is_whitespace() || c == '#')
}

/// Gives the name that resembles a word most, if one does.
pub(crate) fn resembling<'a>(
    word: &str,
    names: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let word = word.to_lowercase();
    let limit = (word.chars().count() / 3).clamp(1, 3);
    names
        .into_iter()
        .map(|name| {
            (
                strsim::damerau_levenshtein(&word, &name.to_lowercase()),
                name,
            )
        })
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids() {
        assert!(is_item_id("worker001") && is_item_id("abc"));
        for id in ["ab", "Abc", "1abc", "a-b-c", ""] {
            assert!(!is_item_id(id), "{id}");
        }
        assert!(!is_item_id(&"a".repeat(65)));
    }

    #[test]
    fn realm_names() {
        assert!(is_realm_name("realm1") && is_realm_name("com.example-x@y"));
        assert!(is_realm_name("0x79A932899a8561250859b167E2Ab9302fFfBFF42"));
        for name in ["r", "1realm", "re alm", "0x12", ""] {
            assert!(!is_realm_name(name), "{name}");
        }
    }

    #[test]
    fn path_components() {
        assert!(is_path_component("/") && is_path_component("ws-1_A"));
        for key in ["", "a/b", "/a", "a.b", "ä"] {
            assert!(!is_path_component(key), "{key}");
        }
    }

    #[test]
    fn a_word_resembles_the_nearest_name() {
        let names = ["router", "container", "guest", "proxy"];
        assert_eq!(resembling("ruoter", names), Some("router"));
        assert_eq!(resembling("Guest", names), Some("guest"));
        assert_eq!(resembling("xyz", names), None);
    }
}
