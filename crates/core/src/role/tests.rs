//! Permissions against a naive reading of the rules.

use proptest::prelude::*;

use super::*;
use crate::Actions;

fn permission(uri: &str, policy: MatchPolicy) -> Permission {
    Permission {
        uri: Text::from(uri),
        policy,
        allow: Actions::default(),
        disclose_caller: Disclosure::default(),
        disclose_publisher: Disclosure::default(),
        trustlevel: None,
        cache: false,
        validation: None,
    }
}

fn parts(uri: &str) -> Vec<&str> {
    uri.split('.').collect()
}

/// Says whether a permission matches everything that the request names.
fn covers_all(permission: &Permission, uri: &str, policy: MatchPolicy) -> bool {
    let own: &str = &permission.uri;
    match (permission.policy, policy) {
        (MatchPolicy::Exact, MatchPolicy::Exact) => own == uri,
        // An exact permission with an empty component stands for the pattern.
        (MatchPolicy::Exact, MatchPolicy::Prefix | MatchPolicy::Wildcard) => {
            !uri.is_empty() && own == uri && parts(uri).contains(&"")
        }
        (MatchPolicy::Prefix, MatchPolicy::Exact | MatchPolicy::Prefix) => uri.starts_with(own),
        (MatchPolicy::Prefix, MatchPolicy::Wildcard) => {
            // Fill the open components with what no prefix here has: it is covered if it does not look at them.
            let filled: Vec<&str> = parts(uri)
                .into_iter()
                .map(|part| if part.is_empty() { "#" } else { part })
                .collect();
            filled.join(".").starts_with(own)
        }
        (MatchPolicy::Wildcard, MatchPolicy::Prefix) => false,
        (MatchPolicy::Wildcard, MatchPolicy::Exact | MatchPolicy::Wildcard) => {
            let (own, uri) = (parts(own), parts(uri));
            own.len() == uri.len() && own.iter().zip(&uri).all(|(o, u)| o.is_empty() || o == u)
        }
    }
}

/// Orders permissions: exact ones, then wildcards from the most literal on, then prefixes from the longest on.
fn rank(permission: &Permission) -> (u8, Vec<bool>, usize) {
    let uri: &str = &permission.uri;
    match permission.policy {
        MatchPolicy::Exact => (0, Vec::new(), 0),
        MatchPolicy::Wildcard => (1, parts(uri).iter().map(|p| p.is_empty()).collect(), 0),
        MatchPolicy::Prefix => (2, Vec::new(), usize::MAX - uri.len()),
    }
}

fn pattern() -> impl Strategy<Value = (String, MatchPolicy)> {
    let literal = prop::sample::select(vec!["a", "b", "ab"]);
    let open = prop::sample::select(vec!["a", "b", "ab", "", ""]);
    prop_oneof![
        prop::collection::vec(literal, 1..4).prop_map(|c| (c.join("."), MatchPolicy::Exact)),
        prop::collection::vec(open, 1..4).prop_map(|c| (c.join("."), MatchPolicy::Wildcard)),
        "[ab.]{0,5}".prop_map(|prefix| (prefix, MatchPolicy::Prefix)),
    ]
}

/// Says whether a URI is one that the pattern stands for.
fn matches(uri: &str, pattern: &str, policy: MatchPolicy) -> bool {
    match policy {
        MatchPolicy::Exact => uri == pattern,
        MatchPolicy::Prefix => uri.starts_with(pattern),
        MatchPolicy::Wildcard => {
            let (uri, pattern) = (parts(uri), parts(pattern));
            let mut pairs = uri.iter().zip(&pattern);
            uri.len() == pattern.len() && pairs.all(|(u, p)| p.is_empty() || u == p)
        }
    }
}

/// Gives every URI of up to three components of those that tables are made of, and one that they lack.
fn universe() -> Vec<String> {
    let components = ["a", "b", "ab", "aba", "c"];
    let mut all: Vec<String> = components.map(String::from).into();
    let mut last = all.clone();
    for _ in 0..2 {
        let longer = |head: &String| components.map(|tail| format!("{head}.{tail}"));
        last = last.iter().flat_map(longer).collect();
        all.extend(last.iter().cloned());
    }
    all
}

/// Makes entries, as written.
fn entries(written: Vec<((String, MatchPolicy), bool)>) -> Vec<Permission> {
    let entry = |((uri, policy), subscribe): ((String, MatchPolicy), bool)| {
        let mut entry = permission(&uri, policy);
        entry.allow.subscribe = subscribe;
        entry
    };
    written.into_iter().map(entry).collect()
}

