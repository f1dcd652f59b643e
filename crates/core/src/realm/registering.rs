use crossbar_wire::{
    Features, Message, Pattern, Register, Registered, RegistrationId, RequestId, SessionId, Text,
    Unregister, Unregistered,
};

use super::{Realm, send};
use crate::dealer::Clash;
use crate::refusal::{Refusal, RequestType};
use crate::role::Action;
use crate::{Outbox, uris};

impl Realm {
    pub(super) fn register(&mut self, from: SessionId, register: &Register, out: &mut Outbox) {
        let request = register.request;
        let answer = match self.try_register(from, register, out) {
            Ok(registration) => Message::Registered(Registered {
                request,
                registration,
            }),
            Err(refusal) => refusal.answer(RequestType::Register, request),
        };
        send(out, from, answer);
    }

    fn try_register(
        &mut self,
        from: SessionId,
        register: &Register,
        out: &mut Outbox,
    ) -> Result<RegistrationId, Refusal> {
        let procedure = self.check_pattern(&register.procedure, register.policy)?;
        if let Some(session) = self.sessions.get(from) {
            let uri = procedure.text();
            Self::check_namespace(session, uri)?;
            self.authorize(session, Action::Register, uri, procedure.policy())?;
        }
        if register.concurrency == Some(0) {
            let text = "the option \"concurrency\" must be at least 1";
            return Err(Refusal::new(uris::INVALID_ARGUMENT, text));
        }
        if register.force_reregister == Some(true) {
            self.evict(&procedure, out);
        }
        let id = self
            .dealer
            .register(from, procedure, register, &mut self.ids)
            .map_err(|clash| refuse(clash, &register.procedure))?;
        if let Some(session) = self.sessions.get_mut(from) {
            session.registrations.insert(id);
        }
        Ok(id)
    }

    /// Takes a procedure away from all who serve it, and tells those who announced that they want to know.
    fn evict(&mut self, procedure: &Pattern, out: &mut Outbox) {
        let Some((registration, callees)) = self.dealer.evict(procedure) else {
            return;
        };
        for callee in callees {
            let Some(session) = self.sessions.get_mut(callee) else {
                continue;
            };
            session.registrations.remove(&registration);
            // compat: Crossbar.io tells everyone
            if self.options.compat_crossbar
                || session.callee_supports(Features::REGISTRATION_REVOCATION)
            {
                send(out, callee, Message::Unregistered(revoked(registration)));
            }
        }
    }

    pub(super) fn unregister(
        &mut self,
        from: SessionId,
        unregister: &Unregister,
        out: &mut Outbox,
    ) {
        let request = unregister.request;
        let id = unregister.registration;
        if let Some(session) = self.sessions.get_mut(from) {
            session.registrations.remove(&id);
        }
        let answer = if self.dealer.unregister(from, id) {
            Message::Unregistered(Unregistered {
                request,
                registration: None,
                reason: None,
            })
        } else {
            let text = format!("this session has no registration {id}");
            Refusal::new(uris::NO_SUCH_REGISTRATION, text).answer(RequestType::Unregister, request)
        };
        send(out, from, answer);
    }
}

/// Makes the message that takes a registration away.
fn revoked(registration: RegistrationId) -> Unregistered {
    Unregistered {
        request: RequestId::new(0).expect("0 stands in revocations"),
        registration: Some(registration),
        reason: Some(Text::from_static(uris::UNREGISTERED)),
    }
}

fn refuse(clash: Clash, procedure: &Text) -> Refusal {
    match clash {
        Clash::Single => Refusal::new(
            uris::PROCEDURE_ALREADY_EXISTS,
            format!("procedure <{procedure}> is already registered"),
        ),
        Clash::Policy => Refusal::new(
            uris::DIFFERENT_INVOCATION_POLICY,
            format!("procedure <{procedure}> is registered with another invocation policy"),
        ),
    }
}
