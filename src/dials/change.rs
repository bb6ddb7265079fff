//! Changes by operators, and by the autopilot: in the database first, then at once on this node.
//!
//! Invariant: back to control needs no database.

use std::{sync::atomic::Ordering, time::Duration};

use super::{
    By, Entry, Rollout, Wish,
    desk::{forced, percent},
};
use crate::{
    kernel::{Error, Kind, Result},
    rollout::{Dial, Hold, rehearsal::Mishap},
    store::dials,
};

/// Longest drill, in seconds.
const DRILL_SECONDS: u64 = 600;

impl Rollout {
    /// Turns the dial. `expected`: the version that the caller saw.
    ///
    /// # Errors
    /// As [`Desk::set`](super::Desk::set).
    pub async fn set(
        &self,
        entry: &Entry,
        wish: Wish,
        expected: Option<i64>,
        by: &By,
    ) -> Result<()> {
        let name = entry.name().label();
        let row = self.desk.set(name, wish, expected, by).await?;
        self.apply(vec![row]);
        Ok(())
    }

    /// Everything to the control, at once on this node even if the database is away.
    ///
    /// # Errors
    /// `Invalid` for a reason that cannot be kept: then nothing changed. The database's: then the other nodes do not know
    /// yet, and a restart would forget it.
    pub async fn kill(&self, entry: &Entry, by: &By) -> Result<()> {
        by.check()?;
        entry.write_later(Some(by.clone()));
        self.turn(entry);
        let _one = entry.writing.lock().await;
        self.write_kill(entry, by).await
    }

    async fn write_kill(&self, entry: &Entry, by: &By) -> Result<()> {
        let row = self.desk.kill(entry.name().label(), by).await?;
        entry.write_later(None);
        self.apply(vec![row]);
        Ok(())
    }

    /// Writes down the kills that the database did not take when they were made.
    pub(super) async fn catch_up(&self) {
        for entry in &self.entries {
            // Whoever is writing now has not failed yet; and after a release there is nothing left to write.
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

    /// Lifts a kill. What was learned before does not count any more.
    ///
    /// # Errors
    /// The database's.
    pub async fn release(&self, entry: &Entry, by: &By) -> Result<()> {
        let _one = entry.writing.lock().await;
        let row = self.desk.release(entry.name().label(), by).await?;
        entry.write_later(None);
        self.apply(vec![row]);
        // Also where the poll was faster with the row.
        self.turn(entry);
        // Also one that only this node held, or whose no-go an operator has looked into.
        entry.trial.pilot().forget();
        Ok(())
    }

    /// Makes the candidate fail, for a while; `None` ends it.
    ///
    /// # Errors
    /// `Forbidden` unless `ROLLOUT_REHEARSALS` allows it; `Invalid` for what cannot be rehearsed.
    pub async fn rehearse(
        &self,
        entry: &Entry,
        drill: Option<(Mishap, i64, i64)>,
        by: &By,
    ) -> Result<()> {
        if !self.settings.rehearsals {
            return Err(Error::new(
                Kind::Forbidden,
                "rehearsals are switched off: set ROLLOUT_REHEARSALS=true",
            ));
        }
        let drill = drill.map(checked).transpose()?;
        let experiment = entry.name().label();
        let detail = match drill {
            Some((mishap, percent, lasting)) => serde_json::json!({
                "fault": format!("{mishap:?}").to_lowercase(),
                "percent": percent,
                "seconds": lasting.as_secs(),
            }),
            None => serde_json::json!({ "fault": "none" }),
        };
        let about = (experiment, "rollout.rehearse");
        self.desk.note(about, by, detail.to_string()).await?;
        tracing::warn!(experiment, actor = by.actor, ?drill, "a rehearsal");
        entry.drills.set(drill);
        Ok(())
    }

    /// Makes rows of the database what the pilots do. Older ones than those in force are passed over.
    pub(super) fn apply(&self, rows: Vec<dials::Dial>) {
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
                (was_killed || earlier.is_some_and(|r| r.set.killed)) && !row.set.killed
            };
            entry.applied.store(row.version, Ordering::Relaxed);
            // Somebody looked at it since this process started.
            if before > 0 && entry.damaged.swap(false, Ordering::Relaxed) {
                tracing::info!(experiment = row.experiment, "no longer held at control");
            }
            self.turn(entry);
            if released {
                entry.trial.pilot().forget();
            }
        }
    }

    /// Sets one pilot to what is known now.
    pub(super) fn turn(&self, entry: &Entry) {
        let Some(row) = self.row(entry) else { return };
        let flagged = self.source.flagged(entry.name(), &row.set);
        let hold = if row.set.killed || entry.to_write().is_some() {
            Some(Hold::Killed)
        } else if entry.damaged.load(Ordering::Relaxed) {
            Some(Hold::Damaged)
        } else {
            flagged.is_none().then_some(Hold::NoFlags)
        };
        let unknown = Dial::unknown(entry.name());
        let (candidate, shadow) = flagged.map_or((unknown.candidate, unknown.shadow), |f| {
            (f.candidate, f.shadow)
        });
        let dial = Dial {
            candidate,
            shadow,
            hold,
            breaker: forced(&row.set.breaker),
        };
        let pilot = entry.trial.pilot();
        if *pilot.dial() != dial {
            pilot.turn(dial);
        }
    }
}

fn checked((mishap, share, seconds): (Mishap, i64, i64)) -> Result<(Mishap, u8, Duration)> {
    let share = percent("percent", Some(share))?.filter(|p| *p > 0);
    let share = share.ok_or_else(|| Error::invalid("percent", "must be from 1 to 100"))?;
    let seconds = u64::try_from(seconds)
        .ok()
        .filter(|s| (1..=DRILL_SECONDS).contains(s));
    let seconds = seconds.ok_or_else(|| Error::invalid("seconds", "must be from 1 to 600"))?;
    Ok((mishap, share, Duration::from_secs(seconds)))
}
