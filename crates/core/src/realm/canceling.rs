//! The ends of calls that no answer ends.

use crossbar_wire::{Cancel, CancelMode, Features, Interrupt, Message, SessionId};

use super::authorizing::{Answer, realm_itself};
use super::{Realm, send};
use crate::calls::{CallKey, Kept};
use crate::refusal::{Refusal, RequestType};
use crate::{Outbox, uris};

impl Realm {
    /// Takes a CANCEL (WAMP spec, "Call Canceling"). One for a call that is over crossed the answer, and is ignored.
    pub(super) fn cancel(&mut self, from: SessionId, cancel: &Cancel, out: &mut Outbox) {
        let session = self.sessions.get(from);
        let call = session.and_then(|session| session.calls.get(&cancel.request));
        let Some(&key) = call else { return };
        match self.mode(key, cancel.mode) {
            CancelMode::Kill => {
                self.interrupt(key, CancelMode::Kill, out);
                self.calls.change(key, |call| call.killed = true);
                return;
            }
            CancelMode::KillNoWait => self.interrupt(key, CancelMode::KillNoWait, out),
            CancelMode::Skip => {}
        }
        let refusal = Refusal::new(uris::CANCELED, "the call was canceled by the caller");
        self.fail(key, refusal, out);
    }

    /// Settles how a call is cancelled.
    fn mode(&self, key: CallKey, wanted: Option<CancelMode>) -> CancelMode {
        if !self.can_interrupt(key) {
            return CancelMode::Skip;
        }
        match wanted {
            Some(CancelMode::Kill) => CancelMode::Kill,
            // A callee that is not told would wait for the rest of the arguments for ever.
            Some(CancelMode::Skip) if !self.is_open_stream(key) => CancelMode::Skip,
            Some(CancelMode::Skip | CancelMode::KillNoWait) | None => CancelMode::KillNoWait,
        }
    }

    /// Ends a call whose time is over.
    pub(super) fn time_out(&mut self, key: CallKey, out: &mut Outbox) {
        self.interrupt(key, CancelMode::KillNoWait, out);
        self.fail(key, Refusal::new(uris::TIMEOUT, "timeout reached"), out);
    }

    /// Ends a call with an error for its caller.
    pub(super) fn fail(&mut self, key: CallKey, refusal: Refusal, out: &mut Outbox) {
        let Some(call) = self.end_call(key) else {
            return;
        };
        if call.caller == realm_itself() {
            let (error, payload) = refusal.into_error();
            self.authorizing
                .answer(call.request, Answer::Error(error, payload));
        } else if self.sessions.open(call.caller).is_some() {
            let answer = refusal.answer(RequestType::Call, call.request);
            send(out, call.caller, answer);
        }
    }

    /// Tells a callee to stop, if there is one that can be told and was not yet.
    pub(super) fn interrupt(&self, key: CallKey, mode: CancelMode, out: &mut Outbox) {
        if let Some(call) = self.calls.get(key)
            && !call.killed
            && self.can_interrupt(key)
            && let Some(invoked) = call.invoked()
        {
            let interrupt = Interrupt {
                request: invoked.invocation,
                mode: Some(mode),
                reason: None,
            };
            send(out, invoked.callee, Message::Interrupt(interrupt));
        }
    }

    fn can_interrupt(&self, key: CallKey) -> bool {
        self.calls
            .get(key)
            .and_then(|call| self.sessions.open(call.invoked()?.callee))
            .is_some_and(|callee| callee.callee_supports(Features::CALL_CANCELING))
    }

    fn is_open_stream(&self, key: CallKey) -> bool {
        let invoked = self.calls.get(key).and_then(|call| call.invoked());
        match invoked.and_then(|invoked| invoked.kept.as_deref()) {
            Some(Kept::Stream(stream)) => stream.open,
            Some(Kept::Rerouting(_)) | None => false,
        }
    }
}
