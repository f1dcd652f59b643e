//! The realm's own procedures (WAMP spec, "Meta API").

mod arguments;
mod events;
mod sessions;

use crossbar_wire::{Call, CallResult, Message, SessionId, Text, Value};

use self::arguments::Arguments;
use super::passthru::check_readable;
use super::{Realm, send};
use crate::refusal::{Refusal, said};
use crate::{Outbox, uris};

/// A procedure of the realm itself: takes the caller and what it says, gives the one positional result.
#[derive(Clone, Copy)]
pub(super) struct OwnProcedure {
    uri: &'static str,
    run: fn(&mut Realm, SessionId, Arguments, &mut Outbox) -> Result<Value, Refusal>,
}

impl Realm {
    /// Finds a procedure of the realm itself.
    pub(super) fn own_procedure(&self, uri: &Text) -> Option<OwnProcedure> {
        if !self.options.meta_api || !uris::is_reserved(uri.as_bytes()) {
            return None;
        }
        let mut all = PROCEDURES.iter().copied().flatten();
        all.find(|procedure| procedure.uri == uri.as_str()).copied()
    }

    /// Answers a call that is allowed.
    pub(super) fn call_own(
        &mut self,
        procedure: OwnProcedure,
        caller: SessionId,
        call: &Call,
        out: &mut Outbox,
    ) -> Result<(), Refusal> {
        check_readable(call.passthru.as_deref())?;
        let arguments = Arguments::new(&call.payload)?;
        let result = (procedure.run)(self, caller, arguments, out)?;
        let answer = CallResult {
            request: call.request,
            progress: None,
            callee: None,
            passthru: None,
            payload: said(&[result]),
        };
        send(out, caller, Message::Result(answer));
        Ok(())
    }
}

/// All that there are, by what they are about.
const PROCEDURES: [&[OwnProcedure]; 1] = [sessions::PROCEDURES];
