//! The format of destinations in Redis.
//!
//! Invariant: only slugs of codes are put there. Anybody can make up others, without end.

use std::{sync::Arc, time::Duration};

use bytes::{BufMut as _, BytesMut};
use http::HeaderValue;

use super::{Destination, Planned};
use crate::{
    cache::{Body, CacheKind, Name, Shape, Space, Tag},
    kernel::Slug,
    kernel::id::Uuid,
};

const TARGET: u8 = 1;
const NOT_A_REDIRECT: u8 = 2;
const PLANNED: u8 = 3;

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
        // Not that of releases without plans: one of them would put a target there whose password it does not know.
        rest: "destination".to_owned(),
    }
}

/// The kind, then the code's id and its target; of a plan, JSON.
fn encode(destination: &Destination) -> Option<Body> {
    let mut bytes = BytesMut::new();
    match destination {
        Destination::Target { code_id, location } => {
            bytes.put_u8(TARGET);
            bytes.put_slice(code_id.as_bytes());
            bytes.put_slice(location.as_bytes());
        }
        Destination::Planned(planned) => {
            bytes.put_u8(PLANNED);
            bytes.put_slice(&serde_json::to_vec(planned.source()).ok()?);
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
        PLANNED => {
            let planned = Planned::new(serde_json::from_slice(rest).ok()?).ok()?;
            Some(Destination::Planned(Arc::new(planned)))
        }
        NOT_A_REDIRECT if rest.is_empty() => Some(Destination::NotARedirect),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{redirect::plan::Source, store::codes::Plan};

    #[test]
    fn destinations_are_read_as_they_are_written() {
        let target = Destination::Target {
            code_id: Uuid::from_u128(7),
            location: HeaderValue::from_static("https://example.org/?a=b"),
        };
        let planned = Planned::new(Source {
            code_id: Uuid::from_u128(8),
            placement_id: Some(Uuid::from_u128(9)),
            target: "https://example.com/".to_owned(),
            plan: Plan {
                max_scans: Some(4),
                ..Plan::default()
            },
        });
        let planned = Destination::Planned(Arc::new(planned.unwrap()));
        for destination in [target, planned, Destination::NotARedirect] {
            let body = encode(&destination).unwrap();
            let read = format!("{:?}", decode(&body).unwrap());
            assert_eq!(read, format!("{destination:?}"));
        }
        assert_eq!(encode(&Destination::Nowhere), None);
        for bytes in [
            &b""[..],
            b"\x01short",
            b"\x02x",
            b"\x03",
            b"\x03{}",
            b"\x04",
        ] {
            let body = Body {
                bytes: bytes.to_vec().into(),
                etag: String::new(),
                is_text: false,
            };
            assert!(decode(&body).is_none());
        }
    }
}
