//! Paint by the pixel: each paint is a list of inks, its steps, and says which of them a pixel has.

use symbol::file::Ink;

use crate::{
    geometry::MODULE,
    scene::{Paint, Ramp, Sampled, Scene},
};

/// A paint on a canvas.
pub struct Steps {
    pub inks: Vec<Ink>,
    place: Place,
}

enum Place {
    One,
    /// Step = `start` + x · `across` + y · `down`, of pixels, in 65 536ths.
    Line {
        start: f64,
        across: f64,
        down: f64,
    },
    /// Distance from a pixel in steps.
    Circles {
        x: f32,
        y: f32,
        per_px: f32,
    },
    Modules(Sampled),
}

/// Where pixels lie in a scene.
#[derive(Clone, Copy)]
pub struct Grid {
    pub module_px: u32,
    pub offset_px: u32,
    /// Units from the scene's corner to its first module.
    pub origin: i32,
}

impl Grid {
    /// From the scene's corner, in pixels of the canvas.
    fn px(&self, unit: f64) -> f64 {
        (unit - f64::from(self.origin)) * f64::from(self.module_px) / f64::from(MODULE)
            + f64::from(self.offset_px)
    }

    pub fn new(scene: &Scene, module_px: u32, offset_px: u32) -> Self {
        Self {
            module_px,
            offset_px,
            origin: scene.origin().x,
        }
    }
}

impl Steps {
    /// `most`: steps of a gradient.
    pub fn of(paint: &Paint, grid: Grid, most: usize) -> Self {
        let last = match paint {
            Paint::Sampled(sampled) => most.clamp(2, sampled.colors.len().max(2)) - 1,
            _ => most.max(2) - 1,
        };
        let inks = |ramp: &Ramp| -> Vec<Ink> {
            (0..=last)
                .map(|n| Ink::opaque(ramp.color(n as f32 / last as f32)))
                .collect()
        };
        match paint {
            Paint::Ink(ink) => Self {
                inks: vec![*ink],
                place: Place::One,
            },
            Paint::Linear { from, to, ramp } => {
                let (x, y) = (grid.px(from.0), grid.px(from.1));
                let (dx, dy) = (grid.px(to.0) - x, grid.px(to.1) - y);
                let per_px = last as f64 / (dx * dx + dy * dy).max(1.0);
                let (across, down) = (dx * per_px, dy * per_px);
                // Of the middle of a pixel, rounded.
                let start = (0.5 - x) * across + (0.5 - y) * down + 0.5;
                Self {
                    inks: inks(ramp),
                    place: Place::Line {
                        start,
                        across,
                        down,
                    },
                }
            }
            Paint::Radial {
                centre,
                radius,
                ramp,
            } => {
                let radius_px = radius * f64::from(grid.module_px) / f64::from(MODULE);
                Self {
                    inks: inks(ramp),
                    place: Place::Circles {
                        x: (grid.px(centre.0) - 0.5) as f32,
                        y: (grid.px(centre.1) - 0.5) as f32,
                        per_px: (last as f64 / radius_px.max(1.0)) as f32,
                    },
                }
            }
            Paint::Sampled(sampled) => {
                let of = |class: usize| class * last / (sampled.colors.len().max(2) - 1);
                let mut inks = vec![Ink::BLACK; last + 1];
                // Of classes that share a step the last one.
                for (class, &rgb) in sampled.colors.iter().enumerate() {
                    inks[of(class)] = Ink::opaque(rgb);
                }
                let mut sampled = sampled.clone();
                for class in &mut sampled.class_of {
                    *class = of(usize::from(*class)) as u8;
                }
                Self {
                    inks,
                    place: Place::Modules(sampled),
                }
            }
        }
    }

    /// The steps of a row of pixels from its first one on.
    pub fn row(&self, y: u32, grid: Grid, row: &mut [u8]) {
        let last = (self.inks.len().max(1) - 1) as u8;
        match &self.place {
            Place::One => row.fill(0),
            Place::Line {
                start,
                across,
                down,
            } => {
                // Whole numbers of 32 bits: a picture is at most some thirty times as wide as the shortest line, an eye's.
                let scaled = |steps: f64| (steps * 65_536.0) as i32;
                let first = scaled(start + down * f64::from(y));
                let across = scaled(*across);
                for (x, step) in (0_i32..).zip(row) {
                    let at = first.wrapping_add(across.wrapping_mul(x)) >> 16;
                    *step = at.clamp(0, i32::from(last)) as u8;
                }
            }
            Place::Circles {
                x,
                y: middle,
                per_px,
            } => {
                let dy = y as f32 - middle;
                for (column, step) in (0_i32..).zip(row) {
                    let dx = column as f32 - x;
                    let at = (dx * dx + dy * dy).sqrt() * per_px + 0.5;
                    *step = at.min(f32::from(last)) as i32 as u8;
                }
            }
            Place::Modules(sampled) => {
                let Some(y) = y.checked_sub(grid.offset_px) else {
                    return row.fill(0);
                };
                let line = (y / grid.module_px) as usize;
                let (before, row) = row.split_at_mut((grid.offset_px as usize).min(row.len()));
                before.fill(0);
                for (x, module) in row.chunks_mut(grid.module_px as usize).enumerate() {
                    module.fill(sampled.class(x, line));
                }
            }
        }
    }
}
