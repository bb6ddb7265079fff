//! Colours as other services write them.

use std::sync::Arc;

use ::style::Style;
use svgtypes::Color as Css;
use symbol::file::Ink;

/// Three, four, six or eight hexadecimal digits, with or without a number sign.
pub fn hex(text: &str) -> Option<Ink> {
    let digits = text.strip_prefix('#').unwrap_or(text);
    css(&format!("#{digits}"))
}

/// Anything that CSS calls a colour: a name, `#…`, `rgb(…)`, `hsl(…)`.
pub fn css(text: &str) -> Option<Ink> {
    if text == "transparent" {
        return Some(Ink {
            alpha: 0,
            ..Ink::WHITE
        });
    }
    let Css {
        red,
        green,
        blue,
        alpha,
    } = text.parse().ok()?;
    Some(Ink {
        rgb: [red, green, blue],
        alpha,
    })
}

/// Red, green and blue, 0 to 255, with hyphens between them.
pub fn decimal(text: &str) -> Option<Ink> {
    let parts: Vec<u8> = text
        .split('-')
        .map(|part| part.parse().ok())
        .collect::<Option<_>>()?;
    parts.try_into().ok().map(Ink::opaque)
}

/// Squares in two inks.
pub fn two(dark: Ink, light: Ink) -> Style {
    Style {
        ink: dark,
        ground: light,
        ..Style::default()
    }
}

/// As a part of a request.
pub fn of_two(dark: Ink, light: Ink) -> Arc<Style> {
    Arc::new(two(dark, light))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_spelling_has_its_colour() {
        let red = Ink::opaque([255, 0, 0]);
        for text in ["f00", "#f00", "FF0000", "ff0000ff", "#F00F"] {
            assert_eq!(hex(text), Some(red), "{text}");
        }
        assert_eq!(hex("0000").unwrap().alpha, 0);
        assert_eq!(decimal("255-0-0"), Some(red));
        assert_eq!(css("red"), Some(red));
        for text in ["", "#", "12", "ggg", "12345", "red", "#é12"] {
            assert_eq!(hex(text), None, "{text}");
        }
        for text in ["", "1-2", "1-2-256", "1-2-3-4", "-1-2-3", "a-b-c"] {
            assert_eq!(decimal(text), None, "{text}");
        }
    }
}
