//! Paint in the coordinates of the scene.

use symbol::file::Ink;

use crate::{
    geometry::MODULE,
    style::{Gradient, Kind, Stop},
};

/// Colours of a paint that is sampled per module, at most.
const CLASSES: usize = 64;

/// What a layer is filled with.
#[derive(Clone, Debug, PartialEq)]
pub enum Paint {
    Ink(Ink),
    /// From a point to another one, in units; beyond them the outermost colours.
    Linear {
        from: (f64, f64),
        to: (f64, f64),
        ramp: Ramp,
    },
    /// From a centre to a circle around it.
    Radial {
        centre: (f64, f64),
        radius: f64,
        ramp: Ramp,
    },
    /// One colour per module of the layer's matrix.
    Sampled(Sampled),
}

impl Paint {
    /// The share of the way at a point, 0.0..=1.0. 0 for a paint that is no smooth gradient.
    #[must_use]
    pub fn share(&self, (x, y): (f64, f64)) -> f32 {
        let share = match self {
            Self::Ink(_) | Self::Sampled(_) => 0.0,
            Self::Linear { from, to, .. } => {
                let (dx, dy) = (to.0 - from.0, to.1 - from.1);
                ((x - from.0) * dx + (y - from.1) * dy) / (dx * dx + dy * dy).max(1.0)
            }
            Self::Radial { centre, radius, .. } => {
                (x - centre.0).hypot(y - centre.1) / radius.max(1.0)
            }
        };
        share.clamp(0.0, 1.0) as f32
    }
}

/// The colours of a gradient by the share of the way. At least one stop.
#[derive(Clone, Debug, PartialEq)]
pub struct Ramp(pub Vec<Stop>);

/// The class of each module, row by row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sampled {
    pub colors: Vec<[u8; 3]>,
    pub class_of: Vec<u8>,
    pub modules: usize,
}

impl Sampled {
    #[must_use]
    pub fn class(&self, x: usize, y: usize) -> u8 {
        self.class_of
            .get(y * self.modules + x)
            .copied()
            .unwrap_or(0)
    }
}

impl Ramp {
    /// The colour at a share of the way, 0.0..=1.0.
    #[must_use]
    pub fn color(&self, at: f32) -> [u8; 3] {
        let Some(first) = self.0.first() else {
            return [0; 3];
        };
        let mut before = *first;
        for &stop in &self.0 {
            if at < stop.at {
                let width = stop.at - before.at;
                let share = if width > 0.0 {
                    (at - before.at) / width
                } else {
                    0.0
                };
                let share = share.clamp(0.0, 1.0);
                return std::array::from_fn(|c| {
                    let (from, to) = (f32::from(before.rgb[c]), f32::from(stop.rgb[c]));
                    (from + (to - from) * share + 0.5) as u8
                });
            }
            before = stop;
        }
        before.rgb
    }
}

/// A square of the scene: upper left corner and width, in units.
#[derive(Clone, Copy, Debug)]
pub struct Square {
    pub x: f64,
    pub y: f64,
    pub width: f64,
}

/// A gradient laid across the symbol.
pub struct Across<'a> {
    gradient: &'a Gradient,
    square: Square,
    ends: [(f64, f64); 2],
    ramp: Ramp,
}

impl<'a> Across<'a> {
    pub fn new(gradient: &'a Gradient, square: Square) -> Self {
        Self {
            ends: gradient.ends(square),
            ramp: Ramp(gradient.stops.clone()),
            gradient,
            square,
        }
    }

    fn color(&self, at: (f64, f64)) -> [u8; 3] {
        self.ramp.color(self.gradient.at(at, self.ends))
    }

    /// `None` for the kinds that are not drawn smoothly.
    pub fn smooth(&self) -> Option<Paint> {
        let ([from, to], ramp) = (self.ends, self.ramp.clone());
        match self.gradient.kind {
            Kind::Linear | Kind::Diagonal => Some(Paint::Linear { from, to, ramp }),
            Kind::Radial => Some(Paint::Radial {
                centre: from,
                radius: to.0 - from.0,
                ramp,
            }),
            Kind::Conic | Kind::Diamond | Kind::Spiral => None,
        }
    }

    /// The colour in the middle of each module.
    pub fn sampled(&self, modules: usize) -> Sampled {
        let last = (CLASSES - 1) as f32;
        let width = f64::from(MODULE);
        let class = |n: usize| {
            let [x, y] = [n % modules, n / modules].map(|v| (v as f64 + 0.5) * width);
            let at = self
                .gradient
                .at((self.square.x + x, self.square.y + y), self.ends);
            (at * last + 0.5) as u8
        };
        Sampled {
            colors: (0..CLASSES)
                .map(|n| self.ramp.color(n as f32 / last))
                .collect(),
            class_of: (0..modules * modules).map(class).collect(),
            modules,
        }
    }

    /// The line of colours that fits best within an eye: along the side or diagonal whose ends differ most.
    pub fn fitted(&self, eye: Square) -> Paint {
        let Square { x, y, width } = eye;
        let (right, bottom) = (x + width, y + width);
        let lines = [
            [(x, y + width / 2.0), (right, y + width / 2.0)],
            [(x + width / 2.0, y), (x + width / 2.0, bottom)],
            [(x, y), (right, bottom)],
            [(right, y), (x, bottom)],
        ];
        let differ = |line: &[(f64, f64); 2]| {
            let [from, to] = line.map(|at| self.color(at));
            (0..3)
                .map(|c| u32::from(from[c].abs_diff(to[c])))
                .sum::<u32>()
        };
        // Of equal ones the first.
        let [from, to] = lines
            .iter()
            .rev()
            .copied()
            .max_by_key(differ)
            .unwrap_or(lines[0]);
        let stops = [0.0, 0.5, 1.0].map(|at: f32| {
            let share = f64::from(at);
            let place = (
                from.0 + (to.0 - from.0) * share,
                from.1 + (to.1 - from.1) * share,
            );
            Stop {
                at,
                rgb: self.color(place),
            }
        });
        Paint::Linear {
            from,
            to,
            ramp: Ramp(stops.into()),
        }
    }
}
