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

proptest! {
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
