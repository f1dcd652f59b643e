//! `inventory` of a realm: the catalogs of types that arguments can be checked against.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crossbar_wire::Inventory;
use serde::Deserialize;
use serde_json::Value;

use self::archive::Archive;
use crate::Problem;
use crate::place::Place;
use crate::reading::Reading;
use crate::written::{Refusal, Written};

mod archive;

/// What permissions may name types of.
#[derive(Clone, Debug, Default)]
pub(crate) enum Types {
    /// The realm has no inventory.
    #[default]
    None,
    /// There is a fault in it, so that nothing is known of its types.
    Faulty,
    Known(Arc<Inventory>),
}

impl Types {
    /// Reads `inventory`; an absent one has no types.
    pub(crate) fn read(reading: &mut Reading, value: Option<Value>, at: &Place) -> Self {
        let Some(value) = value.filter(|value| !value.is_null()) else {
            return Self::None;
        };
        match read(reading, value, at) {
            Some(inventory) => Self::Known(Arc::new(inventory)),
            None => Self::Faulty,
        }
    }

    /// Gives the inventory.
    pub(crate) const fn inventory(&self) -> Option<&Arc<Inventory>> {
        match self {
            Self::Known(inventory) => Some(inventory),
            Self::None | Self::Faulty => None,
        }
    }
}

/// An inventory as written, without its type.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct InventoryAsWritten {
    catalogs: Value,
}

impl Written for InventoryAsWritten {
    const REQUIRED: &'static [&'static str] = &["catalogs"];
}

/// An item of `catalogs` as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CatalogAsWritten {
    name: Option<String>,
    bfbs: Option<String>,
    archive: Option<String>,
}

impl Written for CatalogAsWritten {
    const REFUSED: &'static [(&'static str, Refusal)] = &[(
        "address",
        Refusal::Never("it is looked up in the Ethereum blockchain"),
    )];
}

fn read(reading: &mut Reading, value: Value, at: &Place) -> Option<Inventory> {
    let (kind, body) = reading.take_type(value, at)?;
    reading.one_of(
        &kind,
        "inventory type",
        &[("wamp.eth", ())],
        &at.key("type"),
    )?;
    let written: InventoryAsWritten = reading.read(body, at)?;
    let mut inventory = Inventory::default();
    let mut names = Vec::new();
    let mut is_whole = written.catalogs.is_array();
    for (item, at) in reading.items(Some(written.catalogs), &at.key("catalogs")) {
        match read_catalog(reading, item, &at, &mut inventory) {
            Some(name) => names.extend(name.map(|name| (name, at.key("name")))),
            None => is_whole = false,
        }
    }
    let named = names.iter().map(|(name, at)| (&**name, at.clone()));
    reading.check_unique("the catalog", named);
    is_whole.then_some(inventory)
}

/// Adds the types of a catalog. Gives its name, if it has one.
fn read_catalog(
    reading: &mut Reading,
    value: Value,
    at: &Place,
    inventory: &mut Inventory,
) -> Option<Option<String>> {
    let has_address = value.get("address").is_some();
    let written: CatalogAsWritten = reading.read(value, at)?;
    let (key, added) = match (&written.bfbs, &written.archive) {
        (Some(path), None) => (
            "bfbs",
            add_schemas(&reading.surroundings.path(path), inventory),
        ),
        (None, Some(path)) => (
            "archive",
            add_archive(&reading.surroundings.path(path), inventory),
        ),
        (None, None) if has_address => return None,
        (Some(_), Some(_)) | (None, None) => {
            let problem = Problem::Rule("a catalog has either \"bfbs\" or \"archive\"");
            reading.fault(at, problem, None);
            return None;
        }
    };
    match added {
        Ok(name) => Some(written.name.or(name)),
        Err(problem) => {
            reading.fault(&at.key(key), problem, None);
            None
        }
    }
}

/// Adds the schemas of a file, or of all files `*.bfbs` in a folder.
fn add_schemas(path: &Path, inventory: &mut Inventory) -> Result<Option<String>, Problem> {
    if !path.is_dir() {
        add_schema(path, file(path, MAX_SCHEMA)?, inventory)?;
        return Ok(None);
    }
    let entries = std::fs::read_dir(path).map_err(|error| unreadable(path, &error))?;
    let paths = entries.map(|entry| entry.map(|entry| entry.path()));
    let paths: Result<Vec<PathBuf>, _> = paths.collect();
    let mut paths = paths.map_err(|error| unreadable(path, &error))?;
    paths.retain(|path| path.extension().is_some_and(|it| it == "bfbs"));
    paths.sort();
    if paths.is_empty() {
        let text = format!("{}: there is no file *.bfbs in it", path.display());
        return Err(Problem::File(text));
    }
    for path in paths {
        add_schema(&path, file(&path, MAX_SCHEMA)?, inventory)?;
    }
    Ok(None)
}

/// Adds the schemas that the index of an archive lists, and gives the name that the index gives it.
fn add_archive(path: &Path, inventory: &mut Inventory) -> Result<Option<String>, Problem> {
    let octets = file(path, MAX_ARCHIVE)?;
    let faulty = |text: String| Problem::File(format!("{}: {text}", path.display()));
    let archive = Archive::open(&octets).map_err(faulty)?;
    let index = archive.index().map_err(faulty)?;
    for name in &index.schemas {
        let schema = archive.file(name, MAX_SCHEMA).map_err(faulty)?;
        add_schema(&path.join(name), schema, inventory)?;
    }
    Ok(Some(index.name))
}

fn add_schema(path: &Path, octets: Vec<u8>, inventory: &mut Inventory) -> Result<(), Problem> {
    let added = inventory.add(&octets.into());
    added.map_err(|error| Problem::File(format!("{}: {error}", path.display())))
}

/// Reads a file of at most `most` octets.
fn file(path: &Path, most: u64) -> Result<Vec<u8>, Problem> {
    use std::io::Read;
    let mut octets = Vec::new();
    let read =
        std::fs::File::open(path).and_then(|file| file.take(most + 1).read_to_end(&mut octets));
    let length = read.map_err(|error| unreadable(path, &error))?;
    if u64::try_from(length).is_ok_and(|length| length <= most) {
        return Ok(octets);
    }
    let text = format!("{}: it has more than {most} octets", path.display());
    Err(Problem::File(text))
}

fn unreadable(path: &Path, error: &std::io::Error) -> Problem {
    Problem::Unreadable {
        file: path.display().to_string(),
        reason: error.to_string(),
    }
}

/// How many octets a schema may have.
const MAX_SCHEMA: u64 = 16 << 20;

/// How many octets an archive may have.
const MAX_ARCHIVE: u64 = 64 << 20;
