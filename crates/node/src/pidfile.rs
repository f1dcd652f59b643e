use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process;
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};
use rustix::process::{Pid, test_kill_process};
use serde_json::{Value, json};

/// What the PID file of a node directory says.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum NodeState {
    /// A node runs.
    Running {
        /// The controller's process id.
        pid: i32,
    },
    /// None runs.
    Stopped {
        /// Why not, if a PID file was found; told to the user.
        notice: Vec<String>,
    },
}

/// The PID file of the running node. Dropping it removes the file.
///
/// The file is locked as long as the process lives, so that two starts at the same time cannot both succeed and
/// a file that a crash left behind is no obstacle.
#[derive(Debug)]
pub struct PidFile {
    path: PathBuf,
    _locked: File,
}

/// Why a node cannot claim its directory.
#[derive(Debug, thiserror::Error)]
pub enum PidFileError {
    /// Another node has it.
    #[error("Crossbar.io is already running from node directory {} (PID {pid})", directory.display())]
    Running {
        /// The node directory.
        directory: PathBuf,
        /// The other controller's process id; 0 if it could not be read.
        pid: i32,
    },
    /// The file cannot be written.
    #[error("cannot write {}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
}

impl NodeState {
    /// Reads the PID file of a node directory. A corrupt or stale one is removed.
    #[must_use]
    pub fn of(directory: &Path) -> Self {
        let path = directory.join(FILE_NAME);
        let Ok(mut file) = File::open(&path) else {
            return Self::stopped(&[]);
        };
        let Some(pid) = read_pid(&mut file) else {
            if is_locked(&file) {
                // A node is just writing it.
                return Self::Running { pid: 0 };
            }
            remove(&path);
            return Self::stopped(&[&format!("Removed corrupt pid file {}", path.display())]);
        };
        if i64::from(pid) == i64::from(process::id()) {
            return Self::stopped(&[]);
        }
        if is_locked(&file) {
            return Self::Running { pid };
        }
        Self::of_unlocked(&path, pid)
    }

    /// Judges a file without a lock: one of Crossbar.io itself, or one that was left behind.
    fn of_unlocked(path: &Path, pid: i32) -> Self {
        if !is_alive(pid) {
            remove(path);
            let text = format!("Removed stale pid file {} (PID {pid})", path.display());
            return Self::stopped(&[&text]);
        }
        if is_crossbar(pid) {
            return Self::Running { pid };
        }
        Self::stopped(&[
            &format!("Found a pid file {}", path.display()),
            &format!("The process with PID {pid} is not Crossbar.io"),
            "Taking the node as not running; the file is kept",
        ])
    }

    fn stopped(notice: &[&str]) -> Self {
        let notice = notice.iter().map(ToString::to_string).collect();
        Self::Stopped { notice }
    }
}

impl PidFile {
    /// Claims a node directory for this process. `options` are the flags of the command, as parsed.
    ///
    /// # Errors
    /// When another node runs there, or the file cannot be written.
    pub fn claim(directory: &Path, options: &Value) -> Result<Self, PidFileError> {
        let path = directory.join(FILE_NAME);
        let write = |source| PidFileError::Write {
            path: path.clone(),
            source,
        };
        let running = |pid| PidFileError::Running {
            directory: directory.to_path_buf(),
            pid,
        };
        if let NodeState::Running { pid } = NodeState::of(directory) {
            return Err(running(pid));
        }
        // Another node may remove the file in between, and a look at its state takes the lock for a moment.
        let mut pid = 0;
        for _ in 0..CLAIM_ATTEMPTS {
            let mut file = open(&path).map_err(write)?;
            if flock(&file, FlockOperation::NonBlockingLockExclusive).is_err() {
                pid = read_pid(&mut file).unwrap_or_default();
                std::thread::sleep(CLAIM_PAUSE);
            } else if is_at(&file, &path) {
                write_content(&mut file, options).map_err(write)?;
                return Ok(Self {
                    path,
                    _locked: file,
                });
            }
        }
        Err(running(pid))
    }
}

impl Drop for PidFile {
    fn drop(&mut self) {
        remove(&self.path);
    }
}

fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)
}

fn is_at(file: &File, path: &Path) -> bool {
    let (Ok(ours), Ok(there)) = (file.metadata(), path.metadata()) else {
        return false;
    };
    (ours.dev(), ours.ino()) == (there.dev(), there.ino())
}

fn write_content(file: &mut File, options: &Value) -> io::Result<()> {
    let argv: Vec<String> = std::env::args().collect();
    let content = json!({"pid": process::id(), "argv": argv, "options": options});
    file.set_len(0)?;
    file.rewind()?;
    let mut text = Vec::new();
    let formatter = serde_json::ser::PrettyFormatter::with_indent(b"    ");
    let mut serializer = serde_json::Serializer::with_formatter(&mut text, formatter);
    serde::Serialize::serialize(&content, &mut serializer)?;
    file.write_all(&text)
}

fn read_pid(file: &mut File) -> Option<i32> {
    let mut text = String::new();
    file.take(MAXIMUM_LENGTH).read_to_string(&mut text).ok()?;
    let content: Value = serde_json::from_str(&text).ok()?;
    let pid = i32::try_from(content.get("pid")?.as_i64()?).ok()?;
    (pid > 0).then_some(pid)
}

fn is_locked(file: &File) -> bool {
    // A lock that was got goes with the file descriptor, at the end of the caller's look.
    flock(file, FlockOperation::NonBlockingLockShared).is_err()
}

