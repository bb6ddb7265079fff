//! What a raster says about itself besides its pixels.
//!
//! Invariant: never fails; what is not there, or makes no sense, is nothing.

use crate::render::Format;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Metadata {
    pub density: Option<Density>,
    /// Of a JPEG: the sums of the quantisation tables for brightness and for colour, 64 (best) ..= 16 320 each; 0 for
    /// what it has not.
    pub quantisers: [u32; 2],
}

/// How many pixels make a length, as the file writes it: across and down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Density {
    pub across: u32,
    pub down: u32,
    /// In the format's own code; 0 if only their ratio is meant.
    pub unit: u8,
}

impl Metadata {
    pub(super) fn of(file: &[u8], format: Format) -> Self {
        match format {
            Format::Png => Self {
                density: png(file),
                ..Self::default()
            },
            Format::Jpeg => jpeg(file),
            // It has no place for them.
            Format::Webp | Format::Gif | Format::Svg | Format::Pdf | Format::Eps | Format::Text => {
                Self::default()
            }
        }
    }
}

/// The `pHYs` chunk (PNG, third edition, §11.3.4.3). Chunks are a length, a type, so many bytes, and a CRC.
fn png(file: &[u8]) -> Option<Density> {
    let mut rest = file.get(8..)?;
    loop {
        let (length, after) = rest.split_first_chunk::<4>()?;
        let (kind, after) = after.split_first_chunk::<4>()?;
        let length = u32::from_be_bytes(*length) as usize;
        match kind {
            b"pHYs" => {
                let (across, after) = after.split_first_chunk::<4>()?;
                let (down, after) = after.split_first_chunk::<4>()?;
                return Some(Density {
                    across: u32::from_be_bytes(*across),
                    down: u32::from_be_bytes(*down),
                    unit: *after.first()?,
                });
            }
            b"IDAT" => return None,
            _ => rest = after.get(length.checked_add(4)?..)?,
        }
    }
}

/// Segments before the scan (ITU-T T.81 §B.1.1): a marker, a length that counts itself, so many bytes.
fn jpeg(file: &[u8]) -> Metadata {
    let mut found = Metadata::default();
    let mut is_grey = false;
    let mut rest = file.get(2..).unwrap_or_default();
    while let [0xFF, marker, high, low, after @ ..] = rest {
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        let Some((body, after)) = length
            .checked_sub(2)
            .and_then(|n| after.split_at_checked(n))
        else {
            break;
        };
        match marker {
            0xE0 => found.density = found.density.or(jfif(body)),
            0xDB => quantisers(body, &mut found.quantisers),
            // A frame of one component has no colours.
            0xC0..=0xC2 => is_grey = body.get(5) == Some(&1),
            // The scan.
            0xDA => break,
            _ => {}
        }
        rest = after;
    }
    if is_grey {
        found.quantisers[1] = 0;
    }
    found
}

/// ITU-T T.871 §10.1. A ratio of 1 is not worth a mention.
fn jfif(body: &[u8]) -> Option<Density> {
    let [unit, a, b, c, d, ..] = *body.strip_prefix(b"JFIF\0")?.get(2..)? else {
        return None;
    };
    let density = Density {
        across: u16::from_be_bytes([a, b]).into(),
        down: u16::from_be_bytes([c, d]).into(),
        unit,
    };
    (unit != 0 || density.across != density.down).then_some(density)
}

/// Tables of bytes (ITU-T T.81 §B.2.4.1), of which encoders use number 0 for brightness and 1 for colour.
fn quantisers(body: &[u8], sums: &mut [u32; 2]) {
    let tables = body.chunks_exact(1 + 64);
    for (&number, table) in tables.filter_map(<[u8]>::split_first) {
        if let Some(sum) = sums.get_mut(usize::from(number)) {
            *sum = table.iter().map(|&n| u32::from(n)).sum();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::codecs::jpeg::{JpegEncoder, PixelDensity};
    use proptest::prelude::*;

    #[test]
    fn a_jpeg_says_its_density_and_how_coarse_it_is() {
        let file = |quality, density: Option<u16>| {
            let mut file = Vec::new();
            let mut encoder = JpegEncoder::new_with_quality(&mut file, quality);
            if let Some(dpi) = density {
                encoder.set_pixel_density(PixelDensity::dpi(dpi));
            }
            encoder
                .encode(&[7], 1, 1, image::ExtendedColorType::L8)
                .unwrap();
            Metadata::of(&file, Format::Jpeg)
        };
        assert_eq!(file(100, None).density, None);
        let density = Density {
            across: 300,
            down: 300,
            unit: 1,
        };
        assert_eq!(file(50, Some(300)).density, Some(density));
        assert_eq!(file(100, None).quantisers, [64, 0]);
        assert!(file(30, None).quantisers[0] > file(31, None).quantisers[0]);
        let mut color = Vec::new();
        JpegEncoder::new_with_quality(&mut color, 100)
            .encode(&[7; 3], 1, 1, image::ExtendedColorType::Rgb8)
            .unwrap();
        assert_eq!(Metadata::of(&color, Format::Jpeg).quantisers, [64, 64]);
    }

    proptest! {
        #[test]
        fn no_bytes_panic(file: Vec<u8>, png in any::<bool>()) {
            let (head, format): (&[u8], _) = if png { (b"\x89PNG\r\n\x1a\n", Format::Png) } else { (b"\xFF\xD8\xFF", Format::Jpeg) };
            Metadata::of(&[head, &file].concat(), format);
        }
    }
}
