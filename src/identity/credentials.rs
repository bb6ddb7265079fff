//! Credentials as they arrive: `Authorization: Basic` (RFC 7617), `Authorization: Bearer` (RFC 6750), `X-API-Key`, and the
//! cookie of a session.

use base64ct::{Base64, Base64Unpadded, Encoding};

use super::refused;
use crate::kernel::Result;

/// What a request carries, unparsed.
#[derive(Clone, Copy)]
pub enum Credentials<'a> {
    /// The value of `Authorization`.
    Authorization(&'a [u8]),
    /// The value of `X-API-Key`.
    Key(&'a [u8]),
    /// The value of the session's cookie.
    Session(&'a [u8]),
}

/// Credentials that outlive their request.
pub enum Kept {
    Authorization(Vec<u8>),
    Key(Vec<u8>),
    Session(Vec<u8>),
}

impl Kept {
    #[must_use]
    pub fn credentials(&self) -> Credentials<'_> {
        match self {
            Self::Authorization(value) => Credentials::Authorization(value),
            Self::Key(value) => Credentials::Key(value),
            Self::Session(value) => Credentials::Session(value),
        }
    }
}

/// What the credentials claim.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Claim {
    Password { user: String, password: String },
    Key(String),
    Session(String),
}

impl Credentials<'_> {
    /// Whether it is a password: what people choose can be guessed.
    #[must_use]
    pub fn is_password(&self) -> bool {
        let Self::Authorization(value) = self else {
            return false;
        };
        value.len() >= 5 && value[..5].eq_ignore_ascii_case(b"basic")
    }

    /// For as long as an answer takes.
    #[must_use]
    pub fn kept(&self) -> Kept {
        match self {
            Self::Authorization(value) => Kept::Authorization(value.to_vec()),
            Self::Key(value) => Kept::Key(value.to_vec()),
            Self::Session(value) => Kept::Session(value.to_vec()),
        }
    }

    /// The bytes and a tag that keeps the kinds apart.
    pub(super) fn tagged(&self) -> (u8, &[u8]) {
        match self {
            Self::Authorization(value) => (b'a', value),
            Self::Key(value) => (b'k', value),
            Self::Session(value) => (b's', value),
        }
    }

    pub(super) fn claim(&self) -> Result<Claim> {
        match self {
            Self::Key(key) => text(key).map(Claim::Key),
            Self::Session(token) => text(token).map(Claim::Session),
            Self::Authorization(value) => {
                let value = text(value)?;
                let (scheme, rest) = value.split_once(' ').ok_or_else(refused)?;
                let rest = rest.trim();
                if scheme.eq_ignore_ascii_case("bearer") {
                    Ok(Claim::Key(rest.to_owned()))
                } else if scheme.eq_ignore_ascii_case("basic") {
                    parse_basic(rest)
                } else {
                    Err(refused())
                }
            }
        }
    }
}

/// What a caller sends who is this user.
pub(super) fn basic(user: &str, password: &str) -> String {
    let pair = format!("{user}:{password}");
    format!("Basic {}", Base64::encode_string(pair.as_bytes()))
}

fn parse_basic(encoded: &str) -> Result<Claim> {
    let bytes = Base64::decode_vec(encoded)
        .or_else(|_| Base64Unpadded::decode_vec(encoded))
        .map_err(|_| refused())?;
    let pair = String::from_utf8(bytes).map_err(|_| refused())?;
    let (user, password) = pair.split_once(':').ok_or_else(refused)?;
    Ok(Claim::Password {
        user: user.to_owned(),
        password: password.to_owned(),
    })
}

fn text(value: &[u8]) -> Result<String> {
    String::from_utf8(value.to_vec()).map_err(|_| refused())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_ways_are_understood() {
        let claim = |v: &str| Credentials::Authorization(v.as_bytes()).claim();
        assert_eq!(
            claim("Basic YWRtaW46cGE6c3M=").unwrap(),
            Claim::Password {
                user: "admin".into(),
                password: "pa:ss".into()
            }
        );
        assert_eq!(claim("bearer abc").unwrap(), Claim::Key("abc".into()));
        assert_eq!(
            Credentials::Key(b"abc").claim().unwrap(),
            Claim::Key("abc".into())
        );
        for bad in ["Basic", "Basic !!!", "Digest x", "", "Basic YWRtaW4="] {
            assert!(claim(bad).is_err(), "{bad}");
        }
        assert!(Credentials::Key(&[0xff]).claim().is_err());
    }
}
