//! The last questions on which the arms disagreed, so that an operator can look at both answers.
//!
//! Invariant: a few, in memory only. Questions are stored; answers are made again when an operator asks for them.

use std::collections::VecDeque;

use bytes::Bytes;
use parking_lot::Mutex;
use uuid::Uuid;

/// Per experiment.
const MISMATCHES: usize = 8;

/// A comparison in which the arms disagreed.
#[derive(Clone, Copy, Debug)]
pub struct Mismatch {
    pub id: Uuid,
    /// Unix time.
    pub at_ms: u64,
    /// The judge's label of the difference.
    pub what: &'static str,
}

/// An answer as an operator sees it.
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

pub(super) struct Examples<In>(Mutex<VecDeque<(Mismatch, In)>>);

impl<In> Default for Examples<In> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<In: Clone> Examples<In> {
    pub fn add(&self, mismatch: Mismatch, input: In) {
        let mut examples = self.0.lock();
        examples.truncate(MISMATCHES - 1);
        examples.push_front((mismatch, input));
    }

    /// Newest first.
    pub fn mismatches(&self) -> Vec<Mismatch> {
        self.0
            .lock()
            .iter()
            .map(|(mismatch, _)| *mismatch)
            .collect()
    }

    /// The question of a mismatch.
    pub fn input(&self, id: Uuid) -> Option<In> {
        let examples = self.0.lock();
        let mut of = examples.iter().filter(|(mismatch, _)| mismatch.id == id);
        of.next().map(|(_, input)| input.clone())
    }
}
