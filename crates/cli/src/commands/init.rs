//! `crossbar init`

use std::path::{Path, PathBuf};

use crossbar_node::key::{KeyOrigin, NodeKey};

use crate::failure::{Failure, Kind};
use crate::output;

/// Make an application directory with a node configuration to start from
///
/// Files that are there already stay as they are.
#[derive(clap::Args, Debug)]
pub(crate) struct InitArgs {
    /// The application directory, which is made if it is missing
    #[arg(long, value_name = "DIR", default_value = ".")]
    appdir: PathBuf,
}

/// Runs the command.
pub(crate) fn run(args: &InitArgs) -> Result<(), Failure> {
    let appdir = std::path::absolute(&args.appdir).map_err(|error| {
        Failure::new(Kind::General, "cannot find the current directory").caused_by(&error)
    })?;
    let mut made = Made::default();
    let result = instantiate(&appdir, &mut made);
    if result.is_err() {
        made.undo();
    }
    result?;
    let cbdir = appdir.join(".crossbar");
    output::line("Application directory initialized")?;
    output::line(&format!(
        "\nTo start your node, run 'crossbar start --cbdir {}'\n",
        cbdir.display()
    ))
}

fn instantiate(appdir: &Path, made: &mut Made) -> Result<(), Failure> {
    made.directory(appdir)?;
    for name in DIRECTORIES {
        made.directory(&appdir.join(name))?;
    }
    for (name, text) in FILES {
        made.file(&appdir.join(name), text)?;
    }
    let cbdir = appdir.join(".crossbar");
    let (_, new) = NodeKey::load_or_create(&cbdir, &KeyOrigin::default()).map_err(|error| {
        Failure::new(Kind::General, "cannot make the node's key").caused_by(&error)
    })?;
    if new {
        output::line("New node key pair generated")?;
    }
    Ok(())
}

/// What was made so far, oldest first.
#[derive(Default)]
struct Made(Vec<PathBuf>);

impl Made {
    fn directory(&mut self, path: &Path) -> Result<(), Failure> {
        if path.is_dir() {
            return Ok(());
        }
        std::fs::create_dir(path).map_err(|error| cannot_make(path, &error))?;
        self.note(path, "directory")
    }

    fn file(&mut self, path: &Path, text: &str) -> Result<(), Failure> {
        if path.exists() {
            let path = path.display();
            output::error_line(&format!("crossbar: {path} exists and stays as it is"));
            return Ok(());
        }
        std::fs::write(path, text).map_err(|error| cannot_make(path, &error))?;
        self.note(path, "file")
    }

    fn note(&mut self, path: &Path, what: &str) -> Result<(), Failure> {
        self.0.push(path.to_owned());
        output::line(&format!("Creating {what} {}", path.display()))
    }

    /// Removes what was made, newest first. Directories that others have put files into stay.
    fn undo(&self) {
        for path in self.0.iter().rev() {
            let _ = match path.is_dir() {
                true => std::fs::remove_dir(path),
                false => std::fs::remove_file(path),
            };
        }
    }
}

fn cannot_make(path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(Kind::General, format!("cannot make {}", path.display())).caused_by(error)
}

const DIRECTORIES: [&str; 2] = [".crossbar", "web"];
const FILES: [(&str, &str); 3] = [
    (
        ".crossbar/config.json",
        include_str!("../../templates/default/config.json"),
    ),
    (
        "README.md",
        include_str!("../../templates/default/README.md"),
    ),
    (
        "web/README.md",
        include_str!("../../templates/default/web/README.md"),
    ),
];
