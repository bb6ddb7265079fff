//! Pixels as files.

use std::fmt;

use symbol::file::{self, Channels, PixelError};

use super::{Painted, Pixels};

/// Why there is no file. Not expected: what is encoded is always valid.
#[derive(Debug)]
pub struct Unpainted(String);

impl fmt::Display for Unpainted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the encoder failed: {}", self.0)
    }
}

impl std::error::Error for Unpainted {}

impl From<PixelError> for Unpainted {
    fn from(error: PixelError) -> Self {
        Self(error.to_string())
    }
}

impl From<::png::EncodingError> for Unpainted {
    fn from(error: ::png::EncodingError) -> Self {
        Self(error.to_string())
    }
}

/// Appends a PNG (ISO/IEC 15948). `dpi`: pixels per inch; left out when it is not 1 or more.
///
/// # Errors
/// [`Unpainted`].
pub fn png(painted: &Painted, dpi: Option<f64>, out: &mut Vec<u8>) -> Result<(), Unpainted> {
    let Pixels::Indexed { palette, indices } = &painted.pixels else {
        return Ok(file::png::encode(&plain(painted)?, dpi, out)?);
    };
    let width = painted.width_px;
    let bits = match palette.len() {
        0..=2 => 1,
        3..=4 => 2,
        5..=16 => 4,
        _ => 8,
    };
    let mut info = ::png::Info::with_size(width, painted.height_px);
    info.color_type = ::png::ColorType::Indexed;
    info.bit_depth = match bits {
        1 => ::png::BitDepth::One,
        2 => ::png::BitDepth::Two,
        4 => ::png::BitDepth::Four,
        _ => ::png::BitDepth::Eight,
    };
    info.palette = Some(palette.iter().flat_map(|ink| ink.rgb).collect());
    if let Some(last) = palette.iter().rposition(|ink| ink.alpha < 255) {
        info.trns = Some(palette[..=last].iter().map(|ink| ink.alpha).collect());
    }
    info.pixel_dims = dpi.filter(|dpi| *dpi >= 1.0).map(|dpi| {
        let per_metre = (dpi / 0.0254).round().min(f64::from(i32::MAX)) as u32;
        ::png::PixelDimensions {
            xppu: per_metre,
            yppu: per_metre,
            unit: ::png::Unit::Meter,
        }
    });
    let mut encoder = ::png::Encoder::with_info(out, info)?;
    // Filters only pay off for shades; indices repeat as they are.
    encoder.set_filter(::png::Filter::NoFilter);
    // Level 6 takes twice the time and saves a third of the bytes.
    encoder.set_deflate_compression(::png::DeflateCompression::Level(2));
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&packed(indices, width as usize, bits))?;
    Ok(writer.finish()?)
}

/// Rows of indices of so many bits, each filled up to whole bytes.
fn packed(indices: &[u8], width: usize, bits: usize) -> Vec<u8> {
    if bits == 8 {
        return indices.to_vec();
    }
    let per_byte = 8 / bits;
    let mut bytes = Vec::with_capacity(indices.len() / per_byte + width);
    for row in indices.chunks_exact(width) {
        bytes.extend(row.chunks(per_byte).map(|some| {
            let packed = some.iter().fold(0, |byte, index| byte << bits | index);
            packed << (bits * (per_byte - some.len()))
        }));
    }
    bytes
}

/// Appends a JPEG. `quality`: 1..=100. What is clear lies on white.
///
/// # Errors
/// [`Unpainted`].
pub fn jpeg(
    painted: &Painted,
    quality: u8,
    dpi: Option<f64>,
    out: &mut Vec<u8>,
) -> Result<(), Unpainted> {
    Ok(file::jpeg::encode(&plain(painted)?, quality, dpi, out)?)
}

/// Appends a WebP without loss.
///
/// # Errors
/// [`Unpainted`].
pub fn webp(painted: &Painted, out: &mut Vec<u8>) -> Result<(), Unpainted> {
    Ok(file::webp::encode(&plain(painted)?, out)?)
}

/// For encoders that know no palette.
fn plain(painted: &Painted) -> Result<file::Pixels, Unpainted> {
    let is_opaque = match &painted.pixels {
        Pixels::Indexed { palette, .. } => palette.iter().all(|ink| ink.alpha == 255),
        Pixels::Rgba(bytes) => bytes.as_chunks::<4>().0.iter().all(|px| px[3] == 255),
    };
    let (channels, bytes) = if is_opaque {
        (Channels::Rgb, bytes::<3>(&painted.pixels))
    } else {
        (Channels::Rgba, bytes::<4>(&painted.pixels))
    };
    let (width, height) = (painted.width_px, painted.height_px);
    let pixels = file::Pixels::new(width, height, channels, bytes);
    pixels.ok_or_else(|| Unpainted(format!("{width} x {height} pixels are too many")))
}

/// The first channels of each pixel.
fn bytes<const KEPT: usize>(pixels: &Pixels) -> Vec<u8> {
    match pixels {
        Pixels::Indexed { palette, indices } => {
            let colours: Vec<[u8; 4]> = palette.iter().copied().map(super::rgba).collect();
            kept::<KEPT>(indices.iter().map(|&index| colours[usize::from(index)]))
        }
        Pixels::Rgba(all) => kept::<KEPT>(all.as_chunks::<4>().0.iter().copied()),
    }
}

fn kept<const KEPT: usize>(pixels: impl ExactSizeIterator<Item = [u8; 4]>) -> Vec<u8> {
    let mut bytes = vec![0; KEPT * pixels.len()];
    for (kept, pixel) in bytes.as_chunks_mut::<KEPT>().0.iter_mut().zip(pixels) {
        kept.copy_from_slice(&pixel[..KEPT]);
    }
    bytes
}
