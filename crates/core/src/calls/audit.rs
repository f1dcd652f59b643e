use crossbar_wire::MAX_ID;

use super::{Call, CallKey, Calls, Stage};
use crate::dealer::Dealer;
use crate::session::Sessions;

impl Calls {
    /// Gives the calls in flight.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (CallKey, &Call)> {
        let slots = self.slots.iter().enumerate();
        slots.filter_map(|(slot, call)| Some((CallKey(slot), call.as_ref()?)))
    }

    /// Names each call that its caller, its callee or its queue does not know of, and counts that are off.
    pub(crate) fn audit(&self, sessions: &Sessions, dealer: &Dealer, found: &mut Vec<String>) {
        let (mut octets, mut limits) = (0, 0);
        for (key, call) in self.iter() {
            octets += call.octets();
            limits += usize::from(call.deadline.is_some());
            if !self.is_known_to_caller(key, call, sessions) {
                found.push(format!("{} does not know of its call {key:?}", call.caller));
            }
            let known = match &call.stage {
                Stage::Invoked(invoked) => sessions
                    .get(invoked.callee)
                    .is_some_and(|it| it.invocations.get(&invoked.invocation) == Some(&key)),
                Stage::Queued(queued) => {
                    dealer.has_waiting(queued.order.registration, queued.ticket)
                }
            };
            if !known {
                found.push(format!("nobody works on the call {key:?}"));
            }
            let timed = |deadline| self.deadlines.contains(&(deadline, key));
            if !call.deadline.is_none_or(timed) {
                found.push(format!("nothing ends the call {key:?} in time"));
            }
        }
        if (octets, limits) != (self.kept, self.deadlines.len()) {
            let counted = (self.kept, self.deadlines.len());
            found.push(format!("counted {counted:?}, found {:?}", (octets, limits)));
        }
        let empty = self.slots.iter().filter(|slot| slot.is_none()).count();
        if empty != self.free.len() {
            found.push(format!("{} of {empty} slots are free", self.free.len()));
        }
    }

    /// Looks for a call among those of its caller with its request id.
    fn is_known_to_caller(&self, key: CallKey, call: &Call, sessions: &Sessions) -> bool {
        if call.caller.value() == MAX_ID {
            return true; // the realm itself
        }
        let caller = sessions.get(call.caller);
        let mut next = caller.and_then(|caller| caller.calls.get(&call.request).copied());
        while let Some(at) = next {
            if at == key {
                return true;
            }
            next = self.get(at).and_then(Call::older);
        }
        false
    }
}
