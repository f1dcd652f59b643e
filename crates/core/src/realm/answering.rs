//! What a callee answers.

use crossbar_wire::{
    CallResult, CancelMode, Error, Identity, Message, RequestId, Role, SessionId, Yield,
};

use super::authorizing::{Answer, realm_itself};
use super::passthru::admit_passthru;
use super::{Realm, send};
use crate::calls::{Call, CallKey, Place, Stage};
use crate::refusal::RequestType;
use crate::validation::Checked;
use crate::{Outbox, uris};

impl Realm {
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
        let what = if progress {
            Checked::ResultProgress
        } else {
            Checked::Result
        };
        let passthru = result.passthru.as_deref();
        let fits = Self::validate(call.validation.as_ref(), what, &result.payload, passthru);
        if let Err(refusal) = self.check_receiver(caller, Role::Caller, result.passthru.as_deref())
        {
            self.refuse_answer(key, refusal, out);
            return;
        }
        if let Err(refusal) = fits {
            if progress {
                self.interrupt(key, CancelMode::KillNoWait, out);
            }
            self.fail_unfit(from, key, refusal, out);
            return;
        }
        if progress {
            self.calls.progressed(key, self.now);
        } else {
            self.end_call(key);
        }
        let Some(callee) = self.sessions.get(from) else {
            return;
        };
        if caller == realm_itself() {
            let answer = Answer::Given(result.payload.compact());
            self.authorizing.answer(request, answer);
            return;
        }
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
        if error.error == uris::UNAVAILABLE && self.reroute(key, out) {
            return;
        }
        let Some(call) = self.calls.get(key) else {
            return;
        };
        let passthru = error.passthru.as_deref();
        let validation = call.validation.as_ref().filter(|_| !call.killed);
        let fits = Self::validate(validation, Checked::Error, &error.payload, passthru);
        if let Err(refusal) = self.check_receiver(call.caller, Role::Caller, passthru) {
            self.refuse_answer(key, refusal, out);
            return;
        }
        if let Err(refusal) = fits {
            self.fail_unfit(from, key, refusal, out);
            return;
        }
        let Some(call) = self.end_call(key) else {
            return;
        };
        let Some(callee) = self.sessions.get(from) else {
            return;
        };
        if call.caller == realm_itself() {
            let answer = Answer::Error(error.error.compact(), error.payload.compact());
            self.authorizing.answer(call.request, answer);
            return;
        }
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

    /// Takes a call out of all tables and gives the place that it took back.
    pub(super) fn end_call(&mut self, key: CallKey) -> Option<Call> {
        let call = self.calls.end(key, &mut self.sessions)?;
        self.vacate(&call.stage);
        Some(call)
    }

    /// Gives back what a call took at its callee or in a queue.
    pub(super) fn vacate(&mut self, stage: &Stage) {
        match stage {
            Stage::Invoked(invoked) => self.give_back(invoked.place),
            Stage::Queued(queued) => {
                let registration = queued.order.registration;
                self.dealer.unqueue(registration, queued.ticket);
            }
        }
    }

    pub(super) fn give_back(&mut self, place: Option<Place>) {
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
}
