//! Effects, on pixels.

use symbol::file::Ink;

use super::{
    Canvas, Lines,
    blur::{Blur, LEVEL},
    planes::{Planes, Strip, share, stretched},
};
use crate::{
    geometry::MODULE,
    scene::{Cast, Layer},
};

/// Lays the blurred silhouette of layers over what is there.
pub fn cast(cast: &Cast, layers: &[Layer], canvas: Canvas, out: &mut Planes) {
    let (width, height) = (out.width, out.height);
    let mut silhouette = vec![0_u8; width * height];
    let px = |units: i32| i64::from(units) * i64::from(canvas.module_px) / i64::from(MODULE);
    let (dx, dy) = (px(cast.dx) as isize, px(cast.dy) as isize);
    // Where any of it lies: first and last pixel, along both axes.
    let (mut columns, mut rows) = ((width, 0), (height, 0));
    for layer in layers {
        Lines::new(layer, canvas, |coverage| coverage).each(|x, y, coverage| {
            let x = x as isize + dx;
            let Some(y) = y.checked_add_signed(dy).filter(|y| *y < height) else {
                return;
            };
            let coverage = &coverage[(-x).clamp(0, coverage.len() as isize) as usize..];
            let first = x.clamp(0, width as isize) as usize;
            let end = (first + coverage.len()).min(width);
            for (seen, &covered) in silhouette[y * width..][first..end].iter_mut().zip(coverage) {
                *seen = (*seen).max(covered);
            }
            columns = (columns.0.min(first), columns.1.max(end));
            rows = (rows.0.min(y), rows.1.max(y + 1));
        });
    }
    let blur = Blur::new(sigma_px(cast.blur, canvas));
    let grown = |(first, end): (usize, usize), all: usize| {
        // As if all of the canvas were blurred, whose squares begin at its edge.
        let first = first.saturating_sub(blur.reach_px()) / blur.factor() * blur.factor();
        first..(end + blur.reach_px()).min(all).max(first)
    };
    let (columns, rows) = (grown(columns, width), grown(rows, height));
    if columns.is_empty() || rows.is_empty() {
        return;
    }
    let inks = cast.ink.rgb.map(|c| vec![c; columns.len()]);
    let mut opacity = vec![0; columns.len()];
    let size = [columns.len(), rows.len()];
    let blurred = blur.of(size, 0, |y, row| {
        widen(
            &silhouette[(rows.start + y) * width..][columns.clone()],
            row,
        );
    });
    blurred.each(|y, row| {
        for (opacity, &covered) in opacity.iter_mut().zip(row) {
            let seen = if covered < LEVEL / 2 { 0 } else { covered };
            *opacity = stretched(share(seen, u16::from(cast.ink.alpha) << 8));
        }
        out.lay(&Strip {
            x: columns.start,
            y: rows.start + y,
            rgb: inks.each_ref().map(|ink| &**ink),
            opacity: &opacity,
        });
    });
}

/// `deviation`: in units. `ground`: of all that lies beyond the edges.
pub fn blur(deviation: i32, ground: Ink, canvas: Canvas, out: &mut Planes) {
    let blur = Blur::new(sigma_px(deviation, canvas));
    let (size, width) = ([out.width, out.height], out.width);
    let (rgb, alpha) = out.planes_mut();
    let mut alphas: Vec<u16> = Vec::new();
    if let Some(alpha) = &alpha {
        let beyond = u16::from(ground.alpha) * LEVEL;
        let blurred = blur.of(size, beyond, |y, row| widen(&alpha[y * width..], row));
        blurred.each(|_, row| alphas.extend_from_slice(row));
    }
    for (plane, c) in rgb.iter_mut().zip(ground.rgb) {
        // Colours are multiplied with their opacity meanwhile.
        let beyond = multiplied(c, ground.alpha);
        let blurred = blur.of(size, beyond, |y, row| {
            let colors = &plane[y * width..];
            match &alpha {
                None => widen(colors, row),
                Some(alpha) => {
                    let pixels = colors.iter().zip(&alpha[y * width..]);
                    for (value, (&c, &alpha)) in row.iter_mut().zip(pixels) {
                        *value = multiplied(c, alpha);
                    }
                }
            }
        });
        blurred.each(|y, row| {
            let colors = &mut plane[y * width..][..width];
            narrow(row, colors);
            for ((c, &value), &alpha) in colors
                .iter_mut()
                .zip(row)
                .zip(alphas.iter().skip(y * width))
            {
                let by = u32::from(alpha).max(1);
                *c = ((u32::from(value) * 255 + by / 2) / by).min(255) as u8;
            }
        });
    }
    if let Some(alpha) = alpha {
        narrow(&alphas, alpha);
    }
}

fn multiplied(c: u8, alpha: u8) -> u16 {
    (u32::from(c) * u32::from(alpha) * u32::from(LEVEL) / 255) as u16
}

fn widen(bytes: &[u8], values: &mut [u16]) {
    for (value, &byte) in values.iter_mut().zip(bytes) {
        *value = u16::from(byte) * LEVEL;
    }
}

fn narrow(values: &[u16], bytes: &mut [u8]) {
    for (byte, &value) in bytes.iter_mut().zip(values) {
        *byte = (value.saturating_add(LEVEL / 2) / LEVEL) as u8;
    }
}

fn sigma_px(deviation: i32, canvas: Canvas) -> f64 {
    f64::from(deviation) * f64::from(canvas.module_px) / f64::from(MODULE)
}
