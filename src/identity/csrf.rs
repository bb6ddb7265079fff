//! The token with which a page of ours proves that a request with the session's cookie is its own.
//!
//! It follows from the session's token, so nothing is stored; it is masked anew for each answer, so that compression gives
//! nothing of it away (BREACH).

use base64ct::{Base64UrlUnpadded, Encoding};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use crate::kernel::{Error, Kind, Result, id};

const BYTES: usize = 32;

fn tag(session: &[u8]) -> Result<[u8; BYTES]> {
    let mac = Hmac::<Sha256>::new_from_slice(session);
    let mut mac =
        mac.map_err(|e| Error::caused(Kind::Internal, "no token could be made", e.to_string()))?;
    mac.update(b"csrf");
    Ok(mac.finalize().into_bytes().into())
}

fn masked(mask: [u8; BYTES], tag: [u8; BYTES]) -> [u8; BYTES] {
    std::array::from_fn(|i| mask[i] ^ tag[i])
}

/// A token for the session with this token of its own.
///
/// # Errors
/// `Internal` when the operating system gives no randomness.
pub fn token(session: &str) -> Result<String> {
    let mask = id::random()?;
    let both = [mask, masked(mask, tag(session.as_bytes())?)].concat();
    Ok(Base64UrlUnpadded::encode_string(&both))
}

/// Whether a token is one of this session.
#[must_use]
pub fn is_valid(session: &[u8], token: &[u8]) -> bool {
    let decoded = str::from_utf8(token).ok();
    let decoded = decoded.and_then(|text| Base64UrlUnpadded::decode_vec(text).ok());
    let Some((mask, rest)) = decoded.as_deref().and_then(|b| b.split_first_chunk()) else {
        return false;
    };
    let Ok(rest) = <[u8; BYTES]>::try_from(rest) else {
        return false;
    };
    tag(session).is_ok_and(|tag| masked(*mask, rest).ct_eq(&tag).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_of_one_session_and_never_the_same_twice() {
        let (one, other) = (token("a").unwrap(), token("a").unwrap());
        assert_ne!(one, other);
        assert!(is_valid(b"a", one.as_bytes()) && is_valid(b"a", other.as_bytes()));
        assert!(!is_valid(b"b", one.as_bytes()));
        let mut bent = one.clone();
        let first = if bent.starts_with('A') { "B" } else { "A" };
        bent.replace_range(..1, first);
        for bad in ["", "x", &one[1..], &bent, &format!("{one}AA"), "ü"] {
            assert!(!is_valid(b"a", bad.as_bytes()), "{bad}");
        }
    }
}
