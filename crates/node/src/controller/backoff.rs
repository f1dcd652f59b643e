use std::time::Duration;

/// How long to wait before a worker that died is started again.
#[derive(Debug)]
pub(crate) struct Backoff {
    next: Duration,
}

impl Backoff {
    pub(crate) const fn new() -> Self {
        Self { next: FIRST }
    }

    /// Gives the wait after the worker ran for this long: doubled each time, the first again after a good run.
    pub(crate) fn wait(&mut self, ran: Duration) -> Duration {
        if ran >= RAN_WELL {
            self.next = FIRST;
        }
        let wait = self.next;
        self.next = (wait * 2).min(LONGEST);
        wait
    }
}

const FIRST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(30);
/// A worker that ran for so long did not die of its start.
const RAN_WELL: Duration = Duration::from_secs(30);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_a_bound_and_start_again_after_a_good_run() {
        let mut backoff = Backoff::new();
        let short = Duration::from_millis(5);
        let waits: Vec<u128> = (0..11).map(|_| backoff.wait(short).as_millis()).collect();
        assert_eq!(
            waits,
            [
                100, 200, 400, 800, 1600, 3200, 6400, 12800, 25600, 30000, 30000
            ]
        );
        assert_eq!(backoff.wait(RAN_WELL), FIRST);
        assert_eq!(backoff.wait(short), FIRST * 2);
    }
}
