//! Counts what sessions send and receive, where a realm is to tell it.

use std::time::Instant;

use crossbar_core::{Join, SessionTraffic, StatisticsRule, Traffic};
use crossbar_wire::Format;

/// Counts the messages of one session. It is read and written under the lock of the session's realm.
#[derive(Debug)]
pub(crate) struct Meter {
    rule: StatisticsRule,
    traffic: SessionTraffic,
}

impl Meter {
    /// Begins to count for a session that joins.
    pub(crate) fn new(rule: StatisticsRule, join: &Join, format: Format, now: Instant) -> Self {
        Self {
            rule,
            traffic: SessionTraffic {
                session: join.session,
                authid: join.principal.authid.compact(),
                authrole: join.principal.authrole.compact(),
                format,
                cycle: 1,
                since: now,
                received: Traffic::default(),
                sent: Traffic::default(),
                first: true,
                last: false,
            },
        }
    }

    /// Counts a message to the client.
    pub(crate) fn sent(&mut self, octets: usize) {
        self.traffic
            .sent
            .count(octets, self.rule.rated_message_size);
    }

    /// Counts a message of the client.
    pub(crate) fn received(&mut self, octets: usize) {
        let rated = self.rule.rated_message_size;
        self.traffic.received.count(octets, rated);
    }

    /// Ends the cycle if it is over; gives what was counted in it.
    pub(crate) fn turn(&mut self, now: Instant) -> Option<SessionTraffic> {
        let rated = self.traffic.sent.rated_messages + self.traffic.received.rated_messages;
        let time = now.saturating_duration_since(self.traffic.since);
        let over = self
            .rule
            .after_rated_messages
            .is_some_and(|most| rated >= most)
            || self.rule.after_duration.is_some_and(|most| time >= most);
        over.then(|| self.end_cycle(now))
    }

    /// Gives what was counted so far, if it is told of a session that has just joined.
    pub(crate) fn begin(&mut self, now: Instant) -> Option<SessionTraffic> {
        self.rule.on_join.then(|| self.end_cycle(now))
    }

    /// Gives what was counted in the last cycle, if it is told of a session that ends.
    pub(crate) fn end(mut self, now: Instant) -> Option<SessionTraffic> {
        let on_leave = self.rule.on_leave;
        self.traffic.last = true;
        on_leave.then(|| self.end_cycle(now))
    }

    fn end_cycle(&mut self, now: Instant) -> SessionTraffic {
        let traffic = self.traffic.clone();
        self.traffic.cycle += 1;
        self.traffic.since = now;
        self.traffic.received = Traffic::default();
        self.traffic.sent = Traffic::default();
        self.traffic.first = false;
        traffic
    }
}
