//! The experiments of this process, as operators see them: their dials, who changed them, and their evidence.
//!
//! Invariants: the dials in the database are in force on every node. A node that cannot reach the database keeps the dials
//! that it read last. Back to control works at once, also without the database.

mod apply;
mod autopilot;
mod background;
mod changes;
mod files;
mod flags;
mod fleet;

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicI64},
    },
    time::Duration,
};

use metrics::Gauge;
use parking_lot::{Mutex, RwLock};

use crate::{
    config,
    kernel::{Ctx, Error, Result, SharedClock, id::Uuid},
    rollout::{
        AnyExperiment, FaultInjector, Mismatch, Shown,
        pilot::{Saved, State},
    },
    store::{Store, audit, dials::DialRow},
    telemetry::{
        Load, catalogue, handles,
        labels::{Experiment, Side},
    },
};

pub use crate::store::dials::DialRow as Row;
pub use apply::FaultRequest;
pub use background::setting;
pub use changes::{Author, DialChange, DialChanges};
pub use files::{ReportedVerdict, verdicts_of_this_node};
pub use flags::{Age, Source};
pub use fleet::verdicts_of_all_nodes;

/// Longest time of an answer to a stored question.
const REPLAY: Duration = Duration::from_secs(10);

/// One experiment and its state on this node.
pub struct ExperimentEntry {
    pub experiment: Arc<dyn AnyExperiment>,
    pub injector: FaultInjector,
    /// The state file was damaged: control, until an operator changes the dial.
    damaged: AtomicBool,
    /// A kill that is in force here and that the database does not have yet.
    unwritten: Mutex<Option<Author>>,
    /// Held while a kill or a release is on its way to the database, so that a late kill cannot undo a release.
    writing: tokio::sync::Mutex<()>,
    /// It was killed when the last process stopped.
    was_killed: AtomicBool,
    /// The last attempt to write the state file failed.
    unsaved: AtomicBool,
    /// The content of the state file.
    written: Mutex<Option<Saved>>,
    /// The version of the row in force; 0 before the first.
    applied: AtomicI64,
    gauges: background::Gauges,
}

impl ExperimentEntry {
    pub fn new(experiment: Arc<dyn AnyExperiment>, injector: FaultInjector) -> Self {
        Self {
            gauges: background::Gauges::new(experiment.pilot().experiment),
            experiment,
            injector,
            damaged: AtomicBool::new(false),
            unwritten: Mutex::new(None),
            writing: tokio::sync::Mutex::new(()),
            was_killed: AtomicBool::new(false),
            unsaved: AtomicBool::new(false),
            written: Mutex::default(),
            applied: AtomicI64::new(0),
        }
    }

    fn write_later(&self, kill: Option<Author>) {
        *self.unwritten.lock() = kill;
    }

    fn to_write(&self) -> Option<Author> {
        self.unwritten.lock().clone()
    }

    #[must_use]
    pub fn name(&self) -> Experiment {
        self.experiment.pilot().experiment
    }
}

/// All experiments of this process.
pub struct Rollout {
    pub entries: Vec<ExperimentEntry>,
    pub settings: config::rollout::Rollout,
    pub load: Arc<Load>,
    source: Source,
    store: Store,
    changes: DialChanges,
    clock: SharedClock,
    dir: PathBuf,
    rows: RwLock<BTreeMap<String, DialRow>>,
    /// One change at a time on this node, so that an older row never overwrites a newer one.
    applying: Mutex<()>,
    last_success: Gauge,
}

/// One experiment as it is now.
pub struct View {
    pub state: State,
    pub row: DialRow,
    /// Names and versions of control and candidate.
    pub arms: [&'static str; 2],
    /// Newest first.
    pub mismatches: Vec<Mismatch>,
}

impl Rollout {
    /// Reads the dials and the state files, and starts the background tasks. A damaged file is set aside with a warning.
    ///
    /// # Errors
    /// The database's; `Invalid` for an Unleash that is configured wrongly.
    pub async fn start(
        entries: Vec<ExperimentEntry>,
        load: Arc<Load>,
        settings: &config::rollout::Rollout,
        changes: DialChanges,
    ) -> Result<Arc<Self>> {
        let rollout = Self {
            source: Source::new(settings)?,
            store: changes.store.clone(),
            clock: SharedClock::clone(&changes.clock),
            changes,
            entries,
            settings: settings.clone(),
            load,
            dir: settings.dir.clone(),
            rows: RwLock::default(),
            applying: Mutex::new(()),
            last_success: handles::gauge(&catalogue::FLAGS_LAST_SUCCESS, &[]),
        };
        rollout.restore();
        rollout.ensure().await?;
        rollout.read_rows().await?;
        let rollout = Arc::new(rollout);
        background::start(&rollout);
        Ok(rollout)
    }

    /// # Errors
    /// `NotFound` for any other name.
    pub fn entry(&self, name: &str) -> Result<&ExperimentEntry> {
        let found = self.entries.iter().find(|e| e.name().label() == name);
        found.ok_or_else(|| {
            let names: Vec<&str> = self.entries.iter().map(|e| e.name().label()).collect();
            Error::not_found(format!(
                "there is no such experiment: there are {}",
                names.join(", ")
            ))
        })
    }

    /// The share of requests that the candidate answers now, 0 to 100; 0 for an experiment that does not exist.
    #[must_use]
    pub fn candidate_percent(&self, experiment: Experiment) -> u8 {
        let Ok(entry) = self.entry(experiment.label()) else {
            return 0;
        };
        entry.experiment.pilot().dial().effective_percent()
    }

    /// # Errors
    /// `Unavailable` while its row was never read.
    pub fn view(&self, entry: &ExperimentEntry) -> Result<View> {
        Ok(View {
            state: entry.experiment.pilot().state(),
            row: self
                .row(entry)
                .ok_or_else(|| Error::internal("an experiment has no row"))?,
            arms: entry.experiment.arms(),
            mismatches: entry.experiment.mismatches(),
        })
    }

    /// Unix time.
    #[must_use]
    pub fn now_ms(&self) -> u64 {
        u64::try_from(self.clock.now().as_millisecond()).unwrap_or(0)
    }

    /// The stage after a percentage; none after the last.
    #[must_use]
    pub fn next_stage(&self, percent: u8) -> Option<u8> {
        let pilot = self.entries.first()?.experiment.pilot();
        pilot.policy.evidence.next_stage(percent)
    }

    /// The source of the flags.
    #[must_use]
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// The last changes of all experiments, newest first.
    ///
    /// # Errors
    /// The database's.
    pub async fn audit(&self, limit: u64) -> Result<Vec<audit::Entry>> {
        self.changes.log(limit).await
    }

    /// Runs one arm again on the question of a mismatch.
    ///
    /// # Errors
    /// `NotFound` when the mismatch is not stored any more; else the arm's.
    pub async fn replay(&self, entry: &ExperimentEntry, id: Uuid, side: Side) -> Result<Shown> {
        // A context of its own: the answer's headers do not name the arms.
        let ctx = Ctx::new(id, self.clock.instant() + REPLAY);
        entry.experiment.replay(&ctx, id, side).await
    }
}
