//! Images: what they are called, and how they lie in the second tier.
//!
//! Invariant: whatever a picture depends on is in its key.

use bytes::{BufMut as _, Bytes, BytesMut};
use sha2::{Digest as _, Sha256};

use crate::{
    cache::{Body, CacheKind, Tag},
    cached::{Handling, Key},
    render::{self, Format, Image, Size},
    rollout::Arm,
};

/// Rasters wider than this cost much more to make than others.
const LARGE_PX: u32 = 600;

/// Images. The operator's logo is part of what a symbol with one looks like, and not of the request.
#[must_use]
pub fn images<A>(logo: Option<&[u8]>) -> Handling<A>
where
    A: Arm<In = render::In, Out = Image>,
{
    let logo: Option<[u8; 32]> = logo.map(|file| Sha256::digest(file).into());
    Handling {
        key: Box::new(move |request| Some(key(request, logo.as_ref()))),
        weigh: Image::weight,
        mark: Image::from_cache,
        encode: |image| Some(encode(image)),
        decode,
    }
}

fn key(request: &render::In, logo: Option<&[u8; 32]>) -> Key {
    let mut digest = request.digest();
    if let (true, Some(logo)) = (request.logo, logo) {
        digest.iter_mut().zip(logo).for_each(|(d, l)| *d ^= l);
    }
    Key {
        digest,
        tag: request.code_id().map(Tag::Code),
        kind: kind(request),
    }
}

fn kind(request: &render::Request) -> CacheKind {
    let is_large = match request.size {
        Size::Pixels(px) => px > LARGE_PX,
        Size::Physical(physical) => physical.pixels(physical.dpi) > LARGE_PX,
    };
    match (request.format, is_large) {
        (Format::Svg, _) => CacheKind::Svg,
        (Format::Png, false) => CacheKind::Png,
        (Format::Png, true) => CacheKind::PngLarge,
        (Format::Jpeg, false) => CacheKind::Jpeg,
        (Format::Jpeg, true) => CacheKind::JpegLarge,
        (Format::Webp, false) => CacheKind::Webp,
        (Format::Webp, true) => CacheKind::WebpLarge,
    }
}

fn format(kind: CacheKind) -> Option<Format> {
    match kind {
        CacheKind::Svg => Some(Format::Svg),
        CacheKind::Png | CacheKind::PngLarge => Some(Format::Png),
        CacheKind::Jpeg | CacheKind::JpegLarge => Some(Format::Jpeg),
        CacheKind::Webp | CacheKind::WebpLarge => Some(Format::Webp),
        _ => None,
    }
}

/// Width, height, then the file.
fn encode(image: &Image) -> Body {
    let mut bytes = BytesMut::with_capacity(8 + image.bytes.len());
    bytes.put_u32(image.width_px);
    bytes.put_u32(image.height_px);
    bytes.put_slice(&image.bytes);
    Body {
        bytes: bytes.freeze(),
        etag: image.etag.to_string(),
        is_text: image.media_type == Format::Svg.media_type(),
    }
}

fn decode(key: &Key, body: Body) -> Option<Image> {
    let (width, rest) = body.bytes.split_first_chunk()?;
    let (height, _) = rest.split_first_chunk()?;
    let (width_px, height_px) = (u32::from_be_bytes(*width), u32::from_be_bytes(*height));
    let file: Bytes = body.bytes.slice(8..);
    let is_tag = body.etag.len() > 2 && body.etag.starts_with('"') && body.etag.ends_with('"');
    (is_tag && !file.is_empty()).then_some(())?;
    Some(Image {
        bytes: file,
        media_type: format(key.kind)?.media_type(),
        etag: body.etag.into(),
        cached: true,
        width_px,
        height_px,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::{Request, Spec};
    use std::sync::Arc;

    fn request(edit: impl FnOnce(&mut Spec)) -> render::In {
        let mut spec = Spec::new("https://example.org/");
        edit(&mut spec);
        Arc::new(Request::new(spec).unwrap())
    }

    #[test]
    fn images_are_read_as_they_are_written() {
        let request = request(|spec| spec.format = Format::Svg);
        let image = Image {
            bytes: Bytes::from_static(b"<svg/>"),
            media_type: "image/svg+xml",
            etag: "\"a-engine-1\"".into(),
            cached: true,
            width_px: 250,
            height_px: 250,
        };
        let body = encode(&image);
        assert!(body.is_text);
        assert_eq!(decode(&key(&request, None), body.clone()), Some(image));
        for bytes in [&b""[..], b"1234567", b"12345678"] {
            let short = Body {
                bytes: bytes.to_vec().into(),
                ..body.clone()
            };
            assert_eq!(decode(&key(&request, None), short), None);
        }
    }

    #[test]
    fn another_logo_is_another_picture_only_where_it_is_drawn() {
        let (old, new) = (Some(&[1; 32]), Some(&[2; 32]));
        let plain = request(|_| ());
        assert_eq!(key(&plain, old), key(&plain, new));
        let logo = request(|spec| spec.logo = true);
        assert_ne!(key(&logo, old), key(&logo, new));
    }

    #[test]
    fn kinds_tell_what_is_dear() {
        assert_eq!(kind(&request(|_| ())), CacheKind::Png);
        assert_eq!(
            kind(&request(|s| s.size = Size::Pixels(1000))),
            CacheKind::PngLarge
        );
        let dpi = render::Physical {
            width: 4.0,
            unit: render::Unit::In,
            dpi: 300,
        };
        assert_eq!(
            kind(&request(|s| s.size = Size::Physical(dpi))),
            CacheKind::PngLarge
        );
    }
}
