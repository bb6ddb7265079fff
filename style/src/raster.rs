//! A scene as pixels.
//!
//! The tiles in use and the eyes are made once, as coverage; then each module is a few copied or blended lines. Where few
//! inks are in play the picture is made of indices at once: every step of a paint has a few levels of coverage in a palette.
//!
//! Invariant: the same scene and canvas give the same bytes on every machine.

mod area;
mod blur;
mod canvas;
mod effects;
mod file;
mod picture;
mod planes;
mod steps;

pub use canvas::Canvas;
pub use file::{Unpainted, gif, jpeg, png, webp};

use std::borrow::Cow;

use symbol::file::Ink;

pub(crate) use area::Mask;
use planes::{Planes, Strip, opacities};
use steps::Steps;

use crate::geometry::Outline;
use crate::scene::{Layer, Modules, Paint, Scene, Shape, Tile};

/// Colours of a gradient in a picture without a palette.
const FINE: usize = 256;
/// A palette is taken if gradients have this many steps, and edges this many levels.
const LEAST_STEPS: usize = 8;
/// Tried in this order.
const LEVELS: [usize; 2] = [7, 5];

/// A rectangle of pixels, row by row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Painted {
    pub width_px: u32,
    pub height_px: u32,
    pub pixels: Pixels,
}

