//! A Gaussian blur, as three box blurs in whole numbers: the same on every machine.
//!
//! A wide blur works on a smaller copy, of which nobody can tell: a blur takes fine detail away.

/// Rows of pixels with `C` channels, 0..=65 535. Colours are multiplied with their opacity.
pub struct Plane<const C: usize> {
    width: usize,
    height: usize,
    values: Vec<[u16; C]>,
}

/// What lies beyond the edges.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Beyond {
    Nothing,
    /// More of the outermost pixel.
    Edge,
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

    /// `sigma_px`: the standard deviation.
    pub fn blurred(self, sigma_px: f64, beyond: Beyond) -> Self {
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

    fn boxes(mut self, sigma: f64, beyond: Beyond) -> Self {
        for reach in reaches(sigma) {
            if reach > 0 {
                self.across(reach, beyond);
                self.down(reach, beyond);
            }
        }
        self
    }

    /// Each pixel becomes the mean of those at most `reach` away in its row.
    fn across(&mut self, reach: usize, beyond: Beyond) {
        let mut line = vec![[0; C]; self.width];
        for row in self.values.chunks_exact_mut(self.width) {
            line.copy_from_slice(row);
            let means = Means::new(reach, beyond, line.len());
            let mut sum = [0_u32; C];
            for step in means.start() {
                means.step(step, &mut sum, |at| line[at]);
            }
            for (x, out) in row.iter_mut().enumerate() {
                *out = means.mean(&sum);
                means.step(means.next(x), &mut sum, |at| line[at]);
            }
        }
    }

    /// The same in its column.
    fn down(&mut self, reach: usize, beyond: Beyond) {
        let before = self.values.clone();
        let width = self.width;
        let means = Means::new(reach, beyond, self.height);
        let mut sums = vec![[0_u32; C]; width];
        for step in means.start() {
            for (x, sum) in sums.iter_mut().enumerate() {
                means.step(step, sum, |at| before[at * width + x]);
            }
        }
        for (y, row) in self.values.chunks_exact_mut(width).enumerate() {
            let step = means.next(y);
            for (x, (out, sum)) in row.iter_mut().zip(&mut sums).enumerate() {
                *out = means.mean(sum);
                means.step(step, sum, |at| before[at * width + x]);
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

/// How far each of three boxes reaches, so that together they have this deviation (Kutskir, "Fastest Gaussian blur").
fn reaches(sigma: f64) -> [usize; 3] {
    let ideal = (4.0 * sigma * sigma + 1.0).sqrt();
    let narrow = ((ideal as usize).max(1) - 1) / 2;
    let width = (2 * narrow + 1) as f64;
    let narrow_ones =
        (12.0 * sigma * sigma - 3.0 * width * width - 12.0 * width - 9.0) / (-4.0 * width - 4.0);
    std::array::from_fn(|n| narrow + usize::from(n as f64 + 0.5 > narrow_ones))
}

/// A mean that slides along a line.
struct Means {
    reach: usize,
    beyond: Beyond,
    length: usize,
}

/// The pixel that comes in and the one that goes out.
type Step = (Option<usize>, Option<usize>);

impl Means {
    const fn new(reach: usize, beyond: Beyond, length: usize) -> Self {
        Self {
            reach,
            beyond,
            length,
        }
    }

    fn place(&self, at: isize) -> Option<usize> {
        let inside = usize::try_from(at).ok().filter(|at| *at < self.length);
        match self.beyond {
            Beyond::Nothing => inside,
            Beyond::Edge => Some(at.clamp(0, self.length as isize - 1) as usize),
        }
    }

    /// Those that fill the window of the first pixel.
    fn start(&self) -> Vec<Step> {
        let reach = self.reach as isize;
        (-reach..=reach).map(|at| (self.place(at), None)).collect()
    }

    /// From the window of this pixel to that of the next one.
    fn next(&self, at: usize) -> Step {
        let (at, reach) = (at as isize, self.reach as isize);
        (self.place(at + reach + 1), self.place(at - reach))
    }

    fn step<const C: usize>(
        &self,
        (comes, goes): Step,
        sum: &mut [u32; C],
        value: impl Fn(usize) -> [u16; C],
    ) {
        if let Some(at) = comes {
            add(sum, value(at));
        }
        if let Some(at) = goes {
            for (sum, value) in sum.iter_mut().zip(value(at)) {
                *sum -= u32::from(value);
            }
        }
    }

    fn mean<const C: usize>(&self, sum: &[u32; C]) -> [u16; C] {
        let count = 2 * self.reach as u32 + 1;
        sum.map(|sum| (sum / count) as u16)
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
            let plane = Plane::new(width, width, values).blurred(sigma, Beyond::Nothing);
            let at = |x: usize| (x as f64 + 0.5) - middle as f64;
            let (mut sum, mut square) = (0.0, 0.0);
            for (n, [value]) in plane.values().iter().enumerate() {
                sum += f64::from(*value);
                square += f64::from(*value) * at(n % width).powi(2);
            }
            let whole = f64::from(u16::MAX) * (spot * spot) as f64;
            assert!((sum / whole - 1.0).abs() < 0.03, "{sigma}: {}", sum / whole);
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
            let plane = plane.blurred(sigma, Beyond::Edge);
            assert!(
                plane.values().iter().all(|value| *value == [777, 65_535]),
                "{sigma}"
            );
        }
    }
}
