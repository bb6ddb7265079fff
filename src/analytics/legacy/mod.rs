//! The analytics of the system being replaced: every answer is counted anew from the scan rows.

mod calendar;

use std::time::Duration;

use super::{Answer, Asked, Devices, Question, Range, Timeseries};
use crate::{
    kernel::{Ctx, Result, SharedClock, id::Uuid},
    rollout::{Arm, ReadOnly},
    store::{Store, scans::Dimension},
};
use calendar::Calendar;

/// Values of a dimension that are answered; the replaced system showed as many.
const TOP: usize = 5;

pub struct Rows {
    store: Store,
    clock: SharedClock,
}

impl Rows {
    /// Name and version of this arm.
    pub const NAME: &str = "legacy-1";

    #[must_use]
    pub fn new(store: Store, clock: SharedClock) -> Self {
        Self { store, clock }
    }

    async fn answer(&self, question: &Question) -> Result<Answer> {
        match *question {
            Question::Timeseries { code_id, range } => self
                .timeseries(code_id, range)
                .await
                .map(Answer::Timeseries),
            Question::Logs {
                code_id,
                offset,
                limit,
                genuine_only,
            } => {
                let (logs, total) = self
                    .store
                    .scans
                    .logs(code_id, offset, limit, genuine_only)
                    .await?;
                Ok(Answer::Logs { logs, total })
            }
            Question::Devices {
                code_id,
                genuine_only,
            } => self
                .devices(code_id, genuine_only)
                .await
                .map(Answer::Devices),
        }
    }

    async fn timeseries(&self, code_id: Uuid, range: Range) -> Result<Timeseries> {
        let now = self.clock.now();
        let first = match range {
            Range::AllTime => self.store.scans.first_at(code_id).await?,
            _ => None,
        };
        let calendar = Calendar::new(range, now, first);
        let width_us = i64::try_from(calendar.width().as_micros()).unwrap_or(i64::MAX);
        let scans = &self.store.scans;
        let buckets = scans
            .buckets(code_id, calendar.start, calendar.end, width_us)
            .await?;
        let mut series = Timeseries {
            start: calendar.start,
            end: calendar.end,
            interval: calendar.interval,
            labels: calendar.labels(),
            all: vec![0; calendar.points()],
            genuine: vec![0; calendar.points()],
        };
        for bucket in buckets {
            if let Some(i) = calendar.point(bucket.start)
                && let (Some(all), Some(genuine)) =
                    (series.all.get_mut(i), series.genuine.get_mut(i))
            {
                *all += bucket.all;
                *genuine += bucket.genuine;
            }
        }
        Ok(series)
    }

    async fn devices(&self, code_id: Uuid, genuine_only: bool) -> Result<Devices> {
        let scans = &self.store.scans;
        let top = async |dimension| {
            let mut counts = scans.by_dimension(code_id, dimension, genuine_only).await?;
            counts.truncate(TOP);
            Ok::<_, crate::kernel::Error>(counts)
        };
        Ok(Devices {
            device_types: top(Dimension::DeviceType).await?,
            device_families: top(Dimension::DeviceFamily).await?,
            browser_families: top(Dimension::Browser).await?,
            os_families: top(Dimension::Os).await?,
        })
    }
}

impl Arm for Rows {
    type In = Asked;
    type Out = Answer;

    async fn run(&self, _ctx: &Ctx, question: &Asked) -> Result<Answer> {
        self.answer(question).await
    }
}

impl ReadOnly for Rows {}

/// The widths that a bucket may have.
const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);
