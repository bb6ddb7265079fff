//! What this dialect calls the options of v2. It has none of its own.

use poem_openapi::Object;
use serde::Deserialize;
use symbol::{Mode, file::Paint};

use ::style::{Border, Centre, FrameKind, Grade, Kind, LogoShape, Pattern, Side};

use crate::{
    http::{
        api::{
            payloads::Payload,
            v2::{
                decoration::{self, Offset, StrokeOptions},
                encoding::AppendOptions,
                made,
                options::{self as v2, EyeColors, GradientOptions},
            },
            word::{EffectWord, EyeWord, Word},
        },
        bounds::{self, Within},
    },
    kernel::Level,
    render::{Charset, Format, Terminal, Unit},
};

/// What to draw, and how.
#[derive(Deserialize, Object)]
#[oai(rename = "StructuredSymbol")]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// Content of the symbol
    pub data: Option<String>,
    /// The content by its fields, in the place of `data`
    pub payload: Option<Payload>,
    #[oai(default)]
    #[serde(default)]
    pub options: Options,
    /// A saved style of the caller's organization: what `options` leave out
    pub style_name: Option<String>,
}

/// How a symbol shall look. Everything may be left out.
#[derive(Default, Deserialize, Object)]
#[oai(rename = "StructuredOptions")]
#[serde(deny_unknown_fields, default)]
pub struct Options {
    /// Width and height in pixels (300), of the file that `format` asks for: parts have no pixels
    pub size: Option<Within<bounds::StyledPx>>,
    /// Modules of quiet zone (4)
    pub margin: Option<Within<bounds::Margin>>,
    /// M if nothing else is asked for, H with a logo
    pub error_correction: Option<Word<Level>>,
    /// A Micro QR symbol (false)
    pub micro: Option<bool>,
    /// The only version allowed: 1 to 40, or 1 to 4 of Micro QR
    pub version: Option<Within<bounds::Version>>,
    /// The smallest version allowed (1)
    pub min_version: Option<Within<bounds::Version>>,
    /// The largest version allowed (40, or 4 of Micro QR)
    pub max_version: Option<Within<bounds::Version>>,
    /// Data mask pattern
    pub mask: Option<Within<bounds::Mask>>,
    /// One mode for all of the content
    pub mode: Option<Word<Mode>>,
    /// Whether the symbol names the character set of its text (auto)
    pub eci: Option<Word<Charset>>,
    /// FNC1: `gs1`, or an application indicator of AIM
    pub fnc1: Option<String>,
    /// Of a message over several symbols
    pub structured_append: Option<AppendOptions>,
    /// Raise the error correction as far as the symbol stays the same size (false)
    pub boost_level: Option<bool>,
    /// A file beside the parts
    pub format: Option<Word<Format>>,
    /// Width of the file on paper: in the place of `size`, together with `physical_unit`
    pub physical_size: Option<f64>,
    pub physical_unit: Option<Word<Unit>>,
    /// Pixels per inch, with a size on paper (300)
    pub dpi: Option<Within<bounds::Dpi>>,
    /// Of a PDF or EPS (rgb)
    pub color_space: Option<Word<Paint>>,
    /// With format `text` (light)
    pub terminal: Option<Word<Terminal>>,
    /// Of a JPEG
    pub quality: Option<Within<bounds::WideQuality>>,
    /// Refuse what readers may not cope with: the same as `min_grade` C (false)
    pub strict: Option<bool>,
    /// Refuse a worse grade
    pub min_grade: Option<Word<Grade>>,
    /// Accepted for callers of other services
    pub optimize_for_size: Option<bool>,
    /// Accepted for callers of other services
    pub enable_cache: Option<bool>,
    #[oai(default)]
    pub customization: Customization,
}

/// The style.
#[derive(Default, Deserialize, Object)]
#[oai(rename = "StructuredCustomization")]
#[serde(deny_unknown_fields, default)]
pub struct Customization {
    /// Border and centre of the finder patterns
    eye_shape: Option<Word<EyeWord>>,
    /// With `eye_shape` `custom`: the data of an SVG path in a box from 0 0 to 7 7
    eye_path: Option<String>,
    /// Before that of `eye_shape`
    eye_border_style: Option<Word<Border>>,
    /// Before that of `eye_shape`
    eye_center_style: Option<Word<Centre>>,
    /// How data modules are drawn (square)
    data_pattern: Option<Word<Pattern>>,
    colors: Option<Colors>,
    eye_colors: Option<EyeInks>,
    gradient: Option<Gradient>,
    logo: Option<Logo>,
    frame: Option<Frame>,
    /// In the order in which they are applied
    effects: Option<Vec<Effect>>,
}

