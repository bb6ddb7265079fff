//! The tables as sea-orm sees them. Private to the store; the `migrations` crate makes them.

pub mod api_key;
pub mod audit_entry;
pub mod code;
pub mod membership;
pub mod organization;
pub mod user;
