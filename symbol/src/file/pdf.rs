//! Vectors for print: one page of PDF 1.4 (ISO 32000-1 is its later form, and its clauses are named here).
//!
//! Invariant: no fonts, no dates, no random identifiers; the cross-reference table is exact.
//!
//! The page's content is not compressed: that would save two thirds of a file that is rarely sent, and be the only
//! use of a compressor here that does not know what it compresses.

use super::{
    Ink, Picture, layers, number,
    outline::{self, Point},
    print::{Grid, Paint, Sheet, components},
};
use crate::Matrix;

/// Writes the document to the end of `out`.
pub fn write(picture: &Picture, sheet: &Sheet, out: &mut Vec<u8>) {
    let grid = Grid::of(picture, sheet.width);
    let mut page = Page::new(sheet.paint);
    page.draw(picture, &grid);

    let mut file = File::begin(out);
    file.object(|out| out.extend_from_slice(b"<</Type/Catalog/Pages 2 0 R>>"));
    file.object(|out| out.extend_from_slice(b"<</Type/Pages/Kids[3 0 R]/Count 1>>"));
    file.object(|out| page.dictionary(grid.points, out));
    file.object(|out| page.stream(out));
    let has_title = !sheet.title.is_empty();
    if has_title {
        file.object(|out| {
            out.extend_from_slice(b"<</Title");
            text(sheet.title, out);
            out.extend_from_slice(b">>");
        });
    }
    file.end(has_title);
}

struct Page {
    paint: Paint,
    content: Vec<u8>,
    /// The opacities in use, if any ink is translucent.
    alphas: Vec<u8>,
}

impl Page {
    const fn new(paint: Paint) -> Self {
        Self {
            paint,
            content: Vec::new(),
            alphas: Vec::new(),
        }
    }

    /// Turns the page so that y goes down and a module is 1 wide (§8.3.4), then fills one path per ink (§8.5).
    fn draw(&mut self, picture: &Picture, grid: &Grid) {
        let (ground, layers) = layers::of(picture);
        let layers: Vec<_> = layers.collect();
        let inks = ground.iter().map(|ground| ground.ink);
        let inks = inks.chain(layers.iter().map(|(ink, _)| *ink));
        let alphas: Vec<u8> = inks.map(|ink| ink.alpha).collect();
        if alphas.iter().any(|&alpha| alpha < 255) {
            self.alphas = alphas;
            self.alphas.sort_unstable();
            self.alphas.dedup();
        }
        let to_modules = [
            grid.module,
            0.0,
            0.0,
            -grid.module,
            grid.offset,
            grid.points - grid.offset,
        ];
        self.operation(&to_modules, "cm\n");
        if let Some(ground) = ground {
            self.ink(ground.ink);
            for &[corner, width] in grid.squares(ground.is_hollow) {
                self.operation(&[corner, corner, width, width], "re\n");
            }
            self.content.extend_from_slice(b"f*\n");
        }
        for (ink, matrix) in &layers {
            self.ink(*ink);
            filled(matrix, &mut self.content);
        }
    }

    fn operation(&mut self, operands: &[f64], operator: &str) {
        for &operand in operands {
            number::decimal(&mut self.content, operand);
            self.content.push(b' ');
        }
        self.content.extend_from_slice(operator.as_bytes());
    }

    /// Colour (§8.6.8), and opacity if any ink is translucent (§11.6.4.4).
    fn ink(&mut self, ink: Ink) {
        if !self.alphas.is_empty() {
            alpha_name(ink.alpha, &mut self.content);
            self.content.extend_from_slice(b" gs\n");
        }
        components(ink.rgb, self.paint, &mut self.content);
        self.content.extend_from_slice(match self.paint {
            Paint::Rgb => b"rg\n",
            Paint::Cmyk => b"k\n",
        });
    }

    fn dictionary(&self, points: f64, out: &mut Vec<u8>) {
        out.extend_from_slice(b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 ");
        number::decimal(out, points);
        out.push(b' ');
        number::decimal(out, points);
        out.extend_from_slice(b"]/Contents 4 0 R/Resources<<");
        if !self.alphas.is_empty() {
            out.extend_from_slice(b"/ExtGState<<");
            for &alpha in &self.alphas {
                alpha_name(alpha, out);
                out.extend_from_slice(b"<</ca ");
                number::decimal(out, f64::from(alpha) / 255.0);
                out.extend_from_slice(b">>");
            }
            out.extend_from_slice(b">>");
        }
        out.extend_from_slice(b">>");
        if !self.alphas.is_empty() {
            // Where the page is blended with what is under it (§11.6.6).
            out.extend_from_slice(b"/Group<</S/Transparency/CS/");
            out.extend_from_slice(match self.paint {
                Paint::Rgb => b"DeviceRGB",
                Paint::Cmyk => b"DeviceCMYK",
            });
            out.extend_from_slice(b">>");
        }
        out.extend_from_slice(b">>");
    }

    fn stream(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"<</Length ");
        out.extend_from_slice(self.content.len().to_string().as_bytes());
        out.extend_from_slice(b">>stream\n");
        out.extend_from_slice(&self.content);
        out.extend_from_slice(b"endstream");
    }
}

