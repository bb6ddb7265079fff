//! Remembering answers. So far: in the memory of this process.

mod local;

pub use local::{Bounds, Found, Local};

/// What a cache holds: its name in the metrics.
pub use crate::telemetry::labels::Space;
