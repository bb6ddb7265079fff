//! Symbols in a terminal: two modules in a character cell, one above the other.
//!
//! Invariant: every line has as many characters as the symbol and its border have columns, and ends in a line feed.

use std::io::Write;

use crate::Matrix;

/// Colours of the terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Terminal {
    /// Like paper: blocks are dark.
    DarkOnLight,
    /// Blocks are light.
    LightOnDark,
    /// Any with 24-bit colours (ISO/IEC 8613-6, SGR 38 and 48), here red, green, blue.
    Coloured { dark: [u8; 3], light: [u8; 3] },
}

/// Appends UTF-8 lines with `border` modules of quiet zone on all sides. An odd last row shares its line with a light
/// one.
pub fn write(dark: &Matrix, border: u8, terminal: Terminal, out: &mut Vec<u8>) {
    let border = usize::from(border);
    let across = dark.modules() + 2 * border;
    // Outside of the symbol all is light, left and above of it as well.
    let is_dark = |x: usize, y: usize| {
        let (x, y) = (x.checked_sub(border), y.checked_sub(border));
        x.zip(y).is_some_and(|(x, y)| dark.is_dark(x, y))
    };
    let block_is_dark = terminal != Terminal::LightOnDark;
    for y in (0..across).step_by(2) {
        if let Terminal::Coloured {
            dark: [r, g, b],
            light: [lr, lg, lb],
        } = terminal
        {
            // Into memory, which does not fail.
            let _ = write!(out, "\x1b[38;2;{r};{g};{b};48;2;{lr};{lg};{lb}m");
        }
        for x in 0..across {
            let block = match [y, y + 1].map(|y| is_dark(x, y) == block_is_dark) {
                [true, true] => "█",
                [true, false] => "▀",
                [false, true] => "▄",
                [false, false] => " ",
            };
            out.extend_from_slice(block.as_bytes());
        }
        if let Terminal::Coloured { .. } = terminal {
            out.extend_from_slice(b"\x1b[0m");
        }
        out.push(b'\n');
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::file::tests::any_matrix;

    const COLOURED: Terminal = Terminal::Coloured {
        dark: [0, 10, 200],
        light: [255; 3],
    };

    /// The modules that the lines show, with the border; rows of dark and not.
    fn read(text: &str, terminal: Terminal) -> Vec<Vec<bool>> {
        let mut rows = Vec::new();
        for line in text.lines() {
            let line = match terminal {
                Terminal::Coloured { .. } => {
                    let line = line
                        .strip_prefix("\x1b[38;2;0;10;200;48;2;255;255;255m")
                        .unwrap();
                    line.strip_suffix("\x1b[0m").unwrap()
                }
                _ => line,
            };
            for halves in ["█▀", "█▄"] {
                assert!(line.chars().all(|c| "█▀▄ ".contains(c)));
                let is_block = |c| halves.contains(c);
                rows.push(
                    line.chars()
                        .map(|c| is_block(c) != (terminal == Terminal::LightOnDark))
                        .collect(),
                );
            }
        }
        rows
    }

    proptest! {
        #[test]
        fn the_modules_can_be_read_back(
            dark in any_matrix(),
            border in 0_u8..6,
            terminal in prop_oneof![Just(Terminal::DarkOnLight), Just(Terminal::LightOnDark), Just(COLOURED)],
        ) {
            let mut out = Vec::new();
            write(&dark, border, terminal, &mut out);
            let rows = read(std::str::from_utf8(&out).unwrap(), terminal);
            let (border, across) = (usize::from(border), dark.modules() + 2 * usize::from(border));
            prop_assert_eq!(rows.len(), across.next_multiple_of(2));
            for (y, row) in rows.iter().enumerate() {
                prop_assert_eq!(row.len(), across);
                for (x, &found) in row.iter().enumerate() {
                    let wanted = x >= border && y >= border && dark.is_dark(x - border, y - border);
                    prop_assert_eq!(found, wanted);
                }
            }
        }
    }

    #[test]
    fn blocks_are_ink_on_paper() {
        let dark = Matrix::from_fn(3, |x, y| x == y);
        let written = |terminal| {
            let mut out = Vec::new();
            write(&dark, 0, terminal, &mut out);
            String::from_utf8(out).unwrap()
        };
        assert_eq!(written(Terminal::DarkOnLight), "▀▄ \n  ▀\n");
        assert_eq!(written(Terminal::LightOnDark), "▄▀█\n██▄\n");
    }
}
