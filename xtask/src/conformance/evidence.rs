//! The tests that are named by rows: Rust tests, conversations with Crossbar.io, and checks with real clients.

use std::path::{Path, PathBuf};

use crate::failure::Failure;
use crate::project::Project;

/// All that is named by a row.
#[derive(Debug, Default)]
pub(crate) struct Evidence(Vec<Test>);

/// One test under one row; a test whose name begins with several ids is there once for each.
#[derive(Debug)]
pub(crate) struct Test {
    /// `C-04`
    pub(crate) row: String,
    /// Its name, as it is written.
    pub(crate) name: String,
    /// Where it is.
    pub(crate) kind: Kind,
}

/// Where a test is.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// In this crate.
    Crate(String),
    /// Played against Crossbar.io, too; how it differs there, if it does.
    Conversation(Option<String>),
    /// In this script, with real clients.
    Script(String),
}

impl Evidence {
    /// Reads the files of the checkout.
    pub(crate) fn collect(project: &Project) -> Result<Self, Failure> {
        let mut evidence = Self::default();
        for file in files(&project.root.join("crates"), &["rs"])? {
            let text = read(&file)?;
            let inside = file
                .strip_prefix(project.root.join("crates"))
                .unwrap_or(&file);
            let name = inside
                .iter()
                .next()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            evidence.add(rust_tests(&text), || Kind::Crate(name.clone()));
        }
        for file in files(&project.root.join("tests"), &["py", "cjs", "mjs"])? {
            let inside = file.strip_prefix(&project.root).unwrap_or(&file);
            let name = inside.to_string_lossy().into_owned();
            evidence.add(script_checks(&read(&file)?), || Kind::Script(name.clone()));
        }
        let differences = differences(&read(&project.root.join("docs/differences.md"))?);
        for file in files(&project.tests("oracle/conversations"), &["txt"])? {
            for name in conversations(&read(&file)?) {
                let differs = differences.iter().find(|(known, _)| *known == name);
                evidence.0.push(Test {
                    row: name.split(' ').next().unwrap_or_default().to_owned(),
                    kind: Kind::Conversation(differs.map(|(_, why)| why.clone())),
                    name,
                });
            }
        }
        Ok(evidence)
    }

    /// All tests.
    pub(crate) fn tests(&self) -> impl Iterator<Item = &Test> {
        self.0.iter()
    }

    /// The tests of one row.
    pub(crate) fn of(&self, row: &str) -> impl Iterator<Item = &Test> {
        self.0.iter().filter(move |test| test.row == row)
    }

    fn add(&mut self, names: Vec<String>, kind: impl Fn() -> Kind) {
        for name in names {
            for row in ids(&name) {
                self.0.push(Test {
                    row,
                    name: name.clone(),
                    kind: kind(),
                });
            }
        }
    }
}

/// The ids that a name begins with: `C-04` and `R-08` of `c04_r08_the_caller_leaves`.
fn ids(name: &str) -> Vec<String> {
    name.split('_')
        .map_while(|part| match part.as_bytes() {
            [
                letter @ b'a'..=b'z',
                tens @ b'0'..=b'9',
                units @ b'0'..=b'9',
            ] => Some(format!(
                "{}-{}{}",
                char::from(letter.to_ascii_uppercase()),
                char::from(*tens),
                char::from(*units)
            )),
            _ => None,
        })
        .collect()
}

/// The names of the functions that are tests.
fn rust_tests(text: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut is_test = false;
    for line in text.lines().map(str::trim) {
        if line.starts_with("#[test]") || line.starts_with("#[tokio::test") {
            is_test = true;
        }
        if let Some((_, rest)) = line.split_once("fn ")
            && !line.starts_with("//")
        {
            names.extend(is_test.then(|| identifier(rest)));
            is_test = false;
        }
    }
    names
}

/// The names of the functions of a script that are named by a row.
fn script_checks(text: &str) -> Vec<String> {
    let starts = [
        "async def ",
        "def ",
        "async function ",
        "function ",
        "async ",
    ];
    let name = |line: &str| {
        let line = line.trim();
        let rest = starts.iter().find_map(|start| line.strip_prefix(start))?;
        let name = identifier(rest);
        (rest.get(name.len()..)?.starts_with('(') && !ids(&name).is_empty()).then_some(name)
    };
    text.lines().filter_map(name).collect()
}

