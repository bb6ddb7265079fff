//! Symbols read by rqrr, for whoever compares readers.
//!
//! Invariant: one line for each file, in order, also where nothing is read.

use std::{
    fmt::Write as _,
    fs,
    io::{self, Write as _},
};

use rqrr::PreparedImage;

pub fn read() -> Result<(), String> {
    let mut output = io::stdout().lock();
    for name in io::stdin().lines() {
        let name = name.map_err(|error| error.to_string())?;
        let file = fs::read(&name).map_err(|error| format!("{name}: {error}"))?;
        let (size, pixels) = split(&file).ok_or_else(|| format!("{name} is no PGM file"))?;
        let text = text(size, pixels);
        let mut line = String::new();
        for byte in text.iter().flat_map(|text| text.bytes()) {
            let _ = write!(line, "{byte:02x}");
        }
        let mark = if text.is_some() { "=" } else { "" };
        writeln!(output, "{mark}{line}").map_err(|error| error.to_string())?;
    }
    Ok(())
}

/// `P5\nWIDTH HEIGHT\n255\n`, then a byte for each pixel. `None`: it is not that.
fn split(file: &[u8]) -> Option<((usize, usize), &[u8])> {
    let mut lines = file.splitn(4, |byte| *byte == b'\n');
    let (_, size) = (lines.next()?, str::from_utf8(lines.next()?).ok()?);
    let (width, height) = size.split_once(' ')?;
    let size = (width.parse().ok()?, height.parse().ok()?);
    let (_, pixels) = (lines.next()?, lines.next()?);
    Some((size, pixels))
}

fn text((width, height): (usize, usize), pixels: &[u8]) -> Option<String> {
    let pixel = |x: usize, y: usize| pixels.get(y * width + x).copied().unwrap_or(255);
    let mut image = PreparedImage::prepare_from_greyscale(width, height, pixel);
    let grids = image.detect_grids();
    grids.iter().find_map(|grid| Some(grid.decode().ok()?.1))
}
