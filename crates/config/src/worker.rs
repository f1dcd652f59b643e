use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::place::Place;
use crate::reading::Reading;
use crate::written::{Refusal, Written, given};
use crate::{Problem, Raw, Realm, Transport};

/// `workers[]`
#[derive(Clone, Debug)]
pub struct Worker {
    /// `id`: unique in the node.
    pub id: String,
    /// `options`
    pub options: WorkerOptions,
    /// `type` and what belongs to it.
    pub kind: WorkerKind,
}

/// What a worker does.
#[derive(Clone, Debug)]
pub enum WorkerKind {
    /// `router`
    Router(Router),
    /// `websocket-testee`: its one transport, of [`crate::TransportKind::WebSocketTestee`].
    WebSocketTestee(Box<Transport>),
}

/// A `router` worker: realms and the transports that lead to them.
#[derive(Clone, Debug, Default)]
pub struct Router {
    /// `realms`; names and ids are unique.
    pub realms: Vec<Realm>,
    /// `transports`; ids are unique.
    pub transports: Vec<Transport>,
}

/// `options` of a worker.
#[derive(Clone, Debug, PartialEq)]
pub struct WorkerOptions {
    /// `title`: the process title.
    pub title: Option<String>,
    /// `cpu_affinity`: processors to run on, counted among those the node may use; empty: all.
    pub cpu_affinity: Vec<usize>,
    /// `env`
    pub environment: ProcessEnvironment,
    /// `disabled`: the worker is not started.
    pub disabled: bool,
    /// The options' JSON, as the management API carries it.
    pub raw: Raw,
}

/// `options.env` of a worker.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ProcessEnvironment {
    /// `inherit`
    pub inherit: Inherit,
    /// `vars`: added to what is inherited, or in its place.
    pub vars: BTreeMap<String, String>,
}

/// What a worker's process takes over from the controller's environment.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Inherit {
    /// Everything.
    All,
    /// Nothing.
    Nothing,
    /// The variables of these names, those that are set.
    Only(Vec<String>),
}

impl Worker {
    /// Reads a worker with all that belongs to it.
    pub(crate) fn read(reading: &mut Reading, mut value: Value, at: &Place) -> Option<Self> {
        reading.fill_id(&mut value, "worker");
        let (kind, body) = reading.take_type(value, at)?;
        match kind.as_str() {
            "router" => Self::read_router(reading, body, at),
            "websocket-testee" => Self::read_testee(reading, body, at),
            other => {
                refuse(reading, other, &at.key("type"));
                None
            }
        }
    }

    fn read_router(reading: &mut Reading, body: Value, at: &Place) -> Option<Self> {
        let written: RouterAsWritten = reading.read(body, at)?;
        reading.check_id(&written.id, at);
        let options = WorkerOptions::read(reading, written.options, &at.key("options"));
        let realms = Realm::read_all(reading, written.realms, &at.key("realms"));
        let transports = Transport::read_all(reading, written.transports, &at.key("transports"));
        let roles = realms.iter().flat_map(|realm| &realm.roles);
        reading.check_roles(roles.map(|role| &role.config.name));
        Some(Self {
            id: written.id,
            options: options?,
            kind: WorkerKind::Router(Router { realms, transports }),
        })
    }

    fn read_testee(reading: &mut Reading, body: Value, at: &Place) -> Option<Self> {
        let written: TesteeAsWritten = reading.read(body, at)?;
        let options = WorkerOptions::read(reading, written.options, &at.key("options"));
        reading.restart_ids("transport");
        let transport = Transport::read_testee(reading, written.transport?, &at.key("transport"));
        Some(Self {
            id: written.id,
            options: options?,
            kind: WorkerKind::WebSocketTestee(Box::new(transport?)),
        })
    }
}

fn refuse(reading: &mut Reading, kind: &str, at: &Place) {
    let refusal = match kind {
        "container" | "guest" | "proxy" | "hostmonitor" => Refusal::NotYet,
        "xbrmm" => Refusal::Never("it belongs to XBR"),
        other => {
            reading.unknown(other, "worker type", &["router", "websocket-testee"], at);
            return;
        }
    };
    reading.refuse(format!("the worker type {kind:?}"), refusal, at);
}

/// A `router` as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RouterAsWritten {
    id: String,
    options: Option<Value>,
    realms: Option<Value>,
    transports: Option<Value>,
}

