//! Processes: the controller of a node, its workers, their supervision, and the management API.
//!
//! The controller ([`controller::run`]) hosts the management realm `crossbar` and starts the workers, this same program
//! with a hidden subcommand ([`worker::run`]). Each worker joins that realm over a socket that it finds as its standard
//! input, registers its procedures there, and is configured by calls of them.
//!
//! Invariants:
//! - What the configuration says is put into effect by the management API alone.
//! - A worker ends when its link to the controller closes: no process outlives the node, however that ends.
//! - Every wait for a process has a limit, and every process that is waited for is ended by force after it.
//! - Lines of the log are written by the controller alone, each at once.

mod api;
mod clock;
pub mod controller;
mod files;
pub mod key;
mod link;
mod log;
mod pidfile;
mod process;
mod stop;
pub mod worker;

pub use files::check_files;
pub use link::LinkError;
pub use log::{LogFormat, LogLevel, LogOptions};
pub use pidfile::{NodeState, PidFile, PidFileError};
pub use stop::{StopError, Stopped, stop};
