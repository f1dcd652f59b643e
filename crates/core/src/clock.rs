use std::fmt;
use std::time::{Duration, Instant};

use crossbar_wire::date_of_day;

/// Tells the time of day at an [`Instant`]: the core has no clock of its own, but says when things came to be.
#[derive(Clone, Copy, Debug)]
pub struct WallClock {
    at: Instant,
    time: Timestamp,
}

impl WallClock {
    /// Makes a clock from a reading of both clocks at one moment.
    #[must_use]
    pub const fn new(at: Instant, time: Timestamp) -> Self {
        Self { at, time }
    }

    /// Gives the moment of the reading.
    pub(crate) const fn read_at(&self) -> Instant {
        self.at
    }

    /// Gives the time of day at `now`; what lies before 1970 reads as its begin.
    #[must_use]
    pub fn at(&self, now: Instant) -> Timestamp {
        let Timestamp(time) = self.time;
        Timestamp(match now.checked_duration_since(self.at) {
            Some(later) => time.saturating_add(later),
            None => time.saturating_sub(self.at.duration_since(now)),
        })
    }
}

/// A moment in UTC. Reads as ISO 8601 with milliseconds, as in `2026-01-31T23:59:59.999Z`; what lies after the year 9999
/// reads as its last day.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub struct Timestamp(Duration);

impl Timestamp {
    /// Makes a moment from the time since 1970, leap seconds left out.
    #[must_use]
    pub const fn since_1970(time: Duration) -> Self {
        Self(time)
    }

    /// Gives the time since 1970, leap seconds left out.
    #[must_use]
    pub const fn as_duration(self) -> Duration {
        self.0
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seconds, milliseconds) = (self.0.as_secs(), self.0.subsec_millis());
        let (days, second) = (seconds / 86_400, seconds % 86_400);
        let (year, month, day) = i64::try_from(days)
            .ok()
            .and_then(date_of_day)
            .unwrap_or((9999, 12, 31));
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        write!(
            f,
            "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{milliseconds:03}Z"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_times_read_right() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00.007Z"),
            (951_782_399, "2000-02-28T23:59:59.007Z"),
            (951_782_400, "2000-02-29T00:00:00.007Z"),
            (951_868_800, "2000-03-01T00:00:00.007Z"),
            (1_767_225_599, "2025-12-31T23:59:59.007Z"),
            (4_107_542_400, "2100-03-01T00:00:00.007Z"),
        ] {
            let time = Duration::from_secs(seconds) + Duration::from_millis(7);
            assert_eq!(Timestamp::since_1970(time).to_string(), text);
        }
    }
}
