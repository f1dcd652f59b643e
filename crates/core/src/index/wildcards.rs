use std::collections::{BTreeMap, HashMap};

use crossbar_wire::Text;
use foldhash::fast::RandomState;

/// Wildcard patterns by their shape.
///
/// A URI with the components blanked that a shape leaves open is the text of the pattern that matches it, so that one
/// lookup a shape does. Shapes are few, whatever the number of patterns.
#[derive(Debug)]
pub(super) struct Wildcards<T> {
    shapes: BTreeMap<Shape, HashMap<Text, T, RandomState>>,
}

/// Which components of a pattern are open. The order is that of precedence: where two shapes differ first, the one with
/// the literal component comes first.
#[derive(Debug, Eq, Ord, PartialEq, PartialOrd)]
struct Shape {
    components: usize,
    open: Box<[bool]>,
}

impl Shape {
    fn of(pattern: &[u8]) -> Self {
        let open: Box<[bool]> = components(pattern).map(<[u8]>::is_empty).collect();
        Self {
            components: open.len(),
            open,
        }
    }

    /// Blanks the components of a URI that this shape leaves open.
    fn blank(&self, uri: &[u8], into: &mut Vec<u8>) {
        into.clear();
        for (component, &open) in components(uri).zip(&self.open) {
            if !open {
                into.extend_from_slice(component);
            }
            into.push(b'.');
        }
        into.pop();
    }
}

impl<T> Default for Wildcards<T> {
    fn default() -> Self {
        Self {
            shapes: BTreeMap::new(),
        }
    }
}

impl<T: Copy> Wildcards<T> {
    pub(super) fn insert(&mut self, pattern: Text, value: T) {
        let shape = Shape::of(pattern.as_bytes());
        self.shapes.entry(shape).or_default().insert(pattern, value);
    }

    pub(super) fn remove(&mut self, pattern: &[u8]) {
        let shape = Shape::of(pattern);
        if let Some(table) = self.shapes.get_mut(&shape) {
            table.remove(pattern);
            if table.is_empty() {
                self.shapes.remove(&shape);
            }
        }
    }

    pub(super) fn get(&self, pattern: &[u8]) -> Option<T> {
        let table = self.shapes.get(&Shape::of(pattern))?;
        table.get(pattern).copied()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.shapes.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.shapes.values().map(HashMap::len).sum()
    }

    /// Gives the values of all patterns that match, in their order of precedence.
    pub(super) fn matching<'a>(&'a self, uri: &'a [u8]) -> impl Iterator<Item = T> + 'a {
        let count = if self.is_empty() {
            0 // no pattern has no component
        } else {
            components(uri).count()
        };
        let mut blanked = Vec::new();
        self.shapes
            .range(Shape::first(count)..Shape::first(count + 1))
            .filter_map(move |(shape, table)| {
                shape.blank(uri, &mut blanked);
                table.get(blanked.as_slice()).copied()
            })
    }
}

impl Shape {
    /// A bound below every shape of so many components.
    fn first(components: usize) -> Self {
        Self {
            components,
            open: Box::default(),
        }
    }
}

fn components(uri: &[u8]) -> impl Iterator<Item = &[u8]> {
    uri.split(|&octet| octet == b'.')
}
