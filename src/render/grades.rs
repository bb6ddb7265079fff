//! The grade of a plain symbol, for both arms.

use ::style::{Plain, Report, grade_plain};
use symbol::{
    Matrix, Version,
    file::{Ink, Inks},
    read::codewords_in,
};

use super::{Color, Request, layout::CanvasLayout};

/// Everything under a logo's plate counts as wrong: no reader knows where a logo is.
pub(super) fn plain(request: &Request, layout: &CanvasLayout, version: Version) -> Report {
    let mut hidden = Vec::new();
    if request.logo.is_some() {
        let plate = layout.plate_modules();
        let first = (layout.modules - plate) / 2;
        let covered = first as usize..(first + plate) as usize;
        let is_covered = |x: usize, y: usize| covered.contains(&x) && covered.contains(&y);
        let plate = Matrix::from_fn(version.modules(), is_covered);
        hidden = codewords_in(version, request.level, &plate);
    }
    let mut quiet_zone = request.border;
    if !request.padding.is_none() {
        let modules = layout.offset / layout.scale;
        quiet_zone = quiet_zone.max(u8::try_from(modules).unwrap_or(u8::MAX));
    }
    let ink = |color: Color| Ink::opaque(color.rgb);
    let colors = &request.colors;
    grade_plain(&Plain {
        version,
        inks: Inks {
            dark: ink(colors.dark),
            light: ink(colors.light),
            data_dark: ink(colors.data_dark()),
            data_light: ink(colors.data_light()),
        },
        quiet_zone,
        hidden: &hidden,
    })
}
