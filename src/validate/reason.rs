//! Why something is refused, for machines; the message beside it is for people.
//!
//! Invariant: a closed set without payload, so it may be counted, logged and compared.

use std::borrow::Cow;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// A field that must be there is not.
    Missing,
    /// A field is there that must not be.
    Misplaced,
    Empty,
    /// More characters than a limit allows.
    Length,
    /// A character that can be neither stored nor sent.
    Character,
    /// A number outside of its range.
    Range,
    /// None of the words that a field knows.
    Choice,
    /// No opaque colour.
    Color,
    /// Two colours that must differ do not.
    Invisible,
    /// No symbol of the asked level holds the content.
    Capacity,
    /// Neither `http` nor `https`.
    Scheme,
    /// No URL.
    Syntax,
    /// A user name or a password.
    Credentials,
    /// None of the allowed domains.
    Domain,
    /// An address that cannot be reached from the internet.
    Address,
    /// A name that cannot be reached from the internet.
    Name,
    /// Leads to one of our own codes.
    Loop,
    /// A host that reads like another.
    Lookalike,
}

/// Why a value is refused, and what to tell its author.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub reason: Reason,
    pub message: Cow<'static, str>,
}

impl Fault {
    pub(super) fn new(reason: Reason, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            reason,
            message: message.into(),
        }
    }
}
