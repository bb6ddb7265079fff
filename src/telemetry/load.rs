//! Whether the machine has processor time to spare.
//!
//! Invariant: without `/proc` the machine counts as not saturated.

use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;

/// Percent of one processor that must have been idle since the last measurement.
pub const SPARE_PERCENT: u8 = 25;

#[derive(Clone, Copy)]
struct Seen {
    /// Ticks of all processors together.
    all: u64,
    idle: u64,
    /// Times that the control group was throttled.
    throttled: u64,
}

/// Measured a few times a second, read by every shadow.
pub struct Load {
    saturated: AtomicBool,
    last: Mutex<Option<Seen>>,
    processors: f64,
    spare: f64,
}

impl Default for Load {
    fn default() -> Self {
        Self::sparing(SPARE_PERCENT)
    }
}

impl Load {
    /// `percent` of one processor must be idle; with 0 the machine is never called saturated.
    #[must_use]
    pub fn sparing(percent: u8) -> Self {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            saturated: AtomicBool::new(false),
            last: Mutex::new(None),
            #[allow(clippy::cast_precision_loss)]
            processors: processors as f64,
            spare: f64::from(percent) / 100.0,
        }
    }

    #[must_use]
    pub fn is_saturated(&self) -> bool {
        self.saturated.load(Ordering::Relaxed)
    }

    #[cfg(test)]
    pub(crate) fn pretend(&self, saturated: bool) {
        self.saturated.store(saturated, Ordering::Relaxed);
    }

    /// Measures the time since the last call.
    pub fn look(&self) {
        let Some(now) = see() else { return };
        let mut last = self.last.lock();
        if let Some(before) = last.replace(now) {
            self.saturated.store(
                saturated(before, now, (self.processors, self.spare)),
                Ordering::Relaxed,
            );
        }
    }
}

#[allow(clippy::cast_precision_loss)]
fn saturated(before: Seen, now: Seen, (processors, spare): (f64, f64)) -> bool {
    let all = now.all.saturating_sub(before.all) as f64;
    let idle = now.idle.saturating_sub(before.idle) as f64;
    spare > 0.0
        && (now.throttled > before.throttled || (all > 0.0 && idle / all * processors < spare))
}

fn see() -> Option<Seen> {
    let stat = std::fs::read_to_string("/proc/stat").ok()?;
    let group = std::fs::read_to_string("/sys/fs/cgroup/cpu.stat").unwrap_or_default();
    parse(&stat, &group)
}

/// proc(5): user, nice, system, idle, iowait, irq, softirq, steal; guest time is a part of user.
fn parse(stat: &str, group: &str) -> Option<Seen> {
    let fields: Vec<u64> = stat
        .lines()
        .next()?
        .strip_prefix("cpu ")?
        .split_whitespace()
        .take(8)
        .map_while(|f| f.parse().ok())
        .collect();
    Some(Seen {
        all: fields.iter().sum(),
        // Work at a low priority yields, so it counts as idle.
        idle: fields.get(1)? + fields.get(3)? + fields.get(4)?,
        throttled: group
            .lines()
            .find_map(|l| l.strip_prefix("nr_throttled "))
            .and_then(|n| n.trim().parse().ok())
            .unwrap_or(0),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(idle: u64, throttled: u64) -> Seen {
        let stat = format!("cpu  100 0 50 {idle} 0 0 0 0 0 0\ncpu0 1 1 1 1\n");
        parse(&stat, &format!("usage_usec 7\nnr_throttled {throttled}\n")).unwrap()
    }

    #[test]
    fn a_quarter_of_a_processor_must_be_idle() {
        let busy = |idle: u64| {
            let (before, mut now) = (seen(1000, 0), seen(1000 + idle, 0));
            now.all = before.all + 100;
            saturated(before, now, (2.0, 0.25))
        };
        assert!(!busy(100));
        assert!(!busy(13));
        assert!(busy(12));
        assert!(busy(0));
        let quarter = (2.0, 0.25);
        assert!(
            !saturated(seen(5, 0), seen(5, 0), quarter),
            "no time passed"
        );
        assert!(saturated(seen(5, 0), seen(500, 1), quarter), "throttled");
        assert!(!saturated(seen(5, 0), seen(500, 1), (2.0, 0.0)), "never");
        assert!(parse("", "").is_none() && parse("cpu 1 2", "").is_none());
    }
}
