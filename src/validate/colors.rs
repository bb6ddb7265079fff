//! Whether a symbol in these colours can be seen.
//!
//! Invariant: an absent colour is its default, so two colours are compared as they will be painted.

use super::{Concern, Reason, Style, Verdict};

/// Symbol contrast in percent of full reflectance below which a symbol has grade F (ISO/IEC 15415 §7.8.2, table 4).
const CONTRAST: f64 = 20.0;

type Rgb = [u8; 3];

pub(super) fn check(style: &Style, verdict: &mut Verdict) {
    let mut color = |field, value: Option<&String>, absent: Option<Rgb>| {
        let Some(text) = value else { return absent };
        let rgb = rgb(text);
        if rgb.is_none() {
            let message = "must be an opaque colour such as #RGB or #RRGGBB";
            verdict.refuse(field, Reason::Color, message);
        }
        rgb
    };
    let fill = color("fill_color", style.fill_color.as_ref(), Some([0; 3]));
    let back = color("back_color", style.back_color.as_ref(), Some([255; 3]));
    let dark = color("data_dark_color", style.data_dark_color.as_ref(), fill);
    let light = color("data_light_color", style.data_light_color.as_ref(), back);
    // One that is refused for itself equals nothing.
    let same = |a: Option<Rgb>, b: Option<Rgb>| a.is_some() && a == b;
    let invisible = if same(fill, back) {
        // The one that was given.
        Some(if style.fill_color.is_some() {
            let message = "must differ from back_color: the symbol would be invisible";
            ("fill_color", message)
        } else {
            let message = "must differ from fill_color: the symbol would be invisible";
            ("back_color", message)
        })
    } else if same(dark, back) || (same(dark, light) && light != fill) {
        let message =
            "must differ from back_color and data_light_color: the data would be invisible";
        Some(("data_dark_color", message))
    } else if same(light, fill) {
        let message = "must differ from fill_color: the data would be invisible";
        Some(("data_light_color", message))
    } else {
        None
    };
    if let Some((field, message)) = invisible {
        verdict.refuse(field, Reason::Invisible, message);
    } else if let (Some(fill), Some(back), Some(dark), Some(light)) = (fill, back, dark, light) {
        concerns([fill, dark], [back, light], &mut verdict.concerns);
    }
}

/// CSS Color 4 §5.2, opaque only.
fn rgb(text: &str) -> Option<Rgb> {
    let digits = text.strip_prefix('#')?.bytes().map(nibble);
    let digits: Vec<u8> = digits.collect::<Option<_>>()?;
    let (color, alpha) = match digits.len() {
        3 | 4 => digits.split_at(3),
        6 | 8 => digits.split_at(6),
        _ => return None,
    };
    if alpha.iter().any(|digit| *digit != 15) {
        return None;
    }
    // One digit stands for two of it.
    let wide = color.len() / 3;
    let channel = |i: usize| color[wide * i] << 4 | color[wide * i + wide - 1];
    Some([0, 1, 2].map(channel))
}

fn nibble(byte: u8) -> Option<u8> {
    let digit = char::from(byte).to_digit(16)?;
    u8::try_from(digit).ok()
}

fn concerns(dark: [Rgb; 2], light: [Rgb; 2], out: &mut Vec<Concern>) {
    let inverted = luminance(dark[0]) > luminance(light[0]);
    let (low, high) = if inverted {
        (light, dark)
    } else {
        (dark, light)
    };
    // The lightest of the dark against the darkest of the light.
    let seen = |by: fn(Rgb) -> f64| {
        let lightest = low.map(by).into_iter().fold(0.0, f64::max);
        let darkest = high.map(by).into_iter().fold(1.0, f64::min);
        100.0 * (darkest - lightest).max(0.0)
    };
    // As a camera sees it and as a scanner with a red light does.
    let contrast = seen(luminance).min(seen(red));
    if contrast < CONTRAST {
        // Below 20.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let percent = contrast as u8;
        out.push(Concern::Contrast { percent });
    }
    if inverted {
        out.push(Concern::Inverted);
    }
}

/// Relative luminance in linear light, 0..=1 (IEC 61966-2-1; the coefficients of ITU-R BT.709).
fn luminance([r, g, b]: Rgb) -> f64 {
    0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b)
}

fn red([r, _, _]: Rgb) -> f64 {
    linear(r)
}

/// The inverse of sRGB's transfer function.
fn linear(channel: u8) -> f64 {
    let c = f64::from(channel) / 255.0;
    if c <= 0.040_45 {
        c / 12.92
    } else {
        ((c + 0.055) / 1.055).powf(2.4)
    }
}

#[cfg(test)]
mod tests;
