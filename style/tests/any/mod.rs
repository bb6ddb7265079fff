//! Any style.
// Not every test needs all of it.
#![allow(dead_code)]

use proptest::prelude::*;
use style::{
    Border, Centre, Effect, EyeInks, Eyes, Fonts, Frame, FrameKind, Gradient, Kind, Logo,
    LogoShape, Pattern, Picture, Side, Stroke, Style, Text,
};
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
            custom: None,
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
            ..Style::default()
        })
}

/// A disc in a square, half clear.
pub fn any_logo() -> impl Strategy<Value = Logo> {
    let shape = prop::sample::select(LogoShape::ALL);
    let shares = (0.05_f32..=0.3, 0.0_f32..=2.0);
    let sides = (1_u32..80, 1_u32..80);
    (shape, shares, sides, proptest::option::of(any_ink())).prop_map(
        |(shape, (share, padding), (width, height), background)| {
            let pixel = |n: u32| {
                let (x, y) = (n % width, n / width);
                let is_in =
                    2 * x.abs_diff(width / 2) < width && 3 * y.abs_diff(height / 2) < height;
                if is_in {
                    [200, 30, 40, 255]
                } else {
                    [0, 90, 160, 128]
                }
            };
            let rgba = (0..width * height).flat_map(pixel).collect();
            let picture = Picture::new(width, height, rgba).unwrap();
            let mut logo = Logo::new(picture, [7; 32], shape);
            (logo.share, logo.padding, logo.background) = (share, padding, background);
            logo
        },
    )
}

fn any_frame() -> impl Strategy<Value = Frame> {
    let fonts = Fonts::new(Vec::new()).unwrap();
    let text = Text::new("Scan me", &fonts).unwrap();
    let words = (
        prop::sample::select(FrameKind::ALL),
        prop::sample::select(Side::ALL),
    );
    (words, any_ink(), 0.0_f32..=8.0, any::<bool>()).prop_map(
        move |((kind, position), ink, width, has_text)| Frame {
            kind,
            ink,
            width,
            text: has_text.then(|| text.clone()),
            position,
        },
    )
}

fn any_effect() -> impl Strategy<Value = Effect> {
    let unit = 0.0_f32..=1.0;
    prop_oneof![
        (-2.0_f32..=2.0, -2.0_f32..=2.0, 0.0_f32..=2.0, any_ink())
            .prop_map(|(dx, dy, blur, ink)| Effect::Shadow { dx, dy, blur, ink }),
        (unit.clone(), any::<[u8; 3]>())
            .prop_map(|(intensity, rgb)| Effect::Glow { intensity, rgb }),
        (0.0_f32..=1.0).prop_map(|radius| Effect::Blur { radius }),
        unit.clone()
            .prop_map(|intensity| Effect::Noise { intensity }),
        (unit.clone(), unit).prop_map(|(sepia, vignette)| Effect::Vintage { sepia, vignette }),
    ]
}

/// With everything that makes pixels depend on what is around them, or comes from outside.
pub fn any_rich_style() -> impl Strategy<Value = Style> {
    let stroke = (0.1_f32..=1.0, any_ink()).prop_map(|(width, ink)| Stroke { width, ink });
    (
        any_style(),
        proptest::option::of(stroke),
        proptest::option::of(any_logo()),
        proptest::option::of(any_frame()),
        prop::collection::vec(any_effect(), 0..3),
    )
        .prop_map(|(style, stroke, logo, frame, effects)| Style {
            frame,
            stroke,
            logo,
            effects,
            ..style
        })
}