/// Makes a table without two entries for one pattern.
fn table(entries: Vec<((String, MatchPolicy), bool)>) -> Vec<Permission> {
    let mut list: Vec<Permission> = Vec::new();
    for ((uri, policy), subscribe) in entries {
        if list.iter().all(|p| (&*p.uri, p.policy) != (&uri, policy)) {
            let mut entry = permission(&uri, policy);
            entry.allow.subscribe = subscribe;
            list.push(entry);
        }
    }
    list
}

fn allowed(permissions: &Permissions, uri: &str, policy: MatchPolicy) -> bool {
    let verdict = permissions.decide(Action::Subscribe, uri.as_bytes(), policy);
    verdict != Verdict::Denied
}

proptest! {
    #[test]
    fn z05_an_allowed_pattern_matches_no_denied_uri(
        written in prop::collection::vec((pattern(), any::<bool>()), 0..12),
        asked in prop::collection::vec(pattern(), 1..12),
    ) {
        let permissions = Permissions::new(entries(written));
        for (pattern, policy) in asked {
            if !allowed(&permissions, &pattern, policy) {
                continue;
            }
            for uri in universe().iter().filter(|uri| matches(uri, &pattern, policy)) {
                prop_assert!(
                    allowed(&permissions, uri, MatchPolicy::Exact),
                    "{pattern} {policy:?} reaches {uri}"
                );
            }
        }
    }

    #[test]
    fn z02_a_narrower_grant_never_allows_more(
        entries in prop::collection::vec((pattern(), any::<bool>()), 0..12),
        taken in any::<prop::sample::Index>(),
        denied in pattern(),
        asked in prop::collection::vec(pattern(), 1..20),
    ) {
        let list = table(entries);
        let wide = Permissions::new(list.clone());
        let mut less = list.clone(); // one grant taken back
        if !less.is_empty() {
            let place = taken.index(less.len());
            less[place].allow.subscribe = false;
        }
        let mut more = list; // one denial added
        if more.iter().all(|p| (&*p.uri, p.policy) != (&denied.0, denied.1)) {
            more.push(permission(&denied.0, denied.1));
        }
        let uris = universe().into_iter().map(|uri| (uri, MatchPolicy::Exact));
        let requests: Vec<(String, MatchPolicy)> = asked.into_iter().chain(uris).collect();
        for narrow in [Permissions::new(less), Permissions::new(more)] {
            for (uri, policy) in &requests {
                prop_assert!(
                    allowed(&wide, uri, *policy) || !allowed(&narrow, uri, *policy),
                    "{uri} {policy:?}"
                );
            }
        }
    }

    #[test]
    fn permissions_agree_with_a_list(
        entries in prop::collection::vec((pattern(), any::<bool>()), 0..20),
        asked in prop::collection::vec(pattern(), 1..20),
    ) {
        let mut list: Vec<Permission> = Vec::new();
        for ((uri, policy), as_written) in entries {
            // Some write a pattern as an exact URI.
            let policy = if as_written { MatchPolicy::Exact } else { policy };
            if list.iter().all(|p| (&*p.uri, p.policy) != (&uri, policy)) {
                list.push(permission(&uri, policy));
            }
        }
        let permissions = Permissions::new(list.clone());
        for (uri, policy) in asked {
            let covering = list.iter().filter(|p| covers_all(p, &uri, policy));
            let best = covering.min_by_key(|p| rank(p)).map(|p| (&p.uri, p.policy));
            let found = permissions.find(uri.as_bytes(), policy);
            prop_assert_eq!(found.map(|p| (&p.uri, p.policy)), best, "{} {:?}", uri, policy);
        }
    }
}

#[test]
fn z02_z05_of_two_entries_for_one_pattern_the_later_counts() {
    for policy in [
        MatchPolicy::Exact,
        MatchPolicy::Prefix,
        MatchPolicy::Wildcard,
    ] {
        for subscribe in [true, false] {
            let pattern = || ("a..b".to_owned(), policy);
            let twice = entries(vec![(pattern(), !subscribe), (pattern(), subscribe)]);
            let permissions = Permissions::new(twice);
            let uri = if policy == MatchPolicy::Wildcard {
                "a.x.b"
            } else {
                "a..b"
            };
            assert_eq!(allowed(&permissions, uri, MatchPolicy::Exact), subscribe);
            assert_eq!(allowed(&permissions, "a..b", policy), subscribe);
        }
    }
}
