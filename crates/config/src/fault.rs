use std::borrow::Cow;
use std::fmt;

use serde_json::Value;

/// Everything that is wrong with a configuration, in the order of reading; never empty.
#[derive(Clone, Debug, PartialEq)]
pub struct Faults(Vec<Fault>);

/// One thing that is wrong. Its text is one line: place, problem, offending value, hint.
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

/// What is wrong.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// No configuration file is there, or it cannot be read.
    #[error("cannot read {file}: {reason}")]
    Unreadable {
        /// The file.
        file: String,
        /// The system's words.
        reason: String,
    },
    /// The file's name has an extension other than `.json` and `.yaml`.
    #[error("{file} is neither a .json nor a .yaml file")]
    Extension {
        /// The file.
        file: String,
    },
    /// The file is not JSON or YAML; the reason ends with line and column.
    #[error("{file}: {reason}")]
    Syntax {
        /// The file.
        file: String,
        /// The parser's words.
        reason: String,
    },
    /// The value has another shape or is out of range; the text names what is there and what is expected.
    #[error("{0}")]
    Value(String),
    /// The key means nothing here.
    #[error("unknown key")]
    UnknownKey,
    /// A key is needed.
    #[error("missing key {0:?}")]
    MissingKey(&'static str),
    /// The word is none of those that are known here.
    #[error("unknown {what} {word:?}")]
    UnknownWord {
        /// What the word is: `worker type`, `match policy`, …
        what: &'static str,
        /// The word.
        word: String,
    },
    /// A feature of Crossbar.io that this version lacks.
    #[error("{0} is not supported by this version yet")]
    NotYet(String),
    /// A feature of Crossbar.io that will not be there.
    #[error("{what} is not supported: {reason}")]
    Refused {
        /// The feature.
        what: String,
        /// Why.
        reason: &'static str,
    },
    /// Another item has the same.
    #[error("{what} {value:?} is already taken by {other}")]
    Duplicate {
        /// What is taken: `id`, `realm name`, …
        what: &'static str,
        /// The value.
        value: String,
        /// The place of the other item.
        other: String,
    },
    /// What a file that is named here holds is not right.
    #[error("{0}")]
    File(String),
    /// The value breaks a rule.
    #[error("{0}")]
    Rule(&'static str),
    /// The text names an environment variable that is not set.
    #[error("the environment variable {0:?} is not set")]
    UnsetVariable(String),
    /// The text names an environment variable that is set, but not to an integer.
    #[error("the environment variable {0:?} is not an integer")]
    VariableNotInteger(String),
    /// The configuration's version is another than 2.
    #[error("the configuration has version {0}, but version 2 is needed")]
    Version(u64),
}

/// How to mend a fault.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Hint {
    /// A word that resembles the one written.
    DidYouMean(String),
    /// All words that are known here.
    OneOf(Vec<String>),
    /// Advice.
    Advice(&'static str),
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
    /// Takes faults; nothing if there are none.
    #[must_use]
    pub fn of(faults: Vec<Fault>) -> Option<Self> {
        (!faults.is_empty()).then_some(Self(faults))
    }

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
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&shortened(&self.problem.to_string()))?;
        match &self.value {
            None => {}
            Some(Value::Array(items)) if !items.iter().all(Value::is_number) => {
                f.write_str(", found a list")?;
            }
            Some(Value::Object(_)) => f.write_str(", found an object")?,
            Some(value) => write!(f, ", found {}", shortened(&value.to_string()))?,
        }
        match &self.hint {
            None => Ok(()),
            Some(Hint::DidYouMean(word)) => write!(f, " (did you mean {word:?}?)"),
            Some(Hint::OneOf(words)) => write!(f, " (known: {})", words.join(", ")),
            Some(Hint::Advice(advice)) => write!(f, " ({advice})"),
        }
    }
}

/// Cuts a text that is too long for a line.
fn shortened(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(MAX_LENGTH) {
        None => Cow::Borrowed(text),
        Some((end, _)) => Cow::Owned(format!("{}…", &text[..end])),
    }
}

/// Characters of a problem or a value that are shown.
const MAX_LENGTH: usize = 200;

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.text)
    }
}
