//! PNG, JPEG and WebP to pixels.
//!
//! Invariant: no pixel is decoded before the declared size is within [`MAX_SIDE`], and a decoder may allocate
//! [`DECODER_BYTES`] at most.

use std::{io::Cursor, panic};

use image::{
    DynamicImage, ImageDecoder, Limits,
    codecs::{jpeg::JpegDecoder, png::PngDecoder, webp::WebPDecoder},
};

use crate::{MAX_SIDE, Picture, Refused};

/// Four channels of 16 bits at the largest size are 8 MiB.
const DECODER_BYTES: u64 = 16 << 20;
/// Passes over a progressive JPEG; encoders write about ten. Each costs time for the whole picture, however short.
const JPEG_SCANS: usize = 32;

pub fn png(bytes: &[u8]) -> Result<Picture, Refused> {
    guarded(|| {
        // Of the header, before the decoder reads the chunks that follow it.
        let side = |at: usize| {
            bytes
                .get(at..at + 4)
                .map(|b| b.iter().fold(0, |n, &b| n << 8 | u32::from(b)))
        };
        check_size(side(16).unwrap_or_default(), side(20).unwrap_or_default())?;
        let decoder = PngDecoder::with_limits(Cursor::new(bytes), limits()).map_err(broken)?;
        if decoder.is_apng().map_err(broken)? {
            return Err(animated());
        }
        decode(decoder)
    })
}

pub fn jpeg(bytes: &[u8]) -> Result<Picture, Refused> {
    let last = |marker| bytes.windows(2).rposition(|pair| pair == [0xFF, marker]);
    // The decoder fills the rest of a file that is cut short with grey.
    if last(0xD9) <= last(0xDA) {
        return Err(broken(()));
    }
    if bytes
        .windows(2)
        .filter(|pair| pair == &[0xFF, 0xDA])
        .count()
        > JPEG_SCANS
    {
        return Err(Refused::new(
            "the logo is a JPEG of more than 32 scans; save it as a baseline JPEG or as PNG",
        ));
    }
    guarded(|| decode(JpegDecoder::new(Cursor::new(bytes)).map_err(broken)?))
}

pub fn webp(bytes: &[u8]) -> Result<Picture, Refused> {
    let declared = bytes
        .get(4..8)
        .map(|b| b.iter().rfold(0, |n, &b| n << 8 | usize::from(b)));
    if declared.is_none_or(|length| length > bytes.len() - 8) {
        return Err(broken(()));
    }
    guarded(|| {
        let decoder = WebPDecoder::new(Cursor::new(bytes)).map_err(broken)?;
        if decoder.has_animation() {
            return Err(animated());
        }
        decode(decoder)
    })
}

fn decode(mut decoder: impl ImageDecoder) -> Result<Picture, Refused> {
    let (width, height) = decoder.dimensions();
    check_size(width, height)?;
    decoder.set_limits(limits()).map_err(broken)?;
    // EXIF that cannot be read turns nothing.
    let orientation = decoder.orientation().ok();
    let mut picture = DynamicImage::from_decoder(decoder).map_err(broken)?;
    if let Some(orientation) = orientation {
        picture.apply_orientation(orientation);
    }
    let pixels = picture.into_rgba8();
    Ok(Picture {
        width_px: pixels.width(),
        height_px: pixels.height(),
        rgba: pixels.into_raw(),
    })
}

fn check_size(width: u32, height: u32) -> Result<(), Refused> {
    if width > MAX_SIDE || height > MAX_SIDE {
        return Err(Refused::new(format!(
            "the logo has {width} × {height} pixels; scale it to at most {MAX_SIDE} × {MAX_SIDE}"
        )));
    }
    Ok(())
}

/// A decoder's panic is a file that cannot be read.
fn guarded(
    decode: impl FnOnce() -> Result<Picture, Refused> + panic::UnwindSafe,
) -> Result<Picture, Refused> {
    panic::catch_unwind(decode).unwrap_or_else(|_| Err(broken(())))
}

fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    limits.max_alloc = Some(DECODER_BYTES);
    limits
}

fn broken<E>(_: E) -> Refused {
    Refused::new("the logo is damaged or cut short; save it again as PNG, JPEG or WebP")
}

fn animated() -> Refused {
    Refused::new("the logo is animated; send a single picture")
}
