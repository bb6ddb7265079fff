//! Modules from pixels.

use super::{
    Cell, Frame, Metadata, Picture, Sampled, Unclear, apart,
    corner::{self, SymbolPlace},
    pixels::Pixels,
    plate,
};
use crate::render::Format;

/// Squares along each side of a plate whose means are taken, and how wide each has to be at least.
const SQUARES: usize = 8;
const SQUARE_PX: usize = 4;

/// # Errors
/// `Broken` or `Illegible`.
pub fn sample(file: &[u8], format: Format) -> Result<Sampled, Unclear> {
    let is_exact = format != Format::Jpeg;
    let pixels = Pixels::decode(file, format)?;
    let place = corner::find(&pixels, is_exact).ok_or(Unclear::Illegible(
        "there are no finder patterns where a symbol would have them",
    ))?;
    Ok(Sampled {
        frame: frame(&pixels, &place),
        stains_px: stains_px(&pixels, &place, is_exact),
        cells: cells(&pixels, &place, is_exact),
        is_exact,
        picture: picture(&pixels, &place),
        metadata: Metadata::of(file, format),
        texts: None,
    })
}

/// Past the last module: across and down.
fn end(place: &SymbolPlace) -> (usize, usize) {
    let side = place.modules * place.grid.module;
    (place.grid.left + side, place.grid.top + side)
}

fn frame(pixels: &Pixels, place: &SymbolPlace) -> Frame {
    let (right, bottom) = end(place);
    // At most IMAGE_PX.
    let px = |n: usize| u32::try_from(n).map_or(f64::NAN, f64::from);
    Frame {
        paper: None,
        width_px: px(pixels.width),
        height_px: px(pixels.height),
        module_px: px(place.grid.module),
        modules: u32::try_from(place.modules).unwrap_or(177),
        margins_px: [
            place.grid.left,
            place.grid.top,
            pixels.width - right,
            pixels.height - bottom,
        ]
        .map(px),
    }
}

fn stains_px(pixels: &Pixels, place: &SymbolPlace, is_exact: bool) -> usize {
    let most = if is_exact {
        0
    } else {
        apart(place.dark, place.light) / 2
    };
    let (right, bottom) = end(place);
    let is_stain = |x: &usize, y: usize| apart(pixels.rgb(*x, y), place.light) > most;
    let mut count = 0;
    let mut above: ([&[u8]; 2], usize) = ([&[]; 2], 0);
    for y in 0..pixels.height {
        let beside = if (place.grid.top..bottom).contains(&y) {
            [0..place.grid.left, right..pixels.width]
        } else {
            [0..pixels.width, 0..0]
        };
        let line = beside.clone().map(|x| pixels.line(y, x));
        // Almost every line is like the one above.
        if line != above.0 {
            let stains = beside
                .into_iter()
                .flatten()
                .filter(|x| is_stain(x, y))
                .count();
            above = (line, stains);
        }
        count += above.1;
    }
    count
}

fn cells(pixels: &Pixels, place: &SymbolPlace, is_exact: bool) -> Vec<Cell> {
    let (grid, modules) = (&place.grid, place.modules);
    let mut cells = Vec::with_capacity(modules * modules);
    for y in 0..modules {
        let first = cells.len();
        cells.extend((0..modules).map(|x| Cell {
            rgb: grid.color(pixels, x, y),
            is_mixed: false,
        }));
        if is_exact {
            mark_mixed(pixels, place, y, &mut cells[first..]);
        }
    }
    cells
}

/// Marks the modules of a row that are not of one colour: their lines differ, or the pixels of their first line.
fn mark_mixed(pixels: &Pixels, place: &SymbolPlace, y: usize, row: &mut [Cell]) {
    let (grid, (right, _)) = (&place.grid, end(place));
    let top = grid.top + y * grid.module;
    let module = |x: usize| {
        let left = grid.left + x * grid.module;
        left..left + grid.module
    };
    let whole = grid.left..right;
    for line in top..top + grid.module {
        let is_first = line == top;
        if !is_first && pixels.line(line, whole.clone()) == pixels.line(top, whole.clone()) {
            continue;
        }
        for (x, cell) in row.iter_mut().enumerate() {
            let found = pixels.line(line, module(x));
            cell.is_mixed |= if is_first {
                !pixels.are_one_color(found)
            } else {
                found != pixels.line(top, module(x))
            };
        }
    }
}

fn picture(pixels: &Pixels, place: &SymbolPlace) -> Picture {
    let (first, modules) = plate(place.modules);
    let grid = &place.grid;
    let width = modules * grid.module;
    let side = (width / SQUARE_PX).clamp(1, SQUARES);
    let square = width / side;
    // What does not make up a square more is left out on both sides.
    let [left, top] = [grid.left, grid.top].map(|at| at + first * grid.module + width % side / 2);
    let places = (0..side).flat_map(|y| (0..side).map(move |x| (x, y)));
    let mean = |(x, y)| pixels.mean(left + x * square, top + y * square, square);
    Picture::Means {
        side,
        rgb: places.map(mean).collect(),
    }
}
