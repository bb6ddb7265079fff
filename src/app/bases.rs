//! Under which `BASE_URL` codes were made: the audit log has a line for each that a start found to be another one than before.

use std::collections::BTreeMap;

use crate::{
    config::Config,
    kernel::{Result, SharedClock, Timestamp, id::Ids},
    store::{Store, audit::Entry},
};

const ACTION: &str = "base_url.set";
/// The latest changes that are looked at.
const CHANGES: u64 = 1000;

/// Notes the `BASE_URL` of this start, if the last one had another.
///
/// # Errors
/// The database's.
pub async fn note(settings: &Config, store: &Store, clock: &SharedClock) -> Result<()> {
    let base = &settings.server.base_url;
    let last = store.audit.list_by_action(ACTION, 1).await?;
    if last.first().is_some_and(|entry| entry.subject == *base) {
        return Ok(());
    }
    let entry = Entry {
        id: Ids::new(SharedClock::clone(clock))?.next(),
        at: clock.now(),
        actor: "start".to_owned(),
        action: ACTION.to_owned(),
        subject: base.clone(),
        reason: None,
        detail: None,
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
