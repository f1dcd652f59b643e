//! What is measured, and how the load generator is told.

use std::path::Path;
use std::process::Command;

use crate::bench::output_of;
use crate::bench::routers::{Router, Target};
use crate::failure::Failure;
use crate::project::succeed;

/// One row of the table.
pub(crate) struct Scenario {
    pub(crate) name: String,
    /// What a figure means.
    pub(crate) unit: &'static str,
    command: &'static str,
    arguments: Vec<String>,
    kind: Kind,
}

#[derive(Clone, Copy, Eq, PartialEq)]
enum Kind {
    /// `count` per CPU second of the router.
    PerCpu,
    /// Median microseconds, everything on one processor.
    Latency,
    /// `count` per second of time.
    PerSecond,
    /// Octets a session.
    Memory,
    /// Milliseconds from the start of the process.
    StartUp,
    /// Octets of the idle node.
    Idle,
}

impl Scenario {
    /// Lists every row.
    pub(crate) fn all() -> Vec<Self> {
        let mut all = Vec::new();
        for payload in [32, 4096] {
            all.push(Self::load("calls", 8, 8, 64, payload));
            all.push(Self::load("calls", 1, 1, 64, payload));
            all.push(Self::load("events", 1, 1, 512, payload));
            all.push(Self::load("events", 8, 8, 64, payload));
            all.push(Self::load("events", 1, 100, 64, payload));
        }
        all.push(Self::other(
            "round trip, one call at a time, one processor",
            "µs",
            "latency",
            Kind::Latency,
        ));
        let mut sessions = Self::other("sessions opened", "/s", "sessions", Kind::PerSecond);
        sessions.arguments = words("--sessions 1600");
        all.push(sessions);
        let mut idle = Self::other("memory of an idle session", "octets", "idle", Kind::Memory);
        idle.arguments = words("--sessions 5000");
        all.push(idle);
        all.push(Self::other(
            "start-up to first session",
            "ms",
            "first",
            Kind::StartUp,
        ));
        all.push(Self::other(
            "idle node, resident memory",
            "octets",
            "idle",
            Kind::Idle,
        ));
        all
    }

    fn load(command: &'static str, from: u32, to: u32, window: u32, payload: u32) -> Self {
        Self {
            name: format!("{command} {from}→{to}, {payload} B"),
            unit: "/CPU s",
            command,
            arguments: words(&format!(
                "--from {from} --to {to} --window {window} --payload {payload}"
            )),
            kind: Kind::PerCpu,
        }
    }

    fn other(name: &str, unit: &'static str, command: &'static str, kind: Kind) -> Self {
        Self {
            name: name.to_owned(),
            unit,
            command,
            arguments: Vec::new(),
            kind,
        }
    }

    /// Says whether fewer is better.
    pub(crate) fn fewer_is_better(&self) -> bool {
        !matches!(self.kind, Kind::PerCpu | Kind::PerSecond)
    }

    /// Says whether a protocol other than WAMP can be measured by it.
    pub(crate) fn fits_others(&self) -> bool {
        matches!(self.kind, Kind::PerCpu | Kind::Latency)
    }

    /// Says whether the wire format makes no difference, so that one is enough.
    pub(crate) fn once(&self) -> bool {
        matches!(self.kind, Kind::StartUp | Kind::Idle)
    }

    /// Measures one router once.
    pub(crate) fn measure(
        &self,
        load: &Path,
        router: &Router,
        target: &Target,
        millis: u32,
    ) -> Result<f64, Failure> {
        match self.kind {
            Kind::StartUp => return router.start_up(load),
            Kind::Idle => return router.resident(),
            Kind::Latency => router.pin("0")?,
            Kind::PerCpu | Kind::PerSecond | Kind::Memory => {}
        }
        let mut arguments = vec![self.command.to_owned()];
        arguments.extend(self.arguments.iter().cloned());
        arguments.extend(words(&format!(
            "--url {} --format {}",
            target.url, target.format
        )));
        arguments.extend(words(&format!("--pids {} --millis {millis}", router.pid())));
        let output = if self.kind == Kind::Latency {
            let mut pinned = words("-c 0");
            pinned.push(load.display().to_string());
            pinned.extend(arguments);
            let output = output_of(Path::new("taskset"), &pinned);
            router.pin("0-1023")?;
            output?
        } else {
            output_of(load, &arguments)?
        };
        let figure =
            |key| field(&output, key).ok_or_else(|| Failure::new(format!("no {key} in {output}")));
        Ok(match self.kind {
            Kind::PerCpu => figure("count")? / figure("cpu")?.max(1e-6),
            Kind::PerSecond => figure("count")? / figure("seconds")?.max(1e-6),
            Kind::Latency => figure("p50")?,
            Kind::Memory => figure("per_session")?,
            Kind::StartUp | Kind::Idle => 0.0,
        })
    }
}

/// Reads a number out of a flat JSON object.
pub(crate) fn field(json: &str, key: &str) -> Option<f64> {
    let (_, rest) = json.split_once(&format!("\"{key}\":"))?;
    let end = rest.find([',', '}'])?;
    rest[..end].trim().parse().ok()
}

pub(crate) fn words(text: &str) -> Vec<String> {
    text.split(' ').map(str::to_owned).collect()
}

/// Limits all threads of a process to a list of processors.
pub(crate) fn pin(pid: u32, processors: &str) -> Result<(), Failure> {
    let pid = pid.to_string();
    succeed(Command::new("taskset").args(["-a", "-p", "-c", processors, &pid])).map(drop)
}
