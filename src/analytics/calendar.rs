//! Turns a range into the points of a time series: start, width and labels. UTC throughout.
//!
//! Invariant: points touch, and a scan within the range belongs to exactly one of them.

use std::time::Duration;

use jiff::{Span, Timestamp, Zoned, tz::TimeZone};

use super::{Interval, Range, Timeseries};
use crate::store::scans::Bucket;

const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

/// Points that one answer may have; ten years of months, or 60 days and 8 weeks, are far below.
const MAX_POINTS: usize = 2_000;

pub(super) struct Calendar {
    /// Start of the first point.
    pub start: Timestamp,
    /// Scans up to here are counted, exclusive.
    pub end: Timestamp,
    pub interval: Interval,
    label: &'static str,
    points: usize,
}

impl Calendar {
    /// `first`: the first scan, for [`Range::AllTime`].
    pub(super) fn new(range: Range, now: Timestamp, first: Option<Timestamp>) -> Self {
        let today = midnight(now);
        let end_of_now = now + Duration::from_micros(1);
        let month = first_of_month(&today);
        match range {
            Range::Today => Self::hours(&today, end_of_now),
            Range::Yesterday => Self::hours(&back(&today, Span::new().days(1)), today.timestamp()),
            // The replaced system began 7 (30) days ago and so showed 8 (31) days, today included.
            Range::Last7Days => Self::days(&back(&today, Span::new().days(7)), end_of_now, "%m-%d"),
            Range::Last30Days => {
                Self::days(&back(&today, Span::new().days(30)), end_of_now, "%m-%d")
            }
            Range::ThisMonth => Self::days(&month, end_of_now, "%d"),
            Range::LastMonth => Self::days(
                &back(&month, Span::new().months(1)),
                month.timestamp(),
                "%d",
            ),
            Range::AllTime => Self::all_time(&today, end_of_now, first),
        }
    }

    fn all_time(today: &Zoned, end: Timestamp, first: Option<Timestamp>) -> Self {
        let start = first.map_or_else(|| back(today, Span::new().days(90)), midnight);
        match whole(start.timestamp(), end, DAY) {
            0..=8 => Self::days(&start, end, "%m-%d"),
            9..=61 => {
                let monday = back(
                    &start,
                    Span::new().days(start.weekday().to_monday_zero_offset()),
                );
                Self::spans(&monday, end, Interval::Week, "Week %V", DAY * 7)
            }
            _ => {
                let month = first_of_month(&start);
                let mut calendar = Self::spans(&month, end, Interval::Month, "%b %Y", DAY);
                // Not the month of `end`: in a month's last moment that is the next month.
                let last = end - Duration::from_micros(1);
                calendar.points = calendar.month_of(last).map_or(1, |m| m + 1).min(MAX_POINTS);
                calendar
            }
        }
    }

    fn hours(day: &Zoned, end: Timestamp) -> Self {
        // All 24 hours, also future ones, as in the replaced system.
        Self {
            points: 24,
            ..Self::spans(day, end, Interval::Hour, "%H:00", HOUR)
        }
    }

    fn days(start: &Zoned, end: Timestamp, label: &'static str) -> Self {
        Self::spans(start, end, Interval::Day, label, DAY)
    }

    fn spans(
        start: &Zoned,
        end: Timestamp,
        interval: Interval,
        label: &'static str,
        width: Duration,
    ) -> Self {
        let start = start.timestamp();
        let points = whole(start, end, width).clamp(1, MAX_POINTS);
        Self {
            start,
            end,
            interval,
            label,
            points,
        }
    }

    /// Width of the store's buckets: a point's width, or a day where points are months.
    pub(super) fn width_us(&self) -> i64 {
        micros(self.width())
    }

    /// The answer, from buckets that begin at `start` and are as wide.
    pub(super) fn series(&self, buckets: Vec<Bucket>) -> Timeseries {
        let mut series = Timeseries {
            start: self.start,
            end: self.end,
            interval: self.interval,
            labels: self.labels(),
            all: vec![0; self.points],
            genuine: vec![0; self.points],
        };
        for bucket in buckets {
            if let Some(i) = self.point(bucket.start)
                && let (Some(all), Some(genuine)) =
                    (series.all.get_mut(i), series.genuine.get_mut(i))
            {
                *all += bucket.all;
                *genuine += bucket.genuine;
            }
        }
        series
    }

    fn width(&self) -> Duration {
        match self.interval {
            Interval::Hour => HOUR,
            Interval::Day | Interval::Month => DAY,
            Interval::Week => DAY * 7,
        }
    }

    /// Which point a bucket belongs to.
    fn point(&self, bucket: Timestamp) -> Option<usize> {
        match self.interval {
            Interval::Month => self.month_of(bucket),
            _ => Some(
                whole(self.start, bucket + Duration::from_micros(1), self.width())
                    .saturating_sub(1),
            ),
        }
    }

