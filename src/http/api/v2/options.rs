//! What this dialect calls the parts of a symbol, and how they become the one [`Spec`].
//!
//! Invariant: every option that is wrong is named at once, with what would be right.

use std::sync::Arc;

use ::style::{
    Border, Centre, EyeInks, EyeShape, Eyes, Grade, Gradient, Kind, Pattern, Style,
    geometry::Outline,
};
use poem_openapi::Object;
use serde::Deserialize;
use symbol::{
    Mode,
    file::{Ink, Paint},
};

use super::{
    decoration::{self, EffectOptions, FrameOptions, LogoOptions, StrokeOptions},
    encoding::{self, AppendOptions},
};
use crate::{
    http::{
        api::{
            faults::Faults,
            payloads::Content,
            word::{EyeWord, Word},
        },
        bounds::{self, Within},
    },
    kernel::{Level, Result},
    render::{Charset, Field, Format, Materials, Physical, Size, Spec, Terminal, Unit},
};

const DEFAULT_PX: u16 = 300;
const DEFAULT_MARGIN: u8 = 4;
const DEFAULT_DPI: u16 = 300;

/// How a symbol shall look. Everything may be left out.
#[derive(Clone, Default, Deserialize, Object)]
#[oai(rename = "StyledOptions", rename_all = "camelCase")]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Options {
    /// Width and height in pixels (300)
    pub size: Option<Within<bounds::StyledPx>>,
    /// Modules of quiet zone (4)
    pub margin: Option<Within<bounds::Margin>>,
    /// M if nothing else is asked for, H with a logo
    pub error_correction: Option<Word<Level>>,
    /// A Micro QR symbol: at most 15 bytes, and `margin` 2 is enough (false)
    pub micro: Option<bool>,
    /// The only version allowed: 1 to 40, or 1 to 4 of Micro QR
    pub version: Option<Within<bounds::Version>>,
    /// The smallest version allowed (1)
    pub min_version: Option<Within<bounds::Version>>,
    /// The largest version allowed (40, or 4 of Micro QR)
    pub max_version: Option<Within<bounds::Version>>,
    /// Data mask pattern, 0 to 7, or 0 to 3 of Micro QR; the one with the lowest penalty if nothing else is asked for
    pub mask: Option<Within<bounds::Mask>>,
    /// One mode for all of the content; the shortest segments if nothing else is asked for
    pub mode: Option<Word<Mode>>,
    /// Whether the symbol names the character set of its text: `always` UTF-8, also for ASCII; `never`, with the shortest segments; `latin-1` and `shift-jis` also encode the text so (auto)
    pub eci: Option<Word<Charset>>,
    /// FNC1: `gs1` for GS1 element strings, separated by U+001D, or an application indicator of AIM, two digits or a letter
    pub fnc1: Option<String>,
    /// Of a message over several symbols; `POST /api/v2/qr/structured-append` fills it in
    pub structured_append: Option<AppendOptions>,
    /// Raise the error correction as far as the symbol stays the same size (false)
    pub boost_level: Option<bool>,
    /// Border and centre of the finder patterns
    pub eye_shape: Option<Word<EyeWord>>,
    /// With `eyeShape` `custom`: the data of an SVG path in a box from 0 0 to 7 7, in modules, for the upper left one
    pub eye_path: Option<String>,
    /// Before that of `eyeShape`
    pub eye_border: Option<Word<Border>>,
    /// Before that of `eyeShape`
    pub eye_center: Option<Word<Centre>>,
    /// How data modules are drawn (square)
    pub data_pattern: Option<Word<Pattern>>,
    /// `#RGB` or `#RRGGBB` (#000000)
    pub foreground_color: Option<String>,
    /// `#RGB`, `#RRGGBB` or `transparent` (#FFFFFF)
    pub background_color: Option<String>,
    /// Of all finder patterns
    pub eye_color: Option<String>,
    /// Of parts of finder patterns, before `eyeColor`
    pub eye_colors: Option<EyeColors>,
    pub gradient: Option<GradientOptions>,
    pub logo: Option<LogoOptions>,
    pub frame: Option<FrameOptions>,
    /// In the order in which they are applied
    pub effects: Option<Vec<EffectOptions>>,
    /// svg if nothing else is asked for
    pub format: Option<Word<Format>>,
    /// Width on paper, of the longer side: in the place of `size`, together with `physicalUnit`
    pub physical_size: Option<f64>,
    pub physical_unit: Option<Word<Unit>>,
    /// Pixels per inch, with a size on paper (300)
    pub dpi: Option<Within<bounds::Dpi>>,
    /// `rgb`, or `cmyk` for a PDF or EPS whose black is black ink only (rgb)
    pub color_space: Option<Word<Paint>>,
    /// With format `text`: `light` and `dark` are the terminal's background, `color` sends the two colours along, as escape sequences (light)
    pub terminal: Option<Word<Terminal>>,
    /// Of a JPEG
    pub quality: Option<Within<bounds::WideQuality>>,
    /// Refuse what readers may not cope with: the same as `minGrade` C (false)
    pub strict: Option<bool>,
    /// Refuse a worse grade
    pub min_grade: Option<Word<Grade>>,
    /// Accepted for callers of other services: files are always small
    pub optimize_for_size: Option<bool>,
    /// Accepted for callers of other services: equal options give equal bytes, remembered or not
    pub enable_cache: Option<bool>,
}

