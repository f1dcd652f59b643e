use crossbar_wire::{Pattern, RegistrationId, SessionId, Value};

use super::arguments::{Arguments, MOST_IDS, check_list};
use super::{ByPolicy, OwnProcedure, is_hidden, text};
use crate::dealer::Registration;
use crate::realm::Realm;
use crate::refusal::Refusal;
use crate::{Outbox, uris};

/// The procedures about registrations (WAMP spec, "Registration Meta API").
pub(super) const PROCEDURES: &[OwnProcedure] = &[
    OwnProcedure {
        uri: "wamp.registration.list",
        run: list,
    },
    OwnProcedure {
        uri: "wamp.registration.lookup",
        run: lookup,
    },
    OwnProcedure {
        uri: "wamp.registration.match",
        run: best,
    },
    OwnProcedure {
        uri: "wamp.registration.get",
        run: get,
    },
    OwnProcedure {
        uri: "wamp.registration.list_callees",
        run: list_callees,
    },
    OwnProcedure {
        uri: "wamp.registration.count_callees",
        run: count_callees,
    },
    OwnProcedure {
        uri: "wamp.registration.remove_callee",
        run: remove_callee,
    },
];

/// Gives what is told about a registration.
pub(super) fn details(realm: &Realm, id: RegistrationId) -> Value {
    let Some(registration) = realm.dealer.get(id) else {
        return Value::Null;
    };
    let procedure = registration.procedure();
    Value::Dict(vec![
        ("id".to_owned(), id.into()),
        text("created", &registration.created().to_string()),
        text("uri", procedure.as_str()),
        text("match", procedure.policy().name()),
        text("invoke", registration.invoke().name()),
    ])
}

pub(super) fn is_reserved(realm: &Realm, id: RegistrationId) -> bool {
    let registration = realm.dealer.get(id);
    registration.is_some_and(|it| uris::is_reserved(it.procedure().as_bytes()))
}

/// `wamp.registration.list(session?)`: the ids of all registrations, or of those of a session, by match policy.
fn list(
    realm: &mut Realm,
    caller: SessionId,
    mut arguments: Arguments,
    _: &mut Outbox,
) -> Result<Value, Refusal> {
    let of = arguments.take_id("session", SessionId::new)?;
    arguments.end()?;
    if of.is_none() {
        check_list(realm.dealer.len(), MOST_IDS)?;
    }
    let mut ids = ByPolicy::default();
    let mut add = |id: RegistrationId, registration: &Registration| {
        let procedure = registration.procedure();
        if !is_hidden(realm, caller, procedure) {
            ids.add(procedure.policy(), id.value());
        }
    };
    match of {
        None => realm.dealer.iter().for_each(|(id, it)| add(id, it)),
        Some(of) => {
            let session = realm.seen(caller, of)?;
            for &id in &session.registrations {
                if let Some(registration) = realm.dealer.get(id) {
                    add(id, registration);
                }
            }
        }
    }
    Ok(ids.into())
}

/// `wamp.registration.lookup(procedure, options?)`: the id of the registration of this very URI and match policy, or null.
fn lookup(
    realm: &mut Realm,
    caller: SessionId,
    mut arguments: Arguments,
    _: &mut Outbox,
) -> Result<Value, Refusal> {
    let uri = arguments.text("procedure")?;
    let policy = arguments.take_policy()?;
    arguments.end()?;
    let found = Pattern::new(&uri, policy, realm.options.uri_check)
        .ok()
        .and_then(|procedure| realm.dealer.lookup(&procedure));
    Ok(shown(realm, caller, found))
}

/// `wamp.registration.match(procedure)`: the id of the registration that a call of this URI goes to, or null.
fn best(
    realm: &mut Realm,
    caller: SessionId,
    mut arguments: Arguments,
    _: &mut Outbox,
) -> Result<Value, Refusal> {
    let uri = arguments.text("procedure")?;
    arguments.end()?;
    let found = realm.dealer.exact(uri.as_bytes());
    let found = found.or_else(|| realm.dealer.pattern(uri.as_bytes()));
    Ok(shown(realm, caller, found))
}

/// `wamp.registration.get(registration)`
fn get(
    realm: &mut Realm,
    caller: SessionId,
    mut arguments: Arguments,
    _: &mut Outbox,
) -> Result<Value, Refusal> {
    let id = take(&mut arguments)?;
    arguments.end()?;
    find(realm, caller, id)?;
    Ok(details(realm, id))
}

/// `wamp.registration.list_callees(registration)`: the ids of the sessions that serve it, oldest first.
fn list_callees(
    realm: &mut Realm,
    caller: SessionId,
    mut arguments: Arguments,
    _: &mut Outbox,
) -> Result<Value, Refusal> {
    let id = take(&mut arguments)?;
    arguments.end()?;
    let callees = find(realm, caller, id)?.callees();
    let callees = callees.filter(|&it| realm.shows(caller, it));
    Ok(Value::List(callees.map(Value::from).collect()))
}

/// `wamp.registration.count_callees(registration)`
fn count_callees(
    realm: &mut Realm,
    caller: SessionId,
    mut arguments: Arguments,
    _: &mut Outbox,
) -> Result<Value, Refusal> {
    let id = take(&mut arguments)?;
    arguments.end()?;
    let callees = find(realm, caller, id)?.callees();
    let callees = callees.filter(|&it| realm.shows(caller, it));
    Ok(callees.count().into())
}

/// `wamp.registration.remove_callee(registration, callee, reason?)`: takes a registration away from one callee
/// (WAMP spec, "Registration Revocation").
fn remove_callee(
    realm: &mut Realm,
    caller: SessionId,
    mut arguments: Arguments,
    out: &mut Outbox,
) -> Result<Value, Refusal> {
    let id = take(&mut arguments)?;
    let callee = arguments.session("callee")?;
    let reason = arguments.take_text("reason")?;
    arguments.end()?;
    find(realm, caller, id)?;
    let removed = realm.shows(caller, callee) && realm.revoke_registration(callee, id, reason, out);
    if removed {
        return Ok(Value::Null);
    }
    let text = format!("no session {callee} serves the registration {id}");
    Err(Refusal::new(uris::NO_SUCH_REGISTRATION, text))
}

fn take(arguments: &mut Arguments) -> Result<RegistrationId, Refusal> {
    arguments.id("registration", RegistrationId::new)
}

fn find(realm: &Realm, caller: SessionId, id: RegistrationId) -> Result<&Registration, Refusal> {
    let Some(registration) = realm.dealer.get(id) else {
        let text = format!("there is no registration {id}");
        return Err(Refusal::new(uris::NO_SUCH_REGISTRATION, text));
    };
    if is_hidden(realm, caller, registration.procedure()) {
        let text = format!("the registration {id} is the router's own");
        return Err(Refusal::new(uris::NOT_AUTHORIZED, text));
    }
    Ok(registration)
}

fn shown(realm: &Realm, caller: SessionId, found: Option<RegistrationId>) -> Value {
    found.filter(|&id| find(realm, caller, id).is_ok()).into()
}
