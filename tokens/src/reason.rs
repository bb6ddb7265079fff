//! Why a token is refused.

use std::{error, fmt};

/// A closed set: callers, metrics and translations name each of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// No token: wrong length, alphabet or format.
    Malformed,
    /// Not signed by the key that it names.
    BadSignature,
    /// Names a key that is not in the ring, or is retired.
    UnknownKey,
    WrongEvent,
    WrongKind,
    Expired,
    /// From a window that has not begun, or by a key that does not sign yet.
    NotYetValid,
    /// A newer one was given out.
    Revoked,
    /// Genuine, and nobody has the subject. For the caller's ledger: [`crate::verify()`] never says it.
    Unknown,
    /// The person is blocked. For the caller's ledger: [`crate::verify()`] never says it.
    Blocked,
}

impl Reason {
    pub const ALL: [Self; 10] = [
        Self::Malformed,
        Self::BadSignature,
        Self::UnknownKey,
        Self::WrongEvent,
        Self::WrongKind,
        Self::Expired,
        Self::NotYetValid,
        Self::Revoked,
        Self::Unknown,
        Self::Blocked,
    ];

    /// As answers and labels of metrics spell it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::BadSignature => "bad_signature",
            Self::UnknownKey => "unknown_key",
            Self::WrongEvent => "wrong_event",
            Self::WrongKind => "wrong_kind",
            Self::Expired => "expired",
            Self::NotYetValid => "not_yet_valid",
            Self::Revoked => "revoked",
            Self::Unknown => "unknown",
            Self::Blocked => "blocked",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "this is no token",
            Self::BadSignature => "the signature is wrong",
            Self::UnknownKey => "the token was signed with a key that is not known",
            Self::WrongEvent => "the token belongs to another event",
            Self::WrongKind => "a token of this kind does not count here",
            Self::Expired => "the token has expired",
            Self::NotYetValid => "the token is not valid yet; compare the clocks",
            Self::Revoked => "a newer token was given out",
            Self::Unknown => "nobody has this token",
            Self::Blocked => "the person is blocked",
        })
    }
}

impl error::Error for Reason {}
