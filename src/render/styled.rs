//! Styles within a request.
//!
//! Invariant: what is no more than plain squares has no style, so that both arms can draw it and it is remembered once.

use std::sync::Arc;

use ::style::Style;
use symbol::file::Ink;

use super::{Color, Colors, Fault, Field, Problem, Spec};
use crate::kernel::limits::GRADIENT_COLORS;

/// A style that changes nothing but two colours becomes those colours.
pub(super) fn plain_if_it_is(spec: Spec) -> Spec {
    let Some(style) = &spec.style else {
        return spec;
    };
    let colors = plain(style);
    Spec {
        style: spec.style.filter(|_| colors.is_none()),
        colors: colors.unwrap_or_default(),
        ..spec
    }
}

fn plain(style: &Style) -> Option<Colors> {
    let opaque = |ink: Ink| (ink.alpha == 255).then_some(Color { rgb: ink.rgb });
    let Style { ink, ground, .. } = style;
    let bare = Style {
        ink: *ink,
        ground: *ground,
        ..Style::default()
    };
    (*style == bare).then_some(Colors {
        dark: opaque(*ink)?,
        light: opaque(*ground)?,
        ..Colors::default()
    })
}

/// Squares in two colours.
impl From<&Colors> for Style {
    fn from(colors: &Colors) -> Self {
        Self {
            ink: Ink::opaque(colors.dark.rgb),
            ground: Ink::opaque(colors.light.rgb),
            ..Self::default()
        }
    }
}

/// What is wrong with a style whatever symbol it is for. What readers make of it, its grade says.
pub(super) fn faults(style: &Arc<Style>) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut fault = |field, problem| faults.push(Fault { field, problem });
    let is_hidden = style.ink == style.ground && style.gradient.is_none();
    if is_hidden {
        fault(Field::Dark, Problem::Invisible(&[Field::Light]));
    }
    let Some(gradient) = &style.gradient else {
        return faults;
    };
    let (least, most) = (*GRADIENT_COLORS.start(), *GRADIENT_COLORS.end());
    if !GRADIENT_COLORS.contains(&gradient.stops.len()) {
        fault(Field::GradientColors, Problem::Count { least, most });
    }
    let outside = |least, most, unit| Problem::Outside { least, most, unit };
    // Not a number is outside, too.
    if !(-360.0..=360.0).contains(&gradient.angle_deg) {
        fault(Field::GradientAngle, outside(-360.0, 360.0, " degrees"));
    }
    let is_within = |share: f32| (0.0..=1.0).contains(&share);
    if !is_within(gradient.centre.0) || !is_within(gradient.centre.1) {
        fault(Field::GradientCentre, outside(0.0, 1.0, ""));
    }
    faults
}
