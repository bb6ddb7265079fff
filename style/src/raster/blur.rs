//! A Gaussian blur, as three boxes whose outermost pixels count in part (Gwosdek and others, "Theoretical foundations of Gaussian
//! convolution by extended box filtering", 2011): whole numbers, so the same on every machine.
//!
//! A wide blur works on a smaller copy, of which nobody can tell: a blur takes fine detail away. So no box is wide.

use super::planes::share;

/// One level of 0..=255 in what is blurred.
pub const LEVEL: u16 = 256;

/// A copy of halves and quarters has this standard deviation at least, in its pixels; a smaller one the second.
const LEAST_SIGMA: [f64; 2] = [2.0, 16.0];
/// A smaller copy is not needed for the widest blur.
const MOST_FACTOR: usize = 4096;
/// Pixels of a box on each side: rounded products of more might add up to a level too many.
const MOST_REACH: f64 = 32.0;
/// After three boxes nobody can tell.
const BOXES: usize = 3;

pub struct Blur {
    /// Of the smaller copy: pixels along one side that become one. A power of two.
    factor: usize,
    /// Of a box: whole pixels on each side of the middle one.
    reach: usize,
    /// Weights in 65 536ths, nearly a whole together: of a whole pixel, of the two beyond them, and what is left for the middle one.
    inside: u16,
    end: u16,
    rest: u16,
    /// Added to what is weighted with the first two: products are then rounded, not cut off.
    halves: [u16; 2],
}

impl Blur {
    /// `sigma_px`: the standard deviation.
    pub fn new(sigma_px: f64) -> Self {
        let mut factor = 1;
        while factor < MOST_FACTOR {
            let next = 2 * factor;
            let least = LEAST_SIGMA[usize::from(next > 4)];
            if sigma_px < least * next as f64 {
                break;
            }
            factor = next;
        }
        let variance = (sigma_px / factor as f64).powi(2) / BOXES as f64;
        let reach = (((12.0 * variance + 1.0).sqrt() - 1.0) / 2.0).floor();
        let reach = reach.clamp(0.0, MOST_REACH);
        let squares = reach * (reach + 1.0) * (2.0 * reach + 1.0) / 3.0;
        let next = (reach + 1.0) * (reach + 1.0);
        let share = (variance * (2.0 * reach + 1.0) - squares) / (2.0 * (next - variance));
        let share = share.clamp(0.0, 1.0);
        let inside = 65_535.0 / (2.0 * reach + 1.0 + 2.0 * share);
        let end = (inside * share) as u32;
        let inside = inside as u32;
        let reach = reach as usize;
        Self {
            factor,
            reach,
            inside: inside as u16,
            end: end as u16,
            // Of a weight that is next to nothing less would do, and there is no room for more.
            halves: [inside, end].map(|weight| (32_768 / weight.max(256)) as u16),
            rest: (65_535 - inside * (2 * reach as u32 + 1) - 2 * end) as u16,
        }
    }

    /// So many pixels away nothing is seen of a pixel. A multiple of [`Blur::factor`].
    pub const fn reach_px(&self) -> usize {
        self.factor * (BOXES * (self.reach + 1) + 1)
    }

    pub const fn factor(&self) -> usize {
        self.factor
    }

    /// `read` tells the values of a row. `beyond`: of all that lies outside.
    pub fn of(
        &self,
        size: [usize; 2],
        beyond: u16,
        read: impl FnMut(usize, &mut [u16]),
    ) -> Blurred {
        let mut plane = Plane::smaller(size, self.factor, read);
        plane.across(self, beyond);
        for _ in 0..BOXES {
            plane.down(self, beyond);
        }
        Blurred {
            plane,
            size,
            factor: self.factor,
        }
    }
}

/// What was blurred, perhaps smaller.
pub struct Blurred {
    plane: Plane,
    size: [usize; 2],
    factor: usize,
}

impl Blurred {
    /// Calls `row` with each row and its number.
    pub fn each(&self, row: impl FnMut(usize, &[u16])) {
        self.plane.larger(self.size, self.factor, row);
    }
}

/// Adds what two rows of pixels give at one distance.
fn add(out: &mut [u16], before: &[u16], after: &[u16], weight: u16) {
    for ((out, &before), &after) in out.iter_mut().zip(before).zip(after) {
        let mean = (u32::from(before) + u32::from(after) + 1) >> 1;
        *out += share(mean as u16, weight);
    }
}

