use std::path::PathBuf;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

use crate::place::Place;
use crate::reading::Reading;
use crate::worker::MANHOLE;
use crate::written::{Refusal, Written};
use crate::{Faults, Hint, Notice, Problem, Surroundings, Worker, listening, realm};

/// A whole node, ready to boot.
#[derive(Clone, Debug)]
pub struct Node {
    /// `controller`
    pub controller: Controller,
    /// `workers`, in the order of the file, the disabled ones included.
    pub workers: Vec<Worker>,
    /// The file it was read from; none for the built-in default.
    pub source: Option<PathBuf>,
    /// What is accepted without effect, or has an effect one may not expect.
    pub notices: Vec<Notice>,
}

/// `controller`
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Controller {
    /// `id`: the node's id; `<hostname>-<pid>` if absent.
    pub id: Option<String>,
    /// `options.title`: the title of the controller's process.
    pub title: String,
    /// `options.shutdown`: what ends the node. Empty: nothing but a signal or a request does, workers that die are restarted.
    pub shutdown: Vec<ShutdownRule>,
    /// `options.enable_parallel_worker_start`: workers start at the same time, not one after the other.
    pub parallel_worker_start: bool,
}

/// An entry of `controller.options.shutdown`.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum ShutdownRule {
    /// `shutdown_on_shutdown_requested`: only the management call `crossbar.shutdown` (and signals).
    ShutdownRequested,
    /// `shutdown_on_worker_exit`: any worker's end.
    WorkerExit,
    /// `shutdown_on_worker_exit_with_error`: a worker's unclean end.
    WorkerExitWithError,
    /// `shutdown_on_last_worker_exit`: no worker is left.
    LastWorkerExit,
}

/// The document as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NodeAsWritten {
    version: Option<u64>,
    #[serde(rename = "$schema")]
    _schema: Option<IgnoredAny>,
    controller: Option<Value>,
    workers: Option<Value>,
    compat: Option<String>,
}

impl Written for NodeAsWritten {}

impl Node {
    /// Reads a whole document.
    pub(crate) fn read(value: Value, surroundings: &Surroundings) -> Result<Self, Faults> {
        let mut reading = Reading::new(surroundings);
        let node = Self::read_document(&mut reading, value);
        let (mut node, notices) = reading.finish(node)?;
        node.notices = notices;
        Ok(node)
    }

    fn read_document(reading: &mut Reading, value: Value) -> Option<Self> {
        let at = Place::root();
        let has_version = value
            .get("version")
            .is_some_and(|version| !version.is_null());
        let written: NodeAsWritten = reading.read(value, &at)?;
        let version = written.version.or((!has_version).then_some(1));
        check_version(reading, version, &at.key("version"));
        reading.compat_crossbar = realm::read_compat(reading, written.compat, &at);
        let controller = Controller::read(reading, written.controller, &at.key("controller"));
        let items = reading.items(written.workers, &at.key("workers"));
        let workers: Vec<(Worker, Place)> = items
            .into_iter()
            .filter_map(|(item, place)| Some((Worker::read(reading, item, &place)?, place)))
            .collect();
        let ids = workers
            .iter()
            .map(|(worker, at)| (&*worker.id, at.key("id")));
        reading.check_unique("the id", ids);
        listening::check(reading, &workers);
        Some(Self {
            controller: controller?,
            workers: workers.into_iter().map(|(worker, _)| worker).collect(),
            source: None,
            notices: Vec::new(),
        })
    }
}

/// Checks the version; a document without one is of version 1.
fn check_version(reading: &mut Reading, version: Option<u64>, at: &Place) {
    let hint = match version {
        None | Some(2) => return,
        Some(1) => {
            "Crossbar.io's `crossbar upgrade` rewrites it; a new file begins with \"version\": 2"
        }
        Some(_) => "there is no such version of Crossbar.io's configuration",
    };
    let problem = Problem::Version(version.unwrap_or_default());
    reading.fault(at, problem, Some(Hint::Advice(hint)));
}

/// `controller` as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ControllerAsWritten {
    id: Option<String>,
    options: Option<Value>,
}

impl Written for ControllerAsWritten {
    const IGNORED: &'static [(&'static str, &'static str)] = &[
        ("connections", "Crossbar.io does not use it either"),
        ("keyring", "Crossbar.io does not use it either"),
    ];
    const REFUSED: &'static [(&'static str, Refusal)] = &[
        ("manhole", MANHOLE),
        ("fabric", MASTER),
        ("fabric-center", MASTER),
        ("ipfs", MASTER),
        ("enable_docker", MASTER),
        ("blockchain", Refusal::Never("it belongs to XBR")),
    ];
}

/// `controller.options` as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OptionsAsWritten {
    title: Option<String>,
    shutdown: Option<Value>,
    enable_parallel_worker_start: Option<bool>,
}

impl Written for OptionsAsWritten {}

impl Controller {
    fn read(reading: &mut Reading, value: Option<Value>, at: &Place) -> Option<Self> {
        let written: ControllerAsWritten = reading.read_or_empty(value, at)?;
        if let Some(id) = &written.id {
            reading.check_id(id, at);
        }
        let at = at.key("options");
        let options: OptionsAsWritten = reading.read_or_empty(written.options, &at)?;
        // compat: without the key, any worker's end is the end of the node.
        let shutdown = match options.shutdown {
            None if reading.compat_crossbar => vec![ShutdownRule::WorkerExit],
            None => Vec::new(),
            Some(word @ Value::String(_)) => {
                ShutdownRule::read(reading, &word, &at.key("shutdown"))
                    .into_iter()
                    .collect()
            }
            list => {
                let items = reading.items(list, &at.key("shutdown")).into_iter();
                items
                    .filter_map(|(item, at)| ShutdownRule::read(reading, &item, &at))
                    .collect()
            }
        };
        Some(Self {
            id: written.id,
            title: options.title.unwrap_or_else(|| DEFAULT_TITLE.to_owned()),
            shutdown,
            parallel_worker_start: options.enable_parallel_worker_start.unwrap_or(false),
        })
    }
}

impl ShutdownRule {
    fn read(reading: &mut Reading, value: &Value, at: &Place) -> Option<Self> {
        let meanings = [
            ("shutdown_on_shutdown_requested", Self::ShutdownRequested),
            ("shutdown_on_worker_exit", Self::WorkerExit),
            (
                "shutdown_on_worker_exit_with_error",
                Self::WorkerExitWithError,
            ),
            ("shutdown_on_last_worker_exit", Self::LastWorkerExit),
        ];
        let Some(word) = value.as_str() else {
            let problem = Problem::Value("expected a string".to_owned());
            reading.fault_with(at, problem, Some(value.clone()), None);
            return None;
        };
        reading.one_of(word, "shutdown rule", &meanings, at)
    }
}

const MASTER: Refusal = Refusal::Never("it belongs to Crossbar.io's closed features");
const DEFAULT_TITLE: &str = "crossbar-controller";