/// Colours of finder patterns.
#[derive(Clone, Default, Deserialize, Object)]
#[oai(rename = "StyledEyeColors", rename_all = "camelCase")]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct EyeColors {
    /// Of the borders
    pub outer: Option<String>,
    /// Of the centres
    pub inner: Option<String>,
    /// Of the whole upper left one, before `outer` and `inner`
    pub top_left: Option<String>,
    pub top_right: Option<String>,
    pub bottom_left: Option<String>,
}

/// Colours that change across the symbol.
#[derive(Clone, Deserialize, Object)]
#[oai(rename = "StyledGradient", rename_all = "camelCase")]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GradientOptions {
    /// `linear` if nothing else is asked for
    #[oai(rename = "type")]
    #[serde(rename = "type")]
    pub kind: Option<Word<Kind>>,
    /// 2 to 5
    pub colors: Option<Vec<String>>,
    /// Clockwise from left to right, in degrees (0)
    pub angle: Option<f32>,
    /// Shares of width and height, 0 to 1 (0.5)
    pub center_x: Option<f32>,
    pub center_y: Option<f32>,
    /// (true)
    pub apply_to_data: Option<bool>,
    /// (true)
    pub apply_to_eyes: Option<bool>,
    pub stroke_style: Option<StrokeOptions>,
}

/// A checked set of options.
#[derive(Clone)]
pub struct Asked {
    pub spec: Spec,
    /// As it was asked for, also where it is plain.
    pub style: Style,
    /// Worse grades are refused.
    pub least: Grade,
    /// The options that decide about what they name, for whoever is told to change that.
    pub deciding: Deciding,
}

/// An option may be overruled by another one: a change of it would do nothing.
#[derive(Clone)]
pub struct Deciding {
    pub eyes: &'static str,
    pub eye_inks: &'static str,
    pub least: &'static str,
    /// Why a worse grade is refused.
    pub why: &'static str,
}

impl Deciding {
    fn of(options: &Options) -> Self {
        Self {
            eyes: if options.eye_border.is_some() || options.eye_center.is_some() {
                "eyeBorder"
            } else {
                "eyeShape"
            },
            eye_inks: if options.eye_colors.is_some() {
                "eyeColors"
            } else {
                "eyeColor"
            },
            least: if options.min_grade.is_some() {
                "minGrade"
            } else if options.strict == Some(true) {
                "strict"
            } else {
                "logo.size"
            },
            why: if options.min_grade.is_some() || options.strict == Some(true) {
                "was asked for"
            } else {
                "is the least with a logo"
            },
        }
    }
}

/// What this dialect calls the fields of a symbol.
pub const fn name(field: Field) -> &'static str {
    match field {
        Field::Content => "data",
        Field::Level => "errorCorrection",
        Field::Format => "format",
        Field::Size => "size",
        Field::PhysicalSize => "physicalSize",
        Field::Dpi => "dpi",
        Field::Border => "margin",
        Field::Quality => "quality",
        Field::Dark | Field::DataDark => "foregroundColor",
        Field::Light | Field::DataLight => "backgroundColor",
        Field::Logo => "logo",
        Field::Title => "title",
        Field::Description => "description",
        Field::GradientColors => "gradient.colors",
        Field::GradientAngle => "gradient.angle",
        Field::GradientCentre => "gradient.centerX",
        Field::Micro => "micro",
        Field::Version => "version",
        Field::LeastVersion => "minVersion",
        Field::MostVersion => "maxVersion",
        Field::Mask => "mask",
        Field::Mode => "mode",
        Field::Eci => "eci",
        Field::Fnc1 => "fnc1",
        Field::Append => "structuredAppend",
    }
}

