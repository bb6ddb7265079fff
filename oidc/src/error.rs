//! What goes wrong in a sign-in, and whose it is.

use std::{error, fmt};

/// Whose an [`Error`] is, and so what to answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The provider is away. The same request may work later; existing sessions go on.
    Transient,
    /// The user's: a sign-in that took too long, was sent twice or was declined. A new sign-in may work.
    User,
    /// Refused, and will be until somebody changes a setting here or at the provider. Worth an operator's look.
    Refusal,
}

/// Why there is no identity. No message contains a secret, a code or a token.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// A setting is unusable.
    Setting(String),
    /// No answer, or one that says "later": the endpoint, and what happened.
    Away(&'static str, String),
    /// An answer that cannot be used: the endpoint, and what is wrong with it.
    Unusable(&'static str, String),
    /// The metadata names another issuer than the setting.
    IssuerDiffers { configured: String, found: String },
    /// An endpoint's URL is neither https nor, with an issuer on a loopback host, on a loopback host.
    Insecure(&'static str),
    /// A parameter of the callback is missing or there twice.
    Callback(&'static str),
    /// The callback's `state` is not the one that was sent.
    StateDiffers,
    /// The sign-in was started too long ago.
    SignInExpired,
    /// The sign-in was started at another provider, or another provider's callback came (a mix-up, RFC 9207).
    OtherProvider { expected: String, found: String },
    /// The provider promises `iss` in its callbacks (RFC 9207), and this one has none.
    CallbackWithoutIssuer,
    /// The provider answered the authorization request with an error (RFC 6749 §4.1.2.1, OpenID Connect Core §3.1.2.6).
    Answered {
        code: String,
        /// The provider's words, for the user. Not part of the message.
        description: Option<String>,
    },
    /// The code was used before, has expired or is not this client's (`invalid_grant`).
    CodeRefused,
    /// The token endpoint answered with this error code.
    ExchangeRefused(String),
    /// A token that is not a signed JWT, or larger than any.
    Malformed,
    /// A token that is not signed with RS256, PS256, ES256 or `EdDSA`.
    Algorithm,
    /// No key of the provider's is for this token's `kid` and algorithm, and meant for signatures.
    UnknownKey,
    /// The signature is not by the key.
    Signature,
    /// A required claim is missing.
    Missing(&'static str),
    /// A claim of another type than the standard's.
    WrongType(&'static str),
    /// `iss` of a token is another issuer.
    WrongIssuer { expected: String, found: String },
    /// `aud` does not contain the client.
    WrongAudience,
    /// `aud` contains an audience that is neither the client nor trusted.
    UntrustedAudience(String),
    /// `azp` is missing beside several audiences, or is another client.
    WrongParty,
    /// `exp` has passed: the token and the clock are this many seconds apart.
    TokenExpired { late_secs: u64 },
    /// `iat`, `nbf` or `auth_time` lies ahead.
    NotYet {
        claim: &'static str,
        ahead_secs: u64,
    },
    /// `nonce` is not the one that was sent.
    NonceDiffers,
    /// `auth_time` is older than the sign-in asked for.
    AuthenticationTooOld,
    /// Userinfo is about another subject than the ID token.
    SubjectDiffers,
    /// A logout token without the event of back-channel logout, or with a nonce.
    NoLogoutToken,
    /// Another crypto provider was installed for JWTs in this process.
    OtherCrypto,
}

impl Error {
    /// Whose the error is.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::Away(..) => Kind::Transient,
            Self::Callback(_) | Self::StateDiffers | Self::SignInExpired | Self::CodeRefused => {
                Kind::User
            }
            Self::Answered { code, .. } => match code.as_str() {
                "server_error" | "temporarily_unavailable" => Kind::Transient,
                "access_denied"
                | "login_required"
                | "interaction_required"
                | "account_selection_required"
                | "consent_required" => Kind::User,
                _ => Kind::Refusal,
            },
            _ => Kind::Refusal,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Setting(why) => f.write_str(why),
            Self::Away(endpoint, why) => write!(f, "the provider's {endpoint} is away: {why}"),
            Self::Unusable(endpoint, why) => {
                write!(f, "the provider's {endpoint} gave no usable answer: {why}")
            }
            Self::IssuerDiffers { configured, found } => write!(
                f,
                "the issuer is set as {configured:?}, and the provider calls itself {found:?}; both must be equal to the \
                 last character"
            ),
            Self::Insecure(endpoint) => write!(f, "the provider's {endpoint} is not https"),
            Self::Callback(parameter) => {
                write!(f, "the callback has not exactly one {parameter}")
            }
            Self::OtherProvider { expected, found } => {
                write!(f, "the sign-in belongs to {expected:?}, not to {found:?}")
            }
            Self::Answered { code, .. } => write!(f, "the provider answered {code}"),
            Self::ExchangeRefused(code) => {
                write!(f, "the provider refused to exchange the code: {code}")
            }
            Self::Missing(claim) => write!(f, "the claim {claim} is missing"),
            Self::WrongType(claim) => write!(f, "the claim {claim} has the wrong type"),
            Self::WrongIssuer { expected, found } => {
                write!(f, "the token's issuer is {found:?}, not {expected:?}")
            }
            Self::UntrustedAudience(audience) => write!(
                f,
                "the token is also meant for {audience:?}, which is not trusted"
            ),
            Self::TokenExpired { late_secs } => write!(
                f,
                "the token expired {late_secs} s ago; compare the clocks of both hosts"
            ),
            Self::NotYet { claim, ahead_secs } => write!(
                f,
                "the token's {claim} is {ahead_secs} s ahead; compare the clocks of both hosts"
            ),
            _ => f.write_str(self.sentence()),
        }
    }
}

impl Error {
    /// The message of what has no details.
    fn sentence(&self) -> &'static str {
        match self {
            Self::StateDiffers => "the callback does not belong to this sign-in",
            Self::SignInExpired => "the sign-in took too long",
            Self::CallbackWithoutIssuer => {
                "the callback has no iss, which this provider promises to send"
            }
            Self::CodeRefused => {
                "the code was used before, has expired or belongs to another client"
            }
            Self::Malformed => "the token is not a signed JWT",
            Self::Algorithm => "the token is not signed with RS256, PS256, ES256 or EdDSA",
            Self::UnknownKey => {
                "no signature key of the provider has the token's kid and algorithm"
            }
            Self::Signature => "the token's signature is wrong",
            Self::WrongAudience => "the token is not meant for this client",
            Self::WrongParty => "the token was issued to another client (azp)",
            Self::NonceDiffers => "the token does not belong to this sign-in",
            Self::AuthenticationTooOld => "the provider did not ask the user to sign in again",
            Self::SubjectDiffers => "userinfo is about another user than the token",
            Self::NoLogoutToken => "the token is not a logout token",
            Self::OtherCrypto => "JWTs have another crypto provider than ring in this process",
            _ => "the sign-in failed",
        }
    }
}

impl error::Error for Error {}

/// Text by somebody else for a message: bounded, on one line.
pub(crate) fn shown(text: &str) -> String {
    const MAX_CHARS: usize = 200;
    let printable = |c: char| if c.is_control() { ' ' } else { c };
    text.chars().map(printable).take(MAX_CHARS).collect()
}
