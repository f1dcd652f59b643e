use crate::codec::Token;

/// A point in time: seconds since 1970 in UTC, leap seconds left out, and nanoseconds on top.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Time {
    seconds: i64,
    nanoseconds: u32,
}

impl Time {
    /// Reads MessagePack's timestamp extension; none if the extension is another.
    pub(crate) fn from_extension(kind: i8, octets: &[u8]) -> Option<Self> {
        if kind != -1 {
            return None;
        }
        let (seconds, nanoseconds) = if let Ok(octets) = octets.try_into() {
            (u32::from_be_bytes(octets).into(), 0)
        } else if let Ok(octets) = octets.try_into() {
            let both = u64::from_be_bytes(octets);
            let seconds = i64::try_from(both & ((1 << 34) - 1)).ok()?;
            (seconds, u32::try_from(both >> 34).ok()?)
        } else {
            let (nanoseconds, seconds) = octets.split_first_chunk()?;
            let seconds = i64::from_be_bytes(seconds.try_into().ok()?);
            (seconds, u32::from_be_bytes(*nanoseconds))
        };
        (nanoseconds < BILLION).then_some(Self {
            seconds,
            nanoseconds,
        })
    }

    /// Reads the number of a CBOR tag 1; fractions are kept to the microsecond.
    pub(crate) fn from_epoch(token: &Token<'_>) -> Option<Self> {
        if let Token::Unsigned(value) = token {
            let seconds = i64::try_from(*value).ok()?;
            return Some(Self {
                seconds,
                nanoseconds: 0,
            });
        }
        if let Token::Negative(value) = token {
            let seconds = -1 - i64::try_from(*value).ok()?;
            return Some(Self {
                seconds,
                nanoseconds: 0,
            });
        }
        let Token::Float(value) = token else {
            return None;
        };
        // In decimal digits, since there is no checked conversion from a float.
        let whole = value.floor();
        let seconds = format!("{whole:.0}").parse().ok()?;
        let micros: u32 = format!("{:.0}", (value - whole) * 1e6).parse().ok()?;
        let carry = i64::from(micros / 1_000_000);
        Some(Self {
            seconds: i64::checked_add(seconds, carry)?,
            nanoseconds: micros % 1_000_000 * 1000,
        })
    }

    /// Gives the octets of MessagePack's timestamp extension, in its shortest form.
    pub(crate) fn to_extension(self) -> Vec<u8> {
        let seconds = u64::try_from(self.seconds).ok().filter(|s| s >> 34 == 0);
        let Some(seconds) = seconds else {
            let mut octets = self.nanoseconds.to_be_bytes().to_vec();
            octets.extend_from_slice(&self.seconds.to_be_bytes());
            return octets;
        };
        match u32::try_from(seconds) {
            Ok(seconds) if self.nanoseconds == 0 => seconds.to_be_bytes().to_vec(),
            _ => {
                let both = u64::from(self.nanoseconds) << 34 | seconds;
                both.to_be_bytes().to_vec()
            }
        }
    }

    /// Gives ISO 8601 text in UTC; none outside the years 0 to 9999.
    pub(crate) fn to_text(self) -> Option<String> {
        let days = self.seconds.div_euclid(DAY);
        let second = self.seconds.rem_euclid(DAY);
        let (year, month, day) = date_of_day(days)?;
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        let fraction = match self.nanoseconds {
            0 => String::new(),
            n if n % 1_000_000 == 0 => format!(".{:03}", n / 1_000_000),
            n if n % 1000 == 0 => format!(".{:06}", n / 1000),
            n => format!(".{n:09}"),
        };
        Some(format!(
            "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{fraction}Z"
        ))
    }
}

/// Gives year, month and day of a day counted from 1970-01-01 (proleptic Gregorian calendar); none outside the years 0 to
/// 9999.
#[must_use]
pub fn date_of_day(days: i64) -> Option<(i64, i64, i64)> {
    // 719,468 days lie between 0000-03-01 and 1970-01-01; a year that starts in March has its leap day at the end.
    let days = days.checked_add(719_468)?;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 {
        (month + 3, 0)
    } else {
        (month - 9, 1)
    };
    let year = era * 400 + year_of_era + next;
    (0..=9999).contains(&year).then_some((year, month, day))
}

/// Gives the day of a date, counted as [`date_of_day`] counts; none if there is no such date.
#[must_use]
pub fn day_of_date(year: i64, month: i64, day: i64) -> Option<i64> {
    if !(0..=9999).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let (month_from_march, year_from_march) = if month > 2 {
        (month - 3, year)
    } else {
        (month + 9, year - 1)
    };
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    let (era, year_of_era) = (
        year_from_march.div_euclid(400),
        year_from_march.rem_euclid(400),
    );
    let day_of_era = 365 * year_of_era + year_of_era / 4 - year_of_era / 100 + day_of_year;
    let days = era * 146_097 + day_of_era - 719_468;
    (date_of_day(days) == Some((year, month, day))).then_some(days)
}

const DAY: i64 = 86_400;
const BILLION: u32 = 1_000_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_dates_are_inverse() {
        for day in (-719_528..=2_932_896).step_by(97) {
            let (year, month, day_of_month) = date_of_day(day).unwrap();
            assert_eq!(day_of_date(year, month, day_of_month), Some(day));
        }
        for (year, month, day) in [
            (2026, 2, 29),
            (2026, 4, 31),
            (2026, 0, 1),
            (2026, 13, 1),
            (10_000, 1, 1),
        ] {
            assert_eq!(day_of_date(year, month, day), None, "{year}-{month}-{day}");
        }
        assert_eq!(day_of_date(2024, 2, 29), Some(19_782));
    }
}
