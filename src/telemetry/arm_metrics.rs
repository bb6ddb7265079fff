//! How the runs of one arm ended, and how long they took.

use std::time::Duration;

use metrics::{Counter, Histogram};

use super::{
    catalogue,
    handles::{counter, histogram},
    labels::{ArmOutcome, Experiment, Side},
};

/// `qr_arm_requests_total` and `qr_arm_duration_seconds` of one arm.
pub struct ArmMetrics {
    duration: Histogram,
    outcomes: Vec<Counter>,
}

impl ArmMetrics {
    #[must_use]
    pub fn new(experiment: Experiment, side: Side) -> Self {
        let labels = [experiment.label(), side.label()];
        let outcome = |o: &ArmOutcome| {
            let labels = [labels[0], labels[1], o.label()];
            counter(&catalogue::ARM_REQUESTS, &labels)
        };
        Self {
            duration: histogram(&catalogue::ARM_DURATION, &labels),
            outcomes: ArmOutcome::ALL.iter().map(outcome).collect(),
        }
    }

    /// Counts the run. Only completed work counts for the duration.
    pub fn ended(&self, outcome: ArmOutcome, took: Duration) {
        self.outcomes[outcome as usize].increment(1);
        if !matches!(outcome, ArmOutcome::Cancelled | ArmOutcome::Remembered) {
            self.duration.record(took);
        }
    }
}