fn identifier(text: &str) -> String {
    let end = |letter: char| !(letter.is_ascii_alphanumeric() || letter == '_');
    text.split(end).next().unwrap_or_default().to_owned()
}

/// The names of the conversations: what stands before the colon of their titles.
fn conversations(text: &str) -> Vec<String> {
    let titles = text
        .lines()
        .filter_map(|line| line.trim().strip_prefix("# "));
    titles
        .map(|title| title.split(':').next().unwrap_or(title).trim().to_owned())
        .collect()
}

/// The rows of the tables of `docs/differences.md`. One that says "the same" means the row above.
fn differences(text: &str) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    for line in text.lines() {
        let cells = line
            .strip_prefix("| `")
            .and_then(|rest| rest.strip_suffix(" |"))
            .and_then(|rest| rest.split_once("` | "));
        let Some((name, why)) = cells else { continue };
        let same = why.strip_suffix(COMPAT).unwrap_or(why).trim() == "the same";
        let why = match found.last() {
            Some((_, above)) if same => {
                let above = above.strip_suffix(COMPAT).unwrap_or(above).trim();
                format!(
                    "{above}{}",
                    why.strip_prefix("the same").unwrap_or_default()
                )
            }
            Some(_) | None => why.to_owned(),
        };
        found.push((name.to_owned(), why));
    }
    found
}

fn read(path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path).map_err(Failure::at(path, "read"))
}

/// The files below a folder with one of these extensions, in the order of their paths.
fn files(folder: &Path, extensions: &[&str]) -> Result<Vec<PathBuf>, Failure> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = std::fs::read_dir(&folder).map_err(Failure::at(&folder, "list"))?;
        for path in entries.flatten().map(|entry| entry.path()) {
            let extension = path.extension().unwrap_or_default();
            if path.is_dir() && !path.ends_with("node_modules") {
                folders.push(path);
            } else if extensions.iter().any(|wanted| extension == *wanted) {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

const COMPAT: &str = "(`compat: crossbar` as there)";

#[cfg(test)]
mod tests {
    use super::{conversations, differences, ids, rust_tests, script_checks};

    #[test]
    fn a_name_may_begin_with_several_ids() {
        assert_eq!(ids("c04_r08_the_caller_leaves"), ["C-04", "R-08"]);
        assert_eq!(ids("the_c04_rule"), Vec::<String>::new());
        assert_eq!(ids("c4_is_no_row"), Vec::<String>::new());
    }

    #[test]
    fn only_tests_count_among_functions() {
        let text = "fn c01_no() {}\n#[test]\nfn c02_yes() {}\n\n#[tokio::test(flavor = \"x\")]\n#[cfg(unix)]\nasync fn c03_yes() {}\nfn c04_no() {}";
        assert_eq!(rust_tests(text), ["c02_yes", "c03_yes"]);
    }

    #[test]
    fn checks_of_scripts_are_functions_named_by_a_row() {
        let text = "async def c01_yes(a):\n    await c02_no(a)\n  async c03_yes(one) {\nfunction helper() {";
        assert_eq!(script_checks(text), ["c01_yes", "c03_yes"]);
    }

    #[test]
    fn conversations_are_named_by_what_stands_before_the_colon() {
        let text = "# C-04 kill, callee errs: the error\na = join\n# I-06 strict, digits";
        assert_eq!(
            conversations(text),
            ["C-04 kill, callee errs", "I-06 strict, digits"]
        );
    }

    #[test]
    fn the_same_means_the_row_above() {
        let text = "| `A` | so (`compat: crossbar` as there) |\n| `B` | the same (`compat: crossbar` as there) |\n| `C` | the same |\n| `D` | the same: but |";
        let whys: Vec<_> = differences(text).into_iter().map(|(_, why)| why).collect();
        assert_eq!(
            whys,
            [
                "so (`compat: crossbar` as there)",
                "so (`compat: crossbar` as there)",
                "so",
                "the same: but"
            ]
        );
    }
}
