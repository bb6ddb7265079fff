//! Which part of its time an answer depends on: questions that are answered alike become equal, so that an answer can be
//! remembered.
//!
//! Invariant: as long as nothing was scanned after it was asked, a settled question has the answer of the question itself,
//! but for the end that a time series shows.

use std::time::Duration;

use jiff::{
    Span,
    tz::{self, TimeZone},
};

use super::{Answer, Question, Range};
use crate::kernel::{Timestamp, clock::from_micros};

const DAY_US: i64 = 24 * 60 * 60 * 1_000_000;

impl Question {
    /// The same, asked at the last moment at which it would be answered alike: when its day ends.
    #[must_use]
    pub fn settled(&self) -> Self {
        let mut settled = self.clone();
        match &mut settled {
            Self::Timeseries { now, .. } | Self::Summary { now, .. } => *now = end_of_day(*now),
            Self::Timeline { time_zone, now, .. } => {
                // A zone that is none is refused by whoever answers.
                if let Ok(zone) = tz::db().get(time_zone) {
                    *now = end_of_local_day(*now, &zone).unwrap_or(*now);
                }
            }
            Self::Logs { .. } | Self::Devices { .. } => {}
        }
        settled
    }

    /// The answer to the settled question as the answer to this one.
    #[must_use]
    pub fn unsettled(&self, mut answer: Answer) -> Answer {
        if let (Self::Timeseries { range, now, .. }, Answer::Timeseries(series)) =
            (self, &mut answer)
            && !matches!(range, Range::Yesterday | Range::LastMonth)
        {
            series.end = *now + Duration::from_micros(1);
        }
        answer
    }
}

/// The last microsecond of the UTC day.
fn end_of_day(now: Timestamp) -> Timestamp {
    let day = now.as_microsecond().div_euclid(DAY_US);
    from_micros(day.saturating_add(1).saturating_mul(DAY_US) - 1).max(now)
}

/// The last microsecond of the day in a zone; `None` where a clock that was put back at midnight makes a day end twice.
fn end_of_local_day(now: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
    let today = now.to_zoned(zone.clone()).date();
    let tomorrow = today.checked_add(Span::new().days(1)).ok()?;
    let midnight = tomorrow.to_zoned(zone.clone()).ok()?.start_of_day().ok()?;
    let end = midnight
        .timestamp()
        .checked_sub(Duration::from_micros(1))
        .ok()?;
    let is_today = end >= now && end.to_zoned(zone.clone()).date() == today;
    is_today.then_some(end)
}

#[cfg(test)]
mod tests;
