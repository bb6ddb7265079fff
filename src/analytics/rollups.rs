//! Analytics from rollups, which the drainer updates: the time of an answer depends on the number of days with scans, and
//! hardly on the number of scans.
//!
//! Invariant: an answer is of one state of the scans. A code whose rollups are incomplete is `Unsupported`; single
//! scans are read from their rows.

use super::{
    Answer, Answered, Asked, Devices, Question, Range, TOP, Timeline, Timeseries, Totals,
    calendar::Calendar, timeline::Days,
};
use crate::{
    kernel::{Ctx, Error, Kind, Result, Timestamp},
    rollout::{Arm, ReadOnly, Unit},
    store::{Store, scans::Snapshot},
};

pub struct Rollups {
    store: Store,
}

impl Rollups {
    #[must_use]
    pub fn new(store: Store) -> Self {
        Self { store }
    }

    async fn answer(&self, question: &Question) -> Result<Answered> {
        let scans = self.store.scans.snapshot(question.code_id()).await?;
        let recorded = scans.recorded();
        if !scans.is_rolled_up() && !matches!(question, Question::Logs { .. }) {
            let message = "the rollups of this code are being built";
            return Err(Error::new(Kind::Unsupported, message));
        }
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
            Question::Summary { range, now, .. } => {
                Answer::Summary(summary(&scans, *range, *now).await?)
            }
        };
        Ok(Answered::fresh(answer, recorded))
    }
}

async fn calendar(scans: &Snapshot, range: Range, now: Timestamp) -> Result<Calendar> {
    let first = match range {
        Range::AllTime => scans.rolled_first_at().await?,
        _ => None,
    };
    Ok(Calendar::new(range, now, first))
}

async fn timeseries(scans: &Snapshot, range: Range, now: Timestamp) -> Result<Timeseries> {
    let calendar = calendar(scans, range, now).await?;
    let buckets = scans
        .rolled_buckets(calendar.start, calendar.end, calendar.width_us())
        .await?;
    Ok(calendar.series(buckets))
}

async fn timeline(scans: &Snapshot, days: &Days) -> Result<Timeline> {
    let mut timeline = days.empty();
    for stretch in days.stretches() {
        let buckets = scans.rolled_buckets(stretch.from, stretch.to, stretch.width_us);
        stretch.fill(&mut timeline, buckets.await?);
    }
    Ok(timeline)
}

async fn devices(scans: &Snapshot, genuine_only: bool) -> Result<Devices> {
    let mut devices = scans.rolled_by_dimension(genuine_only).await?;
    for counts in [
        &mut devices.device_types,
        &mut devices.device_families,
        &mut devices.browser_families,
        &mut devices.os_families,
    ] {
        counts.truncate(TOP);
    }
    Ok(devices)
}

async fn summary(scans: &Snapshot, range: Range, now: Timestamp) -> Result<Totals> {
    let calendar = calendar(scans, range, now).await?;
    let mut totals = scans.totals(calendar.start, calendar.end).await?;
    totals.countries.truncate(TOP);
    Ok(totals)
}

impl Arm for Rollups {
    type In = Asked;
    type Out = Answered;

    async fn run(&self, _ctx: &Ctx, question: &Asked) -> Result<Answered> {
        self.answer(question).await
    }
}

impl ReadOnly for Rollups {
    const NAME: &'static str = "rollups-1";

    fn unit(question: &Self::In) -> Unit {
        Unit::Id(question.code_id())
    }
}
