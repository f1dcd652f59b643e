//! What the chores print: stdout has results, stderr has faults.

use std::time::Duration;

use crate::failure::Failure;

/// Prints one line.
#[expect(clippy::print_stdout, reason = "the one place that prints")]
pub(crate) fn line(text: &str) {
    println!("{text}");
}

/// Prints one line to stderr.
#[expect(clippy::print_stderr, reason = "the one place that prints faults")]
pub(crate) fn fault(text: &str) {
    eprintln!("{text}");
}

/// How many checks of a part held and how many did not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Checks that held.
    pub(crate) passed: usize,
    /// Checks that did not.
    pub(crate) failed: usize,
}

impl Tally {
    /// Reads the line `N passed, N failed` that stands last in a script's output.
    pub(crate) fn read(output: &str) -> Option<Self> {
        output.lines().rev().find_map(Self::parse)
    }

    fn parse(line: &str) -> Option<Self> {
        let (passed, failed) = line.trim().split_once(" passed, ")?;
        Some(Self {
            passed: passed.parse().ok()?,
            failed: failed.strip_suffix(" failed")?.parse().ok()?,
        })
    }

    /// A part that could not be run counts as one failed check.
    pub(crate) fn from_result(result: Result<Self, Failure>) -> Self {
        result.unwrap_or_else(|failure| {
            fault(&failure.to_string());
            Self {
                passed: 0,
                failed: 1,
            }
        })
    }

    /// The sum of two tallies.
    pub(crate) fn plus(self, other: Self) -> Self {
        Self {
            passed: self.passed + other.passed,
            failed: self.failed + other.failed,
        }
    }
}

/// Prints a part's result in one line.
pub(crate) fn part(name: &str, tally: Tally, took: Duration) {
    let verdict = if tally.failed == 0 { "ok" } else { "FAILED" };
    let seconds = took.as_secs();
    line(&format!(
        "{name:<22} {verdict:<7} {} of {} in {seconds} s",
        tally.passed,
        tally.passed + tally.failed
    ));
}

#[cfg(test)]
mod tests {
    use super::Tally;

    #[test]
    fn reads_the_last_closing_line() {
        let output = "1 passed, 9 failed\nfine\n12 passed, 3 failed\nbye\n";
        assert_eq!(
            Tally::read(output),
            Some(Tally {
                passed: 12,
                failed: 3
            })
        );
        assert_eq!(Tally::read("nothing"), None);
    }
}
