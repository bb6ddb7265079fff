//! A scene as SVG 1.1: one path per colour, nothing clipped, no markup from outside.
//!
//! Invariant: the same scene gives the same bytes; ids come from content, so that two symbols in one page never meet.

mod path;

use symbol::{
    Matrix,
    file::{
        Ink, number,
        svg::{self, Options},
    },
};

use crate::{
    geometry::{MODULE, Outline, Point},
    scene::{Axis, Drawn, Layer, Modules, Paint, Ramp, Sampled, Scene, Shape, Tile, trace},
};
use path::Path;

/// Writes the document to the end of `out`. Units of `viewBox` are modules. `width_px`: of [`svg::Size::Pixels`]. `options.extra` is
/// left out.
pub fn write(scene: &Scene, width_px: u32, options: &Options, out: &mut Vec<u8>) {
    let across = i64::try_from(scene.across()).unwrap_or(i64::MAX);
    svg::start((0, across), width_px, options, out);
    let gradients = gradients(scene);
    if !gradients.is_empty() {
        out.extend_from_slice(b"<defs>");
        for (_, definition) in &gradients {
            out.extend_from_slice(definition);
        }
        out.extend_from_slice(b"</defs>");
    }
    if scene.ground.alpha > 0 {
        out.extend_from_slice(b"<path");
        svg::paint("fill", scene.ground, out);
        out.extend_from_slice(format!(r#" d="M0 0h{across}v{across}h-{across}z"/>"#).as_bytes());
    }
    let mut gradients = gradients.into_iter();
    for layer in &scene.layers {
        let filled = match &layer.paint {
            Paint::Ink(ink) => Filled::Ink(*ink),
            Paint::Linear { .. } | Paint::Radial { .. } => match gradients.next() {
                Some((id, _)) => Filled::Gradient(id),
                None => continue,
            },
            Paint::Sampled(sampled) => {
                classes(layer, sampled, scene.origin(), out);
                continue;
            }
        };
        shape(&layer.shape, &filled, scene.origin(), out);
    }
    out.extend_from_slice(b"</svg>");
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
        Paint::Radial { centre, radius, ramp } => {
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
    bytes.iter().fold(0x811c_9dc5, |hash, &byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

/// One path per class. Where modules are joined, lines from one to the next lie beneath in the mean colour: what shows between two
/// is then no ground. They end within the modules, so that no outer edge is drawn twice.
fn classes(layer: &Layer, sampled: &Sampled, origin: Point, out: &mut Vec<u8>) {
    let Shape::Modules(modules) = &layer.shape else {
        return;
    };
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
    joints(modules, &Filled::Ink(Ink::opaque(mean)), origin, out);
    for (places, &rgb) in of_class.iter().zip(&sampled.colors) {
        if !places.is_empty() {
            tiles(modules, places, &Filled::Ink(Ink::opaque(rgb)), origin, out);
        }
    }
}

/// Width of a line between joined modules, in modules.
const JOINT: f64 = 0.6;

fn joints(modules: &Modules, filled: &Filled, origin: Point, out: &mut Vec<u8>) {
    let mut path = Path::default();
    let size = modules.dark.modules();
    for axis in modules.pattern.joined() {
        let turned = Matrix::from_fn(size, |x, y| modules.dark.is_dark(y, x));
        let (dark, place): (_, fn(i32, i32) -> Point) = match axis {
            Axis::Rows => (&modules.dark, Point::new),
            Axis::Columns => (&turned, |x, y| Point::new(y, x)),
        };
        let middle = |v: usize| v as i32 * MODULE + MODULE / 2;
        for y in 0..size {
            for run in dark.runs(y).filter(|run| run.len() > 1) {
                let end = |x: u32| place(middle(x as usize), middle(y)).plus(origin);
                path.line(end(run.start), end(run.end - 1));
            }
        }
    }
    if !modules.pattern.joined().is_empty() {
        path.stroked(JOINT, filled, out);
    }
}

fn shape(shape: &Shape, filled: &Filled, origin: Point, out: &mut Vec<u8>) {
    match shape {
        Shape::Outline(outline) => {
            let mut path = Path::default();
            path.outline(outline);
            path.filled(filled, out);
        }
        Shape::Modules(modules) => match modules.pattern.drawn(0) {
            Drawn::Contours => {
                let is_soft = modules.pattern == crate::style::Pattern::Rounded;
                let mut path = Path::default();
                path.outline(&trace(&modules.dark, is_soft).moved(origin));
                path.filled(filled, out);
            }
            Drawn::Lines { .. } => lines(modules, filled, origin, out),
            Drawn::Tiles => {
                let places: Vec<_> = modules.places().collect();
                tiles(modules, &places, filled, origin, out);
            }
        },
    }
}

/// Each module for itself.
fn tiles(modules: &Modules, places: &[(usize, usize)], filled: &Filled, origin: Point, out: &mut Vec<u8>) {
    let mut outlines: [Option<Outline>; Tile::VARIANTS] = [const { None }; Tile::VARIANTS];
    let mut path = Path::default();
    for &(x, y) in places {
        let tile = modules.tile(x, y);
        let outline = outlines[usize::from(tile.variant())].get_or_insert_with(|| tile.outline());
        let at = Point::new(x as i32 * MODULE, y as i32 * MODULE).plus(origin);
        path.moved_outline(outline, at);
    }
    path.filled(filled, out);
}

/// Lines with round ends, one path per width.
fn lines(modules: &Modules, filled: &Filled, origin: Point, out: &mut Vec<u8>) {
    let mut paths: Vec<(f64, Path)> = Vec::new();
    let middle = |x: usize, y: usize| {
        let half = MODULE / 2;
        Point::new(x as i32 * MODULE + half, y as i32 * MODULE + half).plus(origin)
    };
    for (x, y) in modules.places() {
        let tile = modules.tile(x, y);
        let Drawn::Lines { width, along } = modules.pattern.drawn(tile.variant()) else {
            continue;
        };
        let next = |n: usize| match along {
            Some(Axis::Columns) => (x, y + n),
            Some(Axis::Rows) => (x + n, y),
            None => (x, y),
        };
        let is_joined = |n: usize| along.is_some() && {
            let (x, y) = next(n);
            modules.dark.is_dark(x, y)
        };
        let goes_on_before = match along {
            Some(Axis::Columns) => y > 0 && modules.dark.is_dark(x, y - 1),
            Some(Axis::Rows) => x > 0 && modules.dark.is_dark(x - 1, y),
            None => false,
        };
        if goes_on_before {
            continue;
        }
        let length = (1..).take_while(|&n| is_joined(n)).count();
        let end = next(length);
        let path = match paths.iter_mut().position(|(other, _)| *other == width) {
            Some(at) => &mut paths[at].1,
            None => {
                paths.push((width, Path::default()));
                let last = paths.len() - 1;
                &mut paths[last].1
            }
        };
        path.line(middle(x, y), middle(end.0, end.1));
    }
    for (width, path) in paths {
        path.stroked(width, filled, out);
    }
}
