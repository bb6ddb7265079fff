//! Values of attributes.

use super::super::Rgb;
use super::{
    number::Numbers,
    shape::{Rect, Transform},
};
use crate::render::{Color, Physical, Unit};

/// How wide something is on the screen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Length {
    pub px: f64,
    /// As it is written, if that is a length on paper.
    pub paper: Option<(f64, Unit)>,
}

/// `250`, `250px`, `2.5cm`.
pub fn length(text: &str) -> Option<Length> {
    let units = [Unit::In, Unit::Cm, Unit::Mm];
    let on_paper = |unit: &Unit| Some((text.strip_suffix(unit.label())?, *unit));
    let length = match units.iter().find_map(on_paper) {
        None => Length {
            px: number(text.strip_suffix("px").unwrap_or(text))?,
            paper: None,
        },
        Some((text, unit)) => {
            let width = decimal(text)?;
            let physical = Physical {
                width,
                unit,
                dpi: 96,
            };
            Length {
                px: physical.inches() * 96.0,
                paper: Some((width, unit)),
            }
        }
    };
    (length.px > 0.0).then_some(length)
}

/// A floating point number may have more digits than a coordinate.
fn decimal(text: &str) -> Option<f64> {
    let is_plain = text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    text.parse()
        .ok()
        .filter(|n: &f64| is_plain && n.is_finite())
}

/// One number and nothing else.
pub fn number(text: &str) -> Option<f64> {
    let mut numbers = Numbers::new(text);
    numbers.next().filter(|_| numbers.is_done())
}

/// A number, or a share of the whole.
pub fn number_or_share(text: &str, whole: f64) -> Option<f64> {
    match text.strip_suffix('%') {
        Some(percent) => Some(number(percent)? / 100.0 * whole),
        None => number(text),
    }
}

/// `left top width height`.
pub fn view_box(text: &str) -> Option<Rect> {
    let mut numbers = Numbers::new(text);
    let (left, top) = (numbers.next()?, numbers.next()?);
    let (width, height) = (numbers.next()?, numbers.next()?);
    let is_right = numbers.is_done() && width > 0.0 && height > 0.0;
    is_right.then(|| Rect::between((left, top), (left + width, top + height)))
}

/// `translate(4 4) scale(10)`, where the scale is the same in both directions.
pub fn transform(text: &str) -> Option<Transform> {
    let mut all = Transform::NONE;
    let mut rest = text.trim();
    while !rest.is_empty() {
        let (name, after) = rest.split_once('(')?;
        let (arguments, after) = after.split_once(')')?;
        let mut numbers = Numbers::new(arguments);
        let (first, second) = (numbers.next()?, numbers.next());
        let one = match name.trim() {
            "translate" => Transform {
                shift: (first, second.unwrap_or(0.0)),
                ..Transform::NONE
            },
            "scale" if first > 0.0 && second.is_none_or(|n| n.to_bits() == first.to_bits()) => {
                Transform {
                    scale: first,
                    ..Transform::NONE
                }
            }
            _ => return None,
        };
        if !numbers.is_done() {
            return None;
        }
        all = all.after(&one);
        rest = after.trim_start();
    }
    Some(all)
}

/// `#rgb` or `#rrggbb`.
pub fn color(text: &str) -> Option<Rgb> {
    text.parse().ok().map(|color: Color| color.rgb)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_have_units() {
        assert_eq!(length("250"), length("250px"));
        let Length { px, paper } = length("2.54cm").unwrap();
        assert!((px - 96.0).abs() < 1e-9);
        assert_eq!(paper, Some((2.54, Unit::Cm)));
        // What printing a float gives.
        assert!(length("1.1333333333333333mm").is_some());
        for bad in ["", "cm", "-1", "0", "1em", "infcm", "1e3mm", "NaNin"] {
            assert_eq!(length(bad), None, "{bad}");
        }
    }

    #[test]
    fn transforms_apply_from_the_right() {
        let both = transform("translate(4 5) scale(10)").unwrap();
        let rect = Rect::between((1.0, 1.0), (2.0, 3.0));
        assert_eq!(both.of(&rect), Rect::between((14.0, 15.0), (24.0, 35.0)));
        assert_eq!(
            transform("scale(2)translate(1,1)").unwrap().shift,
            (2.0, 2.0)
        );
        for bad in [
            "rotate(4)",
            "scale(-1)",
            "scale(1 2)",
            "translate()",
            "x",
            "scale(1",
        ] {
            assert_eq!(transform(bad), None, "{bad}");
        }
    }
}
