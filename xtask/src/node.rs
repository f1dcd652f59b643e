//! Starts a node, Crossbar.io's or ours, or another server of the tests, waits until it is ready, and ends it.

use std::fs::File;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use crate::failure::Failure;

/// A running node, or another server.
#[derive(Debug)]
pub(crate) struct Node {
    child: Child,
    log: PathBuf,
}

impl Node {
    /// Starts `program start` in `folder`, with the ports in its environment, and waits for the line that says it is ready.
    pub(crate) fn start(program: &Path, folder: &Path, ports: &Ports) -> Result<Self, Failure> {
        let cbdir = folder.join(".crossbar");
        let mut command = Command::new(program);
        command.arg("start").current_dir(folder);
        if cbdir.exists() {
            command.arg("--cbdir").arg(&cbdir);
        }
        command.envs(ports.environment());
        Self::spawn(command, folder.join("node.log"), "NODE_BOOT_COMPLETE")
    }

    /// Starts a server that says `ready` when it is; its output goes to `log`.
    pub(crate) fn spawn(mut command: Command, log: PathBuf, ready: &str) -> Result<Self, Failure> {
        let file = File::create(&log).map_err(Failure::at(&log, "create"))?;
        let same = file.try_clone().map_err(Failure::at(&log, "share"))?;
        let child = command
            .stdin(Stdio::null())
            .stdout(file)
            .stderr(same)
            .spawn()
            .map_err(|error| Failure::new(format!("cannot run {command:?}: {error}")))?;
        let mut node = Self { child, log };
        node.wait_until(ready)?;
        Ok(node)
    }

    /// What the node has written until now.
    pub(crate) fn log(&self) -> String {
        std::fs::read(&self.log)
            .map(|text| String::from_utf8_lossy(&text).into_owned())
            .unwrap_or_default()
    }

    /// Ends the node as an operator does and gives its exit status.
    pub(crate) fn stop(mut self) -> Result<ExitStatus, Failure> {
        self.signal("-TERM");
        self.wait(STOP)?.ok_or_else(|| {
            Failure::new(format!(
                "the node does not stop; its log: {}",
                self.log.display()
            ))
        })
    }

    fn wait_until(&mut self, ready: &str) -> Result<(), Failure> {
        let deadline = Instant::now() + READY;
        while !self.log().contains(ready) {
            let ended = self
                .child
                .try_wait()
                .map_err(Failure::at(&self.log, "watch the node of"))?;
            if ended.is_some() || Instant::now() > deadline {
                return Err(Failure::new(format!(
                    "the node does not start; its log:\n{}",
                    self.log()
                )));
            }
            std::thread::sleep(POLL);
        }
        Ok(())
    }

    fn wait(&mut self, patience: Duration) -> Result<Option<ExitStatus>, Failure> {
        let deadline = Instant::now() + patience;
        loop {
            let ended = self
                .child
                .try_wait()
                .map_err(Failure::at(&self.log, "watch the node of"))?;
            if ended.is_some() || Instant::now() > deadline {
                return Ok(ended);
            }
            std::thread::sleep(POLL);
        }
    }

    fn signal(&self, signal: &str) {
        let sent = Command::new("kill")
            .arg(signal)
            .arg(self.child.id().to_string())
            .status();
        if sent.is_err() {
            crate::report::fault("cannot run kill");
        }
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(Some(_))) {
            return;
        }
        self.signal("-TERM");
        if !matches!(self.wait(STOP), Ok(Some(_)))
            && self.child.kill().is_ok()
            && self.child.wait().is_err()
        {
            crate::report::fault("a node could not be ended");
        }
    }
}

/// Free ports of the loopback interface, each with the name that node configurations give it.
#[derive(Debug)]
pub(crate) struct Ports(Vec<(&'static str, u16)>);

impl Ports {
    /// Picks a free port for every name.
    pub(crate) fn pick() -> Result<Self, Failure> {
        let mut listeners = Vec::new();
        for name in NAMES {
            let listener = TcpListener::bind(("127.0.0.1", 0))
                .map_err(|error| Failure::new(error.to_string()))?;
            let address = listener
                .local_addr()
                .map_err(|error| Failure::new(error.to_string()))?;
            listeners.push((listener, (name, address.port())));
        }
        Ok(Self(listeners.into_iter().map(|(_, port)| port).collect()))
    }

    /// The port of this name, as in `TEST_PORT_WS`.
    pub(crate) fn port(&self, name: &str) -> u16 {
        self.0
            .iter()
            .find(|(known, _)| *known == name)
            .map_or(0, |(_, port)| *port)
    }

    /// The environment that node configurations take their ports from.
    pub(crate) fn environment(&self) -> impl Iterator<Item = (String, String)> {
        self.0
            .iter()
            .map(|(name, port)| (format!("TEST_PORT_{name}"), port.to_string()))
    }

    /// The JSON file that tells the test scripts where everything is.
    pub(crate) fn places(&self) -> String {
        let rows = PLACES.iter().map(|(place, name, path)| {
            let port = self.port(name);
            format!("\"{place}\": [\"127.0.0.1\", {port}, \"{path}\"]")
        });
        format!("{{{}}}", rows.collect::<Vec<_>>().join(", "))
    }
}

const READY: Duration = Duration::from_secs(60);
const STOP: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(20);
const NAMES: [&str; 21] = [
    "WS",
    "RAW",
    "RAW_AUTH",
    "WEB",
    "UNIVERSAL",
    "TESTEE",
    "INIT_RAW",
    "INIT_WEB",
    "OLDER",
    "AUTH_WEB",
    "AUTH_BACK",
    "AUTH_STATIC",
    "AUTH_STRICT",
    "AUTH_NAMED",
    "AUTH_DYNAMIC",
    "AUTH_HERE",
    "AUTH_LOST",
    "AUTH_PROXY",
    "AUTH_TLS",
    "AUTH_RAW_TLS",
    "AUTH_DYNAMIC_TLS",
];
/// What test scripts call a place, its port and its path.
const PLACES: [(&str, &str, &str); 14] = [
    ("ws", "WS", "/"),
    ("raw", "RAW", "/"),
    ("raw/auth", "RAW_AUTH", "/"),
    ("ws/ws", "WEB", "/ws"),
    ("ws/auth", "WEB", "/auth"),
    ("ws/ticket", "WEB", "/ticket"),
    ("lp", "WEB", "/lp"),
    ("web/universal", "UNIVERSAL", "/"),
    ("ws/universal", "UNIVERSAL", "/ws"),
    ("raw/universal", "UNIVERSAL", "/"),
    ("init/raw", "INIT_RAW", "/"),
    ("init/ws", "INIT_WEB", "/ws"),
    ("older/ws", "OLDER", "/ws"),
    ("older/raw", "OLDER", "/"),
];
