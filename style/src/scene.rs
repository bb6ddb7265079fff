//! What is drawn: shapes, and the paint of each, in whole numbers.
//!
//! Invariant: layers do not overlap, so each of them lies on the ground alone. (0, 0) is the upper left corner of the picture, quiet
//! zone included.

mod eye;
mod paint;
mod tile;
mod trace;

pub use eye::{border, centre};
pub(crate) use paint::Across;
pub use paint::{Paint, Ramp, Sampled, Square};
pub use tile::{Axis, Drawn, Tile};
pub use trace::trace;

use symbol::{Matrix, file::Ink};

use crate::{
    geometry::{MODULE, Outline, Point},
    style::{Border, Centre, Pattern},
};

/// A styled symbol.
#[derive(Clone, Debug, PartialEq)]
pub struct Scene {
    /// Modules along one side of the symbol.
    pub modules: usize,
    /// Light modules around it.
    pub quiet_zone: u8,
    pub ground: Ink,
    /// Of the finder patterns among the layers.
    pub border: Border,
    pub centre: Centre,
    pub layers: Vec<Layer>,
}

impl Scene {
    /// Width and height in modules.
    #[must_use]
    pub fn across(&self) -> usize {
        self.modules + 2 * usize::from(self.quiet_zone)
    }

    /// The upper left corner of the symbol.
    #[must_use]
    pub fn origin(&self) -> Point {
        let offset = i32::from(self.quiet_zone) * MODULE;
        Point::new(offset, offset)
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Layer {
    pub shape: Shape,
    pub paint: Paint,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    /// In the symbol's grid.
    Modules(Modules),
    /// In the coordinates of the scene.
    Outline(Outline),
}

/// Modules that are drawn alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Modules {
    pub dark: Matrix,
    pub pattern: Pattern,
}

impl Modules {
    /// The dark modules, row by row.
    pub fn places(&self) -> impl Iterator<Item = (usize, usize)> {
        (0..self.dark.modules())
            .flat_map(|y| self.dark.runs(y).flatten().map(move |x| (x as usize, y)))
    }

    /// How a dark module looks.
    #[must_use]
    pub fn tile(&self, x: usize, y: usize) -> Tile {
        Tile::of(self.pattern, (x, y), |x, y| {
            let (x, y) = (usize::try_from(x), usize::try_from(y));
            x.is_ok_and(|x| y.is_ok_and(|y| self.dark.is_dark(x, y)))
        })
    }
}
