//! The WebSocket part of the Autobahn test suite against a `websocket-testee` worker.

use std::path::{Path, PathBuf};
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
    let run = Run {
        project,
        tools,
        folder: &folder,
        port: ports.port("TESTEE"),
    };
    let shares: &[&str] = if long {
        &[FIRST, SECOND, LIMITS]
    } else {
        &[FIRST, SECOND]
    };
    let ended = std::thread::scope(|scope| {
        let run = &run;
        let started: Vec<_> = shares
            .iter()
            .map(|cases| scope.spawn(move || run.share(cases)))
            .collect();
        started
            .into_iter()
            .map(|share| share.join().expect("no share panics"))
            .collect::<Result<Vec<_>, _>>()
    });
    node.stop()?;
    run.judge(&ended?)
}

/// One run of the suite, in several shares at once: most of its time the suite waits.
struct Run<'a> {
    project: &'a Project,
    tools: &'a Tools,
    folder: &'a Path,
    port: u16,
}

impl Run<'_> {
    /// Runs some of the cases and says where the report is.
    fn share(&self, cases: &str) -> Result<PathBuf, Failure> {
        let name: String = cases.chars().filter(char::is_ascii_digit).collect();
        let text = read(&self.project.tests("suite/spec.json"))?
            .replace("PORT", &self.port.to_string())
            .replace("OUT", &name)
            .replace("CASES", cases);
        let spec = self.folder.join(format!("spec-{name}.json"));
        std::fs::write(&spec, text).map_err(Failure::at(&spec, "write"))?;
        let mut suite = Command::new(&self.tools.python2);
        suite
            .arg(self.project.tests("suite/wstest.py"))
            .arg(&self.tools.suite);
        suite
            .args(["-m", "fuzzingclient", "-s"])
            .arg(&spec)
            .current_dir(self.folder);
        succeed_within(
            &mut suite,
            &self.folder.join(format!("log-{name}")),
            PATIENCE,
        )?;
        Ok(self.folder.join(name).join("index.json"))
    }

    fn judge(&self, reports: &[PathBuf]) -> Result<Tally, Failure> {
        let mut judge = Command::new(&self.tools.python);
        judge
            .arg(self.project.tests("suite/judge.py"))
            .args(reports);
        let output = judge
            .output()
            .map_err(|error| Failure::new(format!("cannot run {judge:?}: {error}")))?;
        let text = String::from_utf8_lossy(&output.stdout);
        let tally = Tally::read(&text)
            .ok_or_else(|| Failure::new(String::from_utf8_lossy(&output.stderr)))?;
        if tally.failed > 0 {
            report::line(text.trim_end());
        }
        Ok(tally)
    }
}

fn read(path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path).map_err(Failure::at(path, "read"))
}

/// Framing, control frames, UTF-8, closing, and compression with small windows.
const FIRST: &str = r#"["1.*", "2.*", "3.*", "4.*", "5.*", "6.*", "7.*", "10.*", "12.*"]"#;
/// Compression with all its options.
const SECOND: &str = r#"["13.*"]"#;
/// Large messages, and many.
const LIMITS: &str = r#"["9.*"]"#;
/// A peer that is silent where it must answer stops the suite for ever.
const PATIENCE: Duration = Duration::from_secs(2400);
