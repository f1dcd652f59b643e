//! `crossbar stop`

use crossbar_node::{NodeState, Stopped};

use crate::failure::{Failure, Kind};
use crate::node_directory::NodeDirectory;
use crate::output;

/// Stop the node that runs in the node directory
///
/// The exit code is 69 if none runs.
#[derive(clap::Args, Debug)]
pub(crate) struct StopArgs {
    #[command(flatten)]
    directory: NodeDirectory,
}

/// Runs the command.
pub(crate) fn run(args: &StopArgs) -> Result<(), Failure> {
    let directory = args.directory.resolve()?;
    let pid = match NodeState::of(&directory) {
        NodeState::Running { pid } => pid,
        NodeState::Stopped { notice } => {
            for line in notice {
                output::error_line(&line);
            }
            let place = directory.display();
            let text = format!("No Crossbar.io is currently running from node directory {place}");
            return Err(Failure::new(Kind::Unavailable, text));
        }
    };
    let place = directory.display();
    output::line(&format!(
        "Stopping Crossbar.io currently running from node directory {place} (PID {pid}) ..."
    ))?;
    let stopped = crossbar_node::stop(pid)
        .map_err(|error| Failure::new(Kind::General, "the node does not stop").caused_by(&error))?;
    output::line(&match stopped {
        Stopped::Gracefully => format!("Process {pid} has exited gracefully."),
        Stopped::Terminated => format!("Process {pid} terminated."),
        Stopped::Killed => format!("Process {pid} killed."),
    })
}
