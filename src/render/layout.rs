//! Where the modules come to lie on the canvas.
//!
//! Invariant: a module is a whole number of pixels wide, at least one, and the symbol is centred.

use crate::render::{Size, Spec};

/// All in pixels (of an SVG with a physical size: in modules).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CanvasLayout {
    /// Width and height of the canvas.
    pub width: u32,
    /// Width of a module.
    pub scale: u32,
    /// From the edge of the canvas to the first module.
    pub offset: u32,
    /// Modules along one side of the symbol.
    pub modules: u32,
}

impl CanvasLayout {
    /// Exactly as wide as asked; pixels that do not make up a whole module more go to the quiet zone. If that left
    /// less than a pixel for a module, the canvas is as wide as one pixel per module needs: never smaller than
    /// what can be read.
    #[must_use]
    pub fn new(width: u32, modules: u32, border: u8) -> Self {
        let across = modules + 2 * u32::from(border);
        let width = width.max(across);
        let scale = width / across;
        Self {
            width,
            scale,
            offset: (width - scale * modules) / 2,
            modules,
        }
    }

    #[must_use]
    pub fn raster(spec: &Spec, modules: u32) -> Self {
        Self::new(spec.size.pixels(), modules, spec.border).padded(spec)
    }

    fn padded(self, spec: &Spec) -> Self {
        let padding_px = spec.padding.everywhere_px();
        Self {
            width: self.width + padding_px,
            offset: self.offset + padding_px / 2,
            ..self
        }
    }

    /// On paper a module may have any width, so the canvas is in modules.
    #[must_use]
    pub fn vector(spec: &Spec, modules: u32) -> Self {
        match spec.size {
            Size::Pixels(px) => Self::new(px, modules, spec.border).padded(spec),
            Size::Physical(_) => Self::new(0, modules, spec.border),
        }
    }

    /// Modules along one side of the plate that carries a logo: the largest odd number (so that it is centred) of at
    /// most a fifth of the symbol, but at least 3. It hides at most 4 % of the area, and level h restores up to 30 % of
    /// the codewords. Versions 7 to 13 have one alignment pattern in the very middle; when more than 11 modules around
    /// it are hidden, zbar does not find its way any more.
    #[must_use]
    pub const fn plate_modules(&self) -> u32 {
        let most = if self.modules < 73 { 11 } else { 35 };
        let fifth = self.modules / 5;
        let fifth = if fifth < most { fifth } else { most };
        if fifth < 3 {
            3
        } else {
            fifth - (1 - fifth % 2)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::{Physical, Unit};
    use proptest::prelude::*;

    #[test]
    fn the_plate_is_odd_and_at_most_a_fifth() {
        for version in 1..=40 {
            let layout = CanvasLayout::new(1000, 17 + 4 * version, 4);
            let plate = layout.plate_modules();
            assert!(plate % 2 == 1 && plate * 5 <= layout.modules, "{version}");
        }
    }

    #[test]
    fn a_canvas_that_had_to_grow_keeps_its_size_on_paper() {
        let physical = Physical {
            width: 0.25,
            unit: Unit::In,
            dpi: 72,
        };
        let layout = CanvasLayout::new(physical.pixels(72), 37, 4);
        assert_eq!(layout.width, 45);
        assert!((physical.density(layout.width) - 180.0).abs() < 1e-9);
        let roomy = CanvasLayout::new(100, 37, 4);
        assert!(
            (Physical {
                width: 1.0,
                dpi: 100,
                ..physical
            }
            .density(roomy.width)
                - 100.0)
                .abs()
                < 1e-9
        );
    }

    proptest! {
        #[test]
        fn modules_are_whole_and_the_border_is_at_least_what_was_asked(
            width in 0_u32..10_001, version in 1_u32..=40, border in 0_u8..=20,
        ) {
            let modules = 17 + 4 * version;
            let layout = CanvasLayout::new(width, modules, border);
            prop_assert!(layout.scale >= 1);
            prop_assert!(layout.width == width || layout.scale == 1 && layout.width > width);
            prop_assert!(layout.offset >= u32::from(border) * layout.scale);
            let right = layout.width - layout.offset - layout.scale * modules;
            prop_assert!(right == layout.offset || right == layout.offset + 1);
        }
    }
}
