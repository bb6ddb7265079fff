//! From a style and modules to a scene.

use symbol::{Matrix, Symbol, file::Ink};

use crate::{
    geometry::{MODULE, Outline, Point},
    scene::{Across, Layer, Modules, Paint, Scene, Shape, Square, border, centre},
    style::Style,
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
    let modules = symbol.matrix().modules();
    let mut scene = Scene {
        border: style.eyes.border,
        centre: style.eyes.centre,
        ..Scene::empty(modules, quiet_zone, style.ground)
    };
    let origin = scene.origin;
    let square = |x: usize, y: usize, width: usize| {
        let at = |v: usize, origin: i32| f64::from(origin) + f64::from(v as i32 * MODULE);
        Square {
            x: at(x, origin.x),
            y: at(y, origin.y),
            width: f64::from(width as i32 * MODULE),
        }
    };
    let across = style
        .gradient
        .as_ref()
        .map(|gradient| Across::new(gradient, square(0, 0, modules)));
    let across = across.as_ref();
    let on = |is_on: bool| across.filter(|_| is_on);
    let (on_data, on_eyes) = style
        .gradient
        .as_ref()
        .map_or((false, false), |g| (g.on_data, g.on_eyes));

    let eyes = eyes(symbol);
    let in_eye = Matrix::from_fn(modules, |x, y| {
        let within = |from: usize, at: usize| (from..from + EYE).contains(&at);
        eyes.iter()
            .any(|&(eye_x, eye_y)| within(eye_x, x) && within(eye_y, y))
    });
    let data = match on(on_data) {
        Some(across) => across
            .smooth()
            .unwrap_or_else(|| Paint::Sampled(across.sampled(modules))),
        None => Paint::Ink(style.ink),
    };
    let shape = Shape::Modules(Modules {
        dark: symbol.matrix().without(&in_eye),
        pattern: style.pattern,
    });
    scene.layers.push(Layer::new(shape, data));

    let parts = [border(style.eyes.border), centre(style.eyes.centre)];
    let inks = style.eyes.inks;
    for (number, &(x, y)) in eyes.iter().enumerate() {
        let place = square(x, y, EYE);
        let mirror = [x > 0, y > 0];
        for (part, ink) in parts.iter().zip([inks.outer, inks.inner]) {
            let ink: Option<Ink> = inks.each.get(number).copied().flatten().or(ink);
            let paint = match (ink, on(on_eyes)) {
                (Some(ink), _) => Paint::Ink(ink),
                (None, Some(across)) => across.smooth().unwrap_or_else(|| across.fitted(place)),
                (None, None) => Paint::Ink(style.ink),
            };
            let at = Point::new(place.x as i32, place.y as i32);
            add(
                &mut scene.layers,
                part.mirrored(7.0, mirror).moved(at),
                paint,
            );
        }
    }
    scene
}

/// To the layer of the same paint, if there is one.
fn add(layers: &mut Vec<Layer>, outline: Outline, paint: Paint) {
    let same = layers.iter_mut().find_map(|layer| match &mut layer.shape {
        Shape::Outline(all) if layer.paint == paint => Some(all),
        _ => None,
    });
    match same {
        Some(all) => all.contours.extend(outline.contours),
        None => layers.push(Layer::new(Shape::Outline(outline), paint)),
    }
}
