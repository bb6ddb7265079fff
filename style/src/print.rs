//! A scene for print: PDF and EPS.
//!
//! Both are one stream of operators in the same spelling ([`content`]): PDF reads it as it is, and EPS begins with what each
//! operator means in PostScript. So the two agree by construction.
//!
//! Invariant: the same scene and sheet give the same bytes; one path per colour, nothing clipped, no fonts, no dates.

mod content;
pub mod eps;
mod figure;
mod image;
pub mod pdf;
mod shading;

use crate::{geometry::MODULE, scene::Scene};

/// A scene on a sheet that is exactly as wide as asked for.
struct Size {
    /// Width and height of the sheet in points.
    points: [f64; 2],
    /// Width of a module in points.
    module: f64,
}

impl Size {
    fn of(scene: &Scene, width: symbol::file::Length) -> Self {
        let width = width.points();
        let unit = width / f64::from(scene.width.max(1));
        Self {
            points: [width, unit * f64::from(scene.height)],
            module: unit * f64::from(MODULE),
        }
    }

    /// From modules, y downwards, to points, y upwards (ISO 32000-1 §8.3.4).
    const fn matrix(&self) -> [f64; 6] {
        [self.module, 0.0, 0.0, -self.module, 0.0, self.points[1]]
    }
}

/// Units in modules.
fn modules(units: impl Into<f64>) -> f64 {
    units.into() / f64::from(MODULE)
}
