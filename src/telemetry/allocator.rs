//! Memory of the allocator: more than the code has allocated, less than the operating system counts.

use metrics::Gauge;
use mimalloc::MiMalloc;
use serde::Deserialize;

use super::{catalogue, handles};

pub struct Allocator {
    committed: Gauge,
    reserved: Gauge,
    pages: Gauge,
}

/// The statistics that mimalloc counts in a build without debugging.
#[derive(Deserialize)]
struct Stats {
    committed: Stat,
    reserved: Stat,
    pages: Stat,
}

#[derive(Deserialize)]
struct Stat {
    current: f64,
}

impl Allocator {
    pub fn new() -> Self {
        let gauge = |m| handles::gauge(m, &[]);
        Self {
            committed: gauge(&catalogue::ALLOCATOR_COMMITTED),
            reserved: gauge(&catalogue::ALLOCATOR_RESERVED),
            pages: gauge(&catalogue::ALLOCATOR_PAGES),
        }
    }

    /// Reads once (0.2 ms) and sets all of them.
    pub fn observe(&self) {
        if let Some(stats) = read() {
            self.committed.set(stats.committed.current);
            self.reserved.set(stats.reserved.current);
            self.pages.set(stats.pages.current);
        }
    }
}

fn read() -> Option<Stats> {
    serde_json::from_slice(MiMalloc::stats_json().ok()?.to_bytes()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_linked_version_is_understood() {
        assert!(read().is_some_and(|s| s.reserved.current >= s.committed.current));
    }
}