/// Says whether a process runs.
pub(crate) fn is_alive(pid: i32) -> bool {
    let Some(process) = Pid::from_raw(pid) else {
        return false;
    };
    let exists = match test_kill_process(process) {
        Ok(()) => true,
        Err(error) => error == rustix::io::Errno::PERM,
    };
    exists && !is_zombie(pid)
}

/// Says whether a process has ended and waits for its parent to take notice.
fn is_zombie(pid: i32) -> bool {
    let Ok(stat) = std::fs::read_to_string(format!("/proc/{pid}/stat")) else {
        return false;
    };
    let state = stat.rsplit_once(')').map(|(_, rest)| rest.trim_start());
    state.is_some_and(|state| state.starts_with('Z'))
}

/// Says whether a process is a Crossbar.io, ours or the original; where the system does not tell, it is.
fn is_crossbar(pid: i32) -> bool {
    let Ok(line) = std::fs::read(format!("/proc/{pid}/cmdline")) else {
        return !Path::new("/proc/self/cmdline").exists();
    };
    let mut words = line.split(|&byte| byte == 0).take(2);
    words.any(|word| {
        let word = String::from_utf8_lossy(word);
        let name = word.rsplit('/').next().unwrap_or_default();
        name.contains("crossbar")
    })
}

fn remove(path: &Path) {
    if let Err(error) = std::fs::remove_file(path)
        && error.kind() != io::ErrorKind::NotFound
    {
        tracing::warn!(path = %path.display(), %error, "cannot remove the pid file");
    }
}

/// Name of the file in the node directory.
const FILE_NAME: &str = "node.pid";
/// Longest file that is read, in octets.
const MAXIMUM_LENGTH: u64 = 64 * 1024;
/// How often the claim is tried.
const CLAIM_ATTEMPTS: usize = 16;
/// Time between two tries.
const CLAIM_PAUSE: Duration = Duration::from_millis(2);

#[cfg(test)]
mod tests {
    use super::*;

    fn state_of(content: &str) -> (NodeState, bool) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(FILE_NAME);
        std::fs::write(&path, content).unwrap();
        let state = NodeState::of(directory.path());
        (state, path.exists())
    }

    fn notice(state: NodeState) -> String {
        match state {
            NodeState::Stopped { notice } => notice.join("\n"),
            NodeState::Running { pid } => panic!("running with PID {pid}"),
        }
    }

    #[test]
    fn no_file_means_stopped() {
        let directory = tempfile::tempdir().unwrap();
        assert_eq!(notice(NodeState::of(directory.path())), "");
    }

    #[test]
    fn a_corrupt_file_is_removed() {
        for content in ["", "{", "[]", r#"{"pid": "x"}"#, r#"{"pid": -1}"#] {
            let (state, kept) = state_of(content);
            assert!(notice(state).contains("corrupt"), "{content}");
            assert!(!kept, "{content}");
        }
    }

    #[test]
    fn a_stale_file_is_removed() {
        let mut child = process::Command::new("true").spawn().unwrap();
        let pid = child.id();
        child.wait().unwrap();
        let (state, kept) = state_of(&json!({"pid": pid}).to_string());
        assert!(notice(state).contains("stale"));
        assert!(!kept);
    }

    #[test]
    fn a_foreign_process_is_no_node_and_the_file_stays() {
        let mut child = process::Command::new("sleep").arg("60").spawn().unwrap();
        let (state, kept) = state_of(&json!({"pid": child.id()}).to_string());
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(notice(state).contains("is not Crossbar.io"));
        assert!(kept);
    }

    #[test]
    fn the_original_is_a_node() {
        use std::os::unix::process::CommandExt;
        let mut child = process::Command::new("sleep")
            .arg0("crossbar-controller")
            .arg("60")
            .spawn()
            .unwrap();
        let pid = child.id();
        // The kernel lets the parent go on a moment before it shows the child's new arguments.
        let deadline = std::time::Instant::now() + Duration::from_secs(10);
        let arguments = || std::fs::read(format!("/proc/{pid}/cmdline")).unwrap();
        while arguments().is_empty() && std::time::Instant::now() < deadline {
            std::thread::yield_now();
        }
        let (state, kept) = state_of(&json!({"pid": pid}).to_string());
        child.kill().unwrap();
        child.wait().unwrap();
        let pid = i32::try_from(pid).unwrap();
        assert_eq!(state, NodeState::Running { pid });
        assert!(kept);
    }

    #[test]
    fn ones_own_pid_is_not_running() {
        let (state, _) = state_of(&json!({"pid": process::id()}).to_string());
        assert_eq!(notice(state), "");
    }

    #[test]
    fn a_claim_excludes_another_and_ends_with_its_value() {
        let directory = tempfile::tempdir().unwrap();
        let claim = PidFile::claim(directory.path(), &json!({"loglevel": "info"})).unwrap();
        let text = std::fs::read_to_string(directory.path().join(FILE_NAME)).unwrap();
        assert!(text.starts_with("{\n    \""), "{text}");
        let content: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(content["pid"], process::id());
        assert_eq!(content["options"]["loglevel"], "info");
        let second = PidFile::claim(directory.path(), &json!({}));
        assert!(matches!(second, Err(PidFileError::Running { .. })));
        drop(claim);
        assert!(!directory.path().join(FILE_NAME).exists());
        PidFile::claim(directory.path(), &json!({})).unwrap();
    }
}
