//! Changes what the database says of an experiment; from a request, from the autopilot, or from the command line.
//!
//! Invariant: a change that is refused changes nothing; one that is made is in the audit log with who and why.

use std::sync::Arc;

use super::fleet::Decisions;
use crate::{
    kernel::{Error, Kind, Result, SharedClock, id::Ids},
    rollout::breaker::Forced,
    store::{
        Store,
        audit::Entry,
        dials::{Dial, Set},
    },
};

const RELEASE: &str = "rollout.release";
const RETIRE: &str = "rollout.retire";
/// How many of a kind are read back.
const DECISIONS: u64 = 10_000;

/// Longest reason, in characters.
const REASON_CHARS: usize = 500;

/// Who changes something, and why.
#[derive(Clone, Debug)]
pub struct By {
    pub actor: String,
    pub reason: Option<String>,
}

impl By {
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

/// What somebody wants an experiment to be. What is not said stays.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wish {
    pub candidate_percent: Option<i64>,
    pub shadow_percent: Option<i64>,
    pub breaker: Option<Forced>,
}

/// Where changes are made.
pub struct Desk {
    store: Store,
    clock: SharedClock,
    ids: Arc<Ids>,
    /// Percentages are not set here.
    is_unleash: bool,
}

impl Desk {
    pub fn new(store: Store, clock: SharedClock, ids: Arc<Ids>, is_unleash: bool) -> Self {
        Self {
            store,
            clock,
            ids,
            is_unleash,
        }
    }

    /// What every experiment is set to.
    ///
    /// # Errors
    /// The database's.
    pub async fn all(&self) -> Result<Vec<Dial>> {
        self.store.dials.all().await
    }

    /// Turns a dial. `expected`: the version that the caller saw.
    ///
    /// # Errors
    /// `Invalid` for percentages outside of 0 to 100; `Conflict` for percentages while Unleash decides them;
    /// `PreconditionFailed` when somebody else was faster; the database's.
    pub async fn set(
        &self,
        name: &str,
        wish: Wish,
        expected: Option<i64>,
        by: &By,
    ) -> Result<Dial> {
        let candidate = percent("candidate_percent", wish.candidate_percent)?;
        let shadow = percent("shadow_percent", wish.shadow_percent)?;
        if self.is_unleash && (candidate.is_some() || shadow.is_some()) {
            return Err(Error::new(
                Kind::Conflict,
                "the percentages come from Unleash: change them there; a kill works here, too",
            ));
        }
        let change = move |set: &mut Set| {
            set.candidate_percent = candidate.unwrap_or(set.candidate_percent);
            set.shadow_percent = shadow.unwrap_or(set.shadow_percent);
            if let Some(forced) = wish.breaker {
                forced_name(forced).clone_into(&mut set.breaker);
            }
        };
        self.change((name, "rollout.set"), by, expected, change)
            .await
    }

    /// Everything to the control.
    ///
    /// # Errors
    /// The database's.
    pub async fn kill(&self, name: &str, by: &By) -> Result<Dial> {
        let kill = |set: &mut Set| set.killed = true;
        self.change((name, "rollout.kill"), by, None, kill).await
    }

    /// Lifts a kill.
    ///
    /// # Errors
    /// The database's.
    pub async fn release(&self, name: &str, by: &By) -> Result<Dial> {
        let release = |set: &mut Set| set.killed = false;
        self.change((name, RELEASE), by, None, release).await
    }

    /// Notes what changes no dial.
    ///
    /// # Errors
    /// The database's.
    pub async fn note(&self, (name, action): (&str, &str), by: &By, detail: String) -> Result<()> {
        let entry = Entry {
            detail: Some(detail),
            ..self.entry((name, action), by)?
        };
        self.store.audit.append(&entry).await
    }

    /// A node that is gone will not come back: verdicts over all nodes do without it. If it is seen again, it counts again.
    ///
    /// # Errors
    /// `Invalid` for an empty name; the database's.
    pub async fn retire(&self, node: &str, by: &By) -> Result<()> {
        if node.trim().is_empty() {
            return Err(Error::invalid("node", "must not be empty"));
        }
        let entry = self.entry((node, RETIRE), by)?;
        self.store.audit.append(&entry).await?;
        tracing::info!(
            node,
            actor = by.actor,
            reason = by.reason,
            "a node was retired"
        );
        Ok(())
    }

    /// What operators decided about the past, newest decision of each.
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
        (name, action): (&str, &str),
        by: &By,
        expected: Option<i64>,
        change: impl Fn(&mut Set) + Send,
    ) -> Result<Dial> {
        let entry = self.entry((name, action), by)?;
        let row = self
            .store
            .dials
            .change(name, expected, change, &entry)
            .await?;
        tracing::info!(
            experiment = name,
            action,
            actor = by.actor,
            reason = by.reason,
            candidate_percent = row.set.candidate_percent,
            shadow_percent = row.set.shadow_percent,
            "an experiment was changed"
        );
        Ok(row)
    }

    fn entry(&self, (name, action): (&str, &str), by: &By) -> Result<Entry> {
        by.check()?;
        Ok(Entry {
            id: self.ids.next(),
            at: self.clock.now(),
            actor: by.actor.clone(),
            action: action.to_owned(),
            subject: name.to_owned(),
            reason: by.reason.clone(),
            detail: None,
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

/// As the database spells it.
fn forced_name(forced: Forced) -> &'static str {
    match forced {
        Forced::No => "auto",
        Forced::Open => "open",
        Forced::Closed => "closed",
    }
}

/// From the database's spelling.
pub fn forced(name: &str) -> Forced {
    match name {
        "open" => Forced::Open,
        "closed" => Forced::Closed,
        _ => Forced::No,
    }
}
