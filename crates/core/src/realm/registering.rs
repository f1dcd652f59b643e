use crossbar_wire::{
    Features, MatchPolicy, Message, Pattern, Register, Registered, RegistrationId, RequestId,
    SessionId, Text, Unregister, Unregistered,
};

use super::meta::{Attached, Detached};
use super::{Realm, send};
use crate::dealer::Clash;
use crate::generator::Making;
use crate::refusal::{Refusal, RequestType};
use crate::role::Action;
use crate::{Limit, Outbox, uris};

/// The callees that a registration was taken away from.
type Evicted = Vec<(SessionId, Detached<RegistrationId>)>;

impl Realm {
    pub(super) fn register(&mut self, from: SessionId, register: &Register, out: &mut Outbox) {
        let request = register.request;
        let mut evicted = Vec::new();
        let links = self.links(from, &register.forward_for);
        match self.try_register(from, register, &mut evicted, out) {
            Ok(attached) => {
                let registered = Registered {
                    request,
                    registration: attached.id,
                };
                send(out, from, Message::Registered(registered));
                for (callee, detached) in evicted {
                    self.announce_unregistered(callee, detached, links, out);
                }
                self.announce_registered(from, attached, links, out);
            }
            Err(refusal) => self.refuse(from, refusal, (RequestType::Register, request), out),
        }
    }

    fn try_register(
        &mut self,
        from: SessionId,
        register: &Register,
        evicted: &mut Evicted,
        out: &mut Outbox,
    ) -> Result<Attached<RegistrationId>, Refusal> {
        let procedure = self.check_pattern(from, &register.procedure, register.policy)?;
        if let Some(session) = self.sessions.get(from) {
            let uri = procedure.text();
            Self::check_namespace(session, uri)?;
            self.authorize(session, Action::Register, uri, procedure.policy())?;
        }
        if register.concurrency == Some(0) {
            let text = "the option \"concurrency\" must be at least 1";
            return Err(Refusal::new(uris::INVALID_ARGUMENT, text));
        }
        if let Some(session) = self.sessions.get(from) {
            let count = session.registrations.len();
            self.check_count(session, count, Limit::Registrations)?;
            self.check_wildcards(session, procedure.policy())?;
        }
        if register.force_reregister == Some(true) && self.may_evict(from, &procedure) {
            self.evict(&procedure, evicted, out);
        }
        let created = self.dealer.lookup(&procedure).is_none();
        let is_wildcard = procedure.policy() == MatchPolicy::Wildcard;
        let mut making = Making {
            time: self.time(),
            ids: &mut self.ids,
        };
        let id = self
            .dealer
            .register(from, procedure, register, &mut making)
            .map_err(|clash| refuse(clash, &register.procedure))?;
        let session = self.sessions.get_mut(from);
        let added = session.is_some_and(|session| {
            let added = session.registrations.insert(id);
            session.wildcards += u32::from(added && is_wildcard);
            added
        });
        Ok(Attached { id, created, added })
    }

    /// Says whether a session may take a procedure away from all who serve it: not from the node's own, unless it is one.
    fn may_evict(&self, from: SessionId, procedure: &Pattern) -> bool {
        let served = self.dealer.lookup(procedure);
        let served = served.and_then(|id| self.dealer.get(id));
        served.is_none_or(|it| it.callees().all(|callee| self.shows(from, callee)))
    }

    /// Takes a procedure away from all who serve it, and tells those who announced that they want to know.
    fn evict(&mut self, procedure: &Pattern, evicted: &mut Evicted, out: &mut Outbox) {
        let Some((registration, callees)) = self.dealer.evict(procedure) else {
            return;
        };
        let mut left = callees.len();
        let quiet = uris::is_reserved(procedure.as_bytes());
        for callee in callees {
            left -= 1;
            let detached = Detached {
                id: registration,
                deleted: left == 0,
                quiet,
            };
            evicted.push((callee, detached));
            let Some(session) = self.sessions.get_mut(callee) else {
                continue;
            };
            if session.registrations.remove(&registration) {
                session.wildcards -= u32::from(procedure.policy() == MatchPolicy::Wildcard);
            }
            // compat: Crossbar.io tells everyone
            if self.options.compat_crossbar
                || session.callee_supports(Features::REGISTRATION_REVOCATION)
            {
                let reason = Text::from_static(uris::UNREGISTERED);
                let revoked = revoked(registration, Some(reason));
                send(out, callee, Message::Unregistered(revoked));
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
        let Some(detached) = self.detach_callee(from, id) else {
            let text = format!("this session has no registration {id}");
            let refusal = Refusal::new(uris::NO_SUCH_REGISTRATION, text);
            send(out, from, refusal.answer(RequestType::Unregister, request));
            return;
        };
        let answer = Unregistered {
            request,
            registration: None,
            reason: None,
        };
        send(out, from, Message::Unregistered(answer));
        let links = self.links(from, &unregister.forward_for);
        self.announce_unregistered(from, detached, links, out);
    }

    /// Takes a session out of a registration, if it is in it.
    pub(super) fn detach_callee(
        &mut self,
        session: SessionId,
        id: RegistrationId,
    ) -> Option<Detached<RegistrationId>> {
        let procedure = self.dealer.get(id)?.procedure();
        let quiet = uris::is_reserved(procedure.as_bytes());
        if let Some(session) = self.sessions.get_mut(session)
            && session.registrations.remove(&id)
        {
            session.wildcards -= u32::from(procedure.policy() == MatchPolicy::Wildcard);
        }
        self.dealer.unregister(session, id).then(|| Detached {
            id,
            deleted: self.dealer.get(id).is_none(),
            quiet,
        })
    }

    /// Takes a registration away from a session, and tells it if it announced that it wants to know (WAMP spec, "Registration
    /// Revocation"). Says whether it had it.
    pub(super) fn revoke_registration(
        &mut self,
        callee: SessionId,
        id: RegistrationId,
        reason: Option<Text>,
        out: &mut Outbox,
    ) -> bool {
        let Some(detached) = self.detach_callee(callee, id) else {
            return false;
        };
        let session = self.sessions.open(callee);
        if session.is_some_and(|s| s.callee_supports(Features::REGISTRATION_REVOCATION)) {
            send(out, callee, Message::Unregistered(revoked(id, reason)));
        }
        self.announce_unregistered(callee, detached, &[], out);
        true
    }
}

/// Makes the message that takes a registration away.
fn revoked(registration: RegistrationId, reason: Option<Text>) -> Unregistered {
    Unregistered {
        request: RequestId::new(0).expect("0 stands in revocations"),
        registration: Some(registration),
        reason,
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
