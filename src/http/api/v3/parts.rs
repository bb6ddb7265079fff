//! The parts of a picture, as a page needs them.

use ::style::svg::parts::{self, Extent, Fill};
use poem_openapi::{Enum, Object, Union};
use symbol::file::Ink;

use crate::kernel::Color;

/// A path, in modules. It is filled by the non-zero rule, or a line where it has a `stroke`.
#[derive(Object)]
#[oai(rename = "StructuredPath", skip_serializing_if_is_none)]
#[allow(clippy::struct_field_names)] // the dialect's names
pub struct Path {
    /// Of the attribute `d`
    pub path: String,
    /// `#RRGGBB`, or `url(#id)` of a definition
    fill: Option<String>,
    /// The same of a line, which has no `fill`
    stroke: Option<String>,
    stroke_width: Option<f64>,
    /// Of a line whose ends are round
    stroke_linecap: Option<String>,
    /// Of a line whose joins are round
    stroke_linejoin: Option<String>,
    /// Less than 1
    opacity: Option<f64>,
}

#[derive(Clone, Copy, Enum)]
#[oai(rename = "StructuredEyePlace", rename_all = "snake_case")]
enum Place {
    TopLeft,
    TopRight,
    BottomLeft,
}

/// A finder pattern.
#[derive(Object)]
#[oai(rename = "StructuredEye", skip_serializing_if_is_none)]
pub struct Eye {
    #[oai(rename = "type")]
    kind: Place,
    border_path: String,
    /// `#RRGGBB`, or `url(#id)` of a definition
    border_color: String,
    /// An outline of the caller's own has none: it is all in `border_path`
    center_path: Option<String>,
    center_color: Option<String>,
}

/// What paths refer to by `url(#id)`, and filters.
#[derive(Union)]
#[oai(rename = "StructuredDefinition", discriminator_name = "type", one_of)]
pub enum Definition {
    #[oai(mapping = "gradient")]
    Gradient(Gradient),
    #[oai(mapping = "shadows")]
    Shadows(Shadows),
    #[oai(mapping = "blur")]
    Blur(Blur),
}

/// A `linearGradient` or `radialGradient` with `gradientUnits` `userSpaceOnUse`.
#[derive(Object)]
#[oai(rename = "StructuredGradientDefinition", skip_serializing_if_is_none)]
#[allow(clippy::struct_field_names)] // the dialect's names
pub struct Gradient {
    id: String,
    /// `linear` with `x1` to `y2`, `radial` with `cx`, `cy` and `r`
    gradient_type: String,
    x1: Option<f64>,
    y1: Option<f64>,
    x2: Option<f64>,
    y2: Option<f64>,
    cx: Option<f64>,
    cy: Option<f64>,
    r: Option<f64>,
    stops: Vec<Stop>,
}

#[derive(Object)]
#[oai(rename = "StructuredStop")]
struct Stop {
    /// 0 to 1
    offset: f64,
    color: String,
}

/// Silhouettes of symbol and logo on the background, beneath them, the first one lowest.
#[derive(Object)]
#[oai(rename = "StructuredShadows")]
pub struct Shadows {
    id: String,
    shadows: Vec<Shadow>,
}

/// `feGaussianBlur` of `SourceAlpha`, `feOffset`, and `feFlood` in the place of its colour.
#[derive(Object)]
#[oai(rename = "StructuredShadow")]
struct Shadow {
    dx: f64,
    dy: f64,
    std_deviation: f64,
    color: String,
    opacity: f64,
}

/// `feGaussianBlur` over all but the background and `overlays.images`.
#[derive(Object)]
#[oai(rename = "StructuredBlur")]
pub struct Blur {
    id: String,
    std_deviation: f64,
}

/// A PNG at a place, stretched to its size.
#[derive(Object)]
#[oai(rename = "StructuredImage")]
pub struct Image {
    x: f64,
    y: f64,
    width: f64,
    height: f64,
    /// A `data:` URL
    pub href: String,
}

/// What lies on the symbol and around it.
#[derive(Object)]
#[oai(rename = "StructuredOverlays", skip_serializing_if_is_none)]
pub struct Overlays {
    pub logo: Option<Logo>,
    pub frame: Option<Frame>,
    /// Noise and vignette, on top of all
    pub images: Vec<Image>,
}

/// Above the symbol.
#[derive(Object)]
#[oai(rename = "StructuredLogoOverlay", skip_serializing_if_is_none)]
pub struct Logo {
    /// Beneath the picture
    plate: Option<Path>,
    pub image: Image,
}

/// Above the background, and away from the symbol.
#[derive(Object)]
#[oai(rename = "StructuredFrameOverlay")]
pub struct Frame {
    /// The frame, then its text
    pub paths: Vec<Path>,
}

/// How to paint what has no paint of its own.
#[derive(Object)]
#[oai(rename = "StructuredStyles", skip_serializing_if_is_none)]
pub struct Styles {
    /// Of all of `view_box`, beneath everything; left out where it is transparent
    background: Option<Paint>,
    /// Of `path_data`
    data: Paint,
}

