//! PNG, third edition (ISO/IEC 15948): one or two bits per pixel, compressed from the symbol's structure.
//!
//! Invariant: total. Any picture becomes a file that any decoder reads, pixel for pixel.

mod adler;
mod colour;
mod line;
mod stream;
#[cfg(test)]
mod tests;

use colour::Colour;
use line::Layout;

use super::{Ink, Picture};

const SIGNATURE: &[u8; 8] = b"\x89PNG\r\n\x1a\n";
const INCHES_PER_METRE: f64 = 1.0 / 0.0254;

/// Appends the file. Black and white are greyscale at one bit per pixel, two other inks a palette at one bit, data inks
/// a palette at two. A `dpi` that is not positive is left out.
///
/// Takes a few microseconds and, besides `out`, memory for a few scanlines and 12 bytes for each run in the symbol.
pub fn write(picture: &Picture, out: &mut Vec<u8>) {
    let colour = Colour::of(&picture.inks, picture.data);
    out.extend_from_slice(SIGNATURE);
    let width_px = picture.canvas.width_px().to_be_bytes();
    chunk(out, *b"IHDR", |out| {
        out.extend_from_slice(&width_px);
        out.extend_from_slice(&width_px);
        // The one compression method, the one filter method, not interlaced.
        out.extend_from_slice(&[colour.bits_per_pixel(), colour.colour_type(), 0, 0, 0]);
    });
    if let Some(per_metre) = pixels_per_metre(picture.dpi) {
        chunk(out, *b"pHYs", |out| {
            out.extend_from_slice(&per_metre.to_be_bytes());
            out.extend_from_slice(&per_metre.to_be_bytes());
            out.push(1);
        });
    }
    write_palette(colour.palette(), out);
    let layout = Layout::new(picture, &colour);
    chunk(out, *b"IDAT", |out| stream::write(picture, &layout, out));
    chunk(out, *b"IEND", |_| ());
}

/// `PLTE`, and `tRNS` as far as there is something to say. Nothing without a palette.
fn write_palette(palette: &[Ink], out: &mut Vec<u8>) {
    if palette.is_empty() {
        return;
    }
    chunk(out, *b"PLTE", |out| {
        palette
            .iter()
            .for_each(|ink| out.extend_from_slice(&ink.rgb));
    });
    if let Some(last) = palette.iter().rposition(|ink| ink.alpha < 255) {
        chunk(out, *b"tRNS", |out| {
            out.extend(palette[..=last].iter().map(|ink| ink.alpha));
        });
    }
}

/// What `pHYs` holds: 1..=2^31 - 1 (PNG §7.1).
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "in range"
)]
fn pixels_per_metre(dpi: Option<f64>) -> Option<u32> {
    let per_metre = (dpi? * INCHES_PER_METRE).round();
    (1.0..2_147_483_648.0)
        .contains(&per_metre)
        .then_some(per_metre as u32)
}

/// Length, type, contents and checksum (PNG §5.3).
fn chunk(out: &mut Vec<u8>, kind: [u8; 4], contents: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(&kind);
    contents(out);
    // Far below 2^31 on the largest canvas.
    let length = u32::try_from(out.len() - start - 8).unwrap_or(0);
    out[start..start + 4].copy_from_slice(&length.to_be_bytes());
    let check = crc32fast::hash(&out[start + 4..]);
    out.extend_from_slice(&check.to_be_bytes());
}