impl Painted {
    /// Of the pixel with this index, row by row.
    pub(crate) fn ink(&self, at: usize) -> Ink {
        match &self.pixels {
            Pixels::Indexed { palette, indices } => palette[usize::from(indices[at])],
            Pixels::Rgba(bytes) => {
                let pixel = bytes[4 * at..].first_chunk();
                inked(pixel.copied().unwrap_or_default())
            }
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pixels {
    /// 1..=256 inks, and one index per pixel.
    Indexed { palette: Vec<Ink>, indices: Vec<u8> },
    /// Red, green, blue and opacity, 4 bytes per pixel.
    Rgba(Vec<u8>),
}

/// Levels of coverage in a palette, and steps of a gradient. `None`: no palette holds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Plan {
    levels: usize,
    steps: usize,
}

/// Of a palette: what covers all data gets more of it than the eyes beside it.
const fn share(paint: &Paint) -> usize {
    match paint {
        Paint::Ink(_) => 0,
        Paint::Linear { .. } | Paint::Radial { .. } => 1,
        Paint::Sampled(_) => 3,
    }
}

impl Plan {
    fn of(paints: &[Painting]) -> Option<Self> {
        let inks = paints
            .iter()
            .filter(|(paint, _)| matches!(paint, Paint::Ink(_)))
            .count();
        if inks == paints.len() {
            // Four bits per pixel, if that gives edges enough.
            let levels = [15, 255]
                .into_iter()
                .map(|room| room / inks.max(1))
                .find(|&levels| levels >= 7);
            return levels.map(|levels| Self {
                levels: levels.min(15),
                steps: 1,
            });
        }
        let shares = paints.iter().map(|(paint, _)| share(paint)).sum::<usize>();
        let plans = LEVELS.map(|levels| Self {
            levels,
            steps: (255 / levels).saturating_sub(inks) / shares,
        });
        plans.into_iter().find(|plan| plan.steps >= LEAST_STEPS)
    }
}

/// A paint, and the ink that it lies on.
type Painting<'a> = (&'a Paint, Ink);

/// Paints the scene; what the canvas leaves around it is ground.
#[must_use]
pub fn paint(scene: &Scene, canvas: Canvas) -> Painted {
    let mut paintings: Vec<Painting> = Vec::new();
    let mut is_plain = scene.effects.is_none();
    for layer in &scene.layers {
        let painting = (&layer.paint, layer.on.unwrap_or(scene.ground));
        is_plain &= !matches!(layer.shape, Shape::Picture(..));
        if !paintings.contains(&painting) {
            paintings.push(painting);
        }
    }
    let pixels = match Plan::of(&paintings).filter(|_| is_plain) {
        Some(plan) => indexed(scene, canvas, &paintings, plan),
        None => blended(scene, canvas),
    };
    Painted {
        width_px: canvas.width_px,
        height_px: canvas.height_px,
        pixels,
    }
}

fn indexed(scene: &Scene, canvas: Canvas, paintings: &[Painting], plan: Plan) -> Pixels {
    let width = canvas.width_px as usize;
    let mut palette = vec![scene.ground];
    let mut indices = vec![0; width * canvas.height_px as usize];
    let level = |coverage: u8| (u16::from(coverage) * plan.levels as u16 + 127) / 255;
    // Of each painting: its steps and its first index.
    let mut of_painting = Vec::new();
    for &(paint, on) in paintings {
        let steps = Steps::of(paint, canvas, plan.steps * share(paint));
        let base = palette.len();
        for &ink in &steps.inks {
            let levels = 1..=plan.levels;
            palette.extend(levels.map(|n| over(ink, n as f32 / plan.levels as f32, on)));
        }
        of_painting.push((steps, base));
    }
    for layer in &scene.layers {
        let painting = (&layer.paint, layer.on.unwrap_or(scene.ground));
        let which = paintings.iter().position(|other| *other == painting);
        let Some((steps, base)) = which.and_then(|which| of_painting.get(which)) else {
            continue;
        };
        // Of a covered pixel: its step's first index, and its level on top.
        let (before, each) = ((base - 1) as u8, plan.levels as u8);
        let index_of = |step: u8| before.wrapping_add(step.wrapping_mul(each));
        let mut lines = Lines::new(layer, canvas, |coverage| level(coverage) as u8);
        let mut row = Row::new(steps, canvas, &lines);
        lines.each(|x, y, levels| {
            let firsts = row.at(x, y, levels.len(), index_of);
            let out = &mut indices[y * width + x..][..levels.len()];
            for ((out, &level), &first) in out.iter_mut().zip(levels).zip(firsts) {
                let index = first.wrapping_add(level);
                *out = if level > 0 { index } else { *out };
            }
        });
    }
    Pixels::Indexed { palette, indices }
}

/// Pixels that are laid at a time: none, if nothing of them is covered.
const CHUNK: usize = 64;

fn blended(scene: &Scene, canvas: Canvas) -> Pixels {
    let mut planes = Planes::new(canvas, scene.ground);
    for cast in &scene.effects.casts {
        effects::cast(cast, scene.symbol_layers(), canvas, &mut planes);
    }
    for layer in &scene.layers {
        match &layer.shape {
            Shape::Picture(picture, place) => picture::draw(picture, *place, canvas, &mut planes),
            _ => lay(layer, canvas, &mut planes),
        }
    }
    if scene.effects.blur > 0 {
        effects::blur(scene.effects.blur, scene.ground, canvas, &mut planes);
    }
    for (overlay, _) in &scene.effects.overlays {
        picture::cover(overlay, canvas, &mut planes);
    }
    Pixels::Rgba(planes.rgba())
}

fn lay(layer: &Layer, canvas: Canvas, planes: &mut Planes) {
    let steps = Steps::of(&layer.paint, canvas, FINE);
    let inks = &steps.inks;
    let alpha = inks.first().map_or(255, |ink| ink.alpha);
    let mut lines = Lines::new(layer, canvas, |coverage| coverage);
    let mut row = Row::new(&steps, canvas, &lines);
    let mut colors = [0, 1, 2].map(|c: usize| [inks.first().map_or(0, |ink| ink.rgb[c]); CHUNK]);
    let mut opacity = [0; CHUNK];
    lines.each(|x, y, coverage| {
        let steps = row.at(x, y, coverage.len(), |step| step);
        let chunks = coverage.chunks(CHUNK).zip(steps.chunks(CHUNK));
        for ((coverage, steps), x) in chunks.zip((x..).step_by(CHUNK)) {
            if coverage.iter().fold(0, |all, covered| all | covered) == 0 {
                continue;
            }
            if inks.len() > 1 {
                for (at, &step) in steps.iter().enumerate() {
                    for (colors, c) in colors.iter_mut().zip(inks[usize::from(step)].rgb) {
                        colors[at] = c;
                    }
                }
            }
            let opacity = &mut opacity[..coverage.len()];
            opacities(coverage, alpha, opacity);
            planes.lay(&Strip {
                x,
                y,
                rgb: colors.each_ref().map(|colors| &colors[..coverage.len()]),
                opacity,
            });
        }
    });
}

const fn inked([red, green, blue, alpha]: [u8; 4]) -> Ink {
    Ink {
        rgb: [red, green, blue],
        alpha,
    }
}

const fn rgba(ink: Ink) -> [u8; 4] {
    let [red, green, blue] = ink.rgb;
    [red, green, blue, ink.alpha]
}

/// `ink`, laid over a part of `ground` (source-over, Porter and Duff), in sRGB as renderers do it.
#[must_use]
pub(crate) fn over(ink: Ink, coverage: f32, ground: Ink) -> Ink {
    let above = f32::from(ink.alpha) / 255.0 * coverage;
    let below = f32::from(ground.alpha) / 255.0 * (1.0 - above);
    let alpha = above + below;
    if alpha <= 0.0 {
        return Ink {
            rgb: ink.rgb,
            alpha: 0,
        };
    }
    let mix = |c: usize| {
        let sum = f32::from(ink.rgb[c]) * above + f32::from(ground.rgb[c]) * below;
        (sum / alpha + 0.5) as u8
    };
    Ink {
        rgb: [mix(0), mix(1), mix(2)],
        alpha: (alpha * 255.0 + 0.5) as u8,
    }
}

/// The steps of a row of pixels. Modules that lie beside each other share it; masks lie apart.
struct Row<'a> {
    steps: &'a Steps,
    canvas: Canvas,
    is_shared: bool,
    made: Option<usize>,
    values: Vec<u8>,
}

