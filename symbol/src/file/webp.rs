//! WebP, lossless (RFC 9649 §3).
//!
//! Invariant: every pixel is what was painted, opacity too.

use image::ExtendedColorType;
use image::codecs::webp::WebPEncoder;

use super::{Channels, Picture, PixelError, Pixels};

/// Appends the file. Takes the memory of [`Pixels`]. The format has no place for `dpi`.
///
/// # Errors
///
/// [`PixelError::TooWide`] beyond [`Pixels::MAX_WIDTH_PX`].
pub fn write(picture: &Picture, out: &mut Vec<u8>) -> Result<(), PixelError> {
    encode(&Pixels::paint(picture)?, out)
}

/// As [`write()`], from pixels.
///
/// # Errors
///
/// [`PixelError::Encoder`].
pub fn encode(pixels: &Pixels, out: &mut Vec<u8>) -> Result<(), PixelError> {
    let colour = match pixels.channels() {
        Channels::Grey => ExtendedColorType::L8,
        Channels::Rgb => ExtendedColorType::Rgb8,
        Channels::Rgba => ExtendedColorType::Rgba8,
    };
    let (width_px, height_px) = (pixels.width_px(), pixels.height_px());
    let done = WebPEncoder::new_lossless(out).encode(pixels.bytes(), width_px, height_px, colour);
    done.map_err(|error| PixelError::Encoder(error.to_string()))
}

#[cfg(test)]
mod tests {
    use image::codecs::webp::WebPDecoder;
    use image::{DynamicImage, ImageDecoder};
    use proptest::prelude::*;

    use super::*;
    use crate::file::tests::{any_canvas, any_inks, any_matrix};

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

        #[test]
        fn pixels_come_back(
            dark in any_matrix(),
            data in any_matrix(),
            canvas in any_canvas(400),
            inks in any_inks(),
        ) {
            let picture = Picture { dark: &dark, data: &data, canvas, inks, dpi: Some(300.0) };
            let mut file = Vec::new();
            write(&picture, &mut file).unwrap();
            let decoder = WebPDecoder::new(std::io::Cursor::new(&file)).unwrap();
            prop_assert_eq!(decoder.dimensions(), (canvas.width_px(), canvas.width_px()));
            let found = DynamicImage::from_decoder(decoder).unwrap().to_rgba8().into_raw();
            let painted = Pixels::paint_with(&picture, Channels::Rgba).unwrap();
            prop_assert_eq!(&found, painted.bytes());
        }
    }
}
