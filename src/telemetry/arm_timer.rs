//! Measures the runs of one arm.

use std::sync::Arc;

use metrics::{Counter, Histogram};

use super::{
    catalogue,
    handles::{counter, histogram},
    labels::{ArmOutcome, Experiment, Side},
};
use crate::kernel::{Result, SharedClock};

/// Records `qr_arm_requests_total` and `qr_arm_duration_seconds`. Make it once, clone freely.
#[derive(Clone)]
pub struct ArmTimer(Arc<Inner>);

struct Inner {
    clock: SharedClock,
    duration: Histogram,
    ok: Counter,
    answer: Counter,
    fault: Counter,
    cancelled: Counter,
}

impl ArmTimer {
    #[must_use]
    pub fn new(clock: SharedClock, experiment: Experiment, side: Side) -> Self {
        let labels = [experiment.label(), side.label()];
        let runs = |outcome: ArmOutcome| {
            let labels = [labels[0], labels[1], outcome.label()];
            counter(&catalogue::ARM_REQUESTS, &labels)
        };
        Self(Arc::new(Inner {
            clock,
            duration: histogram(&catalogue::ARM_DURATION, &labels),
            ok: runs(ArmOutcome::Ok),
            answer: runs(ArmOutcome::Answer),
            fault: runs(ArmOutcome::Fault),
            cancelled: runs(ArmOutcome::Cancelled),
        }))
    }

    /// Runs `work` and records how it ended and, unless it was cancelled, how long it took.
    ///
    /// # Errors
    /// Those of `work`.
    pub async fn time<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        let run = Run {
            counts: &self.0,
            ended: None,
        };
        let start = self.0.clock.instant();
        let result = work.await;
        let took = self.0.clock.instant().saturating_duration_since(start);
        self.0.duration.record(took);
        run.end(match &result {
            Ok(_) => ArmOutcome::Ok,
            Err(e) if e.kind().is_fault() => ArmOutcome::Fault,
            Err(_) => ArmOutcome::Answer,
        });
        result
    }
}

/// A run that is dropped before its end was cancelled: the client went away.
struct Run<'a> {
    counts: &'a Inner,
    ended: Option<ArmOutcome>,
}

impl Run<'_> {
    fn end(mut self, outcome: ArmOutcome) {
        self.ended = Some(outcome);
    }
}

impl Drop for Run<'_> {
    fn drop(&mut self) {
        match self.ended.unwrap_or(ArmOutcome::Cancelled) {
            ArmOutcome::Ok => self.counts.ok.increment(1),
            ArmOutcome::Answer => self.counts.answer.increment(1),
            ArmOutcome::Fault => self.counts.fault.increment(1),
            ArmOutcome::Cancelled => self.counts.cancelled.increment(1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        kernel::{Error, SystemClock},
        telemetry::Recorder,
    };

    #[tokio::test]
    async fn every_end_is_recorded() {
        let recorder = Recorder::install(true).unwrap();
        let timer = ArmTimer::new(
            Arc::new(SystemClock),
            Experiment::Analytics,
            Side::Candidate,
        );
        let _ = timer.time(async { Ok(()) }).await;
        let _ = timer
            .time(async { Err::<(), _>(Error::invalid("f", "m")) })
            .await;
        let _ = timer
            .time(async { Err::<(), _>(Error::internal("m")) })
            .await;
        let endless = timer.time(std::future::pending::<Result<()>>());
        assert!(
            tokio::time::timeout(std::time::Duration::from_millis(1), endless)
                .await
                .is_err()
        );
        let text = recorder.render();
        for outcome in ["ok", "answer", "fault", "cancelled"] {
            let line = format!(
                r#"qr_arm_requests_total{{experiment="analytics",arm="candidate",outcome="{outcome}"}} 1"#
            );
            assert!(text.contains(&line), "{line}\n{text}");
        }
    }
}
