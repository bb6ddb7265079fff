//! What the claims of a verified token must say (OpenID Connect Core §3.1.3.7, Back-Channel Logout §2.6).
//!
//! Invariant: no I/O and no clock; `now` is in seconds since 1970.

use serde_json::{Map, Value};

use crate::{Error, Logout, Pending, error::shown, flow::same_secret};

/// Seconds that two clocks may differ.
pub const LEEWAY_SECS: i64 = 60;
/// Seconds that a logout token without `exp` is taken after its `iat`.
const LOGOUT_SECS: i64 = 120;
/// Bytes of a subject (OpenID Connect Core §8). Callers store it.
const MAX_SUBJECT_BYTES: usize = 255;
/// Bytes of a `sid` or `jti`, for which there is no standard.
const MAX_ID_BYTES: usize = 1024;

/// The event that makes a token a logout token.
const LOGOUT_EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// Whom tokens must be from and for.
#[derive(Clone, Copy)]
pub(crate) struct Expected<'a> {
    pub issuer: &'a str,
    pub client_id: &'a str,
    pub trusted_audiences: &'a [String],
}

/// Checks an ID token that answers this sign-in. Returns its subject.
pub(crate) fn check_id_token(
    claims: &Map<String, Value>,
    expected: Expected,
    pending: &Pending,
    now: i64,
) -> Result<String, Error> {
    check_issuer(claims, expected)?;
    let audiences = check_audience(claims, expected)?;
    check_party(claims, expected, audiences > 1)?;
    let expires_at = seconds(claims, "exp")?.ok_or(Error::Missing("exp"))?;
    check_not_expired(expires_at, now)?;
    seconds(claims, "iat")?.ok_or(Error::Missing("iat"))?;
    for claim in ["iat", "nbf", "auth_time"] {
        check_not_ahead(claims, claim, now)?;
    }
    let nonce = text(claims, "nonce")?.ok_or(Error::Missing("nonce"))?;
    if !same_secret(nonce, &pending.nonce) {
        return Err(Error::NonceDiffers);
    }
    check_authentication(claims, pending)?;
    subject(claims)?.ok_or(Error::Missing("sub"))
}

/// Checks a logout token. Returns what it ends.
pub(crate) fn check_logout_token(
    claims: &Map<String, Value>,
    expected: Expected,
    now: i64,
) -> Result<Logout, Error> {
    check_issuer(claims, expected)?;
    check_audience(claims, expected)?;
    check_party(claims, expected, false)?;
    let issued_at = seconds(claims, "iat")?.ok_or(Error::Missing("iat"))?;
    // Required since the final version of the standard; older providers send none.
    let expires_at = seconds(claims, "exp")?.unwrap_or(issued_at.saturating_add(LOGOUT_SECS));
    check_not_expired(expires_at, now)?;
    check_not_ahead(claims, "iat", now)?;
    check_not_ahead(claims, "nbf", now)?;
    let event = claims.get("events").and_then(|e| e.get(LOGOUT_EVENT));
    if !event.is_some_and(Value::is_object) || claims.contains_key("nonce") {
        return Err(Error::NoLogoutToken);
    }
    let logout = Logout {
        subject: subject(claims)?,
        sid: id(claims, "sid")?,
        jti: id(claims, "jti")?.ok_or(Error::Missing("jti"))?,
        remember_until: expires_at.saturating_add(LEEWAY_SECS),
    };
    if logout.subject.is_none() && logout.sid.is_none() {
        return Err(Error::Missing("sub"));
    }
    Ok(logout)
}

/// The subject, in the length that the standard allows.
pub(crate) fn subject(claims: &Map<String, Value>) -> Result<Option<String>, Error> {
    match text(claims, "sub")? {
        Some(sub) if sub.is_empty() || sub.len() > MAX_SUBJECT_BYTES => {
            Err(Error::WrongType("sub"))
        }
        sub => Ok(sub.map(ToOwned::to_owned)),
    }
}

