//! `cookie` of a WebSocket: by which a browser is known again.

use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::Problem;
use crate::place::Place;
use crate::reading::Reading;
use crate::written::{Whole, Written};

/// `cookie`: what browsers are given with a WebSocket, and where log-ins that belong to it are kept.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Cookie {
    /// `name`
    pub name: String,
    /// `length`: characters of the random value.
    pub length: usize,
    /// `max_age`: for how long it is good, in the browser and here.
    pub max_age: Duration,
    /// `store`
    pub store: CookieStore,
    /// `secure`: browsers send it over TLS only.
    pub secure: bool,
    /// `http_strict`: pages' scripts cannot read it.
    pub http_only: bool,
    /// `same_site`; browsers have a rule of their own if absent.
    pub same_site: Option<SameSite>,
}

/// `store` of a cookie: where log-ins are kept.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum CookieStore {
    /// `memory`: until the worker ends.
    Memory,
    /// `file`: in a file of lines, as Crossbar.io writes it.
    File {
        /// `filename`, absolute.
        path: PathBuf,
        /// `purge_on_startup`: forgets what is in it.
        purge: bool,
    },
    /// `database`
    Database(CookieDatabase),
}

/// A store of the type `database`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CookieDatabase {
    /// `path`: its directory, absolute.
    pub path: PathBuf,
    /// `purge_on_startup`: forgets what is in it.
    pub purge: bool,
    /// `maxsize`: octets that its file may have.
    pub max_size: u64,
    /// `readonly`: log-ins that are there are good; others are not kept in it.
    pub read_only: bool,
    /// `sync`: each log-in is on the disk before its client hears of it.
    pub sync: bool,
}

/// `same_site`: which requests of other sites' pages a browser sends the cookie with.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SameSite {
    /// `Strict`: none.
    Strict,
    /// `Lax`: links that are followed.
    Lax,
    /// `None`: all.
    None,
}

impl SameSite {
    /// Gives the word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Strict => "Strict",
            Self::Lax => "Lax",
            Self::None => "None",
        }
    }
}

/// `cookie` as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CookieAsWritten {
    name: Option<String>,
    length: Option<Whole<6, 64>>,
    /// Seconds: ten years at most.
    max_age: Option<Whole<1, 311_040_000>>,
    store: Option<Value>,
    secure: Option<bool>,
    http_strict: Option<bool>,
    same_site: Option<String>,
}

impl Written for CookieAsWritten {}

impl Cookie {
    /// Reads `cookie`.
    pub(crate) fn read(reading: &mut Reading, value: Value, at: &Place) -> Option<Self> {
        let written: CookieAsWritten = reading.read(value, at)?;
        let name = written.name.unwrap_or_else(|| NAME.to_owned());
        if !is_name(&name) {
            let problem =
                Problem::Rule("a cookie's name is a lower case letter followed by a-z, 0-9 and _");
            let value = Some(Value::from(name.as_str()));
            reading.fault_with(&at.key("name"), problem, value, None);
        }
        let length = written.length.map_or(LENGTH, Whole::get);
        if length < GUESSABLE {
            let text = format!("fewer than {GUESSABLE} characters can be guessed");
            reading.notice(&at.key("length"), text);
        }
        let same_site = written
            .same_site
            .and_then(|word| reading.one_of(&word, "value", &SAME_SITE, &at.key("same_site")));
        let secure = written.secure.unwrap_or(false);
        if same_site == Some(SameSite::None) && !secure {
            let text = "browsers take no cookie with \"None\" that is not \"secure\"";
            reading.notice(&at.key("same_site"), text);
        }
        reading.has_cookie(secure, at);
        let max_age = written.max_age.map_or(MAX_AGE, Whole::get);
        Some(Self {
            name,
            length,
            max_age: Duration::from_secs(max_age),
            store: CookieStore::read(reading, written.store, at)?,
            secure,
            http_only: written.http_strict.unwrap_or(false),
            same_site,
        })
    }
}

