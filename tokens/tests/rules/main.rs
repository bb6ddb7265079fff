//! The rules of tokens, over what the crate offers to its callers.
// A test is not the product: it may panic, and its switches are no settings.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)]

mod batches;
mod canonical;
mod documented;
mod keys;
mod made;
mod mutated;
mod old;
mod old_claims;
mod revoked;
mod rotating;
mod verifying;
