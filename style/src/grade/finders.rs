//! What readers look for: dark, light, dark, light, dark as 1 : 1 : 3 : 1 : 1 through the middle of a finder pattern.
//!
//! Readers scan rows first and confirm along columns and diagonals (ISO/IEC 18004 §12.2; zxing-cpp's `ConcentricFinder`).

use super::seen::PX;
use crate::{
    compose::EYE,
    geometry::MODULE,
    raster::Mask,
    scene::{Scene, Shape},
};

/// Beyond it zxing-cpp was seen to miss symbols: a round border around a square centre has 0.6. See `docs/STYLES.md`.
pub const MOST: f32 = 0.5;

/// Modules of each run.
const RUNS: [f32; 5] = [1.0, 1.0, 3.0, 1.0, 1.0];
/// Pixels along one side of a finder pattern.
const SIDE: usize = EYE * PX;
/// How often a module is looked at along a line.
const SAMPLES: usize = 16;

/// How much narrower than a module the narrowest ring or gap is, over all eyes and lines, 0..=1; 1 where a line has other runs.
pub fn narrowness(scene: &Scene, eyes: &[(usize, usize)]) -> f32 {
    let mut shapes = vec![vec![0_u8; SIDE * SIDE]; eyes.len()];
    for layer in scene.symbol_layers() {
        let Shape::Outline(outline) = &layer.shape else {
            continue;
        };
        let scale = PX as f32 / MODULE as f32;
        let offset = (
            -(scene.origin.x as f32) * scale,
            -(scene.origin.y as f32) * scale,
        );
        for mask in Mask::all(outline, scale, offset) {
            let mask = mask.within(scene.modules * PX, scene.modules * PX);
            for (shape, eye) in shapes.iter_mut().zip(eyes) {
                add(shape, &mask, *eye);
            }
        }
    }
    let lines = [(1.0, 0.0), (0.0, 1.0), (1.0, 1.0), (1.0, -1.0)];
    let of_eye = |shape: &Vec<u8>| {
        lines
            .map(|line| along(shape, line))
            .into_iter()
            .fold(0.0, f32::max)
    };
    shapes.iter().map(of_eye).fold(0.0, f32::max)
}

fn add(shape: &mut [u8], mask: &Mask, (eye_x, eye_y): (usize, usize)) {
    for y in 0..mask.height {
        let Some(row) = (mask.y as usize + y)
            .checked_sub(eye_y * PX)
            .filter(|row| *row < SIDE)
        else {
            continue;
        };
        for (x, &coverage) in mask.row(y).iter().enumerate() {
            let column = (mask.x as usize + x)
                .checked_sub(eye_x * PX)
                .filter(|column| *column < SIDE);
            if let Some(column) = column {
                let pixel = &mut shape[row * SIDE + column];
                *pixel = pixel.saturating_add(coverage);
            }
        }
    }
}

/// Along a line through the middle.
fn along(shape: &[u8], (dx, dy): (f32, f32)) -> f32 {
    let steps = EYE * SAMPLES;
    let is_dark = |step: usize| {
        let from_middle = (step as f32 + 0.5) / steps as f32 - 0.5;
        let at =
            |d: f32| ((0.5 + from_middle * d) * SIDE as f32).clamp(0.0, (SIDE - 1) as f32) as usize;
        shape[at(dy) * SIDE + at(dx)] >= 128
    };
    // A line starts and ends outside, where it is light.
    let all: Vec<bool> = (0..steps).map(is_dark).collect();
    let dark: Vec<_> = all
        .iter()
        .enumerate()
        .filter(|(_, dark)| **dark)
        .map(|(at, _)| at)
        .collect();
    let (Some(&first), Some(&last)) = (dark.first(), dark.last()) else {
        return 1.0;
    };
    let runs: Vec<_> = all[first..=last]
        .chunk_by(|a, b| a == b)
        .map(|run| run.len() as f32)
        .collect();
    if runs.len() != RUNS.len() {
        return 1.0;
    }
    let module = runs.iter().sum::<f32>() / RUNS.iter().sum::<f32>();
    let narrowest = runs.iter().copied().fold(f32::INFINITY, f32::min);
    (1.0 - narrowest / module).max(0.0)
}
