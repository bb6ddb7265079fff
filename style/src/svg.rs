//! A scene as SVG 1.1: one path per colour, nothing clipped, no markup from outside.
//!
//! Invariant: the same scene gives the same bytes; ids come from content, so that two symbols in one page never meet.

mod effects;
pub mod parts;
mod path;
mod picture;

use symbol::file::{
    Ink, number,
    svg::{self, Options},
};

use crate::style::Pattern;
use crate::{
    geometry::{MODULE, Outline, Point},
    scene::{Drawn, Layer, Modules, Paint, Ramp, Sampled, Scene, Shape, Tile, trace},
};
use effects::Filters;
use path::Path;

/// Writes the document to the end of `out`. Units of `viewBox` are modules. `width_px`: of [`svg::Size::Pixels`]. `options.extra` is
/// left out.
pub fn write(scene: &Scene, width_px: u32, options: &Options, out: &mut Vec<u8>) {
    let (width, height) = (in_modules(scene.width), in_modules(scene.height));
    svg::start([width, height], width_px, options, out);
    let gradients = gradients(scene);
    let filters = Filters::of(scene);
    let definitions = gradients.iter().map(|(_, definition)| definition);
    let definitions: Vec<&Vec<u8>> = definitions.chain([&filters.definitions]).collect();
    if definitions.iter().any(|definition| !definition.is_empty()) {
        out.extend_from_slice(b"<defs>");
        for definition in definitions {
            out.extend_from_slice(definition);
        }
        out.extend_from_slice(b"</defs>");
    }
    if scene.ground.alpha > 0 {
        out.extend_from_slice(b"<path");
        svg::paint("fill", scene.ground, out);
        out.extend_from_slice(format!(r#" d="M0 0h{width}v{height}h-{width}z"/>"#).as_bytes());
    }
    let ids = gradients.into_iter().map(|(id, _)| id).collect();
    filtered(scene, &filters, ids, out);
    for (overlay, place) in &scene.effects.overlays {
        picture::write(overlay, *place, out);
    }
    out.extend_from_slice(b"</svg>");
}

/// Rounded to a ten-thousandth.
fn in_modules(units: i32) -> f64 {
    (f64::from(units) / f64::from(MODULE) * 1e4).round() / 1e4
}

/// The layers, within groups where there are filters.
fn filtered(scene: &Scene, filters: &Filters, gradients: Vec<String>, out: &mut Vec<u8>) {
    let begin = |id: &String, out: &mut Vec<u8>| {
        out.extend_from_slice(format!(r#"<g filter="url(#{id})">"#).as_bytes());
    };
    let (id, casting) = filters.casts.clone().unzip();
    for id in filters.blur.iter().chain(&id) {
        begin(id, out);
    }
    let mut gradients = gradients.into_iter();
    for (n, layer) in scene.layers.iter().enumerate() {
        if casting == Some(n) {
            out.extend_from_slice(b"</g>");
        }
        layer_of(layer, &mut gradients, scene.origin, out);
    }
    if casting.is_some_and(|casting| casting >= scene.layers.len()) {
        out.extend_from_slice(b"</g>");
    }
    if filters.blur.is_some() {
        out.extend_from_slice(b"</g>");
    }
}

/// `gradients`: ids of those that are left.
fn layer_of(
    layer: &Layer,
    gradients: &mut impl Iterator<Item = String>,
    origin: Point,
    out: &mut Vec<u8>,
) {
    let filled = match &layer.paint {
        Paint::Ink(ink) => Filled::Ink(*ink),
        Paint::Linear { .. } | Paint::Radial { .. } => match gradients.next() {
            Some(id) => Filled::Gradient(id),
            None => return,
        },
        Paint::Sampled(sampled) => return classes(layer, sampled, origin, out),
    };
    shape(&layer.shape, &filled, origin, out);
}

/// What a path is painted with.
#[derive(Clone)]
enum Filled {
    Ink(Ink),
    /// By its id.
    Gradient(String),
}

impl Filled {
    fn write(&self, attribute: &str, out: &mut Vec<u8>) {
        match self {
            Self::Ink(ink) => svg::paint(attribute, *ink, out),
            Self::Gradient(id) => {
                out.extend_from_slice(format!(r#" {attribute}="url(#{id})""#).as_bytes());
            }
        }
    }
}

/// The id and the definition of each layer's gradient. Equal gradients share an id, and only the first has a definition.
fn gradients(scene: &Scene) -> Vec<(String, Vec<u8>)> {
    let mut all: Vec<(String, Vec<u8>)> = Vec::new();
    for layer in &scene.layers {
        let Some((tag, attributes, ramp)) = gradient(&layer.paint) else {
            continue;
        };
        let mut body = format!(r#"gradientUnits="userSpaceOnUse"{attributes}>"#).into_bytes();
        stops(ramp, &mut body);
        let id = format!("g{:08x}", fingerprint(&body));
        let is_new = all.iter().all(|(other, _)| *other != id);
        let definition = if is_new {
            let start = format!(r#"<{tag} id="{id}" "#).into_bytes();
            [&start[..], &body, b"</", tag.as_bytes(), b">"].concat()
        } else {
            Vec::new()
        };
        all.push((id, definition));
    }
    all
}

/// Its element, the attributes of its place, and its colours. `None`: it is drawn without one.
fn gradient(paint: &Paint) -> Option<(&'static str, String, &Ramp)> {
    let attribute = |name: &str, units: f64| {
        let mut text = format!(r#" {name}=""#).into_bytes();
        number::decimal(&mut text, (units / f64::from(MODULE) * 1e4).round() / 1e4);
        text.push(b'"');
        String::from_utf8(text).unwrap_or_default()
    };
    match paint {
        Paint::Linear { from, to, ramp } => {
            let places = [("x1", from.0), ("y1", from.1), ("x2", to.0), ("y2", to.1)];
            let attributes = places.map(|(name, units)| attribute(name, units)).concat();
            Some(("linearGradient", attributes, ramp))
        }
        Paint::Radial {
            centre,
            radius,
            ramp,
        } => {
            let places = [("cx", centre.0), ("cy", centre.1), ("r", *radius)];
            let attributes = places.map(|(name, units)| attribute(name, units)).concat();
            Some(("radialGradient", attributes, ramp))
        }
        Paint::Ink(_) | Paint::Sampled(_) => None,
    }
}

fn stops(ramp: &Ramp, out: &mut Vec<u8>) {
    for stop in &ramp.0 {
        out.extend_from_slice(br#"<stop offset=""#);
        number::decimal(out, (f64::from(stop.at) * 1e4).round() / 1e4);
        out.push(b'"');
        svg::paint("stop-color", Ink::opaque(stop.rgb), out);
        out.extend_from_slice(b"/>");
    }
}

/// FNV-1a of 32 bits.
fn fingerprint(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x811c_9dc5, |hash, &byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    })
}

/// One path per class. Where modules are joined, lines from one to the next lie beneath in the mean colour: what shows between two
/// is then no ground. They end within the modules, so that no outer edge is drawn twice.
fn classes(layer: &Layer, sampled: &Sampled, origin: Point, out: &mut Vec<u8>) {
    let Shape::Modules(modules) = &layer.shape else {
        return;
    };
    let (mean, of_class) = shades(modules, sampled);
    if let Some(path) = joints(modules, origin) {
        path.stroked(JOINT, ENDS, &Filled::Ink(mean), out);
    }
    for (ink, places) in of_class {
        tiles(modules, &places, origin).filled(&Filled::Ink(ink), out);
    }
}

/// A colour, and the modules that have it.
type Shade = (Ink, Vec<(usize, usize)>);

/// The mean colour of modules, and the modules of each class that has any.
fn shades(modules: &Modules, sampled: &Sampled) -> (Ink, Vec<Shade>) {
    let mut sum = [0_u32; 3];
    let mut count = 0;
    let mut of_class = vec![Vec::new(); sampled.colors.len()];
    for (x, y) in modules.places() {
        let class = usize::from(sampled.class(x, y));
        count += 1;
        for (sum, c) in sum.iter_mut().zip(sampled.colors[class]) {
            *sum += u32::from(c);
        }
        of_class[class].push((x, y));
    }
    let mean = sum.map(|sum| (sum / count.max(1)) as u8);
    let inks = sampled.colors.iter().map(|&rgb| Ink::opaque(rgb));
    let some = inks.zip(of_class).filter(|(_, places)| !places.is_empty());
    (Ink::opaque(mean), some.collect())
}

/// Of lines.
const ENDS: &str = "stroke-linecap";
/// Width of a line between joined modules, in modules.
const JOINT: f64 = 0.6;

/// Lines from one module to the next. `None` where none are joined.
fn joints(modules: &Modules, origin: Point) -> Option<Path> {
    let joined = modules.pattern.joined();
    let mut path = Path::default();
    for &axis in joined {
        path.runs(&modules.dark, axis, 2, origin);
    }
    (!joined.is_empty()).then_some(path)
}

fn shape(shape: &Shape, filled: &Filled, origin: Point, out: &mut Vec<u8>) {
    match shape {
        Shape::Outline(outline) => {
            let mut path = Path::default();
            path.outline(outline);
            path.filled(filled, out);
        }
        Shape::Stroke { outline, width } => {
            let mut path = Path::default();
            path.outline(outline);
            path.stroked(in_modules(*width), "stroke-linejoin", filled, out);
        }
        Shape::Picture(picture, place) => picture::write(picture, *place, out),
        Shape::Modules(modules) => match modules.pattern.drawn(0) {
            Drawn::Contours => {
                let is_soft = modules.pattern == Pattern::Rounded;
                let mut path = Path::default();
                path.outline(&trace(&modules.dark, is_soft).moved(origin));
                path.filled(filled, out);
            }
            Drawn::Lines { .. } => lines(modules, filled, origin, out),
            Drawn::Tiles => {
                let places: Vec<_> = modules.places().collect();
                tiles(modules, &places, origin).filled(filled, out);
            }
        },
    }
}

/// Each module for itself.
fn tiles(modules: &Modules, places: &[(usize, usize)], origin: Point) -> Path {
    let mut outlines: [Option<Outline>; Tile::VARIANTS] = [const { None }; Tile::VARIANTS];
    let mut path = Path::default();
    for &(x, y) in places {
        let tile = modules.tile(x, y);
        let outline = outlines[usize::from(tile.variant())].get_or_insert_with(|| tile.outline());
        let at = Point::new(x as i32 * MODULE, y as i32 * MODULE).plus(origin);
        path.moved_outline(outline, at);
    }
    path
}

/// Lines with round ends, one path per width.
fn lines(modules: &Modules, filled: &Filled, origin: Point, out: &mut Vec<u8>) {
    for variant in 0..Pattern::WIDTHS {
        let Drawn::Lines { width, along } = modules.pattern.drawn(variant) else {
            continue;
        };
        let mut path = Path::default();
        match along {
            Some(axis) if variant == 0 => path.runs(&modules.dark, axis, 1, origin),
            Some(_) => continue,
            None => {
                for (x, y) in modules.places() {
                    if modules.tile(x, y).variant() == variant {
                        let middle = Point::middle(x, y).plus(origin);
                        path.line(middle, middle);
                    }
                }
            }
        }
        if !path.is_empty() {
            path.stroked(width, ENDS, filled, out);
        }
    }
}
