//! Settings: defaults < `qr-observatory.toml` < environment. One file per section; a section's fields name
//! their variable. Every fault is reported at once.

pub mod database;
