//! Visitors: hashes under a key of the day, so that a person is counted once a day and cannot be recognized the
//! day after.
//!
//! Invariant: a key is never written anywhere but `visitor_keys`, is the same on every node, and is deleted when its
//! UTC day is over. Without a key no visitor is counted: a scan that arrives later than [`GRACE`] adds none.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use hmac::{Hmac, KeyInit, Mac};
use parking_lot::{Mutex, MutexGuard};
use sea_orm::{ConnectionTrait, DbErr};
use sha2::Sha256;

use super::{
    ScanRow, Scans,
    rollup::{DAY_US, day_of},
};
use crate::kernel::{Result, Timestamp, clock::from_micros, id};

/// How long after its day a key stays, for scans that wait in a spool at midnight; and how far before its day one may
/// be made, for nodes whose clocks differ.
const GRACE: Duration = Duration::from_hours(1);

type Key = Hmac<Sha256>;

/// Keys of the days of a batch. A day whose key is gone, or not there yet, has none.
#[derive(Clone, Default)]
pub(super) struct DayKeys(HashMap<i64, Key>);

/// Keys that this process has read.
#[derive(Clone, Default)]
pub(super) struct Remembered(Arc<Mutex<DayKeys>>);

impl DayKeys {
    /// Day and visitor of a person's row. `None` without an address.
    pub(super) fn visitor(&self, row: &ScanRow) -> Option<(i64, i64)> {
        if row.excluded.is_some() {
            return None;
        }
        let day_us = day_of(row.at.as_microsecond());
        let mut mac = self.0.get(&day_us)?.clone();
        // With the code: a visitor cannot be followed from one code to another.
        mac.update(row.code_id.as_bytes());
        mac.update(&row.agent.map_or([0; 8], |a| a.0.to_be_bytes()));
        mac.update(row.address.as_deref()?.as_bytes());
        let digest: [u8; 32] = mac.finalize().into_bytes().into();
        let first = digest.first_chunk().copied().unwrap_or_default();
        Some((day_us, i64::from_be_bytes(first)))
    }
}

/// A day's visitors of one code, by batch: a visitor who comes again is in several batches.
#[derive(Default)]
pub(super) struct Visitors(HashSet<[u8; 8]>);

impl Visitors {
    pub(super) fn add_packed(&mut self, packed: &[u8]) {
        self.0.extend(packed.as_chunks().0);
    }

    pub(super) fn count(&self) -> i64 {
        i64::try_from(self.0.len()).unwrap_or(i64::MAX)
    }
}

/// Whether scans of that day still add visitors.
fn is_live(day_us: i64, now: Timestamp) -> bool {
    let day = from_micros(day_us);
    let end = from_micros(day_us.saturating_add(DAY_US)) + GRACE;
    (day - GRACE..end).contains(&now)
}

/// Days before this one are over.
pub(super) fn first_live_day_us(now: Timestamp) -> i64 {
    day_of((now - GRACE).as_microsecond())
}

impl Scans {
    /// Keys of the days of `rows`; missing ones are made.
    pub(super) async fn day_keys(&self, rows: &[ScanRow]) -> Result<DayKeys> {
        let people = rows.iter().filter(|r| r.excluded.is_none());
        let days: BTreeSet<i64> = people.map(|r| day_of(r.at.as_microsecond())).collect();
        self.keys_of(days).await
    }

    pub(super) async fn keys_of(&self, days: impl IntoIterator<Item = i64>) -> Result<DayKeys> {
        let now = self.db.now();
        let mut keys = DayKeys::default();
        for day_us in days {
            if is_live(day_us, now) {
                keys.0.insert(day_us, self.key_of(day_us, now).await?);
            }
        }
        Ok(keys)
    }

    async fn key_of(&self, day_us: i64, now: Timestamp) -> Result<Key> {
        let remembered = |keys: &mut DayKeys| {
            keys.0.retain(|day, _| is_live(*day, now));
            keys.0.get(&day_us).cloned()
        };
        if let Some(key) = remembered(&mut self.keys.lock()) {
            return Ok(key);
        }
        let bytes = self.shared_key(day_us, id::random::<32>()?).await?;
        let key = Key::new_from_slice(&bytes)
            .map_err(|_| crate::kernel::Error::internal("a visitor key is of no use"))?;
        self.keys.lock().0.insert(day_us, key.clone());
        Ok(key)
    }

    /// The key that the first node gave the day.
    async fn shared_key(&self, day_us: i64, mine: [u8; 32]) -> Result<Vec<u8>> {
        const MAKE: &str =
            "INSERT INTO visitor_keys (day_us, key) VALUES ($1, $2) ON CONFLICT DO NOTHING";
        const ASK: &str = "SELECT key FROM visitor_keys WHERE day_us = $1";
        let work = async {
            let values = [day_us.into(), mine.to_vec().into()];
            self.db.execute(self.db.statement(MAKE, values)).await?;
            let ask = self.db.statement(ASK, [day_us.into()]);
            let row = self.db.writer.query_one_raw(ask).await?;
            row.map_or(
                Err(DbErr::RecordNotFound("visitor_keys".to_owned())),
                |row| row.try_get_by(0),
            )
        };
        self.db.write(&self.timers.day_key, work).await
    }
}

impl Remembered {
    fn lock(&self) -> MutexGuard<'_, DayKeys> {
        self.0.lock()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_lives_as_long_as_its_day_and_a_little_more() {
        let day = "2026-03-15T00:00:00Z".parse::<Timestamp>().unwrap();
        let live = |now: &str| is_live(day.as_microsecond(), now.parse().unwrap());
        assert!(!live("2026-03-14T22:59:59Z"));
        assert!(live("2026-03-14T23:00:00Z"));
        assert!(live("2026-03-16T00:59:59Z"));
        assert!(!live("2026-03-16T01:00:00Z"));
        let first = |now: &str| from_micros(first_live_day_us(now.parse().unwrap())).to_string();
        assert_eq!(first("2026-03-16T00:59:59Z"), "2026-03-15T00:00:00Z");
        assert_eq!(first("2026-03-16T01:00:00Z"), "2026-03-16T00:00:00Z");
    }
}
