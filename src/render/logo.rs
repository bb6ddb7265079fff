//! The picture in the middle of a symbol.
//!
//! Invariant: a logo is decoded, measured and encoded once, when it is made; rendering only scales it.

#[cfg(test)]
use std::sync::Arc;
use std::{fmt, io::Cursor};

use base64ct::{Base64, Encoding as _};
use bytes::Bytes;
use image::{
    ExtendedColorType, ImageDecoder as _, ImageEncoder as _, RgbaImage,
    codecs::png::{PngDecoder, PngEncoder},
};
use sha2::{Digest as _, Sha256};

use crate::kernel::{Error, Kind, Result, id::hex};

/// Bytes of a logo's file: it is embedded in every SVG.
const FILE_BYTES: usize = 256 * 1024;
/// Pixels along one side of a logo.
const SIDE_PX: u32 = 2048;
/// Pixels along one side of the built-in mark.
const MARK_PX: u32 = 128;

/// A picture that was accepted.
pub struct Logo {
    /// The PNG file.
    pub bytes: Bytes,
    /// SHA-256 of the file. Equal digests, equal logos.
    pub digest: [u8; 32],
    pub(super) pixels: RgbaImage,
    /// `data:image/png;base64,…` (RFC 2397).
    pub(super) data_uri: String,
}

impl PartialEq for Logo {
    fn eq(&self, other: &Self) -> bool {
        self.digest == other.digest
    }
}

impl fmt::Debug for Logo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Logo({})", self.fingerprint())
    }
}

impl Logo {
    /// First 8 hexadecimal digits of the digest. Part of the `ETag`: another logo gives other bytes.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let mut fingerprint = hex(&self.digest);
        fingerprint.truncate(8);
        fingerprint
    }

    /// `file`: a PNG of at most 256 KiB and 2048 px along each side.
    ///
    /// # Errors
    /// `Invalid` naming `logo` when it is no such file.
    pub fn from_png(file: impl Into<Bytes>) -> Result<Self> {
        let file = file.into();
        let invalid =
            |e: image::ImageError| Error::caused(Kind::Invalid, "logo: must be a PNG file", e);
        if file.len() > FILE_BYTES {
            let message = format!("must be a PNG file of at most {FILE_BYTES} bytes");
            return Err(Error::invalid("logo", message));
        }
        let mut limits = image::Limits::default();
        limits.max_image_width = Some(SIDE_PX);
        limits.max_image_height = Some(SIDE_PX);
        let decoder = PngDecoder::with_limits(Cursor::new(&file), limits).map_err(invalid)?;
        let (width, height) = decoder.dimensions();
        if width == 0 || height == 0 {
            return Err(Error::invalid("logo", "must not be empty"));
        }
        let pixels = image::DynamicImage::from_decoder(decoder).map_err(invalid)?;
        Ok(Self {
            digest: Sha256::digest(&file).into(),
            pixels: pixels.into_rgba8(),
            data_uri: format!("data:image/png;base64,{}", Base64::encode_string(&file)),
            bytes: file,
        })
    }

    /// The built-in mark, made once.
    #[cfg(test)]
    #[must_use]
    pub fn for_tests() -> Arc<Self> {
        static MARK: std::sync::LazyLock<Arc<Logo>> =
            std::sync::LazyLock::new(|| Arc::new(Logo::mark().unwrap()));
        Arc::clone(&MARK)
    }

    /// The built-in mark: an eye, drawn here.
    ///
    /// # Errors
    /// `Internal` when it cannot be encoded.
    pub fn mark() -> Result<Self> {
        let mut file = Vec::new();
        PngEncoder::new(&mut file)
            .write_image(&mark(), MARK_PX, MARK_PX, ExtendedColorType::Rgba8)
            .map_err(|e| Error::caused(Kind::Internal, "the mark could not be encoded", e))?;
        Self::from_png(file)
    }
}

/// A lens (where two discs overlap) with a ring and a pupil: row by row, RGBA, not premultiplied. Whole numbers only, so
/// that every machine draws the same.
fn mark() -> Vec<u8> {
    const INK: [u8; 3] = [0x12, 0x3a, 0x6b];
    const SAMPLES: i64 = 4;
    let side = i64::from(MARK_PX) * SAMPLES;
    let (middle, quarter) = (side / 2, side / 4);
    let within = |x: i64, y: i64, cy: i64, r: i64| (x - middle).pow(2) + (y - cy).pow(2) < r * r;
    let ink = |x: i64, y: i64| {
        let reach = quarter * 13 / 6;
        let lens = within(x, y, middle + quarter, reach) && within(x, y, middle - quarter, reach);
        let iris = within(x, y, middle, quarter);
        let pupil = within(x, y, middle, quarter / 2);
        lens && (!iris || pupil)
    };
    let mut pixels = Vec::with_capacity((MARK_PX * MARK_PX * 4) as usize);
    for y in 0..i64::from(MARK_PX) {
        for x in 0..i64::from(MARK_PX) {
            let hits = (0..SAMPLES * SAMPLES)
                .filter(|i| ink(x * SAMPLES + i % SAMPLES, y * SAMPLES + i / SAMPLES))
                .count();
            let alpha = u8::try_from(hits * 255 / 16).unwrap_or(255);
            pixels.extend_from_slice(&[INK[0], INK[1], INK[2], alpha]);
        }
    }
    pixels
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_png_of_an_acceptable_size_is_a_logo() {
        let mark = Logo::mark().unwrap();
        assert_eq!(mark.pixels.dimensions(), (MARK_PX, MARK_PX));
        for file in [vec![], b"GIF89a".to_vec(), vec![0; FILE_BYTES + 1]] {
            assert!(Logo::from_png(file).is_err());
        }
        let mut wide = Vec::new();
        PngEncoder::new(&mut wide)
            .write_image(&[0; 2049], 2049, 1, ExtendedColorType::L8)
            .unwrap();
        assert!(Logo::from_png(wide.clone()).is_err());
        wide.truncate(40);
        assert!(Logo::from_png(wide).is_err());
    }
}
