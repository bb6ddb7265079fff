//! What lies around, on and beneath a symbol, in this dialect's words.

use std::{ops::RangeInclusive, sync::Arc};

use ::style::{Effect, Frame, FrameKind, Logo, LogoShape, Side, Stroke, Text};
use poem_openapi::Object;
use serde::Deserialize;
use symbol::file::Ink;

use super::options::Options;
use crate::{
    http::api::{
        faults::Faults,
        word::{EffectWord, Word},
    },
    kernel::Result,
    render::Materials,
};

/// A picture in the middle. Modules beneath it are left out, and error correction restores them.
#[derive(Clone, Deserialize, Object)]
#[oai(rename = "StyledLogo", rename_all = "camelCase")]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LogoOptions {
    /// A PNG, JPEG, WebP or SVG file in base 64, or as a `data:` URL of it; no other URL. At most 256 KiB and 1024 pixels along each side
    pub data: Option<String>,
    /// Its longer side in percent of the symbol's, 5 to 30 (20)
    pub size: Option<f32>,
    /// In modules around it, 0 to 4 (0.5)
    pub padding: Option<f32>,
    /// `#RGB` or `#RRGGBB` of a plate beneath it; without one the background shows
    pub background: Option<String>,
    /// What it and its plate are cut to (square)
    pub shape: Option<Word<LogoShape>>,
}

/// A border, with a text if one is given.
#[derive(Clone, Deserialize, Object)]
#[oai(rename = "StyledFrame", rename_all = "camelCase")]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FrameOptions {
    /// `simple` if nothing else is asked for
    #[oai(rename = "type")]
    #[serde(rename = "type")]
    pub kind: Option<Word<FrameKind>>,
    /// `#RGB` or `#RRGGBB` (`foregroundColor`)
    pub color: Option<String>,
    /// Of the border, in modules, 0 to 8 (1)
    pub width: Option<f32>,
    /// At most 200 characters; it is broken into lines and made smaller until it fits
    pub text: Option<String>,
    /// (bottom)
    pub text_position: Option<Word<Side>>,
}

/// A line around the modules.
#[derive(Clone, Deserialize, Object)]
#[oai(rename = "StyledStroke", rename_all = "camelCase")]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StrokeOptions {
    /// (true)
    enabled: Option<bool>,
    /// `#RGB` or `#RRGGBB` (#000000)
    color: Option<String>,
    /// In modules, 0.1 to 2 (0.1); half of it lies beneath the module
    width: Option<f32>,
    /// 0.1 to 1 (1)
    opacity: Option<f32>,
}

/// One effect, and the numbers that belong to it.
#[derive(Clone, Deserialize, Object)]
#[oai(rename = "StyledEffect", rename_all = "camelCase")]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EffectOptions {
    /// Each at most once
    #[oai(rename = "type")]
    #[serde(rename = "type")]
    pub kind: Word<EffectWord>,
    /// Of a shadow
    pub offset: Option<Offset>,
    /// Of a shadow: standard deviation in modules, 0 to 4 (0.4)
    pub blur_radius: Option<f32>,
    /// Of a shadow or a glow (#000000)
    pub color: Option<String>,
    /// Of a shadow, 0 to 1 (0.3)
    pub opacity: Option<f32>,
    /// Of a glow or of noise, 0 to 1 (0.3)
    pub intensity: Option<f32>,
    /// Of a blur: standard deviation in modules, 0 to 2 (0.1)
    pub radius: Option<f32>,
    /// Of a vintage look, 0 to 1 (0.5)
    pub sepia: Option<f32>,
    /// Of a vintage look, 0 to 1 (0.3)
    pub vignette: Option<f32>,
}

/// In modules, -4 to 4 (0.4)
#[derive(Clone, Deserialize, Object)]
#[oai(rename = "StyledOffset")]
#[serde(deny_unknown_fields)]
pub struct Offset {
    x: Option<f32>,
    y: Option<f32>,
}

pub(super) const UNIT: RangeInclusive<f32> = 0.0..=1.0;
const LOGO_PERCENT: RangeInclusive<f32> = 5.0..=30.0;
const LOGO_PADDING: RangeInclusive<f32> = 0.0..=4.0;
const STROKE_WIDTH: RangeInclusive<f32> = 0.1..=2.0;
const STROKE_OPACITY: RangeInclusive<f32> = 0.1..=1.0;
const OFFSET: RangeInclusive<f32> = -4.0..=4.0;
const SHADOW_BLUR: RangeInclusive<f32> = 0.0..=4.0;
const BLUR: RangeInclusive<f32> = 0.0..=2.0;

/// Of an opaque ink.
fn translucent(ink: Option<Ink>, opacity: f32) -> Ink {
    let ink = ink.unwrap_or(Ink::BLACK);
    // A float cast saturates.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let alpha = (opacity * 255.0).round() as u8;
    Ink { alpha, ..ink }
}

pub fn stroke(asked: &StrokeOptions, faults: &mut Faults) -> Option<Stroke> {
    let (width, opacity) = ("gradient.strokeStyle.width", "gradient.strokeStyle.opacity");
    let width = faults.within(width, asked.width, STROKE_WIDTH, 0.1);
    let opacity = faults.within(opacity, asked.opacity, STROKE_OPACITY, 1.0);
    let ink = faults.ink("gradient.strokeStyle.color", asked.color.as_ref());
    let ink = translucent(ink, opacity);
    asked
        .enabled
        .unwrap_or(true)
        .then_some(Stroke { width, ink })
}