/// One path (§8.5.2), filled by the even-odd rule.
fn filled(matrix: &Matrix, out: &mut Vec<u8>) {
    let mut operation = |operands: &[u8], operator: &[u8]| {
        for &operand in operands {
            number::integer(out, operand.into());
            out.push(b' ');
        }
        out.extend_from_slice(operator);
    };
    outline::each(matrix, |line| match *line {
        // The first edge goes right, the last one up.
        [Point { x, y }, _, Point { x: right, y: lower }, _] => {
            operation(&[x, y, right - x, lower - y], b"re\n");
        }
        [first, ref others @ ..] => {
            operation(&[first.x, first.y], b"m\n");
            for Point { x, y } in others {
                operation(&[*x, *y], b"l\n");
            }
            operation(&[], b"h\n");
        }
        [] => {}
    });
    out.extend_from_slice(b"f*\n");
}

fn alpha_name(alpha: u8, out: &mut Vec<u8>) {
    out.extend_from_slice(b"/A");
    number::integer(out, alpha.into());
}

/// A text string (§7.9.2.2): as it is where that is the same in every encoding, else UTF-16 in hexadecimal.
pub fn text(text: &str, out: &mut Vec<u8>) {
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        out.push(b'(');
        for byte in text.bytes() {
            if matches!(byte, b'(' | b')' | b'\\') {
                out.push(b'\\');
            }
            out.push(byte);
        }
        out.push(b')');
        return;
    }
    out.extend_from_slice(b"<FEFF");
    for unit in text.encode_utf16() {
        out.extend_from_slice(format!("{unit:04X}").as_bytes());
    }
    out.push(b'>');
}

/// Objects in the order of their numbers, and where they are (§7.5).
pub struct File<'a> {
    out: &'a mut Vec<u8>,
    /// Offsets are counted from here: the document may follow something else.
    start: usize,
    offsets: Vec<usize>,
}

impl<'a> File<'a> {
    /// At the end of `out`.
    pub fn begin(out: &'a mut Vec<u8>) -> Self {
        let start = out.len();
        // The second line tells programs that move files that this one is not text (§7.5.2).
        out.extend_from_slice(b"%PDF-1.4\n%\xE2\xE3\xCF\xD3\n");
        Self {
            out,
            start,
            offsets: Vec::new(),
        }
    }

    /// The next object. The first one is the document's catalogue.
    pub fn object(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        self.offsets.push(self.out.len() - self.start);
        self.put(&format!("{} 0 obj\n", self.offsets.len()));
        write(self.out);
        self.put("\nendobj\n");
    }

    /// The last object is the document's information, if it has some.
    pub fn end(mut self, has_information: bool) {
        let table = self.out.len() - self.start;
        let count = self.offsets.len();
        self.put(&format!("xref\n0 {}\n0000000000 65535 f \n", count + 1));
        for offset in std::mem::take(&mut self.offsets) {
            self.put(&format!("{offset:010} 00000 n \n"));
        }
        self.put(&format!("trailer\n<</Size {}/Root 1 0 R", count + 1));
        if has_information {
            self.put(&format!("/Info {count} 0 R"));
        }
        self.put(&format!(">>\nstartxref\n{table}\n%%EOF\n"));
    }

    fn put(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Matrix,
        file::{Canvas, Inks, Length, Unit},
    };
    use proptest::prelude::*;

    fn document(title: &str, inks: Inks) -> Vec<u8> {
        let dark = Matrix::from_fn(21, |x, y| (x ^ y) % 3 == 1);
        let picture = Picture {
            dark: &dark,
            data: &dark,
            canvas: Canvas::tight(21, 4, 3).unwrap(),
            inks,
            dpi: None,
        };
        let sheet = Sheet {
            width: Length::new(25.0, Unit::Mm).unwrap(),
            paint: Paint::Cmyk,
            title,
        };
        // What is there already does not count.
        let mut out = b"before".to_vec();
        write(&picture, &sheet, &mut out);
        out.split_off(6)
    }

    proptest! {
        #[test]
        fn the_table_points_at_the_objects(title in any::<String>(), alpha in any::<u8>()) {
            let ink = Ink { alpha, ..Ink::BLACK };
            let file = document(&title, Inks::two(ink, Ink::WHITE));
            let file = String::from_utf8_lossy(&file[15..]).into_owned();
            // The header's second line is not UTF-8.
            let at = |offset: usize| &file[offset - 15..];
            let (_, table) = file.rsplit_once("startxref\n").unwrap();
            let table = at(table.lines().next().unwrap().parse().unwrap());
            prop_assert!(table.starts_with("xref\n0 "));
            let entries: Vec<&str> = table.lines().skip(2).take_while(|line| line.ends_with(' ')).collect();
            let size = format!("/Size {}", entries.len());
            prop_assert!(table.contains(&size));
            for (number, entry) in entries.iter().enumerate().skip(1) {
                prop_assert_eq!(entry.len(), 19);
                let object = at(entry[..10].parse().unwrap());
                let head = format!("{number} 0 obj\n");
                prop_assert!(object.starts_with(&head));
            }
            let (_, stream) = file.split_once("<</Length ").unwrap();
            let (length, stream) = stream.split_once(">>stream\n").unwrap();
            prop_assert!(stream[length.parse().unwrap()..].starts_with("endstream"));
        }
    }

    #[test]
    fn black_is_100_k_and_the_sheet_is_25_mm() {
        let file = document("(a)\\", Inks::BLACK_ON_WHITE);
        let file = String::from_utf8_lossy(&file);
        assert!(
            file.contains("/MediaBox[0 0 70.866141732 70.866141732]"),
            "{file}"
        );
        assert!(file.contains("\n0 0 0 1 k\n") && file.contains("\n0 0 0 0 k\n"));
        assert!(file.contains("/Title(\\(a\\)\\\\)"));
    }
}
