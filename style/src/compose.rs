//! From a style and modules to a scene.

mod effects;
mod logo;

use std::borrow::Cow;

use symbol::{Matrix, Symbol, file::Ink};

use crate::{
    frame::Framed,
    geometry::{MODULE, Outline, Point, units},
    raster::over,
    scene::{
        Across, Drawn, Layer, Modules, Paint, Role, Scene, Shape, Square, border, centre, trace,
    },
    style::{Pattern, Stroke, Style},
};

/// Modules along one side of a finder pattern.
pub const EYE: usize = 7;

/// Upper left modules of the finder patterns: upper left, upper right, lower left. A Micro QR symbol has the first one only.
pub fn eyes(symbol: &Symbol) -> Vec<(usize, usize)> {
    let far = symbol.matrix().modules() - EYE;
    if symbol.version().is_micro() {
        vec![(0, 0)]
    } else {
        vec![(0, 0), (far, 0), (0, far)]
    }
}

/// `quiet_zone`: light modules around the symbol.
#[must_use]
pub fn compose(symbol: &Symbol, style: &Style, quiet_zone: u8) -> Scene {
    composed(symbol, style, quiet_zone, joined)
}

/// The same picture, in which every part of a finder pattern has a layer of its own.
#[must_use]
pub fn compose_apart(symbol: &Symbol, style: &Style, quiet_zone: u8) -> Scene {
    composed(symbol, style, quiet_zone, Vec::push)
}

/// `add`: puts a part of a finder pattern upon the layers.
fn composed(
    symbol: &Symbol,
    style: &Style,
    quiet_zone: u8,
    add: fn(&mut Vec<Layer>, Layer),
) -> Scene {
    let modules = symbol.matrix().modules();
    let mut scene = Scene {
        eyes: style.eyes.worth(),
        ..Scene::empty(modules, quiet_zone, style.ground)
    };
    let frame = style.frame.as_ref();
    let framed = frame.map(|frame| Framed::around(frame, scene.width, style.ground));
    if let Some(framed) = &framed {
        (scene.width, scene.height) = (framed.width, framed.height);
        scene.origin = scene.origin.plus(framed.origin);
    }
    let whole = square(&scene, (0, 0), modules);
    let across = style
        .gradient
        .as_ref()
        .map(|gradient| Across::new(gradient, whole));
    data(symbol, style, across.as_ref(), &mut scene);
    for layer in finders(symbol, style, across.as_ref(), &scene) {
        add(&mut scene.layers, layer);
    }
    if let Some(logo) = &style.logo {
        logo::add(logo, &mut scene);
    }
    scene.of_symbol = scene.layers.len();
    scene
        .layers
        .extend(framed.into_iter().flat_map(|framed| framed.layers));
    effects::add(&style.effects, &mut scene);
    scene
}

/// So many modules wide, from a module of the symbol on.
fn square(scene: &Scene, (x, y): (usize, usize), width: usize) -> Square {
    let at = |v: usize, origin: i32| f64::from(origin) + f64::from(v as i32 * MODULE);
    Square {
        x: at(x, scene.origin.x),
        y: at(y, scene.origin.y),
        width: f64::from(width as i32 * MODULE),
    }
}

/// All modules but those of finder patterns and those under a logo.
fn data(symbol: &Symbol, style: &Style, across: Option<&Across>, scene: &mut Scene) {
    let eyes = eyes(symbol);
    let in_eye = Matrix::from_fn(scene.modules, |x, y| {
        let within = |from: usize, at: usize| (from..from + EYE).contains(&at);
        eyes.iter()
            .any(|&(eye_x, eye_y)| within(eye_x, x) && within(eye_y, y))
    });
    let mut dark = symbol.matrix().without(&in_eye);
    if let Some(logo) = &style.logo {
        dark = dark.without(&logo::hidden(logo, scene.modules));
    }
    let modules = Modules {
        dark,
        pattern: style.pattern,
    };
    let is_on = style.gradient.as_ref().is_some_and(|g| g.on_data);
    let paint = match across.filter(|_| is_on) {
        Some(across) => across
            .smooth()
            .unwrap_or_else(|| Paint::Sampled(across.sampled(scene.modules))),
        None => Paint::Ink(style.ink),
    };
    let mut on = None;
    if let Some(stroke) = style.stroke {
        on = Some(over(stroke.ink, 1.0, style.ground));
        scene.layers.push(around(&modules, stroke, scene.origin));
    }
    scene.layers.push(Layer {
        on,
        ..Layer::new(Shape::Modules(modules), paint).with_role(Role::Data)
    });
}

/// A layer for each part of each finder pattern.
fn finders(symbol: &Symbol, style: &Style, across: Option<&Across>, scene: &Scene) -> Vec<Layer> {
    let mut layers = Vec::new();
    let roles: [fn(usize) -> Role; 2] = [Role::Border, Role::Centre];
    let parts = match &style.eyes.custom {
        Some(outline) => vec![Cow::Borrowed(&**outline)],
        None => vec![
            Cow::Owned(border(style.eyes.border)),
            Cow::Owned(centre(style.eyes.centre)),
        ],
    };
    let is_on = style.gradient.as_ref().is_some_and(|g| g.on_eyes);
    let across = across.filter(|_| is_on);
    let inks = style.eyes.inks;
    for (number, &(x, y)) in eyes(symbol).iter().enumerate() {
        let place = square(scene, (x, y), EYE);
        let mirror = [x > 0, y > 0];
        let of_parts = [inks.outer, inks.inner];
        for ((part, ink), role) in parts.iter().zip(of_parts).zip(roles) {
            let ink: Option<Ink> = inks.each.get(number).copied().flatten().or(ink);
            let paint = match (ink, across) {
                (Some(ink), _) => Paint::Ink(ink),
                (None, Some(across)) => across.smooth().unwrap_or_else(|| across.fitted(place)),
                (None, None) => Paint::Ink(style.ink),
            };
            let at = Point::new(place.x as i32, place.y as i32);
            let outline = part.mirrored(7.0, mirror).moved(at);
            let layer = Layer::new(Shape::Outline(outline), paint);
            layers.push(layer.with_role(role(number)));
        }
    }
    layers
}

/// The line that surrounds modules.
fn around(modules: &Modules, stroke: Stroke, origin: Point) -> Layer {
    let tiles = modules.places().map(|(x, y)| {
        let at = Point::new(x as i32 * MODULE, y as i32 * MODULE);
        modules.tile(x, y).outline().moved(at)
    });
    let outline = match modules.pattern.drawn(0) {
        Drawn::Contours => trace(&modules.dark, modules.pattern == Pattern::Rounded),
        Drawn::Lines { .. } | Drawn::Tiles => tiles.fold(Outline::default(), Outline::and),
    };
    let shape = Shape::Stroke {
        outline: outline.moved(origin),
        // In modules: a wider one covers the symbol.
        width: units(f64::from(stroke.width).clamp(0.0, 4.0)),
    };
    Layer::new(shape, Paint::Ink(stroke.ink)).with_role(Role::Stroke)
}

/// To the layer of the same paint, if there is one.
fn joined(layers: &mut Vec<Layer>, layer: Layer) {
    let Shape::Outline(outline) = &layer.shape else {
        return layers.push(layer);
    };
    let same = layers.iter_mut().find_map(|other| match &mut other.shape {
        Shape::Outline(all) if other.paint == layer.paint => Some(all),
        _ => None,
    });
    match same {
        Some(all) => all.contours.extend_from_slice(&outline.contours),
        None => layers.push(layer),
    }
}
