//! The tables as sea-orm sees them. Private to the store; the `migrations` crate makes them.

pub mod audit_entry;
pub mod code;
pub mod user;
