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
use crate::failure::Failure;
use crate::project::{Project, succeed};
use crate::{flag, option, report, setup};

/// Runs the benchmarks and prints the table; also writes it to `bench.md` in the work directory.
pub(crate) fn run(project: &Project, arguments: &[String]) -> Result<(), Failure> {
    let rounds = number(option(arguments, "--rounds"), 3)?;
    let millis = number(option(arguments, "--millis"), 1500)?;
    let only = option(arguments, "--only").unwrap_or_default();
    let tools = Tools::find(project, arguments)?;
    let directory = project.fresh("bench")?;
    let routers = Router::start_all(&tools, &directory, option(arguments, "--router"))?;
    let mut table = Table::default();
    for scenario in Scenario::all()
        .iter()
        .filter(|scenario| scenario.name.contains(only))
    {
        for _ in 0..rounds {
            for router in &routers {
                for target in router.targets(scenario) {
                    let figure = scenario.measure(&tools.load, router, target, millis)?;
                    table.add(scenario, target.column(), &router.name, figure);
                }
            }
        }
        report::fault(table.section(scenario).trim_end());
    }
    let text = table.render();
    report::line(&text);
    let file = directory.join("bench.md");
    std::fs::write(&file, &text).map_err(Failure::at(&file, "write"))
}

fn number<T: std::str::FromStr>(text: Option<&str>, default: T) -> Result<T, Failure> {
    let Some(text) = text else {
        return Ok(default);
    };
    text.parse()
        .map_err(|_| Failure::new(format!("{text} is not a number")))
}

/// The programs that a run needs.
struct Tools {
    ours: PathBuf,
    load: PathBuf,
    oracle: Option<PathBuf>,
    nats: Option<PathBuf>,
}

impl Tools {
    fn find(project: &Project, arguments: &[String]) -> Result<Self, Failure> {
        let mut build = Command::new(env!("CARGO"));
        build
            .args([
                "build",
                "--release",
                "--package",
                "crossbar",
                "--package",
                "crossbar-bench",
            ])
            .current_dir(&project.root);
        succeed(&mut build)?;
        let release = project.target().join("release");
        let alone = flag(arguments, "--alone");
        Ok(Self {
            ours: option(arguments, "--program")
                .map_or_else(|| release.join("crossbar"), PathBuf::from),
            load: release.join("load"),
            oracle: if alone {
                None
            } else {
                Some(setup::crossbar(project)?)
            },
            nats: if alone {
                None
            } else {
                Some(setup::nats_server(project)?)
            },
        })
    }
}

fn output_of(program: &Path, arguments: &[String]) -> Result<String, Failure> {
    let output = succeed(Command::new(program).args(arguments))?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
