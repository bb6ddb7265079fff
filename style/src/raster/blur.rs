//! A Gaussian blur, as three boxes whose outermost pixels count in part (Gwosdek and others, "Theoretical foundations of Gaussian
//! convolution by extended box filtering", 2011): whole numbers, so the same on every machine.
//!
//! A wide blur works on a smaller copy, of which nobody can tell: a blur takes fine detail away.

/// Rows of pixels with `C` channels, 0..=65 535. Colours are multiplied with their opacity.
pub struct Plane<const C: usize> {
    width: usize,
    height: usize,
    values: Vec<[u16; C]>,
}

/// The smaller copy has this standard deviation at least, in its pixels.
const LEAST_SIGMA: f64 = 2.0;

impl<const C: usize> Plane<C> {
    pub const fn new(width: usize, height: usize, values: Vec<[u16; C]>) -> Self {
        Self {
            width,
            height,
            values,
        }
    }

    /// `sigma_px`: the standard deviation. `beyond`: of all that lies outside.
    pub fn blurred(self, sigma_px: f64, beyond: [u16; C]) -> Self {
        let factor = [4, 2]
            .into_iter()
            .find(|&factor| sigma_px >= LEAST_SIGMA * f64::from(factor));
        let Some(factor) = factor else {
            return self.boxes(sigma_px, beyond);
        };
        let (width, height) = (self.width, self.height);
        let small = self.smaller(factor as usize);
        small
            .boxes(sigma_px / f64::from(factor), beyond)
            .larger(factor as usize, width, height)
    }

    pub fn values(&self) -> &[[u16; C]] {
        &self.values
    }

    fn boxes(mut self, sigma: f64, beyond: [u16; C]) -> Self {
        let window = Window::of(sigma);
        for _ in 0..3 {
            self.across(window, beyond);
            self.down(window, beyond);
        }
        self
    }

    /// Each pixel becomes the mean of a window around it in its row.
    fn across(&mut self, window: Window, beyond: [u16; C]) {
        let mut line = vec![[0; C]; self.width];
        for row in self.values.chunks_exact_mut(self.width) {
            line.copy_from_slice(row);
            let at = |x: isize| {
                let inside = usize::try_from(x).ok().and_then(|x| line.get(x));
                inside.copied().unwrap_or(beyond)
            };
            let mut sum = [0_u32; C];
            (-window.reach..=window.reach).for_each(|x| add(&mut sum, at(x)));
            for (x, out) in (0..).zip(row) {
                let [before, first, after] = window.ends(x).map(at);
                *out = window.mean(&sum, before, after);
                slide(&mut sum, first, after);
            }
        }
    }

    /// The same in its column.
    fn down(&mut self, window: Window, beyond: [u16; C]) {
        let before = self.values.clone();
        let width = self.width;
        let outside = vec![beyond; width];
        let at = |y: isize| {
            let inside = usize::try_from(y)
                .ok()
                .and_then(|y| before.chunks_exact(width).nth(y));
            inside.unwrap_or(&outside)
        };
        let mut sums = vec![[0_u32; C]; width];
        for y in -window.reach..=window.reach {
            for (sum, value) in sums.iter_mut().zip(at(y)) {
                add(sum, *value);
            }
        }
        for (y, row) in (0..).zip(self.values.chunks_exact_mut(width)) {
            let [before, first, after] = window.ends(y).map(at);
            let around = before.iter().zip(first).zip(after);
            for ((out, sum), ((before, first), after)) in row.iter_mut().zip(&mut sums).zip(around)
            {
                *out = window.mean(sum, *before, *after);
                slide(sum, *first, *after);
            }
        }
    }

    /// Each pixel is the mean of a square of `factor`².
    fn smaller(&self, factor: usize) -> Self {
        let (width, height) = (self.width.div_ceil(factor), self.height.div_ceil(factor));
        let mut values = Vec::with_capacity(width * height);
        for y in 0..height {
            for x in 0..width {
                let mut sum = [0_u32; C];
                let mut count = 0;
                for row in y * factor..((y + 1) * factor).min(self.height) {
                    let columns = x * factor..((x + 1) * factor).min(self.width);
                    for value in &self.values[row * self.width..][columns] {
                        count += 1;
                        add(&mut sum, *value);
                    }
                }
                values.push(sum.map(|sum| (sum / count.max(1)) as u16));
            }
        }
        Self::new(width, height, values)
    }

