//! The format of destinations in Redis.
//!
//! Invariant: only slugs of codes are put there. Anybody can make up others, without end.

use std::time::Duration;

use bytes::{BufMut as _, BytesMut};
use http::HeaderValue;

use super::Destination;
use crate::{
    cache::{Body, CacheKind, Name, Shape, Space, Tag},
    kernel::Slug,
    kernel::id::Uuid,
};

const TARGET: u8 = 1;
const NOT_A_REDIRECT: u8 = 2;

/// `fresh`: how long a destination is served without asking the database again.
pub(super) fn shape(fresh: Duration) -> Shape<Slug, Destination> {
    Shape {
        space: Space::Slug,
        name,
        changes: true,
        kind: |_| CacheKind::Lookup,
        encode,
        decode: |_, body| decode(&body),
        fresh,
    }
}

fn name(slug: &Slug) -> Name {
    Name {
        tag: Some(Tag::Slug(slug.as_str().into())),
        rest: "target".to_owned(),
    }
}

/// The kind, then the code's id and its target.
fn encode(destination: &Destination) -> Option<Body> {
    let mut bytes = BytesMut::new();
    match destination {
        Destination::Target { code_id, location } => {
            bytes.put_u8(TARGET);
            bytes.put_slice(code_id.as_bytes());
            bytes.put_slice(location.as_bytes());
        }
        Destination::NotARedirect => bytes.put_u8(NOT_A_REDIRECT),
        Destination::Nowhere => return None,
    }
    Some(Body {
        bytes: bytes.freeze(),
        etag: String::new(),
        is_text: false,
    })
}

fn decode(body: &Body) -> Option<Destination> {
    let (what, rest) = body.bytes.split_first()?;
    match *what {
        TARGET => {
            let (id, location) = rest.split_first_chunk()?;
            Some(Destination::Target {
                code_id: Uuid::from_bytes(*id),
                location: HeaderValue::from_bytes(location).ok()?,
            })
        }
        NOT_A_REDIRECT if rest.is_empty() => Some(Destination::NotARedirect),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn destinations_are_read_as_they_are_written() {
        let target = Destination::Target {
            code_id: Uuid::from_u128(7),
            location: HeaderValue::from_static("https://example.org/?a=b"),
        };
        for destination in [target, Destination::NotARedirect] {
            let body = encode(&destination).unwrap();
            assert_eq!(decode(&body), Some(destination));
        }
        assert_eq!(encode(&Destination::Nowhere), None);
        for bytes in [&b""[..], b"\x01short", b"\x02x", b"\x03"] {
            let body = Body {
                bytes: bytes.to_vec().into(),
                etag: String::new(),
                is_text: false,
            };
            assert_eq!(decode(&body), None);
        }
    }
}
