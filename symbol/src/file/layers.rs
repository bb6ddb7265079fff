//! A picture as areas of one ink each, for formats that paint one thing over another.
//!
//! Invariant: where an ink is translucent nothing is painted under it, so that a module has the same colour and opacity
//! as in a raster of the same picture.

use std::borrow::Cow;

use super::{Ink, Picture};
use crate::Matrix;

/// The light ink where there are no modules. Painted first.
pub struct Ground {
    pub ink: Ink,
    /// Only the quiet zone: the light modules are a layer, because some ink is not opaque. Else the whole canvas.
    pub is_hollow: bool,
}

/// Modules of one ink.
pub type Layer<'a> = (Ink, Cow<'a, Matrix>);

/// What is painted, from bottom to top: the ground, then layers. Clear inks are not. Layers overlap only where all inks are
/// opaque: then an area reaches under those on top of it, and no ground is seen between two of them where a renderer
/// smooths edges.
pub fn of<'a>(picture: &Picture<'a>) -> (Option<Ground>, impl Iterator<Item = Layer<'a>>) {
    let mut layers = modules(picture);
    let ink = picture.inks.light;
    let is_hollow = layers.iter().flatten().any(|(ink, _)| ink.alpha < 255);
    if is_hollow {
        layers[0] = Some((ink, Cow::Owned(light(picture))));
    }
    let painted = |(ink, _): &Layer<'a>| ink.alpha > 0;
    let ground = (ink.alpha > 0).then_some(Ground { ink, is_hollow });
    (ground, layers.into_iter().flatten().filter(painted))
}

/// The modules that do not look like the ground. The first place is left to those that do.
fn modules<'a>(picture: &Picture<'a>) -> [Option<Layer<'a>>; 4] {
    let (dark, inks) = (picture.dark, picture.inks);
    if inks.are_two() {
        return [None, None, None, Some((inks.dark, Cow::Borrowed(dark)))];
    }
    let data = data(picture);
    let all = [inks.dark, inks.light, inks.data_dark, inks.data_light];
    let may_overlap = all.iter().all(|ink| ink.alpha == 255);
    let data_light = (inks.data_light != inks.light).then(|| {
        let area = if may_overlap {
            data.clone()
        } else {
            data.without(dark)
        };
        (inks.data_light, Cow::Owned(area))
    });
    if inks.data_dark == inks.dark {
        let dark = (inks.dark, Cow::Borrowed(dark));
        return [None, data_light, None, Some(dark)];
    }
    let data_dark = if may_overlap {
        Cow::Borrowed(dark)
    } else {
        Cow::Owned(dark.and(&data))
    };
    [
        None,
        data_light,
        Some((inks.data_dark, data_dark)),
        Some((inks.dark, Cow::Owned(dark.without(&data)))),
    ]
}

/// The modules that look like the ground.
fn light(picture: &Picture) -> Matrix {
    let all = Matrix::from_rows(vec![[u64::MAX; 3]; picture.dark.modules()]);
    let light = all.without(picture.dark);
    if picture.inks.data_light == picture.inks.light {
        light
    } else {
        light.without(&data(picture))
    }
}

/// As many as there are dark or light modules, however many are named.
fn data(picture: &Picture) -> Matrix {
    let rows = picture.data.rows().iter().take(picture.dark.modules());
    Matrix::from_rows(rows.copied().collect())
}
