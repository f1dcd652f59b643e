use crossbar_wire::{Goodbye, SessionId, Text, Uri, Value};

use super::OwnProcedure;
use super::arguments::Arguments;
use crate::realm::Realm;
use crate::refusal::Refusal;
use crate::session::Session;
use crate::{Outbox, uris};

/// The procedures that end sessions (WAMP spec, "Session Meta API").
pub(super) const PROCEDURES: &[OwnProcedure] = &[
    OwnProcedure {
        uri: "wamp.session.kill",
        run: kill,
    },
    OwnProcedure {
        uri: "wamp.session.kill_by_authid",
        run: kill_by_authid,
    },
    OwnProcedure {
        uri: "wamp.session.kill_by_authrole",
        run: kill_by_authrole,
    },
    OwnProcedure {
        uri: "wamp.session.kill_all",
        run: kill_all,
    },
];

/// `wamp.session.kill(session, reason?, message?)`
fn kill(
    realm: &mut Realm,
    caller: SessionId,
    mut arguments: Arguments,
    out: &mut Outbox,
) -> Result<Value, Refusal> {
    let session = arguments.session("session")?;
    let goodbye = take_goodbye(realm, arguments)?;
    realm.seen(caller, session)?;
    if session == caller && !realm.options.compat_crossbar {
        let text = "a session ends itself with GOODBYE";
        return Err(Refusal::new(uris::NO_SUCH_SESSION, text));
    }
    realm.kill(&[session], &goodbye, out); // compat: a session may kill itself
    Ok(Value::Null)
}

/// `wamp.session.kill_by_authid(authid, reason?, message?)`: gives the ids of those killed.
fn kill_by_authid(
    realm: &mut Realm,
    caller: SessionId,
    mut arguments: Arguments,
    out: &mut Outbox,
) -> Result<Value, Refusal> {
    let authid = arguments.text("authid")?;
    let goodbye = take_goodbye(realm, arguments)?;
    let victims = select(realm, caller, |session| session.authid == authid);
    realm.kill(&victims, &goodbye, out);
    Ok(list(victims))
}

/// `wamp.session.kill_by_authrole(authrole, reason?, message?)`: gives how many were killed.
fn kill_by_authrole(
    realm: &mut Realm,
    caller: SessionId,
    mut arguments: Arguments,
    out: &mut Outbox,
) -> Result<Value, Refusal> {
    let authrole = arguments.text("authrole")?;
    let goodbye = take_goodbye(realm, arguments)?;
    let victims = select(realm, caller, |session| {
        *realm.roles.name(session.role) == authrole
    });
    realm.kill(&victims, &goodbye, out);
    if realm.options.compat_crossbar {
        return Ok(list(victims)); // compat: a list, as for authids
    }
    Ok(victims.len().into())
}

/// `wamp.session.kill_all(reason?, message?)`: gives how many were killed. Nobody is told of it.
fn kill_all(
    realm: &mut Realm,
    caller: SessionId,
    arguments: Arguments,
    out: &mut Outbox,
) -> Result<Value, Refusal> {
    let goodbye = take_goodbye(realm, arguments)?;
    let mut victims = select(realm, caller, |_| true);
    victims.retain(|&victim| victim != caller);
    realm.kill_all(&victims, &goodbye, out);
    Ok(victims.len().into())
}

/// Takes the last arguments of all these procedures: what the victims are told.
fn take_goodbye(realm: &Realm, mut arguments: Arguments) -> Result<Goodbye, Refusal> {
    let compat = realm.options.compat_crossbar;
    let reason = arguments.take_text("reason")?;
    let message = arguments.take_text("message")?;
    arguments.end()?;
    let reason = match reason {
        Some(reason) if compat => reason, // compat: any text will do
        Some(reason) => match Uri::check(&reason, realm.options.uri_check) {
            Ok(()) => reason,
            Err(fault) => {
                let text = format!("the reason \"{reason}\" is no URI: {fault}");
                return Err(Refusal::new(uris::INVALID_URI, text));
            }
        },
        None if compat => Text::from_static(uris::CLOSE_NORMAL), // compat: Crossbar.io's own reason
        None => Text::from_static(uris::KILLED),
    };
    Ok(Goodbye { message, reason })
}

/// Gives the sessions that a caller kills at once. Neither the node's own nor, unless with Crossbar.io, the caller are among them.
fn select(realm: &Realm, caller: SessionId, wanted: impl Fn(&Session) -> bool) -> Vec<SessionId> {
    let spared = (!realm.options.compat_crossbar).then_some(caller); // compat: the caller, too
    let sessions = realm.sessions.iter();
    sessions
        .filter(|(_, session)| session.is_open() && !session.trusted && wanted(session))
        .map(|(id, _)| id)
        .filter(|&id| Some(id) != spared)
        .collect()
}

fn list(sessions: Vec<SessionId>) -> Value {
    Value::List(sessions.into_iter().map(Value::from).collect())
}
