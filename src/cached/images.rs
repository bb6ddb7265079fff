//! Images: their keys, and how they lie in Redis.
//!
//! Invariant: whatever an image depends on is in its key, and so is the layout of its frame. Releases that write another
//! frame neither read nor overwrite this one's while both run.

use ::style::{Grade, Parameter, Reason, Report};
use bytes::{Buf as _, BufMut as _, Bytes, BytesMut};
use symbol::{Mask, Version};

use crate::{
    cache::{Body, CacheKind, Tag},
    cached::{Handling, Key},
    kernel::Level,
    render::{self, Facts, File, Format, Rendered, Size},
    rollout::Arm,
};

/// Rasters wider than this cost much more to make than others.
const LARGE_PX: u32 = 600;
/// Version of the frame: what stands in it, in which order. A release that changes either counts on.
const FRAME: u8 = 3;
/// Version, level, mask, width, height; grade and value of each parameter of the report.
const HEAD_BYTES: usize = 11 + 5 * Parameter::COUNT;

/// How images are cached.
#[must_use]
pub fn images<A>() -> Handling<A>
where
    A: Arm<In = render::In, Out = Rendered>,
{
    Handling {
        key: Box::new(|request| Some(key(request))),
        weigh: Rendered::weight,
        mark: Rendered::from_cache,
        encode: |image| Some(encode(image)),
        decode,
    }
}

/// The logo is part of the key: the request's digest only says that there is one.
fn key(request: &render::In) -> Key {
    let mut digest = request.digest();
    if let Some(logo) = &request.logo {
        digest
            .iter_mut()
            .zip(logo.digest)
            .for_each(|(d, l)| *d ^= l);
    }
    digest[0] ^= FRAME;
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
        (Format::Pdf, _) => CacheKind::Pdf,
        (Format::Eps, _) => CacheKind::Eps,
        (Format::Text, _) => CacheKind::Text,
        (Format::Gif, _) => CacheKind::Gif,
    }
}

fn format(kind: CacheKind) -> Option<Format> {
    match kind {
        CacheKind::Svg => Some(Format::Svg),
        CacheKind::Png | CacheKind::PngLarge => Some(Format::Png),
        CacheKind::Jpeg | CacheKind::JpegLarge => Some(Format::Jpeg),
        CacheKind::Webp | CacheKind::WebpLarge => Some(Format::Webp),
        CacheKind::Pdf => Some(Format::Pdf),
        CacheKind::Eps => Some(Format::Eps),
        CacheKind::Text => Some(Format::Text),
        CacheKind::Gif => Some(Format::Gif),
        _ => None,
    }
}

/// Set in the byte of a Micro QR version.
const MICRO: u8 = 0x80;

/// A frame: a byte each for version, level and mask, width, height, the report, then the file.
fn encode(image: &Rendered) -> Body {
    let (facts, file) = (&image.facts, &image.file);
    let mut bytes = BytesMut::with_capacity(HEAD_BYTES + file.bytes.len());
    let family = if facts.version.is_micro() { MICRO } else { 0 };
    bytes.put_u8(facts.version.number() | family);
    bytes.put_u8(facts.level as u8);
    bytes.put_u8(facts.mask.reference());
    bytes.put_u32(facts.width_px);
    bytes.put_u32(facts.height_px);
    for reason in &facts.report.reasons {
        bytes.put_u8(reason.grade as u8);
        bytes.put_f32(reason.value);
    }
    bytes.put_slice(&file.bytes);
    Body {
        bytes: bytes.freeze(),
        etag: file.etag.to_string(),
        is_text: [Format::Svg, Format::Text]
            .iter()
            .any(|format| file.media_type == format.media_type()),
    }
}

fn decode(key: &Key, body: Body) -> Option<Rendered> {
    let is_tag = body.etag.len() > 2 && body.etag.starts_with('"') && body.etag.ends_with('"');
    let mut bytes = body.bytes;
    if !is_tag || bytes.len() <= HEAD_BYTES {
        return None;
    }
    let facts = Facts {
        version: version(bytes.get_u8())?,
        level: *Level::ALL.get(usize::from(bytes.get_u8()))?,
        mask: Mask::new(bytes.get_u8())?,
        width_px: bytes.get_u32(),
        height_px: bytes.get_u32(),
        report: report(&mut bytes)?,
    };
    Some(Rendered {
        facts,
        file: File {
            bytes,
            media_type: format(key.kind)?.media_type(),
            etag: body.etag.into(),
        },
        cached: true,
    })
}

fn version(byte: u8) -> Option<Version> {
    if byte & MICRO == 0 {
        Version::qr(byte)
    } else {
        Version::micro(byte ^ MICRO)
    }
}

fn report(bytes: &mut Bytes) -> Option<Report> {
    let mut reasons = Vec::with_capacity(Parameter::COUNT);
    for parameter in Parameter::ALL {
        let grade = *Grade::ALL.get(usize::from(bytes.get_u8()))?;
        reasons.push(Reason {
            parameter,
            value: bytes.get_f32(),
            grade,
        });
    }
    Some(Report {
        reasons: reasons.try_into().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::{Logo, Request, Spec};
    use std::sync::Arc;

    fn request(edit: impl FnOnce(&mut Spec)) -> render::In {
        let mut spec = Spec::new("https://example.org/");
        edit(&mut spec);
        Arc::new(Request::new(spec).unwrap())
    }

    #[test]
    fn images_are_read_as_they_are_written() {
        let request = request(|spec| spec.format = Format::Svg);
        let image = Rendered {
            facts: Facts {
                version: Version::qr(7).unwrap(),
                level: Level::Q,
                mask: Mask::new(5).unwrap(),
                width_px: 250,
                height_px: 251,
                report: Report {
                    reasons: Parameter::ALL.map(|parameter| Reason {
                        parameter,
                        value: 0.25,
                        grade: Grade::C,
                    }),
                },
            },
            file: File {
                bytes: b"<svg/>".to_vec().into(),
                media_type: "image/svg+xml",
                etag: "\"a-engine-1\"".into(),
            },
            cached: true,
        };
        let body = encode(&image);
        assert!(body.is_text);
        assert_eq!(decode(&key(&request), body.clone()), Some(image));
        let of_the_release_before = b"\x07\x02\x05\0\0\0\xfa\0\0\0\xfa<svg/>";
        for bytes in [&b""[..], &body.bytes[..HEAD_BYTES], of_the_release_before] {
            let broken = Body {
                bytes: bytes.to_vec().into(),
                ..body.clone()
            };
            assert_eq!(decode(&key(&request), broken), None);
        }
    }

    #[test]
    fn the_key_holds_the_logo_and_the_frame() {
        let plain = request(|_| ());
        assert_ne!(key(&plain).digest, plain.digest());
        let mark = Logo::for_tests();
        let mut other = Logo::mark().unwrap();
        other.digest = [7; 32];
        let [mark, other] =
            [mark, Arc::new(other)].map(|logo| request(|spec| spec.logo = Some(logo)));
        assert_eq!(mark.digest(), other.digest());
        assert_ne!(key(&mark), key(&other));
    }

    #[test]
    fn kinds_tell_what_is_dear() {
        let dpi = render::Physical {
            width: 4.0,
            unit: render::Unit::In,
            dpi: 300,
        };
        for (size, expected) in [
            (Size::Pixels(250), CacheKind::Png),
            (Size::Pixels(1000), CacheKind::PngLarge),
            (Size::Physical(dpi), CacheKind::PngLarge),
        ] {
            assert_eq!(kind(&request(|spec| spec.size = size)), expected);
        }
    }
}
