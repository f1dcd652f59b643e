use crossbar_wire::{SessionId, Value};

use super::OwnProcedure;
use super::arguments::Arguments;
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
];

/// `wamp.session.count(filter_authroles?)`: how many sessions there are.
fn count(
    realm: &mut Realm,
    _: SessionId,
    arguments: Arguments,
    _: &mut Outbox,
) -> Result<Value, Refusal> {
    let count = select(realm, arguments)?.len();
    Ok(Value::from(u64::try_from(count).unwrap_or(u64::MAX)))
}

/// `wamp.session.list(filter_authroles?)`: the ids of all sessions.
fn list(
    realm: &mut Realm,
    _: SessionId,
    arguments: Arguments,
    _: &mut Outbox,
) -> Result<Value, Refusal> {
    let sessions = select(realm, arguments)?.into_iter();
    Ok(Value::List(
        sessions.map(|id| Value::from(id.value())).collect(),
    ))
}

/// Gives the open sessions of some roles, or of all; the node's own are hidden.
fn select(realm: &Realm, mut arguments: Arguments) -> Result<Vec<SessionId>, Refusal> {
    let roles = arguments.take_texts("filter_authroles")?;
    arguments.end()?;
    let wanted = |role: &str| {
        roles
            .as_ref()
            .is_none_or(|roles| roles.iter().any(|wanted| wanted == role))
    };
    let sessions = realm.sessions.iter();
    Ok(sessions
        .filter(|(_, session)| session.is_open() && !session.trusted)
        .filter(|(_, session)| wanted(realm.roles.name(session.role).as_str()))
        .map(|(id, _)| id)
        .collect())
}