/// # Errors
/// `Invalid`, naming each option that is wrong.
pub async fn asked(
    materials: &Materials,
    content: Content<'_>,
    options: &Options,
) -> Result<Asked> {
    let mut faults = Faults::default();
    let said = content.said(&mut faults);
    let mut style = style(options, materials, &mut faults);
    if let Some(logo) = &options.logo {
        style.logo = decoration::logo(logo, materials, &mut faults).await?;
    }
    let mut spec = spec(options, &style, &mut faults);
    let least = faults.word("minGrade", options.min_grade.as_ref());
    if let Some(said) = said {
        encoding::say(said, options, &mut spec, &mut faults);
    }
    faults.finish()?;
    // What a logo hides must be restored: nothing else of an image shows whether it is.
    let floor = if style.logo.is_some() {
        Grade::D
    } else {
        Grade::F
    };
    let is_strict = options.strict.unwrap_or(false);
    Ok(Asked {
        spec,
        style,
        least: least.unwrap_or(if is_strict { Grade::C } else { floor }),
        deciding: Deciding::of(options),
    })
}

/// Without content.
fn spec(options: &Options, style: &Style, faults: &mut Faults) -> Spec {
    let px = faults.number("size", options.size.as_ref());
    let level = faults.word("errorCorrection", options.error_correction.as_ref());
    let format = faults.word("format", options.format.as_ref());
    let paint = faults.word("colorSpace", options.color_space.as_ref());
    if paint == Some(Paint::Cmyk) && !format.is_some_and(Format::is_for_print) {
        faults.add("colorSpace", "cmyk needs format pdf or eps");
    }
    let terminal = faults.word("terminal", options.terminal.as_ref());
    if terminal.is_some() && format != Some(Format::Text) {
        faults.add("terminal", "needs format text");
    }
    let micro = options.micro.unwrap_or(false);
    let is_smallest = micro && options.version.as_ref().is_some_and(|only| only.0 == 1);
    let usual = match style.logo {
        Some(_) if !micro => Level::H,
        // M1 has no other.
        _ if is_smallest => Level::L,
        _ => Level::M,
    };
    let size = physical(options, faults);
    Spec {
        level: level.unwrap_or(usual),
        format: format.unwrap_or(Format::Svg),
        size: size.unwrap_or(Size::Pixels(px.unwrap_or(DEFAULT_PX.into()))),
        paint: paint.unwrap_or_default(),
        terminal: terminal.unwrap_or_default(),
        micro,
        encoding: encoding::encoding(options, faults),
        border: (faults.number("margin", options.margin.as_ref())).unwrap_or(DEFAULT_MARGIN),
        quality: faults.number("quality", options.quality.as_ref()),
        style: Some(Arc::new(style.clone())),
        ..Spec::new("")
    }
}

fn style(options: &Options, materials: &Materials, faults: &mut Faults) -> Style {
    let plain = Style::default();
    let ground = match options.background_color.as_deref() {
        Some("transparent") => Some(Ink {
            rgb: [255; 3],
            alpha: 0,
        }),
        _ => faults.ink("backgroundColor", options.background_color.as_ref()),
    };
    let ground = ground.unwrap_or(plain.ground);
    let ink = faults
        .ink("foregroundColor", options.foreground_color.as_ref())
        .unwrap_or(plain.ink);
    let asked_gradient = options.gradient.as_ref();
    let stroke = asked_gradient.and_then(|asked| asked.stroke_style.as_ref());
    let frame = options.frame.as_ref();
    Style {
        pattern: faults
            .word("dataPattern", options.data_pattern.as_ref())
            .unwrap_or(plain.pattern),
        eyes: eyes(options, faults),
        ink,
        ground,
        gradient: asked_gradient.and_then(|asked| gradient(asked, faults)),
        stroke: stroke.and_then(|asked| decoration::stroke(asked, faults)),
        frame: frame.map(|asked| decoration::frame(asked, [ink, ground], materials, faults)),
        effects: decoration::effects(options, faults),
        logo: None,
    }
}

