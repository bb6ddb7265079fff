//! A picture as plain pixels: for formats that take nothing else, and for a logo stamped on before encoding.
//!
//! Invariant: `bytes` holds `width_px` · `height_px` pixels of as many bytes as there are channels, from the upper left corner on.

use std::fmt;

use super::{Ink, Inks, Picture};

/// The channels of a pixel, a byte each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Channels {
    Grey = 1,
    Rgb = 3,
    /// With opacity, 0 (clear) ..= 255; the colours are not multiplied with it.
    Rgba = 4,
}

impl Channels {
    /// The fewest that can show all inks.
    #[must_use]
    pub fn for_inks(inks: &Inks) -> Self {
        let all = [inks.dark, inks.light, inks.data_dark, inks.data_light];
        let is_grey = |ink: &Ink| ink.rgb == [ink.rgb[0]; 3];
        if all.iter().any(|ink| ink.alpha < 255) {
            Self::Rgba
        } else if all.iter().all(is_grey) {
            Self::Grey
        } else {
            Self::Rgb
        }
    }

    /// Bytes of a pixel.
    #[must_use]
    pub const fn count(self) -> usize {
        self as usize
    }
}

/// A rectangle of pixels; of a plain symbol a square.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pixels {
    width_px: u32,
    height_px: u32,
    channels: Channels,
    bytes: Vec<u8>,
}

/// Why there are no pixels or no file of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PixelError {
    /// The canvas is wider than [`Pixels::MAX_WIDTH_PX`].
    TooWide { width_px: u32 },
    /// The encoder's message. Not expected: its input is always valid.
    Encoder(String),
}

impl fmt::Display for PixelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooWide { width_px } => {
                let max = Pixels::MAX_WIDTH_PX;
                write!(
                    f,
                    "{width_px} pixels wide, but a picture that is painted pixel by pixel can have {max}"
                )
            }
            Self::Encoder(reason) => write!(f, "the encoder failed: {reason}"),
        }
    }
}

impl std::error::Error for PixelError {}

impl Pixels {
    /// Bounds the memory of a picture: 1 byte per pixel when all inks are opaque greys (100 MB at most), 3 when opaque
    /// (300 MB), else 4 (400 MB). A canvas of 1000 pixels takes 1, 3 or 4 MB.
    pub const MAX_WIDTH_PX: u32 = 10_000;

    /// Paints with [`Channels::for_inks`].
    ///
    /// # Errors
    ///
    /// [`PixelError::TooWide`].
    pub fn paint(picture: &Picture) -> Result<Self, PixelError> {
        Self::paint_with(picture, Channels::for_inks(&picture.inks))
    }

    /// Paints with other channels, for a logo to be stamped on later. Colours become grey by their
    /// luma where only that is wanted, and opaque, over white, where there is no opacity.
    ///
    /// # Errors
    ///
    /// [`PixelError::TooWide`].
    pub fn paint_with(picture: &Picture, channels: Channels) -> Result<Self, PixelError> {
        let canvas = picture.canvas;
        let width_px = canvas.width_px();
        if width_px > Self::MAX_WIDTH_PX {
            return Err(PixelError::TooWide { width_px });
        }
        let (module_px, offset_px) = (canvas.module_px() as usize, canvas.offset_px() as usize);
        let row_bytes = width_px as usize * channels.count();
        let colours = Colours::new(&picture.inks, channels);
        let mut bytes = Vec::with_capacity(row_bytes * width_px as usize);
        let mut line = vec![0; row_bytes];

        colours.fill(&mut line, false, false);
        repeat(&mut bytes, &line, offset_px);
        let modules = picture.modules();
        for y in 0..modules {
            let (start, end) = (offset_px * channels.count(), module_px * channels.count());
            for (x, module) in line[start..]
                .chunks_exact_mut(end)
                .take(modules)
                .enumerate()
            {
                colours.fill(
                    module,
                    picture.dark.is_dark(x, y),
                    picture.data.is_dark(x, y),
                );
            }
            repeat(&mut bytes, &line, module_px);
        }
        colours.fill(&mut line, false, false);
        repeat(
            &mut bytes,
            &line,
            width_px as usize - offset_px - modules * module_px,
        );
        Ok(Self {
            width_px,
            height_px: width_px,
            channels,
            bytes,
        })
    }

    /// `None` unless there are `width_px` · `height_px` pixels of that many channels, and both are 1 ..=
    /// [`Pixels::MAX_WIDTH_PX`].
    #[must_use]
    pub fn new(width_px: u32, height_px: u32, channels: Channels, bytes: Vec<u8>) -> Option<Self> {
        let is_allowed = |px: u32| (1..=Self::MAX_WIDTH_PX).contains(&px);
        let pixels = u64::from(width_px) * u64::from(height_px);
        let is_whole = bytes.len() as u64 == pixels * channels.count() as u64;
        (is_allowed(width_px) && is_allowed(height_px) && is_whole).then_some(Self {
            width_px,
            height_px,
            channels,
            bytes,
        })
    }

    #[must_use]
    pub const fn width_px(&self) -> u32 {
        self.width_px
    }

    #[must_use]
    pub const fn height_px(&self) -> u32 {
        self.height_px
    }

    #[must_use]
    pub const fn channels(&self) -> Channels {
        self.channels
    }

