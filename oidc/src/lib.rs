//! The relying party of OpenID Connect: [`Provider::start`] sends a browser to a provider, [`Provider::finish`] says who came
//! back, [`RoleMap`] which role that gives, and [`Provider::logout`] whose sessions the provider ends.
//!
//! Standards: OpenID Connect Core, Discovery and Back-Channel Logout 1.0; RFC 6749 (code flow), RFC 7636 (PKCE, S256 only),
//! RFC 7517 and RFC 7519 (keys and tokens), RFC 9207 (`iss` in callbacks).
//!
//! It keeps nothing but the provider's metadata and keys. The caller stores a [`Pending`] for each sign-in and gives it out
//! once, binds it to a browser, and remembers each [`Logout::jti`].
//!
//! Invariant: time is a parameter, and no input makes it panic.

mod claims;
mod crypto;
mod error;
mod exchange;
mod flow;
mod http;
mod identity;
mod metadata;
mod provider;
mod remembered;
mod roles;
mod token;

pub use claims::LEEWAY_SECS;
pub use error::{Error, Kind};
pub use flow::{Callback, Pending, Prompt, SIGN_IN_SECS, Start};
pub use identity::Identity;
pub use metadata::Metadata;
pub use provider::{Provider, Settings};
pub use roles::{BadRoleMap, DEFAULT_ROLE_CLAIMS, Decision, RoleMap, Step, Verdict};

/// What a logout token ends: the sessions of this subject, or the one with this `sid`. It has at least one of them; with both,
/// the session is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logout {
    pub subject: Option<String>,
    pub sid: Option<String>,
    /// The token's name, to take it once.
    pub jti: String,
    /// Seconds since 1970 until which the same token would be taken again.
    pub remember_until: i64,
}

#[cfg(test)]
mod tests;
