//! Where a scene comes to lie on pixels.

use symbol::file::Pixels;

use crate::{
    geometry::{MODULE, Point},
    scene::Scene,
};

/// A rectangle of pixels and the scene on it. A module is a whole number of pixels wide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Canvas {
    pub width_px: u32,
    pub height_px: u32,
    /// 1 or more.
    pub module_px: u32,
    /// The upper left corner of the symbol.
    pub x_px: u32,
    pub y_px: u32,
    /// The same in the scene, in units.
    origin: Point,
}

impl Canvas {
    /// The longer side is `side_px` long, or as long as one pixel for a module needs, at most [`Pixels::MAX_WIDTH_PX`]. Pixels that do
    /// not make up a whole module more go to the edges of the longer side.
    #[must_use]
    pub fn fit(scene: &Scene, side_px: u32) -> Self {
        let longer = i64::from(scene.width.max(scene.height).max(1));
        let side = i64::from(side_px.min(Pixels::MAX_WIDTH_PX));
        let module_px = (side * i64::from(MODULE) / longer).max(1) as u32;
        let mut canvas = Self::tight(scene, module_px);
        let side = side as u32;
        let is_longer = |units: i32| units >= scene.width.max(scene.height);
        canvas.grow(
            if is_longer(scene.width) { side } else { 0 },
            if is_longer(scene.height) { side } else { 0 },
        );
        canvas
    }

    /// Nothing but the scene, with modules of so many pixels.
    #[must_use]
    pub fn tight(scene: &Scene, module_px: u32) -> Self {
        let module_px = module_px.max(1);
        let px = |units: i32| i64::from(units) * i64::from(module_px);
        let ceil = |units: i32| (px(units) + i64::from(MODULE - 1)) / i64::from(MODULE);
        let round = |units: i32| (px(units) + i64::from(MODULE / 2)) / i64::from(MODULE);
        Self {
            width_px: ceil(scene.width.max(1)) as u32,
            height_px: ceil(scene.height.max(1)) as u32,
            module_px,
            x_px: round(scene.origin.x) as u32,
            y_px: round(scene.origin.y) as u32,
            origin: scene.origin,
        }
    }

    /// To these sides, if they are larger; the scene stays in the middle.
    fn grow(&mut self, width_px: u32, height_px: u32) {
        let (across, down) = (
            width_px.saturating_sub(self.width_px),
            height_px.saturating_sub(self.height_px),
        );
        self.width_px += across;
        self.height_px += down;
        self.x_px += across / 2;
        self.y_px += down / 2;
    }

    /// Pixels in a unit.
    pub(super) fn scale(&self) -> f32 {
        self.module_px as f32 / MODULE as f32
    }

    /// Pixels from the corner of the canvas to that of the scene.
    pub(super) fn offset(&self) -> (f32, f32) {
        let offset = |px: u32, origin: i32| px as f32 - origin as f32 * self.scale();
        (
            offset(self.x_px, self.origin.x),
            offset(self.y_px, self.origin.y),
        )
    }

    /// Of a place in the scene, in pixels.
    pub(super) fn px(&self, (x, y): (f64, f64)) -> (f64, f64) {
        let px = |unit: f64, origin: i32, first: u32| {
            (unit - f64::from(origin)) * f64::from(self.module_px) / f64::from(MODULE)
                + f64::from(first)
        };
        (
            px(x, self.origin.x, self.x_px),
            px(y, self.origin.y, self.y_px),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use symbol::file::{Canvas as Plain, Ink};

    proptest! {
        #[test]
        fn a_picture_without_a_frame_lies_as_a_plain_one(
            version in 1_usize..=40, quiet_zone in 0_u8..=10, side in 1_u32..3000,
        ) {
            let modules = 17 + 4 * version;
            let scene = Scene::empty(modules, quiet_zone, Ink::WHITE);
            let canvas = Canvas::fit(&scene, side);
            if let Some(plain) = Plain::fit(modules, quiet_zone, side) {
                prop_assert_eq!(canvas.width_px, plain.width_px());
                prop_assert_eq!(canvas.height_px, plain.width_px());
                prop_assert_eq!(canvas.module_px, plain.module_px());
                prop_assert_eq!(canvas.x_px, plain.offset_px());
                prop_assert_eq!(canvas.y_px, plain.offset_px());
            } else {
                prop_assert_eq!(canvas.module_px, 1);
            }
        }

        #[test]
        fn the_longer_side_is_as_long_as_asked(
            width in 30_i32..400, height in 30_i32..400, side in 400_u32..3000,
        ) {
            let scene = Scene {
                width: width * 4099,
                height: height * 4099,
                ..Scene::empty(21, 4, Ink::WHITE)
            };
            let canvas = Canvas::fit(&scene, side);
            prop_assert_eq!(canvas.width_px.max(canvas.height_px), side.max(401.min(side)));
        }
    }
}
