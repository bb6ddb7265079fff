//! Statements over many rows at once.
//!
//! Invariant: rows go in chunks whose sizes are powers of two, so that a statement exists in a dozen lengths only
//! and stays prepared, whatever the size of a batch.

use std::fmt::Write;

use sea_orm::DbBackend;

/// Rows in the longest statement. Longer ones cost more memory per connection and are not faster; times eight
/// columns it stays below what SQLite (32 766) and PostgreSQL (65 535) can bind.
const ROWS_MAX: usize = 512;

/// Cuts `rows` into the fewest chunks whose lengths are powers of two up to the limit, longest first.
pub(super) fn chunks<T>(mut rows: &[T]) -> impl Iterator<Item = &[T]> {
    std::iter::from_fn(move || {
        let len = 1 << rows.len().min(ROWS_MAX).checked_ilog2()?;
        let (chunk, rest) = rows.split_at(len);
        rows = rest;
        Some(chunk)
    })
}

/// Placeholders for `rows` rows of `columns` values: `(?,?),(?,?)` or `($1,$2),($3,$4)`. SQLite gets anonymous
/// ones because it looks named ones up in a list, which costs the square of their number.
pub(super) fn placeholders(backend: DbBackend, rows: usize, columns: usize) -> String {
    let numbered = backend == DbBackend::Postgres;
    let mut sql = String::with_capacity(rows * columns * if numbered { 6 } else { 2 } + rows * 2);
    let mut n = 0;
    for row in 0..rows {
        sql.push_str(if row == 0 { "(" } else { ",(" });
        for column in 0..columns {
            if column > 0 {
                sql.push(',');
            }
            n += 1;
            if numbered {
                // Writing to a String cannot fail.
                let _ = write!(sql, "${n}");
            } else {
                sql.push('?');
            }
        }
        sql.push(')');
    }
    sql
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_cover_every_row_once_in_powers_of_two() {
        for len in [0, 1, 2, 3, 511, 512, 513, 5000] {
            let rows: Vec<usize> = (0..len).collect();
            let cut: Vec<&[usize]> = chunks(&rows).collect();
            assert!(cut.iter().all(|c| c.len().is_power_of_two()), "{len}");
            assert_eq!(cut.concat(), rows);
        }
    }

    #[test]
    fn placeholders_are_in_the_words_of_the_database() {
        assert_eq!(placeholders(DbBackend::Sqlite, 2, 2), "(?,?),(?,?)");
        assert_eq!(placeholders(DbBackend::Postgres, 2, 2), "($1,$2),($3,$4)");
    }
}
