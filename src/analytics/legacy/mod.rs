//! The analytics of the system being replaced: every answer is counted anew from the scan rows.

mod judge;

use super::{
    Answer, Answered, Asked, Devices, Question, Range, TOP, Timeline, Timeseries,
    calendar::Calendar, timeline::Days,
};
use crate::{
    kernel::{Ctx, Error, Kind, Result, Timestamp},
    rollout::{Arm, ReadOnly, Unit},
    store::{
        Store,
        scans::{Dimension, Snapshot},
    },
};
pub use judge::{Fact, Judge};

pub struct Rows {
    store: Store,
}

impl Rows {
    #[must_use]
    pub fn new(store: Store) -> Self {
        Self { store }
    }

    async fn answer(&self, question: &Question) -> Result<Answered> {
        let scans = self.store.scans.snapshot(question.code_id()).await?;
        let recorded = scans.recorded();
        let answer = match question {
            Question::Timeseries { range, now, .. } => {
                Answer::Timeseries(timeseries(&scans, *range, *now).await?)
            }
            Question::Logs {
                offset,
                limit,
                genuine_only,
                ..
            } => {
                let (logs, total) = scans.logs(*offset, *limit, *genuine_only).await?;
                Answer::Logs { logs, total }
            }
            Question::Devices { genuine_only, .. } => {
                Answer::Devices(devices(&scans, *genuine_only).await?)
            }
            Question::Timeline {
                period,
                time_zone,
                now,
                ..
            } => {
                let days = Days::new(*period, time_zone, *now)?;
                Answer::Timeline(timeline(&scans, &days).await?)
            }
            Question::Summary { .. } => {
                let message = "the analytics being replaced know no summary";
                return Err(Error::new(Kind::Unsupported, message));
            }
        };
        Ok(Answered::fresh(answer, recorded))
    }
}

async fn timeseries(scans: &Snapshot, range: Range, now: Timestamp) -> Result<Timeseries> {
    let first = match range {
        Range::AllTime => scans.first_at().await?,
        _ => None,
    };
    let calendar = Calendar::new(range, now, first);
    let buckets = scans
        .buckets(calendar.start, calendar.end, calendar.width_us())
        .await?;
    Ok(calendar.series(buckets))
}

async fn timeline(scans: &Snapshot, days: &Days) -> Result<Timeline> {
    let mut timeline = days.empty();
    for stretch in days.stretches() {
        let buckets = scans.buckets(stretch.from, stretch.to, stretch.width_us);
        stretch.fill(&mut timeline, buckets.await?);
    }
    Ok(timeline)
}

async fn devices(scans: &Snapshot, genuine_only: bool) -> Result<Devices> {
    let top = async |dimension| {
        let mut counts = scans.by_dimension(dimension, genuine_only).await?;
        counts.truncate(TOP);
        Ok::<_, Error>(counts)
    };
    Ok(Devices {
        device_types: top(Dimension::DeviceType).await?,
        device_families: top(Dimension::DeviceFamily).await?,
        browser_families: top(Dimension::Browser).await?,
        os_families: top(Dimension::Os).await?,
    })
}

impl Arm for Rows {
    type In = Asked;
    type Out = Answered;

    async fn run(&self, _ctx: &Ctx, question: &Asked) -> Result<Answered> {
        self.answer(question).await
    }

    fn supports(&self, question: &Asked) -> bool {
        !matches!(**question, Question::Summary { .. })
    }
}

impl ReadOnly for Rows {
    const NAME: &'static str = "legacy-1";

    fn unit(question: &Self::In) -> Unit {
        Unit::Id(question.code_id())
    }
}
