//! The configuration file that a command is about.

use std::path::{Path, PathBuf};

use crossbar_config::Faults;

use crate::failure::{Failure, Kind};
use crate::node_directory::NodeDirectory;
use crate::output;

/// `--cbdir` and `--config`
#[derive(clap::Args, Debug)]
pub(crate) struct Configuration {
    #[command(flatten)]
    directory: NodeDirectory,

    /// The configuration file, relative to the node directory [default: config.yaml or config.json]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

impl Configuration {
    /// Gives the node directory.
    ///
    /// # Errors
    /// As [`NodeDirectory::resolve`].
    pub(crate) fn directory(&self) -> Result<PathBuf, Failure> {
        self.directory.resolve()
    }

    /// Gives the file, which may not be readable.
    ///
    /// # Errors
    /// There is no configuration in the directory.
    pub(crate) fn file(&self, directory: &Path) -> Result<PathBuf, Failure> {
        crossbar_config::find_file(directory, self.config.as_deref()).ok_or_else(|| {
            let message = format!("there is no configuration in {}", directory.display());
            Failure::new(Kind::General, message).hint(
                "`crossbar init` writes one; without one, `crossbar start` serves a default node",
            )
        })
    }

    /// Reads the file and says on stdout what is wrong with it.
    ///
    /// # Errors
    /// Something is wrong.
    pub(crate) fn check(&self) -> Result<(PathBuf, crossbar_config::Node), Failure> {
        let directory = self.directory()?;
        let file = self.file(&directory)?;
        output::line(&format!(
            "Checking local node configuration file: {}",
            file.display()
        ))?;
        let environment = crossbar_config::environment();
        match crossbar_config::load(&directory, self.config.as_deref(), &environment) {
            Ok(node) => Ok((file, node)),
            Err(faults) => refuse(&faults),
        }
    }
}

/// Says on stdout what is wrong, and fails.
///
/// # Errors
/// Always.
pub(crate) fn refuse<T>(faults: &Faults) -> Result<T, Failure> {
    let faults = faults.as_slice();
    for fault in faults {
        output::line(&format!("Error: {fault}"))?;
    }
    if faults.len() > 1 {
        output::line(&format!("{} errors", faults.len()))?;
    }
    Err(Failure::told())
}
