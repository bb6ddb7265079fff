//! How large the image shall be: in pixels, or on paper.
//!
//! Invariant: a valid size of a raster image is between 1 and `limits::IMAGE_PX` pixels.

pub use symbol::file::Unit;

use super::{Fault, Field, Problem};
use crate::kernel::limits::{DPI, IMAGE_PX, PHYSICAL_SIZE, STEP_PX};

/// Width and height, which are equal, quiet zone included.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Size {
    /// 1..=`limits::IMAGE_PX`.
    Pixels(u32),
    Physical(Physical),
}

/// A size on paper.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Physical {
    /// In `unit`, within [`PHYSICAL_SIZE`].
    pub width: f64,
    pub unit: Unit,
    /// Pixels per inch, within [`DPI`]. Does not matter for SVG.
    pub dpi: u16,
}

/// Not by way of millimetres: that would round once more, and could make an image a pixel wider.
const fn per_inch(unit: Unit) -> f64 {
    match unit {
        Unit::In => 1.0,
        Unit::Cm => 2.54,
        Unit::Mm => 25.4,
    }
}

impl Physical {
    #[must_use]
    pub fn inches(&self) -> f64 {
        self.width / per_inch(self.unit)
    }

    /// Pixels at a density, to the nearest, at least 1.
    #[must_use]
    pub fn pixels(&self, dpi: u16) -> u32 {
        // At most 100 in × 65 535 dpi: fits. A float cast saturates, and NaN becomes 0.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let px = (self.inches() * f64::from(dpi)).round() as u32;
        px.max(1)
    }

    /// Pixels per inch of a file this wide. More than was asked for when it had to grow: it keeps its size on paper.
    pub(super) fn density(&self, width_px: u32) -> f64 {
        if width_px > self.pixels(self.dpi) {
            f64::from(width_px) / self.inches()
        } else {
            f64::from(self.dpi)
        }
    }
}

impl Size {
    /// Of a raster image, at its own density.
    pub(super) fn pixels(&self) -> u32 {
        match self {
            Self::Pixels(px) => *px,
            Self::Physical(physical) => physical.pixels(physical.dpi),
        }
    }

    /// Multiples of [`STEP_PX`].
    #[must_use]
    pub fn of_steps(steps: u8) -> Self {
        Self::Pixels(u32::from(steps) * STEP_PX)
    }

    /// Everything that is wrong. `most_px`: along one side, if the pixels will really be made.
    pub(super) fn faults(&self, most_px: Option<u32>) -> Vec<Fault> {
        let mut faults = Vec::new();
        let mut fault = |field, problem| faults.push(Fault { field, problem });
        let outside = |least, most, unit| Problem::Outside { least, most, unit };
        match self {
            Self::Pixels(px) => {
                if !(1..=IMAGE_PX).contains(px) {
                    fault(Field::Size, outside(1.0, f64::from(IMAGE_PX), " pixels"));
                }
            }
            Self::Physical(physical) => {
                // `contains` is false for NaN, too.
                let width_ok = PHYSICAL_SIZE.contains(&physical.width);
                let dpi_ok = DPI.contains(&physical.dpi);
                if !width_ok {
                    let (least, most) = (*PHYSICAL_SIZE.start(), *PHYSICAL_SIZE.end());
                    fault(Field::PhysicalSize, outside(least, most, ""));
                }
                if !dpi_ok {
                    let (least, most) = (*DPI.start(), *DPI.end());
                    fault(Field::Dpi, outside(least.into(), most.into(), ""));
                }
                let px = physical.pixels(physical.dpi);
                if let Some(most) = most_px.filter(|most| width_ok && dpi_ok && px > *most) {
                    fault(Field::PhysicalSize, Problem::Pixels { px, most });
                }
            }
        }
        faults
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn physical(width: f64, unit: Unit, dpi: u16) -> Size {
        Size::Physical(Physical { width, unit, dpi })
    }

    #[test]
    fn units_become_pixels() {
        for (width, unit, dpi, px) in [
            (2.0, Unit::In, 300, 600),
            (2.54, Unit::Cm, 300, 300),
            (25.4, Unit::Mm, 72, 72),
            (0.1, Unit::Mm, 72, 1),
        ] {
            assert_eq!(Physical { width, unit, dpi }.pixels(dpi), px);
        }
    }

    #[test]
    fn limits_hold_at_their_edges() {
        assert_eq!(Size::of_steps(50), Size::Pixels(1250));
        assert!(Size::Pixels(IMAGE_PX).faults(Some(IMAGE_PX)).is_empty());
        assert_eq!(
            Size::Pixels(IMAGE_PX + 1).faults(Some(IMAGE_PX))[0].field,
            Field::Size
        );
        assert_eq!(Size::Pixels(0).faults(Some(IMAGE_PX))[0].field, Field::Size);
        assert!(
            physical(0.1, Unit::Mm, 72)
                .faults(Some(IMAGE_PX))
                .is_empty()
        );
        for width in [0.09, 100.1, f64::NAN, f64::INFINITY, -1.0] {
            let faults = physical(width, Unit::In, 72).faults(Some(IMAGE_PX));
            assert_eq!(faults[0].field, Field::PhysicalSize, "{width}");
        }
        assert_eq!(
            physical(1.0, Unit::In, 71).faults(Some(IMAGE_PX))[0].field,
            Field::Dpi
        );
        assert_eq!(
            physical(1.0, Unit::In, 1201).faults(Some(IMAGE_PX))[0].field,
            Field::Dpi
        );
    }

    #[test]
    fn only_a_raster_has_too_many_pixels() {
        let poster = physical(100.0, Unit::In, 1200);
        assert_eq!(poster.faults(Some(IMAGE_PX))[0].field, Field::PhysicalSize);
        assert!(poster.faults(None).is_empty());
    }
}
