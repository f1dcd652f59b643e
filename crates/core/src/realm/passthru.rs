//! Payloads that the router does not look into: who may send them to whom (WAMP spec, "Payload Passthru Mode").

use crossbar_wire::{Features, Passthru, Role, SessionId};

use super::{Realm, send};
use crate::calls::CallKey;
use crate::refusal::{Refusal, RequestType};
use crate::session::Session;
use crate::{Outbox, uris};

impl Realm {
    /// Ends a session that uses passthru in a role for which it did not announce it. Says whether the message goes on.
    pub(super) fn may_pass(
        &mut self,
        from: SessionId,
        role: Role,
        passthru: Option<&Passthru>,
        out: &mut Outbox,
    ) -> bool {
        let may = !is_passthru(passthru) || self.takes_passthru(from, role);
        if !may {
            let text = format!(
                "payload passthru, which the session did not announce as a {}",
                role.name()
            );
            self.violate(from, &text, out);
        }
        may
    }

    /// Refuses passthru for a receiver that did not announce it.
    pub(super) fn check_receiver(
        &self,
        to: SessionId,
        role: Role,
        passthru: Option<&Passthru>,
    ) -> Result<(), Refusal> {
        if is_passthru(passthru) && !self.takes_passthru(to, role) {
            let text = format!("the {} does not support payload passthru", role.name());
            return Err(Refusal::new(uris::FEATURE_NOT_SUPPORTED, text));
        }
        Ok(())
    }

    /// Ends a call whose answer the caller cannot take: both sides are told.
    pub(super) fn refuse_answer(&mut self, key: CallKey, refusal: Refusal, out: &mut Outbox) {
        if let Some(invoked) = self.calls.get(key).and_then(|call| call.invoked()) {
            let answer = refusal
                .clone()
                .answer(RequestType::Invocation, invoked.invocation);
            send(out, invoked.callee, answer);
        }
        self.fail(key, refusal, out);
    }

    fn takes_passthru(&self, session: SessionId, role: Role) -> bool {
        self.sessions
            .get(session)
            .is_some_and(|session| session.supports(role, Features::PAYLOAD_PASSTHRU_MODE))
    }
}

/// Refuses passthru for a procedure of the realm itself, which reads its arguments.
pub(super) fn check_readable(passthru: Option<&Passthru>) -> Result<(), Refusal> {
    if is_passthru(passthru) {
        let text = "the realm's own procedures do not support payload passthru";
        return Err(Refusal::new(uris::FEATURE_NOT_SUPPORTED, text));
    }
    Ok(())
}

/// Says whether a message is one of payload passthru: it names a scheme.
pub(super) fn is_passthru(passthru: Option<&Passthru>) -> bool {
    passthru
        .and_then(|passthru| passthru.ppt_scheme.as_ref())
        .is_some_and(|scheme| !scheme.as_bytes().is_empty())
}

/// Says whether one opaque value stands in the place of the arguments (Autobahn's predecessor of payload passthru).
pub(super) fn is_opaque(passthru: Option<&Passthru>) -> bool {
    passthru.is_some_and(|passthru| passthru.enc_algo.is_some())
}

/// Keeps of the forwarded attributes what counts and what this session may set: nothing says how to read a payload without
/// a scheme, and only the node's own sessions speak for others.
pub(super) fn admit_passthru(
    passthru: Option<Box<Passthru>>,
    session: &Session,
) -> Option<Box<Passthru>> {
    let mut passthru = passthru?;
    if !is_passthru(Some(&passthru)) {
        passthru.ppt_scheme = None;
        passthru.ppt_serializer = None;
        passthru.ppt_cipher = None;
        passthru.ppt_keyid = None;
    }
    if !session.trusted {
        passthru.forward_for.clear();
    }
    (*passthru != Passthru::default()).then_some(passthru)
}
