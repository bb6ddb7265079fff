//! Moves the time of a question to the end of its day: all questions of one day become equal, so that their answer can be cached.
//!
//! Invariant: without later scans, the question at the end of the day has the answer of the question itself, except the end that
//! a time series shows.

use std::time::Duration;

use jiff::{
    Span,
    tz::{self, TimeZone},
};

use super::{Answer, Question, Range};
use crate::kernel::{Timestamp, clock::from_micros};

const DAY_US: i64 = 24 * 60 * 60 * 1_000_000;

impl Question {
    /// The same question, asked when its day ends.
    #[must_use]
    pub fn at_end_of_day(&self) -> Self {
        let mut moved = self.clone();
        match &mut moved {
            Self::Timeseries { now, .. } | Self::Summary { now, .. } => *now = end_of_day(*now),
            Self::Timeline { time_zone, now, .. } => {
                // The arm refuses an unknown zone.
                if let Ok(zone) = tz::db().get(time_zone) {
                    *now = end_of_local_day(*now, &zone).unwrap_or(*now);
                }
            }
            Self::Logs { .. } | Self::Devices { .. } => {}
        }
        moved
    }

    /// Makes the answer to [`Question::at_end_of_day`] the answer to this question.
    #[must_use]
    pub fn answer_from_end_of_day(&self, mut answer: Answer) -> Answer {
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

/// The last microsecond of the day in a zone; `None` where the clock is put back at midnight, so that the day ends twice.
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
