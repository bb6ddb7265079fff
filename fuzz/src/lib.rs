//! What the targets check: the same as the property tests of `symbol`, with the same inputs.
//!
//! Invariant: a finding here is a failing test there, once its bytes are copied into one.

#[path = "../../symbol/tests/payload/invariants/mod.rs"]
pub mod invariants;

#[path = "../../symbol/tests/encode/invariants.rs"]
pub mod encode;
