//! Smooth gradients as dictionaries, which PDF (ISO 32000-1 §8.7.4) and PostScript level 3 spell alike.

use symbol::file::{self, components, number};

use super::modules;
use crate::scene::{Paint, Ramp};

/// A shading in modules, with line feeds so that no line is long. `None`: `paint` is no smooth gradient.
pub fn dictionary(paint: &Paint, inks: file::Paint) -> Option<Vec<u8>> {
    let pair = |(x, y): (f64, f64)| [modules(x), modules(y)];
    let (kind, places, ramp) = match paint {
        Paint::Linear { from, to, ramp } => (2, [pair(*from), pair(*to)].concat(), ramp),
        Paint::Radial {
            centre,
            radius,
            ramp,
        } => {
            let [x, y] = pair(*centre);
            (3, vec![x, y, 0.0, x, y, modules(*radius)], ramp)
        }
        Paint::Ink(_) | Paint::Sampled(_) => return None,
    };
    let mut out = format!("<</ShadingType {kind}/ColorSpace/{}/Coords[", space(inks)).into_bytes();
    for place in places {
        number::decimal(&mut out, (place * 1e4).round() / 1e4);
        out.push(b' ');
    }
    out.extend_from_slice(b"]\n/Extend[true true]/Function ");
    function(ramp, inks, &mut out);
    out.extend_from_slice(b">>\n");
    Some(out)
}

pub const fn space(inks: file::Paint) -> &'static str {
    match inks {
        file::Paint::Rgb => "DeviceRGB",
        file::Paint::Cmyk => "DeviceCMYK",
    }
}

/// Exponential functions of two stops each (type 2), stitched together (type 3). Between two stops the mixture is even in the
/// numbers of the colour space: in CMYK of inks.
fn function(ramp: &Ramp, inks: file::Paint, out: &mut Vec<u8>) {
    let ends = [ramp.0.first(), ramp.0.last()].map(|end| end.map_or([0; 3], |stop| stop.rgb));
    // The outermost colours reach to the ends.
    let mut stops = vec![(0.0, ends[0])];
    let mut last = 0.0;
    for stop in &ramp.0 {
        // As it is written, and never back.
        last = ((f64::from(stop.at) * 1e4).round() / 1e4)
            .min(1.0)
            .max(last);
        stops.push((last, stop.rgb));
    }
    stops.push((1.0, ends[1]));
    let pairs = stops.windows(2).map(|pair| (pair[0], pair[1]));
    // One without length would be a bound twice.
    let pieces: Vec<_> = pairs.filter(|(from, to)| from.0 < to.0).collect();
    let is_one = pieces.len() == 1;
    if !is_one {
        out.extend_from_slice(b"<</FunctionType 3/Domain[0 1]/Functions[\n");
    }
    for ((_, from), (_, to)) in &pieces {
        out.extend_from_slice(b"<</FunctionType 2/Domain[0 1]/N 1/C0[");
        components(*from, inks, out);
        out.extend_from_slice(b"]/C1[");
        components(*to, inks, out);
        out.extend_from_slice(b"]>>\n");
    }
    if !is_one {
        out.extend_from_slice(b"]/Bounds[");
        for (from, _) in pieces.iter().skip(1) {
            number::decimal(out, from.0);
            out.push(b' ');
        }
        out.extend_from_slice(b"]/Encode[");
        out.extend_from_slice(&b"0 1 ".repeat(pieces.len()));
        out.extend_from_slice(b"]>>\n");
    }
}
