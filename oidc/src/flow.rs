//! The two ends of a sign-in: what is sent along with the browser, and what it brings back.

use std::fmt;

use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;
use url::form_urlencoded;

use crate::{Error, error::shown};

/// Seconds from the start of a sign-in to its callback.
pub const SIGN_IN_SECS: i64 = 600;

/// Characters of an error code of a provider's. Those of the standards have at most 30.
const MAX_CODE_CHARS: usize = 64;

/// What a sign-in asks the provider for, beyond who the user is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Start {
    /// Seconds since the user's last authentication at most; 0 asks for one now. The identity then has `auth_time`.
    pub max_age_secs: Option<u32>,
    pub prompt: Option<Prompt>,
}

/// `prompt` of OpenID Connect Core §3.1.2.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prompt {
    /// Ask nothing; without a session at the provider the callback has an error.
    None,
    /// Ask for the password again.
    Login,
    Consent,
    SelectAccount,
}

impl Prompt {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Login => "login",
            Self::Consent => "consent",
            Self::SelectAccount => "select_account",
        }
    }
}

/// A sign-in that was started. The caller keeps it and gives it out once: that makes `state`, `nonce` and the verifier of
/// RFC 7636 single use. Secret.
#[derive(Clone, PartialEq, Eq, Deserialize, Serialize)]
pub struct Pending {
    pub state: String,
    pub nonce: String,
    pub verifier: String,
    pub issuer: String,
    /// Seconds since 1970.
    pub started_at: i64,
    pub max_age_secs: Option<u32>,
}

impl fmt::Debug for Pending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pending({:?} since {})", self.issuer, self.started_at)
    }
}

/// The parameters that a browser brought to the redirect URI.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Callback {
    pub state: Option<String>,
    pub code: Option<String>,
    pub iss: Option<String>,
    pub error: Option<String>,
    pub error_description: Option<String>,
}

impl Callback {
    /// Of a query, without its question mark.
    ///
    /// # Errors
    ///
    /// [`Error::Callback`] for a parameter that is there twice (RFC 6749 §3.1).
    pub fn parse(query: &str) -> Result<Self, Error> {
        let mut callback = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let (name, slot) = match name.as_ref() {
                "state" => ("state", &mut callback.state),
                "code" => ("code", &mut callback.code),
                "iss" => ("iss", &mut callback.iss),
                "error" => ("error", &mut callback.error),
                "error_description" => ("error_description", &mut callback.error_description),
                _ => continue,
            };
            if slot.replace(value.into_owned()).is_some() {
                return Err(Error::Callback(name));
            }
        }
        Ok(callback)
    }

    /// The code, if this callback answers the sign-in. `iss_promised`: RFC 9207, from the metadata.
    pub(crate) fn code(
        &self,
        pending: &Pending,
        iss_promised: bool,
        now: i64,
    ) -> Result<&str, Error> {
        let state = self.state.as_deref().ok_or(Error::Callback("state"))?;
        if !same_secret(state, &pending.state) {
            return Err(Error::StateDiffers);
        }
        if now.saturating_sub(pending.started_at) > SIGN_IN_SECS {
            return Err(Error::SignInExpired);
        }
        // Before anything else is believed, errors too: they may be another provider's.
        match &self.iss {
            Some(iss) if *iss != pending.issuer => {
                return Err(Error::OtherProvider {
                    expected: pending.issuer.clone(),
                    found: shown(iss),
                });
            }
            None if iss_promised => return Err(Error::CallbackWithoutIssuer),
            _ => {}
        }
        if let Some(code) = &self.error {
            return Err(Error::Answered {
                code: shown(code).chars().take(MAX_CODE_CHARS).collect(),
                description: self.error_description.as_deref().map(shown),
            });
        }
        self.code.as_deref().ok_or(Error::Callback("code"))
    }
}

impl fmt::Debug for Callback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Callback(iss {:?}, error {:?})", self.iss, self.error)
    }
}

/// Compares without telling by its duration where two secrets differ.
pub(crate) fn same_secret(a: &str, b: &str) -> bool {
    a.as_bytes().ct_eq(b.as_bytes()).into()
}
