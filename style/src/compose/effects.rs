//! Effects, from what a caller chooses to what is drawn.

use std::sync::Arc;

use symbol::file::Ink;

use crate::{
    geometry::{MODULE, units},
    scene::{Cast, Paint, Picture, Place, Ramp, Scene, Shape},
    style::Effect,
};

/// Standard deviation of the strongest glow, in modules.
const GLOW: f32 = 1.5;
/// Opacity of a grain of the strongest noise, and of the corners of the strongest vignette.
const STRONGEST: f32 = 200.0;
/// Pixels along one side of a vignette: it has no detail.
const VIGNETTE_PX: u32 = 64;
/// Grains of noise across a module, and across a picture at most.
const GRAINS: i32 = 4;
const MOST_GRAINS: i32 = 512;

/// Modules that a length is cut to: further away nothing is seen.
const FAR: f32 = 16.0;

/// On what the scene holds so far.
pub fn add(effects: &[Effect], scene: &mut Scene) {
    // Not a number is 0.
    let units = |modules: f32| units(modules.clamp(-FAR, FAR).into());
    let deviation = |modules: f32| units(modules.max(0.0));
    for effect in effects {
        match *effect {
            Effect::Shadow { dx, dy, blur, ink } => scene.effects.casts.push(Cast {
                dx: units(dx),
                dy: units(dy),
                blur: deviation(blur),
                ink,
            }),
            Effect::Glow { intensity, rgb } => scene.effects.casts.push(Cast {
                dx: 0,
                dy: 0,
                blur: deviation(intensity * GLOW),
                ink: Ink::opaque(rgb),
            }),
            Effect::Blur { radius } => scene.effects.blur = deviation(radius),
            Effect::Noise { intensity } => overlay(scene, noise(scene, intensity)),
            Effect::Vintage { sepia, vignette } => {
                if sepia > 0.0 {
                    toned(scene, sepia);
                }
                if vignette > 0.0 {
                    overlay(scene, corners(vignette));
                }
            }
        }
    }
}

fn overlay(scene: &mut Scene, picture: Option<Picture>) {
    let place = Place {
        x: 0,
        y: 0,
        width: scene.width,
        height: scene.height,
    };
    let overlay = picture.map(|picture| (Arc::new(picture), place));
    scene.effects.overlays.extend(overlay);
}

/// White and black grains of random opacity; the same at the same place of every picture.
fn noise(scene: &Scene, intensity: f32) -> Option<Picture> {
    let grains = |units: i32| (units / (MODULE / GRAINS)).clamp(1, MOST_GRAINS) as u32;
    let (width, height) = (grains(scene.width), grains(scene.height));
    let most = (intensity.clamp(0.0, 1.0) * STRONGEST) as u32;
    let mut rgba = Vec::with_capacity(4 * (width * height) as usize);
    // xorshift (Marsaglia 2003).
    let mut state = 0x9e37_79b9_u32;
    for _ in 0..width * height {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        let light = if state & 1 == 0 { 0 } else { 255 };
        // One of four opacities, so that files stay small.
        let opacity = most * ((state >> 8) & 3) / 3;
        rgba.extend_from_slice(&[light, light, light, opacity as u8]);
    }
    Picture::new(width, height, rgba)
}

/// Clear in the middle, dark in the corners, by the fourth power of the distance.
fn corners(vignette: f32) -> Option<Picture> {
    let half = VIGNETTE_PX as f32 / 2.0;
    let from_middle = |at: u32| (at as f32 + 0.5 - half) / half;
    let places = (0..VIGNETTE_PX).flat_map(|y| (0..VIGNETTE_PX).map(move |x| (x, y)));
    let rgba = places.flat_map(|(x, y)| {
        let (x, y) = (from_middle(x), from_middle(y));
        let square = f32::midpoint(x * x, y * y);
        [0, 0, 0, (vignette * STRONGEST * square * square) as u8]
    });
    Picture::new(VIGNETTE_PX, VIGNETTE_PX, rgba.collect())
}

/// Every ink nearer to brown tones of the same lightness (the matrix of Filter Effects 1, "sepia").
fn toned(scene: &mut Scene, sepia: f32) {
    let tone = |rgb: [u8; 3]| -> [u8; 3] {
        let matrix = [
            [0.393, 0.769, 0.189],
            [0.349, 0.686, 0.168],
            [0.272, 0.534, 0.131],
        ];
        let own = rgb.map(f32::from);
        std::array::from_fn(|c| {
            let row: [f32; 3] = matrix[c];
            let brown = (row[0] * own[0] + row[1] * own[1] + row[2] * own[2]).min(255.0);
            (own[c] + (brown - own[c]) * sepia + 0.5) as u8
        })
    };
    let ink = |ink: Ink| Ink {
        rgb: tone(ink.rgb),
        ..ink
    };
    scene.ground = ink(scene.ground);
    for cast in &mut scene.effects.casts {
        cast.ink = ink(cast.ink);
    }
    for layer in &mut scene.layers {
        layer.on = layer.on.map(ink);
        match &mut layer.paint {
            Paint::Ink(own) => *own = ink(*own),
            Paint::Linear {
                ramp: Ramp(stops), ..
            }
            | Paint::Radial {
                ramp: Ramp(stops), ..
            } => {
                for stop in stops {
                    stop.rgb = tone(stop.rgb);
                }
            }
            Paint::Sampled(sampled) => {
                for rgb in &mut sampled.colors {
                    *rgb = tone(*rgb);
                }
            }
        }
        if let Shape::Picture(picture, _) = &mut layer.shape {
            let toned = picture.rgba().as_chunks::<4>().0.iter();
            let toned = toned.flat_map(|&[red, green, blue, alpha]| {
                let [red, green, blue] = tone([red, green, blue]);
                [red, green, blue, alpha]
            });
            let (width, height) = (picture.width_px(), picture.height_px());
            if let Some(toned) = Picture::new(width, height, toned.collect()) {
                *picture = Arc::new(toned);
            }
        }
    }
}