/// Of the whole symbol.
#[derive(Default, Deserialize, Object)]
#[oai(rename = "StructuredColors")]
#[serde(deny_unknown_fields, default)]
struct Colors {
    /// `#RGB` or `#RRGGBB` (#000000)
    foreground: Option<String>,
    /// `#RGB`, `#RRGGBB` or `transparent` (#FFFFFF)
    background: Option<String>,
}

/// Of finder patterns, before `colors`.
#[derive(Default, Deserialize, Object)]
#[oai(rename = "StructuredEyeColors")]
#[serde(deny_unknown_fields, default)]
struct EyeInks {
    /// Of the borders
    outer: Option<String>,
    /// Of the centres
    inner: Option<String>,
    /// Of the whole upper left one, before `outer` and `inner`
    top_left: Option<String>,
    top_right: Option<String>,
    bottom_left: Option<String>,
}

/// Colours that change across the symbol.
#[derive(Deserialize, Object)]
#[oai(rename = "StructuredGradient")]
#[serde(deny_unknown_fields)]
#[allow(clippy::struct_field_names)] // the dialect's names
struct Gradient {
    /// (true)
    enabled: Option<bool>,
    /// `linear` if nothing else is asked for; `type` is another name of it
    #[serde(alias = "type")]
    gradient_type: Option<Word<Kind>>,
    /// 2 to 5
    colors: Option<Vec<String>>,
    /// Clockwise from left to right, in degrees (0)
    angle: Option<f32>,
    /// Shares of width and height, 0 to 1 (0.5)
    center_x: Option<f32>,
    center_y: Option<f32>,
    /// (true)
    apply_to_data: Option<bool>,
    /// (true)
    apply_to_eyes: Option<bool>,
    stroke_style: Option<StrokeOptions>,
}

/// A picture in the middle.
#[derive(Deserialize, Object)]
#[oai(rename = "StructuredLogo")]
#[serde(deny_unknown_fields)]
struct Logo {
    /// A PNG, JPEG, WebP or SVG file in base 64, or as a `data:` URL of it
    data: Option<String>,
    /// Its longer side in percent of the symbol's, 5 to 30 (20); `size` is another name of it
    #[serde(alias = "size")]
    size_percentage: Option<f32>,
    /// In modules around it, 0 to 4 (0.5)
    padding: Option<f32>,
    /// Of a plate beneath it
    background: Option<String>,
    /// (square)
    shape: Option<Word<LogoShape>>,
}

/// A border, with a text if one is given.
#[derive(Deserialize, Object)]
#[oai(rename = "StructuredFrame")]
#[serde(deny_unknown_fields)]
#[allow(clippy::struct_field_names)] // the dialect's names
struct Frame {
    /// `simple` if nothing else is asked for; `type` is another name of it
    #[serde(alias = "type")]
    frame_type: Option<Word<FrameKind>>,
    /// `#RGB` or `#RRGGBB` (`colors.foreground`)
    color: Option<String>,
    /// Of the border, in modules, 0 to 8 (1)
    width: Option<f32>,
    /// At most 200 characters
    text: Option<String>,
    /// (bottom)
    text_position: Option<Word<Side>>,
}

/// One effect, and the numbers that belong to it: see `StyledEffect`.
#[derive(Deserialize, Object)]
#[oai(rename = "StructuredEffect")]
#[serde(deny_unknown_fields)]
struct Effect {
    /// Each at most once; `effect_type` is another name of it
    #[oai(rename = "type")]
    #[serde(rename = "type", alias = "effect_type")]
    kind: Word<EffectWord>,
    offset: Option<Offset>,
    blur_radius: Option<f32>,
    color: Option<String>,
    opacity: Option<f32>,
    intensity: Option<f32>,
    radius: Option<f32>,
    sepia: Option<f32>,
    vignette: Option<f32>,
}

impl From<Question> for made::Question {
    fn from(question: Question) -> Self {
        Self {
            data: question.data,
            payload: question.payload,
            options: question.options.into(),
            style_name: question.style_name,
            saved: None,
        }
    }
}

