//! The ring as a JWK Set (RFC 7517, RFC 8037), which anyone may download.

use std::{error, fmt};

use base64ct::{Base64UrlUnpadded, Encoding as _};
use serde_json::{Value, json};

use crate::{KeyNumber, MAX_KEYS, PublicKey, Ring};

impl Ring {
    /// All keys that are not retired, those that have not begun too: devices must know them before they sign. `kid` is the
    /// key's number; `nbf` and `exp` are seconds since 1970, by the names that claims have.
    #[must_use]
    pub fn to_jwks(&self, now: i64) -> Value {
        let keys = self.keys().iter().filter(|key| !key.is_retired(now));
        let keys: Vec<Value> = keys.map(jwk).collect();
        json!({ "keys": keys })
    }

    /// Reads what [`Self::to_jwks`] writes. Keys of other types are left out, as RFC 7517 §5 asks.
    ///
    /// # Errors
    /// If it is no set, has too many keys, or a key for Ed25519 that cannot be used: a part of a ring would refuse genuine
    /// tokens.
    pub fn from_jwks(set: &Value) -> Result<Self, BadJwks> {
        let all = set.get("keys").and_then(Value::as_array).ok_or(BadJwks)?;
        let ours = |key: &&Value| key["kty"] == "OKP" && key["crv"] == "Ed25519";
        let keys = all.iter().filter(ours).take(MAX_KEYS + 1);
        let keys: Option<Vec<PublicKey>> = keys.map(public_key).collect();
        Self::new(keys.ok_or(BadJwks)?).map_err(|_| BadJwks)
    }
}

fn jwk(key: &PublicKey) -> Value {
    let mut jwk = json!({
        "kty": "OKP",
        "crv": "Ed25519",
        "alg": "EdDSA",
        "use": "sig",
        "kid": key.number().value().to_string(),
        "x": Base64UrlUnpadded::encode_string(key.as_bytes()),
        "nbf": key.not_before,
    });
    if let Some(at) = key.retired_at {
        jwk["exp"] = at.into();
    }
    jwk
}

fn public_key(jwk: &Value) -> Option<PublicKey> {
    let kid = jwk.get("kid")?.as_str()?;
    let number = KeyNumber::new(kid.parse().ok()?)?;
    // `+1` and `01` parse too.
    if number.value().to_string() != kid {
        return None;
    }
    let mut bytes = [0; 32];
    let decoded = Base64UrlUnpadded::decode(jwk.get("x")?.as_str()?, &mut bytes).ok()?;
    if decoded.len() != 32 {
        return None;
    }
    let retired_at = match jwk.get("exp") {
        Some(at) => Some(at.as_i64()?),
        None => None,
    };
    PublicKey::new(number, &bytes, jwk.get("nbf")?.as_i64()?, retired_at).ok()
}

/// The value is no JWK Set of a ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadJwks;

impl fmt::Display for BadJwks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("this is no JWK Set of keys for tokens")
    }
}

impl error::Error for BadJwks {}
