//! Commits batches to the spool, one after the other, and releases the waiting requests.
//!
//! If the spool cannot be written (disk full, I/O error), the batch goes to the database directly; if that fails
//! too it stays in memory and is tried again. Waiting requests are released at their deadline in any case.

use std::{sync::Arc, time::Duration};

use metrics::{Counter, Histogram};
use tokio::sync::Notify;

use super::{
    drainer::Recording,
    intake::{Batch, Intake},
};
use crate::{
    kernel::{Result, SharedClock},
    store::spool::Spool,
    telemetry::{Outcome, catalogue, handles},
};

/// Between two tries of a batch.
const RETRY: Duration = Duration::from_millis(500);

pub(super) struct Writer {
    /// Wakes the drainer.
    pub spooled: Arc<Notify>,
    pub intake: Arc<Intake>,
    pub spool: Spool,
    pub recording: Recording,
    pub clock: SharedClock,
    /// Between the beginnings of two commits.
    pub interval: Duration,
    pub ack_timeout: Duration,
    pub metrics: Metrics,
}

pub(super) struct Metrics {
    scans: Histogram,
    ok: Histogram,
    error: Histogram,
    unrecorded: Counter,
}

impl Metrics {
    pub(super) fn new() -> Self {
        let duration =
            |o: Outcome| handles::histogram(&catalogue::SPOOL_COMMIT_DURATION, &[o.label()]);
        Self {
            scans: handles::histogram(&catalogue::SPOOL_COMMIT_SCANS, &[]),
            ok: duration(Outcome::Ok),
            error: duration(Outcome::Error),
            unrecorded: handles::counter(&catalogue::SCANS_UNRECORDED, &[]),
        }
    }
}

impl Writer {
    /// Runs until the intake is closed and empty. Under load commits are spaced out: a sync costs the same for one
    /// scan as for a thousand, and costs more than all the rest of a redirect.
    pub(super) async fn run(self) {
        let mut spare = Vec::new();
        let mut next = self.clock.instant();
        loop {
            match self.intake.take(std::mem::take(&mut spare)) {
                Some(batch) => {
                    let begun = self.clock.instant();
                    spare = self.persist(batch).await;
                    next = begun + self.interval;
                }
                None if self.intake.is_closed() => return,
                None => self.intake.work.notified().await,
            }
            // Scans that come meanwhile share the next commit.
            if !self.intake.is_closed() {
                tokio::time::sleep_until(next).await;
            }
        }
    }

    /// Stores a batch, with as many tries as it takes, and returns its buffer for the next one.
    async fn persist(&self, batch: Batch) -> Vec<u8> {
        let is_stored = {
            let mut done = std::pin::pin!(self.try_until_stored(&batch));
            loop {
                if let Ok(is_stored) = tokio::time::timeout(self.ack_timeout, &mut done).await {
                    break is_stored;
                }
                batch.signal.late();
                self.intake.release_late();
            }
        };
        if is_stored {
            batch.signal.durable();
            self.spooled.notify_one();
        } else {
            batch.signal.late();
        }
        self.intake.let_go(batch.scans);
        let Batch { mut bytes, .. } = batch;
        bytes.clear();
        bytes
    }

    /// Whether it is stored; only a stop gives it up.
    async fn try_until_stored(&self, batch: &Batch) -> bool {
        loop {
            let Err(spool_fault) = self.commit(batch).await else {
                return true;
            };
            let Err(store_fault) = self.recording.record_batch(&batch.bytes).await else {
                tracing::warn!(
                    scans = batch.scans,
                    "the scan spool failed, the database took the scans: {spool_fault:?}"
                );
                return true;
            };
            tracing::error!(
                scans = batch.scans,
                "neither the scan spool nor the database takes scans; they stay in memory: {spool_fault:?}; {store_fault:?}"
            );
            if self.intake.is_closed() {
                // A stop cannot wait for ever. The loss is counted and logged.
                self.metrics.unrecorded.increment(u64::from(batch.scans));
                return false;
            }
            tokio::time::sleep(RETRY).await;
        }
    }

    async fn commit(&self, batch: &Batch) -> Result<()> {
        let start = self.clock.instant();
        let result = self.spool.append(&batch.bytes, batch.scans).await;
        let took = self.clock.instant().saturating_duration_since(start);
        match Outcome::of(&result) {
            Outcome::Ok => &self.metrics.ok,
            Outcome::Error => &self.metrics.error,
        }
        .record(took);
        self.metrics.scans.record(f64::from(batch.scans));
        result.map(drop)
    }
}