    /// Pixels between those of a smaller one, in straight lines.
    fn larger(&self, factor: usize, width: usize, height: usize) -> Self {
        let place = |at: usize, most: usize| {
            // In halves of a pixel of this plane's `factor`ths; the first half pixel has no neighbour before it.
            let at = (2 * at + 1).saturating_sub(factor);
            let (first, rest) = (at / (2 * factor), at % (2 * factor));
            (first.min(most - 1), (first + 1).min(most - 1), rest as u32)
        };
        let all = 2 * factor as u32;
        let columns: Vec<_> = (0..width).map(|x| place(x, self.width)).collect();
        let mut values = Vec::with_capacity(width * height);
        for y in 0..height {
            let (upper, lower, down) = place(y, self.height);
            let [upper, lower] =
                [upper, lower].map(|y| &self.values[y * self.width..][..self.width]);
            values.extend(columns.iter().map(|&(left, right, across)| {
                std::array::from_fn(|c| {
                    let mix = |row: &[[u16; C]]| {
                        u32::from(row[left][c]) * (all - across) + u32::from(row[right][c]) * across
                    };
                    ((mix(upper) * (all - down) + mix(lower) * down) / (all * all)) as u16
                })
            }));
        }
        Self::new(width, height, values)
    }
}

fn add<const C: usize>(sum: &mut [u32; C], value: [u16; C]) {
    for (sum, value) in sum.iter_mut().zip(value) {
        *sum += u32::from(value);
    }
}

/// To the window of the next pixel.
fn slide<const C: usize>(sum: &mut [u32; C], goes: [u16; C], comes: [u16; C]) {
    for ((sum, goes), comes) in sum.iter_mut().zip(goes).zip(comes) {
        *sum = *sum + u32::from(comes) - u32::from(goes);
    }
}

/// Whole pixels around a middle one, and a share of the two beyond them.
#[derive(Clone, Copy)]
struct Window {
    reach: isize,
    /// In 1 024ths.
    share: u64,
    /// Of all pixels' shares together, and what a product with it is shifted by: a division for each channel would take most of the
    /// time. The error is below a quarter.
    inverse: u64,
}

const INVERSE_BITS: u32 = 44;

/// A whole pixel's share.
const WHOLE: u64 = 1024;

impl Window {
    /// Three of them have this deviation.
    fn of(sigma: f64) -> Self {
        let variance = sigma * sigma / 3.0;
        let reach = (((12.0 * variance + 1.0).sqrt() - 1.0) / 2.0)
            .floor()
            .clamp(0.0, 30_000.0);
        let squares = reach * (reach + 1.0) * (2.0 * reach + 1.0) / 3.0;
        let next = (reach + 1.0) * (reach + 1.0);
        let share = (variance * (2.0 * reach + 1.0) - squares) / (2.0 * (next - variance));
        let share = (share.clamp(0.0, 1.0) * WHOLE as f64 + 0.5) as u64;
        let count = WHOLE * (2 * reach as u64 + 1) + 2 * share;
        Self {
            reach: reach as isize,
            share,
            inverse: (1 << INVERSE_BITS) / count,
        }
    }

    /// Of the pixels before the window, first in it, and after it.
    const fn ends(&self, at: isize) -> [isize; 3] {
        [at - self.reach - 1, at - self.reach, at + self.reach + 1]
    }

    fn mean<const C: usize>(&self, sum: &[u32; C], before: [u16; C], after: [u16; C]) -> [u16; C] {
        let count = WHOLE * (2 * self.reach as u64 + 1) + 2 * self.share;
        std::array::from_fn(|c| {
            let beside = u64::from(before[c]) + u64::from(after[c]);
            let all = u64::from(sum[c]) * WHOLE + beside * self.share + count / 2;
            ((all * self.inverse) >> INVERSE_BITS) as u16
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A point becomes a bell: its weight stays, and its deviation is the one asked for.
    #[test]
    fn a_point_becomes_a_gaussian() {
        for sigma in [0.6, 1.5, 3.0, 5.0, 9.0, 20.0] {
            let (width, middle) = (257, 128);
            let mut values = vec![[0_u16]; width * width];
            // Large enough that its weight is no rounding error.
            let spot = 16;
            for y in 0..spot {
                for x in 0..spot {
                    values[(middle - spot / 2 + y) * width + middle - spot / 2 + x] = [u16::MAX];
                }
            }
            let plane = Plane::new(width, width, values).blurred(sigma, [0]);
            let at = |x: usize| (x as f64 + 0.5) - middle as f64;
            let (mut sum, mut square) = (0.0, 0.0);
            for (n, [value]) in plane.values().iter().enumerate() {
                sum += f64::from(*value);
                square += f64::from(*value) * at(n % width).powi(2);
            }
            let whole = f64::from(u16::MAX) * (spot * spot) as f64;
            assert!((sum / whole - 1.0).abs() < 0.01, "{sigma}: {}", sum / whole);
            let own = (spot * spot) as f64 / 12.0;
            let found = (square / sum - own).sqrt();
            assert!(
                (found - sigma).abs() < 0.06 * sigma + 0.35,
                "{sigma}: {found}"
            );
        }
    }

    #[test]
    fn an_even_plane_stays_even() {
        for sigma in [0.3, 1.0, 4.0, 30.0] {
            let plane = Plane::new(37, 23, vec![[777, 65_535]; 37 * 23]);
            let plane = plane.blurred(sigma, [777, 65_535]);
            assert!(
                plane.values().iter().all(|value| *value == [777, 65_535]),
                "{sigma}"
            );
        }
    }
}
