//! How often clients of one address have failed to prove who they are.

use std::collections::{BTreeSet, HashMap};
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
    /// The addresses by their last failures, oldest first.
    order: BTreeSet<(Instant, IpAddr)>,
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
/// How many addresses are remembered: then those without a failure for longest are forgotten.
const MOST: usize = 10_000;

impl Failures {
    /// Takes note of a failure. Gives how long its answer is held up.
    pub(crate) fn note(&self, address: IpAddr) -> Duration {
        let address = neighbourhood(address);
        let now = Instant::now();
        let mut table = self.0.lock();
        let count = table.forget(address, now).saturating_add(1);
        table.records.insert(address, Record { count, last: now });
        table.order.insert((now, address));
        STEP.saturating_mul(count.saturating_sub(FREE)).min(LONGEST)
    }
}

impl Table {
    /// Makes room for what is to be remembered of an address: takes its record out, and those that are over. Gives how many
    /// failures there were.
    fn forget(&mut self, address: IpAddr, now: Instant) -> u32 {
        let record = self.records.remove(&address);
        if let Some(record) = record {
            self.order.remove(&(record.last, address));
        }
        while let Some(&(last, oldest)) = self.order.first()
            && (now - last >= WHILE || self.records.len() >= MOST)
        {
            self.order.pop_first();
            self.records.remove(&oldest);
        }
        record
            .filter(|record| now - record.last < WHILE)
            .map_or(0, |record| record.count)
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
        let guesser = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
        for number in 0..u32::try_from(2 * MOST).unwrap() {
            failures.note(IpAddr::V4(Ipv4Addr::from(number)));
            tokio::time::advance(Duration::from_micros(1)).await;
        }
        // There is room for those that come later.
        for _ in 0..FREE {
            assert_eq!(failures.note(guesser), Duration::ZERO);
        }
        assert_eq!(failures.note(guesser), STEP);
        let remembered = || {
            let table = failures.0.lock();
            (table.records.len(), table.order.len())
        };
        assert_eq!(remembered(), (MOST, MOST));
        tokio::time::advance(WHILE).await;
        failures.note(guesser);
        assert_eq!(remembered(), (1, 1));
    }
}
