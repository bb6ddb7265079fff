//! A logo in the middle of painted pixels.

use image::{
    RgbaImage,
    imageops::{self, FilterType},
};

use super::{Color, layout::CanvasLayout, logo::Logo};

/// Puts the logo on a plate of the light colour, with half a module of air around. `pixels`: row by row, three bytes each.
pub(super) fn stamp(pixels: &mut [u8], logo: &Logo, layout: &CanvasLayout, light: Color) {
    let plate = layout.plate_modules() * layout.scale;
    let at = layout.offset + (layout.modules - layout.plate_modules()) / 2 * layout.scale;
    let (w, h) = fit(logo.pixels.dimensions(), (plate - layout.scale).max(1));
    let scaled = imageops::resize(&logo.pixels, w, h, FilterType::Triangle);
    let inside = |x: u32, y: u32| {
        let x = x.checked_sub((plate - w) / 2)?;
        let y = y.checked_sub((plate - h) / 2)?;
        RgbaImage::get_pixel_checked(&scaled, x, y)
    };
    let rows = pixels.chunks_exact_mut(layout.width as usize * 3);
    for (y, row) in (0..plate).zip(rows.skip(at as usize)) {
        let (row, _) = row.as_chunks_mut::<3>();
        for (x, pixel) in (0..plate).zip(row.iter_mut().skip(at as usize)) {
            *pixel = inside(x, y).map_or(light.rgb, |above| blend(above.0, light.rgb));
        }
    }
}

/// The largest size with the picture's proportions within a square of `room` pixels; never 0.
fn fit((w, h): (u32, u32), room: u32) -> (u32, u32) {
    let longest = w.max(h).max(1);
    // Both are far below 2^16.
    let scaled = |side: u32| (side * room / longest).clamp(1, room);
    (scaled(w), scaled(h))
}

/// By the opacity of what lies above.
fn blend([r, g, b, alpha]: [u8; 4], below: [u8; 3]) -> [u8; 3] {
    let alpha = u16::from(alpha);
    let above = [r, g, b];
    std::array::from_fn(|i| {
        let mixed = u16::from(above[i]) * alpha + u16::from(below[i]) * (255 - alpha);
        u8::try_from((mixed + 127) / 255).unwrap_or(255)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_keeps_its_proportions_and_never_vanishes() {
        assert_eq!(fit((200, 100), 50), (50, 25));
        assert_eq!(fit((1, 2048), 40), (1, 40));
        assert_eq!(fit((10, 10), 1), (1, 1));
    }

    #[test]
    fn transparent_lets_through_and_opaque_covers() {
        assert_eq!(blend([10, 20, 30, 0], [7, 8, 9]), [7, 8, 9]);
        assert_eq!(blend([10, 20, 30, 255], [7, 8, 9]), [10, 20, 30]);
        assert_eq!(blend([0, 0, 0, 128], [255; 3]), [127; 3]);
    }
}