impl CookieStore {
    fn read(reading: &mut Reading, value: Option<Value>, at: &Place) -> Option<Self> {
        let Some(value) = value else {
            let text = "without \"store\", log-ins are kept in memory, until the worker ends";
            reading.notice(at, text);
            return Some(Self::Memory);
        };
        let at = &at.key("store");
        let (kind, body) = reading.take_type(value, at)?;
        match kind.as_str() {
            "memory" => reading
                .read::<MemoryAsWritten>(body, at)
                .map(|MemoryAsWritten {}| Self::Memory),
            "file" => {
                let written: FileAsWritten = reading.read(body, at)?;
                Some(Self::File {
                    path: path(reading, &written.filename, &at.key("filename"))?,
                    purge: written.purge_on_startup.unwrap_or(false),
                })
            }
            "database" => CookieDatabase::read(reading, body, at).map(Self::Database),
            other => {
                let known = ["memory", "file", "database"];
                reading.unknown(other, "cookie store type", &known, &at.key("type"));
                None
            }
        }
    }
}

/// A store of the type `memory` as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MemoryAsWritten {}

impl Written for MemoryAsWritten {}

/// A store of the type `file` as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileAsWritten {
    filename: String,
    purge_on_startup: Option<bool>,
}

impl Written for FileAsWritten {
    const REQUIRED: &'static [&'static str] = &["filename"];
}

/// A store of the type `database` as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DatabaseAsWritten {
    path: String,
    purge_on_startup: Option<bool>,
    /// Octets.
    maxsize: Option<Whole<MIN_SIZE, MAX_SIZE>>,
    readonly: Option<bool>,
    sync: Option<bool>,
}

impl Written for DatabaseAsWritten {
    const REQUIRED: &'static [&'static str] = &["path"];
}

impl CookieDatabase {
    fn read(reading: &mut Reading, body: Value, at: &Place) -> Option<Self> {
        let written: DatabaseAsWritten = reading.read(body, at)?;
        let read_only = written.readonly.unwrap_or(false);
        let purge = written.purge_on_startup.unwrap_or(false);
        if read_only && purge {
            let problem = Problem::Rule("what is read only cannot be purged");
            reading.fault(&at.key("purge_on_startup"), problem, None);
        } else if read_only {
            let text = "new log-ins and log-outs are not kept beyond the worker's end";
            reading.notice(&at.key("readonly"), text);
        }
        Some(Self {
            path: path(reading, &written.path, &at.key("path"))?,
            purge,
            max_size: written.maxsize.map_or(SIZE, Whole::get),
            read_only,
            sync: written.sync.unwrap_or(true),
        })
    }
}

fn path(reading: &mut Reading, written: &str, at: &Place) -> Option<PathBuf> {
    if written.is_empty() {
        reading.fault(at, Problem::Rule("the path is empty"), None);
        return None;
    }
    Some(reading.surroundings.path(written))
}

/// `auth.cookie`, which has no settings; some write the `type` of the other methods.
pub(crate) fn read_method(reading: &mut Reading, mut value: Value, at: &Place) -> Option<()> {
    let kind = value
        .as_object_mut()
        .and_then(|object: &mut Map<_, _>| object.shift_remove("type"));
    match kind {
        Some(Value::String(kind)) if kind == "static" => {}
        Some(other) => {
            let problem = Problem::Value("expected \"static\"".to_owned());
            reading.fault_with(&at.key("type"), problem, Some(other), None);
        }
        None => {}
    }
    reading.read::<MemoryAsWritten>(value, at).map(|_| ())
}

/// Says whether text is a cookie's name.
fn is_name(name: &str) -> bool {
    let mut octets = name.bytes();
    octets
        .next()
        .is_some_and(|first| first.is_ascii_lowercase())
        && name.len() >= 2
        && octets.all(|o| o.is_ascii_lowercase() || o.is_ascii_digit() || o == b'_')
}

/// compat: Crossbar.io's own.
const NAME: &str = "cbtid";
/// Characters.
const LENGTH: usize = 24;
/// Characters.
const GUESSABLE: usize = 16;
/// Seconds: a week.
const MAX_AGE: u64 = 604_800;
/// Octets.
const SIZE: u64 = 1 << 30;
/// Octets.
const MIN_SIZE: u64 = 128 << 10;
/// Octets.
const MAX_SIZE: u64 = 128 << 30;
const SAME_SITE: [(&str, SameSite); 3] = [
    ("Strict", SameSite::Strict),
    ("Lax", SameSite::Lax),
    ("None", SameSite::None),
];
