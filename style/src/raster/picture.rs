//! A picture, scaled into its place.
//!
//! By a tent as wide as a pixel of the coarser side (Triangle, as image editors call it): no pixel of a picture that shrinks is left out,
//! and one that grows has no blocks. Colours are multiplied with their opacity meanwhile, so that what is clear lends no colour.

use std::ops::Range;

use super::{Canvas, inked, over, rgba};
use crate::scene::{Picture, Place};

/// Draws onto pixels of four bytes.
pub fn draw(picture: &Picture, place: Place, canvas: Canvas, out: &mut [u8]) {
    let corner = |x: i32, y: i32| canvas.px((f64::from(x), f64::from(y)));
    let ends = [
        corner(place.x, place.y),
        corner(place.x + place.width, place.y + place.height),
    ];
    scaled(picture, ends, canvas, out);
}

/// Over all of the canvas, also what it leaves around the scene.
pub fn cover(picture: &Picture, canvas: Canvas, out: &mut [u8]) {
    let far = (f64::from(canvas.width_px), f64::from(canvas.height_px));
    scaled(picture, [(0.0, 0.0), far], canvas, out);
}

/// Between two corners, in pixels.
fn scaled(picture: &Picture, ends: [(f64, f64); 2], canvas: Canvas, out: &mut [u8]) {
    let [(left, top), (right, bottom)] = ends;
    let columns = Tents::new(left, right, picture.width_px(), canvas.width_px);
    let rows = Tents::new(top, bottom, picture.height_px(), canvas.height_px);
    let width = columns.pixels.len();
    // Rows of the picture, scaled across only.
    let across: Vec<[f32; 4]> = (picture.rgba())
        .chunks_exact(4 * picture.width_px() as usize)
        .flat_map(|row| columns.row(row))
        .collect();
    for (y, weights) in rows.pixels.clone().zip(&rows.weights) {
        for column in 0..width {
            let mut sum = [0.0_f32; 4];
            for (row, weight) in weights {
                add(&mut sum, across[row * width + column], *weight);
            }
            let [red, green, blue, alpha] = sum;
            if alpha < 0.5 {
                continue;
            }
            let byte = |c: f32| (c * 255.0 / alpha + 0.5) as u8;
            let ink = inked([byte(red), byte(green), byte(blue), (alpha + 0.5) as u8]);
            let at = 4 * (y * canvas.width_px as usize + columns.pixels.start + column);
            let Some(pixel) = out[at..].first_chunk_mut::<4>() else {
                return;
            };
            *pixel = rgba(over(ink, 1.0, inked(*pixel)));
        }
    }
}

fn add(sum: &mut [f32; 4], of: [f32; 4], weight: f32) {
    for (sum, c) in sum.iter_mut().zip(of) {
        *sum += c * weight;
    }
}

/// Which pixels of the canvas lie in the place along one axis, and what each takes from the picture.
struct Tents {
    pixels: Range<usize>,
    /// Index and weight; the weights of a pixel add up to the share of it that is covered.
    weights: Vec<Vec<(usize, f32)>>,
}

impl Tents {
    fn new(start: f64, end: f64, of_picture: u32, of_canvas: u32) -> Self {
        let edge = |px: f64| px.clamp(0.0, f64::from(of_canvas));
        let pixels = edge(start.floor()) as usize..edge(end.ceil()) as usize;
        let scale = f64::from(of_picture) / (end - start).max(1e-9);
        let reach = scale.max(1.0);
        let weights = pixels.clone().map(|px| {
            let middle = (px as f64 + 0.5 - start) * scale;
            let least = (middle - reach - 0.5).floor().max(0.0) as usize;
            let most = ((middle + reach + 0.5).ceil().max(0.0) as usize).min(of_picture as usize);
            let tent = |n: usize| (1.0 - (n as f64 + 0.5 - middle).abs() / reach).max(0.0);
            let all: f64 = (least..most).map(tent).sum();
            let covered = (end.min(px as f64 + 1.0) - start.max(px as f64)).clamp(0.0, 1.0);
            let share = covered / all.max(1e-9);
            (least..most)
                .map(|n| (n, (tent(n) * share) as f32))
                .filter(|(_, weight)| *weight > 0.0)
                .collect()
        });
        Self {
            weights: weights.collect(),
            pixels,
        }
    }

    /// Red, green and blue multiplied with the opacity, 0..=255.
    fn row<'a>(&'a self, row: &'a [u8]) -> impl Iterator<Item = [f32; 4]> + 'a {
        let (pixels, _) = row.as_chunks::<4>();
        self.weights.iter().map(move |weights| {
            let mut sum = [0.0; 4];
            for &(at, weight) in weights {
                let [red, green, blue, alpha] = pixels[at].map(f32::from);
                let opacity = alpha / 255.0;
                add(
                    &mut sum,
                    [red * opacity, green * opacity, blue * opacity, alpha],
                    weight,
                );
            }
            sum
        })
    }
}