/// `ink`, `ground`: of the symbol.
pub fn frame(
    asked: &FrameOptions,
    [ink, ground]: [Ink; 2],
    materials: &Materials,
    faults: &mut Faults,
) -> Frame {
    let kind = faults.word("frame.type", asked.kind.as_ref());
    let own = faults.ink("frame.color", asked.color.as_ref());
    let position = faults.word("frame.textPosition", asked.text_position.as_ref());
    let width = faults.within("frame.width", asked.width, 0.0..=Frame::MAX_WIDTH, 1.0);
    let text = asked.text.as_ref().and_then(|text| {
        let shaped = Text::new(text, materials.fonts());
        shaped
            .map_err(|e| faults.add("frame.text", e.to_string()))
            .ok()
    });
    let ink = own.unwrap_or(ink);
    if ink == ground {
        let message = "must differ from backgroundColor: the frame would be invisible";
        faults.add("frame.color", message);
    }
    Frame {
        kind: kind.unwrap_or(FrameKind::Simple),
        ink,
        width,
        text,
        position: position.unwrap_or(Side::Bottom),
    }
}

pub fn effects(options: &Options, faults: &mut Faults) -> Vec<Effect> {
    let mut effects: Vec<Effect> = Vec::new();
    for asked in options.effects.iter().flatten().take(16) {
        let Some(EffectWord(word)) = faults.word("effects.type", Some(&asked.kind)) else {
            continue;
        };
        if effects.iter().any(|effect| effect.label() == word) {
            faults.add("effects.type", format!("must name {word} once"));
            continue;
        }
        effects.push(effect(word, asked, faults));
    }
    effects
}

fn effect(word: &str, asked: &EffectOptions, faults: &mut Faults) -> Effect {
    refuse_foreign(word, asked, faults);
    let ink = faults.ink("effects.color", asked.color.as_ref());
    match word {
        "shadow" => {
            let offset = asked.offset.as_ref();
            let mut along = |field, of: Option<f32>| faults.within(field, of, OFFSET, 0.4);
            let dx = along("effects.offset.x", offset.and_then(|offset| offset.x));
            let dy = along("effects.offset.y", offset.and_then(|offset| offset.y));
            let blur = faults.within("effects.blurRadius", asked.blur_radius, SHADOW_BLUR, 0.4);
            let opacity = faults.within("effects.opacity", asked.opacity, UNIT, 0.3);
            let ink = translucent(ink, opacity);
            Effect::Shadow { dx, dy, blur, ink }
        }
        "glow" => Effect::Glow {
            intensity: faults.within("effects.intensity", asked.intensity, UNIT, 0.3),
            rgb: ink.unwrap_or(Ink::BLACK).rgb,
        },
        "blur" => Effect::Blur {
            radius: faults.within("effects.radius", asked.radius, BLUR, 0.1),
        },
        "noise" => Effect::Noise {
            intensity: faults.within("effects.intensity", asked.intensity, UNIT, 0.3),
        },
        _ => Effect::Vintage {
            sepia: faults.within("effects.sepia", asked.sepia, UNIT, 0.5),
            vignette: faults.within("effects.vignette", asked.vignette, UNIT, 0.3),
        },
    }
}

/// Numbers that belong to another effect would do nothing.
fn refuse_foreign(word: &str, asked: &EffectOptions, faults: &mut Faults) {
    let given = [
        ("effects.offset", asked.offset.is_some(), "shadow"),
        ("effects.blurRadius", asked.blur_radius.is_some(), "shadow"),
        ("effects.opacity", asked.opacity.is_some(), "shadow"),
        ("effects.color", asked.color.is_some(), "shadow or glow"),
        (
            "effects.intensity",
            asked.intensity.is_some(),
            "glow or noise",
        ),
        ("effects.radius", asked.radius.is_some(), "blur"),
        ("effects.sepia", asked.sepia.is_some(), "vintage"),
        ("effects.vignette", asked.vignette.is_some(), "vintage"),
    ];
    for (field, is_given, owner) in given {
        if is_given && !owner.contains(word) {
            faults.add(field, format!("belongs to {owner}, not to {word}"));
        }
    }
}

/// Reads the file aside: it may take a while.
pub async fn logo(
    asked: &LogoOptions,
    materials: &Materials,
    faults: &mut Faults,
) -> Result<Option<Logo>> {
    let shape = faults.word("logo.shape", asked.shape.as_ref());
    let percent = faults.within("logo.size", asked.size, LOGO_PERCENT, 20.0);
    let padding = faults.within("logo.padding", asked.padding, LOGO_PADDING, 0.5);
    let background = faults.ink("logo.background", asked.background.as_ref());
    let shape = shape.unwrap_or(LogoShape::Square);
    let Some(data) = &asked.data else {
        faults.add(
            "logo.data",
            "must be given: a PNG, JPEG, WebP or SVG file in base 64",
        );
        return Ok(None);
    };
    Ok(match materials.logo(data, shape).await? {
        Ok(logo) => {
            let mut logo = Arc::unwrap_or_clone(logo);
            logo.share = percent / 100.0;
            logo.padding = padding;
            logo.background = background;
            Some(logo)
        }
        Err(refused) => {
            faults.add("logo.data", refused.to_string());
            None
        }
    })
}
