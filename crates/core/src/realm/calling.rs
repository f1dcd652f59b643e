use std::time::Duration;

use crossbar_wire::{
    Call, CallResult, Error, Features, Identity, Invocation, MatchPolicy, Message, RegistrationId,
    RequestId, Role, SessionId, Text, Yield,
};

use super::passthru::admit_passthru;
use super::{Realm, send};
use crate::calls::{Call as CallInFlight, CallKey, Place};
use crate::dealer::{Endpoint, Registration};
use crate::refusal::{Refusal, RequestType};
use crate::role::Action;
use crate::session::{Session, identity};
use crate::{Disclosure, Outbox, uris};

impl Realm {
    pub(super) fn call(&mut self, from: SessionId, call: Call, out: &mut Outbox) {
        if call.progress == Some(true) {
            let text = "CALL with \"progress\", which the dealer did not announce";
            self.violate(from, text, out);
            return;
        }
        if !self.may_pass(from, Role::Caller, call.passthru.as_deref(), out) {
            return;
        }
        let request = call.request;
        if let Err(refusal) = self.try_call(from, call, out) {
            send(out, from, refusal.answer(RequestType::Call, request));
        }
    }

    fn try_call(&mut self, from: SessionId, call: Call, out: &mut Outbox) -> Result<(), Refusal> {
        let registration = self.resolve(&call.procedure)?;
        let Some(caller) = self.sessions.get(from) else {
            return Ok(());
        };
        let grant = self.authorize(caller, Action::Call, &call.procedure, MatchPolicy::Exact)?;
        let Some(id) = registration else {
            if let Some(procedure) = self.own_procedure(&call.procedure) {
                return self.call_own(procedure, from, &call, out);
            }
            let text = format!("no callee registered for procedure <{}>", call.procedure);
            return Err(Refusal::new(uris::NO_SUCH_PROCEDURE, text));
        };
        if grant.disclosure == Disclosure::Never {
            self.is_disclosed(grant.disclosure, call.disclose_me, false)?; // ahead of taking a place at a callee
        }
        let Some((endpoint, place)) = self.dealer.choose(id, &mut self.ids) else {
            let text = format!("every callee of procedure <{}> is busy", call.procedure);
            return Err(Refusal::new(uris::MAX_CONCURRENCY_REACHED, text));
        };
        let passthru = call.passthru.as_deref();
        if let Err(refusal) = self.check_receiver(endpoint.callee, Role::Callee, passthru) {
            self.give_back(place);
            return Err(refusal);
        }
        let disclosed =
            self.is_disclosed(grant.disclosure, call.disclose_me, endpoint.disclose_caller)?;
        let Some(callee) = self.sessions.get_mut(endpoint.callee) else {
            return Ok(()); // sessions and registrations go together
        };
        let request = (from, call.request);
        let mut flight = CallInFlight::new(request, (endpoint.callee, callee.next_invocation()));
        flight.place = place;
        flight.progressive = call.receive_progress == Some(true);
        let mut wish = self.wish(&call, &endpoint, disclosed);
        wish.trustlevel = grant.trustlevel;
        flight.timeout = wish.timeout;
        let invocation = self.invocation(&flight, id, call, &wish);
        self.calls.begin(flight, self.now, &mut self.sessions);
        send(out, endpoint.callee, Message::Invocation(invocation));
        Ok(())
    }

    /// Finds the registration that serves a procedure; the URI is checked if it is not one that was registered.
    fn resolve(&self, procedure: &Text) -> Result<Option<RegistrationId>, Refusal> {
        let exact = self.dealer.exact(procedure.as_bytes());
        if exact.is_some() {
            return Ok(exact);
        }
        self.check_uri(procedure)?;
        Ok(self.dealer.pattern(procedure.as_bytes()))
    }

    /// Settles which of the caller's options the callee is told, and which the dealer sees to.
    fn wish(&self, call: &Call, endpoint: &Endpoint, disclosed: bool) -> Wish {
        let compat = self.options.compat_crossbar;
        let callee = self.sessions.get(endpoint.callee);
        let supports =
            |features| callee.is_some_and(|callee: &Session| callee.callee_supports(features));
        let timeout = call.timeout.filter(|&timeout| timeout > 0);
        let forward =
            timeout.is_some() && endpoint.forward_timeout && supports(Features::CALL_TIMEOUT);
        let own = timeout.filter(|_| !forward).map(|timeout| {
            if compat {
                Duration::from_secs(timeout) // compat: the unit is the second
            } else {
                Duration::from_millis(timeout)
            }
        });
        Wish {
            disclosed,
            timeout: own,
            forwarded_timeout: timeout.filter(|_| forward || compat), // compat: always forwarded
            // compat: forwarded whatever the callee announced
            receive_progress: call.receive_progress == Some(true)
                && (compat || supports(PROGRESSIVE)),
            trustlevel: None,
        }
    }

