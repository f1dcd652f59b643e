//! How a command fails: what the user reads and the exit code.

use std::error::Error;
use std::fmt::Write as _;
use std::process::ExitCode;

use crate::output;

/// Why a command ended without doing what it was asked for.
#[derive(Debug)]
pub(crate) struct Failure {
    kind: Kind,
    message: String,
    causes: Vec<String>,
    hint: Option<String>,
}

/// What a failure means to a script.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    /// The command could not do its work.
    General,
    /// The command was called wrongly.
    Usage,
    /// There is nothing to act upon, or an asserted state does not hold (`EX_UNAVAILABLE`).
    Unavailable,
}

impl Failure {
    pub(crate) fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            causes: Vec::new(),
            hint: None,
        }
    }

    /// The work is done and its answer is "no": the command has already said so on stdout.
    pub(crate) fn told() -> Self {
        Self::new(Kind::General, "")
    }

    /// Adds the error that led to this, with its own sources.
    pub(crate) fn caused_by(mut self, error: &dyn Error) -> Self {
        let mut cause = Some(error);
        while let Some(error) = cause {
            self.causes.push(error.to_string());
            cause = error.source();
        }
        self
    }

    /// Adds what the user can do.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Tells the user and gives the exit code.
    pub(crate) fn report(&self) -> ExitCode {
        if !self.message.is_empty() {
            output::error_text(&self.text());
        }
        ExitCode::from(self.kind.exit_code())
    }

    fn text(&self) -> String {
        let mut text = format!("crossbar: {}", self.message);
        for cause in &self.causes {
            let _ = write!(text, ": {cause}");
        }
        text.push('\n');
        if let Some(hint) = &self.hint {
            let _ = writeln!(text, "hint: {hint}");
        }
        text
    }
}

impl Kind {
    const fn exit_code(self) -> u8 {
        match self {
            Self::General => 1,
            Self::Usage => 2,
            Self::Unavailable => 69,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_tells_its_causes_and_its_hint() {
        let inner = std::io::Error::other("disk on fire");
        let failure = Failure::new(Kind::General, "cannot write")
            .caused_by(&inner)
            .hint("use another disk");
        assert_eq!(
            failure.text(),
            "crossbar: cannot write: disk on fire\nhint: use another disk\n"
        );
    }
}
