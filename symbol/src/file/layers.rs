//! A picture as areas of one ink each, for formats that paint one thing over another.
//!
//! Invariant: where an ink is translucent nothing is painted under it, so that a module has the same colour and opacity
//! as in a raster of the same picture.

use std::borrow::Cow;

use super::{Ink, Picture};
use crate::Matrix;

/// The light ink: the whole canvas but for the `holes`. Painted first.
pub struct Ground {
    pub ink: Ink,
    /// Modules whose own ink is not opaque. `None`: the whole canvas.
    pub holes: Option<Matrix>,
}

/// Modules of one ink.
pub type Layer<'a> = (Ink, Cow<'a, Matrix>);

/// What is painted, from bottom to top. Clear inks are not.
pub fn of<'a>(picture: &Picture<'a>) -> (Option<Ground>, impl Iterator<Item = Layer<'a>>) {
    let layers = modules(picture);
    let ink = picture.inks.light;
    let ground = (ink.alpha > 0).then(|| Ground {
        ink,
        holes: holes(picture.dark.modules(), &layers),
    });
    let painted = |(ink, _): &Layer<'a>| ink.alpha > 0;
    (ground, layers.into_iter().flatten().filter(painted))
}

/// The modules that do not look like the ground.
fn modules<'a>(picture: &Picture<'a>) -> [Option<Layer<'a>>; 3] {
    let (dark, inks) = (picture.dark, picture.inks);
    if inks.are_two() {
        return [Some((inks.dark, Cow::Borrowed(dark))), None, None];
    }
    let rows = picture.data.rows().iter().take(dark.modules());
    let data = Matrix::from_rows(rows.copied().collect());
    let light =
        (inks.data_light != inks.light).then(|| (inks.data_light, Cow::Owned(data.without(dark))));
    if inks.data_dark == inks.dark {
        return [light, Some((inks.dark, Cow::Borrowed(dark))), None];
    }
    [
        light,
        Some((inks.dark, Cow::Owned(dark.without(&data)))),
        Some((inks.data_dark, Cow::Owned(dark.and(&data)))),
    ]
}

fn holes(modules: usize, layers: &[Option<Layer>; 3]) -> Option<Matrix> {
    let clear = || layers.iter().flatten().filter(|(ink, _)| ink.alpha < 255);
    clear().next()?;
    let is_hole = |x, y| clear().any(|(_, matrix)| matrix.is_dark(x, y));
    Some(Matrix::from_fn(modules, is_hole))
}
