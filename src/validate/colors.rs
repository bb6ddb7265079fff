//! Whether a symbol in these colours can be seen.
//!
//! Invariant: an absent colour is its default, so two colours are compared as they will be painted.

use super::{Concern, Reason, Style, Verdict};
use crate::kernel::{Color, color::Contrast};

pub(super) fn check(style: &Style, verdict: &mut Verdict) {
    let mut color = |field, value: Option<&String>, absent: Color| {
        let Some(text) = value else {
            return Some(absent);
        };
        let color = text.parse().ok();
        if color.is_none() {
            let message = "must be an opaque colour such as #RGB or #RRGGBB";
            verdict.refuse(field, Reason::Color, message);
        }
        color
    };
    let fill = color("fill_color", style.fill_color.as_ref(), Color::BLACK);
    let back = color("back_color", style.back_color.as_ref(), Color::WHITE);
    let (Some(fill), Some(back)) = (fill, back) else {
        return;
    };
    if fill != back {
        let contrast = Contrast::between([fill; 2], [back; 2]);
        let low = contrast
            .too_low()
            .map(|percent| Concern::Contrast { percent });
        verdict.concerns.extend(low);
        verdict
            .concerns
            .extend(contrast.inverted.then_some(Concern::Inverted));
    } else if style.fill_color.is_some() {
        // The one that was given.
        let message = "must differ from back_color: the symbol would be invisible";
        verdict.refuse("fill_color", Reason::Invisible, message);
    } else {
        let message = "must differ from fill_color: the symbol would be invisible";
        verdict.refuse("back_color", Reason::Invisible, message);
    }
}
