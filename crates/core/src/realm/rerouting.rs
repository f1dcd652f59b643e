//! Calls that their callee cannot take (WAMP spec, "Call Re-Routing").

use crossbar_wire::Features;

use super::Realm;
use crate::calls::{CallKey, Kept, Rerouting};
use crate::refusal::Refusal;
use crate::{Outbox, uris};

impl Realm {
    /// Gives a call whose callee is unavailable to the next one that is free, or tells the caller that there is none. Says
    /// whether it did: the error of a callee that did not announce re-routing is the caller's business, and so are those of
    /// a call that was cancelled, has had a result or has its arguments step by step.
    pub(super) fn reroute(&mut self, key: CallKey, out: &mut Outbox) -> bool {
        let Some(call) = self.calls.get(key) else {
            return false;
        };
        let Some(invoked) = call.invoked() else {
            return false;
        };
        let callee = invoked.callee;
        let announced = self
            .sessions
            .get(callee)
            .is_some_and(|session| session.callee_supports(Features::CALL_REROUTE));
        if !announced || call.killed || call.answered {
            return false;
        }
        if let Some(Kept::Stream(_)) = invoked.kept.as_deref() {
            return false;
        }
        match self.calls.take_rerouting(key) {
            Some(mut rerouting) => {
                rerouting.tried.insert(callee);
                self.pass_on(key, rerouting, out);
            }
            None => self.give_up_call(key, out),
        }
        true
    }

    fn pass_on(&mut self, key: CallKey, rerouting: Rerouting, out: &mut Outbox) {
        let Rerouting { order, tried } = rerouting;
        let Some(caller) = self.calls.get(key).map(|call| call.caller) else {
            return;
        };
        let chosen = self
            .dealer
            .choose(order.registration, &tried, &mut self.ids);
        let Some(chosen) = chosen else {
            self.give_up_call(key, out);
            return;
        };
        let received = order.received;
        match self.invoke(caller, order, chosen, out) {
            Ok((mut invoked, timeout)) => {
                if let Some(Kept::Rerouting(kept)) = invoked.kept.as_deref_mut() {
                    kept.tried = tried;
                }
                let limit = (timeout, received);
                let before = self.calls.assign(key, invoked, limit, &mut self.sessions);
                if let Some(stage) = before {
                    self.vacate(&stage);
                }
            }
            Err(refusal) => self.fail(key, refusal, out),
        }
    }

    fn give_up_call(&mut self, key: CallKey, out: &mut Outbox) {
        let text = "no callee is available";
        let refusal = Refusal::new(uris::NO_AVAILABLE_CALLEE, text);
        self.fail(key, refusal, out);
    }
}
