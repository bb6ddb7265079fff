//! Two cache tiers: the memory of this process, and Redis behind it.
//!
//! Invariants: a value in memory is not asked for in Redis; one second after a change no node serves the old value; without
//! Redis, or with a broken one, everything works, only colder.

mod bulk_fill;
mod costs;
mod frame;
mod index;
mod life;
mod local;
mod memory_cache;
mod moving_mean;
mod name;
mod pattern;
mod pending;
mod remote;
mod revalidating;
mod second;
mod secrets;
mod tiered;
mod tiers;

pub use bulk_fill::{BulkFill, Filled};
pub use costs::Cost;
pub use frame::Body;
pub use life::Life;
pub use local::{Bounds, Counts, Local, Lookup};
pub use memory_cache::MemoryCache;
pub use name::{Name, Tag};
pub use pattern::{Glob, Pattern};
pub use pending::PendingValue;
pub use remote::{Facts, Remote};
pub use revalidating::{Revalidating, Revalidation, Source};
pub use second::{Second, Shape};
pub use secrets::Secrets;
pub use tiered::Tiered;
pub use tiers::{Cleared, MemoryStats, RemoteStats, Tiers};

/// Spaces and kinds of values, as the metrics name them.
pub use crate::telemetry::labels::{CacheKind, Space};
