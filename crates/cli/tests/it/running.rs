//! A node that runs, watched from outside.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, test_kill_process};

/// The program with `start`, in a directory of its own.
pub(crate) struct Running {
    child: Child,
    lines: Receiver<String>,
    /// All lines that were read so far.
    pub(crate) log: Vec<String>,
}

impl Running {
    /// Starts a node in a directory.
    pub(crate) fn start(directory: &Path, arguments: &[&str]) -> Self {
        let program = Command::new(env!("CARGO_BIN_EXE_crossbar"));
        Self::launch(program, directory, arguments)
    }

    /// Starts a node from a shell that has done something first, and waits until it is up.
    pub(crate) fn up_after(shell: &str, directory: &Path) -> Self {
        let mut program = Command::new("sh");
        let script = format!("{shell} && exec \"$0\" \"$@\"");
        program.args(["-c", &script, env!("CARGO_BIN_EXE_crossbar")]);
        let mut node = Self::launch(program, directory, &[]);
        node.wait_for("NODE_BOOT_COMPLETE");
        node
    }

    fn launch(mut program: Command, directory: &Path, arguments: &[&str]) -> Self {
        let mut child = program
            .args(["start", "--cbdir"])
            .arg(directory)
            .args(arguments)
            .env_remove("CROSSBAR_DIR")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let (sender, lines) = mpsc::channel();
        let streams: [Box<dyn Read + Send>; 2] = [
            Box::new(child.stdout.take().expect("it is piped")),
            Box::new(child.stderr.take().expect("it is piped")),
        ];
        for stream in streams {
            let sender = sender.clone();
            thread::spawn(move || {
                for line in BufReader::new(stream).lines().map_while(Result::ok) {
                    if sender.send(line).is_err() {
                        return;
                    }
                }
            });
        }
        Self {
            child,
            lines,
            log: Vec::new(),
        }
    }

    /// Starts a node and waits until it is up.
    pub(crate) fn up(directory: &Path, arguments: &[&str]) -> Self {
        let mut node = Self::start(directory, arguments);
        node.wait_for("NODE_BOOT_COMPLETE");
        node
    }

    /// Waits for a line with this text, and gives it.
    pub(crate) fn wait_for(&mut self, text: &str) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self
                .lines
                .recv_timeout(deadline - Instant::now().min(deadline))
            {
                Ok(line) => {
                    self.log.push(line.clone());
                    if line.contains(text) {
                        return line;
                    }
                }
                Err(RecvTimeoutError::Timeout) => panic!("no {text:?} in {:#?}", self.log),
                Err(RecvTimeoutError::Disconnected) => {
                    panic!("the node ended without {text:?}: {:#?}", self.log)
                }
            }
        }
    }

    /// Gives the process ids of the workers.
    pub(crate) fn workers(&self) -> Vec<i32> {
        let pid = self.child.id();
        let children = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"));
        let children = children.expect("the controller runs");
        children
            .split_whitespace()
            .map(|pid| pid.parse().expect("it is a number"))
            .collect()
    }

    /// Sends the controller a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        send(
            i32::try_from(self.child.id()).expect("ids are small"),
            signal,
        );
    }

    /// Waits for the controller's end, and gives its exit status and the rest of the log.
    pub(crate) fn end(mut self) -> (ExitStatus, Vec<String>) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().expect("it is our child") {
                let rest: Vec<String> = self.lines.iter().collect();
                self.log.extend(rest);
                return (status, std::mem::take(&mut self.log));
            }
            assert!(
                Instant::now() < deadline,
                "the node does not end: {:#?}",
                self.log
            );
            thread::yield_now();
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sends a process a signal.
pub(crate) fn send(pid: i32, signal: Signal) {
    kill_process(id(pid), signal).expect("the process runs");
}

fn id(pid: i32) -> Pid {
    Pid::from_raw(pid).expect("0 is no process")
}

/// Waits until a process is gone.
pub(crate) fn wait_gone(pid: i32) {
    let deadline = Instant::now() + PATIENCE;
    while test_kill_process(id(pid)).is_ok() && !is_zombie(pid) {
        assert!(Instant::now() < deadline, "process {pid} does not end");
        thread::yield_now();
    }
}

/// Says whether a process has ended but for its parent's notice.
fn is_zombie(pid: i32) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| {
        stat.rsplit(')')
            .next()
            .is_some_and(|rest| rest.starts_with(" Z"))
    })
}

/// Makes a node directory with this configuration.
pub(crate) fn directory(config: &serde_json::Value) -> tempfile::TempDir {
    let directory = tempfile::tempdir().expect("there is room");
    let file = directory.path().join("config.json");
    std::fs::write(file, config.to_string()).expect("there is room");
    directory
}

/// Gives the path of the Unix socket that [`config`] names.
pub(crate) fn socket(directory: &Path) -> PathBuf {
    directory.join("router.sock")
}

/// Gives a configuration with a router: RawSocket on a Unix socket, a Web page on a free port.
pub(crate) fn config() -> serde_json::Value {
    let everything = serde_json::json!({
        "uri": "", "match": "prefix",
        "allow": {"call": true, "register": true, "publish": true, "subscribe": true},
    });
    serde_json::json!({
        "version": 2,
        "controller": {"id": "node1"},
        "workers": [{
            "type": "router",
            "realms": [{
                "name": "realm1",
                "roles": [{"name": "anonymous", "permissions": [everything]}],
            }],
            "transports": [
                {"type": "rawsocket", "endpoint": {"type": "unix", "path": "router.sock"}},
                {
                    "type": "web",
                    "endpoint": {"type": "tcp", "port": 0, "interface": "127.0.0.1"},
                    "paths": {"/": {"type": "nodeinfo"}, "ws": {"type": "websocket"}},
                },
            ],
        }],
    })
}

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(20);
