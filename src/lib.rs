//! The map of qr-observatory. `docs/ARCHITECTURE.md` says who may import whom; `tests/tidy.rs` holds it.
//!
//! From the ground up: `kernel`, then `config` and `telemetry`, then `rollout`, `cache` and `store`, then the features in
//! their order, then `app`, which composes them, then `http`, and `server` on top, which `cli` starts.

pub mod analytics;
pub mod app;
pub mod backup;
pub mod baseline;
pub mod cache;
pub mod cached;
pub mod cli;
pub mod codes;
pub mod config;
pub mod dials;
pub mod events;
pub mod health;
pub mod http;
pub mod identity;
pub mod kernel;
pub mod redirect;
pub mod render;
pub mod rollout;
pub mod scans;
pub mod server;
pub mod store;
pub mod telemetry;
pub mod validate;
pub mod warm;
