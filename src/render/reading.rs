//! What the symbols in a picture say.
//!
//! The picture is hostile. Invariant: its declared size is checked before a pixel is made, so memory follows from
//! [`DECODED_BYTES`]; what is searched has at most [`SEARCHED_PX`] along a side, and few enough finder patterns that a search
//! ends in about a second at worst.

use std::{fmt, io::Cursor, panic};

use bytes::Bytes;
use encoding_rs::SHIFT_JIS;
use image::{DynamicImage, GrayImage, ImageDecoder, ImageFormat, ImageReader, Limits};
use rqrr::PreparedImage;

use super::Room;
use crate::kernel::{Ctx, Result};

const FILE_BYTES: usize = 1 << 20;
const SIDE_PX: u32 = 8192;
/// Twelve megapixels with three channels.
const DECODED_BYTES: u64 = 36 << 20;
/// Five pixels for each module of the largest symbol.
const SEARCHED_PX: u32 = 1000;
/// Weight of finder patterns: see [`finders`]. The largest symbol has about 80 by accident.
const MOST_FINDERS: f32 = 160.0;
/// A symbol holds less.
const MOST_SYMBOLS: usize = 32;
/// The end of a JPEG, and how far before the end of its file it may be.
const JPEG_END: [u8; 2] = [0xFF, 0xD9];
const JPEG_TAIL: usize = 4096;

/// Why there are no texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unread {
    /// More bytes or pixels than are looked at.
    Large,
    NoPicture,
    Broken,
    /// No symbol, or none that can be read.
    Nothing,
    /// Too many patterns that look like the corner of a symbol.
    Crowded,
}

impl fmt::Display for Unread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Large => "the picture is too large",
            Self::NoPicture => "filetype not supported: send a PNG, GIF or JPEG file",
            Self::Broken => "the picture cannot be decoded: it is damaged or cut off",
            Self::Nothing => "there is no symbol that can be read",
            Self::Crowded => "there are too many patterns that look like symbols",
        })
    }
}

/// Reads pictures aside, within the memory that drawing has too.
#[derive(Clone, Default)]
pub struct Reader {
    room: Room,
}

impl Reader {
    /// `room`: what large images share.
    #[must_use]
    pub const fn new(room: Room) -> Self {
        Self { room }
    }

    /// The texts of all symbols in a PNG, GIF or JPEG file.
    ///
    /// # Errors
    /// `Unavailable` without room until the deadline; inside, why nothing was read.
    pub async fn read(&self, ctx: &Ctx, file: Bytes) -> Result<Result<Vec<String>, Unread>> {
        // The file, its pixels, and their luminance.
        let work = move || Ok(texts(&file));
        self.room.work(ctx, 4 * DECODED_BYTES, work).await
    }
}

fn texts(file: &[u8]) -> Result<Vec<String>, Unread> {
    let picture = decoded(file)?;
    let found = searched(&picture)?;
    let found = if found.is_empty() {
        let mut inverted = picture;
        image::imageops::invert(&mut inverted);
        searched(&inverted)?
    } else {
        found
    };
    if found.is_empty() {
        return Err(Unread::Nothing);
    }
    Ok(found.into_iter().map(|bytes| text(&bytes)).collect())
}

/// Luminance, on white, small enough to be searched.
fn decoded(file: &[u8]) -> Result<GrayImage, Unread> {
    if file.len() > FILE_BYTES {
        return Err(Unread::Large);
    }
    let format = match file {
        [0x89, b'P', b'N', b'G', ..] => ImageFormat::Png,
        [b'G', b'I', b'F', b'8', ..] => ImageFormat::Gif,
        [0xFF, 0xD8, 0xFF, ..] => ImageFormat::Jpeg,
        _ => return Err(Unread::NoPicture),
    };
    let tail = &file[file.len().saturating_sub(JPEG_TAIL)..];
    // Its decoder is content with half of a file.
    if format == ImageFormat::Jpeg && !tail.windows(2).any(|two| two == JPEG_END) {
        return Err(Unread::Broken);
    }
    let mut limits = Limits::default();
    limits.max_image_width = Some(SIDE_PX);
    limits.max_image_height = Some(SIDE_PX);
    limits.max_alloc = Some(2 * DECODED_BYTES);
    let refused = |e: image::ImageError| match e {
        image::ImageError::Limits(_) => Unread::Large,
        _ => Unread::Broken,
    };
    let mut reader = ImageReader::with_format(Cursor::new(file), format);
    reader.limits(limits);
    let decoder = reader.into_decoder().map_err(refused)?;
    let (width, height) = decoder.dimensions();
    if decoder.total_bytes() > DECODED_BYTES || width > SIDE_PX || height > SIDE_PX {
        return Err(Unread::Large);
    }
    let picture = DynamicImage::from_decoder(decoder).map_err(refused)?;
    let grey = on_white(picture);
    let longer = grey.width().max(grey.height());
    if longer <= SEARCHED_PX {
        return Ok(grey);
    }
    // By averages of whole pixels: a filter of a large picture takes longer than all the rest.
    let small = DynamicImage::ImageLuma8(grey).thumbnail(SEARCHED_PX, SEARCHED_PX);
    Ok(small.into_luma8())
}

