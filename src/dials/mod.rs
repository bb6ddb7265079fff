//! The experiments of this process, as operators see them: what they are set to, by whom, and what was learned.
//!
//! Invariants: the database says what is set, on every node; a node that cannot reach it goes on with what it last read;
//! and back to control is possible at once, whatever else is away.

mod autopilot;
mod change;
mod desk;
mod files;
mod flags;
mod fleet;
mod keep;

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
    kernel::{
        Ctx, Error, Result, SharedClock,
        id::{Ids, Uuid},
    },
    rollout::{
        Shown, Trial,
        pilot::{Saved, State},
        rehearsal::Drills,
    },
    store::{Store, audit, dials::Dial},
    telemetry::{
        Load, catalogue, handles,
        labels::{Experiment, Side},
    },
};

pub use crate::store::dials::Dial as Row;
pub use desk::{By, Desk, Wish};
pub use files::{Said, said};
pub use flags::{Age, Source};
pub use fleet::said_by_all;
pub use keep::setting;

/// How long an answer that is made anew may take.
const REPLAY: Duration = Duration::from_secs(10);

/// One experiment, and what belongs to it.
pub struct Entry {
    pub trial: Arc<dyn Trial>,
    /// Names and versions of control and candidate.
    pub arms: [&'static str; 2],
    pub drills: Drills,
    /// What was learned could not be read: control, until an operator changes something.
    damaged: AtomicBool,
    /// A kill that is in force here, and of which the database does not know yet.
    unwritten: Mutex<Option<By>>,
    /// Held while a kill or a release is on its way to the database, so that a late kill cannot undo a release.
    writing: tokio::sync::Mutex<()>,
    /// It was killed when the last process stopped.
    was_killed: AtomicBool,
    /// The last attempt to write it down failed.
    unsaved: AtomicBool,
    /// What its file holds.
    written: Mutex<Option<Saved>>,
    /// The version that the pilot was last set to; 0 before the first.
    applied: AtomicI64,
    gauges: keep::Gauges,
}

impl Entry {
    pub fn new(trial: Arc<dyn Trial>, drills: Drills) -> Self {
        Self {
            gauges: keep::Gauges::new(trial.pilot().experiment),
            arms: trial.arms(),
            trial,
            drills,
            damaged: AtomicBool::new(false),
            unwritten: Mutex::new(None),
            writing: tokio::sync::Mutex::new(()),
            was_killed: AtomicBool::new(false),
            unsaved: AtomicBool::new(false),
            written: Mutex::default(),
            applied: AtomicI64::new(0),
        }
    }

    fn write_later(&self, kill: Option<By>) {
        *self.unwritten.lock() = kill;
    }

    fn to_write(&self) -> Option<By> {
        let kill = self.unwritten.lock();
        kill.clone()
    }

    #[must_use]
    pub fn name(&self) -> Experiment {
        self.trial.pilot().experiment
    }
}

/// Everything about rollouts.
pub struct Rollout {
    pub entries: Vec<Entry>,
    pub settings: config::rollout::Rollout,
    pub load: Arc<Load>,
    source: Source,
    store: Store,
    desk: Desk,
    clock: SharedClock,
    dir: PathBuf,
    rows: RwLock<BTreeMap<String, Dial>>,
    /// One change at a time on this node, so that an older row never overwrites a newer one.
    applying: Mutex<()>,
    last_success: Gauge,
}

/// One experiment as it is now.
pub struct View {
    pub state: State,
    pub row: Dial,
    pub arms: [&'static str; 2],
    /// Newest first: id, Unix time in milliseconds, and what differed.
    pub mismatches: Vec<(Uuid, u64, &'static str)>,
}

impl Rollout {
    /// Reads what is set and what was learned; what cannot be read is set aside with a warning.
    ///
    /// # Errors
    /// The database's; `Invalid` for an Unleash that is configured wrongly.
    pub async fn start(
        (entries, load): (Vec<Entry>, Arc<Load>),
        settings: &config::rollout::Rollout,
        store: Store,
        clock: SharedClock,
        ids: &Arc<Ids>,
    ) -> Result<Arc<Self>> {
        let source = Source::new(settings)?;
        let desk = Desk::new(
            store.clone(),
            SharedClock::clone(&clock),
            Arc::clone(ids),
            source.is_unleash(),
        );
        let rollout = Self {
            source,
            desk,
            entries,
            settings: settings.clone(),
            load,
            store,
            clock,
            dir: settings.dir.clone(),
            rows: RwLock::default(),
            applying: Mutex::new(()),
            last_success: handles::gauge(&catalogue::FLAGS_LAST_SUCCESS, &[]),
        };
        rollout.restore();
        rollout.ensure().await?;
        rollout.read_rows().await?;
        let rollout = Arc::new(rollout);
        keep::start(&rollout);
        Ok(rollout)
    }

    /// # Errors
    /// `NotFound` for any other name.
    pub fn entry(&self, name: &str) -> Result<&Entry> {
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
        let dial = entry.trial.pilot().dial();
        match dial.hold {
            Some(_) => 0,
            None => dial.candidate.percent_taken(),
        }
    }

    /// # Errors
    /// `Unavailable` while its row was never read.
    pub fn view(&self, entry: &Entry) -> Result<View> {
        Ok(View {
            state: entry.trial.pilot().state(),
            row: self
                .row(entry)
                .ok_or_else(|| Error::internal("an experiment has no row"))?,
            arms: entry.arms,
            mismatches: entry.trial.mismatches(),
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
        let pilot = self.entries.first()?.trial.pilot();
        pilot.policy.evidence.next_stage(percent)
    }

    /// Where flags come from, and how old they are.
    #[must_use]
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// The last changes of all experiments, newest first.
    ///
    /// # Errors
    /// The database's.
    pub async fn audit(&self, limit: u64) -> Result<Vec<audit::Entry>> {
        self.desk.log(limit).await
    }

    /// One arm's answer to the question of a mismatch, made anew.
    ///
    /// # Errors
    /// `NotFound` when it is not kept any more; else the arm's.
    pub async fn replay(&self, entry: &Entry, id: Uuid, side: Side) -> Result<Shown> {
        // The context of nobody's request: what it records is in nobody's headers.
        let ctx = Ctx::new(id, self.clock.instant() + REPLAY);
        entry.trial.replay(&ctx, id, side).await
    }
}
