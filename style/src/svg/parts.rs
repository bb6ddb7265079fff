//! A scene in parts, for whoever draws it without our document: a page that makes its own elements.
//!
//! Invariant: drawn in the order of the fields of [`Parts`], they are the picture that [`write`](super::write) makes. Lengths are in
//! modules, paths are filled by the non-zero rule.

use symbol::file::Ink;

use super::{JOINT, Path, gradients, in_modules, joints, picture, shades, tiles};
use crate::scene::{Layer, Paint, Picture, Place, Role, Scene, Shape};

/// The whole picture. What has filters or overlays says so at the end.
#[derive(Debug, Default)]
pub struct Parts {
    pub width: f64,
    pub height: f64,
    /// Behind all; nothing where it is clear.
    pub ground: Option<Ink>,
    pub gradients: Vec<Gradient>,
    /// Lines around data modules.
    pub strokes: Vec<Piece>,
    pub data: Piece,
    /// In the place of `data`, where each module has a colour of its own: `data` then has their mean colour.
    pub shades: Vec<Piece>,
    pub eyes: Vec<Eye>,
    pub plate: Option<Piece>,
    pub logo: Option<Image>,
    pub frame: Vec<Piece>,
    /// Beneath symbol and logo, on the ground.
    pub casts: Vec<Cast>,
    /// Standard deviation, over casts and all layers; 0 for none.
    pub blur: f64,
    /// On top of all.
    pub overlays: Vec<Image>,
}

/// One path.
#[derive(Clone, Debug, Default)]
pub struct Piece {
    /// Of its `d` attribute.
    pub path: String,
    pub fill: Fill,
    /// It is a line of that fill, not filled.
    pub line: Option<Line>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Fill {
    Ink(Ink),
    /// By its id.
    Gradient(String),
}

impl Default for Fill {
    fn default() -> Self {
        Self::Ink(Ink::BLACK)
    }
}

/// How a path is stroked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Line {
    pub width: f64,
    /// Its ends are round; else its joins are.
    pub round_ends: bool,
}

/// A finder pattern.
#[derive(Clone, Debug)]
pub struct Eye {
    /// Upper left, upper right, lower left.
    pub number: usize,
    pub border: Piece,
    /// `None` for an outline of the caller's own.
    pub centre: Option<Piece>,
}

#[derive(Clone, Debug)]
pub struct Image {
    pub x: f64,
    pub y: f64,
    pub width: f64,
    pub height: f64,
    /// `data:image/png;base64,…`
    pub uri: String,
}

/// The silhouette of symbol and logo.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cast {
    pub dx: f64,
    pub dy: f64,
    /// Standard deviation.
    pub blur: f64,
    pub ink: Ink,
}

/// In the coordinates of the picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Gradient {
    pub id: String,
    pub place: Extent,
    /// Shares of the way with their colours.
    pub stops: Vec<(f64, Ink)>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Extent {
    Linear { from: (f64, f64), to: (f64, f64) },
    Radial { centre: (f64, f64), radius: f64 },
}

impl Parts {
    /// `scene`: of [`compose_apart`](crate::compose_apart), so that no finder patterns share a layer.
    #[must_use]
    pub fn of(scene: &Scene) -> Self {
        let mut parts = Self {
            width: in_modules(scene.width),
            height: in_modules(scene.height),
            ground: (scene.ground.alpha > 0).then_some(scene.ground),
            blur: in_modules(scene.effects.blur),
            ..Self::default()
        };
        let mut ids = gradients(scene).into_iter().map(|(id, _)| id);
        for layer in &scene.layers {
            let fill = parts.fill(&layer.paint, &mut ids);
            parts.add(scene, layer, fill);
        }
        let effects = &scene.effects;
        parts.casts = (effects.casts.iter())
            .map(|cast| Cast {
                dx: in_modules(cast.dx),
                dy: in_modules(cast.dy),
                blur: in_modules(cast.blur),
                ink: cast.ink,
            })
            .collect();
        let overlays = effects.overlays.iter();
        parts.overlays = overlays
            .filter_map(|(of, place)| image(of, *place))
            .collect();
        parts
    }

