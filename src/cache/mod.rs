//! Remembering answers, in two tiers: the memory of this process, and Redis behind it.
//!
//! Invariants: what is in memory is never looked for in Redis; what changed is remembered by no node for longer than a
//! second; without Redis, or with a broken one, everything works, only colder.

mod costs;
mod frame;
mod index;
mod life;
mod local;
mod makings;
mod name;
mod pace;
mod pattern;
mod remote;
mod second;
mod shelf;
mod stock;
mod tiered;
mod tiers;

pub use costs::Cost;
pub use frame::Body;
pub use life::Life;
pub use local::{Bounds, Counts, Found, Local};
pub use makings::Making;
pub use name::{Name, Tag};
pub use pattern::{Glob, Pattern};
pub use remote::{Facts, Remote};
pub use second::{Second, Shape};
pub use shelf::Shelf;
pub use stock::{Batch, Stocked};
pub use tiered::Tiered;
pub use tiers::{Cleared, RemoteStats, ShelfStats, Tiers};

/// What a cache holds, and what it costs: names in the metrics.
pub use crate::telemetry::labels::{CacheKind, Space};
