//! Pixels, and the three formats that hold them.

use image::{
    ExtendedColorType, ImageEncoder, ImageResult,
    codecs::{
        jpeg::{JpegEncoder, PixelDensity},
        png::PngEncoder,
        webp::WebPEncoder,
    },
};

use super::symbol::Symbol;
use crate::{
    kernel::{Error, Kind, Result},
    render::{
        Color, Format, Size, Spec, layout::CanvasLayout, logo::Logo, request::DEFAULT_QUALITY,
        stamp,
    },
};

/// A square picture, one byte per pixel if everything is grey, else three.
pub struct Canvas {
    width: u32,
    channels: usize,
    bytes: Vec<u8>,
}

/// Bytes per pixel of the canvas of such a request.
pub fn channels(spec: &Spec) -> usize {
    if spec.colors.are_grey() && spec.logo.is_none() {
        1
    } else {
        3
    }
}

impl Canvas {
    pub fn paint(spec: &Spec, symbol: &Symbol, layout: &CanvasLayout) -> Self {
        let channels = channels(spec);
        let side = layout.width as usize;
        let (offset, scale) = (layout.offset as usize, layout.scale as usize);
        let colors = &spec.colors;
        let light = colors.light.rgb.repeat(side);
        let light: Vec<u8> = if channels == 1 {
            light.into_iter().step_by(3).collect()
        } else {
            light
        };
        let mut bytes = Vec::with_capacity(side * side * channels);
        for _ in 0..offset {
            bytes.extend_from_slice(&light);
        }
        let mut line = light.clone();
        for row in symbol.rows() {
            for (i, cell) in row.iter().enumerate() {
                let color = match (cell.dark, cell.data) {
                    (true, true) => colors.data_dark(),
                    (true, false) => colors.dark,
                    (false, true) => colors.data_light(),
                    (false, false) => colors.light,
                };
                let from = (offset + i * scale) * channels;
                for pixel in line[from..from + scale * channels].chunks_exact_mut(channels) {
                    pixel.copy_from_slice(&color.rgb[..channels]);
                }
            }
            for _ in 0..scale {
                bytes.extend_from_slice(&line);
            }
        }
        while bytes.len() < side * side * channels {
            bytes.extend_from_slice(&light);
        }
        Self {
            width: layout.width,
            channels,
            bytes,
        }
    }

    /// Needs three channels.
    pub fn stamp(&mut self, logo: &Logo, layout: &CanvasLayout, light: Color) {
        stamp::stamp(&mut self.bytes, logo, layout, light);
    }

    /// # Errors
    /// `Internal`: the encoders fail only on sizes that a valid request cannot have.
    pub fn encode(&self, spec: &Spec, layout: &CanvasLayout) -> Result<Vec<u8>> {
        let dpi = match &spec.size {
            Size::Pixels(_) => None,
            Size::Physical(physical) => Some(physical.density(layout.width)),
        };
        let mut file = Vec::new();
        let written = match spec.format {
            Format::Jpeg => {
                let quality = spec.quality.unwrap_or(DEFAULT_QUALITY);
                let mut encoder = JpegEncoder::new_with_quality(&mut file, quality);
                if let Some(dpi) = dpi {
                    encoder.set_pixel_density(PixelDensity::dpi(rounded(dpi)));
                }
                self.write(encoder)
            }
            // WebP has no place for a density.
            Format::Webp => self.write(WebPEncoder::new_lossless(&mut file)),
            _ => self.write(PngEncoder::new(&mut file)),
        };
        written.map_err(|e| Error::caused(Kind::Internal, "the image could not be encoded", e))?;
        if let (Format::Png, Some(dpi)) = (spec.format, dpi) {
            insert_density(&mut file, dpi);
        }
        Ok(file)
    }

    fn write(&self, encoder: impl ImageEncoder) -> ImageResult<()> {
        let kind = if self.channels == 1 {
            ExtendedColorType::L8
        } else {
            ExtendedColorType::Rgb8
        };
        encoder.write_image(&self.bytes, self.width, self.width, kind)
    }
}

fn rounded(dpi: f64) -> u16 {
    // Within 72..=65 535: see `CanvasLayout::dpi`. A float cast saturates.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let dpi = dpi.round() as u16;
    dpi
}

/// Puts a `pHYs` chunk (PNG, third edition, §11.3.4.3) after the header, which is always the first 33 bytes:
/// signature 8, length 4, type 4, IHDR 13, CRC 4.
fn insert_density(png: &mut Vec<u8>, dpi: f64) {
    const HEADER: usize = 33;
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // saturates
    let per_metre = (dpi / 0.0254).round() as u32;
    let mut chunk = *b"pHYsxxxxyyyy\x01";
    chunk[4..8].copy_from_slice(&per_metre.to_be_bytes());
    chunk[8..12].copy_from_slice(&per_metre.to_be_bytes());
    let length = 9_u32.to_be_bytes();
    let crc = crc32(&chunk).to_be_bytes();
    if png.len() >= HEADER {
        let whole = length.into_iter().chain(chunk).chain(crc);
        png.splice(HEADER..HEADER, whole);
    }
}

/// PNG, third edition, annex D. Bit by bit: it runs over 13 bytes.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg())
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_crc_is_that_of_png() {
        assert_eq!(crc32(b"IEND"), 0xae42_6082);
    }
}
