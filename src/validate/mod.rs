//! Whether what somebody submitted is acceptable, and if not, which fields and what would be right.
//!
//! Invariant: a pure function of the submission and the [`Rules`]. Names are judged by their spelling: nothing is looked
//! up, because an answer of today's DNS says nothing about tomorrow's.

pub mod legacy;
mod rules;
mod submission;

pub use rules::Rules;
pub use submission::{File, Purpose, Style, Submission, Verdict};

use std::sync::Arc;

/// What an arm of this capability is asked. Cheap to clone.
pub type In = Arc<Submission>;
