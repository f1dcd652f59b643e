use std::fmt;

use serde_json::Value;

/// Everything that is wrong with a configuration, in the order of the file; never empty.
#[derive(Clone, Debug, PartialEq)]
pub struct Faults(Vec<Fault>);

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    /// Where: `workers[0].transports[1].endpoint.port`; empty for the document as a whole.
    pub path: String,
    /// What.
    pub problem: Problem,
    /// The offending value, unless it is a secret, absent, or told by the problem.
    pub value: Option<Value>,
    /// What to do.
    pub hint: Option<Hint>,
}

/// What is wrong with a value.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// The value has another shape or is out of range; the text names both sides.
    #[error("{0}")]
    Value(String),
}

/// How to mend a fault.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Hint {
    /// A word that resembles the one written.
    DidYouMean(String),
}

/// Something that works but that its author may not expect.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Notice {
    /// Where, as [`Fault::path`].
    pub path: String,
    /// What to know.
    pub text: String,
}

impl Faults {
    /// Shows the faults.
    #[must_use]
    pub fn as_slice(&self) -> &[Fault] {
        &self.0
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fault) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            fmt::Display::fmt(fault, f)?;
        }
        Ok(())
    }
}

impl std::error::Error for Faults {}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.problem)
    }
}