/// An identifier that the provider chose.
pub(crate) fn id(
    claims: &Map<String, Value>,
    claim: &'static str,
) -> Result<Option<String>, Error> {
    match text(claims, claim)? {
        Some(id) if id.is_empty() || id.len() > MAX_ID_BYTES => Err(Error::WrongType(claim)),
        id => Ok(id.map(ToOwned::to_owned)),
    }
}

/// A time, in seconds since 1970. RFC 7519 allows fractions; they are rounded.
pub(crate) fn seconds(
    claims: &Map<String, Value>,
    claim: &'static str,
) -> Result<Option<i64>, Error> {
    let number = match claims.get(claim) {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Number(number)) => number,
        Some(_) => return Err(Error::WrongType(claim)),
    };
    let rounded = || format!("{:.0}", number.as_f64()?).parse().ok();
    match number.as_i64().or_else(rounded) {
        Some(seconds) => Ok(Some(seconds)),
        None => Err(Error::WrongType(claim)),
    }
}

fn text<'a>(claims: &'a Map<String, Value>, claim: &'static str) -> Result<Option<&'a str>, Error> {
    match claims.get(claim) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(Error::WrongType(claim)),
    }
}

fn check_issuer(claims: &Map<String, Value>, expected: Expected) -> Result<(), Error> {
    let found = text(claims, "iss")?.ok_or(Error::Missing("iss"))?;
    if found == expected.issuer {
        return Ok(());
    }
    Err(Error::WrongIssuer {
        expected: expected.issuer.to_owned(),
        found: shown(found),
    })
}

/// The client must be among the audiences, and each other one be trusted. Returns how many there are.
fn check_audience(claims: &Map<String, Value>, expected: Expected) -> Result<usize, Error> {
    let one;
    let all = match claims.get("aud") {
        None | Some(Value::Null) => return Err(Error::Missing("aud")),
        Some(Value::Array(all)) => all.as_slice(),
        Some(value) => {
            one = [value.clone()];
            &one[..]
        }
    };
    let mut ours = false;
    for audience in all {
        let audience = audience.as_str().ok_or(Error::WrongType("aud"))?;
        if audience == expected.client_id {
            ours = true;
        } else if !expected.trusted_audiences.iter().any(|t| t == audience) {
            // Said of a token that is for the client too; otherwise the audience is plainly wrong.
            let also_ours = all.iter().any(|a| a == expected.client_id);
            let untrusted = || Error::UntrustedAudience(shown(audience));
            return Err(also_ours.then(untrusted).unwrap_or(Error::WrongAudience));
        }
    }
    ours.then_some(all.len()).ok_or(Error::WrongAudience)
}

fn check_party(
    claims: &Map<String, Value>,
    expected: Expected,
    required: bool,
) -> Result<(), Error> {
    match text(claims, "azp")? {
        Some(party) if party == expected.client_id => Ok(()),
        None if !required => Ok(()),
        _ => Err(Error::WrongParty),
    }
}

fn check_not_expired(expires_at: i64, now: i64) -> Result<(), Error> {
    if now < expires_at.saturating_add(LEEWAY_SECS) {
        return Ok(());
    }
    Err(Error::TokenExpired {
        late_secs: now.abs_diff(expires_at),
    })
}

fn check_not_ahead(
    claims: &Map<String, Value>,
    claim: &'static str,
    now: i64,
) -> Result<(), Error> {
    match seconds(claims, claim)? {
        Some(at) if at > now.saturating_add(LEEWAY_SECS) => Err(Error::NotYet {
            claim,
            ahead_secs: at.abs_diff(now),
        }),
        _ => Ok(()),
    }
}

/// A provider that was asked for a recent authentication says when it was (OpenID Connect Core §2), and that is recent.
fn check_authentication(claims: &Map<String, Value>, pending: &Pending) -> Result<(), Error> {
    let Some(max_age_secs) = pending.max_age_secs else {
        return Ok(());
    };
    let at = seconds(claims, "auth_time")?.ok_or(Error::Missing("auth_time"))?;
    // The provider measured the age when the sign-in was started.
    let age_secs = pending.started_at.saturating_sub(at);
    if age_secs > i64::from(max_age_secs).saturating_add(LEEWAY_SECS) {
        return Err(Error::AuthenticationTooOld);
    }
    Ok(())
}
