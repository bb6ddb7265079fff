//! A scene as pixels.
//!
//! The tiles in use and the eyes are made once, as coverage; then each module is a few copied or blended lines. Where few
//! inks are in play the picture is made of indices at once: every step of a paint has a few levels of coverage in a palette.
//!
//! Invariant: the same scene and canvas give the same bytes on every machine.

mod area;
mod file;
mod steps;

pub use file::{Unpainted, jpeg, png, webp};

use symbol::file::{Canvas, Ink};

pub(crate) use area::Mask;
use steps::{Grid, Steps};

use crate::{
    geometry::MODULE,
    scene::{Layer, Modules, Paint, Scene, Shape, Tile},
};

/// Colours of a gradient in a picture without a palette.
const FINE: usize = 256;
/// A palette is taken if gradients have this many steps, and edges this many levels.
const LEAST_STEPS: usize = 8;
/// Tried in this order.
const LEVELS: [usize; 2] = [7, 5];

/// A square of pixels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Painted {
    pub width_px: u32,
    pub pixels: Pixels,
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
    fn of(paints: &[&Paint]) -> Option<Self> {
        let inks = paints
            .iter()
            .filter(|paint| matches!(paint, Paint::Ink(_)))
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
        let shares = paints.iter().map(|paint| share(paint)).sum::<usize>();
        let plans = LEVELS.map(|levels| Self {
            levels,
            steps: (255 / levels).saturating_sub(inks) / shares,
        });
        plans.into_iter().find(|plan| plan.steps >= LEAST_STEPS)
    }
}

/// Paints the scene. A module is `canvas.module_px()` wide; the quiet zone is what the canvas leaves.
#[must_use]
pub fn paint(scene: &Scene, canvas: Canvas) -> Painted {
    let mut paints: Vec<&Paint> = Vec::new();
    for layer in &scene.layers {
        if !paints.contains(&&layer.paint) {
            paints.push(&layer.paint);
        }
    }
    let pixels = match Plan::of(&paints) {
        Some(plan) => indexed(scene, canvas, &paints, plan),
        None => blended(scene, canvas),
    };
    Painted {
        width_px: canvas.width_px(),
        pixels,
    }
}

fn indexed(scene: &Scene, canvas: Canvas, paints: &[&Paint], plan: Plan) -> Pixels {
    let width = canvas.width_px() as usize;
    let grid = Grid::new(scene, canvas.module_px(), canvas.offset_px());
    let mut palette = vec![scene.ground];
    let mut indices = vec![0; width * width];
    let level = |coverage: u8| (usize::from(coverage) * plan.levels + 127) / 255;
    for paint in paints {
        let steps = Steps::of(paint, grid, plan.steps * share(paint));
        let base = palette.len();
        for &ink in &steps.inks {
            palette.extend(
                (1..=plan.levels).map(|n| over(ink, n as f32 / plan.levels as f32, scene.ground)),
            );
        }
        // Of a covered pixel: its step's first index, and its level on top.
        let index_of = |step: u8| (base - 1 + usize::from(step) * plan.levels) as u8;
        let is_flat = steps.inks.len() == 1;
        let layers = scene.layers.iter().filter(|layer| layer.paint == **paint);
        for layer in layers {
            let mut lines = Lines::new(layer, grid, width, |coverage| level(coverage) as u8);
            let mut row = vec![if is_flat { index_of(0) } else { 0 }; width];
            let mut last_y = None;
            lines.each(|x, y, levels| {
                if !is_flat && last_y != Some(y) {
                    steps.row(y as u32, grid, &mut row);
                    for step in &mut row {
                        *step = index_of(*step);
                    }
                    last_y = Some(y);
                }
                let out = &mut indices[y * width + x..][..levels.len()];
                for ((out, &level), &first) in out.iter_mut().zip(levels).zip(&row[x..]) {
                    let index = first.wrapping_add(level);
                    *out = if level > 0 { index } else { *out };
                }
            });
        }
    }
    Pixels::Indexed { palette, indices }
}

fn blended(scene: &Scene, canvas: Canvas) -> Pixels {
    let width = canvas.width_px() as usize;
    let grid = Grid::new(scene, canvas.module_px(), canvas.offset_px());
    let ground = rgba(scene.ground);
    let mut bytes = ground.repeat(width * width);
    for layer in &scene.layers {
        let steps = Steps::of(&layer.paint, grid, FINE);
        let mut row = vec![0; width];
        let mut last_y = None;
        Lines::new(layer, grid, width, |coverage| coverage).each(|x, y, coverage| {
            if last_y != Some(y) {
                steps.row(y as u32, grid, &mut row);
                last_y = Some(y);
            }
            let (out, _) = bytes[4 * (y * width + x)..][..4 * coverage.len()].as_chunks_mut::<4>();
            for ((out, &covered), &step) in out.iter_mut().zip(coverage).zip(&row[x..]) {
                if covered > 0 {
                    let ink = steps.inks[usize::from(step)];
                    *out = rgba(over(ink, f32::from(covered) / 255.0, scene.ground));
                }
            }
        });
    }
    Pixels::Rgba(bytes)
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

/// The lines of pixels of a layer that may be covered.
enum Lines<'a> {
    Modules {
        modules: &'a Modules,
        grid: Grid,
        tiles: Vec<Option<Vec<u8>>>,
    },
    Masks(Vec<Mask>),
}

impl<'a> Lines<'a> {
    /// `level`: what is told of a pixel by its coverage. 0 stays 0.
    fn new(layer: &'a Layer, grid: Grid, width: usize, level: impl Fn(u8) -> u8) -> Self {
        let px = grid.module_px as usize;
        match &layer.shape {
            Shape::Modules(modules) => {
                let mut tiles = vec![None; Tile::VARIANTS];
                for (x, y) in modules.places() {
                    let tile = modules.tile(x, y);
                    tiles[usize::from(tile.variant())].get_or_insert_with(|| {
                        let mask = Mask::tile(&tile.outline(), px);
                        mask.coverage.into_iter().map(&level).collect()
                    });
                }
                Self::Modules {
                    modules,
                    grid,
                    tiles,
                }
            }
            Shape::Outline(outline) => {
                let scale = grid.module_px as f32 / MODULE as f32;
                let offset = grid.offset_px as f32 - grid.origin as f32 * scale;
                let masks = Mask::all(outline, scale, offset).map(|mask| {
                    let mut mask = mask.within(width);
                    for coverage in &mut mask.coverage {
                        *coverage = level(*coverage);
                    }
                    mask
                });
                Self::Masks(masks.collect())
            }
        }
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
                grid,
                tiles,
            } => {
                let (px, offset) = (grid.module_px as usize, grid.offset_px as usize);
                let mut placed: Vec<(usize, &[u8])> = Vec::new();
                for y in 0..modules.dark.modules() {
                    placed.clear();
                    let dark = modules.dark.runs(y).flatten().map(|x| x as usize);
                    placed.extend(dark.filter_map(|x| {
                        let tile = tiles[usize::from(modules.tile(x, y).variant())].as_deref()?;
                        Some((offset + x * px, tile))
                    }));
                    for within in 0..px {
                        for &(x, tile) in &placed {
                            line(x, offset + y * px + within, &tile[within * px..][..px]);
                        }
                    }
                }
            }
        }
    }
}
