//! Where a logo lies, and what it hides.

use symbol::Matrix;

use crate::{
    geometry::{MODULE, Outline, units},
    scene::{Layer, Paint, Place, Role, Scene, Shape},
    style::Logo,
};

/// In modules: beyond it coordinates need not be exact.
const MOST_PADDING: f64 = 16.0;

/// The plate in the middle of a symbol: its half sides and the radius of its corners, in modules.
struct Plate {
    middle: f64,
    half: (f64, f64),
    radius: f64,
}

impl Plate {
    fn of(logo: &Logo, modules: usize) -> Self {
        let (half_width, half_height) = half_sides(logo, modules);
        let padding = f64::from(logo.padding).clamp(0.0, MOST_PADDING);
        let half = (half_width + padding, half_height + padding);
        Self {
            middle: modules as f64 / 2.0,
            half,
            radius: logo.shape().radius() * 2.0 * half.0.min(half.1),
        }
    }

    /// Any part of the module lies on it.
    fn touches(&self, x: usize, y: usize) -> bool {
        // From the middle to the nearest point of the module, along one axis.
        let near = |at: usize| ((at as f64 + 0.5 - self.middle).abs() - 0.5).max(0.0);
        let (dx, dy) = (near(x), near(y));
        let beyond = |d: f64, half: f64| (d - (half - self.radius)).max(0.0);
        let (cx, cy) = (beyond(dx, self.half.0), beyond(dy, self.half.1));
        // What only meets the edge is not hidden.
        let slack = 1e-6;
        dx + slack < self.half.0
            && dy + slack < self.half.1
            && cx * cx + cy * cy + slack < (self.radius * self.radius).max(2.0 * slack)
    }
}

/// Of the picture, in modules.
fn half_sides(logo: &Logo, modules: usize) -> (f64, f64) {
    let picture = logo.picture();
    let (w, h) = (
        f64::from(picture.width_px()),
        f64::from(picture.height_px()),
    );
    let share = f64::from(logo.share).clamp(0.0, 1.0);
    let scale = share * modules as f64 / w.max(h) / 2.0;
    (w * scale, h * scale)
}

/// The modules that a logo hides.
pub fn hidden(logo: &Logo, modules: usize) -> Matrix {
    let plate = Plate::of(logo, modules);
    Matrix::from_fn(modules, |x, y| plate.touches(x, y))
}

/// Its plate, if that is no ground, and its picture.
pub fn add(logo: &Logo, scene: &mut Scene) {
    let plate = Plate::of(logo, scene.modules);
    if let Some(ink) = logo.background {
        let (x, y) = (plate.middle - plate.half.0, plate.middle - plate.half.1);
        let size = (2.0 * plate.half.0, 2.0 * plate.half.1);
        let outline = Outline::rectangle((x, y), size, [plate.radius; 4]).moved(scene.origin);
        scene
            .layers
            .push(Layer::new(Shape::Outline(outline), Paint::Ink(ink)).with_role(Role::Plate));
    }
    let half = half_sides(logo, scene.modules);
    let middle = scene.modules as i32 * MODULE / 2;
    let at = Place {
        x: scene.origin.x + middle - units(half.0),
        y: scene.origin.y + middle - units(half.1),
        width: units(2.0 * half.0),
        height: units(2.0 * half.1),
    };
    scene.layers.push(Layer {
        on: logo.background,
        ..Layer::new(
            Shape::Picture(logo.picture().clone(), at),
            Paint::Ink(scene.ground),
        )
        .with_role(Role::Logo)
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{scene::Picture, style::LogoShape};

    #[test]
    fn a_circle_hides_less_than_a_square() {
        let count = |shape, share, padding| {
            let picture = Picture::new(8, 8, vec![255; 256]).unwrap();
            let mut logo = Logo::new(picture, [0; 32], shape);
            (logo.share, logo.padding) = (share, padding);
            let matrix = hidden(&logo, 25);
            let rows = (0..25).map(|y| matrix.runs(y).map(|run| run.len()).sum::<usize>());
            rows.sum::<usize>()
        };
        // A fifth of 25 modules: the five in the middle, and a ring of half a module around.
        assert_eq!(count(LogoShape::Square, 0.2, 0.0), 25);
        assert_eq!(count(LogoShape::Square, 0.2, 0.5), 49);
        // The corners of seven modules lie outside of a circle, but not of a rounded square.
        assert_eq!(count(LogoShape::Circle, 0.28, 0.0), 45);
        assert_eq!(count(LogoShape::RoundedSquare, 0.28, 0.0), 49);
    }
}
