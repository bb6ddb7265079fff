//! Whether two implementations agree.
//!
//! Invariant: what is kept of an answer is a digest of it, without payload and personal data.

use super::Shown;
use crate::kernel::Result;

/// Compares the answers of two arms to one question.
pub trait Judge<Out>: Send + Sync + 'static {
    /// What must agree, of one answer. Made where the answer is; compared later, elsewhere.
    type Fact: Send + 'static;

    /// Never fails: an answer that makes no sense is a fact, too.
    fn fact(&self, answer: &Result<Out>) -> Self::Fact;

    fn judge(&self, control: &Self::Fact, candidate: &Self::Fact) -> Match;

    /// Whether the answer was made for an earlier request: then it says nothing about the arm's speed.
    fn is_remembered(&self, _answer: &Out) -> bool {
        false
    }

    /// A wrong answer in its place, for rehearsals: one that does little harm.
    fn spoil(answer: Out) -> Out;

    /// The answer as an operator can look at it.
    fn show(&self, answer: &Out) -> Shown;
}

/// What a comparison found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Match {
    /// Nobody could tell the answers apart.
    Same,
    /// They differ in what an arm is free to choose; what it is.
    Tolerated(&'static str),
    /// They differ in what must agree; what it is.
    Mismatch(&'static str),
}
