//! A raster file as pixels.
//!
//! Invariant: at most `limits::IMAGE_PX` along each side, at least 1, and all of them opaque.

use std::io::Cursor;

use image::{
    ColorType, ImageDecoder, ImageResult, Limits,
    codecs::{jpeg::JpegDecoder, png::PngDecoder, webp::WebPDecoder},
};

use super::{Rgb, Unclear};
use crate::{kernel::limits::IMAGE_PX, render::Format};

/// Bytes of the largest picture: four to a pixel.
const MEMORY: u64 = 4 * (IMAGE_PX as u64).pow(2);

pub struct Pixels {
    pub width: usize,
    pub height: usize,
    /// Bytes per pixel: 1 (grey) or 3.
    channels: usize,
    bytes: Vec<u8>,
}

impl Pixels {
    /// # Errors
    /// `Broken`: it does not hold what it says, or is too large. An SVG is no raster.
    pub fn decode(file: &[u8], format: Format) -> Result<Self, Unclear> {
        let mut limits = Limits::default();
        limits.max_image_width = Some(IMAGE_PX);
        limits.max_image_height = Some(IMAGE_PX);
        limits.max_alloc = Some(MEMORY);
        let file = Cursor::new(file);
        match format {
            Format::Png => Self::read(PngDecoder::with_limits(file, limits.clone()), limits),
            // Its decoder is content with half of a file.
            Format::Jpeg if !file.get_ref().ends_with(&[0xFF, 0xD9]) => {
                Err(Unclear::Broken("the end is missing"))
            }
            Format::Jpeg => Self::read(JpegDecoder::new(file), limits),
            Format::Webp => Self::read(WebPDecoder::new(file), limits),
            Format::Svg | Format::Pdf | Format::Eps | Format::Text => {
                Err(Unclear::Broken("the format has no pixels"))
            }
            // The control draws none.
            Format::Gif => Err(Unclear::Broken("no format of the control's")),
        }
    }

    fn read(decoder: ImageResult<impl ImageDecoder>, limits: Limits) -> Result<Self, Unclear> {
        let broken = |_| Unclear::Broken("it cannot be decoded");
        let mut decoder = decoder.map_err(broken)?;
        let (width, height) = decoder.dimensions();
        if !(1..=IMAGE_PX).contains(&width) || !(1..=IMAGE_PX).contains(&height) {
            return Err(Unclear::Broken("its size is out of bounds"));
        }
        decoder.set_limits(limits).map_err(broken)?;
        let (channels, has_alpha) = match decoder.color_type() {
            ColorType::L8 => (1, false),
            ColorType::La8 => (1, true),
            ColorType::Rgb8 => (3, false),
            ColorType::Rgba8 => (3, true),
            _ => return Err(Unclear::Broken("its channels have more than 8 bits")),
        };
        // At most four times the square of IMAGE_PX.
        let (width, height) = (width as usize, height as usize);
        let mut bytes = vec![0; width * height * (channels + usize::from(has_alpha))];
        decoder.read_image(&mut bytes).map_err(broken)?;
        if has_alpha {
            strip_alpha(&mut bytes, channels)?;
        }
        Ok(Self {
            width,
            height,
            channels,
            bytes,
        })
    }

    /// Of a pixel in the picture.
    pub fn rgb(&self, x: usize, y: usize) -> Rgb {
        let at = (y * self.width + x) * self.channels;
        if self.channels == 1 {
            [self.bytes[at]; 3]
        } else {
            [self.bytes[at], self.bytes[at + 1], self.bytes[at + 2]]
        }
    }

    /// Some pixels of a line as they are stored: equal pixels have equal bytes.
    pub fn line(&self, y: usize, x: std::ops::Range<usize>) -> &[u8] {
        let at = y * self.width;
        &self.bytes[(at + x.start) * self.channels..(at + x.end) * self.channels]
    }

    /// All pixels of some bytes from [`Pixels::line`] have the colour of the first.
    pub fn are_one_color(&self, line: &[u8]) -> bool {
        line.get(self.channels..)
            .is_some_and(|rest| rest == &line[..rest.len()])
    }

    /// The mean over a square in the picture.
    pub fn mean(&self, left: usize, top: usize, side: usize) -> Rgb {
        let mut sums = [0_u32; 3];
        for y in top..top + side {
            for x in left..left + side {
                let rgb = self.rgb(x, y);
                sums = std::array::from_fn(|i| sums[i] + u32::from(rgb[i]));
            }
        }
        // A cell of at most IMAGE_PX / 8 pixels a side: 2^21 times 255 fits.
        let count = u32::try_from(side * side).unwrap_or(u32::MAX).max(1);
        sums.map(|sum| u8::try_from((sum + count / 2) / count).unwrap_or(255))
    }
}

/// What lies behind a symbol is unknown, so nothing may shine through.
fn strip_alpha(bytes: &mut Vec<u8>, channels: usize) -> Result<(), Unclear> {
    let pixel = channels + 1;
    if bytes.chunks_exact(pixel).any(|p| p[channels] != 255) {
        return Err(Unclear::Broken("it is translucent"));
    }
    let count = bytes.len() / pixel;
    for i in 0..count {
        bytes.copy_within(i * pixel..i * pixel + channels, i * channels);
    }
    bytes.truncate(count * channels);
    Ok(())
}
