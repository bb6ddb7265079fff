//! The public keys whose signatures count, and how one follows another.

use std::{error, fmt};

use crate::{KeyNumber, PublicKey, Reason};

/// Keys that a ring has at most. Each lasts for events, so a few overlap.
pub const MAX_KEYS: usize = 16;
/// Seconds that a device's clock may be late when a new key begins to sign.
pub const KEY_LEEWAY_SECS: i64 = 300;

/// At most [`MAX_KEYS`] keys, each with a number of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ring(Vec<PublicKey>);

impl Ring {
    /// # Errors
    /// If there are more than [`MAX_KEYS`] keys, or two with one number.
    pub fn new(mut keys: Vec<PublicKey>) -> Result<Self, BadRing> {
        if keys.len() > MAX_KEYS {
            return Err(BadRing::Full);
        }
        keys.sort_by_key(PublicKey::number);
        match keys.windows(2).find(|k| k[0].number() == k[1].number()) {
            Some(twice) => Err(BadRing::Twice(twice[0].number())),
            None => Ok(Self(keys)),
        }
    }

    /// In the order of their numbers.
    #[must_use]
    pub fn keys(&self) -> &[PublicKey] {
        &self.0
    }

    /// The key that a signature with this number is verified with. A retired key is as unknown as a removed one.
    pub(crate) fn find(&self, number: u8, now: i64) -> Result<&PublicKey, Reason> {
        let found = self.0.iter().find(|key| key.number().value() == number);
        match found {
            Some(key) if key.is_retired(now) => Err(Reason::UnknownKey),
            Some(key) if key.not_before > now.saturating_add(KEY_LEEWAY_SECS) => {
                Err(Reason::NotYetValid)
            }
            Some(key) => Ok(key),
            None => Err(Reason::UnknownKey),
        }
    }

    /// The key that signs now: the newest that has begun and is not retired. Of two that began at once, the higher number.
    #[must_use]
    pub fn signs(&self, now: i64) -> Option<&PublicKey> {
        let counts = |key: &&PublicKey| key.not_before <= now && !key.is_retired(now);
        let keys = self.0.iter().filter(counts);
        keys.max_by_key(|key| key.not_before)
    }

    /// The number that the next key gets: after the newest one's, and around. Numbers of keys in the ring are left out.
    #[must_use]
    pub fn next_number(&self) -> KeyNumber {
        let newest = self.0.iter().max_by_key(|key| key.not_before);
        let Some(newest) = newest.map(PublicKey::number) else {
            return KeyNumber::FIRST;
        };
        let free = |number: &KeyNumber| self.0.iter().all(|key| key.number() != *number);
        newest.following().find(free).unwrap_or(newest)
    }

    /// With `key`, which comes next, and all others retired at `old_until` unless they retire earlier. Publish the ring some
    /// time before `key.not_before`: a device that has not seen it refuses what the key signs.
    ///
    /// # Errors
    /// If the others would retire before the key begins, or the ring has no place or another key with its number.
    pub fn rotated(&self, key: PublicKey, old_until: i64) -> Result<Self, BadRing> {
        if old_until < key.not_before {
            return Err(BadRing::NoOverlap);
        }
        let mut keys = self.0.clone();
        for old in &mut keys {
            old.retired_at = Some(old.retired_at.map_or(old_until, |at| at.min(old_until)));
        }
        keys.push(key);
        Self::new(keys)
    }

    /// Without the keys that are retired, which makes place for others.
    #[must_use]
    pub fn pruned(&self, now: i64) -> Self {
        let keys = self.0.iter().filter(|key| !key.is_retired(now));
        Self(keys.cloned().collect())
    }
}

/// What keys cannot be a ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadRing {
    Full,
    Twice(KeyNumber),
    NoOverlap,
}

impl fmt::Display for BadRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full => write!(f, "a ring has at most {MAX_KEYS} keys"),
            Self::Twice(number) => write!(f, "two keys have the number {}", number.value()),
            Self::NoOverlap => f.write_str("the old keys would retire before the new one begins"),
        }
    }
}

impl error::Error for BadRing {}
