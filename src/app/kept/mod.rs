//! How answers are remembered: what they are called, and how they lie in the second tier.
//!
//! Invariant: questions with one key have one answer, as long as what the key's tag names does not change.

mod answers;
mod images;

pub(super) use answers::answers;
pub(super) use images::images;
