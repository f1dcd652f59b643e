//! Configurations as files: what they read as, and exactly which faults they have.

mod access;
mod authenticators;
mod cookies;
mod faults;
mod inventory;
mod limits;
mod mutations;
mod origins;
mod proxies;
mod readings;
mod tls;

use std::path::{Path, PathBuf};

use crossbar_config::{Environment, Faults, Node, load};

/// Writes a configuration file into a directory of its own and reads it.
fn load_file(name: &str, text: &str, environment: &[(&str, &str)]) -> Result<Node, Faults> {
    let directory = tempfile::tempdir().expect("a directory");
    std::fs::write(directory.path().join(name), text).expect("the file is written");
    let environment: Environment = environment
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    load(directory.path(), None, &environment)
}

fn load_json(text: &str) -> Result<Node, Faults> {
    load_file("config.json", text, &[])
}

fn load_json_with(text: &str, environment: &[(&str, &str)]) -> Result<Node, Faults> {
    load_file("config.json", text, environment)
}

fn load_yaml(text: &str) -> Result<Node, Faults> {
    load_file("config.yaml", text, &[])
}

/// Reads a file of `tests/files`.
fn load_sample(name: &str) -> Result<Node, Faults> {
    let file = sample(name);
    load(
        file.parent().expect("a folder"),
        Some(&file),
        &Environment::new(),
    )
}

fn sample(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/files")
        .join(name)
}

/// A node with one router that has these realms and transports.
fn router(realms: &str, transports: &str) -> String {
    format!(
        r#"{{"version": 2, "workers": [{{"type": "router", "realms": [{realms}], "transports": [{transports}]}}]}}"#
    )
}
