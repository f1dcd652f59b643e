//! Plays the same conversations against Crossbar.io and ours; what differs must be what `docs/differences.md` lists.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::failure::Failure;
use crate::node::{Node, Ports};
use crate::project::{Project, succeed};
use crate::report::{self, Tally};
use crate::setup::{self, Tools};
use crate::{flag, option};

/// The `oracle` command.
pub(crate) fn run(project: &Project, arguments: &[String]) -> Result<(), Failure> {
    let tools = setup::run(project)?;
    let program = project.program(option(arguments, "--program"))?;
    let only = option(arguments, "--match");
    let played = Played::new(project, &tools, &program, only)?;
    if flag(arguments, "--show") || only.is_some() {
        let text = option(arguments, "--show").or(only).unwrap_or_default();
        report::line(&played.differences(project, &tools, &["--show", text])?);
        return Ok(());
    }
    let text = played.differences(project, &tools, &[])?;
    report::line(&text);
    match Tally::read(&text) {
        Some(Tally { failed: 0, .. }) => Ok(()),
        Some(_) | None => Err(Failure::new(
            "the differences are not those that are listed",
        )),
    }
}

/// The part of `test`: everything, against the list.
pub(crate) fn check(project: &Project, tools: &Tools, program: &Path) -> Result<Tally, Failure> {
    let played = Played::new(project, tools, program, None)?;
    let compat = Played {
        ours: play(project, tools, program, Side::Compat, None)?,
        oracle: played.oracle.clone(),
    };
    let mut sum = Tally::default();
    for (one, more) in [(played, &[][..]), (compat, &["--compat"][..])] {
        let text = one.differences(project, tools, more)?;
        let tally = Tally::read(&text).ok_or_else(|| Failure::new(text.clone()))?;
        if tally.failed > 0 {
            report::line(&text);
        }
        sum = sum.plus(tally);
    }
    Ok(sum)
}

/// Whose node plays.
#[derive(Clone, Copy, Debug)]
enum Side {
    Crossbar,
    Ours,
    /// Ours, asked to behave as Crossbar.io where the specification says otherwise.
    Compat,
}

impl Side {
    const fn name(self) -> &'static str {
        match self {
            Self::Crossbar => "oracle",
            Self::Ours => "ours",
            Self::Compat => "compat",
        }
    }
}

/// Two transcripts of the same conversations.
struct Played {
    oracle: PathBuf,
    ours: PathBuf,
}

impl Played {
    fn new(
        project: &Project,
        tools: &Tools,
        program: &Path,
        only: Option<&str>,
    ) -> Result<Self, Failure> {
        let oracle = play(project, tools, &tools.crossbar, Side::Crossbar, only)?;
        let ours = play(project, tools, program, Side::Ours, only)?;
        Ok(Self { oracle, ours })
    }

    fn differences(
        &self,
        project: &Project,
        tools: &Tools,
        more: &[&str],
    ) -> Result<String, Failure> {
        let mut compare = Command::new(&tools.python);
        compare
            .arg(project.tests("oracle/compare.py"))
            .arg(&self.oracle)
            .arg(&self.ours);
        compare
            .arg(project.root.join("docs/differences.md"))
            .args(more);
        let output = compare
            .output()
            .map_err(|error| Failure::new(format!("cannot compare: {error}")))?;
        let text = if output.stdout.is_empty() {
            output.stderr
        } else {
            output.stdout
        };
        Ok(String::from_utf8_lossy(&text).trim_end().to_owned())
    }
}

/// Plays the conversations with the nodes that they are about, one after the other, into one file.
fn play(
    project: &Project,
    tools: &Tools,
    program: &Path,
    side: Side,
    only: Option<&str>,
) -> Result<PathBuf, Failure> {
    let transcripts = project.fresh(side.name())?.join("transcripts.json");
    for node in [FULL, AUTH] {
        let served = Served::start(project, tools, program, side, node)?;
        let mut player = Command::new(&tools.python);
        player
            .arg(project.tests("oracle/run.py"))
            .arg("--conversations")
            .arg(project.tests(node.conversations))
            .arg("--places")
            .arg(&served.places)
            .arg("--out")
            .arg(&transcripts)
            .envs(served.ports.environment())
            .current_dir(&served.folder);
        if let Some(text) = only {
            player.args(["--match", text]);
        }
        succeed(&mut player)?;
        served.node.stop()?;
    }
    Ok(transcripts)
}

/// A node and what is talked about with it, below `tests`.
#[derive(Clone, Copy, Debug)]
struct Theme {
    node: &'static str,
    conversations: &'static str,
}

const FULL: Theme = Theme {
    node: "full",
    conversations: "oracle/conversations",
};
const AUTH: Theme = Theme {
    node: "auth",
    conversations: "oracle/conversations/auth",
};

/// A node that runs.
struct Served {
    folder: PathBuf,
    places: PathBuf,
    ports: Ports,
    node: Node,
}

impl Served {
    fn start(
        project: &Project,
        tools: &Tools,
        program: &Path,
        side: Side,
        theme: Theme,
    ) -> Result<Self, Failure> {
        let name = format!("{}-{}", side.name(), theme.node);
        let folder = project.copy_of_node(theme.node, &name)?;
        if matches!(side, Side::Compat) {
            make_compatible(&folder.join(".crossbar"))?;
        }
        let ports = Ports::pick()?;
        let mut places = project.tests(theme.conversations).join("places.json");
        if !places.exists() {
            places = folder.join("places.json");
            std::fs::write(&places, ports.places()).map_err(Failure::at(&places, "write"))?;
        }
        certificates(project, tools, &folder)?;
        let node = Node::start(program, &folder, &ports)?;
        Ok(Self {
            folder,
            places,
            ports,
            node,
        })
    }
}

/// Writes the certificates that a configuration may name.
fn certificates(project: &Project, tools: &Tools, folder: &Path) -> Result<(), Failure> {
    let mut write = Command::new(&tools.python);
    write.arg(project.tests("oracle/certificates.py"));
    succeed(write.arg(folder.join(".crossbar/tls"))).map(drop)
}

/// Adds the switch to the configuration of a node directory.
fn make_compatible(cbdir: &Path) -> Result<(), Failure> {
    for (name, begin, switch) in [
        ("config.json", "{", "{\n  \"compat\": \"crossbar\","),
        ("config.yaml", "version:", "compat: crossbar\nversion:"),
    ] {
        let file = cbdir.join(name);
        if file.exists() {
            let text = std::fs::read_to_string(&file).map_err(Failure::at(&file, "read"))?;
            let text = text.replacen(begin, switch, 1);
            std::fs::write(&file, text).map_err(Failure::at(&file, "write"))?;
        }
    }
    Ok(())
}
