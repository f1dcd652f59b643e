//! The index against a naive list, by random operations.

use proptest::prelude::*;

use super::*;

/// What the specification says, word for word.
fn matches(pattern: &str, policy: MatchPolicy, uri: &str) -> bool {
    match policy {
        MatchPolicy::Exact => pattern == uri,
        MatchPolicy::Prefix => uri.starts_with(pattern),
        MatchPolicy::Wildcard => {
            let pattern: Vec<&str> = pattern.split('.').collect();
            let uri: Vec<&str> = uri.split('.').collect();
            pattern.len() == uri.len()
                && pattern
                    .iter()
                    .zip(&uri)
                    .all(|(p, u)| p.is_empty() || p == u)
        }
    }
}

/// The literal components that lead up to the first wildcard, then to the next one, and so on.
fn runs(pattern: &str) -> Vec<usize> {
    let mut runs = vec![0];
    for component in pattern.split('.') {
        if component.is_empty() {
            runs.push(0);
        } else {
            *runs.last_mut().unwrap() += 1;
        }
    }
    runs
}

#[derive(Default)]
struct Naive(Vec<(String, MatchPolicy, u32)>);

impl Naive {
    fn insert(&mut self, pattern: &str, policy: MatchPolicy, value: u32) {
        self.remove(pattern, policy);
        self.0.push((pattern.into(), policy, value));
    }

    fn remove(&mut self, pattern: &str, policy: MatchPolicy) {
        self.0
            .retain(|(p, m, _)| (p.as_str(), *m) != (pattern, policy));
    }

    fn all(&self, policy: MatchPolicy, uri: &str) -> Vec<&(String, MatchPolicy, u32)> {
        let all = self.0.iter();
        all.filter(|(p, m, _)| *m == policy && matches(p, policy, uri))
            .collect()
    }

    fn prefixes(&self, uri: &str) -> Vec<u32> {
        let mut all = self.all(MatchPolicy::Prefix, uri);
        all.sort_by_key(|(pattern, ..)| pattern.len());
        all.iter().map(|(.., value)| *value).collect()
    }

    fn wildcards(&self, uri: &str) -> Vec<u32> {
        let mut all = self.all(MatchPolicy::Wildcard, uri);
        all.sort_by_key(|(pattern, ..)| std::cmp::Reverse(runs(pattern)));
        all.iter().map(|(.., value)| *value).collect()
    }
}

fn uri() -> impl Strategy<Value = String> {
    let component = prop::sample::select(vec!["a", "b", "aa", "ab"]);
    prop::collection::vec(component, 1..5).prop_map(|c| c.join("."))
}

fn entry() -> impl Strategy<Value = (String, MatchPolicy)> {
    let component = prop::sample::select(vec!["a", "b", "aa", "ab", "", ""]);
    let wildcard = prop::collection::vec(component, 1..5).prop_map(|c| c.join("."));
    prop_oneof![
        uri().prop_map(|uri| (uri, MatchPolicy::Exact)),
        "[ab.]{0,6}".prop_map(|prefix| (prefix, MatchPolicy::Prefix)),
        wildcard.prop_map(|pattern| (pattern, MatchPolicy::Wildcard)),
    ]
}

proptest! {
    #[test]
    fn index_agrees_with_a_list(
        operations in prop::collection::vec((entry(), any::<bool>()), 0..60),
        asked in prop::collection::vec(uri(), 1..20),
    ) {
        let mut index = PatternIndex::default();
        let mut naive = Naive::default();
        for (value, ((pattern, policy), insert)) in (0..).zip(operations) {
            if insert {
                index.insert(Text::from(pattern.as_str()), policy, value);
                naive.insert(&pattern, policy, value);
            } else {
                index.remove(pattern.as_bytes(), policy);
                naive.remove(&pattern, policy);
            }
            let there = naive.0.iter().find(|(p, m, _)| (p, *m) == (&pattern, policy));
            prop_assert_eq!(index.get(pattern.as_bytes(), policy), there.map(|(.., v)| *v));
            prop_assert_eq!(index.len(), naive.0.len());
        }
        for uri in asked {
            let octets = uri.as_bytes();
            let exact = naive.all(MatchPolicy::Exact, &uri);
            prop_assert_eq!(index.exact(octets), exact.first().map(|(.., v)| *v));
            let (prefixes, wildcards) = (naive.prefixes(&uri), naive.wildcards(&uri));
            prop_assert_eq!(index.longest_prefix(octets), prefixes.last().copied());
            prop_assert_eq!(index.best_wildcard(octets), wildcards.first().copied());
            prop_assert_eq!(
                index.best_pattern(octets),
                prefixes.last().or(wildcards.first()).copied()
            );
            prop_assert_eq!(index.patterns(octets), [prefixes, wildcards].concat());
        }
    }
}

#[test]
fn an_emptied_index_is_empty() {
    let mut index = PatternIndex::default();
    for policy in [
        MatchPolicy::Exact,
        MatchPolicy::Prefix,
        MatchPolicy::Wildcard,
    ] {
        index.insert(Text::from("a..b"), policy, 1);
    }
    assert_eq!(index.len(), 3);
    assert!(index.has_patterns());
    for policy in [
        MatchPolicy::Exact,
        MatchPolicy::Prefix,
        MatchPolicy::Wildcard,
    ] {
        index.remove(b"a..b", policy);
        index.remove(b"a..c", policy);
    }
    assert_eq!(index.len(), 0);
    assert!(!index.has_patterns());
}

#[test]
fn patterns_of_very_many_components_are_found_in_their_order() {
    let mut index = PatternIndex::default();
    let lead = "a.".repeat(40);
    let patterns = ["b.", ".c", "."].map(|end| format!("{lead}{end}"));
    for (pattern, value) in patterns.iter().zip([0, 1, 2]).rev() {
        index.insert(Text::from(pattern.as_str()), MatchPolicy::Wildcard, value);
    }
    index.insert(Text::from("a..a"), MatchPolicy::Wildcard, 9);
    let found =
        |index: &PatternIndex<u32>, end: &str| index.patterns(format!("{lead}{end}").as_bytes());
    assert_eq!(found(&index, "b.c"), [0, 1, 2]);
    assert_eq!(found(&index, "x.c"), [1, 2]);
    assert_eq!(found(&index, "b.c.d"), [0; 0]);
    assert_eq!(index.len(), 4);
    let [first, ..] = &patterns;
    let first = first.as_bytes();
    assert_eq!(index.get(first, MatchPolicy::Wildcard), Some(0));
    index.insert(Text::from(patterns[0].as_str()), MatchPolicy::Wildcard, 7);
    assert_eq!(index.get(first, MatchPolicy::Wildcard), Some(7));
    index.remove(first, MatchPolicy::Wildcard);
    index.remove(first, MatchPolicy::Wildcard);
    assert_eq!((found(&index, "b.c"), index.len()), (vec![1, 2], 3));
    assert_eq!(index.patterns(b"a.x.a"), [9]);
}

/// Keys are chosen by peers: nobody can know which ones meet in a hash table.
#[test]
fn tables_of_peers_keys_have_secret_hashes() {
    use std::hash::BuildHasher;

    let [one, other] = [(); 2].map(|()| PatternIndex::<u64>::default());
    let key = Text::from("com.example.topic");
    let hash = |index: &PatternIndex<u64>| index.exact.hasher().hash_one(&key);
    assert_ne!(hash(&one), hash(&other));
}
