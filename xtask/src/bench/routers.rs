//! The routers under test: started here, killed when dropped.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::bench::scenarios::{Scenario, field, pin, words};
use crate::bench::{Tools, output_of};
use crate::failure::Failure;

/// A router under test.
pub(crate) struct Router {
    pub(crate) name: String,
    targets: Vec<Target>,
    process: Process,
}

/// One way to reach a router.
pub(crate) struct Target {
    pub(crate) url: String,
    pub(crate) format: &'static str,
}

enum Process {
    /// Started by this run.
    Child(Child, Recipe),
    /// Somebody else's.
    Other(u32),
}

/// How a router is started.
#[derive(Clone)]
struct Recipe {
    program: PathBuf,
    arguments: Vec<String>,
    directory: PathBuf,
}

impl Router {
    /// Starts every router that the tools allow, and waits until each accepts connections.
    pub(crate) fn start_all(
        tools: &Tools,
        directory: &Path,
        other: Option<&str>,
    ) -> Result<Vec<Self>, Failure> {
        let mut routers = vec![Self::wamp("ours", &tools.ours, &directory.join("ours"))?];
        if let Some(oracle) = &tools.oracle {
            routers.push(Self::wamp(
                "Crossbar.io",
                oracle,
                &directory.join("oracle"),
            )?);
        }
        if let Some(nats) = &tools.nats {
            routers.push(Self::nats(nats, directory)?);
        }
        routers.push(Self::forwarder(&tools.load, directory)?);
        if let Some(other) = other {
            routers.push(Self::other(other)?);
        }
        Ok(routers)
    }

    /// Lists the ways in which a scenario reaches this router.
    pub(crate) fn targets(&self, scenario: &Scenario) -> &[Target] {
        let wamp = self.targets.iter().all(|target| !target.format.is_empty());
        match (wamp, scenario.fits_others(), scenario.once()) {
            (false, false, _) => &[],
            (true, _, true) => &self.targets[..1],
            _ => &self.targets,
        }
    }

    /// Gives the process id.
    pub(crate) fn pid(&self) -> u32 {
        match &self.process {
            Process::Child(child, _) => child.id(),
            Process::Other(pid) => *pid,
        }
    }

    /// Limits the router and its children to a list of processors.
    pub(crate) fn pin(&self, processors: &str) -> Result<(), Failure> {
        for pid in self.family() {
            pin(pid, processors)?;
        }
        Ok(())
    }

    /// Sums the resident memory of the node's processes, in octets.
    pub(crate) fn resident(&self) -> Result<f64, Failure> {
        let mut sum = 0.0;
        for pid in self.family() {
            let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
            let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
            let kilobytes =
                line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<f64>().ok());
            sum += kilobytes.unwrap_or_default() * 1024.0;
        }
        Ok(sum)
    }

    /// Starts a second one of its kind and gives the milliseconds until its first session.
    pub(crate) fn start_up(&self, load: &Path) -> Result<f64, Failure> {
        let Process::Child(_, recipe) = &self.process else {
            return Ok(f64::NAN);
        };
        let directory = recipe.directory.join("again");
        let ports = (free_port()?, free_port()?);
        write_node(&directory, ports)?;
        let started = Instant::now();
        let child = recipe.with_directory(&directory).start()?;
        let mut arguments = words("first --format msgpack --url");
        arguments.push(format!("rs://127.0.0.1:{}", ports.0));
        let output = output_of(load, &arguments)?;
        let milliseconds = started.elapsed().as_secs_f64() * 1e3;
        drop(Self {
            name: String::new(),
            targets: Vec::new(),
            process: Process::Child(child, recipe.clone()),
        });
        field(&output, "milliseconds")
            .map(|_| milliseconds)
            .ok_or_else(|| Failure::new(output))
    }

    fn wamp(name: &str, program: &Path, directory: &Path) -> Result<Self, Failure> {
        let ports = (free_port()?, free_port()?);
        write_node(directory, ports)?;
        let recipe = Recipe {
            program: program.to_owned(),
            arguments: words("start --cbdir"),
            directory: directory.to_owned(),
        };
        let child = recipe.with_directory(directory).start()?;
        let router = Self {
            name: name.to_owned(),
            targets: vec![
                Target::new(format!("rs://127.0.0.1:{}", ports.0), "msgpack"),
                Target::new(format!("ws://127.0.0.1:{}/", ports.1), "json"),
                Target::new(format!("ws://127.0.0.1:{}/", ports.1), "cbor"),
            ],
            process: Process::Child(child, recipe),
        };
        wait_for(ports.0)?;
        wait_for(ports.1)?;
        Ok(router)
    }

    fn nats(program: &Path, directory: &Path) -> Result<Self, Failure> {
        let port = free_port()?;
        let recipe = Recipe {
            program: program.to_owned(),
            arguments: words(&format!("-a 127.0.0.1 -p {port}")),
            directory: directory.to_owned(),
        };
        let child = recipe.start()?;
        wait_for(port)?;
        Ok(Self {
            name: "nats-server".to_owned(),
            targets: vec![Target::new(format!("nats://127.0.0.1:{port}"), "")],
            process: Process::Child(child, recipe),
        })
    }

    fn forwarder(load: &Path, directory: &Path) -> Result<Self, Failure> {
        let recipe = Recipe {
            program: load.to_owned(),
            arguments: words("forwarder"),
            directory: directory.to_owned(),
        };
        let mut child = recipe.command("")?.stdout(Stdio::piped()).spawn()?;
        let mut address = String::new();
        let output = child
            .stdout
            .take()
            .ok_or_else(|| Failure::new("no output of the forwarder"))?;
        BufReader::new(output).read_line(&mut address)?;
        Ok(Self {
            name: "forwarder".to_owned(),
            targets: vec![Target::new(format!("raw://{}", address.trim()), "")],
            process: Process::Child(child, recipe),
        })
    }

    fn other(text: &str) -> Result<Self, Failure> {
        let mut parts = text.splitn(3, '=');
        let (Some(name), Some(pid), Some(url)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(Failure::new(format!("{text}: expected NAME=PID=URL")));
        };
        let pid = pid
            .parse()
            .map_err(|_| Failure::new(format!("{pid} is not a process id")))?;
        let targets = if url.starts_with("ws") {
            vec![
                Target::new(url.to_owned(), "json"),
                Target::new(url.to_owned(), "cbor"),
            ]
        } else {
            vec![Target::new(url.to_owned(), "msgpack")]
        };
        Ok(Self {
            name: name.to_owned(),
            targets,
            process: Process::Other(pid),
        })
    }

    fn family(&self) -> Vec<u32> {
        let mut family = vec![self.pid()];
        let mut index = 0;
        while let Some(&pid) = family.get(index) {
            let children = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"))
                .unwrap_or_default();
            family.extend(
                children
                    .split_whitespace()
                    .filter_map(|pid| pid.parse::<u32>().ok()),
            );
            index += 1;
        }
        family
    }
}

