//! What all nodes together let through: GCRA in Redis.

use std::time::Duration;

use super::Remote;

/// For one question. Nobody waits for it.
const TIMEOUT: Duration = Duration::from_millis(500);

/// Takes cells from a bucket. KEYS: the bucket. ARGV: microseconds for each cell, cells of a burst, cells to take. Answers the
/// microseconds until the bucket has one more; 0 while it has.
const SCRIPT: &str = r"
    local time = redis.call('TIME')
    local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
    local each, burst, cells = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
    local full = tonumber(redis.call('GET', KEYS[1]) or '0')
    if full < now then full = now end
    full = math.min(full + each * cells, now + each * (burst + 1))
    redis.call('SET', KEYS[1], string.format('%.0f', full), 'PX', math.ceil((full - now) / 1000) + 1)
    return math.max(0, math.ceil(full - now - each * burst))
";

impl Remote {
    /// Takes cells from the bucket of this name. `None`: it has more, or Redis cannot tell.
    pub(in crate::cache) async fn take_shared(
        &self,
        name: &str,
        (each, burst): (Duration, u32),
        cells: u64,
    ) -> Option<Duration> {
        let link = self.link()?;
        let mut eval = redis::cmd("EVAL");
        eval.arg(SCRIPT)
            .arg(1)
            .arg(self.names.matching(name))
            .arg(u64::try_from(each.as_micros()).unwrap_or(u64::MAX))
            .arg(burst)
            .arg(cells);
        let answer = tokio::time::timeout(TIMEOUT, link.send(&eval)).await.ok()?;
        if let Err(e) = &answer {
            self.note_denied(e);
        }
        let wait: u64 = redis::from_redis_value(answer.ok()?).ok()?;
        (wait > 0).then(|| Duration::from_micros(wait))
    }
}
