use std::collections::HashMap;

use crossbar_wire::Text;
use foldhash::fast::RandomState;

/// Wildcard patterns, as a tree of their components.
///
/// A walk goes down only where the components so far match, whatever the number of patterns and of their shapes. It takes the
/// literal component ahead of the open one, which is the order of precedence.
#[derive(Debug)]
pub(super) struct Wildcards<T> {
    root: Node<T>,
    len: usize,
    /// The patterns of more than [`DEPTH`] components, in their order of precedence.
    deep: Vec<(Text, T)>,
}

/// How many components a pattern in the tree has at most. A component may be one octet long, and a node is a hundred times as
/// large; no URI in earnest has that many.
const DEPTH: usize = 32;

/// What begins with the same components.
#[derive(Debug)]
struct Node<T> {
    /// The value of the pattern that ends here.
    value: Option<T>,
    literal: HashMap<Box<[u8]>, Box<Self>, RandomState>,
    open: Option<Box<Self>>,
}

impl<T> Default for Node<T> {
    fn default() -> Self {
        Self {
            value: None,
            literal: HashMap::default(),
            open: None,
        }
    }
}

impl<T> Default for Wildcards<T> {
    fn default() -> Self {
        Self {
            root: Node::default(),
            len: 0,
            deep: Vec::new(),
        }
    }
}

impl<T: Copy> Wildcards<T> {
    pub(super) fn insert(&mut self, pattern: Text, value: T) {
        if is_deep(pattern.as_bytes()) {
            match self.find_deep(pattern.as_bytes()) {
                Ok(place) => self.deep[place].1 = value,
                Err(place) => self.deep.insert(place, (pattern, value)),
            }
            return;
        }
        let mut node = &mut self.root;
        for component in components(pattern.as_bytes()) {
            node = if component.is_empty() {
                node.open.get_or_insert_default()
            } else {
                node.literal.entry(component.into()).or_default()
            };
        }
        if node.value.replace(value).is_none() {
            self.len += 1;
        }
    }

    pub(super) fn remove(&mut self, pattern: &[u8]) {
        if is_deep(pattern) {
            if let Ok(place) = self.find_deep(pattern) {
                self.deep.remove(place);
            }
        } else if self.root.remove(components(pattern)) {
            self.len -= 1;
        }
    }

    pub(super) fn get(&self, pattern: &[u8]) -> Option<T> {
        if is_deep(pattern) {
            return self.find_deep(pattern).ok().map(|place| self.deep[place].1);
        }
        let mut node = &self.root;
        for component in components(pattern) {
            node = if component.is_empty() {
                node.open.as_deref()?
            } else {
                node.literal.get(component)?
            };
        }
        node.value
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(super) const fn len(&self) -> usize {
        self.len + self.deep.len()
    }

    /// Gives the values of all patterns that match, in their order of precedence.
    pub(super) fn matching<'a>(&'a self, uri: &'a [u8]) -> Matching<'a, T> {
        let mut ahead = Vec::new();
        if self.len > 0 {
            ahead.push((&self.root, Some(uri)));
        }
        Matching {
            ahead,
            deep: self.deep.iter(),
            uri,
        }
    }

    /// Finds the place of a deep pattern, or where it is to be put.
    fn find_deep(&self, pattern: &[u8]) -> Result<usize, usize> {
        let wanted = (openness(pattern), pattern);
        self.deep.binary_search_by(|(there, _)| {
            let there = there.as_bytes();
            (openness(there), there).cmp(&wanted)
        })
    }
}

impl<T> Node<T> {
    /// Takes out what stands at the end of a pattern, and what led to nothing else. Says whether there was something.
    fn remove<'p>(&mut self, mut rest: impl Iterator<Item = &'p [u8]>) -> bool {
        let Some(component) = rest.next() else {
            return self.value.take().is_some();
        };
        let mut removed = false;
        if component.is_empty() {
            self.open.take_if(|below| {
                removed = below.remove(rest);
                below.is_empty()
            });
        } else if let Some(below) = self.literal.get_mut(component) {
            removed = below.remove(rest);
            if below.is_empty() {
                self.literal.remove(component);
            }
        }
        removed
    }

    fn is_empty(&self) -> bool {
        self.value.is_none() && self.literal.is_empty() && self.open.is_none()
    }
}

/// A walk over the patterns that match a URI.
pub(super) struct Matching<'a, T> {
    /// Where the walk goes on, the next one last, each with the components of the URI that are left.
    ahead: Vec<(&'a Node<T>, Option<&'a [u8]>)>,
    deep: std::slice::Iter<'a, (Text, T)>,
    uri: &'a [u8],
}

impl<T: Copy> Iterator for Matching<'_, T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        while let Some((node, rest)) = self.ahead.pop() {
            let Some(rest) = rest else {
                if node.value.is_some() {
                    return node.value;
                }
                continue;
            };
            let (component, rest) = cut(rest);
            if let Some(open) = &node.open {
                self.ahead.push((open, rest));
            }
            if let Some(literal) = node.literal.get(component) {
                self.ahead.push((literal, rest));
            }
        }
        let uri = self.uri;
        let found = self.deep.find(|(deep, _)| matches(deep.as_bytes(), uri));
        found.map(|&(_, value)| value)
    }
}

fn matches(pattern: &[u8], uri: &[u8]) -> bool {
    let (mut pattern, mut uri) = (components(pattern), components(uri));
    loop {
        match (pattern.next(), uri.next()) {
            (None, None) => return true,
            (Some([]), Some(_)) => {}
            (Some(literal), Some(component)) if literal == component => {}
            (Some(_) | None, Some(_)) | (Some(_), None) => return false,
        }
    }
}

/// Tells which components are open: where two patterns differ first, the literal one comes first.
fn openness(pattern: &[u8]) -> Vec<bool> {
    components(pattern).map(<[u8]>::is_empty).collect()
}

fn is_deep(pattern: &[u8]) -> bool {
    components(pattern).nth(DEPTH).is_some()
}

/// Cuts off the first component; nothing is left behind the last.
fn cut(uri: &[u8]) -> (&[u8], Option<&[u8]>) {
    match uri.iter().position(|&octet| octet == b'.') {
        Some(dot) => (&uri[..dot], Some(&uri[dot + 1..])),
        None => (uri, None),
    }
}

fn components(uri: &[u8]) -> impl Iterator<Item = &[u8]> {
    uri.split(|&octet| octet == b'.')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Components are chosen by peers: nobody can know which ones meet in a hash table.
    #[test]
    fn components_have_secret_hashes() {
        use std::hash::BuildHasher;

        let [one, other] = [(); 2].map(|()| Node::<u64>::default());
        let hash = |node: &Node<u64>| node.literal.hasher().hash_one(b"example");
        assert_ne!(hash(&one), hash(&other));
    }
}
