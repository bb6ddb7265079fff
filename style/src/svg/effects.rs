//! Effects as filters (SVG 1.1, chapter 15).

use symbol::file::{number, svg};

use super::{fingerprint, in_modules};
use crate::scene::{Cast, Scene};

/// Filters of a scene by id. `None`: no layer needs one.
#[derive(Default)]
pub struct Filters {
    /// For the layers that cast shadows, and how many these are.
    pub casts: Option<(String, usize)>,
    /// For all layers.
    pub blur: Option<String>,
    pub definitions: Vec<u8>,
}

impl Filters {
    pub fn of(scene: &Scene) -> Self {
        let mut filters = Self::default();
        let casts = &scene.effects.casts;
        if !casts.is_empty() {
            filters.casts = Some((filters.define(scene, &shadows(casts)), scene.of_symbol));
        }
        if scene.effects.blur > 0 {
            let mut body = Vec::new();
            gaussian("SourceGraphic", scene.effects.blur, &mut body);
            filters.blur = Some(filters.define(scene, &body));
        }
        filters
    }

    /// Over the whole picture, in the colours of a screen. Returns its id.
    fn define(&mut self, scene: &Scene, body: &[u8]) -> String {
        let id = format!("f{:08x}", fingerprint(body));
        let out = &mut self.definitions;
        out.extend_from_slice(
            format!(r#"<filter id="{id}" filterUnits="userSpaceOnUse" x="0" y="0""#).as_bytes(),
        );
        attribute("width", scene.width, out);
        attribute("height", scene.height, out);
        out.extend_from_slice(br#" color-interpolation-filters="sRGB">"#);
        out.extend_from_slice(body);
        out.extend_from_slice(b"</filter>");
        id
    }
}

pub fn attribute(name: &str, units: i32, out: &mut Vec<u8>) {
    out.extend_from_slice(format!(r#" {name}=""#).as_bytes());
    number::decimal(out, in_modules(units));
    out.push(b'"');
}

fn gaussian(input: &str, deviation: i32, out: &mut Vec<u8>) {
    out.extend_from_slice(format!(r#"<feGaussianBlur in="{input}""#).as_bytes());
    attribute("stdDeviation", deviation, out);
    out.extend_from_slice(b"/>");
}

fn shadows(casts: &[Cast]) -> Vec<u8> {
    let mut out = Vec::new();
    for (n, cast) in casts.iter().enumerate() {
        gaussian("SourceAlpha", cast.blur, &mut out);
        out.extend_from_slice(b"<feOffset");
        attribute("dx", cast.dx, &mut out);
        attribute("dy", cast.dy, &mut out);
        out.extend_from_slice(format!(r#" result="b{n}"/><feFlood"#).as_bytes());
        svg::paint("flood-color", cast.ink, &mut out);
        out.extend_from_slice(
            format!(r#"/><feComposite in2="b{n}" operator="in" result="c{n}"/>"#).as_bytes(),
        );
    }
    out.extend_from_slice(b"<feMerge>");
    for n in 0..casts.len() {
        out.extend_from_slice(format!(r#"<feMergeNode in="c{n}"/>"#).as_bytes());
    }
    out.extend_from_slice(br#"<feMergeNode in="SourceGraphic"/></feMerge>"#);
    out
}
