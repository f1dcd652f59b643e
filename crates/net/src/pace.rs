//! How fast a client may send.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use crossbar_core::{OverRate, Rate};
use tokio::time::{Instant, Sleep};

/// What one client may still send. There is none where nothing is limited.
///
/// A message is taken as long as anything is left, whatever its length; what it costs beyond is waited for.
#[derive(Debug)]
pub(crate) struct Pace {
    rate: Rate,
    messages: Option<Bucket>,
    octets: Option<Bucket>,
    /// Runs while the client has to wait.
    sleep: Option<Pin<Box<Sleep>>>,
}

/// Fills up steadily, and is emptied by what is sent.
#[derive(Debug)]
struct Bucket {
    /// How much it gains a second.
    rate: u64,
    /// How much it holds.
    size: i128,
    /// What is in it, in billionths; less than nothing if more was sent than there was.
    level: i128,
    filled: Instant,
}

/// Levels count in these, so that no time is lost when they are filled often.
const BILLION: i128 = 1_000_000_000;
/// A client that has to wait does so until it may send for a twentieth of a second, so that it is not woken for each message.
const SHARE: i128 = 20;

impl Pace {
    /// Makes one that is full, if anything is limited.
    pub(crate) fn new(rate: Rate) -> Option<Box<Self>> {
        let burst = rate.burst.unwrap_or(1);
        let bucket = |rate: u64| Bucket::new(rate, burst, Instant::now());
        (!rate.is_unlimited()).then(|| {
            Box::new(Self {
                rate,
                messages: rate.messages.map(bucket),
                octets: rate.octets.map(bucket),
                sleep: None,
            })
        })
    }

    /// Gives what was configured.
    pub(crate) const fn rate(&self) -> Rate {
        self.rate
    }

    /// Takes note of a message. Says whether the client is to be closed for it.
    pub(crate) fn spend(&mut self, octets: usize) -> bool {
        let closes = self.rate.over == OverRate::Close;
        let over = closes && self.is_spent() && !self.refill(Instant::now());
        if let Some(bucket) = &mut self.messages {
            bucket.spend(1);
        }
        if let Some(bucket) = &mut self.octets {
            bucket.spend(octets);
        }
        over
    }

    /// Says whether nothing more is to be read for now.
    pub(crate) fn holds_back(&self) -> bool {
        self.rate.over == OverRate::Wait && self.is_spent()
    }

    /// Says whether nothing more may be sent for now, as of the last look at the clock.
    fn is_spent(&self) -> bool {
        self.buckets().any(Bucket::is_empty)
    }

    /// Looks at the clock. Says whether more may be sent.
    fn refill(&mut self, now: Instant) -> bool {
        for bucket in [&mut self.messages, &mut self.octets].into_iter().flatten() {
            bucket.fill(now);
        }
        !self.is_spent()
    }

    /// Says whether [`Pace::poll_ready`] has been waiting.
    pub(crate) const fn is_waiting(&self) -> bool {
        self.sleep.is_some()
    }

    /// Waits until more may be sent.
    pub(crate) fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<()> {
        loop {
            let Some(sleep) = &mut self.sleep else {
                let now = Instant::now();
                if self.refill(now) {
                    return Poll::Ready(());
                }
                self.sleep = Some(Box::pin(tokio::time::sleep_until(now + self.delay())));
                continue;
            };
            if sleep.as_mut().poll(context).is_pending() {
                return Poll::Pending;
            }
            self.sleep = None;
        }
    }

    /// How long it takes until more may be sent.
    fn delay(&self) -> Duration {
        self.buckets().map(Bucket::delay).max().unwrap_or_default()
    }

    fn buckets(&self) -> impl Iterator<Item = &Bucket> {
        [&self.messages, &self.octets].into_iter().flatten()
    }
}

