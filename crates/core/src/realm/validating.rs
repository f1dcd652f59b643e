//! Whether the arguments of a message fit the types that its permission names (Crossbar.io: `validate`).

use std::sync::Arc;

use crossbar_wire::{Passthru, Payload, SessionId, Shape};

use super::Realm;
use super::passthru::{is_opaque, is_passthru};
use crate::calls::CallKey;
use crate::refusal::Refusal;
use crate::validation::{Checked, Validation};
use crate::{Outbox, uris};

impl Realm {
    /// Checks the arguments of a message, if something is said of them. What passthru hides fits nothing: else naming a scheme would
    /// put the type aside.
    #[inline]
    pub(super) fn validate(
        validation: Option<&Arc<Validation>>,
        what: Checked,
        payload: &Payload,
        passthru: Option<&Passthru>,
    ) -> Result<(), Refusal> {
        match validation.and_then(|validation| validation.shape(what)) {
            Some(shape) => check(shape, what, payload, passthru),
            None => Ok(()),
        }
    }

    /// Ends a call for arguments that do not fit. The caller is told.
    #[cold]
    pub(super) fn fail_unfit(
        &mut self,
        from: SessionId,
        key: CallKey,
        refusal: Refusal,
        out: &mut Outbox,
    ) {
        self.note(from, &refusal, out);
        self.fail(key, refusal, out);
    }
}

fn check(
    shape: &Shape,
    what: Checked,
    payload: &Payload,
    passthru: Option<&Passthru>,
) -> Result<(), Refusal> {
    let (of, name) = (what.name(), shape.name());
    let text = if is_passthru(passthru) || is_opaque(passthru) {
        format!("the arguments of the {of} must fit {name:?}, which payload passthru hides")
    } else if let Err(misfit) = shape.check(payload) {
        format!("the arguments of the {of} do not fit {name:?}: {misfit}")
    } else {
        return Ok(());
    };
    Err(Refusal::unfit(uris::INVALID_ARGUMENT, text))
}
