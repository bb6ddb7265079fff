//! Where a code led, leads and will lead.
//!
//! Invariant: the history is the audit log's. What changed a target without an entry there does not exist.

use serde_json::Value;

use super::{Change, Code, CodeKind, Codes, Plan, Scheduled};
use crate::{
    identity::{Author, OrgId},
    kernel::{Error, Result, Timestamp, id::Uuid},
};

/// Entries of one code's log that are looked through.
const ENTRIES: u64 = 1000;
/// Targets to come, at once.
const SCHEDULED: usize = 50;

/// A target from a time on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Led {
    pub target: String,
    /// `None`: since before the log begins.
    pub from: Option<Timestamp>,
    /// Who set it; `None` for one that is to come, or was set before the log begins.
    pub by: Option<String>,
}

/// Where a code shall lead; the target is validated.
#[derive(Clone, Debug)]
pub struct Next {
    pub target: String,
    /// `None`, or a time that has passed: at once.
    pub from: Option<Timestamp>,
}

impl Codes {
    /// Targets of a code, the newest first; those to come before them.
    ///
    /// # Errors
    /// `NotFound`; `Invalid` for a code that leads nowhere; the store's.
    pub async fn targets(&self, org: OrgId, id: Uuid) -> Result<Vec<Led>> {
        let code = self.get(org, id).await?;
        let base = redirects(&code)?;
        let mut scheduled: Vec<Led> = (code.plan.schedule.iter())
            .map(|next| Led {
                target: next.target.clone(),
                from: Some(crate::kernel::clock::from_micros(next.at_us)),
                by: None,
            })
            .collect();
        scheduled.sort_by_key(|led| std::cmp::Reverse(led.from));
        let subject = format!("code:{id}");
        let entries = self.store.audit.list(Some(&subject), 0, ENTRIES).await?;
        let mut led = Vec::new();
        let mut oldest = base.to_owned();
        for entry in &entries {
            let Some((before, target)) = entry.detail.as_deref().and_then(targets_of) else {
                continue;
            };
            led.push(Led {
                target,
                from: Some(entry.at),
                by: Some(entry.actor.clone()),
            });
            let Some(before) = before else {
                return Ok([scheduled, led].concat());
            };
            oldest = before;
        }
        led.push(Led {
            target: oldest,
            from: None,
            by: None,
        });
        Ok([scheduled, led].concat())
    }

    /// Lets a code lead to another target, at once or later.
    ///
    /// # Errors
    /// `NotFound`; `Invalid` for a code that leads nowhere, and for too many targets to come; `PreconditionFailed`; the store's.
    pub async fn lead(
        &self,
        at: (OrgId, Uuid),
        seen: Option<Timestamp>,
        author: &Author,
        next: Next,
    ) -> Result<Code> {
        let Next { target, from } = next;
        let from = from.filter(|from| *from > self.clock.now());
        self.edit(at, seen, author, |code| {
            redirects(code)?;
            let Some(from) = from else {
                return Ok(Change {
                    target: Some(target.clone()),
                    ..Change::default()
                });
            };
            let at_us = from.as_microsecond();
            let mut plan = Plan::clone(&code.plan);
            plan.schedule.retain(|other| other.at_us != at_us);
            plan.schedule.push(Scheduled {
                at_us,
                target: target.clone(),
            });
            plan.schedule.sort_by_key(|next| next.at_us);
            if plan.schedule.len() > SCHEDULED {
                let message = format!(
                    "at most {SCHEDULED} targets can be scheduled: cancel one first with DELETE and its time as at"
                );
                return Err(Error::invalid("at", message));
            }
            Ok(Change {
                plan: Some(plan),
                ..Change::default()
            })
        })
        .await
    }

    /// Cancels the target that was to come at this time.
    ///
    /// # Errors
    /// `NotFound`, also without such a target; `Invalid` for a code that leads nowhere; `PreconditionFailed`; the store's.
    pub async fn cancel(
        &self,
        at: (OrgId, Uuid),
        seen: Option<Timestamp>,
        author: &Author,
        when: Timestamp,
    ) -> Result<Code> {
        let now_us = self.clock.now().as_microsecond();
        self.edit(at, seen, author, |code| {
            redirects(code)?;
            let mut plan = Plan::clone(&code.plan);
            let is_meant =
                |next: &Scheduled| next.at_us == when.as_microsecond() && next.at_us > now_us;
            if !plan.schedule.iter().any(is_meant) {
                return Err(Error::not_found(
                    "no target is to come at this time: see GET …/targets",
                ));
            }
            plan.schedule.retain(|next| !is_meant(next));
            Ok(Change {
                plan: Some(plan),
                ..Change::default()
            })
        })
        .await
    }

    /// Lets a code lead to where it led before. Undoing that comes back.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` for a code that led nowhere else; `PreconditionFailed`; the store's.
    pub async fn lead_back(
        &self,
        at: (OrgId, Uuid),
        seen: Option<Timestamp>,
        author: &Author,
    ) -> Result<Code> {
        let now = self.clock.now();
        let led = self.targets(at.0, at.1).await?;
        let mut past = led
            .iter()
            .filter(|led| led.from.is_none_or(|from| from <= now));
        let current = past.next().map(|led| led.target.clone());
        let before = past.find(|led| Some(&led.target) != current.as_ref());
        let Some(before) = before else {
            return Err(Error::new(
                crate::kernel::Kind::Conflict,
                "the code has led to no other target yet",
            ));
        };
        let next = Next {
            target: before.target.clone(),
            from: None,
        };
        self.lead(at, seen, author, next).await
    }
}

/// # Errors
/// `Invalid` for a static code.
fn redirects(code: &Code) -> Result<&str> {
    match (code.kind, &code.target) {
        (CodeKind::Dynamic, Some(target)) => Ok(target),
        _ => Err(Error::invalid(
            "target",
            "a static code leads nowhere: make a dynamic one",
        )),
    }
}

/// What an entry says of a target: that of before, unless the code was made then, and the new one.
fn targets_of(detail: &str) -> Option<(Option<String>, String)> {
    let detail: Value = serde_json::from_str(detail).ok()?;
    let text = |value: &Value| value.as_str().map(str::to_owned);
    match text(&detail["after"]["target"]) {
        Some(after) => Some((text(&detail["before"]["target"]), after)),
        // Of `code.create`.
        None => text(&detail["target"]).map(|target| (None, target)),
    }
}
