//! Pixels as files.

use std::fmt;

use symbol::file::{self, Channels, Ink, PixelError};

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

impl From<::gif::EncodingError> for Unpainted {
    fn from(error: ::gif::EncodingError) -> Self {
        Self(error.to_string())
    }
}

/// Of every fourth pixel the palette of a picture without one is made.
const GIF_SPEED: i32 = 4;

/// Appends a GIF of one frame. What is less than half opaque is clear, and opaque otherwise; more than 256 colours become the
/// nearest of 256.
///
/// # Errors
/// [`Unpainted`].
pub fn gif(painted: &Painted, out: &mut Vec<u8>) -> Result<(), Unpainted> {
    let side =
        |px: u32| u16::try_from(px).map_err(|_| Unpainted(format!("{px} pixels are too many")));
    let (width, height) = (side(painted.width_px)?, side(painted.height_px)?);
    let frame = match &painted.pixels {
        Pixels::Indexed { palette, indices } => indexed((width, height), palette, indices),
        Pixels::Rgba(bytes) => {
            let mut bytes = bytes.clone();
            for pixel in bytes.as_chunks_mut::<4>().0 {
                pixel[3] = if is_clear(pixel[3]) { 0 } else { 255 };
            }
            ::gif::Frame::from_rgba_speed(width, height, &mut bytes, GIF_SPEED)
        }
    };
    let mut encoder = ::gif::Encoder::new(out, width, height, &[])?;
    Ok(encoder.write_frame(&frame)?)
}

const fn is_clear(alpha: u8) -> bool {
    alpha < 128
}

/// Clear inks become one.
fn indexed<'a>(
    (width, height): (u16, u16),
    palette: &[Ink],
    indices: &'a [u8],
) -> ::gif::Frame<'a> {
    let clear = palette.iter().position(|ink| is_clear(ink.alpha));
    let clear = clear.and_then(|at| u8::try_from(at).ok());
    let inked = |&index: &u8| match (clear, palette.get(usize::from(index))) {
        (Some(clear), Some(ink)) if is_clear(ink.alpha) => clear,
        _ => index,
    };
    ::gif::Frame {
        width,
        height,
        transparent: clear,
        palette: Some(palette.iter().flat_map(|ink| ink.rgb).collect()),
        buffer: match clear {
            None => indices.into(),
            Some(_) => indices.iter().map(inked).collect::<Vec<_>>().into(),
        },
        ..::gif::Frame::default()
    }
}

/// Opaque pixels of another painter.
impl From<&file::Pixels> for Painted {
    fn from(pixels: &file::Pixels) -> Self {
        let channels = pixels.channels().count();
        let rgba = pixels
            .bytes()
            .chunks_exact(channels)
            .flat_map(|px| match *px {
                [grey] => [grey, grey, grey, 255],
                [red, green, blue] => [red, green, blue, 255],
                [red, green, blue, alpha, ..] => [red, green, blue, alpha],
                _ => [0; 4],
            });
        Self {
            width_px: pixels.width_px(),
            height_px: pixels.height_px(),
            pixels: Pixels::Rgba(rgba.collect()),
        }
    }
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