/// Rows of values of one channel.
struct Plane {
    width: usize,
    height: usize,
    values: Vec<u16>,
}

impl Plane {
    /// Each pixel is the mean of a square of `factor`².
    fn smaller(
        [width, height]: [usize; 2],
        factor: usize,
        mut read: impl FnMut(usize, &mut [u16]),
    ) -> Self {
        let mut plane = Self {
            width: width.div_ceil(factor),
            height: height.div_ceil(factor),
            values: Vec::new(),
        };
        if factor == 1 {
            plane.values = vec![0; width * height];
            for (y, row) in plane.values.chunks_exact_mut(width).enumerate() {
                read(y, row);
            }
            return plane;
        }
        let mut row = vec![0; width];
        let mut sums = vec![0_u32; width];
        for first in (0..height).step_by(factor) {
            let rows = first..(first + factor).min(height);
            sums.fill(0);
            for y in rows.clone() {
                read(y, &mut row);
                for (sum, &value) in sums.iter_mut().zip(&row) {
                    *sum += u32::from(value);
                }
            }
            // Most squares are whole, and `factor`² is a power of two.
            let whole = (rows.len() == factor).then(|| (factor * factor).trailing_zeros());
            plane.values.extend(sums.chunks(factor).map(|sums| {
                let sum: u32 = sums.iter().sum();
                match whole.filter(|_| sums.len() == factor) {
                    Some(bits) => (sum >> bits) as u16,
                    None => (sum / (sums.len() * rows.len()) as u32) as u16,
                }
            }));
        }
        plane
    }

    /// All boxes along the rows. Their pixels are added up anew for each place: along a row a running sum is no vector.
    fn across(&mut self, of: &Blur, beyond: u16) {
        let ends = of.reach + 1;
        let mut line = vec![beyond + of.halves[0] / 2; self.width + 2 * ends];
        for row in self.values.chunks_exact_mut(self.width) {
            for _ in 0..BOXES {
                // Half of it, for two pixels are weighted at once.
                for (line, value) in line[ends..].iter_mut().zip(&mut *row) {
                    *line = *value + of.halves[0] / 2;
                    *value = 0;
                }
                add(row, &line[ends..], &line[ends..], of.inside + of.rest);
                for distance in 1..ends {
                    add(
                        row,
                        &line[ends - distance..],
                        &line[ends + distance..],
                        2 * of.inside,
                    );
                }
                add(row, &line, &line[2 * ends..], 2 * of.end);
            }
        }
    }

    /// One box along the columns, as a row of running sums.
    fn down(&mut self, of: &Blur, beyond: u16) {
        let before = std::mem::replace(&mut self.values, vec![0; self.width * self.height]);
        let outside = vec![beyond; self.width];
        let row = |y: isize| {
            let start = usize::try_from(y).map(|y| y * self.width);
            let inside = start
                .ok()
                .and_then(|start| before.get(start..start + self.width));
            inside.unwrap_or(&outside)
        };
        let inside = |value: u16| share(value + of.halves[0], of.inside);
        let end = |value: u16| share(value + of.halves[1], of.end);
        let mut sums = vec![0; self.width];
        let reach = of.reach as isize;
        for y in -reach..=reach {
            for (sum, &value) in sums.iter_mut().zip(row(y)) {
                *sum += inside(value);
            }
        }
        for (y, out) in (0..).zip(self.values.chunks_exact_mut(self.width)) {
            let (first, last) = (row(y - reach - 1), row(y + reach + 1));
            let around = first.iter().zip(row(y - reach)).zip(row(y)).zip(last);
            for ((out, sum), (((&first, &leaving), &middle), &last)) in
                out.iter_mut().zip(&mut sums).zip(around)
            {
                *out = *sum + end(first) + share(middle, of.rest) + end(last);
                *sum = *sum - inside(leaving) + inside(last);
            }
        }
    }

