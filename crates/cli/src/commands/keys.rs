//! `crossbar keys`

use crossbar_node::key::{KeyOrigin, NodeKey};

use crate::failure::{Failure, Kind};
use crate::node_directory::NodeDirectory;
use crate::output;

/// Print the node's key, which is made if there is none
///
/// It is an Ed25519 key in the files key.priv and key.pub of the node directory.
#[derive(clap::Args, Debug)]
pub(crate) struct KeysArgs {
    #[command(flatten)]
    directory: NodeDirectory,

    /// Print the private key instead of the public one
    #[arg(long)]
    private: bool,
}

/// Runs the command.
pub(crate) fn run(args: &KeysArgs) -> Result<(), Failure> {
    let directory = args.directory.create()?;
    let (key, new) =
        NodeKey::load_or_create(&directory, &KeyOrigin::default()).map_err(|error| {
            Failure::new(Kind::General, "there is no usable node key").caused_by(&error)
        })?;
    if new {
        let directory = directory.display();
        output::error_line(&format!("New node key pair generated in {directory}"));
    }
    let (label, hex) = match args.private {
        true => ("private", key.private_hex()),
        false => ("public", key.public_hex()),
    };
    output::text(&format!("Node {label} key:\nhex: {hex}\n"))
}
