//! The `BASE_URL` that codes were made under. The audit log has a line for each start that found another one than before.

use std::collections::BTreeMap;

use crate::{
    kernel::{Result, SharedClock, Timestamp, id::Ids},
    store::{Store, audit::Entry},
};

const ACTION: &str = "base_url.set";
/// The latest changes that are looked at.
const CHANGES: u64 = 1000;

/// Notes `base`, the `BASE_URL` of this start, if the last start had another.
///
/// # Errors
/// The database's.
pub async fn note(base: &str, store: &Store, clock: &SharedClock) -> Result<()> {
    let last = store.audit.list_by_action(ACTION, 1).await?;
    if last.first().is_some_and(|entry| entry.subject == base) {
        return Ok(());
    }
    let entry = Entry {
        id: Ids::new(SharedClock::clone(clock))?.next(),
        at: clock.now(),
        actor: "start".to_owned(),
        action: ACTION.to_owned(),
        subject: base.to_owned(),
        reason: None,
        detail: None,
        org_id: None,
        via: None,
    };
    store.audit.append(&entry).await
}

/// How many dynamic codes were made under each `BASE_URL`. Those from before the first that was noted count as made under that
/// one. Empty before the first start.
///
/// # Errors
/// The database's.
pub async fn codes_by_base(store: &Store) -> Result<BTreeMap<String, u64>> {
    let mut until = Timestamp::MAX;
    let mut counts = BTreeMap::new();
    let changes = store.audit.list_by_action(ACTION, CHANGES).await?;
    for (nth, change) in changes.iter().enumerate() {
        let is_first = nth + 1 == changes.len();
        let since = if is_first { Timestamp::MIN } else { change.at };
        *counts.entry(change.subject.clone()).or_default() +=
            store.codes.count_dynamic(since, until).await?;
        until = change.at;
    }
    Ok(counts)
}
