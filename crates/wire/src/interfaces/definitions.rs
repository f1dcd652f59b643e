//! The types of an [`super::Inventory`]; places in its lists are how they name each other.

use std::collections::BTreeMap;

use super::rules::Rule;

/// A table or struct.
#[derive(Debug)]
pub(super) struct Object {
    /// With its namespace.
    pub(super) name: Box<str>,
    /// All fields must be there, and a list may stand for it.
    pub(super) is_struct: bool,
    /// In the order of the definition.
    pub(super) fields: Vec<Field>,
    /// The places of the fields.
    pub(super) by_name: BTreeMap<Box<str>, usize>,
    /// The places of those that must be there, or must if others are: few, so that what is absent costs little.
    pub(super) awaited: Vec<usize>,
}

/// A field, and an argument where the table is what a payload is checked against.
#[derive(Debug)]
pub(super) struct Field {
    pub(super) name: Box<str>,
    pub(super) kind: Kind,
    pub(super) many: Many,
    /// As an argument it goes by its name.
    pub(super) is_keyword: bool,
    pub(super) is_required: bool,
    /// A null may stand for it: a scalar that was defined with the value `null`.
    pub(super) is_nullable: bool,
}

/// What one value must be.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    Bool,
    Integer(Range),
    /// An integer that is one of an enumeration.
    Enumeration(usize),
    /// An integer that says which member of a union is there.
    UnionTag(usize),
    Float,
    Text(Option<Rule>),
    Object(usize),
    Union(usize),
}

/// How many values there are.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Many {
    One,
    Vector,
    Array(usize),
}

/// The integers from one to another, both included.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Range {
    pub(super) least: i64,
    pub(super) most: u64,
}

/// An enumeration or union.
#[derive(Debug)]
pub(super) struct Enumeration {
    /// In order.
    pub(super) values: Vec<(i128, Member)>,
    /// All bits of its values, if they are flags.
    pub(super) flags: Option<i128>,
}

/// What a value of an enumeration says to be there, if it is of a union.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Member {
    Nothing,
    Value(Kind),
}

impl Kind {
    /// Says whether a vector of these may come as octets.
    pub(super) const fn is_octet(self) -> bool {
        matches!(
            self,
            Self::Integer(
                Range {
                    least: 0,
                    most: 255
                } | Range {
                    least: -128,
                    most: 127
                }
            )
        )
    }
}

impl Range {
    pub(super) fn contains(self, value: i128) -> bool {
        (i128::from(self.least)..=i128::from(self.most)).contains(&value)
    }
}

impl Enumeration {
    /// Says whether an integer is one of the values, or made of flags.
    pub(super) fn has(&self, value: i128) -> bool {
        match self.flags {
            Some(flags) => value & !flags == 0,
            None => self.member(value).is_some(),
        }
    }

    /// Gives what a value says to be there.
    pub(super) fn member(&self, value: i128) -> Option<Member> {
        let place = self
            .values
            .binary_search_by_key(&value, |&(value, _)| value);
        let (_, member) = self.values.get(place.ok()?)?;
        Some(*member)
    }

    /// Gives the objects among the members.
    pub(super) fn objects(&self) -> impl Iterator<Item = usize> {
        self.values.iter().filter_map(|(_, member)| match member {
            Member::Value(Kind::Object(place)) => Some(*place),
            Member::Value(_) | Member::Nothing => None,
        })
    }
}
