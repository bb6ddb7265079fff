//! Modules from an SVG: an interpreter of as much of SVG 1.1 as symbols need, and no more.
//!
//! Invariant: what is not understood is said, never passed over: an attribute that is not known might hide everything.

mod attributes;
mod document;
mod grid;
mod markup;
mod number;
mod path;
mod shape;
mod texts;

use super::{Picture, Sampled, Unclear, metadata::Metadata};

/// # Errors
/// Any.
pub fn sample(file: &[u8]) -> Result<Sampled, Unclear> {
    let text = str::from_utf8(file).map_err(|_| Unclear::Broken("it is not UTF-8"))?;
    let document = document::read(text)?;
    let grid = grid::Grid::of(&document)?;
    // A module of the light ring in the upper left finder pattern.
    let light = grid.cells.get(grid.modules + 1).map(|cell| cell.rgb);
    Ok(Sampled {
        frame: grid.frame,
        // What is not the symbol covers the whole canvas, or it would be taken for a part of it: the quiet zone has one
        // colour. It may be the wrong one.
        stains_px: usize::from(light != Some(grid.ground)),
        cells: grid.cells,
        is_exact: true,
        picture: Picture::Embedded(grid.pictures),
        metadata: Metadata::default(),
        texts: Some(document.texts.digest()),
    })
}

/// What a path covers: left, top, right, bottom of each rectangle.
#[cfg(test)]
pub fn covered(rule: path::Rule, data: &str) -> Option<Vec<[f64; 4]>> {
    let sides = |rect: &shape::Rect| [rect.left, rect.top, rect.right, rect.bottom];
    path::filled(data, rule).map(|rects| rects.iter().map(sides).collect())
}

#[cfg(test)]
pub use path::Rule;
