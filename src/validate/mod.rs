//! Whether what somebody submitted is acceptable, and if not, which fields and what would be right.
//!
//! Invariant: a pure function of the submission and the [`Rules`]. Names are judged by their spelling: nothing is looked
//! up, because an answer of today's DNS says nothing about tomorrow's.

mod address;
mod capacity;
#[cfg(test)]
mod cases;
mod checker;
mod colors;
mod concern;
mod digest;
mod fields;
mod host;
pub mod legacy;
mod lookalike;
mod own;
mod reason;
mod rules;
mod submission;
mod target;

pub use checker::Checker;
pub use concern::Concern;
pub use own::leads_to_us;
pub use reason::Reason;
pub use rules::Rules;
pub use submission::{Purpose, Style, Submission, Verdict};

use std::sync::Arc;

/// What an arm of this capability is asked. Cheap to clone.
pub type In = Arc<Submission>;
