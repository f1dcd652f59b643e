use crossbar_wire::{MatchPolicy, SessionId};

use super::{Phase, Session, Sessions};
use crate::broker::Broker;
use crate::calls::Calls;
use crate::dealer::Dealer;

impl Sessions {
    /// Names each entry of a session that the other tables do not know.
    pub(crate) fn audit(
        &self,
        broker: &Broker,
        dealer: &Dealer,
        calls: &Calls,
        found: &mut Vec<String>,
    ) {
        let mut limits = 0;
        let mut expiries = 0;
        for (id, session) in self.iter() {
            session.audit_memberships(id, broker, dealer, found);
            session.audit_calls(id, calls, found);
            if let Some(expires) = session.details.expires {
                expiries += 1;
                if !self.expiries.contains(&(expires, id)) {
                    found.push(format!("nothing ends session {id}, which expires"));
                }
            }
            if let Phase::Closing { until: Some(until) } = session.phase {
                limits += 1;
                if !self.limits.contains(&(until, id)) {
                    found.push(format!("nothing ends session {id}, which is closing"));
                }
            }
        }
        if expiries != self.expiries.len() {
            found.push(format!(
                "{} expiries for {expiries} sessions",
                self.expiries.len()
            ));
        }
        if limits != self.limits.len() {
            found.push(format!(
                "{} limits for {limits} sessions",
                self.limits.len()
            ));
        }
    }
}

impl Session {
    fn audit_memberships(
        &self,
        id: SessionId,
        broker: &Broker,
        dealer: &Dealer,
        found: &mut Vec<String>,
    ) {
        for &subscription in &self.subscriptions {
            if !broker.get(subscription).is_some_and(|it| it.contains(id)) {
                found.push(format!("session {id} is no subscriber of {subscription}"));
            }
        }
        for &registration in &self.registrations {
            let known = dealer.get(registration);
            if !known.is_some_and(|it| it.callees().any(|callee| callee == id)) {
                found.push(format!("session {id} is no callee of {registration}"));
            }
        }
        let topics = self.subscriptions.iter().filter_map(|&id| broker.get(id));
        let topics = topics.map(|it| it.topic().policy());
        let procedures = self.registrations.iter().filter_map(|&id| dealer.get(id));
        let policies = topics.chain(procedures.map(|it| it.procedure().policy()));
        let wildcards = policies.filter(|&it| it == MatchPolicy::Wildcard).count();
        if Ok(self.wildcards) != u32::try_from(wildcards) {
            found.push(format!(
                "session {id} has {wildcards} wildcards, and {} count",
                self.wildcards
            ));
        }
        let count = self.subscriptions.len() + self.registrations.len();
        let count = count + self.calls.len() + self.invocations.len();
        if !self.is_open() && count > 0 {
            found.push(format!("session {id} is closing and has {count} entries"));
        }
    }

    fn audit_calls(&self, id: SessionId, calls: &Calls, found: &mut Vec<String>) {
        for (&request, &key) in &self.calls {
            let call = calls.get(key);
            if call.is_none_or(|call| (call.caller, call.request) != (id, request)) {
                found.push(format!("session {id} does not wait for its call {request}"));
            }
        }
        for (&invocation, &key) in &self.invocations {
            let invoked = calls.get(key).and_then(|call| call.invoked());
            if invoked.is_none_or(|it| (it.callee, it.invocation) != (id, invocation)) {
                found.push(format!("session {id} does not work on {invocation}"));
            }
        }
    }
}
