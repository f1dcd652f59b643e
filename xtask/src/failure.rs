//! Why a chore failed.

use std::fmt;
use std::path::Path;

/// One sentence for the person at the terminal.
#[derive(Debug)]
pub(crate) struct Failure(String);

impl Failure {
    /// A failure that says `message`.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }

    /// For `map_err`: what could not be done with a file.
    pub(crate) fn at<'a>(
        path: &'a Path,
        what: &'a str,
    ) -> impl FnOnce(std::io::Error) -> Self + 'a {
        move |error| Self(format!("cannot {what} {}: {error}", path.display()))
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self(error.to_string())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}