impl Bucket {
    fn new(rate: u64, burst: u64, now: Instant) -> Self {
        let size = i128::from(rate) * i128::from(burst) * BILLION;
        Self {
            rate,
            size,
            level: size,
            filled: now,
        }
    }

    fn spend(&mut self, count: usize) {
        self.level -= i128::try_from(count).unwrap_or(i128::MAX / BILLION) * BILLION;
    }

    /// Less than one whole is as good as nothing.
    const fn is_empty(&self) -> bool {
        self.level < BILLION
    }

    fn fill(&mut self, now: Instant) {
        let passed = now.saturating_duration_since(self.filled).as_nanos();
        let passed = i128::try_from(passed).unwrap_or(i128::MAX / BILLION);
        self.level = self
            .level
            .saturating_add(passed.saturating_mul(i128::from(self.rate)))
            .min(self.size);
        self.filled = now;
    }

    fn delay(&self) -> Duration {
        if !self.is_empty() {
            return Duration::ZERO;
        }
        let enough = (i128::from(self.rate) * BILLION / SHARE).clamp(BILLION, self.size);
        let lack = enough - self.level;
        let nanos = lack / i128::from(self.rate.max(1)) + 1;
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pace(rate: Rate) -> Box<Pace> {
        Pace::new(rate).unwrap()
    }

    async fn ready(pace: &mut Pace) -> Duration {
        let start = Instant::now();
        std::future::poll_fn(|context| pace.poll_ready(context)).await;
        start.elapsed()
    }

    #[test]
    fn nothing_is_kept_where_nothing_is_limited() {
        assert!(Pace::new(Rate::default()).is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn a_burst_passes_and_then_the_rate_holds() {
        let mut pace = pace(Rate {
            messages: Some(100),
            burst: Some(2),
            ..Rate::default()
        });
        for _ in 0..200 {
            assert!(!pace.is_spent());
            assert!(!pace.spend(1000));
        }
        assert!(pace.is_spent());
        let start = Instant::now();
        for _ in 0..100 {
            ready(&mut pace).await;
            pace.spend(1);
        }
        let passed = start.elapsed();
        assert!(
            (950..=1100).contains(&passed.as_millis()),
            "{passed:?} for a second's messages"
        );
        tokio::time::advance(Duration::from_secs(60)).await;
        assert_eq!(ready(&mut pace).await, Duration::ZERO);
        for _ in 0..200 {
            assert!(!pace.is_spent());
            pace.spend(1);
        }
        assert!(pace.is_spent(), "no more than a burst is saved up");
    }

    #[tokio::test(start_paused = true)]
    async fn a_long_message_passes_and_is_paid_for() {
        let mut pace = pace(Rate {
            octets: Some(1000),
            ..Rate::default()
        });
        pace.spend(5000);
        assert!(pace.is_spent());
        let waited = ready(&mut pace).await;
        assert!((4000..=4100).contains(&waited.as_millis()), "{waited:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn the_slowest_of_rates_is_heeded() {
        let mut pace = pace(Rate {
            messages: Some(1),
            octets: Some(1),
            burst: Some(1),
            over: OverRate::Wait,
        });
        pace.spend(3);
        let waited = ready(&mut pace).await;
        assert!((3000..=3100).contains(&waited.as_millis()), "{waited:?}");
        assert!(!pace.is_spent());
    }

    #[tokio::test(start_paused = true)]
    async fn who_is_to_be_closed_is_told_at_once() {
        let mut pace = pace(Rate {
            messages: Some(3),
            over: OverRate::Close,
            ..Rate::default()
        });
        assert!(!pace.spend(1) && !pace.spend(1));
        tokio::time::advance(Duration::from_secs(1)).await;
        for _ in 0..4 {
            assert!(!pace.spend(1), "there is a new second's worth");
        }
        assert!(pace.spend(1));
    }

    #[test]
    fn it_is_small() {
        assert!(size_of::<Pace>() <= 240, "{}", size_of::<Pace>());
    }
}
