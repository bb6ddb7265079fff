//! Effects, on pixels of four bytes.

use symbol::file::Ink;

use super::{Canvas, Lines, blur::Plane, inked, over, rgba};
use crate::{
    geometry::MODULE,
    scene::{Cast, Layer},
};

/// Lays the blurred silhouette of layers over what is there.
pub fn cast(cast: &Cast, layers: &[Layer], canvas: Canvas, out: &mut [u8]) {
    let (width, height) = (canvas.width_px as usize, canvas.height_px as usize);
    let mut silhouette = vec![[0_u16]; width * height];
    let px = |units: i32| i64::from(units) * i64::from(canvas.module_px) / i64::from(MODULE);
    let (dx, dy) = (px(cast.dx) as isize, px(cast.dy) as isize);
    for layer in layers {
        Lines::new(layer, canvas, |coverage| coverage).each(|x, y, coverage| {
            let Some(y) = y.checked_add_signed(dy).filter(|y| *y < height) else {
                return;
            };
            let row = &mut silhouette[y * width..][..width];
            for (x, &covered) in (x..).zip(coverage) {
                if let Some([seen]) = x.checked_add_signed(dx).and_then(|x| row.get_mut(x)) {
                    *seen = (*seen).max(u16::from(covered) * 257);
                }
            }
        });
    }
    let plane = Plane::new(width, height, silhouette);
    let plane = plane.blurred(sigma_px(cast.blur, canvas), [0]);
    let (pixels, _) = out.as_chunks_mut::<4>();
    for (pixel, [covered]) in pixels.iter_mut().zip(plane.values()) {
        if *covered >= 128 {
            let coverage = f32::from(*covered) / f32::from(u16::MAX);
            *pixel = rgba(over(cast.ink, coverage, inked(*pixel)));
        }
    }
}

/// `deviation`: in units. `ground`: of all that lies beyond the edges.
pub fn blur(deviation: i32, ground: Ink, canvas: Canvas, out: &mut [u8]) {
    let (pixels, _) = out.as_chunks_mut::<4>();
    let value = |[red, green, blue, alpha]: [u8; 4]| {
        let times = |c: u8| (u32::from(c) * u32::from(alpha) * 257 / 255) as u16;
        [
            times(red),
            times(green),
            times(blue),
            u16::from(alpha) * 257,
        ]
    };
    let values = pixels.iter().map(|pixel| value(*pixel));
    let (width, height) = (canvas.width_px as usize, canvas.height_px as usize);
    let plane = Plane::new(width, height, values.collect());
    let plane = plane.blurred(sigma_px(deviation, canvas), value(rgba(ground)));
    for (pixel, &[red, green, blue, alpha]) in pixels.iter_mut().zip(plane.values()) {
        let by = u32::from(alpha).max(1);
        let byte = |c: u16| ((u32::from(c) * 255 + by / 2) / by).min(255) as u8;
        *pixel = [byte(red), byte(green), byte(blue), (alpha / 257) as u8];
    }
}

fn sigma_px(deviation: i32, canvas: Canvas) -> f64 {
    f64::from(deviation) * f64::from(canvas.module_px) / f64::from(MODULE)
}
