//! What was counted: time series, logs, and which devices scanned.
//!
//! The questions and answers that every arm understands. Days are UTC days here; an organization's own time
//! zone comes with its timeline.

pub mod legacy;

use std::sync::Arc;

use crate::kernel::{Timestamp, id::Uuid};
pub use crate::store::scans::{Agent, DeviceType, Excluded, ScanLog};

/// A question about one code.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Question {
    Timeseries {
        code_id: Uuid,
        range: Range,
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
}

/// What an arm takes: cheap to clone.
pub type Asked = Arc<Question>;

#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    Timeseries(Timeseries),
    Logs { logs: Vec<ScanLog>, total: u64 },
    Devices(Devices),
}

/// A stretch of time that ends now (or, for the past ones, at their end).
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

/// How wide a point of a time series is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interval {
    Hour,
    Day,
    Week,
    Month,
}

impl Interval {
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
        }
    }
}

/// Scans by people over time: one point per interval, no gaps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timeseries {
    pub start: Timestamp,
    pub end: Timestamp,
    pub interval: Interval,
    pub labels: Vec<String>,
    pub all: Vec<i64>,
    pub genuine: Vec<i64>,
}

/// How often each value occurs among a code's scans by people, most frequent first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Devices {
    pub device_types: Vec<(String, i64)>,
    pub device_families: Vec<(String, i64)>,
    pub browser_families: Vec<(String, i64)>,
    pub os_families: Vec<(String, i64)>,
}