    /// Pixels between those of this plane, in straight lines.
    fn larger(
        &self,
        [width, height]: [usize; 2],
        factor: usize,
        mut write: impl FnMut(usize, &[u16]),
    ) {
        if factor == 1 {
            for (y, row) in self.values.chunks_exact(width).enumerate() {
                write(y, row);
            }
            return;
        }
        let mut wide = [vec![0; width], vec![0; width]];
        // The row of this plane that the first of them is.
        let mut made = None;
        let mut row = vec![0; width];
        for y in 0..height {
            let (upper, down) = place(y, factor);
            let lower = (upper + 1).min(self.height - 1);
            if made != Some(upper) {
                wide.swap(0, 1);
                if made.is_none() {
                    self.wider(upper, factor, &mut wide[0]);
                }
                self.wider(lower, factor, &mut wide[1]);
                made = Some(upper);
            }
            let all = 2 * factor as u16;
            let weight =
                |halves: u16| (u32::from(halves) * (65_536 / u32::from(all))).min(65_535) as u16;
            let (above, below) = (weight(all - down), weight(down));
            for ((out, &upper), &lower) in row.iter_mut().zip(&wide[0]).zip(&wide[1]) {
                *out = share(upper, above) + share(lower, below);
            }
            write(y, &row);
        }
    }

    /// One row, stretched.
    fn wider(&self, y: usize, factor: usize, out: &mut [u16]) {
        let row = &self.values[y * self.width..][..self.width];
        let half = (factor / 2).min(out.len());
        let (start, rest) = out.split_at_mut(half);
        start.fill(row[0]);
        let bits = (2 * factor).trailing_zeros();
        let all = 2 * factor as u32;
        let nexts = row[1..].iter().chain(row.last());
        for ((out, &left), &right) in rest.chunks_mut(factor).zip(row).zip(nexts) {
            let (left, right) = (u32::from(left), u32::from(right));
            for (at, out) in (0..).zip(out) {
                let across = 2 * at + 1;
                *out = ((left * (all - across) + right * across) >> bits) as u16;
            }
        }
    }
}

/// The pixel of a smaller plane before this one, and the distance from its middle in halves of a pixel.
const fn place(at: usize, factor: usize) -> (usize, u16) {
    // The first half pixel has no neighbour before it.
    let at = (2 * at + 1).saturating_sub(factor);
    (at / (2 * factor), (at % (2 * factor)) as u16)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blurred(
        sigma: f64,
        size: [usize; 2],
        beyond: u16,
        at: impl Fn(usize, usize) -> u16,
    ) -> Vec<u16> {
        let blur = Blur::new(sigma).of(size, beyond, |y, row| {
            for (x, value) in row.iter_mut().enumerate() {
                *value = at(x, y);
            }
        });
        let mut all = Vec::new();
        blur.each(|_, row| all.extend_from_slice(row));
        all
    }

    /// A point becomes a bell: its weight stays, and its deviation is the one asked for.
    #[test]
    fn a_point_becomes_a_gaussian() {
        for sigma in [0.6, 1.5, 3.0, 5.0, 9.0, 20.0] {
            let (width, middle) = (257, 128);
            // Large enough that its weight is no rounding error.
            let spot = 16;
            let is_in = |v: usize| (middle - spot / 2..middle + spot / 2).contains(&v);
            let values = blurred(sigma, [width, width], 0, |x, y| {
                if is_in(x) && is_in(y) { 255 * LEVEL } else { 0 }
            });
            let at = |x: usize| (x as f64 + 0.5) - middle as f64;
            let (mut sum, mut square) = (0.0, 0.0);
            for (n, value) in values.iter().enumerate() {
                sum += f64::from(*value);
                square += f64::from(*value) * at(n % width).powi(2);
            }
            let whole = f64::from(255 * LEVEL) * (spot * spot) as f64;
            assert!((sum / whole - 1.0).abs() < 0.01, "{sigma}: {}", sum / whole);
            let own = (spot * spot) as f64 / 12.0;
            let found = (square / sum - own).sqrt();
            assert!(
                (found - sigma).abs() < 0.06 * sigma + 0.35,
                "{sigma}: {found}"
            );
        }
    }

    /// Also where a box is as wide as it gets, and as narrow.
    #[test]
    fn an_even_plane_stays_even() {
        for sigma in [0.0, 0.3, 1.0, 4.0, 30.0, 100.0, 127.0, 200.0, 1e4, 1e9] {
            for level in [0, 3, 128, 255] {
                let values = blurred(sigma, [37, 23], level * LEVEL, |_, _| level * LEVEL);
                let is_even = |&value: &u16| value.abs_diff(level * LEVEL) < LEVEL / 2;
                assert!(values.iter().all(is_even), "{sigma} {level}: {values:?}");
            }
        }
    }
}
