//! The document by its parts, and the path by an interpreter of strokes.
//!
//! Invariant: the interpreter knows what SVG says of strokes (§11.4) and nothing of how the path was made.
// Cells are few, and checked to be whole.
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss
)]

use proptest::prelude::*;

use super::*;
use crate::{
    Matrix, Row,
    file::{Canvas, Inks, Unit},
};

/// A quarter of a module is one cell: strokes begin and end at halves and are a whole module wide.
const CELLS: usize = 4;

/// Where a stroke goes that begins at a corner of the canvas: butt ends, mitred corners.
struct Pen {
    /// Rows of cells, and how many there are along one side.
    covered: Vec<bool>,
    side: usize,
    at: [f64; 2],
    /// Whether the last command drew a line.
    is_down: bool,
}

impl Pen {
    fn cover(&mut self, x: [f64; 2], y: [f64; 2]) {
        let cells = |[from, to]: [f64; 2]| {
            let [from, to] = [from, to].map(|at| at * CELLS as f64);
            assert!(
                from.fract() == 0.0 && to.fract() == 0.0 && from >= 0.0,
                "{from} {to}"
            );
            from as usize..to as usize
        };
        for y in cells(y) {
            for x in cells(x) {
                assert!(x < self.side && y < self.side, "outside: {x} {y}");
                self.covered[y * self.side + x] = true;
            }
        }
    }

    /// A line of the path along `axis`, 0 or 1.
    fn line(&mut self, axis: usize, length: f64) {
        if self.is_down {
            // The mitre of the corner. Its legs must be longer than half the stroke is wide.
            assert!(length.abs() >= 1.0);
            let [x, y] = self.at;
            self.cover([x - 0.5, x + 0.5], [y - 0.5, y + 0.5]);
        }
        let from = self.at;
        self.at[axis] += length;
        let mut area =
            [0, 1].map(|axis| [from[axis].min(self.at[axis]), from[axis].max(self.at[axis])]);
        area[1 - axis] = [from[1 - axis] - 0.5, from[1 - axis] + 0.5];
        self.cover(area[0], area[1]);
        self.is_down = true;
    }
}

/// Numbers of a command: a sign or a space begins a new one.
fn numbers(text: &str) -> Vec<f64> {
    let text = text.replace('-', " -");
    text.split_whitespace()
        .map(|n| n.parse().unwrap())
        .collect()
}

/// The modules that are covered wholly. None may be covered in part.
fn drawn(path: &str, modules: usize) -> Matrix {
    let side = modules * CELLS;
    let mut pen = Pen {
        covered: vec![false; side * side],
        side,
        at: [0.0; 2],
        is_down: false,
    };
    let starts: Vec<usize> = path
        .char_indices()
        .filter(|(_, c)| c.is_ascii_alphabetic())
        .map(|(at, _)| at)
        .collect();
    for (index, &start) in starts.iter().enumerate() {
        let end = starts.get(index + 1).copied().unwrap_or(path.len());
        let numbers = numbers(&path[start + 1..end]);
        match (&path[start..=start], &numbers[..]) {
            ("M", &[x, y]) => pen.at = [x, y],
            ("m", &[x, y]) => pen.at = [pen.at[0] + x, pen.at[1] + y],
            ("h", &[length]) => {
                pen.line(0, length);
                continue;
            }
            ("v", &[length]) => {
                pen.line(1, length);
                continue;
            }
            other => panic!("{other:?}"),
        }
        pen.is_down = false;
    }
    Matrix::from_fn(modules, |x, y| {
        let cells = (0..CELLS * CELLS).map(|cell| {
            let (x, y) = (x * CELLS + cell % CELLS, y * CELLS + cell / CELLS);
            pen.covered[y * side + x]
        });
        let covered = cells.filter(|&is_covered| is_covered).count();
        assert!(
            covered == 0 || covered == CELLS * CELLS,
            "({x}, {y}): {covered}"
        );
        covered > 0
    })
}

fn strokes(matrix: &Matrix) -> String {
    let mut out = Vec::new();
    path::strokes(matrix, &mut out);
    String::from_utf8(out).unwrap()
}

/// A finder pattern with its upper left corner there, or as much of it as fits.
fn with_finder(matrix: &Matrix, (left, top): (usize, usize)) -> Matrix {
    Matrix::from_fn(matrix.modules(), |x, y| {
        let (Some(column), Some(row)) = (x.checked_sub(left), y.checked_sub(top)) else {
            return matrix.is_dark(x, y);
        };
        let ring = column.abs_diff(3).max(row.abs_diff(3));
        if ring > 3 {
            matrix.is_dark(x, y)
        } else {
            ring != 2
        }
    })
}

