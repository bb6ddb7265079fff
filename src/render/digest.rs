//! The identity of a request: equal digests, equal bytes (of one arm in one version).
//!
//! The encoding is unambiguous because every field has a fixed length or is preceded by its length, and comes in a fixed
//! order. It grows additively: a new option is hashed at the end, and only where it is not at its default, so that no
//! digest of before changes: digests are cache keys and parts of `ETag`s. Any other change needs a new [`VERSION`].
//!
//! The logo counts as there or not: which one it is, the `ETag` and the cache's key say beside the digest.

use sha2::{Digest, Sha256};
use symbol::file::Paint;

use super::{Color, Format, Level, Size, Spec, Terminal, Unit};

/// Domain and version of the encoding.
const VERSION: &[u8] = b"qr-observatory/render/1\0";

/// SHA-256 over, in this order: version; content; level, format, border, quality, logo (one byte each); size (a tag, then
/// pixels as `u32`, or width as the bits of its `f64`, unit, dpi as `u16`); dark, light (three bytes each); data dark,
/// data light (0, or 1 and three bytes); title, description (0, or 1 and text). Integers are big-endian, texts preceded
/// by their length in bytes as `u64`; then, if there is one, `style` and its canonical bytes; then `cmyk` and `micro`, where they are;
/// then `encoding` and `terminal`, each with its bytes, where they are not the default; then, if there is one, `padding` and its two numbers as `u32`. The spec is normalised already, so a quality that does not matter is 0.
pub(super) fn of(spec: &Spec) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(VERSION);
    text(&mut hash, &spec.content);
    let level = match spec.level {
        Level::L => 0,
        Level::M => 1,
        Level::Q => 2,
        Level::H => 3,
    };
    let format = match spec.format {
        Format::Png => 0,
        Format::Jpeg => 1,
        Format::Webp => 2,
        Format::Svg => 3,
        Format::Pdf => 4,
        Format::Eps => 5,
        Format::Text => 6,
        Format::Gif => 7,
    };
    let quality = spec.quality.unwrap_or(0);
    hash.update([
        level,
        format,
        spec.border,
        quality,
        u8::from(spec.logo.is_some()),
    ]);
    size(&mut hash, spec.size);
    hash.update(spec.colors.dark.rgb);
    hash.update(spec.colors.light.rgb);
    color(&mut hash, spec.colors.data_dark);
    color(&mut hash, spec.colors.data_light);
    optional(&mut hash, spec.title.as_deref());
    optional(&mut hash, spec.description.as_deref());
    if let Some(style) = &spec.style {
        text(&mut hash, b"style");
        text(&mut hash, &style.canonical());
    }
    if spec.paint == Paint::Cmyk {
        text(&mut hash, b"cmyk");
    }
    if spec.micro {
        text(&mut hash, b"micro");
    }
    if let Some(encoding) = spec.encoding.canonical() {
        text(&mut hash, b"encoding");
        text(&mut hash, &encoding);
    }
    if spec.terminal != Terminal::default() {
        text(&mut hash, b"terminal");
        text(&mut hash, spec.terminal.label().as_bytes());
    }
    if !spec.padding.is_none() {
        text(&mut hash, b"padding");
        hash.update(spec.padding.across_px.to_be_bytes());
        hash.update(spec.padding.down_px.to_be_bytes());
    }
    hash.finalize().into()
}

fn size(hash: &mut Sha256, size: Size) {
    match size {
        Size::Pixels(px) => {
            hash.update([0]);
            hash.update(px.to_be_bytes());
        }
        Size::Physical(physical) => {
            let unit = match physical.unit {
                Unit::In => 0,
                Unit::Cm => 1,
                Unit::Mm => 2,
            };
            hash.update([1]);
            hash.update(physical.width.to_bits().to_be_bytes());
            hash.update([unit]);
            hash.update(physical.dpi.to_be_bytes());
        }
    }
}

fn color(hash: &mut Sha256, color: Option<Color>) {
    match color {
        None => hash.update([0]),
        Some(color) => {
            hash.update([1]);
            hash.update(color.rgb);
        }
    }
}

fn optional(hash: &mut Sha256, value: Option<&str>) {
    match value {
        None => hash.update([0]),
        Some(value) => {
            hash.update([1]);
            text(hash, value.as_bytes());
        }
    }
}

fn text(hash: &mut Sha256, text: &[u8]) {
    hash.update((text.len() as u64).to_be_bytes());
    hash.update(text);
}
