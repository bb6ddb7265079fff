//! Columns into rows.
//!
//! Invariant: works on squares of 32 or 64 bits, exchanging ever smaller quarters (Hacker's Delight §7-3).

use crate::Row;

/// The rows of the square whose columns are given, or the other way around.
#[inline(always)]
pub(crate) fn transpose(columns: &[Row], rows: &mut Vec<Row>) {
    let side = columns.len();
    rows.clear();
    rows.resize(side, [0; 3]);
    if side <= 32 {
        let mut square = [0_u32; 32];
        for (line, column) in square.iter_mut().zip(columns) {
            #[allow(clippy::cast_possible_truncation)] // the upper half is 0
            {
                *line = column[0] as u32;
            }
        }
        let square = turn32(square);
        for (row, line) in rows.iter_mut().zip(square) {
            row[0] = u64::from(line);
        }
        return;
    }
    for (word, lines) in columns.chunks(64).enumerate() {
        for (across, part) in rows.chunks_mut(64).enumerate() {
            let mut square = [0_u64; 64];
            for (line, column) in square.iter_mut().zip(lines) {
                *line = column[across];
            }
            let square = turn64(square);
            for (row, line) in part.iter_mut().zip(square) {
                row[word] = line;
            }
        }
    }
}

macro_rules! turn {
    ($name:ident, $word:ty, $bits:literal) => {
        #[inline(always)]
        fn $name(mut square: [$word; $bits]) -> [$word; $bits] {
            let mut half = $bits / 2;
            let mut low = <$word>::MAX >> half;
            while half > 0 {
                for pair in square.chunks_exact_mut(2 * half) {
                    let (upper, lower) = pair.split_at_mut(half);
                    for (a, b) in upper.iter_mut().zip(lower) {
                        let exchanged = (*a >> half ^ *b) & low;
                        *a ^= exchanged << half;
                        *b ^= exchanged;
                    }
                }
                half /= 2;
                low ^= low << half;
            }
            square
        }
    };
}

turn!(turn32, u32, 32);
turn!(turn64, u64, 64);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Matrix;

    #[test]
    fn rows_are_what_columns_were() {
        for side in 11..=177 {
            let dark = |x: usize, y: usize| (x * x + 3 * y + x * y / 7) % 5 < 2;
            let columns = Matrix::from_fn(side, |x, y| dark(y, x));
            let mut rows = Vec::new();
            transpose(columns.rows(), &mut rows);
            assert_eq!(rows, Matrix::from_fn(side, dark).rows());
        }
    }
}
