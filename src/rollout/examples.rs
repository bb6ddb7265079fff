//! The last questions on which the arms disagreed, so that an operator can look at both answers.
//!
//! Invariant: a few, in memory only. What is kept is the question; answers are made anew when somebody looks.

use std::collections::VecDeque;

use bytes::Bytes;
use parking_lot::Mutex;
use uuid::Uuid;

/// Kept per experiment.
const KEPT: usize = 8;

/// A mismatch.
#[derive(Clone, Debug)]
pub struct Example<In> {
    pub id: Uuid,
    /// Unix time.
    pub at_ms: u64,
    /// What differed: a judge's label.
    pub what: &'static str,
    pub input: In,
}

/// An answer as an operator looks at it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    pub media_type: &'static str,
    pub bytes: Bytes,
}

impl Shown {
    #[must_use]
    pub fn text(text: String) -> Self {
        Self {
            media_type: "text/plain; charset=utf-8",
            bytes: text.into(),
        }
    }
}

pub(super) struct Examples<In>(Mutex<VecDeque<Example<In>>>);

impl<In> Default for Examples<In> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<In: Clone> Examples<In> {
    pub fn add(&self, example: Example<In>) {
        let mut kept = self.0.lock();
        if kept.len() == KEPT {
            kept.pop_back();
        }
        kept.push_front(example);
    }

    /// Newest first.
    pub fn all(&self) -> Vec<Example<In>> {
        let kept = self.0.lock();
        kept.iter().cloned().collect()
    }
}
