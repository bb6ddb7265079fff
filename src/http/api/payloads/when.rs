//! Days and times, from ISO 8601 to those of a calendar on the wall.

use jiff::{Timestamp, civil, tz::TimeZone};
use symbol::payload::{Date, DateTime, When};

use crate::http::api::faults::Faults;

fn day(date: civil::Date) -> Option<Date> {
    // A date that cannot be is none.
    let part = |number: i8| u8::try_from(number).unwrap_or_default();
    let year = u16::try_from(date.year()).ok()?;
    Date::new(year, part(date.month()), part(date.day()))
}

fn time(at: civil::DateTime) -> Option<DateTime> {
    let part = |number: i8| u8::try_from(number).unwrap_or_default();
    let [hour, minute, second] = [at.hour(), at.minute(), at.second()].map(part);
    DateTime::new(day(at.date())?, hour, minute, second)
}

/// A point in time, in UTC.
fn utc(text: &str) -> Option<DateTime> {
    let at: Timestamp = text.parse().ok()?;
    time(at.to_zoned(TimeZone::UTC).datetime())
}

/// `YYYY-MM-DD`.
pub fn date(field: &'static str, text: Option<&str>, faults: &mut Faults) -> Option<Date> {
    let text = text?;
    let is_date = text.len() == "YYYY-MM-DD".len();
    let parsed = is_date.then(|| text.parse().ok().and_then(day)).flatten();
    if parsed.is_none() {
        faults.add(field, "must be a day such as 1990-12-31");
    }
    parsed
}

/// A day, a time of wherever the reader is, or a point in time.
pub fn when(field: &'static str, text: &str, faults: &mut Faults) -> Option<When> {
    let is_day = text.len() == "YYYY-MM-DD".len();
    let parsed = if is_day {
        text.parse().ok().and_then(day).map(When::Day)
    } else if let Some(at) = utc(text) {
        Some(When::Utc(at))
    } else {
        // With a zone but out of bounds it is no local time.
        let local = text.parse::<civil::DateTime>().ok();
        let clock = text.get("YYYY-MM-DDT".len()..).unwrap_or_default();
        let has_zone = clock.contains(['Z', 'z', '+', '-', '[']);
        local.filter(|_| !has_zone).and_then(time).map(When::Local)
    };
    if parsed.is_none() {
        let message = "must be a day such as 2027-01-31, a time such as 2027-01-31T18:00:00 of wherever the reader is, or with Z or +01:00";
        faults.add(field, message);
    }
    parsed
}

/// A point in time.
pub fn instant(field: &'static str, text: &str, faults: &mut Faults) -> Option<DateTime> {
    let parsed = utc(text);
    if parsed.is_none() {
        faults.add(field, "must be a time such as 2027-01-31T18:00:00Z");
    }
    parsed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<When> {
        when("start", text, &mut Faults::default())
    }

    #[test]
    fn days_local_times_and_points_in_time_are_told_apart() {
        let day = Date::new(2027, 1, 31).unwrap();
        let at = |hour| DateTime::new(day, hour, 30, 0).unwrap();
        assert_eq!(read("2027-01-31"), Some(When::Day(day)));
        assert_eq!(read("2027-01-31T18:30:00"), Some(When::Local(at(18))));
        assert_eq!(read("2027-01-31T18:30"), Some(When::Local(at(18))));
        assert_eq!(read("2027-01-31T18:30:00Z"), Some(When::Utc(at(18))));
        assert_eq!(read("2027-01-31T18:30:00+02:00"), Some(When::Utc(at(16))));
        for bad in [
            "",
            "2027-02-30",
            "2027-01-31T25:00:00",
            "tomorrow",
            "31.01.2027",
            "9999-12-31T23:59:59Z9",
        ] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}
