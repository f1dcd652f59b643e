use std::collections::BTreeMap;
use std::fmt;
use std::ops::Deref;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// Environment variables.
pub type Environment = BTreeMap<String, String>;

/// Gives the environment variables of this process, those whose value is UTF-8.
#[must_use]
pub fn environment() -> Environment {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}

/// What a configuration is read in.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Surroundings {
    /// The node directory; relative paths of the configuration start there.
    pub cbdir: PathBuf,
    /// The variables to substitute; none where texts are taken as they stand.
    pub environment: Option<Environment>,
}

impl Surroundings {
    /// Gives the absolute path of a path in the configuration.
    pub(crate) fn path(&self, path: &str) -> PathBuf {
        without_dots(&self.cbdir.join(path))
    }
}

/// The JSON of an item, which may hold secrets: `Debug` does not show it.
#[derive(Clone, Default, PartialEq)]
pub struct Raw(Value);

impl Raw {
    /// Takes an item's JSON.
    pub(crate) const fn new(value: Value) -> Self {
        Self(value)
    }

    /// Gives the JSON.
    #[must_use]
    pub fn into_value(self) -> Value {
        self.0
    }
}

impl Deref for Raw {
    type Target = Value;

    fn deref(&self) -> &Value {
        &self.0
    }
}

impl fmt::Debug for Raw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

/// Resolves `.` and `..` by the text of a path alone.
fn without_dots(path: &Path) -> PathBuf {
    use std::path::Component;
    let mut plain = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            // The parent of the root is the root.
            Component::ParentDir if plain.file_name().is_some() => {
                plain.pop();
            }
            Component::ParentDir if plain.has_root() => {}
            Component::ParentDir
            | Component::Prefix(_)
            | Component::RootDir
            | Component::Normal(_) => plain.push(component),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_start_in_the_node_directory() {
        let surroundings = Surroundings {
            cbdir: PathBuf::from("/srv/app/.crossbar"),
            ..Surroundings::default()
        };
        let path = |text: &str| surroundings.path(text).display().to_string();
        assert_eq!(path("../web"), "/srv/app/web");
        assert_eq!(path("./a/../b"), "/srv/app/.crossbar/b");
        assert_eq!(path("/etc/x"), "/etc/x");
        assert_eq!(path("../../../../x"), "/x");
    }
}
