//! JPEG (ITU-T T.81) in a JFIF file, baseline. For programs without a better format: edges get a halo.
//!
//! Invariant: opaque; clear modules are white.

use image::ExtendedColorType;
use image::codecs::jpeg::{JpegEncoder, PixelDensity};

use super::{Channels, Picture, PixelError, Pixels};

/// Appends the file. `quality`: clamped to 1..=100. Greys take one channel. Takes the memory
/// of [`Pixels`].
///
/// # Errors
///
/// [`PixelError::TooWide`] beyond [`Pixels::MAX_WIDTH_PX`].
pub fn write(picture: &Picture, quality: u8, out: &mut Vec<u8>) -> Result<(), PixelError> {
    let channels = Channels::for_inks(&picture.inks).min(Channels::Rgb);
    encode(
        &Pixels::paint_with(picture, channels)?,
        quality,
        picture.dpi,
        out,
    )
}

/// As [`write()`], from pixels. `dpi` is rounded; it is left out when it is not 1..=65 535.
///
/// # Errors
///
/// [`PixelError::Encoder`].
pub fn encode(
    pixels: &Pixels,
    quality: u8,
    dpi: Option<f64>,
    out: &mut Vec<u8>,
) -> Result<(), PixelError> {
    let pixels = pixels.flattened();
    let colour = match pixels.channels() {
        Channels::Grey => ExtendedColorType::L8,
        Channels::Rgb | Channels::Rgba => ExtendedColorType::Rgb8,
    };
    let mut encoder = JpegEncoder::new_with_quality(out, quality.clamp(1, 100));
    if let Some(dpi) = whole_dpi(dpi) {
        encoder.set_pixel_density(PixelDensity::dpi(dpi));
    }
    let (width_px, height_px) = (pixels.width_px(), pixels.height_px());
    let done = encoder.encode(pixels.bytes(), width_px, height_px, colour);
    done.map_err(|error| PixelError::Encoder(error.to_string()))
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "in range"
)]
fn whole_dpi(dpi: Option<f64>) -> Option<u16> {
    let dpi = dpi?.round();
    (1.0..=65_535.0).contains(&dpi).then_some(dpi as u16)
}

#[cfg(test)]
mod tests {
    use image::ImageDecoder;
    use image::codecs::jpeg::JpegDecoder;
    use proptest::prelude::*;

    use super::*;
    use crate::Matrix;
    use crate::file::tests::{any_canvas, any_inks, any_matrix};
    use crate::file::{Canvas, Ink, Inks};

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

        #[test]
        fn pixels_come_back_nearly_as_they_were(
            dark in any_matrix(),
            data in any_matrix(),
            canvas in any_canvas(200),
            inks in any_inks(),
        ) {
            let picture = Picture { dark: &dark, data: &data, canvas, inks, dpi: None };
            let mut file = Vec::new();
            write(&picture, 100, &mut file).unwrap();
            let decoder = JpegDecoder::new(std::io::Cursor::new(&file)).unwrap();
            prop_assert_eq!(decoder.dimensions(), (canvas.width_px(), canvas.width_px()));
            let mut found = vec![0; usize::try_from(decoder.total_bytes()).unwrap()];
            decoder.read_image(&mut found).unwrap();
            let channels = Channels::for_inks(&inks).min(Channels::Rgb);
            let painted = Pixels::paint_with(&picture, channels).unwrap();
            prop_assert_eq!(found.len(), painted.bytes().len());
            let furthest = found.iter().zip(painted.bytes()).map(|(a, b)| a.abs_diff(*b)).max();
            prop_assert!(furthest <= Some(12), "{:?}", furthest);
        }
    }

    #[test]
    fn the_header_holds_the_density() {
        let dark = Matrix::from_fn(21, |x, y| x > y);
        let canvas = Canvas::tight(21, 4, 3).unwrap();
        let inks = Inks::two(
            Ink::BLACK,
            Ink {
                rgb: [9; 3],
                alpha: 0,
            },
        );
        let mut picture = Picture {
            dark: &dark,
            data: &dark,
            canvas,
            inks,
            dpi: Some(300.0),
        };
        let mut file = Vec::new();
        write(&picture, 0, &mut file).unwrap();
        // SOI, APP0 of 16 bytes, JFIF 1.02, dots per inch, across, down (JFIF 1.02, "JFIF syntax").
        assert_eq!(
            file[..18],
            *b"\xFF\xD8\xFF\xE0\0\x10JFIF\0\x01\x02\x01\x01\x2C\x01\x2C"
        );
        for dpi in [0.0, -1.0, 1e9, f64::NAN] {
            picture.dpi = Some(dpi);
            assert!(write(&picture, 255, &mut file).is_ok());
        }
    }
}
