use std::collections::BTreeMap;

use serde_json::Value;

use crate::{Realm, Transport};

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
    pub raw: Value,
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
