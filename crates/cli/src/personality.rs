//! The optional first word of Crossbar.io's command line.

use std::ffi::OsString;

use crate::failure::{Failure, Kind};

/// Takes a leading `standalone` away, which Crossbar.io's scripts may have.
///
/// # Errors
/// Crossbar.io's other personalities have no counterpart.
pub(crate) fn strip(mut arguments: Vec<OsString>) -> Result<Vec<OsString>, Failure> {
    match arguments.get(1).and_then(|word| word.to_str()) {
        Some("standalone") => {
            arguments.remove(1);
            Ok(arguments)
        }
        Some(word @ ("edge" | "master" | "network")) => Err(Failure::new(
            Kind::Usage,
            format!("the personality \"{word}\" of Crossbar.io does not exist here"),
        )
        .hint("leave the word out: there is one kind of node")),
        _ => Ok(arguments),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strip_words(line: &str) -> Result<Vec<OsString>, Failure> {
        strip(line.split(' ').map(OsString::from).collect())
    }

    #[test]
    fn standalone_is_taken_away_others_are_refused() {
        assert_eq!(
            strip_words("crossbar standalone status").unwrap(),
            ["crossbar", "status"]
        );
        assert_eq!(
            strip_words("crossbar start standalone").unwrap(),
            ["crossbar", "start", "standalone"]
        );
        assert!(strip_words("crossbar edge start").is_err());
    }
}
