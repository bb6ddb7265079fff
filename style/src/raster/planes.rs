//! Pixels with any inks, channel by channel: so that a row of one is worked on in vectors.

use symbol::file::Ink;

use super::{Canvas, over};

/// Red, green and blue of a canvas in planes of their own, row by row.
pub struct Planes {
    pub width: usize,
    pub height: usize,
    rgb: [Vec<u8>; 3],
    /// The colours are not multiplied with it. `None`: all is opaque, and so is what is laid on it.
    alpha: Option<Vec<u8>>,
}

/// A part of [`Planes`] that lies in one row, to be laid on it: an ink and its opacity for each pixel.
pub struct Strip<'a> {
    pub x: usize,
    pub y: usize,
    pub rgb: [&'a [u8]; 3],
    /// In 65 535ths.
    pub opacity: &'a [u16],
}

impl Planes {
    pub fn new(canvas: Canvas, ground: Ink) -> Self {
        let (width, height) = (canvas.width_px as usize, canvas.height_px as usize);
        Self {
            width,
            height,
            rgb: ground.rgb.map(|c| vec![c; width * height]),
            alpha: (ground.alpha < 255).then(|| vec![ground.alpha; width * height]),
        }
    }

    pub fn lay(&mut self, strip: &Strip) {
        let row =
            self.width * strip.y + strip.x..self.width * strip.y + strip.x + strip.opacity.len();
        let Some(alpha) = &mut self.alpha else {
            for (plane, ink) in self.rgb.iter_mut().zip(strip.rgb) {
                mix(&mut plane[row.clone()], ink, strip.opacity);
            }
            return;
        };
        for (n, (at, &opacity)) in row.zip(strip.opacity).enumerate() {
            if opacity > 0 {
                let ink = Ink::opaque(strip.rgb.map(|plane| plane[n]));
                let ground = Ink {
                    rgb: [0, 1, 2].map(|c: usize| self.rgb[c][at]),
                    alpha: alpha[at],
                };
                let seen = over(ink, f32::from(opacity) / 65_535.0, ground);
                for (plane, c) in self.rgb.iter_mut().zip(seen.rgb) {
                    plane[at] = c;
                }
                alpha[at] = seen.alpha;
            }
        }
    }

    /// Red, green and blue, and the opacity.
    pub fn planes_mut(&mut self) -> (&mut [Vec<u8>; 3], Option<&mut [u8]>) {
        (&mut self.rgb, self.alpha.as_deref_mut())
    }

    /// Red, green, blue and opacity of each pixel.
    pub fn rgba(&self) -> Vec<u8> {
        let [red, green, blue] = &self.rgb;
        let mut bytes = vec![255; 4 * red.len()];
        let (pixels, _) = bytes.as_chunks_mut::<4>();
        for (((pixel, &red), &green), &blue) in pixels.iter_mut().zip(red).zip(green).zip(blue) {
            *pixel = [red, green, blue, 255];
        }
        for (pixel, &alpha) in pixels.iter_mut().zip(self.alpha.iter().flatten()) {
            pixel[3] = alpha;
        }
        bytes
    }
}

/// The whole part of 0.0..256.0. A cast says the same, but it saturates, which takes vectors apart.
pub fn whole(value: f32) -> u8 {
    // From here on a float has no fraction: its last bits are the number, rounded.
    const WHOLE: f32 = 8_388_608.0;
    let rounded = value + WHOLE;
    (rounded.to_bits() as u8).wrapping_sub(u8::from(rounded - WHOLE > value))
}

/// The upper half of a product.
pub fn share(of: u16, weight: u16) -> u16 {
    ((u32::from(of) * u32::from(weight)) >> 16) as u16
}

/// An ink's opacity and how much of each pixel it covers, together.
pub fn opacities(coverage: &[u8], alpha: u8, out: &mut [u16]) {
    for (out, &covered) in out.iter_mut().zip(coverage) {
        *out = stretched(u16::from(covered) * u16::from(alpha));
    }
}

/// From 65 025ths (255²) to 65 535ths.
pub fn stretched(product: u16) -> u16 {
    product.saturating_add((product >> 7) + (product >> 14))
}

/// Source over an opaque ground.
fn mix(out: &mut [u8], ink: &[u8], opacity: &[u16]) {
    for ((out, &ink), &opacity) in out.iter_mut().zip(ink).zip(opacity) {
        let above = share(u16::from(ink) << 8, opacity);
        let below = share(u16::from(*out) << 8, !opacity);
        // Both were cut off: half a unit each.
        *out = ((above + below + 129) >> 8) as u8;
    }
}
