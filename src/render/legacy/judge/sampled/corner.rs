//! Where a symbol is in a picture: its upper left finder pattern (ISO/IEC 18004 §6.3.3), and from there the other two.
//!
//! Invariant: what is found lies within the picture, finder patterns and separators but for a few modules.

use super::{Rgb, apart, histogram::Histogram, pixels::Pixels};

/// What an edge in a JPEG may be told by, in the order of what is likely. One of them lies between a third and two
/// thirds of any contrast from 15 on.
const CONTRASTS: [u8; 9] = [120, 85, 60, 42, 30, 21, 15, 170, 10];
/// Modules of a finder pattern with its separator that may be wrong, of 64: blurred in a JPEG, or damaged.
const WRONG: usize = 4;

/// A symbol in a picture, in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SymbolPlace {
    pub grid: Grid,
    /// Modules along one side.
    pub modules: usize,
    /// The colours of the upper left finder pattern.
    pub dark: Rgb,
    pub light: Rgb,
}

/// Modules in pixels, and where the first one is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grid {
    pub left: usize,
    pub top: usize,
    pub module: usize,
    /// Pixels in a row that tell the colour of a module: all of a small one, else those around the middle.
    sample: usize,
}

impl Grid {
    fn new(left: usize, top: usize, module: usize, is_exact: bool) -> Self {
        let sample = match module {
            _ if is_exact => 1,
            0..=4 => module,
            _ => (module / 2).min(8),
        };
        Self {
            left,
            top,
            module,
            sample,
        }
    }

    /// The colour of a module in the picture.
    pub fn color(&self, pixels: &Pixels, x: usize, y: usize) -> Rgb {
        let middle = (self.module - self.sample) / 2;
        let [left, top] =
            [(self.left, x), (self.top, y)].map(|(at, n)| at + n * self.module + middle);
        if self.sample == 1 {
            pixels.rgb(left, top)
        } else {
            pixels.mean(left, top, self.sample)
        }
    }

    /// Whether so many modules are in the picture.
    fn has_room(&self, pixels: &Pixels, modules: usize) -> bool {
        let side = modules * self.module;
        self.left + side <= pixels.width && self.top + side <= pixels.height
    }
}

/// `is_exact`: neighbouring pixels of one colour are equal.
pub fn find(pixels: &Pixels, is_exact: bool) -> Option<SymbolPlace> {
    let contrasts: &[u8] = if is_exact { &[0] } else { &CONTRASTS };
    let found = |&contrast: &u8| {
        let grid = upper_left(pixels, contrast, is_exact)?;
        place(pixels, grid, is_exact)
    };
    contrasts.iter().find_map(found)
}

/// The rest of the symbol, by the first number of modules at which its other finder patterns are.
fn place(pixels: &Pixels, grid: Grid, is_exact: bool) -> Option<SymbolPlace> {
    let (dark, light) = colors(pixels, &grid);
    let is_dark = |rgb: Rgb| apart(rgb, dark) < apart(rgb, light);
    let grid = if is_exact {
        grid
    } else {
        refined(pixels, &grid, is_dark)
    };
    let is_symbol = |&modules: &usize| {
        let dark = |x: usize, y: usize| is_dark(grid.color(pixels, x, y));
        let last = modules - 1;
        grid.has_room(pixels, modules)
            && is_finder(|x, y| dark(last - x, y))
            && is_finder(|x, y| dark(x, last - y))
    };
    let modules = (21..=177).step_by(4).find(is_symbol)?;
    Some(SymbolPlace {
        grid,
        modules,
        dark,
        light,
    })
}

/// The first run of pixels unlike the one in the corner of the picture that is the upper edge of a finder pattern. If
/// there is no quiet zone at all, it is the other way round: the run begins in the corner, and has its colour.
fn upper_left(pixels: &Pixels, contrast: u8, is_exact: bool) -> Option<Grid> {
    let ground = pixels.rgb(0, 0);
    let is_ink = |rgb: Rgb| apart(rgb, ground) > contrast;
    let pixel = |x: usize, y: usize| is_ink(pixels.rgb(x, y));
    let checked = |(left, top): (usize, usize), length: usize, dark: bool| {
        let module = if is_exact {
            length / 7
        } else {
            (length + 3) / 7
        };
        let is_whole = module > 0 && (!is_exact || length.is_multiple_of(7));
        let grid = Grid::new(left, top, module, is_exact);
        let is_dark = |x, y| is_ink(grid.color(pixels, x, y)) == dark;
        (is_whole && grid.has_room(pixels, 21) && is_finder(is_dark)).then_some(grid)
    };
    let filled = (0..pixels.width).take_while(|&x| !pixel(x, 0)).count();
    if let Some(grid) = checked((0, 0), filled, false) {
        return Some(grid);
    }
    let mut above: &[u8] = &[];
    for y in 0..pixels.height {
        let line = pixels.line(y, 0..pixels.width);
        if line == above {
            continue;
        }
        above = line;
        let mut x = 0;
        while x < pixels.width {
            let length = (x..pixels.width).take_while(|&x| pixel(x, y)).count();
            if let Some(grid) = checked((x, y), length, true) {
                return Some(grid);
            }
            x += length + 1;
        }
    }
    None
}

/// Rings of 7, 5 and 3 modules and the separator beside them, counted from the outer corner of the symbol.
fn is_finder(is_dark: impl Fn(usize, usize) -> bool) -> bool {
    let faults = finder_modules().filter(|&(x, y, dark)| is_dark(x, y) != dark);
    faults.take(WRONG + 1).count() <= WRONG
}

/// The modules of an upper left finder pattern and its separator: across, down, whether it is dark.
pub fn finder_modules() -> impl Iterator<Item = (usize, usize, bool)> {
    let places = (0..8).flat_map(|y| (0..8).map(move |x: usize| (x, y)));
    places.map(|(x, y): (usize, usize)| {
        let from_centre = x.abs_diff(3).max(y.abs_diff(3));
        (x, y, !matches!(from_centre, 2 | 4))
    })
}

/// The dark and the light colour of the upper left finder pattern: those of most of its modules.
fn colors(pixels: &Pixels, grid: &Grid) -> (Rgb, Rgb) {
    let most = |wanted: bool| {
        let modules = finder_modules().filter(|&(_, _, dark)| dark == wanted);
        Histogram::of(modules.map(|(x, y, _)| grid.color(pixels, x, y))).median()
    };
    (most(true), most(false))
}

/// Where the edges of a JPEG's pattern are, by what most of its lines say: a single line may be off by a pixel.
fn refined(pixels: &Pixels, grid: &Grid, is_dark: impl Fn(Rgb) -> bool) -> Grid {
    let half = grid.module / 2;
    let edge = |from: usize, is_dark: &dyn Fn(usize, usize) -> bool| {
        let mut edges: Vec<usize> = (0..7)
            .map(|line| {
                let inside = (0..from).rev().take_while(|&at| is_dark(at, line)).count();
                from - inside
            })
            .collect();
        edges.sort_unstable();
        edges[3]
    };
    let across = |line: usize| grid.top + line * grid.module + half;
    let down = |line: usize| grid.left + line * grid.module + half;
    let left = edge(grid.left + half, &|x, line| {
        is_dark(pixels.rgb(x, across(line)))
    });
    let top = edge(grid.top + half, &|y, line| {
        is_dark(pixels.rgb(down(line), y))
    });
    Grid { left, top, ..*grid }
}