impl<'a> Row<'a> {
    fn new(steps: &'a Steps, canvas: Canvas, lines: &Lines) -> Self {
        Self {
            steps,
            canvas,
            is_shared: matches!(lines, Lines::Modules { .. }),
            made: None,
            values: vec![0; canvas.width_px as usize],
        }
    }

    /// Of so many pixels from (`x`, `y`) on, each as `told`.
    fn at(&mut self, x: usize, y: usize, length: usize, told: impl Fn(u8) -> u8) -> &[u8] {
        let is_flat = self.steps.inks.len() == 1;
        let (first, length_made, key) = match (is_flat, self.is_shared) {
            (true, _) => (0, self.values.len(), 0),
            (false, true) => (0, self.values.len(), y + 1),
            (false, false) => (x, length, usize::MAX),
        };
        if self.made != Some(key) || key == usize::MAX {
            let made = &mut self.values[first..][..length_made];
            self.steps.row((first, y), self.canvas, made);
            for step in made {
                *step = told(*step);
            }
            self.made = Some(key);
        }
        &self.values[x..][..length]
    }
}

/// The lines of pixels of a layer that may be covered.
enum Lines<'a> {
    Modules {
        modules: &'a Modules,
        canvas: Canvas,
        tiles: Vec<Option<Vec<u8>>>,
    },
    Masks(Vec<Mask>),
}

impl<'a> Lines<'a> {
    /// `level`: what is told of a pixel by its coverage. 0 stays 0.
    fn new(layer: &'a Layer, canvas: Canvas, level: impl Fn(u8) -> u8) -> Self {
        let outline = match &layer.shape {
            Shape::Modules(modules) => {
                let px = canvas.module_px as usize;
                let mut tiles = vec![None; Tile::VARIANTS];
                for (x, y) in modules.places() {
                    let tile = modules.tile(x, y);
                    tiles[usize::from(tile.variant())].get_or_insert_with(|| {
                        let mask = Mask::tile(&tile.outline(), px);
                        mask.coverage.into_iter().map(&level).collect()
                    });
                }
                return Self::Modules {
                    modules,
                    canvas,
                    tiles,
                };
            }
            Shape::Outline(outline) => Cow::Borrowed(outline),
            Shape::Stroke { outline, width } => Cow::Owned(outline.stroked(*width)),
            Shape::Picture(..) => Cow::Owned(Outline::default()),
        };
        let masks = Mask::all(&outline, canvas.scale(), canvas.offset()).map(|mask| {
            let mut mask = mask.within(canvas.width_px as usize, canvas.height_px as usize);
            for coverage in &mut mask.coverage {
                *coverage = level(*coverage);
            }
            mask
        });
        Self::Masks(masks.collect())
    }

    /// Calls `line` with the first pixel, its row, and what is told of it and of those after it.
    fn each(&mut self, mut line: impl FnMut(usize, usize, &[u8])) {
        match self {
            Self::Masks(masks) => {
                for mask in masks {
                    for y in 0..mask.height {
                        line(mask.x as usize, mask.y as usize + y, mask.row(y));
                    }
                }
            }
            Self::Modules {
                modules,
                canvas,
                tiles,
            } => {
                let px = canvas.module_px as usize;
                let (left, top) = (canvas.x_px as usize, canvas.y_px as usize);
                let mut placed: Vec<(usize, &[u8])> = Vec::new();
                let mut levels = vec![0; modules.dark.modules() * px];
                for y in 0..modules.dark.modules() {
                    placed.clear();
                    let dark = modules.dark.runs(y).flatten().map(|x| x as usize);
                    placed.extend(dark.filter_map(|x| {
                        let tile = tiles[usize::from(modules.tile(x, y).variant())].as_deref()?;
                        Some((x * px, tile))
                    }));
                    let (Some(&(first, _)), Some(&(last, _))) = (placed.first(), placed.last())
                    else {
                        continue;
                    };
                    levels.fill(0);
                    for within in 0..px {
                        for &(x, tile) in &placed {
                            levels[x..][..px].copy_from_slice(&tile[within * px..][..px]);
                        }
                        let row = top + y * px + within;
                        line(left + first, row, &levels[first..last + px]);
                    }
                }
            }
        }
    }
}
