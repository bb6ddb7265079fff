//! Any style.

use proptest::prelude::*;
use style::{Border, Centre, EyeInks, Eyes, Gradient, Kind, Pattern, Style};
use symbol::file::Ink;

fn any_ink() -> impl Strategy<Value = Ink> {
    any::<[u8; 3]>().prop_map(|rgb| Ink::opaque(rgb.map(|c| c / 2)))
}

fn any_gradient() -> impl Strategy<Value = Gradient> {
    let kind = prop::sample::select(Kind::ALL);
    let colors = prop::collection::vec(any::<[u8; 3]>().prop_map(|rgb| rgb.map(|c| c / 2)), 2..=5);
    (
        kind,
        colors,
        0.0_f32..360.0,
        (0.0_f32..=1.0, 0.0_f32..=1.0),
        any::<[bool; 2]>(),
    )
        .prop_map(
            |(kind, colors, angle_deg, centre, [on_data, on_eyes])| Gradient {
                angle_deg,
                centre,
                on_data,
                on_eyes,
                ..Gradient::new(kind, &colors)
            },
        )
}

fn any_eyes() -> impl Strategy<Value = Eyes> {
    let ink = || proptest::option::of(any_ink());
    let inks = (ink(), ink(), [ink(), ink(), ink()]);
    (
        prop::sample::select(Border::ALL),
        prop::sample::select(Centre::ALL),
        inks,
    )
        .prop_map(|(border, centre, (outer, inner, each))| Eyes {
            border,
            centre,
            inks: EyeInks { outer, inner, each },
        })
}

pub fn any_style() -> impl Strategy<Value = Style> {
    let pattern = prop::sample::select(Pattern::ALL);
    let light = any::<[u8; 3]>().prop_map(|rgb| Ink::opaque(rgb.map(|c| 200 + c / 5)));
    let ground = prop_oneof![4 => light, 1 => Just(Ink { rgb: [255; 3], alpha: 0 })];
    (
        pattern,
        any_eyes(),
        any_ink(),
        ground,
        proptest::option::of(any_gradient()),
    )
        .prop_map(|(pattern, eyes, ink, ground, gradient)| Style {
            pattern,
            eyes,
            ink,
            ground,
            gradient,
        })
}
