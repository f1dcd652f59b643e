//! Project chores: `cargo xtask setup`, `test`, `oracle`, `suite`, `conformance`, `deny`, `bench`.
//!
//! What the tests need from outside (Crossbar.io itself, Autobahn for Python and JavaScript, Chromium, the Autobahn
//! test suite) is installed by `setup`, pinned, below `.cache/test-tools` or `$CROSSBAR_TEST_TOOLS`.

mod bench;
mod conformance;
mod failure;
mod node;
mod oracle;
mod peers;
mod project;
mod report;
mod setup;
mod suite;
mod test;
#[cfg(test)]
mod tidy;

use std::process::ExitCode;

use crate::failure::Failure;
use crate::project::Project;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            report::fault(&failure.to_string());
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> Result<(), Failure> {
    let Some((command, rest)) = arguments.split_first() else {
        return Err(Failure::new(USAGE));
    };
    let project = Project::find()?;
    match command.as_str() {
        "setup" => setup::run(&project).map(drop),
        "test" => test::run(&project, rest),
        "oracle" => oracle::run(&project, rest),
        "conformance" => conformance::run(&project),
        "bench" => bench::run(&project, rest),
        "deny" => setup::deny(&project),
        "suite" => suite::run(&project, rest),
        _ => Err(Failure::new(USAGE)),
    }
}

/// The value after `name` among the arguments.
fn option<'a>(arguments: &'a [String], name: &str) -> Option<&'a str> {
    let at = arguments.iter().position(|argument| argument == name)?;
    arguments.get(at + 1).map(String::as_str)
}

/// Whether `name` is among the arguments.
fn flag(arguments: &[String], name: &str) -> bool {
    arguments.iter().any(|argument| argument == name)
}

const USAGE: &str = "usage: cargo xtask COMMAND

  setup                       install what the tests need
  test [--only PART] [--long] run all tests, or one part: rust, python, node, browser, oracle, suite
  oracle [--match TEXT] [--show TEXT]
                              play the conversations against Crossbar.io and ours, print what differs
  conformance                 write docs/wamp-conformance.md from the names of the tests
  deny                        check licences, sources and duplicates of the dependencies
  suite [--long]              run the Autobahn WebSocket test suite (--long: with section 9)

  bench [--rounds N] [--millis N] [--only TEXT] [--alone] [--router NAME=PID=URL]
                              measure ours beside Crossbar.io, nats-server and a bare forwarder (--alone: without the
                              first two; --router: beside another one that runs already)

  --program PATH              test this crossbar instead of the one built here";
