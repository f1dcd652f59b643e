use crossbar_wire::{Call, MatchPolicy, RegistrationId, Role, SessionId, Text};

use super::Realm;
use crate::calls::{Call as CallInFlight, CallKey, MAX_SHARED, Order, Stage};
use crate::refusal::{Refusal, RequestType};
use crate::role::Action;
use crate::validation::Checked;
use crate::{Disclosure, Limit, Outbox, uris};

impl Realm {
    pub(super) fn call(&mut self, from: SessionId, call: Call, out: &mut Outbox) {
        if !self.may_pass(from, Role::Caller, call.passthru.as_deref(), out) {
            return;
        }
        let request = call.request;
        match self.try_call(from, call, out) {
            Ok(Some(key)) if self.calls.is_crowded(key) => {
                let text = format!(
                    "CALL with the request id {request}, which {MAX_SHARED} calls in flight have"
                );
                self.violate(from, &text, out);
            }
            Ok(_) => {}
            Err(refusal) => self.refuse(from, refusal, (RequestType::Call, request), out),
        }
    }

    /// Gives the call that is in flight from now on; none if it has been answered.
    fn try_call(
        &mut self,
        from: SessionId,
        call: Call,
        out: &mut Outbox,
    ) -> Result<Option<CallKey>, Refusal> {
        let registration = self.resolve(from, &call.procedure)?;
        let Some(caller) = self.sessions.get(from) else {
            return Ok(None);
        };
        let grant = self.authorize(caller, Action::Call, &call.procedure, MatchPolicy::Exact)?;
        Self::validate(
            grant.validation.as_ref(),
            Checked::Call,
            &call.payload,
            call.passthru.as_deref(),
        )?;
        let Some(registration) = registration else {
            self.call_unregistered(from, &call, out)?;
            return Ok(None);
        };
        if grant.disclosure == Disclosure::Never {
            self.is_disclosed(grant.disclosure, call.disclose_me, false)?; // ahead of taking a place at a callee
        }
        let order = Order {
            registration,
            grant,
            received: self.now,
            is_compact: false,
            call,
        };
        self.begin(from, order, out).map(Some)
    }

    /// Gives an allowed call to a callee, or lets it wait for one.
    pub(super) fn begin(
        &mut self,
        from: SessionId,
        order: Order,
        out: &mut Outbox,
    ) -> Result<CallKey, Refusal> {
        if let Some(caller) = self.sessions.get(from) {
            self.check_count(caller, caller.open_calls, Limit::OpenCalls)?;
        }
        let id = order.registration;
        let Some(chosen) = self.dealer.choose_for_new(id, &mut self.ids) else {
            return self.enqueue(from, &order);
        };
        let request = order.call.request;
        let progressive = order.call.receive_progress == Some(true);
        let validation = order.grant.validation.clone();
        let (invoked, timeout) = self.invoke(from, order, chosen, out)?;
        let mut call = CallInFlight::new(from, request, Stage::Invoked(invoked));
        call.progressive = progressive;
        call.validation = validation;
        call.limit(timeout, self.now);
        Ok(self.calls.begin(call, &mut self.sessions))
    }

    /// Finds the registration that serves a procedure; the URI is checked if it is not one that was registered.
    fn resolve(
        &self,
        from: SessionId,
        procedure: &Text,
    ) -> Result<Option<RegistrationId>, Refusal> {
        let exact = self.dealer.exact(procedure.as_bytes());
        if exact.is_some() {
            return Ok(exact);
        }
        self.check_uri(from, procedure)?;
        Ok(self.dealer.pattern(procedure.as_bytes()))
    }

    /// Answers a call that no registration serves.
    fn call_unregistered(
        &mut self,
        from: SessionId,
        call: &Call,
        out: &mut Outbox,
    ) -> Result<(), Refusal> {
        let Some(procedure) = self.own_procedure(&call.procedure) else {
            let text = format!("no callee registered for procedure <{}>", call.procedure);
            return Err(Refusal::new(uris::NO_SUCH_PROCEDURE, text));
        };
        if call.progress == Some(true) {
            let text = "the realm's own procedures do not support progressive call invocations";
            return Err(Refusal::new(uris::FEATURE_NOT_SUPPORTED, text));
        }
        self.call_own(procedure, from, call, out)
    }
}
