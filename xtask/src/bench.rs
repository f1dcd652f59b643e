//! `cargo xtask bench`: ours, the real Crossbar.io, nats-server and the bare forwarder under the same load, in one run.
//!
//! The machine may be shared and noisy, so every figure is the median of several rounds in which the routers take turns, and
//! what counts is the ratio. Throughput is given per second of the router's own CPU time.

mod routers;
mod scenarios;
mod table;

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::bench::routers::Router;
use crate::bench::scenarios::Scenario;
use crate::bench::table::Table;
use crate::setup;

/// What to measure.
struct Options {
    rounds: usize,
    millis: u32,
    only: Option<String>,
    oracle: bool,
    /// Further routers as `NAME=PID=URL`.
    others: Vec<String>,
}

/// Runs the benchmarks and prints the table; also writes it to `target/bench.md`.
pub(crate) fn run(arguments: &[String]) -> Result<(), String> {
    let options = Options::parse(arguments)?;
    build()?;
    let tools = Tools::find(&options)?;
    let directory = std::env::temp_dir().join(format!("crossbar-bench-{}", std::process::id()));
    std::fs::create_dir_all(&directory).map_err(|error| format!("{}: {error}", directory.display()))?;
    let routers = Router::start_all(&tools, &directory, &options.others)?;
    let mut table = Table::default();
    for scenario in Scenario::all() {
        if options.only.as_ref().is_some_and(|word| !scenario.name.contains(word.as_str())) {
            continue;
        }
        for _ in 0..options.rounds {
            for router in &routers {
                for target in router.targets(&scenario) {
                    let figure = scenario.measure(&tools.load, router, target, options.millis)?;
                    table.add(&scenario, target.column(), &router.name, figure);
                }
            }
        }
        eprint_line(&table.section(&scenario));
    }
    let text = table.render();
    std::fs::write("target/bench.md", &text).map_err(|error| format!("target/bench.md: {error}"))?;
    print_text(&text);
    drop(routers);
    std::fs::remove_dir_all(&directory).map_err(|error| format!("{}: {error}", directory.display()))
}

impl Options {
    fn parse(arguments: &[String]) -> Result<Self, String> {
        let mut options = Self {
            rounds: 3,
            millis: 1500,
            only: None,
            oracle: true,
            others: Vec::new(),
        };
        let mut words = arguments.iter();
        while let Some(word) = words.next() {
            let mut value = || words.next().cloned().ok_or_else(|| format!("{word} needs a value"));
            match word.as_str() {
                "--rounds" => options.rounds = number(&value()?)?,
                "--millis" => options.millis = number(&value()?)?,
                "--only" => options.only = Some(value()?),
                "--without-crossbar-io" => options.oracle = false,
                "--router" => options.others.push(value()?),
                other => return Err(format!("unknown option {other}\n{USAGE}")),
            }
        }
        Ok(options)
    }
}

fn number<T: std::str::FromStr>(text: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("{text} is not a number"))
}

const USAGE: &str = "usage: cargo xtask bench [--rounds N] [--millis N] [--only WORD] [--without-crossbar-io] \
                     [--router NAME=PID=URL …]";

/// The programs that a run needs.
struct Tools {
    ours: PathBuf,
    load: PathBuf,
    oracle: Option<PathBuf>,
    nats: Option<PathBuf>,
}

impl Tools {
    fn find(options: &Options) -> Result<Self, String> {
        let release = setup::target_directory().join("release");
        let oracle = if options.oracle { Some(setup::oracle()?) } else { None };
        Ok(Self {
            ours: release.join("crossbar"),
            load: release.join("load"),
            oracle,
            nats: setup::nats_server()?,
        })
    }
}

fn build() -> Result<(), String> {
    let status = Command::new("cargo")
        .args(["build", "--release", "--package", "crossbar", "--package", "crossbar-bench"])
        .status()
        .map_err(|error| format!("cargo: {error}"))?;
    status.success().then_some(()).ok_or_else(|| "the build failed".to_owned())
}

fn run_output(program: &Path, arguments: &[String]) -> Result<String, String> {
    let output = Command::new(program)
        .args(arguments)
        .output()
        .map_err(|error| format!("{}: {error}", program.display()))?;
    if !output.status.success() {
        let errors = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{} {}: {errors}", program.display(), arguments.join(" ")));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[expect(clippy::print_stderr, reason = "progress of a long run")]
fn eprint_line(text: &str) {
    eprintln!("{text}");
}

#[expect(clippy::print_stdout, reason = "the result of the command")]
fn print_text(text: &str) {
    println!("{text}");
}
