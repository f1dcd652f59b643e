use std::fmt;

use crate::{DecodeError, Kind};

/// What of a payload does not fit a type, and where. Nothing of the payload is in it but the kinds of its values.
#[derive(Clone, Debug, PartialEq)]
pub struct Misfit(Box<Told>);

#[derive(Clone, Debug, PartialEq)]
struct Told {
    why: Why,
    /// The innermost first.
    path: Vec<Step>,
}

/// What is wrong at a place.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Why {
    Missing,
    /// There are more values than the type has.
    TooMany,
    /// There is a key that the type does not have.
    UnknownKey,
    Twice,
    /// Something else than what is expected.
    Found(String, Kind),
    /// A value of the right kind that is not what is expected.
    Not(String),
    Malformed(DecodeError),
}

/// A step on the way to a value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Step {
    Field(Box<str>),
    Item(usize),
}

impl Misfit {
    #[cold]
    pub(super) fn new(why: Why) -> Self {
        let path = Vec::new();
        Self(Box::new(Told { why, path }))
    }

    /// Puts a step in front of the place.
    #[cold]
    pub(super) fn in_field(mut self, name: &str) -> Self {
        self.0.path.push(Step::Field(name.into()));
        self
    }

    /// The same, for an item of a list.
    #[cold]
    pub(super) fn in_item(mut self, place: usize) -> Self {
        self.0.path.push(Step::Item(place));
        self
    }
}

impl<E: Into<DecodeError>> From<E> for Misfit {
    #[cold]
    fn from(fault: E) -> Self {
        Self::new(Why::Malformed(fault.into()))
    }
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (count, step) in self.0.path.iter().rev().take(MAX_STEPS).enumerate() {
            match step {
                Step::Field(name) if count == 0 => write!(f, "{name}")?,
                Step::Field(name) => write!(f, ".{name}")?,
                Step::Item(place) => write!(f, "[{place}]")?,
            }
        }
        if self.0.path.len() > MAX_STEPS {
            f.write_str("…")?;
        }
        if !self.0.path.is_empty() {
            f.write_str(": ")?;
        }
        match &self.0.why {
            Why::Missing => f.write_str("missing"),
            Why::TooMany => f.write_str("more values than the type has"),
            Why::UnknownKey => f.write_str("a key that the type does not have"),
            Why::Twice => f.write_str("there twice"),
            Why::Found(expected, found) => write!(f, "expected {expected}, found {found}"),
            Why::Not(expected) => write!(f, "expected {expected}"),
            Why::Malformed(fault) => write!(f, "{fault}"),
        }
    }
}

impl std::error::Error for Misfit {}

/// How many steps of a place are told.
const MAX_STEPS: usize = 16;