    /// `ids`: of the gradients that are left.
    fn fill(&mut self, paint: &Paint, ids: &mut impl Iterator<Item = String>) -> Fill {
        let modules = |units: f64| (units / f64::from(crate::geometry::MODULE) * 1e4).round() / 1e4;
        let scaled = |(x, y): (f64, f64)| (modules(x), modules(y));
        let (place, ramp) = match paint {
            Paint::Ink(ink) => return Fill::Ink(*ink),
            // Its modules say it.
            Paint::Sampled(_) => return Fill::default(),
            Paint::Linear { from, to, ramp } => {
                let (from, to) = (scaled(*from), scaled(*to));
                (Extent::Linear { from, to }, ramp)
            }
            Paint::Radial {
                centre,
                radius,
                ramp,
            } => {
                let (centre, radius) = (scaled(*centre), modules(*radius));
                (Extent::Radial { centre, radius }, ramp)
            }
        };
        let id = ids.next().unwrap_or_default();
        if self.gradients.iter().all(|gradient| gradient.id != id) {
            let stops = ramp.0.iter().map(|stop| {
                let at = (f64::from(stop.at) * 1e4).round() / 1e4;
                (at, Ink::opaque(stop.rgb))
            });
            self.gradients.push(Gradient {
                id: id.clone(),
                place,
                stops: stops.collect(),
            });
        }
        Fill::Gradient(id)
    }

    fn add(&mut self, scene: &Scene, layer: &Layer, fill: Fill) {
        if let Shape::Picture(picture, place) = &layer.shape {
            self.logo = image(picture, *place);
            return;
        }
        let piece = Piece {
            path: path(scene, layer).into_data(),
            fill,
            line: match &layer.shape {
                Shape::Stroke { width, .. } => Some(Line {
                    width: in_modules(*width),
                    round_ends: false,
                }),
                _ => None,
            },
        };
        match layer.role {
            Role::Frame => self.frame.push(piece),
            Role::Stroke => self.strokes.push(piece),
            Role::Data => {
                self.data = piece;
                self.shade(scene, layer);
            }
            Role::Border(number) => self.eyes.push(Eye {
                number,
                border: piece,
                centre: None,
            }),
            Role::Centre(number) => {
                let eye = self.eyes.iter_mut().find(|eye| eye.number == number);
                if let Some(eye) = eye {
                    eye.centre = Some(piece);
                }
            }
            Role::Plate | Role::Logo => self.plate = Some(piece),
        }
    }

    /// Modules that have colours of their own.
    fn shade(&mut self, scene: &Scene, layer: &Layer) {
        let (Shape::Modules(modules), Paint::Sampled(sampled)) = (&layer.shape, &layer.paint)
        else {
            return;
        };
        let (mean, of_class) = shades(modules, sampled);
        self.data.fill = Fill::Ink(mean);
        self.shades
            .extend(joints(modules, scene.origin).map(|path| Piece {
                path: path.into_data(),
                fill: Fill::Ink(mean),
                line: Some(Line {
                    width: JOINT,
                    round_ends: true,
                }),
            }));
        let shades = of_class.into_iter().map(|(ink, places)| Piece {
            path: tiles(modules, &places, scene.origin).into_data(),
            fill: Fill::Ink(ink),
            line: None,
        });
        self.shades.extend(shades);
    }
}

fn path(scene: &Scene, layer: &Layer) -> Path {
    let mut path = Path::default();
    match &layer.shape {
        Shape::Modules(modules) => path.outline(&modules.outline().moved(scene.origin)),
        Shape::Outline(outline) | Shape::Stroke { outline, .. } => path.outline(outline),
        Shape::Picture(..) => {}
    }
    path
}

fn image(picture: &Picture, place: Place) -> Option<Image> {
    Some(Image {
        x: in_modules(place.x),
        y: in_modules(place.y),
        width: in_modules(place.width),
        height: in_modules(place.height),
        uri: picture::data_uri(picture)?,
    })
}
