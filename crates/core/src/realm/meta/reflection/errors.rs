use crossbar_wire::{SessionId, Value};

use super::super::arguments::Arguments;
use super::super::text;
use crate::realm::Realm;
use crate::refusal::Refusal;
use crate::{Outbox, uris};

/// The errors that requests are answered with by the router itself, and what they mean.
const ERRORS: &[(&str, &str)] = &[
    (
        uris::CANCELED,
        "the call was canceled, or its callee has left",
    ),
    (
        uris::DIFFERENT_INVOCATION_POLICY,
        "the procedure is registered with another invocation policy",
    ),
    (
        uris::DISCLOSE_ME,
        "the option disclose_me is not allowed here",
    ),
    (
        uris::FEATURE_NOT_SUPPORTED,
        "the other side did not announce what the request needs",
    ),
    (
        uris::HISTORY_UNAVAILABLE,
        "the events of the subscription are not kept",
    ),
    (
        uris::INVALID_ARGUMENT,
        "an option or an argument is not as it must be",
    ),
    (uris::INVALID_URI, "the URI is malformed or reserved"),
    (
        uris::LIMIT_EXCEEDED,
        "the session has as much as it may have",
    ),
    (
        uris::MAX_CONCURRENCY_REACHED,
        "every callee has as many calls as it takes",
    ),
    (
        uris::NO_AVAILABLE_CALLEE,
        "every callee of the procedure said that it is unavailable",
    ),
    (uris::NO_SUCH_PROCEDURE, "nobody serves the procedure"),
    (uris::NO_SUCH_REGISTRATION, "there is no such registration"),
    (uris::NO_SUCH_SESSION, "there is no such session"),
    (uris::NO_SUCH_SUBSCRIPTION, "there is no such subscription"),
    (uris::NOT_AUTHORIZED, "the session's role does not allow it"),
    (
        uris::PAYLOAD_SIZE_EXCEEDED,
        "the receiver takes no message of this size, or the sender may not send it",
    ),
    (
        uris::PROCEDURE_ALREADY_EXISTS,
        "the procedure is registered already",
    ),
    (uris::TESTAMENT_ERROR, "the testament is not taken"),
    (uris::TIMEOUT, "the time limit of the call is over"),
];

/// `wamp.reflection.error.list()`
pub(super) fn list(
    _: &mut Realm,
    _: SessionId,
    arguments: Arguments,
    _: &mut Outbox,
) -> Result<Value, Refusal> {
    arguments.end()?;
    let mut all: Vec<&str> = ERRORS.iter().map(|(uri, _)| *uri).collect();
    all.sort_unstable();
    let entry = |uri| Value::Dict(vec![text("uri", uri), text("match", "exact")]);
    Ok(Value::List(all.into_iter().map(entry).collect()))
}

/// `wamp.reflection.error.describe(error)`: what the router or a session says about an error, or null.
pub(super) fn describe(
    realm: &mut Realm,
    _: SessionId,
    mut arguments: Arguments,
    _: &mut Outbox,
) -> Result<Value, Refusal> {
    let error = arguments.text("error")?;
    arguments.end()?;
    if let Some((uri, meaning)) = ERRORS.iter().find(|(uri, _)| *uri == error.as_str()) {
        return Ok(Value::Dict(vec![
            text("uri", uri),
            text("description", meaning),
            text("provider", "router"),
        ]));
    }
    let schema = realm.definitions.get(&error);
    Ok(schema
        .map(|schema| Value::Dict(vec![text("uri", &error), ("schema".to_owned(), schema)]))
        .into())
}