fn physical(options: &Options, faults: &mut Faults) -> Option<Size> {
    let unit = faults.word("physicalUnit", options.physical_unit.as_ref());
    let dpi = faults.number("dpi", options.dpi.as_ref());
    let Some(width) = options.physical_size else {
        let given = [
            ("physicalUnit", options.physical_unit.is_some()),
            ("dpi", options.dpi.is_some()),
        ];
        for (field, _) in given.into_iter().filter(|(_, is_given)| *is_given) {
            faults.add(field, "needs physicalSize");
        }
        return None;
    };
    if options.size.is_some() {
        faults.add("size", "must be left out with physicalSize");
    }
    if options.physical_unit.is_none() {
        faults.add("physicalUnit", "must be given with physicalSize");
    }
    Some(Size::Physical(Physical {
        width,
        unit: unit?,
        dpi: dpi.unwrap_or(DEFAULT_DPI),
    }))
}

fn eyes(options: &Options, faults: &mut Faults) -> Eyes {
    let shape = faults
        .word("eyeShape", options.eye_shape.as_ref())
        .unwrap_or(EyeWord::Known(EyeShape::Square));
    let custom = custom(shape, options, faults);
    let (border, centre) = shape.parts();
    let all = faults.ink("eyeColor", options.eye_color.as_ref());
    let own = options.eye_colors.as_ref();
    let mut of =
        |field, pick: fn(&EyeColors) -> Option<&String>| faults.ink(field, own.and_then(pick));
    let outer = of("eyeColors.outer", |colors| colors.outer.as_ref());
    let inner = of("eyeColors.inner", |colors| colors.inner.as_ref());
    let each = [
        of("eyeColors.topLeft", |colors| colors.top_left.as_ref()),
        of("eyeColors.topRight", |colors| colors.top_right.as_ref()),
        of("eyeColors.bottomLeft", |colors| colors.bottom_left.as_ref()),
    ];
    Eyes {
        border: faults
            .word("eyeBorder", options.eye_border.as_ref())
            .unwrap_or(border),
        centre: faults
            .word("eyeCenter", options.eye_center.as_ref())
            .unwrap_or(centre),
        custom,
        inks: EyeInks {
            outer: outer.or(all),
            inner: inner.or(all),
            each,
        },
    }
}

/// The caller's own outline. It has no parts that could be replaced.
fn custom(shape: EyeWord, options: &Options, faults: &mut Faults) -> Option<Arc<Outline>> {
    let path = options.eye_path.as_deref();
    if shape != EyeWord::Custom {
        if path.is_some() {
            faults.add("eyePath", "needs eyeShape custom");
        }
        return None;
    }
    for (field, is_given) in [
        ("eyeBorder", options.eye_border.is_some()),
        ("eyeCenter", options.eye_center.is_some()),
    ] {
        if is_given {
            faults.add(field, "must be left out with eyeShape custom");
        }
    }
    let Some(path) = path else {
        let message =
            "must be given with eyeShape custom: the data of an SVG path in a box from 0 0 to 7 7";
        faults.add("eyePath", message);
        return None;
    };
    let outline = Outline::from_path_data(path);
    let outline = outline.map_err(|e| faults.add("eyePath", e.to_string()));
    outline.ok().map(Arc::new)
}

fn gradient(asked: &GradientOptions, faults: &mut Faults) -> Option<Gradient> {
    let kind = faults
        .word("gradient.type", asked.kind.as_ref())
        .unwrap_or(Kind::Linear);
    let mut share = |field, value| faults.within(field, value, decoration::UNIT, 0.5);
    let centre = (
        share("gradient.centerX", asked.center_x),
        share("gradient.centerY", asked.center_y),
    );
    let Some(colors) = &asked.colors else {
        faults.add("gradient.colors", "must be given: 2 to 5 of them");
        return None;
    };
    let colors: Vec<_> = colors
        .iter()
        .take(16)
        .map(|text| faults.color("gradient.colors", Some(text)))
        .collect();
    let colors: Vec<_> = colors
        .into_iter()
        .collect::<Option<Vec<_>>>()?
        .iter()
        .map(|color| color.rgb)
        .collect();
    Some(Gradient {
        angle_deg: asked.angle.unwrap_or(0.0),
        centre,
        on_data: asked.apply_to_data.unwrap_or(true),
        on_eyes: asked.apply_to_eyes.unwrap_or(true),
        ..Gradient::new(kind, &colors)
    })
}
