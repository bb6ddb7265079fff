//! Entries of the audit log about identity.

use super::{Caller, Parts};
use crate::{
    kernel::{Error, Result, id::Uuid},
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

impl Author {
    /// The caller, about the caller's organization.
    ///
    /// # Errors
    /// `Invalid` for a reason that the audit log cannot hold.
    pub fn of(caller: &Caller, reason: Option<String>) -> Result<Self> {
        Self {
            actor: caller.name().to_owned(),
            via: caller.shown_via(),
            org_id: Some(caller.organization().id()),
            reason,
        }
        .checked()
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
    pub(super) fn entry(
        &self,
        parts: &Parts,
        action: &str,
        subject: String,
        detail: Option<serde_json::Value>,
    ) -> Entry {
        Entry {
            id: parts.ids.next(),
            at: parts.clock.now(),
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
