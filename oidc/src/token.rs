//! Signed tokens (RFC 7515, RFC 7519) and the keys they are verified with (RFC 7517): from text to claims of the provider.
//!
//! What the claims say is checked in `claims.rs`.

use jsonwebtoken::{
    Algorithm, AlgorithmFamily, DecodingKey, Validation, decode, decode_header,
    errors::ErrorKind,
    jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyOperations, PublicKeyUse},
};
use serde_json::{Map, Value};

use crate::Error;

/// Bytes that a token may have. Those with hundreds of groups have some 20 000.
const MAX_BYTES: usize = 64 * 1024;

/// Which key a token was signed with, as it says itself.
pub(crate) struct Header {
    pub algorithm: Algorithm,
    pub kid: Option<String>,
}

/// Reads the header, which nothing vouches for yet.
pub(crate) fn header(token: &str) -> Result<Header, Error> {
    let parts = token.split('.').count();
    if token.len() > MAX_BYTES || parts != 3 {
        return Err(Error::Malformed);
    }
    // `none` and names that are unknown fail here.
    let header = decode_header(token).map_err(|e| match e.kind() {
        ErrorKind::Base64(_) | ErrorKind::Utf8(_) => Error::Malformed,
        _ => Error::Algorithm,
    })?;
    match header.alg {
        Algorithm::RS256 | Algorithm::PS256 | Algorithm::ES256 | Algorithm::EdDSA => Ok(Header {
            algorithm: header.alg,
            kid: header.kid,
        }),
        _ => Err(Error::Algorithm),
    }
}

/// The claims of a token that this key signed.
pub(crate) fn claims(
    token: &str,
    header: &Header,
    key: &DecodingKey,
) -> Result<Map<String, Value>, Error> {
    let mut only_signature = Validation::new(header.algorithm);
    // Its clock cannot be set, and it knows nothing of azp: `claims.rs` checks these.
    only_signature.required_spec_claims.clear();
    only_signature.validate_exp = false;
    only_signature.validate_aud = false;
    match decode(token, key, &only_signature) {
        Ok(token) => Ok(token.claims),
        Err(e) => Err(match e.kind() {
            ErrorKind::InvalidSignature => Error::Signature,
            _ => Error::Malformed,
        }),
    }
}

/// A provider's public keys.
#[derive(Debug)]
pub(crate) struct Keys(Vec<Jwk>);

impl Keys {
    /// Of a JWK Set. A key of a type that is unknown here is left out, as RFC 7517 §5 asks; `None` if it is no set.
    pub fn parse(set: &Value) -> Option<Self> {
        let keys = set.get("keys")?.as_array()?.iter();
        Some(Self(
            keys.filter_map(|key| serde_json::from_value(key.clone()).ok())
                .collect(),
        ))
    }

    /// The key that a token with this header is verified with. A token without `kid` has one only where a single key fits
    /// (OpenID Connect Core §10.1).
    pub fn find(&self, header: &Header) -> Option<DecodingKey> {
        let named = |key: &&Jwk| header.kid.is_none() || key.common.key_id == header.kid;
        let mut fitting = self.0.iter().filter(named).filter(|key| fits(key, header));
        let key = fitting.next()?;
        if header.kid.is_none() && fitting.next().is_some() {
            return None;
        }
        DecodingKey::from_jwk(key).ok()
    }
}

/// Whether the key is for signatures by the header's algorithm.
fn fits(key: &Jwk, header: &Header) -> bool {
    let common = &key.common;
    let for_signatures = matches!(common.public_key_use, None | Some(PublicKeyUse::Signature));
    let operations = common.key_operations.as_ref();
    let verifies = operations.is_none_or(|all| all.contains(&KeyOperations::Verify));
    let algorithm = common
        .key_algorithm
        .is_none_or(|a| a == header.algorithm.into());
    let of_type = match &key.algorithm {
        AlgorithmParameters::RSA(_) => header.algorithm.family() == AlgorithmFamily::Rsa,
        AlgorithmParameters::EllipticCurve(ec) => {
            header.algorithm == Algorithm::ES256 && ec.curve == EllipticCurve::P256
        }
        AlgorithmParameters::OctetKeyPair(okp) => {
            header.algorithm == Algorithm::EdDSA && okp.curve == EllipticCurve::Ed25519
        }
        _ => false,
    };
    for_signatures && verifies && algorithm && of_type
}
