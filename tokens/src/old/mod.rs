//! What the replaced system gave out, until it is reprinted: JWTs of students (HS256) and `STALL_<number>`.
//!
//! The second kind is not signed: who knows a number has the token. A date ends both.

use std::{error, fmt};

use zeroize::Zeroizing;

use crate::{Kind, Reason};

mod json;
pub(crate) mod jwt;

const STALL: &str = "STALL_";
/// Digits of a stall's number. It is looked up as it stands.
const STALL_DIGITS: std::ops::RangeInclusive<usize> = 1..=10;
/// RFC 7518 §3.2: an HMAC's key is as long as its output.
const SECRET_BYTES: usize = 32;

/// An old token that counts. Whose it is, the caller's ledger knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OldToken {
    Student {
        /// `n`, a text or a whole number.
        n: String,
        /// `r`, a text or a whole number: the registration number.
        r: String,
        /// `exp`, in seconds since 1970.
        expires_at: i64,
    },
    /// Its digits, as they stand.
    Stall { number: String },
}

impl OldToken {
    /// What kind of token it would be today.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::Student { .. } => Kind::Attendee,
            Self::Stall { .. } => Kind::Stall,
        }
    }
}

/// Whether old tokens still count. The secret is never printed, and overwritten when this is dropped.
pub struct OldTokens(Option<Accepted>);

struct Accepted {
    /// Without it only stalls are accepted.
    secret: Option<Zeroizing<Vec<u8>>>,
    until: i64,
}

impl OldTokens {
    /// The switch is off: every old token is [`Reason::Malformed`].
    #[must_use]
    pub fn off() -> Self {
        Self(None)
    }

    /// On until this time, in seconds since 1970. Without a secret only stalls are accepted.
    ///
    /// # Errors
    /// An empty secret: anyone could sign.
    pub fn until(until: i64, secret: Option<&[u8]>) -> Result<Self, EmptySecret> {
        if secret.is_some_and(<[u8]>::is_empty) {
            return Err(EmptySecret);
        }
        let secret = secret.map(|bytes| Zeroizing::new(bytes.to_vec()));
        Ok(Self(Some(Accepted { secret, until })))
    }

    /// Whether the secret is shorter than the standard asks for. It was chosen elsewhere and stands in printed tokens, so
    /// this is worth a warning only: with one token it can be guessed offline.
    #[must_use]
    pub fn has_short_secret(&self) -> bool {
        let secret = self.0.as_ref().and_then(|on| on.secret.as_ref());
        secret.is_some_and(|secret| secret.len() < SECRET_BYTES)
    }

    /// Whether a text is for [`Self::verify`] and not for [`crate::verify()`]: no other token begins like these.
    #[must_use]
    pub fn looks_old(text: &str) -> bool {
        text.starts_with(STALL) || text.starts_with("eyJ")
    }

    /// The token that this text is. `now`: seconds since 1970.
    ///
    /// # Errors
    /// The first reason against it. Once the date has passed that is [`Reason::Expired`].
    pub fn verify(&self, text: &str, now: i64) -> Result<OldToken, Reason> {
        let accepted = self.0.as_ref().ok_or(Reason::Malformed)?;
        if !Self::looks_old(text) {
            return Err(Reason::Malformed);
        }
        if now > accepted.until {
            return Err(Reason::Expired);
        }
        if let Some(number) = text.strip_prefix(STALL) {
            return stall(number).ok_or(Reason::Malformed);
        }
        let secret = accepted.secret.as_ref().ok_or(Reason::Malformed)?;
        jwt::verify(text, secret, now)
    }
}

fn stall(number: &str) -> Option<OldToken> {
    let digits = number.bytes().all(|byte| byte.is_ascii_digit());
    (digits && STALL_DIGITS.contains(&number.len())).then(|| OldToken::Stall {
        number: number.to_owned(),
    })
}

impl fmt::Debug for OldTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let until = self.0.as_ref().map(|accepted| accepted.until);
        f.debug_struct("OldTokens")
            .field("until", &until)
            .finish_non_exhaustive()
    }
}

/// The secret of old tokens is empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EmptySecret;

impl fmt::Display for EmptySecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the secret of old tokens is empty")
    }
}

impl error::Error for EmptySecret {}
