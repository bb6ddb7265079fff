//! Values that are being made, and the changes meanwhile: a value that a change has overtaken is not cached.
//!
//! Invariant: a change overtakes the values that are about the changed thing, and no others; an entry goes with the last value
//! that is being made.

use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash, Hasher},
};

use parking_lot::Mutex;

/// By the digest of the key or tag. Two of one digest overtake each other, which costs one more miss.
#[derive(Default)]
pub(super) struct PendingValues(Mutex<HashMap<u64, Running>>);

struct Running {
    count: usize,
    /// Changes since the oldest of them began.
    changes: u64,
}

/// One value that is being made; ends when it is dropped.
pub struct PendingValue<'a> {
    all: &'a PendingValues,
    about: u64,
    changes: u64,
}

impl PendingValues {
    pub(super) fn begin(&self, about: &impl Hash) -> PendingValue<'_> {
        let about = digest(about);
        let mut running = self.0.lock();
        let of = running.entry(about).or_insert(Running {
            count: 0,
            changes: 0,
        });
        of.count += 1;
        let changes = of.changes;
        drop(running);
        PendingValue {
            all: self,
            about,
            changes,
        }
    }

    /// Something changed: values about it that are being made may be of the state before.
    pub(super) fn overtake(&self, about: &impl Hash) {
        if let Some(running) = self.0.lock().get_mut(&digest(about)) {
            running.changes += 1;
        }
    }

    pub(super) fn overtake_all(&self) {
        for running in self.0.lock().values_mut() {
            running.changes += 1;
        }
    }
}

impl PendingValue<'_> {
    /// Whether its thing has changed since it began.
    pub(super) fn is_overtaken(&self) -> bool {
        let running = self.all.0.lock();
        running
            .get(&self.about)
            .is_some_and(|of| of.changes != self.changes)
    }

    /// Whether an overtaken one is still running: its value must not be taken for this one.
    pub(super) fn is_behind_an_old_one(&self) -> bool {
        self.changes > 0
    }
}

impl Drop for PendingValue<'_> {
    fn drop(&mut self) {
        let mut running = self.all.0.lock();
        if let Some(of) = running.get_mut(&self.about) {
            of.count -= 1;
            if of.count == 0 {
                running.remove(&self.about);
            }
        }
    }
}

fn digest(about: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    about.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_overtakes_what_it_is_about_and_leaves_nothing_behind() {
        let pending = PendingValues::default();
        let (a, b) = (pending.begin(&"a"), pending.begin(&"b"));
        pending.overtake(&"a");
        pending.overtake(&"c");
        assert!(a.is_overtaken() && !b.is_overtaken());
        let later = pending.begin(&"a");
        assert!(!later.is_overtaken() && later.is_behind_an_old_one());
        pending.overtake_all();
        assert!(later.is_overtaken() && b.is_overtaken());
        drop((a, b, later));
        assert!(pending.0.lock().is_empty());
    }
}
