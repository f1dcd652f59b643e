//! `crossbar check`

use crossbar_node::check_files;

use crate::configuration::{self, Configuration};
use crate::failure::Failure;
use crate::output;

/// Check the node's configuration file and tell everything that is wrong with it
///
/// Nothing is started. The exit code is 0 if the configuration is right and 1 if not.
#[derive(clap::Args, Debug)]
pub(crate) struct CheckArgs {
    #[command(flatten)]
    configuration: Configuration,
}

/// Runs the command.
pub(crate) fn run(args: &CheckArgs) -> Result<(), Failure> {
    let (_, node) = args.configuration.check()?;
    let warnings = check_files(&node).or_else(|faults| configuration::refuse(&faults))?;
    for notice in node.notices.iter().chain(&warnings) {
        output::line(&format!("Notice: {notice}"))?;
    }
    output::line("Ok, node configuration looks good!")
}
