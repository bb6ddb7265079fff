//! The first cache tier.

use super::{
    Reader,
    reader::{name, number},
};

#[derive(Clone, Debug)]
pub struct Cache {
    /// `CACHE_MEMORY_BYTES`: images kept in memory at most.
    pub memory_bytes: u64,
    /// `CACHE_TTL_MS`: how long an image is kept at most.
    pub ttl_ms: u64,
}

impl Cache {
    pub(super) fn read(r: &mut Reader) -> Self {
        Self {
            memory_bytes: r.read(
                name("cache.memory_bytes", "CACHE_MEMORY_BYTES"),
                64 << 20,
                number(0..=1 << 40),
            ),
            ttl_ms: r.read(
                name("cache.ttl_ms", "CACHE_TTL_MS"),
                3_600_000,
                number(1..=86_400_000),
            ),
        }
    }
}
