//! The one place that writes to stdout and stderr.

use std::io::{self, Write};

use crate::failure::{Failure, Kind};

/// Writes data to stdout.
///
/// # Errors
/// A closed pipe ends the command quietly; another fault is told.
pub(crate) fn text(text: &str) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    let written = stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush());
    match written {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Err(Failure::told()),
        Err(error) => Err(Failure::new(Kind::General, "cannot write to stdout").caused_by(&error)),
    }
}

/// Writes a line of data to stdout.
///
/// # Errors
/// As [`text`].
pub(crate) fn line(line: &str) -> Result<(), Failure> {
    text(&format!("{line}\n"))
}

/// Writes to stderr. That it cannot is nothing that could be told.
pub(crate) fn error_text(text: &str) {
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

/// Writes a line to stderr.
pub(crate) fn error_line(line: &str) {
    error_text(&format!("{line}\n"));
}
