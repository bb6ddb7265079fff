//! A picture, as the aperture sees it.

use symbol::file::Ink;

use super::{APERTURE, light};
use crate::{
    geometry::MODULE,
    scene::{Picture, Place, Scene},
};

/// Points of a module that are looked at, along one side.
const SAMPLES: usize = 6;

/// Calls `f` with the opacity, 0..=1, and the light of each module that the picture touches.
pub fn for_each_module(
    picture: &Picture,
    place: Place,
    scene: &Scene,
    mut f: impl FnMut(usize, usize, f32, [f32; 2]),
) {
    let modules = |unit: i32, origin: i32| f64::from(unit - origin) / f64::from(MODULE);
    let (left, top) = (
        modules(place.x, scene.origin.x),
        modules(place.y, scene.origin.y),
    );
    let (width, height) = (modules(place.width, 0), modules(place.height, 0));
    let range = |start: f64, length: f64| {
        let end = (start + length).ceil().clamp(0.0, scene.modules as f64);
        start.floor().clamp(0.0, end) as usize..end as usize
    };
    let pixel = |x: f64, y: f64| {
        let at = |share: f64, px: u32| {
            (0.0..1.0)
                .contains(&share)
                .then_some((share * f64::from(px)) as usize)
        };
        let column = at((x - left) / width, picture.width_px())?;
        let row = at((y - top) / height, picture.height_px())?;
        let at = 4 * (row * picture.width_px() as usize + column);
        picture.rgba().get(at..at + 4)
    };
    // Within the aperture, from the middle of a module.
    let steps =
        (0..SAMPLES).map(|n| ((n as f64 + 0.5) / SAMPLES as f64 - 0.5) * f64::from(APERTURE));
    let steps: Vec<f64> = steps.collect();
    for y in range(top, height) {
        for x in range(left, width) {
            let (mut opacity, mut sum) = (0.0_f32, [0.0_f32; 2]);
            for dy in &steps {
                for dx in &steps {
                    let at = pixel(x as f64 + 0.5 + dx, y as f64 + 0.5 + dy);
                    let Some(&[red, green, blue, alpha]) = at.and_then(|px| px.first_chunk())
                    else {
                        continue;
                    };
                    let alpha = f32::from(alpha) / 255.0;
                    let ink = light(Ink::opaque([red, green, blue]));
                    opacity += alpha;
                    sum = [sum[0] + alpha * ink[0], sum[1] + alpha * ink[1]];
                }
            }
            if opacity > 0.0 {
                let all = (SAMPLES * SAMPLES) as f32;
                f(x, y, opacity / all, sum.map(|sum| sum / opacity));
            }
        }
    }
}