    fn month_of(&self, t: Timestamp) -> Option<usize> {
        let (start, t) = (utc(self.start), utc(t));
        let months = (i32::from(t.year()) - i32::from(start.year())) * 12 + i32::from(t.month())
            - i32::from(start.month());
        usize::try_from(months).ok()
    }

    fn labels(&self) -> Vec<String> {
        let start = utc(self.start);
        (0..self.points)
            .map(|i| {
                let n = i64::try_from(i).unwrap_or(0);
                let span = match self.interval {
                    Interval::Hour => Span::new().hours(n),
                    Interval::Day => Span::new().days(n),
                    Interval::Week => Span::new().weeks(n),
                    Interval::Month => Span::new().months(n),
                };
                start
                    .checked_add(span)
                    .map_or_else(|_| String::new(), |t| t.strftime(self.label).to_string())
            })
            .collect()
    }
}

/// How many spans of `width` begin in `start..end`.
fn whole(start: Timestamp, end: Timestamp, width: Duration) -> usize {
    let length = end
        .as_microsecond()
        .saturating_sub(start.as_microsecond())
        .max(0);
    let width = micros(width);
    usize::try_from(length.saturating_add(width - 1) / width).unwrap_or(0)
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

fn utc(t: Timestamp) -> Zoned {
    t.to_zoned(TimeZone::UTC)
}

fn midnight(t: Timestamp) -> Zoned {
    let t = utc(t);
    t.start_of_day().unwrap_or(t)
}

fn first_of_month(day: &Zoned) -> Zoned {
    day.first_of_month().unwrap_or_else(|_| day.clone())
}

fn back(from: &Zoned, span: Span) -> Zoned {
    from.checked_sub(span).unwrap_or_else(|_| from.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calendar(range: Range, now: &str, first: Option<&str>) -> Calendar {
        Calendar::new(
            range,
            now.parse().unwrap(),
            first.map(|f| f.parse().unwrap()),
        )
    }

    #[test]
    fn a_point_for_every_hour_day_week_and_month() {
        let now = "2026-03-15T10:30:00Z";
        let labels = |range, first| calendar(range, now, first).labels();
        assert_eq!(labels(Range::Today, None).len(), 24);
        assert_eq!(labels(Range::Today, None)[23], "23:00");
        assert_eq!(labels(Range::Last7Days, None).first().unwrap(), "03-08");
        assert_eq!(labels(Range::Last7Days, None).last().unwrap(), "03-15");
        assert_eq!(labels(Range::ThisMonth, None).len(), 15);
        assert_eq!(labels(Range::LastMonth, None).len(), 28);
        assert_eq!(
            labels(Range::AllTime, Some("2026-03-12T09:00:00Z")),
            ["03-12", "03-13", "03-14", "03-15"]
        );
        assert_eq!(
            labels(Range::AllTime, Some("2026-02-20T09:00:00Z")),
            ["Week 08", "Week 09", "Week 10", "Week 11"]
        );
        assert_eq!(
            labels(Range::AllTime, Some("2025-12-31T23:59:59Z")),
            ["Dec 2025", "Jan 2026", "Feb 2026", "Mar 2026"]
        );
    }

    #[test]
    fn a_scan_falls_into_the_point_that_bears_its_name() {
        for range in [
            Range::Today,
            Range::Last7Days,
            Range::Last30Days,
            Range::ThisMonth,
        ] {
            let now = "2026-03-15T10:30:00Z";
            let c = calendar(range, now, None);
            let point = c.point(now.parse().unwrap()).unwrap();
            let expected = if range == Range::Today {
                10
            } else {
                c.points - 1
            };
            assert_eq!(point, expected, "{range:?}");
        }
        let c = calendar(
            Range::AllTime,
            "2026-03-15T10:30:00Z",
            Some("2025-12-31T00:00:00Z"),
        );
        assert_eq!(c.point("2026-01-01T00:00:00Z".parse().unwrap()), Some(1));
    }

    #[test]
    fn a_months_last_moment_is_still_in_it() {
        let labels = |now| calendar(Range::AllTime, now, Some("2025-11-30T00:00:00Z")).labels();
        let months = ["Nov 2025", "Dec 2025", "Jan 2026"];
        assert_eq!(labels("2026-01-31T12:00:00Z"), months);
        assert_eq!(labels("2026-01-31T23:59:59.999999Z"), months);
    }

    #[test]
    fn january_follows_december() {
        let c = calendar(Range::LastMonth, "2026-01-10T00:00:00Z", None);
        assert_eq!(
            c.start,
            "2025-12-01T00:00:00Z".parse::<Timestamp>().unwrap()
        );
        assert_eq!(c.end, "2026-01-01T00:00:00Z".parse::<Timestamp>().unwrap());
        assert_eq!(c.points, 31);
    }
}
