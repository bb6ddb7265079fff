//! The operators of a page, in the spelling of PDF (ISO 32000-1 annex A). One per line, so that no line is long.

use symbol::file::{self, Ink, components, number};

use super::{
    figure::{Figure, How, figures},
    modules, shading,
};
use crate::{
    geometry::{Outline, Point, Segment},
    scene::{Paint, Scene},
};

/// A page and what its operators name.
pub struct Content {
    inks: file::Paint,
    pub operators: Vec<u8>,
    /// Shadings `/G0`, `/G1`, …
    pub shadings: Vec<Vec<u8>>,
    /// Opacities `/A0` ..= `/A255`. Empty: all is opaque.
    pub alphas: Vec<u8>,
    /// Of what is painted next.
    alpha: u8,
}

impl Content {
    /// In modules, y downwards. `seen`: what an ink is replaced with.
    pub fn of(scene: &Scene, inks: file::Paint, seen: impl Fn(Ink) -> Ink) -> Self {
        let mut content = Self {
            inks,
            operators: b"1 J\n".to_vec(),
            shadings: Vec::new(),
            alphas: Vec::new(),
            alpha: 255,
        };
        if scene.ground.alpha > 0 {
            content.ink(seen(scene.ground), &How::Filled);
            let across = scene.across() as f64;
            content.path(&Outline::square(0.0, across), &How::Filled);
        }
        for layer in &scene.layers {
            let shading =
                shading::dictionary(&layer.paint, inks).map(|shading| content.shading(shading));
            for Figure {
                outline,
                drawn,
                ink,
            } in figures(layer, scene.origin())
            {
                match (shading, ink, &layer.paint) {
                    (Some(number), ..) => content.pattern(number, &drawn),
                    (_, Some(ink), _) | (_, _, &Paint::Ink(ink)) => content.ink(seen(ink), &drawn),
                    // Of modules only.
                    _ => continue,
                }
                content.path(&outline, &drawn);
            }
        }
        content
    }

    /// Its number. Equal ones share it.
    fn shading(&mut self, shading: Vec<u8>) -> usize {
        let known = self.shadings.iter().position(|other| *other == shading);
        known.unwrap_or_else(|| {
            self.shadings.push(shading);
            self.shadings.len() - 1
        })
    }

    /// Colour (§8.6.8).
    fn ink(&mut self, ink: Ink, drawn: &How) {
        self.alpha(ink.alpha);
        components(ink.rgb, self.inks, &mut self.operators);
        self.put(match (self.inks, drawn) {
            (file::Paint::Rgb, How::Filled) => "rg\n",
            (file::Paint::Rgb, How::Line(_)) => "RG\n",
            (file::Paint::Cmyk, How::Filled) => "k\n",
            (file::Paint::Cmyk, How::Line(_)) => "K\n",
        });
    }

    fn pattern(&mut self, number: usize, drawn: &How) {
        self.alpha(255);
        self.put(&match drawn {
            How::Filled => format!("/Pattern cs/G{number} scn\n"),
            How::Line(_) => format!("/Pattern CS/G{number} SCN\n"),
        });
    }

    /// Opacity (§11.6.4.4).
    fn alpha(&mut self, alpha: u8) {
        if alpha == self.alpha {
            return;
        }
        self.alpha = alpha;
        if !self.alphas.contains(&alpha) {
            self.alphas.push(alpha);
        }
        self.put(&format!("/A{alpha} gs\n"));
    }

    /// §8.5.2.
    fn path(&mut self, outline: &Outline, drawn: &How) {
        if let How::Line(width) = drawn {
            self.operation(&[*width], "w\n");
        }
        for contour in &outline.contours {
            self.points(&[contour.start], "m\n");
            let mut pen = contour.start;
            for segment in &contour.segments {
                match *segment {
                    Segment::Line(end) => self.points(&[end], "l\n"),
                    Segment::Cubic(first, second, end) => self.points(&[first, second, end], "c\n"),
                    Segment::Quadratic(control, end) => self.quadratic([pen, control, end]),
                }
                pen = segment.end();
            }
            if matches!(drawn, How::Filled) {
                self.put("h\n");
            }
        }
        self.put(match drawn {
            How::Filled => "f\n",
            How::Line(_) => "S\n",
        });
    }

    /// The same curve as a cubic: its control points lie two thirds on the way from the ends to the one.
    fn quadratic(&mut self, [start, control, end]: [Point; 3]) {
        let on = |from: i32, to: i32| f64::from(from + 2 * to) / 3.0;
        for from in [start, end] {
            self.pair(on(from.x, control.x), on(from.y, control.y));
        }
        self.points(&[end], "c\n");
    }

    fn points(&mut self, points: &[Point], operator: &str) {
        for point in points {
            self.pair(point.x.into(), point.y.into());
        }
        self.put(operator);
    }

    /// Units as thousandths of a module, as in SVG.
    fn pair(&mut self, x: f64, y: f64) {
        for place in [x, y] {
            number::decimal(&mut self.operators, (modules(place) * 1e3).round() / 1e3);
            self.operators.push(b' ');
        }
    }

    fn operation(&mut self, operands: &[f64], operator: &str) {
        for &operand in operands {
            number::decimal(&mut self.operators, operand);
            self.operators.push(b' ');
        }
        self.put(operator);
    }

    fn put(&mut self, text: &str) {
        self.operators.extend_from_slice(text.as_bytes());
    }
}
