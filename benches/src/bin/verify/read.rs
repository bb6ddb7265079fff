//! Symbols read by rqrr, for whoever compares readers.
//!
//! Invariant: one line for each file, in order, also where nothing is read.

use std::{fmt::Write as _, fs, io};

use rqrr::PreparedImage;

pub fn read() -> Result<(), String> {
    for name in io::stdin().lines() {
        let name = name.map_err(|error| error.to_string())?;
        let file = fs::read(&name).map_err(|error| format!("{name}: {error}"))?;
        let text = text(&file).ok_or_else(|| format!("{name} is no PGM file"))?;
        let mut line = String::new();
        for byte in text.iter().flat_map(|text| text.bytes()) {
            let _ = write!(line, "{byte:02x}");
        }
        println!("{}{line}", if text.is_some() { "=" } else { "" });
    }
    Ok(())
}

/// `P5\nWIDTH HEIGHT\n255\n`, then a byte for each pixel. `None`: it is not that.
fn text(file: &[u8]) -> Option<Option<String>> {
    let mut lines = file.splitn(4, |byte| *byte == b'\n');
    let (_, size) = (lines.next()?, str::from_utf8(lines.next()?).ok()?);
    let (width, height) = size.split_once(' ')?;
    let (width, height): (usize, usize) = (width.parse().ok()?, height.parse().ok()?);
    let (_, pixels) = (lines.next()?, lines.next()?);
    let pixel = |x: usize, y: usize| pixels.get(y * width + x).copied().unwrap_or(255);
    let mut image = PreparedImage::prepare_from_greyscale(width, height, pixel);
    let grids = image.detect_grids();
    Some(grids.iter().find_map(|grid| Some(grid.decode().ok()?.1)))
}
