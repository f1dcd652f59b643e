use std::time::{SystemTime, UNIX_EPOCH};

use crossbar_wire::date_of_day;

/// A moment as the calendar of UTC shows it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Utc {
    /// The day.
    pub(crate) date: Date,
    hour: u64,
    minute: u64,
    second: u64,
    millisecond: u32,
}

/// A day of the Gregorian calendar.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Date {
    pub(crate) year: i64,
    pub(crate) month: i64,
    pub(crate) day: i64,
}

impl Utc {
    /// Reads the system's clock.
    pub(crate) fn now() -> Self {
        Self::at(SystemTime::now())
    }

    /// Splits a moment; what lies before 1970 reads as 1970.
    pub(crate) fn at(time: SystemTime) -> Self {
        let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
        let seconds = since.as_secs();
        Self {
            date: Date::of_day(i64::try_from(seconds / DAY).unwrap_or_default()),
            hour: seconds % DAY / 3600,
            minute: seconds % 3600 / 60,
            second: seconds % 60,
            millisecond: since.subsec_millis(),
        }
    }

    /// Writes `YYYY-MM-DDTHH:MM:SS.mmmZ`, the form of the management API.
    pub(crate) fn iso(self) -> String {
        format!("{}.{:03}Z", self.date_time(), self.millisecond)
    }

    /// Writes `YYYY-MM-DDTHH:MM:SS+0000`, the form of log lines.
    pub(crate) fn log(self) -> String {
        format!("{}+0000", self.date_time())
    }

    fn date_time(self) -> String {
        let Date { year, month, day } = self.date;
        let (hour, minute, second) = (self.hour, self.minute, self.second);
        format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")
    }
}

impl Date {
    /// Converts days since 1970-01-01; what lies after the year 9999 reads as its last day.
    fn of_day(days: i64) -> Self {
        let (year, month, day) = date_of_day(days).unwrap_or((9999, 12, 31));
        Self { year, month, day }
    }
}

const DAY: u64 = 86_400;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn at(seconds: u64, millis: u64) -> Utc {
        Utc::at(UNIX_EPOCH + Duration::from_millis(seconds * 1000 + millis))
    }

    #[test]
    fn writes_both_forms() {
        assert_eq!(at(0, 0).iso(), "1970-01-01T00:00:00.000Z");
        assert_eq!(at(1_769_862_896, 7).iso(), "2026-01-31T12:34:56.007Z");
        assert_eq!(at(1_769_862_896, 7).log(), "2026-01-31T12:34:56+0000");
    }

    #[test]
    fn knows_leap_days() {
        assert_eq!(at(951_782_400, 0).iso(), "2000-02-29T00:00:00.000Z");
        assert_eq!(at(1_709_251_199, 999).iso(), "2024-02-29T23:59:59.999Z");
        assert_eq!(at(1_709_251_200, 0).iso(), "2024-03-01T00:00:00.000Z");
        assert_eq!(at(4_107_542_399, 0).iso(), "2100-02-28T23:59:59.000Z");
        assert_eq!(at(4_107_542_400, 0).iso(), "2100-03-01T00:00:00.000Z");
    }
}
