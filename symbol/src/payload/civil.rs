//! Days and times of day as a calendar on the wall has them, for birthdays and events.
//!
//! Invariant: what exists as a value exists in the Gregorian calendar (ISO 8601-1). No time zones: a payload says UTC, or
//! nothing.

use std::fmt;

/// A day, years 1..=9999.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
}

impl Date {
    /// `month` and `day` count from 1.
    #[must_use]
    pub const fn new(year: u16, month: u8, day: u8) -> Option<Self> {
        if year >= 1 && year <= 9999 && day >= 1 && day <= days(year, month) {
            Some(Self { year, month, day })
        } else {
            None
        }
    }
}

/// Days of a month, 0 for a month that does not exist.
pub(super) const fn days(year: u16, month: u8) -> u8 {
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => {
            29
        }
        2 => 28,
        _ => 0,
    }
}

/// `19850412`: ISO 8601 basic format, as vCard 4.0, MeCard and iCalendar have it.
impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}{:02}{:02}", self.year, self.month, self.day)
    }
}

/// A day and a second of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DateTime {
    date: Date,
    hour: u8,
    minute: u8,
    second: u8,
}

impl DateTime {
    /// `hour` 0..=23, `minute` and `second` 0..=59: there are no leap seconds, few readers take them.
    #[must_use]
    pub const fn new(date: Date, hour: u8, minute: u8, second: u8) -> Option<Self> {
        if hour < 24 && minute < 60 && second < 60 {
            Some(Self {
                date,
                hour,
                minute,
                second,
            })
        } else {
            None
        }
    }
}

/// `20260131T093000`.
impl fmt::Display for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            date,
            hour,
            minute,
            second,
        } = self;
        write!(f, "{date}T{hour:02}{minute:02}{second:02}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_days_that_exist() {
        for (year, month, day) in [(2000, 2, 29), (2024, 2, 29), (1, 1, 1), (9999, 12, 31)] {
            assert!(
                Date::new(year, month, day).is_some(),
                "{year}-{month}-{day}"
            );
        }
        for (year, month, day) in [
            (1900, 2, 29),
            (2023, 2, 29),
            (2024, 4, 31),
            (2024, 13, 1),
            (2024, 0, 1),
            (2024, 1, 0),
            (0, 1, 1),
            (10000, 1, 1),
        ] {
            assert!(
                Date::new(year, month, day).is_none(),
                "{year}-{month}-{day}"
            );
        }
    }

    #[test]
    fn written_in_basic_format() {
        let date = Date::new(987, 6, 5).unwrap();
        assert_eq!(
            DateTime::new(date, 4, 3, 2).unwrap().to_string(),
            "09870605T040302"
        );
        assert!(DateTime::new(date, 24, 0, 0).is_none());
    }
}
