//! From content to modules, by the `qrcode` crate.

use qrcode::{EcLevel, QrCode, Version, bits::Bits, types::QrError};
use symbol::Mask;

use crate::{
    kernel::{Error, Kind, Result},
    render::{Facts, Level, Request, fit, grades, layout::CanvasLayout},
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
    /// `Invalid` when not even version 40 holds it.
    pub fn encode(request: &Request) -> Result<Self> {
        let code = encode(&request.content, request.level).map_err(|e| match e {
            QrError::DataTooLong => fit::too_long(request),
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

    /// The level is as it was asked for. The mask is read from the format information (ISO/IEC 18004 §7.9.1): bits 12 to 10
    /// stand in row 8, columns 2 to 4, laid over with 101.
    ///
    /// # Errors
    /// `Internal` if the crate drew no symbol of the standard.
    pub fn facts(&self, request: &Request, layout: &CanvasLayout, width_px: u32) -> Result<Facts> {
        let row = self.rows().nth(8).unwrap_or_default();
        let bits = row.iter().skip(2).take(3);
        let mask = bits.fold(0, |mask, cell| mask << 1 | u8::from(cell.dark)) ^ 0b101;
        let number = u8::try_from(self.modules.saturating_sub(17) / 4).unwrap_or(u8::MAX);
        match (symbol::Version::qr(number), Mask::new(mask)) {
            (Some(version), Some(mask)) => Ok(Facts {
                version,
                level: request.level,
                mask,
                width_px,
                height_px: width_px,
                report: grades::plain(request, layout, version),
            }),
            _ => Err(Error::internal("the symbol is of no version")),
        }
    }

    /// From top to bottom.
    pub fn rows(&self) -> impl Iterator<Item = &[Cell]> {
        self.cells.chunks_exact(self.modules as usize)
    }
}

/// ECI designator of UTF-8 (ISO/IEC 18004 §7.4.3).
const UTF_8: u32 = 26;

/// ASCII goes into the densest mix of modes. Other text goes into one byte segment behind the ECI of UTF-8, or without it
/// where only that fits: docs/adr/0014. The crate's own choice would see Shift JIS (Kanji mode) in the bytes of Japanese
/// UTF-8, and readers would decode those to something else.
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
    let declared = str::from_utf8(content).is_ok().then_some(UTF_8);
    match bytes(content, level, declared) {
        Err(QrError::DataTooLong) if declared.is_some() => bytes(content, level, None),
        done => done,
    }
}

/// One byte segment in the smallest version that holds it.
fn bytes(content: &[u8], level: EcLevel, eci: Option<u32>) -> std::result::Result<QrCode, QrError> {
    for version in 1..=40 {
        let mut bits = Bits::new(Version::Normal(version));
        // ECI header, mode indicator, character count, data (ISO/IEC 18004 table 3).
        let eci_bits = if eci.is_some() { 12 } else { 0 };
        let length_bits = if version <= 9 { 8 } else { 16 };
        if eci_bits + 4 + length_bits + 8 * content.len() <= bits.max_len(level)? {
            if let Some(eci) = eci {
                bits.push_eci_designator(eci)?;
            }
            bits.push_byte_data(content)?;
            bits.push_terminator(level)?;
            return QrCode::with_bits(bits, level);
        }
    }
    Err(QrError::DataTooLong)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::{Faults, Problem, Spec};

    fn encoded(content: impl Into<Vec<u8>>, level: Level) -> Result<Symbol> {
        let content: Vec<u8> = content.into();
        let spec = Spec {
            level,
            ..Spec::new(content)
        };
        Symbol::encode(&Request::new(spec).unwrap())
    }

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
                assert_eq!(encoded(vec![byte; fit], level).unwrap().modules, 177);
                let error = encoded(vec![byte; fit + 1], level)
                    .err()
                    .expect("one too many");
                let Problem::DoesNotFit(overflow) = &Faults::of(&error)[0].problem else {
                    panic!("{error:?}")
                };
                assert_eq!(overflow.most_bytes, fit);
            }
        }
    }

    #[test]
    fn function_patterns_are_not_data() {
        let symbol = encoded(
            *b"https://example.com/a/longer/path/so/that/there/is/an/alignment/pattern",
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
