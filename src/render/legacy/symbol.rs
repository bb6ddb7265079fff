//! From content to modules, by the `qrcode` crate.

use qrcode::{EcLevel, QrCode, Version, bits::Bits, types::QrError};

use crate::{
    kernel::{Error, Kind, Result},
    render::Level,
};

/// One module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell {
    pub dark: bool,
    /// Painted with the data colours: see [`crate::render::Colors`].
    pub data: bool,
}

/// A square of modules, without its quiet zone.
pub struct Symbol {
    /// Modules along one side: 21, 25, … 177 (ISO/IEC 18004 §5.3.1).
    pub modules: u32,
    /// Row by row.
    cells: Vec<Cell>,
}

impl Symbol {
    /// The smallest symbol that holds the content.
    ///
    /// # Errors
    /// `Invalid` naming `content` when not even version 40 holds it.
    pub fn encode(content: &[u8], level: Level) -> Result<Self> {
        let code = encode(content, level).map_err(|e| match e {
            QrError::DataTooLong => too_long(content, level),
            other => Error::caused(Kind::Internal, "the symbol could not be encoded", other),
        })?;
        let width = code.width();
        let cells = code
            .to_colors()
            .into_iter()
            .enumerate()
            .map(|(i, color)| Cell {
                dark: color == qrcode::Color::Dark,
                data: !code.is_functional(i % width, i / width),
            })
            .collect();
        Ok(Self {
            modules: u32::try_from(width).unwrap_or(177),
            cells,
        })
    }

    /// From top to bottom.
    pub fn rows(&self) -> impl Iterator<Item = &[Cell]> {
        self.cells.chunks_exact(self.modules as usize)
    }
}

/// ASCII goes into the densest mix of modes. Anything else goes into one byte segment without an ECI, which
/// readers take for UTF-8: the crate's own choice would see Shift JIS (Kanji mode) in the bytes of
/// Japanese UTF-8, and readers would decode those to something else.
fn encode(content: &[u8], level: Level) -> std::result::Result<QrCode, QrError> {
    let level = match level {
        Level::L => EcLevel::L,
        Level::M => EcLevel::M,
        Level::Q => EcLevel::Q,
        Level::H => EcLevel::H,
    };
    if content.is_ascii() {
        return QrCode::with_error_correction_level(content, level);
    }
    for version in 1..=40 {
        let mut bits = Bits::new(Version::Normal(version));
        // Mode indicator, character count, data (ISO/IEC 18004 table 3).
        let length_bits = if version <= 9 { 8 } else { 16 };
        if 4 + length_bits + 8 * content.len() <= bits.max_len(level)? {
            bits.push_byte_data(content)?;
            bits.push_terminator(level)?;
            return QrCode::with_bits(bits, level);
        }
    }
    Err(QrError::DataTooLong)
}

fn too_long(content: &[u8], level: Level) -> Error {
    // ISO/IEC 18004 table 7, version 40, byte mode.
    let fit = match level {
        Level::L => 2953,
        Level::M => 2331,
        Level::Q => 1663,
        Level::H => 1273,
    };
    let message = format!(
        "has {} bytes; at error level {} a symbol holds {fit} bytes of text: shorten it or ask for a lower error level",
        content.len(),
        level.label(),
    );
    Error::invalid("content", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_what_the_standard_says_fits() {
        for (level, fit) in [
            (Level::L, 2953),
            (Level::M, 2331),
            (Level::Q, 1663),
            (Level::H, 1273),
        ] {
            // Lower-case ASCII, and bytes that are not ASCII: both are byte mode.
            for byte in [b'a', 0xff] {
                assert_eq!(
                    Symbol::encode(&vec![byte; fit], level).unwrap().modules,
                    177
                );
                let error = Symbol::encode(&vec![byte; fit + 1], level)
                    .err()
                    .expect("one too many");
                assert_eq!(error.details()[0].field, "content");
                assert!(error.message().contains(&fit.to_string()), "{error}");
            }
        }
    }

    #[test]
    fn function_patterns_are_not_data() {
        let symbol = Symbol::encode(
            b"https://example.com/a/longer/path/so/that/there/is/an/alignment/pattern",
            Level::M,
        )
        .unwrap();
        let rows: Vec<_> = symbol.rows().collect();
        let n = rows.len();
        for (x, y) in [(0, 0), (n - 1, 0), (0, n - 1), (6, 10), (n - 7, n - 7)] {
            assert!(!rows[y][x].data, "{x},{y}");
        }
        assert!(rows[n - 1][n - 1].data);
    }
}