    fn invocation(
        &self,
        flight: &CallInFlight,
        registration: RegistrationId,
        call: Call,
        wish: &Wish,
    ) -> Invocation {
        let caller = self.sessions.get(flight.caller);
        let policy = self.dealer.get(registration).map(Registration::policy);
        let identity = match call.caller {
            // A link speaks for a caller elsewhere.
            Some(identity) if caller.is_some_and(|caller| caller.trusted) => Some(identity),
            Some(_) | None if wish.disclosed => self.identify(flight.caller),
            Some(_) | None => None,
        };
        Invocation {
            request: flight.invocation,
            registration,
            receive_progress: wish.receive_progress.then_some(true),
            progress: None,
            timeout: wish.forwarded_timeout,
            caller: identity,
            procedure: (policy != Some(MatchPolicy::Exact)).then_some(call.procedure),
            trustlevel: wish.trustlevel,
            passthru: caller.and_then(|caller| admit_passthru(call.passthru, caller)),
            payload: call.payload,
        }
    }

    pub(super) fn take_yield(&mut self, from: SessionId, result: Yield, out: &mut Outbox) {
        if !self.may_pass(from, Role::Callee, result.passthru.as_deref(), out) {
            return;
        }
        let Some(key) = self.answered(from, result.request, out) else {
            return;
        };
        let progress = result.progress == Some(true);
        let Some(call) = self.calls.get(key) else {
            return;
        };
        let (caller, request) = (call.caller, call.request);
        if progress && !call.progressive {
            return; // the caller did not ask for it
        }
        if let Err(refusal) = self.check_receiver(caller, Role::Caller, result.passthru.as_deref())
        {
            self.refuse_answer(key, refusal, out);
            return;
        }
        if progress {
            self.calls.restart(key, self.now);
        } else {
            self.end_call(key);
        }
        let Some(callee) = self.sessions.get(from) else {
            return;
        };
        let message = CallResult {
            request,
            progress: progress.then_some(true),
            callee: self.disclose_callee(from),
            passthru: admit_passthru(result.passthru, callee),
            payload: result.payload,
        };
        send(out, caller, Message::Result(message));
    }

    pub(super) fn take_error(&mut self, from: SessionId, error: Error, out: &mut Outbox) {
        if error.request_type != RequestType::Invocation.code() {
            self.violate(from, "ERROR for something else than an INVOCATION", out);
            return;
        }
        if !self.may_pass(from, Role::Callee, error.passthru.as_deref(), out) {
            return;
        }
        let Some(key) = self.answered(from, error.request, out) else {
            return;
        };
        let Some(caller) = self.calls.get(key).map(|call| call.caller) else {
            return;
        };
        if let Err(refusal) = self.check_receiver(caller, Role::Caller, error.passthru.as_deref()) {
            self.refuse_answer(key, refusal, out);
            return;
        }
        let Some(call) = self.end_call(key) else {
            return;
        };
        let Some(callee) = self.sessions.get(from) else {
            return;
        };
        let message = Error {
            request_type: RequestType::Call.code(),
            request: call.request,
            passthru: admit_passthru(error.passthru, callee),
            callee: None,
            error: error.error,
            payload: error.payload,
        };
        send(out, call.caller, Message::Error(message));
    }

    /// Finds the call that an answer belongs to. The answer to an invocation that is over is late, and dropped; one to an
    /// invocation that the session was never given is a violation.
    fn answered(
        &mut self,
        from: SessionId,
        invocation: RequestId,
        out: &mut Outbox,
    ) -> Option<CallKey> {
        let session = self.sessions.get(from)?;
        let key = session.invocations.get(&invocation).copied();
        if key.is_none() && !session.was_invoked(invocation) {
            let text = format!("answer to the invocation {invocation}, which was never made");
            self.violate(from, &text, out);
        }
        key
    }

    /// Takes a call out of all tables and gives the callee's place back.
    pub(super) fn end_call(&mut self, key: CallKey) -> Option<CallInFlight> {
        let call = self.calls.end(key, &mut self.sessions)?;
        self.give_back(call.place);
        Some(call)
    }

    fn give_back(&mut self, place: Option<Place>) {
        if let Some(place) = place {
            self.dealer.release(place);
        }
    }

    // compat: the callee is disclosed with every result, though not with an error
    fn disclose_callee(&self, callee: SessionId) -> Option<Box<Identity>> {
        if self.options.compat_crossbar {
            self.identify(callee)
        } else {
            None
        }
    }

    fn identify(&self, id: SessionId) -> Option<Box<Identity>> {
        let session = self.sessions.get(id)?;
        Some(identity(id, session, self.roles.name(session.role)))
    }
}

/// What becomes of a caller's options.
struct Wish {
    /// Whether the callee is told who calls.
    disclosed: bool,
    /// The time limit that the dealer watches.
    timeout: Option<Duration>,
    /// The time limit that the callee is told.
    forwarded_timeout: Option<u64>,
    receive_progress: bool,
    trustlevel: Option<u32>,
}

/// What a callee must have announced to be asked for progress. The specification also asks for `call_canceling`, which
/// AutobahnJS does not announce although it yields progress.
const PROGRESSIVE: Features = Features::PROGRESSIVE_CALL_RESULTS;
