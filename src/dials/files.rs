//! What survives a restart: the evidence of each experiment, in a file of its own.
//!
//! Invariant: a file that cannot be read is set aside with a warning, and its experiment starts at control.

use std::{path::Path, sync::atomic::Ordering};

use super::{Entry, Rollout};
use crate::{
    config,
    kernel::{Clock as _, SystemClock},
    rollout::{evidence::Reading, kept::Kept, pilot::Saved},
    store::lock,
    telemetry::labels::Experiment,
};

fn file(dir: &Path, experiment: Experiment) -> Kept {
    Kept::at(dir.join(format!("{}.json", experiment.label())))
}

impl Rollout {
    /// Goes on from where the last process stopped.
    pub(super) fn restore(&self) {
        let now = self.clock.now();
        self.source.load(now);
        for entry in &self.entries {
            let path = self.dir.join(format!("{}.json", entry.name().label()));
            let was_there = path.exists();
            let saved: Option<Saved> = file(&self.dir, entry.name()).read(now);
            match saved {
                Some(saved) => Self::resume(entry, saved),
                None if was_there => entry.damaged.store(true, Ordering::Relaxed),
                None => {}
            }
        }
    }

    fn resume(entry: &Entry, saved: Saved) {
        let experiment = entry.name().label();
        entry.damaged.store(saved.damaged, Ordering::Relaxed);
        if saved.arms != entry.arms {
            tracing::info!(
                experiment,
                before = ?saved.arms,
                now = ?entry.arms,
                "an arm has another version: its evidence begins anew"
            );
            return;
        }
        entry.was_killed.store(saved.killed, Ordering::Relaxed);
        if let Err(e) = entry.trial.pilot().restore(saved) {
            tracing::warn!(
                experiment,
                "what was learned makes no sense and is dropped: {e}"
            );
            entry.damaged.store(true, Ordering::Relaxed);
        }
    }

    /// Writes down what was learned, unless the file says it already. Blocks on the disk.
    pub(super) fn save(&self) {
        for entry in &self.entries {
            let mut written = entry.written.lock();
            let saved = entry.trial.pilot().saved(entry.arms);
            let kept = file(&self.dir, entry.name());
            if written.as_ref().is_some_and(|old| old.says_as(&saved)) && kept.exists() {
                continue;
            }
            let done = kept.write(&saved);
            *written = done.is_ok().then_some(saved);
            match (done, entry.unsaved.swap(false, Ordering::Relaxed)) {
                (Ok(()), true) => tracing::info!("evidence is written down again"),
                (Ok(()), false) => {}
                (Err(e), before) => {
                    entry.unsaved.store(true, Ordering::Relaxed);
                    if !before {
                        tracing::warn!(
                            "evidence cannot be written down, a restart would forget it: {e:?}"
                        );
                    }
                }
            }
        }
    }
}

/// What the server on this machine last wrote down about one experiment.
pub struct Said {
    pub experiment: &'static str,
    /// `go`, `hold` or `no-go`.
    pub verdict: &'static str,
    pub sentence: String,
    pub readings: Vec<Reading>,
    /// Since it was written; `None` if it never was. It is written when it changes.
    pub age_seconds: Option<u64>,
    /// Whether a server runs that writes it; `None` where that cannot be seen.
    pub is_written: Option<bool>,
}

/// Reads all of them; what was never written, or cannot be read, is a hold.
#[must_use]
pub fn said(settings: &config::rollout::Rollout) -> Vec<Said> {
    let now_ms = u64::try_from(SystemClock.now().as_millisecond()).unwrap_or(0);
    let is_written = lock::server_writes(&settings.dir);
    let one = |experiment: &Experiment| {
        // Looked at, not repaired: that is the server's business.
        let saved: Option<Saved> = file(&settings.dir, *experiment).peek();
        let saved = saved.filter(|s| s.evidence.check(now_ms).is_ok());
        let Some(saved) = saved else {
            return Said {
                experiment: experiment.label(),
                verdict: "hold",
                sentence: "hold: no server has written anything down here yet".to_owned(),
                readings: Vec::new(),
                age_seconds: None,
                is_written: Some(is_written),
            };
        };
        let verdict = saved.evidence.verdict(now_ms, saved.closed_since_ms);
        Said {
            experiment: experiment.label(),
            verdict: verdict.label(),
            sentence: verdict.to_string(),
            readings: saved.evidence.readings().to_vec(),
            age_seconds: Some(now_ms.saturating_sub(saved.saved_at_ms) / 1000),
            is_written: Some(is_written),
        }
    };
    Experiment::ALL.iter().map(one).collect()
}
