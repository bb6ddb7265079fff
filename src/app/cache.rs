//! Statistics and clearing of the cache, for operators.

use std::time::Duration;

use super::App;
use crate::{
    identity::{Author, Stamp},
    kernel::{Error, Kind, Result},
};

use crate::cache::Pattern;
pub use crate::cache::{Cleared, Cost, Counts, Facts, MemoryStats, RemoteStats};

/// State of both tiers.
pub struct Stats {
    /// Each space of the first tier.
    pub spaces: Vec<MemoryStats>,
    /// The first tier in all.
    pub memory: Total,
    /// `None` without Redis in the settings.
    pub redis: Option<RemoteStats>,
    /// `auto`, `always` or `never`.
    pub rule: &'static str,
    pub kinds: Vec<Cost>,
    /// State of the second tier, for people.
    pub detail: String,
}

/// All spaces together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Total {
    pub entries: u64,
    pub bytes: u64,
    pub counts: Counts,
}

impl App {
    /// The statistics of both tiers.
    pub async fn cache_stats(&self) -> Stats {
        self.tiers.catch_up().await;
        let (rule, kinds) = self.tiers.admission();
        let (spaces, redis) = (self.tiers.memory(), self.tiers.redis());
        Stats {
            memory: total(&spaces),
            detail: detail(redis.as_ref()),
            spaces,
            redis,
            rule,
            kinds,
        }
    }

    /// Drops the entries that match a pattern, on all nodes.
    ///
    /// # Errors
    /// `Invalid` for a malformed pattern; the store's, and nothing was done; `Unavailable` when Redis could not be asked: then
    /// the memory of this node is cleared all the same.
    pub async fn clear_cache(&self, pattern: &str, author: &Author) -> Result<Cleared> {
        let pattern = Pattern::parse(pattern)?;
        let subject = pattern.as_str().to_owned();
        let stamp = Stamp::now(&self.ids, &self.clock);
        // First: while the database is away, what is remembered is what still answers, and nothing of it is dropped.
        let entry = author.entry(stamp, "cache.clear", subject, None);
        self.store.audit.append(&entry).await?;
        let cleared = self.tiers.clear(&pattern).await.map_err(|e| {
            let message = format!(
                "the memory of this node was cleared, but not Redis, and other nodes may still have entries: {}",
                e.message()
            );
            Error::caused(Kind::Unavailable, message, e)
        })?;
        tracing::info!(
            pattern = pattern.as_str(),
            memory = cleared.memory,
            redis = cleared.redis,
            "the cache was cleared"
        );
        Ok(cleared)
    }
}

fn total(spaces: &[MemoryStats]) -> Total {
    let mut total = Total::default();
    // Weighted by the number of look-ups.
    let (mut took_ns, mut measured) = (0_u128, 0_u128);
    for space in spaces {
        total.entries += space.entries;
        total.bytes += space.bytes;
        total.counts.hits += space.counts.hits;
        total.counts.misses += space.counts.misses;
        total.counts.evictions += space.counts.evictions;
        if let Some(get) = space.counts.get {
            let asked = u128::from(space.counts.hits + space.counts.misses);
            took_ns += get.as_nanos() * asked;
            measured += asked;
        }
    }
    let mean = took_ns.checked_div(measured);
    total.counts.get = mean.map(|ns| Duration::from_nanos(u64::try_from(ns).unwrap_or(u64::MAX)));
    total
}

fn detail(redis: Option<&RemoteStats>) -> String {
    let Some(redis) = redis else {
        return "memory only: no Redis is configured".to_owned();
    };
    match (&redis.trouble, redis.usable) {
        (Some(trouble), _) => trouble.message().to_owned(),
        (None, true) => "in use".to_owned(),
        (None, false) => "connecting, or not answering in time".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mean_is_weighted_by_use() {
        let space = |hits, misses, us| MemoryStats {
            space: "slug",
            entries: 1,
            bytes: 10,
            counts: Counts {
                hits,
                misses,
                evictions: 1,
                get: Some(Duration::from_micros(us)),
            },
        };
        let sum = total(&[space(90, 9, 1), space(1, 0, 101), space(0, 0, 7)]);
        assert_eq!((sum.entries, sum.bytes), (3, 30));
        assert_eq!(sum.counts.get, Some(Duration::from_micros(2)));
        assert_eq!(total(&[]).counts.get, None);
    }
}