fn on_white(picture: DynamicImage) -> GrayImage {
    if !picture.color().has_alpha() {
        return picture.into_luma8();
    }
    let pixels = picture.into_luma_alpha8();
    GrayImage::from_fn(pixels.width(), pixels.height(), |x, y| {
        let [luma, alpha] = pixels.get_pixel(x, y).0.map(u16::from);
        let blended = (luma * alpha + 255 * (255 - alpha)) / 255;
        image::Luma([u8::try_from(blended).unwrap_or(255)])
    })
}

/// The bytes in each symbol that is found.
fn searched(picture: &GrayImage) -> Result<Vec<Vec<u8>>, Unread> {
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    // A symbol has 11 modules at least.
    if width < 11 || height < 11 {
        return Ok(Vec::new());
    }
    let luma = |x, y| picture.as_raw().get(y * width + x).copied().unwrap_or(255);
    let search = || {
        let mut prepared = PreparedImage::prepare_from_greyscale(width, height, luma);
        let dark = |x: usize, y: usize| -> bool {
            let colour: u8 = prepared.get_pixel_at(x, y).into();
            colour != 0
        };
        if finders([width, height], dark) > MOST_FINDERS {
            return Err(Unread::Crowded);
        }
        let grids = prepared.detect_grids();
        let read = grids.iter().take(MOST_SYMBOLS).filter_map(|grid| {
            let mut bytes = Vec::new();
            grid.decode_to(&mut bytes).ok().map(|_| bytes)
        });
        Ok(read.collect())
    };
    // The library divides by distances that a hostile picture makes zero, and stops then.
    panic::catch_unwind(panic::AssertUnwindSafe(search)).unwrap_or(Err(Unread::Broken))
}

/// How many finder patterns there may be: each run of 1 : 1 : 3 : 1 : 1 along a row counts for the share that it is of the three
/// modules in which a finder pattern has one.
fn finders([width, height]: [usize; 2], is_dark: impl Fn(usize, usize) -> bool) -> f32 {
    let mut weight = 0.0;
    for y in 0..height {
        // Lengths of the last runs, the newest last.
        let mut runs = [0_u32; 5];
        let mut was_dark = false;
        for x in 0..=width {
            let dark = x < width && is_dark(x, y);
            if dark == was_dark {
                runs[4] += 1;
                continue;
            }
            if was_dark && is_finder(runs) {
                let module_px =
                    f32::from(u16::try_from(runs.iter().sum::<u32>()).unwrap_or(1)) / 7.0;
                weight += 1.0 / (3.0 * module_px);
            }
            runs.rotate_left(1);
            runs[4] = 1;
            was_dark = dark;
        }
    }
    weight
}

/// As tolerant as the library.
fn is_finder(runs: [u32; 5]) -> bool {
    let average = (runs[0] + runs[1] + runs[3] + runs[4]) / 4;
    let slack = average * 3 / 4;
    let is_near = |run: u32, modules: u32| run.abs_diff(modules * average) <= slack;
    average > 0 && (runs.into_iter().zip([1, 1, 3, 1, 1])).all(|(run, n)| is_near(run, n))
}

/// As readers guess: UTF-8, Shift JIS, ISO/IEC 8859-1.
fn text(bytes: &[u8]) -> String {
    let latin = || bytes.iter().copied().map(char::from).collect();
    str::from_utf8(bytes).map_or_else(
        |_| {
            let japanese = SHIFT_JIS.decode_without_bom_handling_and_without_replacement(bytes);
            let is_double = |text: &str| text.chars().any(|c| matches!(c, '\u{3040}'..='\u{9fff}'));
            japanese
                .filter(|text| is_double(text))
                .map_or_else(latin, String::from)
        },
        str::to_owned,
    )
}
