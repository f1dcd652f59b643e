use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream as StdUnixStream;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;

use crossbar_config::{Inherit, ProcessEnvironment};
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncRead, BufReader};
use tokio::net::UnixStream;
use tokio::process::{Child, ChildStderr, ChildStdout, Command};

use crate::log::{Level, LogLevel, Record};
use crate::worker::WorkerType;

/// How a worker's process is started.
#[derive(Clone, Debug)]
pub(crate) struct Spec {
    /// The worker's id.
    pub(crate) id: String,
    /// What it does.
    pub(crate) kind: WorkerType,
    /// The process title.
    pub(crate) title: String,
    /// The process environment.
    pub(crate) environment: ProcessEnvironment,
    /// Processors to run on, counted among those allowed; empty: all.
    pub(crate) cpus: Vec<usize>,
    /// The node directory, the process's working directory.
    pub(crate) directory: PathBuf,
    /// The node's id.
    pub(crate) node: String,
    /// The least severe level that the worker logs.
    pub(crate) log_level: LogLevel,
    /// The program; this one, but in tests.
    pub(crate) program: PathBuf,
}

/// A worker's process just started. Dropping it kills the process.
#[derive(Debug)]
pub(crate) struct Spawned {
    /// The process.
    pub(crate) child: Child,
    /// Its process id.
    pub(crate) pid: u32,
    /// The controller's end of the management link.
    pub(crate) link: UnixStream,
    /// Where its log records come out.
    pub(crate) stdout: ChildStdout,
    /// Where what it says besides comes out.
    pub(crate) stderr: ChildStderr,
}

impl Spec {
    /// Starts the process. Its standard input is the other end of the management link.
    pub(crate) fn spawn(&self) -> io::Result<Spawned> {
        // Both ends close on `exec`: no worker holds another's link.
        let (ours, theirs) = StdUnixStream::pair()?;
        ours.set_nonblocking(true)?;
        let link = UnixStream::from_std(ours)?;
        let mut command = self.command();
        command
            .stdin(Stdio::from(OwnedFd::from(theirs)))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        let mut child = command.spawn()?;
        let missing = || io::Error::other("the process has ended already");
        Ok(Spawned {
            pid: child.id().ok_or_else(missing)?,
            link,
            stdout: child.stdout.take().ok_or_else(missing)?,
            stderr: child.stderr.take().ok_or_else(missing)?,
            child,
        })
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command
            .arg0(&self.title)
            .arg(SUBCOMMAND)
            .args(["--worker", &self.id])
            .args(["--type", self.kind.name()])
            .args(["--node", &self.node])
            .args(["--loglevel", self.log_level.name()])
            .arg("--cbdir")
            .arg(&self.directory)
            .current_dir(&self.directory);
        for cpu in &self.cpus {
            command.arg("--cpu").arg(cpu.to_string());
        }
        self.set_environment(&mut command);
        command
    }

    fn set_environment(&self, command: &mut Command) {
        match &self.environment.inherit {
            Inherit::All => {}
            Inherit::Nothing => {
                command.env_clear();
            }
            Inherit::Only(names) => {
                command.env_clear();
                for name in names {
                    if let Some(value) = std::env::var_os(name) {
                        command.env(name, value);
                    }
                }
            }
        }
        command.envs(&self.environment.vars);
    }
}

/// Hands on what a worker writes, until both of its streams are closed.
pub(crate) async fn relay(
    stdout: ChildStdout,
    stderr: ChildStderr,
    sink: Arc<dyn Fn(Record) + Send + Sync>,
) {
    let records = lines(stdout, |line| sink(Record::receive(line)));
    let rest = lines(stderr, |line| sink(Record::text(Level::Error, line)));
    tokio::join!(records, rest);
}

/// Reads lines until the stream ends. A line that is too long is cut in pieces.
async fn lines(stream: impl AsyncRead + Unpin, mut each: impl FnMut(&str)) {
    let mut reader = BufReader::new(stream);
    let mut line = Vec::new();
    while next_line(&mut reader, &mut line).await {
        each(String::from_utf8_lossy(&line).trim_end());
        line.clear();
    }
}

/// Appends the next line, or as much of it as is allowed. Says whether there was one.
async fn next_line(reader: &mut (impl AsyncBufRead + Unpin), line: &mut Vec<u8>) -> bool {
    loop {
        // An error ends the stream as its end does: the process is going away.
        let Ok(available) = reader.fill_buf().await else {
            return !line.is_empty();
        };
        if available.is_empty() {
            return !line.is_empty();
        }
        let end = available.iter().position(|&byte| byte == b'\n');
        let length = end.map_or(available.len(), |end| end + 1);
        line.extend_from_slice(&available[..length]);
        reader.consume(length);
        if end.is_some() || line.len() >= MAXIMUM_LINE {
            return true;
        }
    }
}

/// The hidden subcommand that this program's workers run.
pub(crate) const SUBCOMMAND: &str = "_exec_worker";
/// Longest line that is kept whole, in octets.
const MAXIMUM_LINE: usize = 256 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(input: &[u8]) -> Vec<String> {
        let mut found = Vec::new();
        lines(input, |line| found.push(line.to_owned())).await;
        found
    }

    #[tokio::test]
    async fn lines_are_cut_at_their_ends_or_at_the_limit() {
        assert_eq!(
            read(b"one\ntwo\r\n\nthree").await,
            ["one", "two", "", "three"]
        );
        assert_eq!(read(b"bad \xff\n").await, ["bad \u{fffd}"]);
        let long = vec![b'x'; 3 * MAXIMUM_LINE];
        let found = read(&long).await;
        assert!(found.len() > 1);
        assert_eq!(found.iter().map(String::len).sum::<usize>(), long.len());
    }
}
