//! Finds what stands under a URI: equal, by prefix, by wildcard (WAMP spec, "Pattern-based Registrations").

mod wildcards;

use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;

use crossbar_wire::{MatchPolicy, Text};
use foldhash::fast::RandomState;

use wildcards::Wildcards;

/// A table by URI and match policy. Keys must be compact: they are kept.
#[derive(Debug)]
pub(crate) struct PatternIndex<T> {
    exact: HashMap<Text, T, RandomState>,
    prefixes: BTreeMap<Text, T>,
    wildcards: Wildcards<T>,
}

impl<T> Default for PatternIndex<T> {
    fn default() -> Self {
        Self {
            exact: HashMap::default(),
            prefixes: BTreeMap::new(),
            wildcards: Wildcards::default(),
        }
    }
}

impl<T: Copy> PatternIndex<T> {
    /// Puts a value under a pattern, in place of the one that is there.
    pub(crate) fn insert(&mut self, uri: Text, policy: MatchPolicy, value: T) {
        match policy {
            MatchPolicy::Exact => {
                self.exact.insert(uri, value);
            }
            MatchPolicy::Prefix => {
                self.prefixes.insert(uri, value);
            }
            MatchPolicy::Wildcard => self.wildcards.insert(uri, value),
        }
    }

    /// Takes out what stands under a pattern.
    pub(crate) fn remove(&mut self, uri: &[u8], policy: MatchPolicy) {
        match policy {
            MatchPolicy::Exact => {
                self.exact.remove(uri);
            }
            MatchPolicy::Prefix => {
                self.prefixes.remove(uri);
            }
            MatchPolicy::Wildcard => self.wildcards.remove(uri),
        }
    }

    /// Gives what stands under this very pattern.
    pub(crate) fn get(&self, uri: &[u8], policy: MatchPolicy) -> Option<T> {
        match policy {
            MatchPolicy::Exact => self.exact(uri),
            MatchPolicy::Prefix => self.prefixes.get(uri).copied(),
            MatchPolicy::Wildcard => self.wildcards.get(uri),
        }
    }

    /// Gives what stands under this URI as such.
    pub(crate) fn exact(&self, uri: &[u8]) -> Option<T> {
        self.exact.get(uri).copied()
    }

    /// Says whether any prefix or wildcard is there.
    pub(crate) fn has_patterns(&self) -> bool {
        !self.prefixes.is_empty() || !self.wildcards.is_empty()
    }

    /// Gives the value of the longest prefix of a URI.
    pub(crate) fn longest_prefix(&self, uri: &[u8]) -> Option<T> {
        Prefixes {
            table: &self.prefixes,
            rest: Some(uri),
        }
        .next()
    }

    /// Gives the value of the wildcard whose literal components go furthest before its first empty one, then before
    /// the next, and so on.
    pub(crate) fn best_wildcard(&self, uri: &[u8]) -> Option<T> {
        self.wildcards.matching(uri).next()
    }

    /// Gives the one that is chosen for a call: the longest prefix, else the best wildcard.
    pub(crate) fn best_pattern(&self, uri: &[u8]) -> Option<T> {
        self.longest_prefix(uri).or_else(|| self.best_wildcard(uri))
    }

    /// Gives all patterns that match: prefixes from short to long, then wildcards from the best on.
    pub(crate) fn patterns(&self, uri: &[u8]) -> Vec<T> {
        let mut found: Vec<T> = Prefixes {
            table: &self.prefixes,
            rest: Some(uri),
        }
        .collect();
        found.reverse();
        found.extend(self.wildcards.matching(uri));
        found
    }

    /// Counts the entries.
    pub(crate) fn len(&self) -> usize {
        self.exact.len() + self.prefixes.len() + self.wildcards.len()
    }
}

/// The entries that are prefixes of a URI, longest first.
///
/// The greatest key that is not greater than the URI is either a prefix of it, and then the longest; or it shares a
/// beginning with the URI, and no prefix of the URI that is longer than this beginning is in the table.
struct Prefixes<'a, T> {
    table: &'a BTreeMap<Text, T>,
    rest: Option<&'a [u8]>,
}

impl<T: Copy> Iterator for Prefixes<'_, T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        while let Some(rest) = self.rest {
            let (key, value) = self.table.range::<[u8], _>(up_to(rest)).next_back()?;
            let key = key.as_bytes();
            let shared = key.iter().zip(rest).take_while(|(a, b)| a == b).count();
            if shared == key.len() {
                self.rest = shared.checked_sub(1).map(|end| &rest[..end]);
                return Some(*value);
            }
            self.rest = Some(&rest[..shared]);
        }
        None
    }
}

fn up_to(key: &[u8]) -> (Bound<&[u8]>, Bound<&[u8]>) {
    (Bound::Unbounded, Bound::Included(key))
}

#[cfg(test)]
mod tests;
