//! Entries of the audit log about identity.

use super::Caller;
use crate::{
    kernel::{
        Error, Result, SharedClock, Timestamp,
        id::{Ids, Uuid},
    },
    store::audit::Entry,
};

/// Longest reason, in characters.
const REASON_CHARS: usize = 500;

/// Who changes something, via what, and why.
#[derive(Clone, Debug)]
pub struct Author {
    actor: String,
    via: String,
    org_id: Option<Uuid>,
    reason: Option<String>,
}

/// The id and the time of an entry.
#[derive(Clone, Copy, Debug)]
pub struct Stamp {
    id: Uuid,
    at: Timestamp,
}

impl Stamp {
    #[must_use]
    pub fn now(ids: &Ids, clock: &SharedClock) -> Self {
        Self {
            id: ids.next(),
            at: clock.now(),
        }
    }
}

/// The caller, about the caller's organization, without a reason.
impl From<&Caller> for Author {
    fn from(caller: &Caller) -> Self {
        Self {
            actor: caller.name().to_owned(),
            via: caller.shown_via(),
            org_id: Some(caller.organization().id()),
            reason: None,
        }
    }
}

impl Author {
    /// The caller, about the caller's organization.
    ///
    /// # Errors
    /// `Invalid` for a reason that the audit log cannot hold.
    pub fn of(caller: &Caller, reason: Option<String>) -> Result<Self> {
        let author = Self::from(caller);
        Self { reason, ..author }.checked()
    }

    /// An operator of this machine. `org`: the organization that the change concerns.
    ///
    /// # Errors
    /// As [`Author::of`].
    pub fn operator(org: Option<Uuid>, reason: Option<String>) -> Result<Self> {
        Self {
            actor: "command line".to_owned(),
            via: "command line".to_owned(),
            org_id: org,
            reason,
        }
        .checked()
    }

    /// Somebody who signs in, or joins.
    pub(super) fn person(name: &str, via: &str, org: Uuid) -> Self {
        Self {
            actor: name.to_owned(),
            via: via.to_owned(),
            org_id: Some(org),
            reason: None,
        }
    }

    /// It is about this organization.
    pub(super) fn concern(&mut self, org: Uuid) {
        self.org_id = Some(org);
    }

    fn checked(self) -> Result<Self> {
        let chars = self.reason.as_ref().map_or(0, |r| r.chars().count());
        if chars > REASON_CHARS {
            let message = format!("must have at most {REASON_CHARS} characters");
            return Err(Error::invalid("reason", message));
        }
        Ok(self)
    }

    /// `subject`: what is changed, such as `key:<id>`.
    #[must_use]
    pub fn entry(
        &self,
        stamp: Stamp,
        action: &str,
        subject: String,
        detail: Option<serde_json::Value>,
    ) -> Entry {
        Entry {
            id: stamp.id,
            at: stamp.at,
            actor: self.actor.clone(),
            action: action.to_owned(),
            subject,
            reason: self.reason.clone(),
            detail: detail.map(|detail| detail.to_string()),
            org_id: self.org_id,
            via: Some(self.via.clone()),
        }
    }
}
