//! `crossbar status`

use clap::ValueEnum;
use crossbar_node::NodeState;

use crate::failure::{Failure, Kind};
use crate::node_directory::NodeDirectory;
use crate::output;

/// Tell whether a node runs in the node directory
#[derive(clap::Args, Debug)]
pub(crate) struct StatusArgs {
    #[command(flatten)]
    directory: NodeDirectory,
    /// Exit with code 69 if the status is another
    #[arg(long, value_enum)]
    assert: Option<Status>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
enum Status {
    Running,
    Stopped,
}

/// Runs the command.
pub(crate) fn run(args: &StatusArgs) -> Result<(), Failure> {
    let directory = args.directory.resolve()?;
    let status = match NodeState::of(&directory) {
        NodeState::Running { .. } => Status::Running,
        NodeState::Stopped { notice } => {
            for line in notice {
                output::error_line(&line);
            }
            Status::Stopped
        }
    };
    let is = status.name();
    let Some(asserted) = args.assert else {
        return output::line(&format!("Status is {is}"));
    };
    let wanted = asserted.name();
    if asserted == status {
        return output::line(&format!("Assert status {wanted} succeeded: status is {is}"));
    }
    let text = format!("Assert status {wanted} failed: status is {is}");
    Err(Failure::new(Kind::Unavailable, text))
}

impl Status {
    const fn name(self) -> &'static str {
        match self {
            Self::Running => "RUNNING",
            Self::Stopped => "STOPPED",
        }
    }
}
