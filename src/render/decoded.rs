//! What a test sees in a finished file, by code that is not ours: its pixels, and what its symbol says.
//!
//! Invariant: for tests only.

use image::RgbImage;

use super::{File, Format};

pub const RASTER: [Format; 3] = [Format::Png, Format::Jpeg, Format::Webp];

pub fn pixels(file: &File) -> RgbImage {
    image::load_from_memory(&file.bytes).unwrap().into_rgb8()
}

/// By rqrr; the crate gives up on some grids that are not its best guess, so any of them will do.
pub fn read(image: &RgbImage) -> Option<Vec<u8>> {
    let grey = image::DynamicImage::from(image.clone()).into_luma8();
    let (w, h) = (grey.width() as usize, grey.height() as usize);
    let mut prepared =
        rqrr::PreparedImage::prepare_from_greyscale(w, h, |x, y| grey.as_raw()[y * w + x]);
    prepared.detect_grids().iter().find_map(|grid| {
        let mut content = Vec::new();
        grid.decode_to(&mut content).ok().map(|_| content)
    })
}
