//! The node directory of a command: where the configuration, the node's key and its PID file are.

use std::path::{Path, PathBuf};

use crate::failure::{Failure, Kind};
use crate::output;

/// `--cbdir`
#[derive(clap::Args, Debug)]
pub(crate) struct NodeDirectory {
    /// The node directory [default: .crossbar, or the current directory where there is none]
    #[arg(long, value_name = "DIR", env = "CROSSBAR_DIR", hide_env_values = true)]
    cbdir: Option<PathBuf>,
}

impl NodeDirectory {
    /// Gives the directory as an absolute path. A file stands for the directory it is in.
    ///
    /// # Errors
    /// The current directory may be gone.
    pub(crate) fn resolve(&self) -> Result<PathBuf, Failure> {
        let chosen = match &self.cbdir {
            Some(directory) => directory.clone(),
            None if Path::new(".crossbar").is_dir() => PathBuf::from(".crossbar"),
            None => PathBuf::from("."),
        };
        let absolute = std::path::absolute(&chosen).map_err(|error| {
            Failure::new(Kind::General, "cannot find the current directory").caused_by(&error)
        })?;
        match absolute.parent() {
            Some(parent) if absolute.is_file() => Ok(parent.to_owned()),
            _ => Ok(absolute),
        }
    }

    /// As [`Self::resolve`]; makes the directory if it is missing, and says so.
    ///
    /// # Errors
    /// Its parent may be missing or read-only.
    pub(crate) fn create(&self) -> Result<PathBuf, Failure> {
        let directory = self.resolve()?;
        if !directory.exists() {
            std::fs::create_dir(&directory).map_err(|error| {
                let message = format!("cannot create the node directory {}", directory.display());
                Failure::new(Kind::General, message).caused_by(&error)
            })?;
            output::error_line(&format!(
                "Auto-created node directory {}",
                directory.display()
            ));
        }
        Ok(directory)
    }
}
