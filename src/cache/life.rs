//! The life of cached values: one that is not used again goes early, each use extends it, up to a bound.

use std::time::{Duration, Instant};

use moka::Expiry;

/// Times of one kind of value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Life {
    /// From making to the end, without a use.
    pub first: Duration,
    /// From a use to the end.
    pub more: Duration,
    /// From making to the end, at most.
    pub longest: Duration,
}

impl Life {
    /// The same for all values, used or not.
    #[must_use]
    pub const fn fixed(ttl: Duration) -> Self {
        Self {
            first: ttl,
            more: Duration::ZERO,
            longest: ttl,
        }
    }

    /// A quarter of `ttl` without a use, `ttl` from the last use, four times `ttl` at most.
    #[must_use]
    pub fn by_use(ttl: Duration) -> Self {
        Self {
            first: ttl / 4,
            more: ttl,
            longest: ttl.saturating_mul(4),
        }
    }

    /// As [`Life::by_use`], but `ttl` at most.
    #[must_use]
    pub fn at_most(ttl: Duration) -> Self {
        Self {
            first: ttl / 4,
            more: ttl,
            longest: ttl,
        }
    }

    /// The time left for a value of this age that is used now.
    #[must_use]
    pub fn left_when_used(&self, age: Duration) -> Duration {
        self.more.min(self.longest.saturating_sub(age))
    }

    /// Whether a use changes nothing.
    #[must_use]
    pub fn is_fixed(&self) -> bool {
        self.more.is_zero()
    }
}

/// Implements moka's policy.
pub(super) struct ByUse(pub Life);

impl<K, V> Expiry<K, V> for ByUse {
    fn expire_after_create(&self, _: &K, _: &V, _: Instant) -> Option<Duration> {
        Some(self.0.first)
    }

    fn expire_after_read(
        &self,
        _: &K,
        _: &V,
        read_at: Instant,
        left: Option<Duration>,
        made_at: Instant,
    ) -> Option<Duration> {
        let granted = self
            .0
            .left_when_used(read_at.saturating_duration_since(made_at));
        match left {
            // Small extensions are left out: each costs the look-up time.
            Some(left) if granted < left + self.0.more / 8 => Some(left),
            _ => Some(granted),
        }
    }

    /// A value that replaced another is a new one.
    fn expire_after_update(
        &self,
        _: &K,
        _: &V,
        _: Instant,
        _: Option<Duration>,
    ) -> Option<Duration> {
        Some(self.0.first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::{Clock as _, SystemClock};

    const MINUTE: Duration = Duration::from_mins(1);

    fn read(life: Life, age: Duration, left: Duration) -> Duration {
        let made = SystemClock.instant().into_std();
        let by_use = ByUse(life);
        Expiry::<u8, u8>::expire_after_read(&by_use, &0, &0, made + age, Some(left), made).unwrap()
    }

    #[test]
    fn unused_values_go_early_and_used_ones_stay_within_the_bound() {
        let life = Life::by_use(MINUTE * 60);
        let made = SystemClock.instant().into_std();
        let first = Expiry::<u8, u8>::expire_after_create(&ByUse(life), &0, &0, made);
        assert_eq!(first, Some(MINUTE * 15));
        assert_eq!(read(life, MINUTE, MINUTE * 14), MINUTE * 60, "used once");
        assert_eq!(
            read(life, MINUTE * 2, MINUTE * 59),
            MINUTE * 59,
            "too little to move it"
        );
        assert_eq!(read(life, MINUTE * 100, MINUTE * 10), MINUTE * 60);
        assert_eq!(
            read(life, MINUTE * 230, MINUTE),
            MINUTE * 10,
            "never beyond four hours"
        );
        assert_eq!(read(life, MINUTE * 240, Duration::ZERO), Duration::ZERO);
    }

    #[test]
    fn a_bounded_life_ends() {
        let life = Life::at_most(MINUTE * 60);
        assert_eq!(read(life, MINUTE * 10, MINUTE * 5), MINUTE * 50);
        assert_eq!(read(life, MINUTE * 59, MINUTE), MINUTE);
    }
}
