//! The map of qr-observatory. `docs/ARCHITECTURE.md` says who may import whom; `tests/tidy.rs` holds it.

pub mod analytics;
pub mod cache;
pub mod cached;
pub mod config;
pub mod kernel;
pub mod render;
pub mod rollout;
pub mod store;
pub mod telemetry;
pub mod validate;
