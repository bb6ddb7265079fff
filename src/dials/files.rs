//! State files: the evidence of each experiment survives a restart in a file of its own.
//!
//! Invariant: a damaged file is set aside with a warning, and its experiment starts at control.

use std::{path::Path, sync::atomic::Ordering};

use super::{ExperimentEntry, Rollout};
use crate::{
    config,
    kernel::{Clock as _, SystemClock},
    rollout::{evidence::TestReading, pilot::Saved, state_file::StateFile},
    store::lock,
    telemetry::labels::Experiment,
};

fn file(dir: &Path, experiment: Experiment) -> StateFile {
    StateFile::at(dir.join(format!("{}.json", experiment.label())))
}

impl Rollout {
    /// Reads the state files and the last flags.
    pub(super) fn restore(&self) {
        let now = self.clock.now();
        self.source.load(now);
        for entry in &self.entries {
            let file = file(&self.dir, entry.name());
            let was_there = file.exists();
            let saved: Option<Saved> = file.read(now);
            match saved {
                Some(saved) => Self::resume(entry, saved),
                None if was_there => entry.damaged.store(true, Ordering::Relaxed),
                None => {}
            }
        }
    }

    fn resume(entry: &ExperimentEntry, saved: Saved) {
        let experiment = entry.name().label();
        entry.damaged.store(saved.damaged, Ordering::Relaxed);
        let arms = entry.experiment.arms();
        if saved.arms != arms {
            tracing::info!(
                experiment,
                before = ?saved.arms,
                now = ?arms,
                "an arm has another version: its evidence begins anew"
            );
            return;
        }
        entry.was_killed.store(saved.killed, Ordering::Relaxed);
        if let Err(e) = entry.experiment.pilot().restore(saved) {
            tracing::warn!(
                experiment,
                "the evidence in the state file is out of range and is dropped: {e}"
            );
            entry.damaged.store(true, Ordering::Relaxed);
        }
    }

    /// Writes the state files that changed. Blocks on the disk.
    pub(super) fn save(&self) {
        for entry in &self.entries {
            let mut written = entry.written.lock();
            let saved = entry.experiment.pilot().saved(entry.experiment.arms());
            let file = file(&self.dir, entry.name());
            if written.as_ref().is_some_and(|old| old.is_as(&saved)) && file.exists() {
                continue;
            }
            let done = file.write(&saved);
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

/// The verdict about one experiment, of this node or of all nodes.
pub struct ReportedVerdict {
    pub experiment: &'static str,
    /// `go`, `hold` or `no-go`.
    pub verdict: &'static str,
    pub sentence: String,
    /// Of this node; empty for all nodes.
    pub readings: Vec<TestReading>,
    /// Since the state file was written; `None` without a file. A server writes it when it changes.
    pub age_seconds: Option<u64>,
    /// Whether a server runs that writes the state file; `None` for all nodes.
    pub server_runs: Option<bool>,
}

/// Reads the state files of this node. Without a sound file the verdict is a hold.
#[must_use]
pub fn verdicts_of_this_node(settings: &config::rollout::Rollout) -> Vec<ReportedVerdict> {
    let now_ms = u64::try_from(SystemClock.now().as_millisecond()).unwrap_or(0);
    let server_runs = Some(lock::server_writes(&settings.dir));
    let one = |experiment: &Experiment| {
        // Only the server sets damaged files aside.
        let saved: Option<Saved> = file(&settings.dir, *experiment).peek();
        let experiment = experiment.label();
        let Some(saved) = saved.filter(|s| s.evidence.check(now_ms).is_ok()) else {
            return ReportedVerdict {
                experiment,
                verdict: "hold",
                sentence: "hold: no server has written anything down here yet".to_owned(),
                readings: Vec::new(),
                age_seconds: None,
                server_runs,
            };
        };
        let verdict = saved.evidence.verdict(now_ms, saved.closed_since_ms);
        ReportedVerdict {
            experiment,
            verdict: verdict.label(),
            sentence: verdict.to_string(),
            readings: saved.evidence.readings().to_vec(),
            age_seconds: Some(now_ms.saturating_sub(saved.saved_at_ms) / 1000),
            server_runs,
        }
    };
    Experiment::ALL.iter().map(one).collect()
}
