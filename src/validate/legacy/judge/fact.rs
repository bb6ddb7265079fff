//! What is kept of a verdict.
//!
//! Invariant: no payload: names of fields, which are ours, reasons, and digests.

use std::borrow::Cow;

use sha2::{Digest as _, Sha256};

use crate::{
    kernel::{Error, Kind, Result},
    validate::{Reason, Verdict},
};

/// What must agree, of one answer; of a failure its kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact(pub(super) Result<Judged, Kind>);

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Judged {
    /// Names of refused fields, sorted, each once.
    pub fields: Vec<Cow<'static, str>>,
    /// Sorted, each once.
    pub reasons: Vec<Reason>,
    /// SHA-256.
    pub target: Option<[u8; 32]>,
    /// SHA-256 of all messages in their order.
    pub messages: [u8; 32],
    /// Whether a symbol for the content was found.
    pub has_version: bool,
}

impl Fact {
    pub(super) fn of(answer: &Result<Verdict>) -> Self {
        Self(answer.as_ref().map(Judged::of).map_err(Error::kind))
    }
}

impl Judged {
    fn of(verdict: &Verdict) -> Self {
        let mut fields: Vec<_> = verdict.details.iter().map(|d| d.field.clone()).collect();
        fields.sort_unstable();
        fields.dedup();
        let mut reasons = verdict.reasons.clone();
        reasons.sort_unstable();
        reasons.dedup();
        let mut messages = Sha256::new();
        for detail in &verdict.details {
            for text in [&detail.field, &detail.message] {
                messages.update(text.as_bytes());
                messages.update([0xff]);
            }
        }
        let target = verdict.target.as_deref();
        Self {
            fields,
            reasons,
            target: target.map(|target| Sha256::digest(target).into()),
            messages: messages.finalize().into(),
            has_version: verdict.version.is_some(),
        }
    }

    pub(super) fn is_accepted(&self) -> bool {
        self.fields.is_empty()
    }
}
