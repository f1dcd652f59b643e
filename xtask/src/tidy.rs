//! The limits of STYLE §9 and the order of the crates, over all Rust files of the project.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::project::Project;

/// The crates from the ground up; a crate uses only those before it.
const ORDER: [&str; 8] = [
    "wire", "core", "config", "client", "net", "web", "node", "cli",
];
/// What a crate may not use although it stands before it in the order.
const FORBIDDEN: [(&str, &str); 4] = [
    ("client", "core"),
    ("cli", "net"),
    ("cli", "web"),
    ("cli", "core"),
];
/// Lines of a file without its tests.
const LONGEST: usize = 500;
/// What a file may not hold, and why.
const BANNED: [(&str, &str); 7] = [
    ("#[allow(", "use #[expect(…, reason = \"…\")]"),
    ("#![allow(", "use #![expect(…, reason = \"…\")]"),
    ("todo!(", "build it"),
    ("unimplemented!(", "build it"),
    ("TODO", "do it or file it"),
    ("FIXME", "mend it"),
    ("no longer", "comments tell no history"),
];
/// Names that say nothing (STYLE §9).
const EMPTY_NAMES: [&str; 6] = ["util", "utils", "common", "types", "helpers", "misc"];

struct Source {
    path: PathBuf,
    text: String,
}

fn project() -> Project {
    Project::find().expect("the tests run in a checkout")
}

/// All Rust files of the project, but this one, which names what is banned.
fn sources() -> Vec<Source> {
    let root = project().root;
    let mut found = Vec::new();
    let mut folders: Vec<_> = ["bench", "crates", "xtask"]
        .map(|name| root.join(name))
        .to_vec();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder)
            .expect("a folder of the checkout")
            .flatten()
        {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs")
                && !path.ends_with("tidy.rs")
            {
                let text = std::fs::read_to_string(&path).expect("a source file");
                found.push(Source { path, text });
            }
        }
    }
    found.sort_by(|one, other| one.path.cmp(&other.path));
    found
}

fn lines_without_tests(text: &str) -> usize {
    text.lines()
        .take_while(|line| !line.starts_with("#[cfg(test)]"))
        .count()
}

fn is_test(path: &Path) -> bool {
    path.components()
        .any(|part| part.as_os_str() == "tests" || part.as_os_str() == "benches")
        || path.file_name().is_some_and(|name| name == "tests.rs")
}

fn check(faults: &[String]) {
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

#[test]
fn files_are_short() {
    let long = |source: Source| {
        let lines = lines_without_tests(&source.text);
        (lines > LONGEST).then(|| {
            format!(
                "{}: {lines} lines without tests, at most {LONGEST}",
                source.path.display()
            )
        })
    };
    let all = sources()
        .into_iter()
        .filter(|source| !is_test(&source.path));
    check(&all.filter_map(long).collect::<Vec<_>>());
}

#[test]
fn no_banned_words() {
    let mut faults = Vec::new();
    for source in sources() {
        for (number, line) in source.text.lines().enumerate() {
            for (word, instead) in BANNED {
                if line.contains(word) {
                    faults.push(format!(
                        "{}:{}: {word} – {instead}",
                        source.path.display(),
                        number + 1
                    ));
                }
            }
        }
    }
    check(&faults);
}

#[test]
fn names_say_something() {
    let empty = |source: &Source| {
        source
            .path
            .file_stem()
            .is_some_and(|stem| EMPTY_NAMES.iter().any(|name| stem == *name))
    };
    let found = sources().into_iter().filter(empty);
    check(
        &found
            .map(|source| format!("{}: this name says nothing", source.path.display()))
            .collect::<Vec<_>>(),
    );
}

#[test]
fn crates_stand_on_those_before_them() {
    let mut faults = Vec::new();
    for (position, name) in ORDER.iter().enumerate() {
        for used in dependencies(&project().root.join("crates").join(name).join("Cargo.toml")) {
            let allowed = ORDER.iter().take(position).any(|known| *known == used);
            if !allowed || FORBIDDEN.contains(&(name, used.as_str())) {
                faults.push(format!("crate {name} must not use {used}"));
            }
        }
    }
    check(&faults);
}

/// The project's own crates among the normal dependencies of a manifest.
fn dependencies(manifest: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(manifest).expect("a manifest");
    let mut section = "";
    let mut found = Vec::new();
    for line in text.lines() {
        if let Some(name) = line.strip_prefix('[') {
            section = name.trim_end_matches(']');
        } else if section == "dependencies"
            || (section.starts_with("target.") && section.ends_with(".dependencies"))
        {
            let name = line.split(['.', ' ', '=']).next().unwrap_or_default();
            found.extend(name.strip_prefix("crossbar-").map(str::to_owned));
        }
    }
    found
}

#[test]
fn every_crate_forbids_what_the_workspace_forbids() {
    let manifests: BTreeMap<_, _> = ORDER
        .iter()
        .chain(&["testkit"])
        .map(|name| {
            (
                name,
                project().root.join("crates").join(name).join("Cargo.toml"),
            )
        })
        .map(|(name, path)| (name, std::fs::read_to_string(path).expect("a manifest")))
        .collect();
    let without = manifests
        .iter()
        .filter(|(_, text)| !text.contains("[lints]\nworkspace = true"));
    check(
        &without
            .map(|(name, _)| format!("crate {name} does not take the workspace's lints"))
            .collect::<Vec<_>>(),
    );
}

#[test]
fn nothing_of_one_machine_is_committed() {
    let mut faults = Vec::new();
    for source in sources() {
        for word in [concat!("/wo", "rk/"), concat!("/ro", "ot/")] {
            if source.text.contains(word) {
                faults.push(format!(
                    "{}: names the folder {word}",
                    source.path.display()
                ));
            }
        }
    }
    check(&faults);
}