#[derive(Object)]
#[oai(rename = "StructuredPaint", skip_serializing_if_is_none)]
struct Paint {
    /// `#RRGGBB`, or `url(#id)` of a definition
    fill: String,
    /// Less than 1
    opacity: Option<f64>,
}

fn color(ink: Ink) -> String {
    Color { rgb: ink.rgb }.to_string()
}

fn opacity(ink: Ink) -> Option<f64> {
    (ink.alpha < 255).then(|| (f64::from(ink.alpha) / 0.255).round() / 1000.0)
}

fn fill(fill: &Fill) -> (String, Option<f64>) {
    match fill {
        Fill::Ink(ink) => (color(*ink), opacity(*ink)),
        Fill::Gradient(id) => (format!("url(#{id})"), None),
    }
}

impl From<parts::Piece> for Path {
    fn from(piece: parts::Piece) -> Self {
        let (paint, opacity) = fill(&piece.fill);
        let round = || Some("round".to_owned());
        let (filled, stroke) = match piece.line {
            None => (Some(paint), None),
            Some(_) => (None, Some(paint)),
        };
        Self {
            path: piece.path,
            fill: filled,
            stroke,
            stroke_width: piece.line.map(|line| line.width),
            stroke_linecap: piece
                .line
                .filter(|line| line.round_ends)
                .and_then(|_| round()),
            stroke_linejoin: piece
                .line
                .filter(|line| !line.round_ends)
                .and_then(|_| round()),
            opacity,
        }
    }
}

impl From<parts::Eye> for Eye {
    fn from(eye: parts::Eye) -> Self {
        let center = eye.centre.map(|centre| (fill(&centre.fill).0, centre.path));
        let (center_color, center_path) = center.unzip();
        Self {
            kind: match eye.number {
                0 => Place::TopLeft,
                1 => Place::TopRight,
                _ => Place::BottomLeft,
            },
            border_color: fill(&eye.border.fill).0,
            border_path: eye.border.path,
            center_path,
            center_color,
        }
    }
}

impl From<parts::Image> for Image {
    fn from(image: parts::Image) -> Self {
        Self {
            x: image.x,
            y: image.y,
            width: image.width,
            height: image.height,
            href: image.uri,
        }
    }
}

impl From<parts::Gradient> for Gradient {
    fn from(gradient: parts::Gradient) -> Self {
        let stops = gradient.stops.iter().map(|&(offset, ink)| Stop {
            offset,
            color: color(ink),
        });
        let (from, to, circle) = match gradient.place {
            Extent::Linear { from, to } => (Some(from), Some(to), None),
            Extent::Radial { centre, radius } => (None, None, Some((centre, radius))),
        };
        let kind = if circle.is_some() { "radial" } else { "linear" };
        Self {
            stops: stops.collect(),
            id: gradient.id,
            gradient_type: kind.to_owned(),
            x1: from.map(|at| at.0),
            y1: from.map(|at| at.1),
            x2: to.map(|at| at.0),
            y2: to.map(|at| at.1),
            cx: circle.map(|(at, _)| at.0),
            cy: circle.map(|(at, _)| at.1),
            r: circle.map(|(_, radius)| radius),
        }
    }
}

/// `of`: what ids begin with, so that those of two symbols in one page differ.
pub fn definitions(parts: &mut parts::Parts, of: &str) -> Vec<Definition> {
    let gradients = std::mem::take(&mut parts.gradients).into_iter();
    let mut all: Vec<_> = gradients
        .map(|gradient| Definition::Gradient(gradient.into()))
        .collect();
    if !parts.casts.is_empty() {
        let shadows = parts.casts.iter().map(|cast| Shadow {
            dx: cast.dx,
            dy: cast.dy,
            std_deviation: cast.blur,
            color: color(cast.ink),
            opacity: opacity(cast.ink).unwrap_or(1.0),
        });
        all.push(Definition::Shadows(Shadows {
            id: format!("{of}-shadows"),
            shadows: shadows.collect(),
        }));
    }
    if parts.blur > 0.0 {
        all.push(Definition::Blur(Blur {
            id: format!("{of}-blur"),
            std_deviation: parts.blur,
        }));
    }
    all
}

pub fn overlays(parts: &mut parts::Parts) -> Overlays {
    let plate = parts.plate.take().map(Path::from);
    let frame = std::mem::take(&mut parts.frame);
    let images = std::mem::take(&mut parts.overlays);
    Overlays {
        logo: parts.logo.take().map(|image| Logo {
            plate,
            image: image.into(),
        }),
        frame: (!frame.is_empty()).then(|| Frame {
            paths: frame.into_iter().map(Path::from).collect(),
        }),
        images: images.into_iter().map(Image::from).collect(),
    }
}

pub fn styles(parts: &parts::Parts) -> Styles {
    let (data, opacity_of_data) = fill(&parts.data.fill);
    Styles {
        background: parts.ground.map(|ink| Paint {
            fill: color(ink),
            opacity: opacity(ink),
        }),
        data: Paint {
            fill: data,
            opacity: opacity_of_data,
        },
    }
}
