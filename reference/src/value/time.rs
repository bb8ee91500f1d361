//! Dates and times of day without a zone, as `java.time` has them.

use std::fmt;

/// `LocalDate`, as it stands: not checked against the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LocalDate {
    /// Proleptic year.
    pub year: i32,
    /// 1 to 12.
    pub month: i8,
    /// 1 to 31.
    pub day: i8,
}

/// `LocalTime`, as it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LocalTime {
    /// 0 to 23.
    pub hour: i8,
    /// 0 to 59.
    pub minute: i8,
    /// 0 to 59.
    pub second: i8,
    /// 0 to 999 999 999.
    pub nano: i32,
}

impl LocalDate {
    /// The date of a number of days since 1970-01-01.
    pub fn from_epoch_day(days: i32) -> Self {
        // Eras of 400 years, counted from 0000-03-01 so that leap days come last.
        let days = i64::from(days) + 719_468;
        let era = days.div_euclid(146_097);
        let of_era = days.rem_euclid(146_097);
        let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted = (5 * of_year + 2) / 153;
        let day = of_year - (153 * shifted + 2) / 5 + 1;
        let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        let narrow = |n: i64| i8::try_from(n).unwrap_or(0);
        Self { year: i32::try_from(year).unwrap_or(0), month: narrow(month), day: narrow(day) }
    }
}

/// As `LocalDate.toString` writes it: four digits of the year at least, a plus before more.
impl fmt::Display for LocalDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { year, month, day } = self;
        match year.unsigned_abs() {
            years @ 0..10_000 => write!(f, "{}{years:04}", if *year < 0 { "-" } else { "" })?,
            _ => write!(f, "{year:+}")?,
        }
        write!(f, "-{month:02}-{day:02}")
    }
}

/// `HH:MM:SS`, with nine digits of the second if there are nanoseconds.
impl fmt::Display for LocalTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { hour, minute, second, nano } = self;
        write!(f, "{hour:02}:{minute:02}:{second:02}")?;
        if *nano == 0 { Ok(()) } else { write!(f, ".{nano:09}") }
    }
}

impl LocalTime {
    /// The time of a number of milliseconds since midnight; `None` if that is no time of day.
    pub fn from_milli_of_day(millis: i32) -> Option<Self> {
        let millis = u32::try_from(millis).ok().filter(|millis| *millis < 86_400_000)?;
        let narrow = |n: u32| i8::try_from(n).unwrap_or(0);
        Some(Self {
            hour: narrow(millis / 3_600_000),
            minute: narrow(millis / 60_000 % 60),
            second: narrow(millis / 1_000 % 60),
            nano: i32::try_from(millis % 1_000 * 1_000_000).unwrap_or(0),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_as_java_prints_them() {
        for (days, text) in [
            (0, "1970-01-01"),
            (-1, "1969-12-31"),
            (19_000, "2022-01-08"),
            (11_016, "2000-02-29"),
            (-719_528, "0000-01-01"),
            (-719_529, "-0001-12-31"),
            (2_932_897, "+10000-01-01"),
            (i32::MAX, "+5881580-07-11"),
            (i32::MIN, "-5877641-06-23"),
        ] {
            assert_eq!(LocalDate::from_epoch_day(days).to_string(), text);
        }
    }

    #[test]
    fn times_have_nine_digits_or_none() {
        let time = |millis| LocalTime::from_milli_of_day(millis).map(|time| time.to_string());
        assert_eq!(time(0).as_deref(), Some("00:00:00"));
        assert_eq!(time(86_399_001).as_deref(), Some("23:59:59.001000000"));
        assert_eq!(time(86_400_000), None);
        assert_eq!(time(-1), None);
    }
}
