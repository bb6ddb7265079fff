//! What is drawn: shapes, and the paint of each, in whole numbers.
//!
//! Invariant: a layer lies on one ink alone: on the ground, or within an earlier layer of that ink. (0, 0) is the upper left corner of
//! the picture, quiet zone and frame included.

mod effects;
mod eye;
mod paint;
mod picture;
mod tile;
mod trace;

pub use effects::{Cast, Effects};
pub use eye::{border, centre};
pub(crate) use paint::Across;
pub use paint::{Paint, Ramp, Sampled, Square};
pub use picture::{Picture, Place};
pub use tile::{Axis, Drawn, Tile};
pub use trace::trace;

use std::sync::Arc;

use symbol::{Matrix, file::Ink};

use crate::{
    geometry::{MODULE, Outline, Point},
    grade::Grade,
    style::Pattern,
};

/// A styled symbol.
#[derive(Clone, Debug, PartialEq)]
pub struct Scene {
    /// Of the picture, in units.
    pub width: i32,
    pub height: i32,
    /// The upper left corner of the symbol.
    pub origin: Point,
    /// Modules along one side of the symbol.
    pub modules: usize,
    /// Light modules around it.
    pub quiet_zone: u8,
    pub ground: Ink,
    /// What readers make of the shapes of the finder patterns.
    pub eyes: Grade,
    /// From the lowest to the uppermost.
    pub layers: Vec<Layer>,
    /// How many of them make up the symbol and its logo. The others lie around.
    pub of_symbol: usize,
    pub effects: Effects,
}

impl Scene {
    pub(crate) fn symbol_layers(&self) -> &[Layer] {
        &self.layers[..self.of_symbol.min(self.layers.len())]
    }

    /// A ground and nothing on it.
    #[must_use]
    pub fn empty(modules: usize, quiet_zone: u8, ground: Ink) -> Self {
        let offset = i32::from(quiet_zone) * MODULE;
        let across = modules as i32 * MODULE + 2 * offset;
        Self {
            width: across,
            height: across,
            origin: Point::new(offset, offset),
            modules,
            quiet_zone,
            ground,
            eyes: Grade::A,
            layers: Vec::new(),
            of_symbol: 0,
            effects: Effects::default(),
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Layer {
    pub shape: Shape,
    pub paint: Paint,
    /// What it lies on. `None`: the ground.
    pub on: Option<Ink>,
    pub role: Role,
}

/// What a layer is in the picture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Role {
    /// Something around the symbol.
    #[default]
    Frame,
    /// Lines around data modules, beneath them.
    Stroke,
    Data,
    /// Of a finder pattern: upper left, upper right, lower left. Of several that share a layer, the first.
    Border(usize),
    Centre(usize),
    /// Beneath a logo.
    Plate,
    Logo,
}

impl Layer {
    /// On the ground.
    #[must_use]
    pub const fn new(shape: Shape, paint: Paint) -> Self {
        Self {
            shape,
            paint,
            on: None,
            role: Role::Frame,
        }
    }

    #[must_use]
    pub fn with_role(self, role: Role) -> Self {
        Self { role, ..self }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    /// In the symbol's grid.
    Modules(Modules),
    /// In the coordinates of the scene.
    Outline(Outline),
    /// A line along an outline, its middle on it, with round joins. `width`: in units.
    Stroke { outline: Outline, width: i32 },
    /// Pixels in the coordinates of the scene; the layer's paint is not used.
    Picture(Arc<Picture>, Place),
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

    /// All of them, in the symbol's coordinates.
    #[must_use]
    pub fn outline(&self) -> Outline {
        let tiles = self.places().map(|(x, y)| {
            let at = Point::new(x as i32 * MODULE, y as i32 * MODULE);
            self.tile(x, y).outline().moved(at)
        });
        let all = |outlines: &mut dyn Iterator<Item = Outline>| {
            outlines.fold(Outline::default(), Outline::and)
        };
        match self.pattern.drawn(0) {
            Drawn::Contours => trace(&self.dark, self.pattern == Pattern::Rounded),
            Drawn::Lines {
                width,
                along: Some(axis),
            } => all(&mut bars(&self.dark, axis, width).into_iter()),
            Drawn::Lines { along: None, .. } | Drawn::Tiles => all(&mut { tiles }),
        }
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

/// A bar with round ends for each run of dark modules, `width` modules wide.
fn bars(dark: &Matrix, axis: Axis, width: f64) -> Vec<Outline> {
    let size = dark.modules();
    let turned = Matrix::from_fn(size, |x, y| dark.is_dark(y, x));
    let rows = match axis {
        Axis::Rows => dark,
        Axis::Columns => &turned,
    };
    let gap = (1.0 - width) / 2.0;
    let runs = (0..size).flat_map(|y| rows.runs(y).map(move |run| (y, run)));
    runs.map(|(y, run)| {
        let at = (f64::from(run.start) + gap, y as f64 + gap);
        let length = (run.len() - 1) as f64 + width;
        let radii = [width / 2.0; 4];
        match axis {
            Axis::Rows => Outline::rectangle(at, (length, width), radii),
            Axis::Columns => Outline::rectangle((at.1, at.0), (width, length), radii),
        }
    })
    .collect()
}
