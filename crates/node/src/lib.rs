//! Processes: the controller of a node, its workers, their supervision, and the management API.

mod clock;
pub mod key;
mod log;
mod pidfile;

pub use log::{LogFormat, LogLevel, LogOptions};
pub use pidfile::{NodeState, PidFile, PidFileError};
