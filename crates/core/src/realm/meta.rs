//! The realm's own procedures (WAMP spec, "Meta API").

mod arguments;
mod events;
mod history;
mod kills;
mod reflection;
mod registrations;
mod sessions;
mod statistics;
mod subscriptions;
mod testaments;

use crossbar_wire::{
    Call, CallResult, MatchPolicy, Message, Pattern, Payload, SessionId, Text, Value,
};

use self::arguments::Arguments;
pub(super) use self::events::{Attached, Detached};
pub(super) use self::sessions::details as session_details;
use super::Realm;
use super::passthru::check_readable;
use crate::refusal::{Refusal, said};
use crate::session::Session;
use crate::{Command, Outbox, uris};

/// A procedure of the realm itself: takes the caller and what it says, gives the one positional result.
#[derive(Clone, Copy)]
pub(super) struct OwnProcedure {
    uri: &'static str,
    run: fn(&mut Realm, SessionId, Arguments, &mut Outbox) -> Result<Value, Refusal>,
}

/// One that makes its whole results itself, in the caller's serializer; all but the last are progress.
#[derive(Clone, Copy)]
pub(super) struct EncodingProcedure {
    uri: &'static str,
    run: fn(&mut Realm, Asker, Arguments) -> Result<Vec<Payload>, Refusal>,
}

/// Who calls, and whether it takes progress.
#[derive(Clone, Copy)]
struct Asker {
    session: SessionId,
    progressive: bool,
}

/// Either kind of procedure.
#[derive(Clone, Copy)]
pub(super) enum Own {
    Plain(OwnProcedure),
    Encoding(EncodingProcedure),
}

impl Realm {
    /// Finds a procedure of the realm itself.
    pub(super) fn own_procedure(&self, uri: &Text) -> Option<Own> {
        if !self.options.meta_api || !uris::is_reserved(uri.as_bytes()) {
            return None;
        }
        let mut plain = PROCEDURES.iter().copied().flatten();
        let mut encoding = ENCODING.iter();
        let plain = plain.find(|procedure| procedure.uri == uri.as_str());
        plain.map(|&it| Own::Plain(it)).or_else(|| {
            let found = encoding.find(|procedure| procedure.uri == uri.as_str());
            found.map(|&it| Own::Encoding(it))
        })
    }

    /// Answers a call that is allowed. What the procedure brings about follows the answer.
    pub(super) fn call_own(
        &mut self,
        procedure: Own,
        caller: SessionId,
        call: &Call,
        out: &mut Outbox,
    ) -> Result<(), Refusal> {
        check_readable(call.passthru.as_deref())?;
        let arguments = Arguments::new(&call.payload)?;
        let place = out.len();
        let results = match procedure {
            Own::Plain(OwnProcedure { run, .. }) => {
                vec![said(&[run(self, caller, arguments, out)?])]
            }
            Own::Encoding(EncodingProcedure { run, .. }) => {
                let asker = Asker {
                    session: caller,
                    progressive: call.receive_progress == Some(true),
                };
                run(self, asker, arguments)?
            }
        };
        let last = results.len().saturating_sub(1);
        for (number, payload) in results.into_iter().enumerate() {
            let answer = CallResult {
                request: call.request,
                progress: (number < last).then_some(true),
                callee: None,
                passthru: None,
                payload,
            };
            let answer = Command::Send {
                to: caller,
                message: Message::Result(answer),
            };
            out.insert(place + number, answer);
        }
        Ok(())
    }

    /// Finds a session that a caller of the meta API may know of: the node's own are hidden from others.
    fn seen(&self, caller: SessionId, session: SessionId) -> Result<&Session, Refusal> {
        let found = self.sessions.open(session);
        found
            .filter(|found| !found.trusted || self.is_trusted(caller))
            .ok_or_else(|| {
                let text = format!("there is no session {session}");
                Refusal::new(uris::NO_SUCH_SESSION, text)
            })
    }

    /// Says whether a caller may be told that a session has something.
    pub(super) fn shows(&self, caller: SessionId, session: SessionId) -> bool {
        !self.is_trusted(session) || self.is_trusted(caller)
    }

    fn is_trusted(&self, session: SessionId) -> bool {
        self.sessions.get(session).is_some_and(|it| it.trusted)
    }
}

/// Says whether a subscription or registration is hidden from a caller: those of the router itself are.
fn is_hidden(realm: &Realm, caller: SessionId, uri: &Pattern) -> bool {
    let uri = uri.as_bytes();
    (uris::is_own(uri) || uris::is_reserved(uri)) && !realm.is_trusted(caller)
}

/// Ids of subscriptions or registrations, by match policy.
#[derive(Debug, Default)]
struct ByPolicy {
    exact: Vec<u64>,
    prefix: Vec<u64>,
    wildcard: Vec<u64>,
}

impl ByPolicy {
    fn add(&mut self, policy: MatchPolicy, id: u64) {
        let list = match policy {
            MatchPolicy::Exact => &mut self.exact,
            MatchPolicy::Prefix => &mut self.prefix,
            MatchPolicy::Wildcard => &mut self.wildcard,
        };
        list.push(id);
    }
}

impl From<ByPolicy> for Value {
    fn from(ids: ByPolicy) -> Self {
        let entry = |policy: MatchPolicy, mut ids: Vec<u64>| {
            ids.sort_unstable();
            let ids = ids.into_iter().map(Self::from).collect();
            (policy.name().to_owned(), Self::List(ids))
        };
        Self::Dict(vec![
            entry(MatchPolicy::Exact, ids.exact),
            entry(MatchPolicy::Prefix, ids.prefix),
            entry(MatchPolicy::Wildcard, ids.wildcard),
        ])
    }
}

/// Makes an entry of a dictionary.
fn text(key: &str, text: &str) -> (String, Value) {
    (key.to_owned(), text.into())
}

/// All that there are, by what they are about.
const PROCEDURES: [&[OwnProcedure]; 6] = [
    sessions::PROCEDURES,
    kills::PROCEDURES,
    registrations::PROCEDURES,
    subscriptions::PROCEDURES,
    testaments::PROCEDURES,
    reflection::PROCEDURES,
];

const ENCODING: &[EncodingProcedure] = &[history::GET_EVENTS];
