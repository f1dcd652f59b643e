//! The WebSocket part of the Autobahn test suite against a `websocket-testee` worker.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::failure::Failure;
use crate::node::{Node, Ports};
use crate::project::{Project, succeed_within};
use crate::report::{self, Tally};
use crate::setup::{self, Tools};
use crate::{flag, option};

/// The `suite` command.
pub(crate) fn run(project: &Project, arguments: &[String]) -> Result<(), Failure> {
    let tools = setup::run(project)?;
    let program = project.program(option(arguments, "--program"))?;
    let tally = check(project, &tools, &program, flag(arguments, "--long"))?;
    report::line(&format!("{} passed, {} failed", tally.passed, tally.failed));
    if tally.failed == 0 {
        Ok(())
    } else {
        Err(Failure::new("the Autobahn test suite found faults"))
    }
}

/// Sections 1–7, 10, 12 and 13; with `long` section 9 (limits and performance) too.
pub(crate) fn check(
    project: &Project,
    tools: &Tools,
    program: &Path,
    long: bool,
) -> Result<Tally, Failure> {
    let folder = project.copy_of_node("testee", "suite")?;
    let ports = Ports::pick()?;
    let node = Node::start(program, &folder, &ports)?;
    let mut text =
        read(&project.tests("suite/spec.json"))?.replace("PORT", &ports.port("TESTEE").to_string());
    if long {
        text = text.replace("\"10.*\"", "\"9.*\", \"10.*\"");
    }
    let spec = folder.join("spec.json");
    std::fs::write(&spec, text).map_err(Failure::at(&spec, "write"))?;
    let mut suite = Command::new(&tools.python2);
    suite
        .arg(project.tests("suite/wstest.py"))
        .arg(&tools.suite)
        .args(["-m", "fuzzingclient", "-s"])
        .arg(&spec);
    let patience = if long { 4 * PATIENCE } else { PATIENCE };
    succeed_within(
        suite.current_dir(&folder),
        &folder.join("suite.log"),
        patience,
    )?;
    node.stop()?;
    judge(project, tools, &folder)
}

fn judge(project: &Project, tools: &Tools, folder: &Path) -> Result<Tally, Failure> {
    let mut judge = Command::new(&tools.python);
    judge
        .arg(project.tests("suite/judge.py"))
        .arg(folder.join("reports/index.json"));
    let output = judge
        .output()
        .map_err(|error| Failure::new(format!("cannot run {judge:?}: {error}")))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let tally =
        Tally::read(&text).ok_or_else(|| Failure::new(String::from_utf8_lossy(&output.stderr)))?;
    if tally.failed > 0 {
        report::line(text.trim_end());
    }
    Ok(tally)
}

fn read(path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path).map_err(Failure::at(path, "read"))
}

/// A peer that is silent where it must answer stops the suite for ever.
const PATIENCE: Duration = Duration::from_secs(900);
