use std::collections::VecDeque;
use std::ops::{ControlFlow, Range};
use std::time::Duration;

use crossbar_wire::PublicationId;

use super::{HistoryQuery, HistoryStore, PastEvent};
use crate::{HistoryRule, Timestamp};

/// A history in memory, which ends with its realm.
#[derive(Debug)]
pub struct MemoryHistory {
    logs: Vec<Log>,
}

/// The events of one rule, oldest first.
#[derive(Debug)]
struct Log {
    max_events: usize,
    max_age: Option<Duration>,
    max_octets: usize,
    events: VecDeque<PastEvent>,
    octets: usize,
}

impl MemoryHistory {
    /// Makes an empty history with the bounds of these rules.
    #[must_use]
    pub fn new(rules: &[HistoryRule]) -> Self {
        let log = |rule: &HistoryRule| Log {
            max_events: rule.max_events.unwrap_or(usize::MAX),
            max_age: rule.max_age,
            max_octets: rule.max_octets.unwrap_or(usize::MAX),
            events: VecDeque::new(),
            octets: 0,
        };
        Self {
            logs: rules.iter().map(log).collect(),
        }
    }
}

impl HistoryStore for MemoryHistory {
    fn append(&mut self, rule: usize, event: PastEvent) {
        if let Some(log) = self.logs.get_mut(rule) {
            log.append(event);
        }
    }

    fn query(
        &mut self,
        rule: usize,
        query: &HistoryQuery,
        now: Timestamp,
        visit: &mut dyn FnMut(&PastEvent) -> ControlFlow<()>,
    ) {
        let Some(log) = self.logs.get_mut(rule) else {
            return;
        };
        log.forget_old(now);
        let Some(range) = log.range(query) else {
            return;
        };
        let admitted = log.events.range(range).filter(|past| query.admits(past));
        // What `visit` breaks off with says nothing more.
        let _: ControlFlow<()> = if query.reverse {
            admitted.rev().try_for_each(visit)
        } else {
            let mut admitted = admitted;
            admitted.try_for_each(visit)
        };
    }
}

impl Log {
    fn append(&mut self, event: PastEvent) {
        self.forget_old(event.time);
        let octets = event.event.octets();
        if octets > self.max_octets || self.max_events == 0 {
            return;
        }
        self.octets += octets;
        self.events.push_back(event);
        while self.events.len() > self.max_events || self.octets > self.max_octets {
            self.forget_first();
        }
    }

    /// Forgets what is too old, from the oldest on, up to the first event that is not.
    fn forget_old(&mut self, now: Timestamp) {
        let Some(max_age) = self.max_age else {
            return;
        };
        while let Some(first) = self.events.front()
            && now.since(first.time) > max_age
        {
            self.forget_first();
        }
    }

    fn forget_first(&mut self) {
        if let Some(first) = self.events.pop_front() {
            self.octets -= first.event.octets();
        }
    }

    /// Gives the places that lie between the publications of a query; none if one of them is not there.
    fn range(&self, query: &HistoryQuery) -> Option<Range<usize>> {
        let place = |publication: Option<PublicationId>, open: usize, behind: usize| {
            let Some(publication) = publication else {
                return Some(open);
            };
            let mut events = self.events.iter();
            let place = events.position(|past| past.event.publication == publication)?;
            Some(place + behind)
        };
        let end = self.events.len();
        let from = place(query.from_publication, 0, 0)?;
        let after = place(query.after_publication, 0, 1)?;
        let before = place(query.before_publication, end, 0)?;
        let until = place(query.until_publication, end, 1)?;
        let (begin, end) = (from.max(after), before.min(until));
        (begin < end).then_some(begin..end)
    }
}
