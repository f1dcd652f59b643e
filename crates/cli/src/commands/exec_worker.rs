//! The hidden command by which the controller starts its workers.

use std::path::PathBuf;

use crossbar_node::LogLevel;
use crossbar_node::worker::{self, WorkerProcess, WorkerType};

use crate::failure::{Failure, Kind};

/// Run a worker; for the controller only
#[derive(clap::Args, Debug)]
pub(crate) struct ExecWorkerArgs {
    /// The worker's id
    #[arg(long)]
    worker: String,
    /// The worker's type
    #[arg(long = "type")]
    kind: String,
    /// The node's id
    #[arg(long)]
    node: String,
    /// The node directory
    #[arg(long)]
    cbdir: PathBuf,
    /// The least severe level that is logged
    #[arg(long)]
    loglevel: String,
    /// A processor to run on, counted among those allowed
    #[arg(long)]
    cpu: Vec<usize>,
}

/// Runs the command.
pub(crate) fn run(args: &ExecWorkerArgs) -> Result<(), Failure> {
    let unknown = |what, word| Failure::new(Kind::Usage, format!("unknown {what} \"{word}\""));
    let process = WorkerProcess {
        id: args.worker.clone(),
        kind: WorkerType::from_name(&args.kind).ok_or_else(|| unknown("type", &args.kind))?,
        node: args.node.clone(),
        directory: args.cbdir.clone(),
        log_level: LogLevel::from_name(&args.loglevel)
            .ok_or_else(|| unknown("level", &args.loglevel))?,
        cpus: args.cpu.clone(),
    };
    // The log has told why.
    worker::run(&process).map_err(|_| Failure::told())
}
