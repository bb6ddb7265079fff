//! Vectors for print as other programs place them: EPSF-3.0 in PostScript level 2.
//!
//! Invariant: only ASCII, no line longer than 255 characters, and nothing of the interpreter's state is changed.

use super::{
    Picture, layers, number,
    outline::{self, Point},
    print::{Grid, Paint, Sheet, components, on_paper},
};
use crate::Matrix;

/// No line is longer (document structuring conventions 3.0, §4.5: 255).
const LINE_LEN: usize = 200;

/// A title is cut where its line would become too long for readers of comments.
const TITLE_LEN: usize = 200;

/// `dx dy m`, `dx h`, `dy v`, `z`: as in the path of an SVG.
const COMMANDS: &str =
    "/m{rmoveto}bind def/h{0 rlineto}bind def/v{0 exch rlineto}bind def/z{closepath}bind def\n";

/// Writes the document to the end of `out`.
///
/// PostScript has no opacity: translucent inks are blended with white paper. Clear ones are not painted.
pub fn write(picture: &Picture, sheet: &Sheet, out: &mut Vec<u8>) {
    let grid = Grid::of(picture, sheet.width);
    let (ground, layers) = layers::of(picture);
    comments([grid.points; 2], sheet.title, 2, out);
    put(out, "gsave 4 dict begin\n");
    put(out, COMMANDS);
    // From here on y goes down and a module is 1 wide.
    operation(&[grid.offset, grid.points - grid.offset], "translate ", out);
    operation(&[grid.module, -grid.module], "scale\n", out);
    if let Some(ground) = ground {
        color(on_paper(ground.ink), sheet.paint, out);
        for &[corner, width] in grid.squares(ground.is_hollow) {
            operation(&[corner, corner], "moveto ", out);
            for [x, y] in [[width, 0.0], [0.0, width], [-width, 0.0]] {
                operation(&[x, y], "rlineto ", out);
            }
            put(out, "closepath\n");
        }
        put(out, "eofill\n");
    }
    for (ink, matrix) in layers {
        color(on_paper(ink), sheet.paint, out);
        filled(&matrix, out);
    }
    put(out, "end grestore\nshowpage\n%%EOF\n");
}

/// One path, filled by the even-odd rule.
fn filled(matrix: &Matrix, out: &mut Vec<u8>) {
    put(out, "0 0 moveto\n");
    let mut line_start = out.len();
    let mut operation = |operands: &[i64], operator: u8| {
        // Operands, an operator and what is between them are less than 20 characters.
        let is_full = out.len() - line_start > LINE_LEN - 20;
        if is_full {
            line_start = out.len();
        }
        for &operand in operands {
            number::integer(out, operand);
            out.push(b' ');
        }
        out.extend_from_slice(&[operator, if is_full { b'\n' } else { b' ' }]);
    };
    let mut pen = Point::default();
    outline::each(matrix, |line| {
        let first = line.first().copied().unwrap_or_default();
        operation(&[by(pen.x, first.x), by(pen.y, first.y)], b'm');
        // Closing draws the last edge, and takes the pen back to where the line began.
        pen = first;
        for edge in line.windows(2) {
            let (from, to) = (edge[0], edge[1]);
            if from.y == to.y {
                operation(&[by(from.x, to.x)], b'h');
            } else {
                operation(&[by(from.y, to.y)], b'v');
            }
        }
        operation(&[], b'z');
    });
    put(out, "eofill\n");
}

fn by(from: u8, to: u8) -> i64 {
    i64::from(to) - i64::from(from)
}

/// The comments at the start (document structuring conventions 3.0, §5). `size`: width and height in points. `level`: of
/// the language.
pub fn comments(size: [f64; 2], title: &str, level: u8, out: &mut Vec<u8>) {
    put(out, "%!PS-Adobe-3.0 EPSF-3.0\n");
    // The smallest box of whole points around it.
    let [width, height] = size.map(f64::ceil);
    put(out, &format!("%%BoundingBox: 0 0 {width} {height}\n"));
    put(out, "%%HiResBoundingBox: 0 0 ");
    number::decimal(out, size[0]);
    put(out, " ");
    number::decimal(out, size[1]);
    put(out, "\n");
    if !title.is_empty() {
        put(out, "%%Title: (");
        escape(title, out);
        put(out, ")\n");
    }
    put(
        out,
        &format!("%%LanguageLevel: {level}\n%%Pages: 1\n%%EndComments\n%%Page: 1 1\n"),
    );
}

/// A PostScript string: what is not printable ASCII is UTF-8 in octal, a line feed too.
fn escape(title: &str, out: &mut Vec<u8>) {
    let end = out.len() + TITLE_LEN;
    for c in title.chars() {
        let mut piece = String::new();
        for &byte in c.encode_utf8(&mut [0; 4]).as_bytes() {
            match byte {
                b'(' | b')' | b'\\' => piece.extend(['\\', byte.into()]),
                b' '..=b'~' => piece.push(byte.into()),
                _ => {
                    let octal = [6, 3, 0].map(|shift| char::from(b'0' + (byte >> shift & 7)));
                    piece.push('\\');
                    piece.extend(octal);
                }
            }
        }
        if out.len() + piece.len() > end {
            break;
        }
        put(out, &piece);
    }
}

fn color(rgb: [u8; 3], paint: Paint, out: &mut Vec<u8>) {
    components(rgb, paint, out);
    put(
        out,
        match paint {
            Paint::Rgb => "setrgbcolor\n",
            Paint::Cmyk => "setcmykcolor\n",
        },
    );
}

fn operation(operands: &[f64], operator: &str, out: &mut Vec<u8>) {
    for &operand in operands {
        number::decimal(out, operand);
        out.push(b' ');
    }
    put(out, operator);
}

fn put(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Matrix,
        file::{Canvas, Inks, Length, Unit},
    };
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_title_stays_in_its_comment(title in any::<String>()) {
            let dark = Matrix::from_fn(1, |_, _| true);
            let picture = Picture {
                dark: &dark,
                data: &dark,
                canvas: Canvas::tight(1, 0, 1).unwrap(),
                inks: Inks::BLACK_ON_WHITE,
                dpi: None,
            };
            let sheet = Sheet {
                width: Length::new(25.0, Unit::Mm).unwrap(),
                paint: Paint::Cmyk,
                title: &title,
            };
            let mut out = Vec::new();
            write(&picture, &sheet, &mut out);
            let file = String::from_utf8(out).unwrap();
            prop_assert!(file.bytes().all(|byte| byte == b'\n' || (b' '..=b'~').contains(&byte)));
            prop_assert!(file.lines().all(|line| line.len() <= 255));
            let lines = if title.is_empty() { 19 } else { 20 };
            prop_assert_eq!(file.lines().count(), lines);
            prop_assert!(file.contains("%%BoundingBox: 0 0 71 71\n%%HiResBoundingBox: 0 0 70.866141732 70.866141732\n"));
        }
    }
}
