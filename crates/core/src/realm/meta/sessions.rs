use std::collections::BTreeSet;

use crossbar_wire::{SessionId, Value};

use super::arguments::Arguments;
use super::{OwnProcedure, text};
use crate::Outbox;
use crate::realm::Realm;
use crate::refusal::Refusal;

/// The procedures about sessions (WAMP spec, "Session Meta API").
pub(super) const PROCEDURES: &[OwnProcedure] = &[
    OwnProcedure {
        uri: "wamp.session.count",
        run: count,
    },
    OwnProcedure {
        uri: "wamp.session.list",
        run: list,
    },
    OwnProcedure {
        uri: "wamp.session.get",
        run: get,
    },
];

/// `wamp.session.count(filter_authroles?)`: how many sessions there are.
fn count(
    realm: &mut Realm,
    caller: SessionId,
    arguments: Arguments,
    _: &mut Outbox,
) -> Result<Value, Refusal> {
    Ok(select(realm, caller, arguments)?.len().into())
}

/// `wamp.session.list(filter_authroles?)`: the ids of all sessions.
fn list(
    realm: &mut Realm,
    caller: SessionId,
    arguments: Arguments,
    _: &mut Outbox,
) -> Result<Value, Refusal> {
    let sessions = select(realm, caller, arguments)?.into_iter();
    Ok(Value::List(sessions.map(Value::from).collect()))
}

/// `wamp.session.get(session)`
fn get(
    realm: &mut Realm,
    caller: SessionId,
    mut arguments: Arguments,
    _: &mut Outbox,
) -> Result<Value, Refusal> {
    let id = arguments.session("session")?;
    arguments.end()?;
    realm.seen(caller, id)?;
    Ok(details(realm, id))
}

/// Gives what is told about a session.
pub(in crate::realm) fn details(realm: &Realm, id: SessionId) -> Value {
    let Some(session) = realm.sessions.get(id) else {
        return Value::Null;
    };
    let details = &session.details;
    let transport = details.transport.as_ref();
    let format = transport.map(|transport| transport.format.name());
    let entry = |key: &str, value: Value| (key.to_owned(), value);
    Value::Dict(vec![
        text("realm", &realm.name),
        entry("session", id.into()),
        text("authid", &session.authid),
        text("authrole", realm.roles.name(session.role)),
        text("authmethod", &details.authmethod),
        text("authprovider", &details.authprovider),
        entry("authextra", details.authextra()),
        entry("serializer", format.into()),
        entry("transport", transport.map(Value::from).into()),
    ])
}

/// Gives the open sessions of some roles, or of all; the node's own are hidden from others.
fn select(
    realm: &Realm,
    caller: SessionId,
    mut arguments: Arguments,
) -> Result<Vec<SessionId>, Refusal> {
    let roles = arguments.take_texts("filter_authroles")?;
    arguments.end()?;
    let roles: Option<BTreeSet<String>> = roles.map(|roles| roles.into_iter().collect());
    let wanted = |role: &str| roles.as_ref().is_none_or(|roles| roles.contains(role));
    let sessions = realm.sessions.iter();
    Ok(sessions
        .filter(|(id, _)| realm.seen(caller, *id).is_ok())
        .filter(|(_, session)| wanted(realm.roles.name(session.role).as_str()))
        .map(|(id, _)| id)
        .collect())
}
