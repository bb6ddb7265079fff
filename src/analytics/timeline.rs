//! The days of a timeline: where each begins and ends in its time zone.
//!
//! Invariant: days touch. A day may have 23 or 25 hours; one that a zone skipped is empty.

use jiff::{
    Span,
    tz::{self, TimeZone},
};

use super::{Date, Day, Period, Timeline};
use crate::{
    kernel::{Error, Result, Timestamp},
    store::scans::Bucket,
};

/// Wider than any day.
const TODAY_US: i64 = 48 * 60 * 60 * 1_000_000;

pub(super) struct Days {
    days: Vec<(Date, Timestamp)>,
    end: Timestamp,
}

/// Consecutive days of the same width, which the store counts in one query.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Stretch {
    pub from: Timestamp,
    /// Exclusive.
    pub to: Timestamp,
    pub width_us: i64,
    first: usize,
}

impl Days {
    /// # Errors
    /// `Invalid` when there is no such time zone.
    pub(super) fn new(period: Period, time_zone: &str, now: Timestamp) -> Result<Self> {
        let unknown = || {
            Error::invalid(
                "time_zone",
                "not the name of a time zone, such as Europe/Berlin",
            )
        };
        let zone = tz::db().get(time_zone).map_err(|_| unknown())?;
        let today = now.to_zoned(zone.clone()).date();
        let days = (0..period.days())
            .rev()
            .map(|back| {
                let date = today.saturating_sub(Span::new().days(i64::from(back)));
                Some((date, midnight(date, &zone)?))
            })
            .collect::<Option<Vec<_>>>();
        Ok(Self {
            // Fails only for a clock at the very end of the calendar.
            days: days.ok_or_else(unknown)?,
            end: now + std::time::Duration::from_micros(1),
        })
    }

    pub(super) fn empty(&self) -> Timeline {
        let days = self.days.iter().map(|(date, _)| Day {
            date: *date,
            all: 0,
            genuine: 0,
        });
        Timeline {
            days: days.collect(),
        }
    }

    pub(super) fn stretches(&self) -> Vec<Stretch> {
        let mut stretches: Vec<Stretch> = Vec::new();
        let ends = self.days.iter().skip(1).map(|(_, start)| *start);
        for (i, ((_, from), to)) in self.days.iter().zip(ends.chain([self.end])).enumerate() {
            let (from, last) = (*from, i + 1 == self.days.len());
            let width_us = to.as_microsecond() - from.as_microsecond();
            match stretches.last_mut() {
                _ if width_us <= 0 => {}
                // Today ends now; its bucket is only partly filled.
                Some(s) if s.width_us == width_us || (last && width_us < s.width_us) => s.to = to,
                _ => stretches.push(Stretch {
                    from,
                    to,
                    // Wide enough for one bucket, whatever the length of today.
                    width_us: if last { TODAY_US } else { width_us },
                    first: i,
                }),
            }
        }
        stretches
    }
}

fn midnight(date: Date, zone: &TimeZone) -> Option<Timestamp> {
    let start = date.to_zoned(zone.clone()).ok()?.start_of_day().ok()?;
    Some(start.timestamp())
}

impl Stretch {
    /// Adds buckets that begin at `from` and are as wide as its days.
    pub(super) fn fill(&self, timeline: &mut Timeline, buckets: Vec<Bucket>) {
        for bucket in buckets {
            let past_us = bucket.start.as_microsecond() - self.from.as_microsecond();
            let day = usize::try_from(past_us / self.width_us)
                .ok()
                .and_then(|n| timeline.days.get_mut(self.first + n));
            if let Some(day) = day {
                day.all += bucket.all;
                day.genuine += bucket.genuine;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(period: Period, zone: &str, now: &str) -> Days {
        Days::new(period, zone, now.parse().unwrap()).unwrap()
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn days_begin_at_the_zones_midnight() {
        let days = days(Period::Days7, "Asia/Kathmandu", "2026-03-15T18:20:00Z");
        let timeline = days.empty();
        assert_eq!(timeline.days.len(), 7);
        assert_eq!(timeline.days[0].date.to_string(), "2026-03-10");
        assert_eq!(timeline.days[6].date.to_string(), "2026-03-16");
        let [stretch] = &days.stretches()[..] else {
            panic!("one width: {:?}", days.stretches());
        };
        assert_eq!(stretch.from, at("2026-03-09T18:15:00Z"));
        assert_eq!(stretch.to, at("2026-03-15T18:20:00.000001Z"));
    }

    #[test]
    fn a_day_may_have_23_or_25_hours() {
        for (now, hours) in [("2026-03-31T12:00:00Z", 23), ("2026-10-27T23:30:00Z", 25)] {
            let days = days(Period::Days7, "Europe/Berlin", now);
            let widths: Vec<i64> = days
                .stretches()
                .iter()
                .map(|s| s.width_us / 3_600_000_000)
                .collect();
            assert_eq!(widths, [24, hours, 24], "{now}");
            let mut timeline = days.empty();
            for stretch in days.stretches() {
                let mut buckets = Vec::new();
                let mut start = stretch.from;
                while start < stretch.to {
                    buckets.push(Bucket {
                        start,
                        all: 1,
                        genuine: 0,
                    });
                    start += std::time::Duration::from_micros(stretch.width_us.unsigned_abs());
                }
                stretch.fill(&mut timeline, buckets);
            }
            assert!(timeline.days.iter().all(|d| d.all == 1), "{timeline:?}");
        }
    }

    #[test]
    fn a_long_today_is_one_bucket() {
        // 24 hours and a half into a day of 25.
        let days = days(Period::Days7, "Europe/Berlin", "2026-10-25T22:30:00Z");
        let last = days.stretches().pop().unwrap();
        assert_eq!((last.first, last.from), (6, at("2026-10-24T22:00:00Z")));
        assert_eq!(last.width_us, TODAY_US);
    }

    #[test]
    fn a_day_that_never_was_is_empty() {
        let days = days(Period::Days7, "Pacific/Apia", "2012-01-01T12:00:00Z");
        let dates: Vec<String> = days
            .empty()
            .days
            .iter()
            .map(|d| d.date.to_string())
            .collect();
        assert!(dates.contains(&"2011-12-30".to_owned()));
        let covered: i64 = days
            .stretches()
            .iter()
            .map(|s| s.to.as_microsecond() - s.from.as_microsecond())
            .sum();
        let (first, end) = (days.days[0].1, days.end);
        assert_eq!(covered, end.as_microsecond() - first.as_microsecond());
    }

    #[test]
    fn a_zone_that_is_none_is_refused() {
        let now = at("2026-03-15T18:20:00Z");
        for zone in ["", "Mars/Olympus", "../../etc/passwd", "+01:00"] {
            let Err(e) = Days::new(Period::Days7, zone, now) else {
                panic!("{zone} is a zone");
            };
            assert_eq!(e.details()[0].field, "time_zone");
        }
    }
}
