//! A caller's logo, to pixels: [`read`] takes the bytes of a PNG, JPEG, WebP or SVG file, [`from_data_uri`] takes them
//! as text.
//!
//! The bytes are hostile. Each bound stands where it is held: `raster.rs` for pixels, `svg/guard.rs` for what a parser
//! of SVG may see, `svg/effort.rs` for what a renderer may draw.
//!
//! Invariant: no I/O, and on any input an answer or a [`Refused`] in bounded time and memory, never a panic.

// Bounds of pictures and estimates of effort; none comes near the precision of what it is cast to.
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss
)]

use std::{borrow::Cow, error, fmt};

use base64ct::{Base64Unpadded, Encoding};

mod raster;
mod svg;

/// Bytes that a file may have.
pub const MAX_BYTES: usize = 256 * 1024;
/// Pixels that a side of a PNG, JPEG or WebP may have.
pub const MAX_SIDE: u32 = 1024;
/// Pixels of the longer side of a picture that was made from an SVG.
pub const SVG_SIDE: u32 = 512;

/// A picture of at least one pixel that is not wholly transparent.
#[derive(Clone, PartialEq, Eq)]
pub struct Picture {
    pub width_px: u32,
    pub height_px: u32,
    /// Rows from the top, four bytes per pixel, sRGB, colour not multiplied by alpha.
    pub rgba: Vec<u8>,
}

impl fmt::Debug for Picture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Picture({} × {})", self.width_px, self.height_px)
    }
}

/// Why a logo is not taken: one sentence that says what is wrong, and what would work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused(Cow<'static, str>);

impl Refused {
    pub(crate) fn new(sentence: impl Into<Cow<'static, str>>) -> Self {
        Self(sentence.into())
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl error::Error for Refused {}

/// Reads a PNG, JPEG, WebP or SVG file of at most [`MAX_BYTES`]. The content decides which it is.
///
/// A raster picture keeps its size, turned as its EXIF orientation says; its colour profile is ignored. An SVG gets a
/// longer side of [`SVG_SIDE`].
///
/// # Errors
///
/// [`Refused`] for any other file, for an animation, for a file that is cut short, and for one over a bound.
pub fn read(bytes: &[u8]) -> Result<Picture, Refused> {
    if bytes.len() > MAX_BYTES {
        return Err(too_large());
    }
    let picture = match bytes {
        [0x89, b'P', b'N', b'G', ..] => raster::png(bytes),
        [0xFF, 0xD8, ..] => raster::jpeg(bytes),
        [
            b'R',
            b'I',
            b'F',
            b'F',
            _,
            _,
            _,
            _,
            b'W',
            b'E',
            b'B',
            b'P',
            ..,
        ] => raster::webp(bytes),
        [0x1F, 0x8B, ..] => Err(Refused::new(
            "the logo is compressed with gzip (SVGZ); unpack it and send the SVG itself",
        )),
        [0xFE, 0xFF, ..] | [0xFF, 0xFE, ..] | [0, b'<', ..] | [b'<', 0, ..] => Err(Refused::new(
            "the logo is text in UTF-16; save the SVG as UTF-8",
        )),
        _ => svg::read(bytes),
    }?;
    if picture.rgba.chunks_exact(4).all(|pixel| pixel[3] == 0) {
        return Err(Refused::new(
            "nothing of the logo is visible; send one that draws something",
        ));
    }
    Ok(picture)
}

/// Reads a logo given as text: base64 (either alphabet, padded or not, line breaks allowed), or a `data:` URI that
/// ends in base64. The media type of the URI is ignored: the content decides.
///
/// # Errors
///
/// [`Refused`] as [`read`], for a URL, and for text that is not base64.
pub fn from_data_uri(text: &str) -> Result<Picture, Refused> {
    let text = text.trim();
    let lower = |end: usize| text.get(..end).unwrap_or_default().to_ascii_lowercase();
    let data = if lower(5) == "data:" {
        let (head, data) = text.split_once(',').unwrap_or_default();
        if !head.to_ascii_lowercase().ends_with(";base64") {
            return Err(Refused::new(
                "the logo is a data URI without base64; write data:image/png;base64, and the file in base64",
            ));
        }
        data
    } else if text.starts_with('<') {
        return Err(Refused::new(
            "the logo is an SVG as it is; send it in base64",
        ));
    } else if text.contains(':') || text.starts_with("//") && text.contains('.') {
        return Err(Refused::new(
            "the logo is a URL, and URLs are not fetched; send the file itself in base64",
        ));
    } else {
        text
    };
    let letters = data.bytes().filter(|b| !b.is_ascii_whitespace());
    let letters: String = letters
        .take(MAX_BYTES * 2)
        .map(|b| match b {
            b'-' => '+',
            b'_' => '/',
            _ => char::from(b),
        })
        .collect();
    let letters = letters.trim_end_matches('=');
    if letters.len() > MAX_BYTES.div_ceil(3) * 4 {
        return Err(too_large());
    }
    let bytes = Base64Unpadded::decode_vec(letters).map_err(|_| {
        Refused::new("the logo is not base64; send a PNG, JPEG, WebP or SVG file in base64")
    })?;
    read(&bytes)
}

fn too_large() -> Refused {
    Refused::new("the logo has more than 256 KiB; send a smaller file")
}
