//! The configuration file.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::json;
use crate::{Environment, Fault, Faults, Hint, Node, Problem, Surroundings};

/// Finds the configuration of a node directory: the file of this name, else `config.yaml`, else `config.json`.
#[must_use]
pub fn find_file(cbdir: &Path, name: Option<&Path>) -> Option<PathBuf> {
    match name {
        Some(name) => Some(cbdir.join(name)),
        None => ["config.yaml", "config.json"]
            .iter()
            .map(|name| cbdir.join(name))
            .find(|path| path.is_file()),
    }
}

/// Reads the configuration of a node directory.
///
/// # Errors
/// Gives everything that is wrong, also that there is no file.
pub fn load(cbdir: &Path, name: Option<&Path>, environment: &Environment) -> Result<Node, Faults> {
    let Some(file) = find_file(cbdir, name) else {
        let reason = "there is no configuration file".to_owned();
        let file = cbdir.display().to_string();
        return Err(Faults::one(
            Problem::Unreadable { file, reason },
            Some(Hint::Advice(
                "`crossbar init` writes one, `crossbar start` serves a default node without",
            )),
        ));
    };
    let document = read_document(&file)?;
    let surroundings = Surroundings {
        cbdir: cbdir.to_owned(),
        environment: Some(environment.clone()),
    };
    let mut node = Node::read(document, &surroundings)?;
    node.source = Some(file);
    Ok(node)
}

/// Reads a file as a document, with no check of what it says.
///
/// # Errors
/// The file cannot be read, or is neither JSON nor YAML.
pub fn read_document(file: &Path) -> Result<Value, Faults> {
    let name = file.display().to_string();
    let Some(notation) = Notation::of(file) else {
        return Err(Faults::one(Problem::Extension { file: name }, None));
    };
    let text = std::fs::read_to_string(file).map_err(|error| {
        let reason = error.to_string();
        let file = name.clone();
        Faults::one(Problem::Unreadable { file, reason }, None)
    })?;
    notation
        .parse(&text)
        .map_err(|reason| Faults::one(Problem::Syntax { file: name, reason }, None))
}

/// How a configuration file is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Notation {
    /// `.json`
    Json,
    /// `.yaml`
    Yaml,
}

impl Notation {
    /// Tells the notation by a file's extension.
    #[must_use]
    pub fn of(file: &Path) -> Option<Self> {
        match file.extension()?.to_str()? {
            "json" => Some(Self::Json),
            "yaml" => Some(Self::Yaml),
            _ => None,
        }
    }

    /// Writes a document.
    ///
    /// # Panics
    /// Never: every JSON value can be written in either notation.
    #[must_use]
    pub fn text(self, document: &Value) -> String {
        match self {
            Self::Json => format!("{document:#}\n"),
            Self::Yaml => {
                serde_yaml_ng::to_string(document).expect("YAML expresses every JSON value")
            }
        }
    }

    fn parse(self, text: &str) -> Result<Value, String> {
        match self {
            Self::Json => json::parse(text).map_err(|error| error.to_string()),
            Self::Yaml => parse_yaml(text).map_err(|error| error.to_string()),
        }
    }
}

fn parse_yaml(text: &str) -> Result<Value, serde_yaml_ng::Error> {
    let mut document: serde_yaml_ng::Value = serde_yaml_ng::from_str(text)?;
    document.apply_merge()?;
    serde_yaml_ng::from_value(document)
}

impl Faults {
    fn one(problem: Problem, hint: Option<Hint>) -> Self {
        let fault = Fault {
            path: String::new(),
            problem,
            value: None,
            hint,
        };
        Self::of(vec![fault]).expect("there is one")
    }
}
