//! The items of a configuration that the management API carries one by one.

use std::sync::Arc;

use crossbar_wire::Inventory;
use serde_json::Value;

use crate::inventory::Types;
use crate::place::Place;
use crate::reading::Reading;
use crate::{
    ConnectingEndpoint, Faults, Notice, Realm, Role, Surroundings, Transport, WebService,
    WorkerOptions,
};

/// Reads a realm with its roles. Without an id it gets one.
///
/// # Errors
/// Gives everything that is wrong.
pub fn read_realm(value: Value, surroundings: &Surroundings) -> Result<Realm, Faults> {
    read(value, surroundings, Realm::read)
}

/// Reads a role of a realm that has these types. Without an id it gets one.
///
/// # Errors
/// Gives everything that is wrong.
pub fn read_role(
    value: Value,
    surroundings: &Surroundings,
    types: Option<&Arc<Inventory>>,
) -> Result<Role, Faults> {
    read(value, surroundings, |reading, value, at| {
        let known = types.cloned().map(Types::Known);
        reading.types = known.unwrap_or_default();
        Role::read(reading, value, at)
    })
}

/// Reads a transport of a router. Without an id it gets one.
///
/// # Errors
/// Gives everything that is wrong.
pub fn read_transport(value: Value, surroundings: &Surroundings) -> Result<Transport, Faults> {
    read(value, surroundings, Transport::read)
}

/// Reads the transport of a `websocket-testee` worker. Without an id it gets one.
///
/// # Errors
/// Gives everything that is wrong.
pub fn read_testee_transport(
    value: Value,
    surroundings: &Surroundings,
) -> Result<Transport, Faults> {
    read(value, surroundings, Transport::read_testee)
}

/// Reads a Web service.
///
/// # Errors
/// Gives everything that is wrong.
pub fn read_web_service(value: Value, surroundings: &Surroundings) -> Result<WebService, Faults> {
    read(value, surroundings, |reading, mut value, at| {
        reading.substitute(&mut value, at);
        WebService::read(reading, value, at)
    })
}

/// Reads an endpoint that connects, and gives what to know about it.
///
/// # Errors
/// Gives everything that is wrong.
pub fn read_connecting_endpoint(
    value: Value,
    surroundings: &Surroundings,
) -> Result<(ConnectingEndpoint, Vec<Notice>), Faults> {
    let mut reading = Reading::new(surroundings);
    let endpoint = ConnectingEndpoint::read(&mut reading, value, &Place::root());
    reading.finish(endpoint)
}

/// Reads the options of a worker.
///
/// # Errors
/// Gives everything that is wrong.
pub fn read_worker_options(
    value: Value,
    surroundings: &Surroundings,
) -> Result<WorkerOptions, Faults> {
    read(value, surroundings, |reading, value, at| {
        WorkerOptions::read(reading, Some(value), at)
    })
}

fn read<T>(
    value: Value,
    surroundings: &Surroundings,
    read: impl FnOnce(&mut Reading, Value, &Place) -> Option<T>,
) -> Result<T, Faults> {
    let mut reading = Reading::new(surroundings);
    let item = read(&mut reading, value, &Place::root());
    reading.finish(item).map(|(item, _)| item)
}
