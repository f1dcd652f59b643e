//! Where things are: the checkout, the tools, the work directory, the program under test.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use crate::failure::Failure;

/// The folders that the chores use.
#[derive(Debug)]
pub(crate) struct Project {
    /// The checkout.
    pub(crate) root: PathBuf,
    /// What `setup` installs.
    pub(crate) tools: PathBuf,
    /// Node directories, logs and transcripts of one run; emptied by the next.
    pub(crate) work: PathBuf,
}

impl Project {
    /// Finds the checkout from where this program was compiled.
    pub(crate) fn find() -> Result<Self, Failure> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"))
            .parent()
            .ok_or_else(|| Failure::new("xtask has no parent folder"))?
            .to_owned();
        let cache = root.join(".cache");
        let tools = std::env::var_os("CROSSBAR_TEST_TOOLS")
            .map_or_else(|| cache.join("test-tools"), PathBuf::from);
        Ok(Self {
            tools,
            work: cache.join("test-run"),
            root,
        })
    }

    /// A file below `tests/`.
    pub(crate) fn tests(&self, name: &str) -> PathBuf {
        self.root.join("tests").join(name)
    }

    /// Builds the program and says where it is; `given` is used as it stands.
    pub(crate) fn program(&self, given: Option<&str>) -> Result<PathBuf, Failure> {
        if let Some(path) = given {
            return std::path::absolute(path).map_err(Failure::at(Path::new(path), "find"));
        }
        let mut build = Command::new(env!("CARGO"));
        build
            .args(["build", "--quiet", "--package", "crossbar"])
            .current_dir(&self.root);
        succeed(&mut build)?;
        Ok(self.target().join("debug").join("crossbar"))
    }

    /// Where cargo builds.
    pub(crate) fn target(&self) -> PathBuf {
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| self.root.join("target"), PathBuf::from)
    }

    /// An empty folder of this name below the work directory.
    pub(crate) fn fresh(&self, name: &str) -> Result<PathBuf, Failure> {
        let folder = self.work.join(name);
        if folder.exists() {
            std::fs::remove_dir_all(&folder).map_err(Failure::at(&folder, "empty"))?;
        }
        std::fs::create_dir_all(&folder).map_err(Failure::at(&folder, "create"))?;
        Ok(folder)
    }

    /// A fresh copy of a node directory below `tests/node`.
    pub(crate) fn copy_of_node(&self, node: &str, name: &str) -> Result<PathBuf, Failure> {
        let folder = self.fresh(name)?;
        copy(&self.tests("node").join(node), &folder)?;
        Ok(folder)
    }
}

/// Runs a command that must succeed; its output is shown only if it fails.
pub(crate) fn succeed(command: &mut Command) -> Result<Output, Failure> {
    let name = format!("{command:?}");
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|error| Failure::new(format!("cannot run {name}: {error}")))?;
    if output.status.success() {
        return Ok(output);
    }
    let text = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
    Err(Failure::new(format!(
        "{name}: {}\n{}",
        output.status,
        String::from_utf8_lossy(&text)
    )))
}

/// Runs a command that must succeed within `patience`; its output goes to `log`.
pub(crate) fn succeed_within(
    command: &mut Command,
    log: &Path,
    patience: Duration,
) -> Result<(), Failure> {
    let name = format!("{command:?}");
    let file = std::fs::File::create(log).map_err(Failure::at(log, "create"))?;
    let same = file.try_clone().map_err(Failure::at(log, "share"))?;
    let mut child = command
        .stdin(Stdio::null())
        .stdout(file)
        .stderr(same)
        .spawn()
        .map_err(|error| Failure::new(format!("cannot run {name}: {error}")))?;
    let deadline = Instant::now() + patience;
    loop {
        let ended = child
            .try_wait()
            .map_err(|error| Failure::new(format!("cannot watch {name}: {error}")))?;
        if let Some(status) = ended {
            let why = || Failure::new(format!("{name}: {status}, see {}", log.display()));
            return if status.success() { Ok(()) } else { Err(why()) };
        }
        if Instant::now() > deadline {
            let ended = child.kill().and_then(|()| child.wait());
            return Err(Failure::new(format!(
                "{name} was still running ({ended:?}), see {}",
                log.display()
            )));
        }
        std::thread::sleep(POLL);
    }
}

const POLL: Duration = Duration::from_millis(50);

fn copy(from: &Path, to: &Path) -> Result<(), Failure> {
    std::fs::create_dir_all(to).map_err(Failure::at(to, "create"))?;
    for entry in std::fs::read_dir(from).map_err(Failure::at(from, "read"))? {
        let path = entry.map_err(Failure::at(from, "read"))?.path();
        let Some(name) = path.file_name() else {
            continue;
        };
        if path.is_dir() {
            copy(&path, &to.join(name))?;
        } else {
            std::fs::copy(&path, to.join(name)).map_err(Failure::at(&path, "copy"))?;
        }
    }
    Ok(())
}
