//! How often clients of one address have failed to prove who they are.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::Duration;

use foldhash::fast::RandomState;
use parking_lot::Mutex;
use tokio::time::Instant;

use crate::places::neighbourhood;

/// The failures of the last while, by address.
///
/// Only the answers to failures are held up: whoever shares an address with an attacker, and knows its secret, joins at once.
#[derive(Debug, Default)]
pub(crate) struct Failures(Mutex<Table>);

#[derive(Debug, Default)]
struct Table {
    records: HashMap<IpAddr, Record, RandomState>,
    /// When those that are over were looked for last, as there was no room.
    swept: Option<Instant>,
}

#[derive(Clone, Copy, Debug)]
struct Record {
    count: u32,
    last: Instant,
}

/// How long an address must have been without failures to be forgotten.
const WHILE: Duration = Duration::from_secs(60);
/// How many failures of an address are answered at once.
const FREE: u32 = 10;
/// By how much the answer to each further one is held up longer.
const STEP: Duration = Duration::from_millis(200);
/// How long an answer is held up at most.
const LONGEST: Duration = Duration::from_secs(3);
/// How often those that are over are looked for at most.
const SWEEP: Duration = Duration::from_secs(1);
/// How many addresses are remembered; failures of others are answered at once.
const MOST: usize = 10_000;

impl Failures {
    /// Takes note of a failure. Gives how long its answer is held up.
    pub(crate) fn note(&self, address: IpAddr) -> Duration {
        let address = neighbourhood(address);
        let now = Instant::now();
        let mut table = self.0.lock();
        if !table.has_room(address, now) {
            return Duration::ZERO;
        }
        let record = table.records.entry(address).or_insert(Record {
            count: 0,
            last: now,
        });
        if now - record.last >= WHILE {
            record.count = 0;
        }
        record.count = record.count.saturating_add(1);
        record.last = now;
        STEP.saturating_mul(record.count.saturating_sub(FREE))
            .min(LONGEST)
    }
}

impl Table {
    /// Says whether an address can be remembered; forgets those that are over, once in a while, if there is no room.
    fn has_room(&mut self, address: IpAddr, now: Instant) -> bool {
        if self.records.len() < MOST || self.records.contains_key(&address) {
            return true;
        }
        if self.swept.is_none_or(|swept| now - swept >= SWEEP) {
            self.swept = Some(now);
            self.records.retain(|_, record| now - record.last < WHILE);
        }
        self.records.len() < MOST
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn many_failures_of_one_address_are_answered_late() {
        let failures = Failures::default();
        let address = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
        for _ in 0..FREE {
            assert_eq!(failures.note(address), Duration::ZERO);
        }
        assert_eq!(failures.note(address), STEP);
        assert_eq!(failures.note(address), STEP * 2);
        for _ in 0..100 {
            failures.note(address);
        }
        assert_eq!(failures.note(address), LONGEST);
        let other = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 2));
        assert_eq!(failures.note(other), Duration::ZERO);
        tokio::time::advance(WHILE).await;
        assert_eq!(failures.note(address), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn no_more_addresses_than_so_many_are_remembered() {
        let failures = Failures::default();
        for number in 0..u32::try_from(2 * MOST).unwrap() {
            failures.note(IpAddr::V4(Ipv4Addr::from(number)));
        }
        assert_eq!(failures.0.lock().records.len(), MOST);
        tokio::time::advance(WHILE).await;
        failures.note(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)));
        assert_eq!(failures.0.lock().records.len(), 1);
    }
}
