use std::fmt;
use std::time::{Duration, Instant};

use crossbar_wire::{date_of_day, day_of_date};

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

    /// Gives the time that lies between an earlier moment and this one; none if it is not earlier.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }

    /// Gives the moment without the fraction that [`Timestamp`] does not show.
    #[must_use]
    pub fn whole_milliseconds(self) -> Self {
        let milliseconds = Duration::from_millis(self.0.subsec_millis().into());
        Self(Duration::from_secs(self.0.as_secs()).saturating_add(milliseconds))
    }

    /// Reads a date with a time of day and an offset from UTC (RFC 3339); what lies before 1970 reads as its begin.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let (date, rest) = (text.get(..10)?, text.get(10..)?);
        let (time, rest) = (rest.get(1..9)?, rest.get(9..)?);
        if !text
            .as_bytes()
            .get(10)
            .is_some_and(|it| b"Tt ".contains(it))
        {
            return None;
        }
        let [year, month, day] = numbers(date, '-', [4, 2, 2])?;
        let [hour, minute, second] = numbers(time, ':', [2, 2, 2])?;
        let (nanoseconds, rest) = fraction(rest)?;
        let offset = offset(rest)?;
        if hour > 23 || minute > 59 || second > 60 {
            return None;
        }
        let days = day_of_date(year, month, day)?;
        let seconds = days * 86_400 + hour * 3600 + minute * 60 + second - offset;
        let nanoseconds = Duration::from_nanos(nanoseconds);
        let begin = Duration::ZERO;
        Some(Self(u64::try_from(seconds).map_or(begin, |seconds| {
            Duration::from_secs(seconds) + nanoseconds
        })))
    }
}

/// Reads three numbers of so many digits.
fn numbers(text: &str, separator: char, digits: [usize; 3]) -> Option<[i64; 3]> {
    let mut parts = text.split(separator);
    let mut numbers = [0; 3];
    for (number, digits) in numbers.iter_mut().zip(digits) {
        *number = whole(parts.next().filter(|part| part.len() == digits)?)?;
    }
    parts.next().is_none().then_some(numbers)
}

fn whole(digits: &str) -> Option<i64> {
    let all = digits.bytes().all(|octet| octet.is_ascii_digit());
    all.then(|| digits.parse().ok()).flatten()
}

/// Reads a fraction of a second, if there is one, as nanoseconds; gives what follows.
fn fraction(text: &str) -> Option<(u64, &str)> {
    let Some(rest) = text.strip_prefix('.') else {
        return Some((0, text));
    };
    let end = rest.find(|it: char| !it.is_ascii_digit())?;
    let (digits, rest) = rest.split_at(end);
    let nine: String = digits.chars().chain("000000000".chars()).take(9).collect();
    (!digits.is_empty()).then_some((nine.parse().ok()?, rest))
}

/// Reads an offset from UTC, in seconds.
fn offset(text: &str) -> Option<i64> {
    if text.eq_ignore_ascii_case("z") {
        return Some(0);
    }
    let (sign, rest) = match text.split_at_checked(1)? {
        ("+", rest) => (1, rest),
        ("-", rest) => (-1, rest),
        _ => return None,
    };
    let (hours, minutes) = rest.split_once(':')?;
    if hours.len() != 2 || minutes.len() != 2 {
        return None;
    }
    let (hours, minutes) = (whole(hours)?, whole(minutes)?);
    (hours < 24 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
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

    #[test]
    fn p15_times_of_queries_are_read() {
        let read = |text: &str| Timestamp::read(text).map(Timestamp::as_duration);
        let moment = Duration::from_millis(1_767_323_045_678);
        for text in [
            "2026-01-02T03:04:05.678Z",
            "2026-01-02t03:04:05.678z",
            "2026-01-02 03:04:05.678000Z",
            "2026-01-02T05:34:05.678+02:30",
            "2026-01-01T23:04:05.678-04:00",
        ] {
            assert_eq!(read(text), Some(moment), "{text}");
        }
        let whole = moment - Duration::from_millis(678);
        assert_eq!(read("2026-01-02T03:04:05Z"), Some(whole));
        let fine = whole + Duration::from_nanos(123_456_789);
        assert_eq!(read("2026-01-02T03:04:05.1234567891Z"), Some(fine));
        assert_eq!(read("1969-12-31T23:59:59.5Z"), Some(Duration::ZERO));
        let shown = Timestamp::since_1970(fine).whole_milliseconds();
        assert_eq!(read(&shown.to_string()), Some(shown.as_duration()));
    }

    #[test]
    fn p15_what_is_no_time_is_not_read() {
        for text in [
            "",
            "2026-01-02",
            "2026-01-02T03:04:05",
            "2026-01-02T03:04:05.Z",
            "2026-01-02T03:04:05.5",
            "2026-01-02T24:00:00Z",
            "2026-01-02T03:60:00Z",
            "2026-02-30T03:04:05Z",
            "2026-1-02T03:04:05Z",
            "2026-01-02X03:04:05Z",
            "2026-01-02T03:04:05+2:00",
            "2026-01-02T03:04:05+02:60",
            "2026-01-02T+3:04:05Z",
            "2026-01-02T03:04:05Z ",
            "ü026-01-02T03:04:05Z",
        ] {
            assert_eq!(Timestamp::read(text), None, "{text}");
        }
    }
}
