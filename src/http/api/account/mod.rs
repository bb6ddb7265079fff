//! `/api/account`: the caller's own user, password, sessions and keys.

pub mod keys;
pub mod own;
pub mod sessions;
