//! Whether two implementations agree.
//!
//! Invariant: facts are digests of answers, without payload and personal data.

use super::Shown;
use crate::kernel::Result;

/// Compares the answers of two arms to one question.
pub trait Judge<Out>: Send + Sync + 'static {
    /// The part of an answer that must agree.
    type Fact: Send + 'static;

    /// Never fails: a malformed answer is a fact, too.
    fn fact(&self, answer: &Result<Out>) -> Self::Fact;

    fn judge(&self, control: &Self::Fact, candidate: &Self::Fact) -> Match;

    /// Whether the answer came from a cache: then its time is not the arm's.
    fn is_remembered(&self, _answer: &Out) -> bool {
        false
    }

    /// A wrong answer for fault injection, one that does little harm.
    fn spoil(answer: Out) -> Out;

    /// The answer as an operator sees it.
    fn show(&self, answer: &Out) -> Shown;
}

/// The result of a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Match {
    /// The answers are equal to a caller.
    Same,
    /// They differ in a part that an arm may choose; the part's name.
    Tolerated(&'static str),
    /// They differ in a part that must agree; the part's name.
    Mismatch(&'static str),
}
