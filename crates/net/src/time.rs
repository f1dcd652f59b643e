//! The time of day.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use crossbar_core::{Timestamp, WallClock};

/// Reads the system's clock; what lies before 1970 reads as its begin.
pub(crate) fn time_of_day() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    Timestamp::since_1970(since.unwrap_or_default())
}

/// Reads both clocks.
pub(crate) fn wall_clock() -> WallClock {
    WallClock::new(Instant::now(), time_of_day())
}
