//! The least serial of each subject that still counts.
//!
//! Invariant: a least serial only rises. So changes may be applied in any order and more than once, with the same result.

use std::{
    collections::{BTreeSet, HashMap},
    error, fmt,
};

use crate::{Delta, EventId, MAX_ENTRIES, Serial, Subject};

/// Revocations of one event. A subject that is not in here has no revoked token.
///
/// Memory: some 80 bytes for each subject in here, of which there are at most [`MAX_ENTRIES`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revocations {
    event: EventId,
    version: u64,
    /// Of the newest delta, in minutes since 2020.
    as_of: u32,
    /// With the version that brought it.
    least: HashMap<Subject, (Serial, u64)>,
    /// The same by version: what is new since one is a range.
    by_version: BTreeSet<(u64, Subject)>,
}

impl Revocations {
    #[must_use]
    pub fn new(event: EventId) -> Self {
        Self {
            event,
            version: 0,
            as_of: 0,
            least: HashMap::new(),
            by_version: BTreeSet::new(),
        }
    }

    #[must_use]
    pub fn event(&self) -> EventId {
        self.event
    }

    /// The newest change that is in here.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.version
    }

    /// When the newest delta was made, in minutes since 2020: how fresh a device is. 0 where none was applied.
    #[must_use]
    pub fn as_of(&self) -> u32 {
        self.as_of
    }

    /// Subjects that have a revoked token.
    #[must_use]
    pub fn len(&self) -> usize {
        self.least.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.least.is_empty()
    }

    #[must_use]
    pub fn revokes(&self, subject: Subject, serial: Serial) -> bool {
        let least = self.least.get(&subject);
        least.is_some_and(|(least, _)| serial < *least)
    }

    /// The version for a change now: microseconds since 1970, or the next number if that is taken. A database that was put
    /// back to an older state then gives no version twice, and no device misses a change.
    #[must_use]
    pub fn next_version(&self, now_us: u64) -> u64 {
        now_us.max(self.version.saturating_add(1))
    }

    /// A change as it is stored: from this version on only `least` and later serials of the subject count. A change that is
    /// in here already does nothing.
    ///
    /// # Errors
    /// [`NotApplied::Full`]. Nothing was changed.
    pub fn record(
        &mut self,
        version: u64,
        subject: Subject,
        least: Serial,
    ) -> Result<(), NotApplied> {
        if self.len() >= MAX_ENTRIES && !self.least.contains_key(&subject) {
            return Err(NotApplied::Full);
        }
        self.raise(version, subject, least);
        self.version = self.version.max(version);
        Ok(())
    }

    /// What is new since this version of a device's. With 0 everything. `made_at`: minutes since 2020.
    #[must_use]
    pub fn delta(&self, since: u64, made_at: u32) -> Delta {
        let first = (since.saturating_add(1), Subject([0; 12]));
        let new = self.by_version.range(first..);
        let entry = |subject: &Subject| Some((*subject, self.least.get(subject)?.0));
        Delta {
            event: self.event,
            since,
            version: self.version,
            made_at,
            least: new.filter_map(|(_, subject)| entry(subject)).collect(),
        }
    }

    /// Brings in what [`Delta::read`] gave. An old delta does no harm, and makes nothing look fresh.
    ///
    /// # Errors
    /// Nothing was changed.
    pub fn apply(&mut self, delta: &Delta) -> Result<(), NotApplied> {
        if delta.event != self.event {
            return Err(NotApplied::WrongEvent);
        }
        if delta.since > self.version {
            return Err(NotApplied::Gap);
        }
        let known = |subject: &&Subject| self.least.contains_key(subject);
        let new = delta.least.len() - delta.least.keys().filter(known).count();
        if self.len() + new > MAX_ENTRIES {
            return Err(NotApplied::Full);
        }
        for (subject, least) in &delta.least {
            self.raise(delta.version, *subject, *least);
        }
        self.version = self.version.max(delta.version);
        self.as_of = self.as_of.max(delta.made_at);
        Ok(())
    }

    fn raise(&mut self, version: u64, subject: Subject, least: Serial) {
        let old = self.least.get(&subject).copied();
        if old.is_some_and(|(old, _)| old >= least) {
            return;
        }
        if let Some((_, old_version)) = old {
            self.by_version.remove(&(old_version, subject));
        }
        self.by_version.insert((version, subject));
        self.least.insert(subject, (least, version));
    }
}

/// Why a change is not in the revocations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotApplied {
    /// There are [`MAX_ENTRIES`] subjects already.
    Full,
    /// The delta is another event's.
    WrongEvent,
    /// The delta begins after this version: ask for it since this version.
    Gap,
}

impl fmt::Display for NotApplied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full => "there are too many revocations",
            Self::WrongEvent => "the revocations belong to another event",
            Self::Gap => "revocations before these are missing",
        })
    }
}

impl error::Error for NotApplied {}
