use std::path::PathBuf;

use crate::{Notice, Worker};

/// A whole node, ready to boot.
#[derive(Clone, Debug)]
pub struct Node {
    /// `controller`
    pub controller: Controller,
    /// `workers`, in the order of the file, the disabled ones included.
    pub workers: Vec<Worker>,
    /// The file it was read from; none for the built-in default.
    pub source: Option<PathBuf>,
    /// What is accepted without effect, or has an effect one may not expect.
    pub notices: Vec<Notice>,
}

/// `controller`
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Controller {
    /// `id`: the node's id; `<hostname>-<pid>` if absent.
    pub id: Option<String>,
    /// `options.title`: the title of the controller's process.
    pub title: String,
    /// `options.shutdown`: what ends the node. Empty: nothing but a signal or a request does, workers that die are restarted.
    pub shutdown: Vec<ShutdownRule>,
    /// `options.enable_parallel_worker_start`: workers start at the same time, not one after the other.
    pub parallel_worker_start: bool,
}

/// An entry of `controller.options.shutdown`.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum ShutdownRule {
    /// `shutdown_on_shutdown_requested`: only the management call `crossbar.shutdown` (and signals).
    ShutdownRequested,
    /// `shutdown_on_worker_exit`: any worker's end.
    WorkerExit,
    /// `shutdown_on_worker_exit_with_error`: a worker's unclean end.
    WorkerExitWithError,
    /// `shutdown_on_last_worker_exit`: no worker is left.
    LastWorkerExit,
}
