use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::process::{Pid, Signal, kill_process};

use crate::pidfile::is_alive;

/// How a node that was told to stop ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Stopped {
    /// By itself, after SIGINT.
    Gracefully,
    /// By itself, after SIGTERM.
    Terminated,
    /// By force.
    Killed,
}

/// Why a node cannot be stopped.
#[derive(Debug, thiserror::Error)]
pub enum StopError {
    /// The process belongs to somebody else.
    #[error("no permission to stop the process with PID {pid}")]
    NotPermitted {
        /// The process.
        pid: i32,
    },
    /// The process does not even end by force.
    #[error("the process with PID {pid} does not end")]
    Stuck {
        /// The process.
        pid: i32,
    },
}

/// Stops the node whose controller has this process id: by SIGINT, after 5 s by SIGTERM, after 5 s more by SIGKILL.
///
/// # Errors
/// When the process belongs to somebody else, or does not end.
pub fn stop(pid: i32) -> Result<Stopped, StopError> {
    let steps = [
        (Signal::INT, Stopped::Gracefully),
        (Signal::TERM, Stopped::Terminated),
        (Signal::KILL, Stopped::Killed),
    ];
    for (signal, how) in steps {
        let process = Pid::from_raw(pid).ok_or(StopError::Stuck { pid })?;
        match kill_process(process, signal) {
            Ok(()) => {}
            Err(Errno::SRCH) => return Ok(how),
            Err(_) => return Err(StopError::NotPermitted { pid }),
        }
        if ends_within(pid, PATIENCE) {
            return Ok(how);
        }
    }
    Err(StopError::Stuck { pid })
}

fn ends_within(pid: i32, patience: Duration) -> bool {
    let start = Instant::now();
    while start.elapsed() < patience {
        if !is_alive(pid) {
            return true;
        }
        std::thread::sleep(LOOK);
    }
    !is_alive(pid)
}

const PATIENCE: Duration = Duration::from_secs(5);
/// Time between two looks at the process.
const LOOK: Duration = Duration::from_millis(20);
