//! Puts changes of operators and the autopilot into force: in the database first, then at once on this node.
//!
//! Invariant: back to control needs no database.

use std::{sync::atomic::Ordering, time::Duration};

use super::{Author, DialChange, ExperimentEntry, Rollout, changes::percent};
use crate::{
    kernel::{Error, Kind, Result},
    rollout::{
        Dial, Override, Shares,
        breaker::Mode,
        fault_injection::{Fault, FaultInjection},
    },
    store::dials::DialRow,
};

/// Longest fault injection, in seconds.
const INJECTION_SECONDS: u64 = 600;

/// A wanted fault injection.
#[derive(Clone, Copy, Debug)]
pub struct FaultRequest {
    pub fault: Fault,
    /// 1 to 100.
    pub percent: i64,
    /// 1 to 600.
    pub seconds: i64,
}

impl FaultRequest {
    fn checked(&self) -> Result<FaultInjection> {
        let share = percent("percent", Some(self.percent))?.filter(|p| *p > 0);
        let seconds = u64::try_from(self.seconds).ok();
        let seconds = seconds.filter(|s| (1..=INJECTION_SECONDS).contains(s));
        let out_of = |field, range| Error::invalid(field, format!("must be from {range}"));
        Ok(FaultInjection {
            fault: self.fault,
            percent: share.ok_or_else(|| out_of("percent", "1 to 100"))?,
            lasting: Duration::from_secs(seconds.ok_or_else(|| out_of("seconds", "1 to 600"))?),
        })
    }
}

impl Rollout {
    /// Turns the dial. `expected`: the version that the caller saw.
    ///
    /// # Errors
    /// Those of [`DialChanges::set`](super::DialChanges::set).
    pub async fn set(
        &self,
        entry: &ExperimentEntry,
        wanted: DialChange,
        expected: Option<i64>,
        by: &Author,
    ) -> Result<()> {
        let name = entry.name().label();
        let row = self.changes.set(name, wanted, expected, by).await?;
        self.apply(vec![row]);
        Ok(())
    }

    /// Sends everything to the control: at once on this node, also without the database.
    ///
    /// # Errors
    /// `Invalid` for a reason that the audit log cannot hold: then nothing changed. The database's: then the other nodes do
    /// not know yet, and a restart would forget the kill.
    pub async fn kill(&self, entry: &ExperimentEntry, by: &Author) -> Result<()> {
        by.check()?;
        entry.write_later(Some(by.clone()));
        self.turn(entry);
        let _one = entry.writing.lock().await;
        self.write_kill(entry, by).await
    }

    async fn write_kill(&self, entry: &ExperimentEntry, by: &Author) -> Result<()> {
        let row = self.changes.kill(entry.name().label(), by).await?;
        entry.write_later(None);
        self.apply(vec![row]);
        Ok(())
    }

    /// Writes the kills that the database did not take when they were made.
    pub(super) async fn catch_up(&self) {
        for entry in &self.entries {
            // A kill that is being written has not failed yet; after a release there is nothing left to write.
            let Ok(_one) = entry.writing.try_lock() else {
                continue;
            };
            if let Some(by) = entry.to_write()
                && let Err(e) = self.write_kill(entry, &by).await
            {
                tracing::debug!("a kill is in force on this node only: {e:?}");
            }
        }
    }

    /// Lifts a kill and drops the evidence.
    ///
    /// # Errors
    /// The database's.
    pub async fn release(&self, entry: &ExperimentEntry, by: &Author) -> Result<()> {
        let _one = entry.writing.lock().await;
        let row = self.changes.release(entry.name().label(), by).await?;
        entry.write_later(None);
        self.apply(vec![row]);
        // Also where the poll has applied the row already.
        self.turn(entry);
        // Also after a kill that only this node knew, and after a no-go without a kill.
        entry.experiment.pilot().forget();
        Ok(())
    }

    /// Makes the candidate fail for a while; `None` ends it.
    ///
    /// # Errors
    /// `Forbidden` unless `ROLLOUT_REHEARSALS` allows it; `Invalid` for numbers out of range.
    pub async fn inject_faults(
        &self,
        entry: &ExperimentEntry,
        wanted: Option<FaultRequest>,
        by: &Author,
    ) -> Result<()> {
        if !self.settings.rehearsals {
            return Err(Error::new(
                Kind::Forbidden,
                "rehearsals are switched off: set ROLLOUT_REHEARSALS=true",
            ));
        }
        let injection = wanted.map(|w| w.checked()).transpose()?;
        let experiment = entry.name().label();
        let detail = match injection {
            Some(injection) => serde_json::json!({
                "fault": format!("{:?}", injection.fault).to_lowercase(),
                "percent": injection.percent,
                "seconds": injection.lasting.as_secs(),
            }),
            None => serde_json::json!({ "fault": "none" }),
        };
        let action = "rollout.rehearse";
        let noted = self
            .changes
            .note(experiment, action, by, detail.to_string());
        noted.await?;
        tracing::warn!(experiment, actor = by.actor, ?injection, "fault injection");
        entry.injector.set(injection);
        Ok(())
    }

    /// Puts rows of the database into force. Rows older than those in force are skipped.
    pub(super) fn apply(&self, rows: Vec<DialRow>) {
        let _one = self.applying.lock();
        for row in rows {
            let Ok(entry) = self.entry(&row.experiment) else {
                continue;
            };
            let before = entry.applied.load(Ordering::Relaxed);
            if row.version <= before {
                continue;
            }
            let released = {
                let mut known = self.rows.write();
                let earlier = known.insert(row.experiment.clone(), row.clone());
                let was_killed = entry.was_killed.swap(false, Ordering::Relaxed);
                (was_killed || earlier.is_some_and(|r| r.settings.killed)) && !row.settings.killed
            };
            entry.applied.store(row.version, Ordering::Relaxed);
            // An operator has changed the dial since this process started.
            if before > 0 && entry.damaged.swap(false, Ordering::Relaxed) {
                tracing::info!(experiment = row.experiment, "no longer held at control");
            }
            self.turn(entry);
            if released {
                entry.experiment.pilot().forget();
            }
        }
    }

    /// Sets one pilot's dial from the row, the flags and the overrides.
    pub(super) fn turn(&self, entry: &ExperimentEntry) {
        let Some(row) = self.row(entry) else { return };
        let shares = self.source.shares(entry.name(), &row.settings);
        let overridden = if row.settings.killed || entry.to_write().is_some() {
            Some(Override::Killed)
        } else if entry.damaged.load(Ordering::Relaxed) {
            Some(Override::Damaged)
        } else {
            shares.is_none().then_some(Override::NoFlags)
        };
        let dial = Dial {
            shares: shares.unwrap_or_else(|| Shares::percent(entry.name(), 0, 0)),
            overridden,
            breaker: Mode::from_label(&row.settings.breaker),
        };
        let pilot = entry.experiment.pilot();
        if *pilot.dial() != dial {
            pilot.turn(dial);
        }
    }
}
