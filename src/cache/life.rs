//! How long a value may live: one that nobody asks for again goes early, one that is asked for stays longer, and none
//! lives for ever.

use std::time::{Duration, Instant};

use moka::Expiry;

/// Of one kind of value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Life {
    /// For a value that was only made.
    pub first: Duration,
    /// What each use grants, from then on.
    pub more: Duration,
    /// Since it was made, whatever happens.
    pub longest: Duration,
}

impl Life {
    /// The same for all, however often they are used.
    #[must_use]
    pub const fn fixed(ttl: Duration) -> Self {
        Self {
            first: ttl,
            more: Duration::ZERO,
            longest: ttl,
        }
    }

    /// A quarter of `ttl` for a value that was only made, `ttl` from its last use, and four times that at most.
    #[must_use]
    pub fn by_use(ttl: Duration) -> Self {
        Self {
            first: ttl / 4,
            more: ttl,
            longest: ttl.saturating_mul(4),
        }
    }

    /// As [`Life::by_use`], for what must be made anew after `ttl` at the latest.
    #[must_use]
    pub fn at_most(ttl: Duration) -> Self {
        Self {
            first: ttl / 4,
            more: ttl,
            longest: ttl,
        }
    }

    /// What is left for a value of this age that is used now.
    #[must_use]
    pub fn left_when_used(&self, age: Duration) -> Duration {
        self.more.min(self.longest.saturating_sub(age))
    }

    /// Whether it makes a difference.
    #[must_use]
    pub fn is_fixed(&self) -> bool {
        self.more.is_zero()
    }
}

/// Life as moka asks for it.
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
            // To move it by a little would cost each look-up more than it gives.
            Some(left) if granted < left + self.0.more / 8 => Some(left),
            _ => Some(granted),
        }
    }

    /// A value that took another's place is a new one.
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
    fn one_hit_goes_early_and_hot_ones_stay_within_the_bound() {
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
    fn what_must_be_made_anew_is() {
        let life = Life::at_most(MINUTE * 60);
        assert_eq!(read(life, MINUTE * 10, MINUTE * 5), MINUTE * 50);
        assert_eq!(read(life, MINUTE * 59, MINUTE), MINUTE);
    }
}