impl From<Options> for v2::Options {
    fn from(from: Options) -> Self {
        let style = from.customization;
        let colors = style.colors.unwrap_or_default();
        Self {
            size: from.size,
            margin: from.margin,
            error_correction: from.error_correction,
            micro: from.micro,
            version: from.version,
            min_version: from.min_version,
            max_version: from.max_version,
            mask: from.mask,
            mode: from.mode,
            eci: from.eci,
            fnc1: from.fnc1,
            structured_append: from.structured_append,
            boost_level: from.boost_level,
            eye_shape: style.eye_shape,
            eye_path: style.eye_path,
            eye_border: style.eye_border_style,
            eye_center: style.eye_center_style,
            data_pattern: style.data_pattern,
            foreground_color: colors.foreground,
            background_color: colors.background,
            eye_color: None,
            eye_colors: style.eye_colors.map(Into::into),
            gradient: style
                .gradient
                .filter(|gradient| gradient.enabled != Some(false))
                .map(Into::into),
            logo: style.logo.map(Into::into),
            frame: style.frame.map(Into::into),
            effects: (style.effects).map(|effects| effects.into_iter().map(Into::into).collect()),
            format: from.format,
            physical_size: from.physical_size,
            physical_unit: from.physical_unit,
            dpi: from.dpi,
            color_space: from.color_space,
            terminal: from.terminal,
            quality: from.quality,
            strict: from.strict,
            min_grade: from.min_grade,
            optimize_for_size: from.optimize_for_size,
            enable_cache: from.enable_cache,
        }
    }
}

/// Options that have the same fields there, by their names.
macro_rules! same {
    ($($from:ident => $to:path { $($theirs:ident: $ours:ident),+ $(,)? })+) => {$(
        impl From<$from> for $to {
            fn from(from: $from) -> Self {
                Self { $($theirs: from.$ours),+ }
            }
        }
    )+};
}

same! {
    EyeInks => EyeColors {
        outer: outer, inner: inner, top_left: top_left, top_right: top_right, bottom_left: bottom_left,
    }
    Gradient => GradientOptions {
        kind: gradient_type, colors: colors, angle: angle, center_x: center_x, center_y: center_y,
        apply_to_data: apply_to_data, apply_to_eyes: apply_to_eyes, stroke_style: stroke_style,
    }
    Logo => decoration::LogoOptions {
        data: data, size: size_percentage, padding: padding, background: background, shape: shape,
    }
    Frame => decoration::FrameOptions {
        kind: frame_type, color: color, width: width, text: text, text_position: text_position,
    }
    Effect => decoration::EffectOptions {
        kind: kind, offset: offset, blur_radius: blur_radius, color: color, opacity: opacity,
        intensity: intensity, radius: radius, sepia: sepia, vignette: vignette,
    }
}

/// Options of v2 that are not called the same here but for their case.
const OTHERWISE: [(&str, &str); 7] = [
    ("foregroundColor", "customization.colors.foreground"),
    ("backgroundColor", "customization.colors.background"),
    ("eyeBorder", "customization.eye_border_style"),
    ("eyeCenter", "customization.eye_center_style"),
    ("gradient.type", "customization.gradient.gradient_type"),
    ("logo.size", "customization.logo.size_percentage"),
    ("frame.type", "customization.frame.frame_type"),
];
/// What `customization` holds.
const STYLES: [&str; 9] = [
    "eyeShape",
    "eyePath",
    "eyeColor",
    "eyeColors",
    "dataPattern",
    "gradient",
    "logo",
    "frame",
    "effects",
];

/// What this dialect calls an option of v2.
pub fn name(theirs: &str) -> String {
    if let Some((_, ours)) = OTHERWISE.iter().find(|(other, _)| *other == theirs) {
        return (*ours).to_owned();
    }
    let first = theirs.split('.').next().unwrap_or_default();
    let mut ours = String::new();
    if STYLES.contains(&first) {
        ours.push_str("customization.");
    }
    for c in theirs.chars() {
        if c.is_ascii_uppercase() {
            ours.push('_');
        }
        ours.push(c.to_ascii_lowercase());
    }
    ours
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_this_dialect() {
        for (theirs, ours) in [
            ("size", "size"),
            ("errorCorrection", "error_correction"),
            ("eyeColors.topLeft", "customization.eye_colors.top_left"),
            ("effects.blurRadius", "customization.effects.blur_radius"),
            (
                "gradient.strokeStyle.width",
                "customization.gradient.stroke_style.width",
            ),
            ("logo.size", "customization.logo.size_percentage"),
            ("payload.iban", "payload.iban"),
        ] {
            assert_eq!(name(theirs), ours);
        }
    }
}
