//! Changes of dials in the database: by a request, the autopilot or the command line.
//!
//! Invariant: a refused change changes nothing. A change that was made is in the audit log, with actor and reason.

use std::sync::Arc;

use super::fleet::Decisions;
use crate::{
    kernel::{Error, Kind, Result, SharedClock, id::Ids},
    rollout::breaker::Mode,
    store::{
        Store,
        audit::Entry,
        dials::{DialRow, DialSettings},
    },
};

const RELEASE: &str = "rollout.release";
const RETIRE: &str = "rollout.retire";
/// How many decisions of a kind are read back.
const DECISIONS: u64 = 10_000;

/// Longest reason, in characters.
const REASON_CHARS: usize = 500;

/// Who changes something, and why.
#[derive(Clone, Debug)]
pub struct Author {
    pub actor: String,
    /// How the actor was known; `None` for the autopilot.
    pub via: Option<String>,
    pub reason: Option<String>,
}

impl Author {
    /// # Errors
    /// `Invalid` for a reason that the audit log cannot hold.
    pub(super) fn check(&self) -> Result<()> {
        let Some(reason) = &self.reason else {
            return Ok(());
        };
        if reason.chars().count() > REASON_CHARS {
            let message = format!("must have at most {REASON_CHARS} characters");
            return Err(Error::invalid("reason", message));
        }
        if reason.contains('\0') {
            let message = "must not contain a NUL character";
            return Err(Error::invalid("reason", message));
        }
        Ok(())
    }
}

/// A wanted change of a dial. `None` leaves a setting as it is.
#[derive(Clone, Copy, Debug, Default)]
pub struct DialChange {
    /// 0 to 100.
    pub candidate_percent: Option<i64>,
    /// 0 to 100.
    pub shadow_percent: Option<i64>,
    pub breaker: Option<Mode>,
}

/// Reads and changes the dials in the database.
pub struct DialChanges {
    pub(super) store: Store,
    pub(super) clock: SharedClock,
    ids: Arc<Ids>,
    /// Then percentages cannot be set here.
    is_unleash: bool,
}

impl DialChanges {
    pub fn new(store: Store, clock: SharedClock, ids: Arc<Ids>, is_unleash: bool) -> Self {
        Self {
            store,
            clock,
            ids,
            is_unleash,
        }
    }

    /// Every dial.
    ///
    /// # Errors
    /// The database's.
    pub async fn all(&self) -> Result<Vec<DialRow>> {
        self.store.dials.all().await
    }

    /// Turns a dial. `expected`: the version that the caller saw.
    ///
    /// # Errors
    /// `Invalid` for percentages outside of 0 to 100; `Conflict` for percentages while Unleash decides them;
    /// `PreconditionFailed` when the version is not `expected`; the database's.
    pub async fn set(
        &self,
        name: &str,
        wanted: DialChange,
        expected: Option<i64>,
        by: &Author,
    ) -> Result<DialRow> {
        let candidate = percent("candidate_percent", wanted.candidate_percent)?;
        let shadow = percent("shadow_percent", wanted.shadow_percent)?;
        if self.is_unleash && (candidate.is_some() || shadow.is_some()) {
            return Err(Error::new(
                Kind::Conflict,
                "the percentages come from Unleash: change them there; a kill works here, too",
            ));
        }
        let change = move |settings: &mut DialSettings| {
            settings.candidate_percent = candidate.unwrap_or(settings.candidate_percent);
            settings.shadow_percent = shadow.unwrap_or(settings.shadow_percent);
            if let Some(mode) = wanted.breaker {
                mode.label().clone_into(&mut settings.breaker);
            }
        };
        let entry = self.entry(name, "rollout.set", by)?;
        self.change(entry, expected, change).await
    }

    /// Sends everything to the control.
    ///
    /// # Errors
    /// The database's.
    pub async fn kill(&self, name: &str, by: &Author) -> Result<DialRow> {
        let entry = self.entry(name, "rollout.kill", by)?;
        self.change(entry, None, |settings| settings.killed = true)
            .await
    }

    /// Lifts a kill.
    ///
    /// # Errors
    /// The database's.
    pub async fn release(&self, name: &str, by: &Author) -> Result<DialRow> {
        let entry = self.entry(name, RELEASE, by)?;
        self.change(entry, None, |settings| settings.killed = false)
            .await
    }

    /// Adds an entry to the audit log without changing a dial.
    ///
    /// # Errors
    /// The database's.
    pub async fn note(&self, name: &str, action: &str, by: &Author, detail: String) -> Result<()> {
        let entry = Entry {
            detail: Some(detail),
            ..self.entry(name, action, by)?
        };
        self.store.audit.append(&entry).await
    }

    /// Marks a node as gone for good: verdicts over all nodes no longer wait for it. A node that is seen again counts again.
    ///
    /// # Errors
    /// `Invalid` for an empty name; the database's.
    pub async fn retire(&self, node: &str, by: &Author) -> Result<()> {
        if node.trim().is_empty() {
            return Err(Error::invalid("node", "must not be empty"));
        }
        let entry = self.entry(node, RETIRE, by)?;
        self.store.audit.append(&entry).await?;
        tracing::info!(
            node,
            actor = by.actor,
            reason = by.reason,
            "a node was retired"
        );
        Ok(())
    }

    /// The newest release of each experiment and the newest retirement of each node.
    ///
    /// # Errors
    /// The database's.
    pub async fn decisions(&self) -> Result<Decisions> {
        let of = async |action: &str| {
            let entries = self.store.audit.list_by_action(action, DECISIONS).await?;
            let oldest_first = entries.into_iter().rev();
            Ok::<_, Error>(oldest_first.map(|e| (e.subject, e.at)).collect())
        };
        Ok(Decisions {
            released: of(RELEASE).await?,
            retired: of(RETIRE).await?,
        })
    }

    /// The last entries, newest first.
    ///
    /// # Errors
    /// The database's.
    pub async fn log(&self, limit: u64) -> Result<Vec<Entry>> {
        self.store.audit.list_by_action("rollout.", limit).await
    }

    async fn change(
        &self,
        entry: Entry,
        expected: Option<i64>,
        change: impl Fn(&mut DialSettings) + Send,
    ) -> Result<DialRow> {
        let (experiment, action) = (&entry.subject, &entry.action);
        let dials = &self.store.dials;
        let row = dials.change(experiment, expected, change, &entry).await?;
        tracing::info!(
            experiment,
            action,
            actor = entry.actor,
            reason = entry.reason,
            candidate_percent = row.settings.candidate_percent,
            shadow_percent = row.settings.shadow_percent,
            "a dial was changed"
        );
        Ok(row)
    }

    fn entry(&self, subject: &str, action: &str, by: &Author) -> Result<Entry> {
        by.check()?;
        Ok(Entry {
            id: self.ids.next(),
            at: self.clock.now(),
            actor: by.actor.clone(),
            action: action.to_owned(),
            subject: subject.to_owned(),
            reason: by.reason.clone(),
            detail: None,
            org_id: None,
            via: by.via.clone(),
        })
    }
}

/// 0 to 100.
///
/// # Errors
/// `Invalid` for anything else.
pub fn percent(field: &'static str, value: Option<i64>) -> Result<Option<u8>> {
    let Some(n) = value else { return Ok(None) };
    match u8::try_from(n) {
        Ok(n) if n <= 100 => Ok(Some(n)),
        _ => Err(Error::invalid(field, "must be from 0 to 100")),
    }
}
