//! Time as a parameter, so that everything that depends on time can be tested on a clock that stands still.
//!
//! Invariant: outside this file nothing asks the operating system what time it is (`clippy.toml` holds that).

use std::sync::Arc;

/// A point in time, UTC. The product stores and prints whole microseconds.
pub use jiff::Timestamp;
/// Monotonic time. Tokio's, so that a test's paused runtime stops it too.
pub use tokio::time::Instant;

pub trait Clock: Send + Sync + 'static {
    /// Wall-clock time, UTC, truncated to the microsecond (the precision that is stored).
    fn now(&self) -> Timestamp;
    /// Monotonic time: for durations and deadlines.
    fn instant(&self) -> Instant;
}

pub type SharedClock = Arc<dyn Clock>;

/// The machine's clocks.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[allow(clippy::disallowed_methods)] // the one place
    fn now(&self) -> Timestamp {
        whole_micros(Timestamp::now())
    }

    #[allow(clippy::disallowed_methods)] // the one place
    fn instant(&self) -> Instant {
        Instant::now()
    }
}

/// Starts at a given wall-clock time and then follows tokio's monotonic clock: on a paused runtime it
/// moves only when a test advances it.
#[derive(Clone, Copy, Debug)]
pub struct AnchoredClock {
    wall: Timestamp,
    anchor: Instant,
}

impl AnchoredClock {
    #[must_use]
    pub fn at(wall: Timestamp) -> Self {
        Self {
            wall: whole_micros(wall),
            anchor: SystemClock.instant(),
        }
    }
}

impl Clock for AnchoredClock {
    fn now(&self) -> Timestamp {
        let passed = self.instant().saturating_duration_since(self.anchor);
        self.wall
            .checked_add(passed)
            .map_or(self.wall, whole_micros)
    }

    fn instant(&self) -> Instant {
        SystemClock.instant()
    }
}

/// From microseconds since the Unix epoch, as stored. A value out of the calendar's range (years
/// -9999..=9999) can only come from a damaged database and becomes the epoch.
#[must_use]
pub fn from_micros(micros: i64) -> Timestamp {
    Timestamp::from_microsecond(micros).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// Serializes a time as microseconds since the Unix epoch: `#[serde(with = "micros")]`.
pub mod micros {
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    use super::Timestamp;

    #[allow(clippy::missing_errors_doc)] // serde's
    pub fn serialize<S: Serializer>(t: &Timestamp, out: S) -> Result<S::Ok, S::Error> {
        out.serialize_i64(t.as_microsecond())
    }

    #[allow(clippy::missing_errors_doc)] // serde's
    pub fn deserialize<'de, D: Deserializer<'de>>(input: D) -> Result<Timestamp, D::Error> {
        let micros = i64::deserialize(input)?;
        Timestamp::from_microsecond(micros).map_err(D::Error::custom)
    }
}

fn whole_micros(t: Timestamp) -> Timestamp {
    from_micros(t.as_microsecond())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[tokio::test(start_paused = true)]
    async fn an_anchored_clock_moves_only_with_the_runtime() {
        let start = from_micros(1_000_000);
        let clock = AnchoredClock::at(start);
        assert_eq!(clock.now(), start);
        tokio::time::advance(Duration::from_millis(1500)).await;
        assert_eq!(clock.now(), from_micros(2_500_000));
    }

    #[test]
    fn wall_time_has_the_stored_precision() {
        let now = SystemClock.now();
        assert_eq!(from_micros(now.as_microsecond()), now);
    }
}