    /// From the upper left corner on, row by row.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// For stamping a logo.
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.bytes
    }

    /// Without opacity: blended with white.
    #[must_use]
    pub fn flattened(&self) -> std::borrow::Cow<'_, Self> {
        if self.channels != Channels::Rgba {
            return std::borrow::Cow::Borrowed(self);
        }
        let (pixels, _) = self.bytes.as_chunks::<4>();
        let over_white =
            |&[red, green, blue, alpha]: &[u8; 4]| [red, green, blue].map(|c| on_white(c, alpha));
        std::borrow::Cow::Owned(Self {
            width_px: self.width_px,
            height_px: self.height_px,
            channels: Channels::Rgb,
            bytes: pixels.iter().flat_map(over_white).collect(),
        })
    }
}

/// The four inks as bytes.
struct Colours {
    /// Indexed by dark + 2 data.
    bytes: [[u8; 4]; 4],
    channels: Channels,
}

impl Colours {
    fn new(inks: &Inks, channels: Channels) -> Self {
        let bytes = |ink: Ink| {
            let [red, green, blue] = ink.rgb;
            let opaque = ink.rgb.map(|c| on_white(c, ink.alpha));
            match channels {
                Channels::Grey => [luma(opaque), 0, 0, 0],
                Channels::Rgb => [opaque[0], opaque[1], opaque[2], 0],
                Channels::Rgba => [red, green, blue, ink.alpha],
            }
        };
        Self {
            bytes: [inks.light, inks.dark, inks.data_light, inks.data_dark].map(bytes),
            channels,
        }
    }

    fn fill(&self, pixels: &mut [u8], is_dark: bool, is_data: bool) {
        let bytes = self.bytes[usize::from(is_dark) + 2 * usize::from(is_data)];
        match self.channels {
            Channels::Grey => pixels.fill(bytes[0]),
            Channels::Rgb => pixels
                .as_chunks_mut::<3>()
                .0
                .fill([bytes[0], bytes[1], bytes[2]]),
            Channels::Rgba => pixels.as_chunks_mut::<4>().0.fill(bytes),
        }
    }
}

fn repeat(bytes: &mut Vec<u8>, line: &[u8], times: usize) {
    for _ in 0..times {
        bytes.extend_from_slice(line);
    }
}

/// A channel of a colour that lies on white.
fn on_white(channel: u8, alpha: u8) -> u8 {
    let (channel, alpha) = (u16::from(channel), u16::from(alpha));
    let sum = channel * alpha + 255 * (255 - alpha);
    // At most 255.
    u8::try_from((sum + 127) / 255).unwrap_or(255)
}

/// ITU-R BT.709; greys stay what they are.
fn luma([red, green, blue]: [u8; 3]) -> u8 {
    let sum = 2126 * u32::from(red) + 7152 * u32::from(green) + 722 * u32::from(blue);
    u8::try_from((sum + 5000) / 10_000).unwrap_or(255)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::file::Canvas;
    use crate::file::tests::{any_canvas, any_inks, any_matrix, colour_at};

    proptest! {
        #[test]
        fn every_pixel_is_what_a_naive_painter_paints(
            dark in any_matrix(),
            data in any_matrix(),
            canvas in any_canvas(300),
            inks in any_inks(),
        ) {
            let picture = Picture { dark: &dark, data: &data, canvas, inks, dpi: None };
            let pixels = Pixels::paint(&picture).unwrap();
            let places = (0..canvas.width_px()).flat_map(|y| (0..canvas.width_px()).map(move |x| (x, y)));
            let found = pixels.bytes().chunks_exact(pixels.channels().count());
            prop_assert_eq!(found.len(), canvas.width_px().pow(2) as usize);
            for ((x, y), found) in places.zip(found) {
                let wanted = colour_at(&picture, x, y);
                let found = match *found {
                    [grey] => [grey, grey, grey, 255],
                    [red, green, blue] => [red, green, blue, 255],
                    _ => found.try_into().unwrap(),
                };
                assert_eq!(found, wanted, "at {x}, {y}");
            }
            let rgb = Pixels::paint_with(&picture, Channels::Rgb).unwrap();
            let rgba = Pixels::paint_with(&picture, Channels::Rgba).unwrap();
            prop_assert!(*rgba.flattened() == rgb);
            let side = canvas.width_px();
            let again = Pixels::new(side, side, Channels::Rgb, rgb.bytes.clone());
            prop_assert_eq!(again, Some(rgb));
        }
    }

    #[test]
    fn a_picture_too_wide_says_so() {
        let dark = crate::Matrix::from_fn(21, |_, _| true);
        let canvas = Canvas::fit(21, 4, Pixels::MAX_WIDTH_PX + 1).unwrap();
        let inks = Inks::BLACK_ON_WHITE;
        let picture = Picture {
            dark: &dark,
            data: &dark,
            canvas,
            inks,
            dpi: None,
        };
        assert_eq!(
            Pixels::paint(&picture),
            Err(PixelError::TooWide { width_px: 10_001 })
        );
    }

    #[test]
    fn half_a_black_is_grey_on_white() {
        assert_eq!(on_white(0, 128), 127);
        assert_eq!([on_white(7, 255), on_white(7, 0)], [7, 255]);
        assert!((0..=255).all(|level| luma([level; 3]) == level));
    }
}
