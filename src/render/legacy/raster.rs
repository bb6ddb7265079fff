//! Pixels, and the three formats that hold them.

use image::{
    ExtendedColorType, ImageEncoder, ImageResult, RgbaImage,
    codecs::{
        jpeg::{JpegEncoder, PixelDensity},
        png::PngEncoder,
        webp::WebPEncoder,
    },
    imageops::{self, FilterType},
};

use super::symbol::Symbol;
use crate::{
    kernel::{Error, Kind, Result},
    render::{Color, Format, Size, Spec, layout::Layout, logo::Logo, request::DEFAULT_QUALITY},
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
    pub fn paint(spec: &Spec, symbol: &Symbol, layout: &Layout) -> Self {
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

    /// Puts the logo on a plate of the light colour, with half a module of air around. Needs three channels.
    pub fn stamp(&mut self, logo: &Logo, layout: &Layout, light: Color) {
        let plate = layout.plate_modules() * layout.scale;
        let at = layout.offset + (layout.modules - layout.plate_modules()) / 2 * layout.scale;
        let room = (plate - layout.scale).max(1);
        let (w, h) = fit(logo.pixels.dimensions(), room);
        let scaled = imageops::resize(&logo.pixels, w, h, FilterType::Triangle);
        self.fill((at, at), (plate, plate), |_, _, _| light.rgb);
        let corner = (at + (plate - w) / 2, at + (plate - h) / 2);
        self.fill(corner, (w, h), |x, y, below| blend(&scaled, x, y, below));
    }

    fn fill(
        &mut self,
        at: (u32, u32),
        size: (u32, u32),
        color: impl Fn(u32, u32, [u8; 3]) -> [u8; 3],
    ) {
        for y in 0..size.1 {
            let row = ((at.1 + y) as usize * self.width as usize + at.0 as usize) * self.channels;
            let pixels = self.bytes.get_mut(row..).unwrap_or_default();
            for (x, pixel) in (0..size.0).zip(pixels.chunks_exact_mut(3)) {
                let below = [pixel[0], pixel[1], pixel[2]];
                pixel.copy_from_slice(&color(x, y, below));
            }
        }
    }

    /// # Errors
    /// `Internal`: the encoders fail only on sizes that a valid request cannot have.
    pub fn encode(&self, spec: &Spec, layout: &Layout) -> Result<Vec<u8>> {
        let dpi = match &spec.size {
            Size::Pixels(_) => None,
            Size::Physical(physical) => Some(layout.dpi(physical)),
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
            Format::Png | Format::Svg => self.write(PngEncoder::new(&mut file)),
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

/// The largest size with the picture's proportions within a square of `room` pixels; never 0.
fn fit((w, h): (u32, u32), room: u32) -> (u32, u32) {
    let longest = w.max(h).max(1);
    // Both are far below 2^16.
    let scaled = |side: u32| (side * room / longest).clamp(1, room);
    (scaled(w), scaled(h))
}

fn blend(logo: &RgbaImage, x: u32, y: u32, below: [u8; 3]) -> [u8; 3] {
    let Some(above) = logo.get_pixel_checked(x, y) else {
        return below;
    };
    let alpha = u16::from(above[3]);
    std::array::from_fn(|i| {
        let mixed = u16::from(above[i]) * alpha + u16::from(below[i]) * (255 - alpha);
        u8::try_from((mixed + 127) / 255).unwrap_or(255)
    })
}

fn rounded(dpi: f64) -> u16 {
    // Within 72..=65 535: see `Layout::dpi`. A float cast saturates.
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

    #[test]
    fn a_picture_keeps_its_proportions_and_never_vanishes() {
        assert_eq!(fit((200, 100), 50), (50, 25));
        assert_eq!(fit((1, 2048), 40), (1, 40));
        assert_eq!(fit((10, 10), 1), (1, 1));
    }

    #[test]
    fn transparent_lets_through_and_opaque_covers() {
        let logo = RgbaImage::from_raw(2, 1, vec![10, 20, 30, 0, 10, 20, 30, 255]).unwrap();
        assert_eq!(blend(&logo, 0, 0, [7, 8, 9]), [7, 8, 9]);
        assert_eq!(blend(&logo, 1, 0, [7, 8, 9]), [10, 20, 30]);
        assert_eq!(blend(&logo, 2, 0, [7, 8, 9]), [7, 8, 9]);
    }
}
