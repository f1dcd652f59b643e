//! The terminal that a node was started in.

use std::io::{self, IsTerminal};

/// What the terminal's end means for the node.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terminal {
    /// Which of the standard streams were it at the start.
    streams: [bool; 3],
    /// Whether the node was started to outlive it, as by `nohup`.
    is_outlived: bool,
}

impl Terminal {
    /// Looks at what the process was started with. Must come before SIGHUP gets a handler.
    pub(crate) fn of_start() -> Self {
        Self {
            streams: streams(),
            is_outlived: is_hangup_ignored(),
        }
    }

    /// Says whether the node ends because its terminal is gone. Without one it has nothing to lose.
    pub(crate) fn ends_the_node(self) -> bool {
        let now = streams();
        let mut both = self.streams.iter().zip(now);
        !self.is_outlived && both.any(|(&before, now)| before && !now)
    }
}

/// A stream of a terminal that has hung up is none any more.
fn streams() -> [bool; 3] {
    [
        io::stdin().is_terminal(),
        io::stdout().is_terminal(),
        io::stderr().is_terminal(),
    ]
}

/// Says whether whoever started this process lets it ignore SIGHUP. Where the system does not tell, `nohup` is known by its
/// taking the terminal away.
fn is_hangup_ignored() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mut lines = status.lines();
    let ignored = lines.find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    // SIGHUP is signal 1, the lowest bit.
    mask.is_some_and(|mask| mask & 1 != 0)
}
