//! GIF (`GIF89a` specification, 31 July 1990), one frame of two or four colours.
//!
//! Invariant: total. An ink is clear when it is less than half opaque, and opaque otherwise.

mod lzw;
#[cfg(test)]
mod tests;

use super::{Ink, Picture};

/// Appends the file. Takes memory for a scanline and 40 KB. The format has no place for `dpi`.
pub fn write(picture: &Picture, out: &mut Vec<u8>) {
    let palette = Palette::of(picture);
    out.extend_from_slice(b"GIF89a");
    // At most Canvas::MAX_WIDTH_PX.
    let width_px = u16::try_from(picture.canvas.width_px())
        .unwrap_or(u16::MAX)
        .to_le_bytes();
    out.extend([width_px, width_px].as_flattened());
    // A global colour table of 2 or 4 entries from 8-bit colours, background 0, pixels as wide as high.
    let table_bits = u8::from(palette.inks.len() == 4);
    out.extend_from_slice(&[0xF0 | table_bits, 0, 0]);
    palette
        .inks
        .iter()
        .for_each(|ink| out.extend_from_slice(&ink.rgb));
    if let Some(clear) = palette.clear() {
        // Graphic control extension: nothing but that there is a clear index.
        out.extend_from_slice(&[0x21, 0xF9, 4, 1, 0, 0, clear, 0]);
    }
    // Image descriptor: all of it, with the global table, from top to bottom.
    out.extend_from_slice(&[0x2C, 0, 0, 0, 0]);
    out.extend([width_px, width_px].as_flattened());
    out.push(0);

    let mut encoder = lzw::Encoder::new(out);
    scanlines(picture, &palette, |line, times| {
        for _ in 0..times {
            encoder.pixels(line);
        }
    });
    encoder.finish();
    // Trailer.
    out.push(0x3B);
}

/// Calls `line` with colour indices and how many scanlines have them, from top to bottom.
fn scanlines(picture: &Picture, palette: &Palette, mut line: impl FnMut(&[u8], u32)) {
    let (canvas, modules) = (picture.canvas, picture.modules());
    let (module_px, offset_px) = (canvas.module_px() as usize, canvas.offset_px() as usize);
    let mut indices = vec![palette.index(false, false); canvas.width_px() as usize];
    let light = indices.clone();
    line(&light, canvas.offset_px());
    for y in 0..modules {
        for (x, module) in indices[offset_px..]
            .chunks_exact_mut(module_px)
            .take(modules)
            .enumerate()
        {
            module.fill(palette.index(picture.dark.is_dark(x, y), picture.data.is_dark(x, y)));
        }
        line(&indices, canvas.module_px());
    }
    let drawn_px = canvas.module_px() * u32::try_from(modules).unwrap_or(0);
    line(&light, canvas.width_px() - canvas.offset_px() - drawn_px);
}

/// The colour table.
struct Palette {
    /// Light and dark, then light data and dark data if they are others.
    inks: Vec<Ink>,
}

impl Palette {
    fn of(picture: &Picture) -> Self {
        let inks = &picture.inks;
        let all = [inks.light, inks.dark, inks.data_light, inks.data_dark];
        let used = if inks.are_two() { 2 } else { 4 };
        Self {
            inks: all[..used].to_vec(),
        }
    }

    /// The one index that is clear: all clear inks are painted with the first of them.
    fn clear(&self) -> Option<u8> {
        let first = self.inks.iter().position(|ink| ink.alpha < 128);
        first.and_then(|index| u8::try_from(index).ok())
    }

    fn index(&self, is_dark: bool, is_data: bool) -> u8 {
        let index = u8::from(is_dark)
            + if self.inks.len() == 4 {
                2 * u8::from(is_data)
            } else {
                0
            };
        match self.inks.get(usize::from(index)) {
            Some(ink) if ink.alpha < 128 => self.clear().unwrap_or(index),
            _ => index,
        }
    }
}
