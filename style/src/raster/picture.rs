//! A picture, scaled into its place.
//!
//! By a tent as wide as a pixel of the coarser side (Triangle, as image editors call it): no pixel of a picture that shrinks is left out,
//! and one that grows has no blocks. Colours are multiplied with their opacity meanwhile, so that what is clear lends no colour.

use std::ops::Range;

use super::{
    Canvas,
    planes::{Planes, Strip, opacities, whole},
};
use crate::scene::{Picture, Place};

pub fn draw(picture: &Picture, place: Place, canvas: Canvas, out: &mut Planes) {
    let corner = |x: i32, y: i32| canvas.px((f64::from(x), f64::from(y)));
    let ends = [
        corner(place.x, place.y),
        corner(place.x + place.width, place.y + place.height),
    ];
    scaled(picture, ends, canvas, out);
}

/// Over all of the canvas, also what it leaves around the scene.
pub fn cover(picture: &Picture, canvas: Canvas, out: &mut Planes) {
    let far = (f64::from(canvas.width_px), f64::from(canvas.height_px));
    scaled(picture, [(0.0, 0.0), far], canvas, out);
}

/// Between two corners, in pixels.
fn scaled(picture: &Picture, ends: [(f64, f64); 2], canvas: Canvas, out: &mut Planes) {
    let [(left, top), (right, bottom)] = ends;
    let columns = Tents::new(left, right, picture.width_px(), canvas.width_px);
    let rows = Tents::new(top, bottom, picture.height_px(), canvas.height_px);
    let width = columns.pixels.len();
    let (pixels, _) = picture.rgba().as_chunks::<4>();
    // Grains and shades have one colour channel instead of three.
    let is_grey = pixels.iter().all(|px| px[0] == px[1] && px[0] == px[2]);
    let channels: &[usize] = if is_grey { &[3, 0] } else { &[3, 0, 1, 2] };
    let across = across(picture, &columns, channels);
    let mut sums = vec![vec![0.0_f32; width]; channels.len()];
    let mut bytes = vec![vec![0; width]; channels.len()];
    let mut opacity = vec![0; width];
    for (y, weights) in rows.pixels.clone().zip(&rows.weights) {
        for (sums, across) in sums.iter_mut().zip(&across) {
            sums.fill(0.0);
            for &(row, weight) in weights {
                for (sum, c) in sums.iter_mut().zip(&across[row * width..]) {
                    *sum += c * weight;
                }
            }
        }
        let [alpha, colors @ ..] = &sums[..] else {
            return;
        };
        for (color, bytes) in colors.iter().zip(&mut bytes[1..]) {
            for ((byte, &c), &alpha) in bytes.iter_mut().zip(color).zip(alpha) {
                *byte = whole(c * 255.0 / alpha + 0.5);
            }
        }
        for (byte, &alpha) in bytes[0].iter_mut().zip(alpha) {
            *byte = whole(alpha + 0.5);
        }
        opacities(&bytes[0], 255, &mut opacity);
        out.lay(&Strip {
            x: columns.pixels.start,
            y,
            rgb: [1, 2, 3].map(|c: usize| &*bytes[c.min(channels.len() - 1)]),
            opacity: &opacity,
        });
    }
}

/// Rows of the picture, scaled across only: of each channel all.
fn across(picture: &Picture, columns: &Tents, channels: &[usize]) -> Vec<Vec<f32>> {
    let mut planes = vec![Vec::new(); channels.len()];
    for row in picture.rgba().chunks_exact(4 * picture.width_px() as usize) {
        for sum in columns.row(row) {
            for (plane, &channel) in planes.iter_mut().zip(channels) {
                plane.push(sum[channel]);
            }
        }
    }
    planes
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
