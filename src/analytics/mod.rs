//! Analytics: time series, logs, and counts by device.
//!
//! The questions and answers that every arm understands. Days are UTC days, except those of a timeline, which are
//! days of the time zone that it names.
//!
//! Invariant: a question holds everything that its answer depends on but the scans, the time included; so two arms
//! that are asked it answer the same.

mod calendar;
mod end_of_day;
pub mod legacy;
mod rollups;
mod timeline;

use std::sync::Arc;

pub use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::kernel::{Timestamp, clock::micros, id::Uuid, label};
pub use crate::store::scans::{Agent, DeviceType, Devices, Excluded, ScanLog, Totals};
pub use rollups::Rollups;

/// Most frequent values of a dimension in an answer.
const TOP: usize = 5;

/// A question about one code.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Question {
    Timeseries {
        code_id: Uuid,
        range: Range,
        /// Time of the question: later scans are not counted.
        now: Timestamp,
    },
    /// One page of single scans, newest first.
    Logs {
        code_id: Uuid,
        offset: u64,
        limit: u64,
        genuine_only: bool,
    },
    Devices {
        code_id: Uuid,
        genuine_only: bool,
    },
    /// People per day, up to and with today.
    Timeline {
        code_id: Uuid,
        period: Period,
        /// IANA name; one that is not known is `Invalid`.
        time_zone: Arc<str>,
        now: Timestamp,
    },
    /// All counts over the UTC days of a range.
    Summary {
        code_id: Uuid,
        range: Range,
        now: Timestamp,
    },
}

impl Question {
    #[must_use]
    pub const fn code_id(&self) -> Uuid {
        match self {
            Self::Timeseries { code_id, .. }
            | Self::Logs { code_id, .. }
            | Self::Devices { code_id, .. }
            | Self::Timeline { code_id, .. }
            | Self::Summary { code_id, .. } => *code_id,
        }
    }
}

/// The input of an arm: cheap to clone.
pub type Asked = Arc<Question>;

/// An answer, and the state of the scans that it was counted from.
#[derive(Clone, Debug, PartialEq)]
pub struct Answered {
    pub answer: Answer,
    /// Number of scans of the code recorded by then. It only grows: answers with the same number are of the same
    /// scans.
    pub recorded: u64,
    /// Whether it came from a cache, and so may be of an earlier state.
    pub cached: bool,
}

impl Answered {
    /// An answer that was just counted.
    #[must_use]
    pub const fn fresh(answer: Answer, recorded: u64) -> Self {
        Self {
            answer,
            recorded,
            cached: false,
        }
    }

    #[must_use]
    pub const fn from_cache(mut self) -> Self {
        self.cached = true;
        self
    }

    /// Bytes on the heap.
    #[must_use]
    pub fn weight(&self) -> u32 {
        let texts = |texts: &[String]| {
            let bytes: usize = texts.iter().map(String::len).sum();
            bytes + size_of_val(texts)
        };
        let counts = |counts: &[(String, i64)]| {
            let bytes: usize = counts.iter().map(|(name, _)| name.len()).sum();
            bytes + size_of_val(counts)
        };
        let bytes = match &self.answer {
            Answer::Timeseries(s) => {
                texts(&s.labels) + size_of_val(&s.all[..]) + size_of_val(&s.genuine[..])
            }
            // Never cached.
            Answer::Logs { logs, .. } => size_of_val(&logs[..]),
            Answer::Devices(d) => [
                &d.device_types,
                &d.device_families,
                &d.browser_families,
                &d.os_families,
            ]
            .map(|part| counts(part))
            .iter()
            .sum(),
            Answer::Timeline(t) => size_of_val(&t.days[..]),
            Answer::Summary(s) => counts(&s.countries),
        };
        u32::try_from(bytes).unwrap_or(u32::MAX)
    }

    /// Adds one to a count, for fault injection.
    #[must_use]
    pub fn miscounted(mut self) -> Self {
        match &mut self.answer {
            Answer::Timeseries(series) => series.all.iter_mut().for_each(|n| *n += 1),
            Answer::Logs { total, .. } => *total += 1,
            Answer::Devices(devices) => devices.device_types.push(("rehearsed".to_owned(), 1)),
            Answer::Timeline(timeline) => timeline.days.iter_mut().for_each(|d| d.all += 1),
            Answer::Summary(totals) => totals.people += 1,
        }
        self
    }
}

#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    Timeseries(Timeseries),
    Logs {
        logs: Vec<ScanLog>,
        total: u64,
    },
    Devices(Devices),
    Timeline(Timeline),
    /// At most five countries.
    Summary(Totals),
}

/// A range of time that ends now (past ones: at their end).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Range {
    Today,
    Yesterday,
    Last7Days,
    Last30Days,
    ThisMonth,
    LastMonth,
    AllTime,
}

/// How many days a timeline has, today included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Period {
    Days7,
    Days30,
    Days90,
    /// 365 days.
    Year,
}

impl Period {
    const fn days(self) -> u16 {
        match self {
            Self::Days7 => 7,
            Self::Days30 => 30,
            Self::Days90 => 90,
            Self::Year => 365,
        }
    }
}

label! {
    /// Width of a point of a time series.
    #[derive(Serialize, Deserialize)]
    #[serde(rename_all = "lowercase")]
    Interval { Hour = "hour", Day = "day", Week = "week", Month = "month" }
}

/// Scans by people over time: one point per interval, no gaps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Timeseries {
    #[serde(rename = "start_us", with = "micros")]
    pub start: Timestamp,
    #[serde(rename = "end_us", with = "micros")]
    pub end: Timestamp,
    pub interval: Interval,
    pub labels: Vec<String>,
    pub all: Vec<i64>,
    pub genuine: Vec<i64>,
}

/// People per day of a time zone, ascending, no gaps.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Timeline {
    pub days: Vec<Day>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Day {
    pub date: Date,
    pub all: i64,
    pub genuine: i64,
}
