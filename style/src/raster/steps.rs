//! Paint by the pixel: each paint is a list of inks, its steps, and says which of them a pixel has.

use symbol::file::Ink;

use super::{Canvas, planes::whole};
use crate::scene::{Paint, Ramp, Sampled};

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

impl Steps {
    /// `most`: steps of a gradient.
    pub fn of(paint: &Paint, canvas: Canvas, most: usize) -> Self {
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
                let (x, y) = canvas.px(*from);
                let (right, bottom) = canvas.px(*to);
                let (dx, dy) = (right - x, bottom - y);
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
                let (x, y) = canvas.px(*centre);
                let radius_px = canvas.px((centre.0 + radius, centre.1)).0 - x;
                Self {
                    inks: inks(ramp),
                    place: Place::Circles {
                        x: (x - 0.5) as f32,
                        y: (y - 0.5) as f32,
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

    /// The steps of pixels beside each other, from this one on.
    pub fn row(&self, (x, y): (usize, usize), canvas: Canvas, row: &mut [u8]) {
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
                let across = scaled(*across);
                let mut at =
                    scaled(start + down * y as f64).wrapping_add(across.wrapping_mul(x as i32));
                for step in row {
                    *step = ((at >> 16) as i16).clamp(0, last.into()) as u8;
                    at = at.wrapping_add(across);
                }
            }
            Place::Circles {
                x: middle,
                y: middle_y,
                per_px,
            } => {
                let dy = y as f32 - middle_y;
                let most = f32::from(last);
                for (column, step) in (x as i32..).zip(row) {
                    let dx = column as f32 - middle;
                    let at = (dx * dx + dy * dy).sqrt() * per_px + 0.5;
                    *step = whole(if at < most { at } else { most });
                }
            }
            Place::Modules(sampled) => {
                let px = canvas.module_px as usize;
                let Some(line) = y.checked_sub(canvas.y_px as usize) else {
                    return row.fill(0);
                };
                let left = canvas.x_px as usize;
                let (before, row) = row.split_at_mut(left.saturating_sub(x).min(row.len()));
                before.fill(0);
                let first = x.saturating_sub(left);
                let (begun, row) = row.split_at_mut((px - first % px).min(row.len()));
                begun.fill(sampled.class(first / px, line / px));
                for (x, module) in (first / px + 1..).zip(row.chunks_mut(px)) {
                    module.fill(sampled.class(x, line / px));
                }
            }
        }
    }
}
