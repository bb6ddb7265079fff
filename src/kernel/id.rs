//! Identifiers: UUIDv7 (RFC 9562 §5.7) from a clock and a seed, and random secrets.

use std::sync::atomic::{AtomicU64, Ordering};

pub use uuid::Uuid;

use super::{Error, Kind, Result, SharedClock};

/// Makes ids of version 7 without a system call each. After the millisecond comes a counter of 26 bits (RFC 9562
/// §6.2, method 1), so that ids of one process sort in the order in which they were made, then 48 bits from a
/// bijection (`SplitMix64`) of that counter and a random seed, which keep processes apart.
///
/// Ids are unique and sortable; they are *not* secrets. See [`secret`] for those.
pub struct Ids {
    clock: SharedClock,
    counter: AtomicU64,
    seed: u64,
}

impl Ids {
    /// # Errors
    /// `Internal` when the operating system gives no randomness.
    pub fn new(clock: SharedClock) -> Result<Self> {
        Ok(Self {
            clock,
            counter: AtomicU64::new(0),
            seed: u64::from_le_bytes(random()?),
        })
    }

    pub fn next(&self) -> Uuid {
        let n = self.counter.fetch_add(1, Ordering::Relaxed);
        // The builder overwrites the upper 4 bits of the first byte and the upper 2 of the third.
        let counted = (((n >> 14) & 0xfff) << 16) | (n & 0x3fff);
        let [_, _, _, _, counted @ ..] = counted.to_be_bytes();
        let [_, _, drawn @ ..] = splitmix64(n.wrapping_add(self.seed)).to_be_bytes();
        let mut random = [0; 10];
        random[..4].copy_from_slice(&counted);
        random[4..].copy_from_slice(&drawn);
        let millis = u64::try_from(self.clock.now().as_millisecond()).unwrap_or(0);
        uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
    }
}

/// Steele, Lea, Flood (2014): a bijection on 64 bits.
const fn splitmix64(n: u64) -> u64 {
    let z = n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Bytes from the operating system's generator.
///
/// # Errors
/// `Internal` when there are none.
pub fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|e| {
        Error::caused(
            Kind::Internal,
            "the operating system gave no random bytes",
            e,
        )
    })?;
    Ok(bytes)
}

/// `N` random bytes as lower-case hexadecimal: passwords, API keys, slugs.
///
/// # Errors
/// `Internal` when the operating system gives no randomness.
pub fn secret<const N: usize>() -> Result<String> {
    Ok(hex(&random::<N>()?))
}

/// Lower-case hexadecimal.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes
        .iter()
        .flat_map(|b| [DIGITS[usize::from(b >> 4)], DIGITS[usize::from(b & 15)]])
        .map(char::from)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::SystemClock;
    use std::{collections::HashSet, sync::Arc};

    #[test]
    fn ids_are_unique_and_of_version_7() {
        let ids = Ids::new(Arc::new(SystemClock)).unwrap();
        let made: HashSet<Uuid> = (0..50_000).map(|_| ids.next()).collect();
        assert_eq!(made.len(), 50_000);
        let in_order: Vec<Uuid> = (0..50_000).map(|_| ids.next()).collect();
        assert!(in_order.is_sorted());
        let id = ids.next();
        assert_eq!(id.get_version_num(), 7);
        assert_eq!(id.get_variant(), uuid::Variant::RFC4122);
    }

    #[test]
    fn hex_is_lower_case_and_padded() {
        assert_eq!(hex(&[0x00, 0x0f, 0xa5, 0xff]), "000fa5ff");
        assert_eq!(secret::<16>().unwrap().len(), 32);
    }
}
