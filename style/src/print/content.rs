//! The operators of a page, in the spelling of PDF (ISO 32000-1 annex A). One per line, so that no line is long.

use symbol::file::{self, Ink, components, number};

use super::{
    figure::{How, figures},
    image::Image,
    modules, shading,
};
use crate::{
    geometry::{Outline, Point, Segment},
    raster::{self, Canvas, Pixels, over},
    scene::{Layer, Paint, Place, Scene, Shape},
};

/// Of a page that is an image: as offset presses need, but no module of fewer pixels and no longer side of more.
const PX_PER_IN: f64 = 300.0;
const LEAST_MODULE_PX: f64 = 8.0;
const MOST_PX: f64 = 2400.0;

/// A page and what its operators name.
pub struct Content {
    inks: file::Paint,
    /// What an ink without one of its own lies on, if the format has no opacity.
    blended: Option<Ink>,
    pub operators: Vec<u8>,
    /// Shadings `/G0`, `/G1`, …
    pub shadings: Vec<Vec<u8>>,
    /// Images `/I0`, `/I1`, …, and their opacity.
    pub images: Vec<(Image, Option<Image>)>,
    /// Opacities `/A0` ..= `/A255`. Empty: all is opaque.
    pub alphas: Vec<u8>,
    /// Of what is painted next.
    alpha: u8,
}

impl Content {
    /// In modules, y downwards. `paper`: what is blended with, if the format has no opacity. `module`: its width in points.
    pub fn of(scene: &Scene, inks: file::Paint, paper: Option<Ink>, module: f64) -> Self {
        let mut content = Self {
            inks,
            blended: paper.map(|paper| over(scene.ground, 1.0, paper)),
            operators: b"1 J 1 j\n".to_vec(),
            shadings: Vec::new(),
            images: Vec::new(),
            alphas: Vec::new(),
            alpha: 255,
        };
        if scene.effects.is_none() {
            content.ground(scene);
            for layer in &scene.layers {
                content.layer(layer, scene.origin);
            }
        } else {
            content.whole(scene, module);
        }
        content
    }

    fn ground(&mut self, scene: &Scene) {
        let size = (modules(scene.width), modules(scene.height));
        let page = Outline::rectangle((0.0, 0.0), size, [0.0; 4]);
        if self.ink(scene.ground, None, &How::Filled) {
            self.path(&page, &How::Filled);
        }
    }

    fn layer(&mut self, layer: &Layer, origin: Point) {
        if let Shape::Picture(picture, place) = &layer.shape {
            let size = [picture.width_px(), picture.height_px()];
            self.picture(size, picture.rgba(), layer.on, *place);
            return;
        }
        let shading = shading::dictionary(&layer.paint, self.inks);
        let shading = shading.map(|shading| self.shading(shading));
        for figure in figures(layer, origin) {
            let is_seen = match (shading, figure.ink, &layer.paint) {
                (Some(number), ..) => self.pattern(number, &figure.drawn),
                (_, Some(ink), _) | (_, _, &Paint::Ink(ink)) => {
                    self.ink(ink, layer.on, &figure.drawn)
                }
                // Of modules only.
                _ => false,
            };
            if is_seen {
                self.path(&figure.outline, &figure.drawn);
            }
        }
    }

    /// As pixels: neither format has blurs.
    fn whole(&mut self, scene: &Scene, module: f64) {
        let across = modules(scene.width.max(scene.height)).max(1.0);
        let module_px = (module / 72.0 * PX_PER_IN).ceil().max(LEAST_MODULE_PX);
        let module_px = module_px.min((MOST_PX / across).floor());
        let painted = raster::paint(scene, Canvas::tight(scene, module_px as u32));
        let rgba = match painted.pixels {
            Pixels::Rgba(rgba) => rgba,
            Pixels::Indexed { palette, indices } => (indices.iter())
                .filter_map(|&index| palette.get(usize::from(index)))
                .flat_map(|ink| [ink.rgb[0], ink.rgb[1], ink.rgb[2], ink.alpha])
                .collect(),
        };
        let page = Place {
            x: 0,
            y: 0,
            width: scene.width,
            height: scene.height,
        };
        // The ground is among the pixels.
        let paper = self.blended.map(|_| Ink::WHITE);
        self.picture([painted.width_px, painted.height_px], &rgba, paper, page);
    }

    /// `on`: what it lies on, if not the ground.
    fn picture(&mut self, size: [u32; 2], rgba: &[u8], on: Option<Ink>, place: Place) {
        let blended = self.blended.map(|ground| blend(rgba, on.unwrap_or(ground)));
        let rgba = blended.as_deref().unwrap_or(rgba);
        let Some(colors) = Image::colors(size, rgba, self.inks) else {
            return;
        };
        self.alpha(255);
        let Place {
            x,
            y,
            width,
            height,
        } = place;
        // The unit square with y upwards (§8.9.5.1).
        self.put("q\n");
        let matrix = [width, 0, 0, -height, x, y + height];
        self.operation(&matrix.map(modules), "cm\n");
        self.put(&format!("/I{} Do\nQ\n", self.images.len()));
        self.images.push((colors, Image::opacity(size, rgba)));
    }

    /// Its number. Equal ones share it.
    fn shading(&mut self, shading: Vec<u8>) -> usize {
        let known = self.shadings.iter().position(|other| *other == shading);
        known.unwrap_or_else(|| {
            self.shadings.push(shading);
            self.shadings.len() - 1
        })
    }

    /// Colour (§8.6.8). `on`: what it lies on, if not the ground. False: it is clear.
    fn ink(&mut self, ink: Ink, on: Option<Ink>, drawn: &How) -> bool {
        if ink.alpha == 0 {
            return false;
        }
        let seen = match self.blended {
            Some(ground) => over(ink, 1.0, on.map_or(ground, |on| over(on, 1.0, ground))),
            None => ink,
        };
        self.alpha(seen.alpha);
        components(seen.rgb, self.inks, &mut self.operators);
        self.put(match (self.inks, drawn) {
            (file::Paint::Rgb, How::Filled) => "rg\n",
            (file::Paint::Rgb, _) => "RG\n",
            (file::Paint::Cmyk, How::Filled) => "k\n",
            (file::Paint::Cmyk, _) => "K\n",
        });
        true
    }

    /// A shading as colour (§8.7.4). True.
    fn pattern(&mut self, number: usize, drawn: &How) -> bool {
        self.alpha(255);
        self.put(&match drawn {
            How::Filled => format!("/Pattern cs/G{number} scn\n"),
            _ => format!("/Pattern CS/G{number} SCN\n"),
        });
        true
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
        if let How::Line(width) | How::Edge(width) = drawn {
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
            if !matches!(drawn, How::Line(_)) {
                self.put("h\n");
            }
        }
        self.put(match drawn {
            How::Filled => "f\n",
            _ => "S\n",
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

/// Each pixel on one ink.
fn blend(rgba: &[u8], on: Ink) -> Vec<u8> {
    let (pixels, _) = rgba.as_chunks::<4>();
    let blended = pixels.iter().map(|&[r, g, b, alpha]| {
        let rgb = [r, g, b];
        over(Ink { rgb, alpha }, 1.0, on)
    });
    blended
        .flat_map(|ink| [ink.rgb[0], ink.rgb[1], ink.rgb[2], ink.alpha])
        .collect()
}
