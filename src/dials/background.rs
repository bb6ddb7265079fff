//! Background tasks: reading dials and flags, saving state files, autopilot, gauges.
//!
//! Invariant: no request waits for them.

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use futures_util::future::BoxFuture;
use metrics::Gauge;
use tokio::time::MissedTickBehavior;

use super::{ExperimentEntry, Rollout, flags::POLL};
use crate::{
    config,
    kernel::{Result, task},
    rollout::evidence::{Test, TestReading},
    store::dials::{DialRow, DialSettings},
    telemetry::{
        catalogue, handles,
        labels::{Experiment, Verdict},
    },
};

const LOOK: Duration = Duration::from_millis(250);
const SAVE: Duration = Duration::from_secs(2);

/// Gauges of one experiment that are set before a scrape.
pub struct Gauges {
    evidence: Vec<(Test, Gauge, Gauge)>,
    verdicts: Vec<(Verdict, Gauge)>,
}

impl Gauges {
    pub fn new(experiment: Experiment) -> Self {
        let name = experiment.label();
        let evidence = Test::ALL.map(|test| {
            let labels = [name, test.label()];
            let gauge = |m| handles::gauge(m, &labels);
            (
                test,
                gauge(&catalogue::EVIDENCE_LOG),
                gauge(&catalogue::EVIDENCE_THRESHOLD_LOG),
            )
        });
        let verdicts = Verdict::ALL
            .iter()
            .map(|v| (*v, handles::gauge(&catalogue::VERDICT, &[name, v.label()])));
        Self {
            evidence: evidence.into(),
            verdicts: verdicts.collect(),
        }
    }

    fn set(&self, readings: &[TestReading], verdict: &str) {
        for reading in readings {
            if let Some((_, log, threshold)) =
                self.evidence.iter().find(|(t, ..)| *t == reading.test)
            {
                log.set(reading.ln_e);
                threshold.set(reading.ln_threshold);
            }
        }
        for (v, gauge) in &self.verdicts {
            gauge.set(if v.label() == verdict { 1.0 } else { 0.0 });
        }
    }
}

/// Starts all tasks. They end when the rollout is dropped.
pub fn start(rollout: &Arc<Rollout>) {
    every(rollout, "rollout.look", LOOK, |r| {
        Box::pin(async move { r.load.look() })
    });
    every(rollout, "rollout.poll", POLL, |r| {
        Box::pin(async move {
            if let Err(e) = r.read_rows().await {
                tracing::debug!("dials could not be read, the last ones stay: {e:?}");
            }
            r.catch_up().await;
            r.steer().await;
        })
    });
    every(rollout, "rollout.save", SAVE, |r| {
        Box::pin(async move { r.save_apart().await })
    });
    if rollout.source.is_unleash() {
        let period = rollout.source.refresh_every();
        every(rollout, "rollout.unleash", period, |r| {
            Box::pin(async move { r.refresh().await })
        });
    }
}

type Work = fn(Arc<Rollout>) -> BoxFuture<'static, ()>;

fn every(rollout: &Arc<Rollout>, name: &'static str, period: Duration, work: Work) {
    let weak: Weak<Rollout> = Arc::downgrade(rollout);
    let repeated = async move {
        let mut ticks = tokio::time::interval(period);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let Some(rollout) = weak.upgrade() else {
                return;
            };
            work(rollout).await;
        }
    };
    drop(task::spawn(name, repeated));
}

impl Rollout {
    /// The first rows, from the settings; rows that are there stay as they are. Where there are no codes yet, nobody depends on
    /// the old arms: the candidates answer, unless a setting says otherwise.
    pub(super) async fn ensure(&self) -> Result<()> {
        if self.store.dials.all().await?.len() >= self.entries.len() {
            return Ok(());
        }
        let now = self.clock.now();
        let is_new = self.store.codes.count().await? == 0;
        for entry in &self.entries {
            let settings = setting(&self.settings, entry.name());
            let percent = match (settings.use_new, self.settings.canary_percent) {
                (Some(true), _) => 100,
                (_, Some(canary)) => canary,
                (None, None) if is_new => 100,
                _ => 0,
            };
            let first = DialRow {
                experiment: entry.name().label().to_owned(),
                settings: DialSettings {
                    candidate_percent: percent,
                    shadow_percent: 0,
                    killed: false,
                    breaker: "auto".to_owned(),
                },
                version: 1,
                stage_at: now,
                changed_at: now,
                changed_by: "settings".to_owned(),
                reason: Some("first start".to_owned()),
            };
            self.store.dials.ensure(&first).await?;
        }
        Ok(())
    }

    /// Puts the dials of the database into force on this node.
    pub(super) async fn read_rows(&self) -> Result<()> {
        let rows = self.store.dials.all().await?;
        self.source.rows_read(self.clock.now());
        self.apply(rows);
        Ok(())
    }

    async fn refresh(&self) {
        match self.source.refresh(self.clock.now()).await {
            Ok(Some(true)) => self.entries.iter().for_each(|entry| self.turn(entry)),
            Ok(_) => {}
            Err(e) => tracing::warn!("flags could not be read, the last good ones stay: {e:?}"),
        }
    }

    /// Writes the state files on a blocking thread.
    pub async fn save_apart(self: &Arc<Self>) {
        let rollout = Arc::clone(self);
        if tokio::task::spawn_blocking(move || rollout.save())
            .await
            .is_err()
        {
            tracing::error!("evidence could not be written down");
        }
    }

    /// Sets the gauges, before a scrape.
    pub fn observe(&self) {
        for entry in &self.entries {
            let pilot = entry.experiment.pilot();
            entry.gauges.set(&pilot.readings(), pilot.verdict().label());
        }
        let ms = self.source.last_success_ms().unwrap_or(0);
        let seconds = Duration::from_millis(ms).as_secs_f64();
        self.last_success.set(seconds);
    }

    /// The version of the row that was read last.
    pub(super) fn version(&self, entry: &ExperimentEntry) -> Option<i64> {
        self.row(entry).map(|row| row.version)
    }

    pub(super) fn row(&self, entry: &ExperimentEntry) -> Option<DialRow> {
        let rows = self.rows.read();
        rows.get(entry.name().label()).cloned()
    }
}

/// The settings of one experiment.
#[must_use]
pub fn setting(
    settings: &config::rollout::Rollout,
    name: Experiment,
) -> &config::rollout::Experiment {
    match name {
        Experiment::Render => &settings.render,
        Experiment::Validate => &settings.validate,
        Experiment::Analytics => &settings.analytics,
    }
}
