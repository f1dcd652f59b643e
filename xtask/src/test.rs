//! `cargo xtask test`: everything, one line a part.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use crate::failure::Failure;
use crate::project::Project;
use crate::report::{self, Tally};
use crate::setup::{self, Tools};
use crate::{flag, option, oracle, peers, suite};

/// Runs all parts, or the one named by `--only`.
pub(crate) fn run(project: &Project, arguments: &[String]) -> Result<(), Failure> {
    let only = option(arguments, "--only");
    if only.is_some_and(|name| name != "rust" && !PARTS.iter().any(|(part, _)| *part == name)) {
        return Err(Failure::new(
            "no such part: give rust, python, node, browser, oracle or suite",
        ));
    }
    let rust_holds = only.is_some_and(|name| name != "rust") || rust(project)?;
    let mut sum = Tally::default();
    if only != Some("rust") {
        sum = others(project, arguments, only)?;
        report::line(&format!("{} passed, {} failed", sum.passed, sum.failed));
    }
    match (rust_holds, sum.failed) {
        (true, 0) => Ok(()),
        (true | false, _) => Err(Failure::new("some tests failed")),
    }
}

fn rust(project: &Project) -> Result<bool, Failure> {
    setup::programs()?;
    let mut tests = Command::new(env!("CARGO"));
    let nextest = Command::new(env!("CARGO"))
        .args(["nextest", "--version"])
        .output();
    if nextest.is_ok_and(|output| output.status.success()) {
        tests.args(["nextest", "run", "--workspace", "--no-fail-fast"]);
    } else {
        tests.args(["test", "--workspace", "--no-fail-fast"]);
    }
    let status = tests
        .current_dir(&project.root)
        .stdin(Stdio::null())
        .status();
    status
        .map(|status| status.success())
        .map_err(|error| Failure::new(format!("cannot run {tests:?}: {error}")))
}

fn others(project: &Project, arguments: &[String], only: Option<&str>) -> Result<Tally, Failure> {
    let tools = setup::run(project)?;
    let program = project.program(option(arguments, "--program"))?;
    let run = Run {
        project,
        tools: &tools,
        program: &program,
        long: flag(arguments, "--long"),
    };
    let mut sum = Tally::default();
    for (name, part) in PARTS {
        if only.is_none_or(|wanted| wanted == name) {
            let started = Instant::now();
            let tally = Tally::from_result(part(&run));
            report::part(name, tally, started.elapsed());
            sum = sum.plus(tally);
        }
    }
    Ok(sum)
}

/// What a part needs.
struct Run<'a> {
    project: &'a Project,
    tools: &'a Tools,
    program: &'a Path,
    long: bool,
}

type Part = fn(&Run<'_>) -> Result<Tally, Failure>;

const PARTS: [(&str, Part); 5] = [
    ("python", |run| {
        peers::python(run.project, run.tools, run.program)
    }),
    ("node", |run| {
        peers::node(run.project, run.tools, run.program)
    }),
    ("browser", |run| {
        peers::browser(run.project, run.tools, run.program)
    }),
    ("oracle", |run| {
        oracle::check(run.project, run.tools, run.program)
    }),
    ("suite", |run| {
        suite::check(run.project, run.tools, run.program, run.long)
    }),
];