prop_compose! {
    /// From sparse to dense, with finder patterns in any corners.
    fn matrices()(
        a in prop::collection::vec(any::<Row>(), 0..=177),
        b in prop::collection::vec(any::<Row>(), 177),
        density in 0..3,
        finders in any::<[bool; 3]>(),
    ) -> Matrix {
        let mix = |(a, b): (&Row, &Row)| std::array::from_fn(|word| match density {
            0 => a[word] & b[word],
            1 => a[word],
            _ => a[word] | b[word],
        });
        let matrix = Matrix::from_rows(a.iter().zip(&b).map(mix).collect());
        let far = matrix.modules().saturating_sub(7);
        let corners = [(0, 0), (far, 0), (0, far)].into_iter().zip(finders);
        corners.filter(|(_, is_there)| *is_there).fold(matrix, |matrix, (corner, _)| with_finder(&matrix, corner))
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn the_stroke_covers_the_dark_modules(matrix in matrices()) {
        prop_assert_eq!(drawn(&strokes(&matrix), matrix.modules()), matrix);
    }

    #[test]
    fn any_text_stays_where_it_belongs(title in any::<String>(), description in any::<String>(), id in any::<String>()) {
        let matrix = Matrix::from_fn(21, |_, _| false);
        let label = Label::Texts { title: &title, description: &description, id: &id };
        let svg = document(&matrix, Canvas::tight(21, 4, 1).unwrap(), &Options { label, ..Options::default() });
        let (elements, ids) = (svg.matches('<').count(), svg.matches('"').count());
        let texts = [&title, &description].into_iter().filter(|text| !text.is_empty()).count();
        // <svg> and two paths; each text has a start and an end tag.
        prop_assert_eq!(elements, 4 + 2 * texts);
        let plain = title.chars().chain(description.chars()).filter(|&c| c == '"').count();
        prop_assert_eq!(ids - plain, document_quotes(texts));
    }

    #[test]
    fn no_canvas_and_no_matrices_are_too_odd(
        dark in matrices(), data in matrices(), (width_px, module_px, offset_px) in any::<(u32, u32, u32)>(),
        alphas in any::<[u8; 4]>(),
    ) {
        let ink = |at: usize| Ink { rgb: [alphas[at]; 3], alpha: alphas[at] };
        let inks = Inks { dark: ink(0), light: ink(1), data_dark: ink(2), data_light: ink(3) };
        let canvas = Canvas { width_px, module_px, offset_px };
        let picture = Picture { dark: &dark, data: &data, canvas, inks, dpi: None };
        let mut out = Vec::new();
        write(&picture, &Options::default(), &mut out);
        prop_assert!(out.ends_with(b"</svg>"));
    }
}

/// Quotation marks of the document above with so many texts.
const fn document_quotes(texts: usize) -> usize {
    // xmlns, viewBox, width, height, shape-rendering, role, aria-label(ledby); fill, d; fill, stroke, d; one id each.
    2 * (7 + 2 + 3 + texts)
}

fn document(dark: &Matrix, canvas: Canvas, options: &Options) -> String {
    let picture = Picture {
        dark,
        data: dark,
        canvas,
        inks: Inks::BLACK_ON_WHITE,
        dpi: None,
    };
    let mut out = Vec::new();
    write(&picture, options, &mut out);
    String::from_utf8(out).unwrap()
}

#[test]
fn nothing_is_said_twice() {
    let matrix = with_finder(&Matrix::from_fn(7, |_, _| false), (0, 0));
    let plain = Options {
        size: Size::Fluid,
        label: Label::Silent,
        extra: "",
    };
    assert_eq!(
        document(&matrix, Canvas::tight(7, 4, 10).unwrap(), &plain),
        concat!(
            r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="-4 -4 15 15" shape-rendering="crispEdges">"##,
            r##"<path fill="#fff" d="M-4-4h15v15h-15"/>"##,
            r##"<path fill="none" stroke="#000" d="M0 .5h6.5v6h-6v-6m1.5 2h2.5v2h-2v-1h1.5"/></svg>"##,
        )
    );
}

#[test]
fn pixels_left_over_are_kept() {
    let matrix = Matrix::from_fn(1, |_, _| true);
    let canvas = Canvas {
        width_px: 26,
        module_px: 5,
        offset_px: 10,
    };
    let options = Options {
        extra: "<x/>",
        ..Options::default()
    };
    assert_eq!(
        document(&matrix, canvas, &options),
        concat!(
            r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 26 26" width="26" height="26" shape-rendering="crispEdges" role="img" aria-label="QR code">"##,
            r##"<path fill="#fff" d="M0 0h26v26h-26"/><g transform="translate(10 10) scale(5)">"##,
            r##"<path fill="none" stroke="#000" d="M0 .5h1"/><g shape-rendering="auto"><x/></g></g></svg>"##,
        )
    );
}

#[test]
fn texts_are_escaped_and_referred_to() {
    let matrix = Matrix::from_fn(1, |_, _| true);
    let label = Label::Texts {
        title: "<\"A\" & 'B'\0>",
        description: "two",
        id: "a 1\"",
    };
    let size = Size::Paper(Length::new(2.5, Unit::Cm).unwrap());
    let svg = document(
        &matrix,
        Canvas::tight(1, 1, 1).unwrap(),
        &Options {
            size,
            label,
            extra: "",
        },
    );
    assert!(svg.contains(concat!(
        r#"width="2.5cm" height="2.5cm" shape-rendering="crispEdges" role="img" aria-labelledby="qr-title-a1 qr-desc-a1">"#,
        r#"<title id="qr-title-a1">&lt;"A" &amp; 'B'&gt;</title><desc id="qr-desc-a1">two</desc>"#,
    )), "{svg}");
}