impl Drop for Router {
    fn drop(&mut self) {
        let Process::Child(child, _) = &mut self.process else {
            return;
        };
        // The node ends its workers itself when it is asked to; nothing is to be done if it has gone already.
        let _ = Command::new("kill").arg(child.id().to_string()).status();
        let deadline = Instant::now() + Duration::from_secs(20);
        while Instant::now() < deadline {
            if !matches!(child.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = child.kill();
        let _ = child.wait();
    }
}

impl Target {
    fn new(url: String, format: &'static str) -> Self {
        Self { url, format }
    }

    /// Names the wire format as the table does; empty for protocols that have one only.
    pub(crate) fn column(&self) -> &'static str {
        match self.format {
            "msgpack" => "msgpack/RawSocket",
            "json" => "json/WebSocket",
            "cbor" => "cbor/WebSocket",
            _ => "",
        }
    }
}

impl Recipe {
    fn with_directory(&self, directory: &Path) -> Self {
        let mut recipe = self.clone();
        recipe.arguments = words("start --cbdir");
        recipe.arguments.push(directory.display().to_string());
        recipe.directory = directory.to_owned();
        recipe
    }

    fn start(&self) -> Result<Child, Failure> {
        self.command("log.txt")?
            .spawn()
            .map_err(Failure::at(&self.program, "start"))
    }

    fn command(&self, log: &str) -> Result<Command, Failure> {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).stdin(Stdio::null());
        if !log.is_empty() {
            let file = File::create(self.directory.join(log))?;
            let errors = file.try_clone()?;
            command.stdout(file).stderr(errors);
        }
        Ok(command)
    }
}

fn free_port() -> Result<u16, Failure> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    listener
        .local_addr()
        .map(|address| address.port())
        .map_err(Failure::from)
}

fn wait_for(port: u16) -> Result<(), Failure> {
    let deadline = Instant::now() + Duration::from_secs(60);
    while Instant::now() < deadline {
        if std::net::TcpStream::connect(("127.0.0.1", port)).is_ok() {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Err(Failure::new(format!("nothing listens on port {port}")))
}

fn write_node(directory: &Path, (raw, web): (u16, u16)) -> Result<(), Failure> {
    let node = format!(
        r#"{{"version": 2, "workers": [{{"type": "router",
  "realms": [{{"name": "realm1", "roles": [{{"name": "anonymous", "permissions": [{{"uri": "", "match": "prefix",
    "allow": {{"call": true, "register": true, "publish": true, "subscribe": true}},
    "disclose": {{"caller": false, "publisher": false}}, "cache": true}}]}}]}}],
  "transports": [
    {{"type": "rawsocket", "endpoint": {{"type": "tcp", "interface": "127.0.0.1", "port": {raw}, "backlog": 1024}}}},
    {{"type": "websocket", "endpoint": {{"type": "tcp", "interface": "127.0.0.1", "port": {web}, "backlog": 1024}}}}]}}]}}"#
    );
    std::fs::create_dir_all(directory)?;
    std::fs::write(directory.join("config.json"), node).map_err(Failure::from)
}
