use super::{Authorizing, realm_itself};
use crate::calls::Calls;
use crate::session::Sessions;

impl Authorizing {
    /// Names each question that its session or its call does not know, and each session that waits for none.
    pub(in crate::realm) fn audit(
        &self,
        sessions: &Sessions,
        calls: &Calls,
        found: &mut Vec<String>,
    ) {
        for (&id, question) in &self.asked {
            let session = sessions.open(question.session);
            let parking = session.and_then(|it| it.parking.as_deref());
            if parking.and_then(|parking| parking.asked) != Some(id) {
                found.push(format!("nothing waits for the question {id}"));
            }
            let call = question.call.and_then(|key| calls.get(key));
            if call.is_none_or(|call| (call.caller, call.request) != (realm_itself(), id)) {
                found.push(format!("the question {id} has no call"));
            }
            if !self.deadlines.contains(&(question.deadline, id)) {
                found.push(format!("the question {id} has no time limit"));
            }
        }
        if self.deadlines.len() != self.asked.len() {
            let (limits, count) = (self.deadlines.len(), self.asked.len());
            found.push(format!("{limits} time limits for {count} questions"));
        }
        let parked = sessions.iter().filter_map(|(_, it)| it.parking.as_deref());
        let mut waiting = 0;
        for parking in parked {
            parking.audit(found);
            waiting += usize::from(parking.asked.is_some());
        }
        if waiting != self.asked.len() || !self.is_settled() || self.wanted.is_some() {
            found.push(format!(
                "{waiting} sessions wait for {} questions",
                self.asked.len()
            ));
        }
    }
}
