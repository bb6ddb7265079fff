//! JWTs of the replaced system: `{n, t: "S", r, exp}`, signed with HS256 (RFC 7515, RFC 7518, RFC 7519).
//!
//! It is written out here: one algorithm with one key needs no library that can do all of them, and a library that cannot
//! do the others cannot be talked into them.

use base64ct::{Base64UrlUnpadded, Encoding as _};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Map, Value};
use sha2::Sha256;

use super::{OldToken, json};
use crate::Reason;

/// Bytes that an old token may have. Real ones have some 200.
pub const MAX_BYTES: usize = 2048;
/// Seconds that `exp` may be ahead: a year and a day. A token for longer was not made by the replaced system.
pub const MAX_AHEAD_SECS: i64 = 366 * 86_400;
/// Seconds that the clock of the signing system may have been ahead.
const LEEWAY_SECS: i64 = 60;
/// Characters of `n` and `r`.
const MAX_CHARS: usize = 255;
/// `t` of a student.
const STUDENT: &str = "S";

pub(super) fn verify(text: &str, secret: &[u8], now: i64) -> Result<OldToken, Reason> {
    if text.len() > MAX_BYTES {
        return Err(Reason::Malformed);
    }
    let (signed, signature) = text.rsplit_once('.').ok_or(Reason::Malformed)?;
    let (header, payload) = signed.split_once('.').ok_or(Reason::Malformed)?;
    check_header(&decode(header)?)?;
    let mac = Hmac::<Sha256>::new_from_slice(secret).map_err(|_| Reason::BadSignature)?;
    mac.chain_update(signed)
        .verify_slice(&decode(signature)?)
        .map_err(|_| Reason::BadSignature)?;
    let claims = json::object(&decode(payload)?).ok_or(Reason::Malformed)?;
    student(&claims, now)
}

/// Without padding, and with no bit to spare: a signature has one spelling.
fn decode(part: &str) -> Result<Vec<u8>, Reason> {
    Base64UrlUnpadded::decode_vec(part).map_err(|_| Reason::Malformed)
}

/// Nothing but `alg` and `typ` was ever in a header. `kid`, `jku`, `jwk`, `x5u` and their like say where to find a key, which
/// is not a token's to say; `crit` and `b64` say that a header must be understood, and `zip` that the payload is compressed.
fn check_header(header: &[u8]) -> Result<(), Reason> {
    let header = json::object(header).ok_or(Reason::Malformed)?;
    if header.keys().any(|name| name != "alg" && name != "typ") {
        return Err(Reason::Malformed);
    }
    if header.get("typ").is_some_and(|typ| typ != "JWT") {
        return Err(Reason::Malformed);
    }
    match header.get("alg") {
        Some(Value::String(algorithm)) if algorithm == "HS256" => Ok(()),
        // `none`, or an algorithm for which the secret would be something else.
        Some(Value::String(_)) => Err(Reason::BadSignature),
        _ => Err(Reason::Malformed),
    }
}

fn student(claims: &Map<String, Value>, now: i64) -> Result<OldToken, Reason> {
    let kind = claims.get("t").and_then(Value::as_str);
    if kind.ok_or(Reason::Malformed)? != STUDENT {
        return Err(Reason::WrongKind);
    }
    let expires_at = seconds(claims, "exp")?.ok_or(Reason::Malformed)?;
    if expires_at > now.saturating_add(MAX_AHEAD_SECS) {
        return Err(Reason::Malformed);
    }
    for claim in ["iat", "nbf"] {
        let from = seconds(claims, claim)?;
        if from.is_some_and(|from| from > now.saturating_add(LEEWAY_SECS)) {
            return Err(Reason::NotYetValid);
        }
    }
    if now >= expires_at {
        return Err(Reason::Expired);
    }
    Ok(OldToken::Student {
        n: scalar(claims, "n").ok_or(Reason::Malformed)?,
        r: scalar(claims, "r").ok_or(Reason::Malformed)?,
        expires_at,
    })
}

/// A time. Anything but a whole number is malformed.
fn seconds(claims: &Map<String, Value>, name: &str) -> Result<Option<i64>, Reason> {
    match claims.get(name) {
        None => Ok(None),
        Some(value) => value.as_i64().map(Some).ok_or(Reason::Malformed),
    }
}

/// A text or a whole number.
fn scalar(claims: &Map<String, Value>, name: &str) -> Option<String> {
    let text = match claims.get(name)? {
        Value::String(text) => text.clone(),
        Value::Number(number) if number.is_i64() || number.is_u64() => number.to_string(),
        _ => return None,
    };
    (1..=MAX_CHARS)
        .contains(&text.chars().count())
        .then_some(text)
}
