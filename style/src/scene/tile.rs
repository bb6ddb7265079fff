//! How one dark module looks.
//!
//! Invariant: a tile lies within its module, and joined ones meet along whole edges. It depends on its place and on its
//! neighbours only.

use crate::{geometry::Outline, style::Pattern};

/// Diameter of a dot and width of a bar, in modules.
const DOT: f64 = 0.94;
const BAR: f64 = 0.86;
/// Diameters of random dots.
const SIZES: [f64; 4] = [0.85, 0.9, 0.95, 1.0];
/// Of a five-pointed star in the middle of a module: where its points and its notches lie.
const STAR: [f64; 2] = [0.5, 0.42];
/// Width of a plus sign's arms.
const ARM: f64 = 0.56;
/// Length of its bars: neighbours do not touch, so no seam can show between them.
const PLUS: f64 = 0.96;
/// Gap on each side of a leaf.
const LEAF: f64 = 0.03;
/// Gap on each side of a mosaic stone, and its cut corner.
const STONE: [f64; 2] = [0.04, 0.3];

/// One way of drawing a module. Equal tiles look the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Tile {
    pattern: Pattern,
    /// Of `pattern`: which corners are round, which ends, size or turn. Below 16.
    variant: u8,
}

/// How a writer of vectors draws all modules of a pattern.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Drawn {
    /// Around joined modules.
    Contours,
    /// Lines with round ends of this width in modules: along columns, along rows, or of no length.
    Lines { width: f64, along: Option<Axis> },
    /// Each tile for itself.
    Tiles,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Axis {
    Columns,
    Rows,
}

impl Pattern {
    /// Variants of a pattern that is drawn in lines of several widths.
    pub const WIDTHS: u8 = SIZES.len() as u8;

    /// Along which neighbours meet in a whole edge.
    #[must_use]
    pub const fn joined(self) -> &'static [Axis] {
        match self {
            Self::Square | Self::Rounded => &[Axis::Rows, Axis::Columns],
            Self::Vertical => &[Axis::Columns],
            Self::Horizontal => &[Axis::Rows],
            _ => &[],
        }
    }

    /// `variant`: of one of its tiles.
    #[must_use]
    pub fn drawn(self, variant: u8) -> Drawn {
        let lines = |width, along| Drawn::Lines { width, along };
        match self {
            Self::Square | Self::Rounded => Drawn::Contours,
            Self::Vertical => lines(BAR, Some(Axis::Columns)),
            Self::Horizontal => lines(BAR, Some(Axis::Rows)),
            Self::Dots => lines(DOT, None),
            Self::Circular => lines(1.0, None),
            Self::Random => lines(SIZES[usize::from(variant % 4)], None),
            Self::Diamond | Self::Star | Self::Cross | Self::Wave | Self::Mosaic => Drawn::Tiles,
        }
    }
}

impl Tile {
    /// Variants of any pattern.
    pub const VARIANTS: usize = 16;

    /// `is_dark`: of any module, also outside of the symbol.
    pub(super) fn of(
        pattern: Pattern,
        (x, y): (usize, usize),
        is_dark: impl Fn(isize, isize) -> bool,
    ) -> Self {
        let near = |dx: isize, dy: isize| is_dark(x as isize + dx, y as isize + dy);
        let bits = |flags: [bool; 4]| {
            flags
                .iter()
                .rev()
                .fold(0, |bits, &flag| bits << 1 | u8::from(flag))
        };
        let variant = match pattern {
            Pattern::Rounded => {
                let [up, right, down, left] = [near(0, -1), near(1, 0), near(0, 1), near(-1, 0)];
                bits([!up && !left, !up && !right, !down && !right, !down && !left])
            }
            Pattern::Vertical => bits([near(0, -1), near(0, 1), false, false]),
            Pattern::Horizontal => bits([near(-1, 0), near(1, 0), false, false]),
            Pattern::Random => scatter(x, y) & 3,
            Pattern::Wave => ((x + y) & 1) as u8,
            Pattern::Mosaic => ((x + 2 * y) & 3) as u8,
            Pattern::Square
            | Pattern::Dots
            | Pattern::Diamond
            | Pattern::Circular
            | Pattern::Star
            | Pattern::Cross => 0,
        };
        Self { pattern, variant }
    }

    #[must_use]
    pub const fn variant(self) -> u8 {
        self.variant
    }

    /// Within 1 × 1 module.
    #[must_use]
    pub fn outline(self) -> Outline {
        let bit = |n: u8| self.variant >> n & 1 == 1;
        let disc = |diameter: f64| Outline::circle((0.5, 0.5), diameter / 2.0);
        match self.pattern {
            Pattern::Square => Outline::square(0.0, 1.0),
            Pattern::Dots => disc(DOT),
            Pattern::Circular => disc(1.0),
            Pattern::Random => disc(SIZES[usize::from(self.variant & 3)]),
            Pattern::Rounded => soft([bit(0), bit(1), bit(2), bit(3)]),
            Pattern::Vertical => bar([bit(0), bit(1)]),
            Pattern::Horizontal => {
                let upright = bar([bit(0), bit(1)]);
                upright.turned()
            }
            Pattern::Diamond => Outline::polygon(&[(0.5, 0.0), (1.0, 0.5), (0.5, 1.0), (0.0, 0.5)]),
            Pattern::Star => Outline::star((0.5, 0.5), 5, STAR),
            Pattern::Cross => Outline::plus((0.5, 0.5), PLUS, ARM),
            Pattern::Wave => {
                let leaf = Outline::rounded(LEAF, 1.0 - 2.0 * LEAF, [0.47, 0.0, 0.47, 0.0]);
                leaf.mirrored(1.0, [bit(0), false])
            }
            Pattern::Mosaic => {
                let ([gap, cut], end) = (STONE, 1.0 - STONE[0]);
                let stone = Outline::polygon(&[
                    (gap + cut, gap),
                    (end, gap),
                    (end, end),
                    (gap, end),
                    (gap, gap + cut),
                ]);
                stone.mirrored(1.0, [bit(0), bit(1)])
            }
        }
    }
}

/// A whole module with some corners cut by a curve, from the upper left one clockwise.
fn soft(round: [bool; 4]) -> Outline {
    let corners = [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)];
    let middles = [(0.5, 0.0), (1.0, 0.5), (0.5, 1.0), (0.0, 0.5)];
    let curves: Vec<_> = (0..4).map(|n| [corners[n], middles[n]]).collect();
    // A straight corner is two lines that meet in it.
    Outline::corners(&curves, &round)
}

/// A bar down a module that goes on up and down, or ends in a half circle.
fn bar([up, down]: [bool; 2]) -> Outline {
    let (gap, round) = ((1.0 - BAR) / 2.0, BAR / 2.0);
    let (top, bottom) = (
        if up { 0.0 } else { gap },
        if down { 1.0 } else { 1.0 - gap },
    );
    let [above, below] = [up, down].map(|joined| if joined { 0.0 } else { round });
    Outline::rectangle(
        (gap, top),
        (BAR, bottom - top),
        [above, above, below, below],
    )
}

/// A number that looks random and depends on the place only.
fn scatter(x: usize, y: usize) -> u8 {
    let mixed = (x as u32).wrapping_mul(0x9e37_79b1) ^ (y as u32).wrapping_mul(0x85eb_ca77);
    (mixed.wrapping_mul(0xc2b2_ae3d) >> 24) as u8
}
