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
use line::ScanlineLayout;

use super::{Channels, Ink, Picture, PixelError, Pixels};

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
    let layout = ScanlineLayout::new(picture, &colour);
    chunk(out, *b"IDAT", |out| stream::write(picture, &layout, out));
    chunk(out, *b"IEND", |_| ());
}

/// A file of pixels, for pictures with more colours than modules have. Compressed lightly; `dpi` as for [`write()`].
///
/// # Errors
///
/// [`PixelError::Encoder`].
pub fn encode(pixels: &Pixels, dpi: Option<f64>, out: &mut Vec<u8>) -> Result<(), PixelError> {
    let mut info = ::png::Info::with_size(pixels.width_px(), pixels.height_px());
    info.bit_depth = ::png::BitDepth::Eight;
    info.color_type = match pixels.channels() {
        Channels::Grey => ::png::ColorType::Grayscale,
        Channels::Rgb => ::png::ColorType::Rgb,
        Channels::Rgba => ::png::ColorType::Rgba,
    };
    info.pixel_dims = pixels_per_metre(dpi).map(|per_metre| ::png::PixelDimensions {
        xppu: per_metre,
        yppu: per_metre,
        unit: ::png::Unit::Meter,
    });
    let done = ::png::Encoder::with_info(out, info).and_then(|mut encoder| {
        encoder.set_compression(::png::Compression::Fast);
        let mut writer = encoder.write_header()?;
        writer.write_image_data(pixels.bytes())?;
        writer.finish()
    });
    done.map_err(|error| PixelError::Encoder(error.to_string()))
}

/// `PLTE`, and `tRNS` as far as there is something to say. Nothing without a palette.
fn write_palette(palette: &[Ink], out: &mut Vec<u8>) {
    if palette.is_empty() {
        return;
    }
    let colours = palette.iter().flat_map(|ink| ink.rgb);
    chunk(out, *b"PLTE", |out| out.extend(colours));
    if let Some(last) = palette.iter().rposition(|ink| ink.alpha < 255) {
        let opacities = palette[..=last].iter().map(|ink| ink.alpha);
        chunk(out, *b"tRNS", |out| out.extend(opacities));
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