impl Written for RouterAsWritten {
    const REFUSED: &'static [(&'static str, Refusal)] = &[
        ("components", Refusal::NotYet),
        ("connections", Refusal::NotYet),
        ("manhole", MANHOLE),
    ];
}

/// A `websocket-testee` as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TesteeAsWritten {
    id: String,
    options: Option<Value>,
    #[serde(default, deserialize_with = "given")]
    transport: Option<Value>,
}

impl Written for TesteeAsWritten {
    const REQUIRED: &'static [&'static str] = &["transport"];
}

impl Realm {
    fn read_all(reading: &mut Reading, value: Option<Value>, at: &Place) -> Vec<Self> {
        let items = reading.items(value, at).into_iter();
        let realms: Vec<(Self, Place)> = items
            .filter_map(|(item, place)| Some((Self::read(reading, item, &place)?, place)))
            .collect();
        let ids = realms.iter().map(|(realm, at)| (&*realm.id, at.key("id")));
        reading.check_unique("the id", ids);
        let names = realms
            .iter()
            .map(|(realm, at)| (&*realm.name, at.key("name")));
        reading.check_unique("the realm name", names);
        realms.into_iter().map(|(realm, _)| realm).collect()
    }
}

impl Transport {
    fn read_all(reading: &mut Reading, value: Option<Value>, at: &Place) -> Vec<Self> {
        let items = reading.items(value, at).into_iter();
        let transports: Vec<(Self, Place)> = items
            .filter_map(|(item, place)| Some((Self::read(reading, item, &place)?, place)))
            .collect();
        let ids = transports
            .iter()
            .map(|(transport, at)| (&*transport.id, at.key("id")));
        reading.check_unique("the id", ids);
        transports
            .into_iter()
            .map(|(transport, _)| transport)
            .collect()
    }
}

/// `options` of a worker as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OptionsAsWritten {
    title: Option<String>,
    cpu_affinity: Option<Vec<usize>>,
    env: Option<Value>,
    disabled: Option<bool>,
}

impl Written for OptionsAsWritten {
    const IGNORED: &'static [(&'static str, &'static str)] = &[
        ("python", PYTHON),
        ("pythonpath", PYTHON),
        ("reactor", "it belongs to Twisted"),
        ("traceback", PYTHON),
        ("expose_controller", "it is for components"),
        ("expose_shared", "it is for components"),
        ("extra", "a router has no use for it"),
    ];
}

impl WorkerOptions {
    /// Reads the options; an absent object has all defaults.
    pub(crate) fn read(reading: &mut Reading, value: Option<Value>, at: &Place) -> Option<Self> {
        let mut value = value.unwrap_or_else(|| Value::Object(serde_json::Map::new()));
        reading.substitute_disabled(&mut value);
        let raw = Raw::new(value.clone());
        let written: OptionsAsWritten = reading.read(value, at)?;
        Some(Self {
            title: written.title,
            cpu_affinity: written.cpu_affinity.unwrap_or_default(),
            environment: ProcessEnvironment::read(reading, written.env, &at.key("env"))?,
            disabled: written.disabled.unwrap_or(false),
            raw,
        })
    }
}

/// `options.env` as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EnvironmentAsWritten {
    inherit: Option<Value>,
    vars: Option<BTreeMap<String, String>>,
}

impl Written for EnvironmentAsWritten {}

impl ProcessEnvironment {
    fn read(reading: &mut Reading, value: Option<Value>, at: &Place) -> Option<Self> {
        let written: EnvironmentAsWritten = reading.read_or_empty(value, at)?;
        let inherit = match written.inherit {
            None | Some(Value::Bool(true)) => Inherit::All,
            Some(Value::Bool(false)) => Inherit::Nothing,
            Some(other) => {
                let names = other.as_array().and_then(|names| {
                    let name = |name: &Value| Some(name.as_str()?.to_owned());
                    names.iter().map(name).collect::<Option<Vec<String>>>()
                });
                if names.is_none() {
                    let problem = Problem::Rule("expected true, false or a list of names");
                    reading.fault_with(&at.key("inherit"), problem, Some(other), None);
                }
                Inherit::Only(names?)
            }
        };
        Some(Self {
            inherit,
            vars: written.vars.unwrap_or_default(),
        })
    }
}

/// Why `manhole` is refused.
pub(crate) const MANHOLE: Refusal = Refusal::Never("there is no Python shell to open");
const PYTHON: &str = "it is for workers that run Python";
