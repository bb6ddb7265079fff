//! Who signed in: the claims of an ID token and of userinfo, together.

use serde_json::{Map, Value};

use crate::{Error, claims};

/// Who signed in. A user is issuer and subject; an e-mail address alone never links accounts.
#[derive(Clone, Debug, PartialEq)]
pub struct Identity {
    pub issuer: String,
    pub subject: String,
    /// `name`, or else `preferred_username`. Chosen by the user: not unique.
    pub name: Option<String>,
    /// Only an address that the provider verified; another one is in `claims` only.
    pub email: Option<String>,
    /// Whether `email_verified` is true: exactly where there is an `email`.
    pub email_verified: bool,
    /// The provider's session, which a logout token may name.
    pub sid: Option<String>,
    /// Seconds since 1970, if the provider says it.
    pub auth_time: Option<i64>,
    /// All claims; the ID token's win over those of userinfo.
    pub claims: Map<String, Value>,
}

/// Claims about a token. Userinfo has none: there they would be about something else.
const OF_TOKENS: [&str; 14] = [
    "iss",
    "aud",
    "exp",
    "iat",
    "nbf",
    "jti",
    "auth_time",
    "nonce",
    "acr",
    "amr",
    "azp",
    "sid",
    "at_hash",
    "c_hash",
];

impl Identity {
    /// Of the claims of an ID token that was checked.
    pub(crate) fn new(
        issuer: &str,
        subject: String,
        token: Map<String, Value>,
        userinfo: Option<Map<String, Value>>,
    ) -> Result<Self, Error> {
        let sid = claims::id(&token, "sid")?;
        let auth_time = claims::seconds(&token, "auth_time")?;
        let claims = match userinfo {
            Some(userinfo) => merged(token, userinfo, &subject)?,
            None => token,
        };
        let text = |claim: &str| Some(claims.get(claim)?.as_str()?.trim().to_owned());
        let filled = |claim: &str| text(claim).filter(|text| !text.is_empty());
        let email = filled("email").filter(|_| is_true(claims.get("email_verified")));
        Ok(Self {
            issuer: issuer.to_owned(),
            subject,
            name: filled("name").or_else(|| filled("preferred_username")),
            email_verified: email.is_some(),
            email,
            sid,
            auth_time,
            claims,
        })
    }
}

/// Both, about the same subject (OpenID Connect Core §5.3.2).
fn merged(
    token: Map<String, Value>,
    mut userinfo: Map<String, Value>,
    subject: &str,
) -> Result<Map<String, Value>, Error> {
    if claims::subject(&userinfo)?.as_deref() != Some(subject) {
        return Err(Error::SubjectDiffers);
    }
    for claim in OF_TOKENS {
        userinfo.remove(claim);
    }
    // `email_verified` is about the address beside it, never about the other one's.
    let either = token.contains_key("email") || token.contains_key("email_verified");
    if either && token.get("email") != userinfo.get("email") {
        userinfo.remove("email");
        userinfo.remove("email_verified");
    }
    userinfo.extend(token);
    Ok(userinfo)
}

/// Some providers send it as text.
fn is_true(value: Option<&Value>) -> bool {
    match value {
        Some(Value::Bool(flag)) => *flag,
        Some(Value::String(text)) => text == "true",
        _ => false,
    }
}
