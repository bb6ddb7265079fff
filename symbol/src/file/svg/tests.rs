//! The document by its parts, and the path by an interpreter of filled paths.
//!
//! Invariant: the interpreter knows what SVG says of paths (§8.3, §11.3) and nothing of how this one was made.

use proptest::prelude::*;

use super::*;
use crate::{
    Matrix, Row,
    file::{Canvas, Inks, Unit},
};

/// The modules that are filled by the even-odd rule, and how many lines are closed.
fn drawn(path: &str, modules: usize) -> (Matrix, usize) {
    // In row `y` a line goes down or up at the left of module `x`.
    let mut crossed = vec![[false; 178]; 178];
    let (mut pen, mut start, mut closed) = ([0_i32; 2], [0; 2], 0);
    let mut down = |[x, y]: [i32; 2], to: i32| {
        for y in y.min(to)..y.max(to) {
            crossed[usize::try_from(y).unwrap()][usize::try_from(x).unwrap()] ^= true;
        }
    };
    let letters = path.char_indices().filter(|(_, c)| c.is_ascii_alphabetic());
    let starts: Vec<usize> = letters.map(|(at, _)| at).collect();
    for (index, &at) in starts.iter().enumerate() {
        let end = starts.get(index + 1).copied().unwrap_or(path.len());
        let numbers = numbers(&path[at + 1..end]);
        match (&path[at..=at], &numbers[..]) {
            ("M", &[x, y]) => (pen, start) = ([x, y], [x, y]),
            ("m", &[x, y]) => {
                pen = [pen[0] + x, pen[1] + y];
                start = pen;
            }
            ("h", &[length]) => pen[0] += length,
            ("v", &[length]) => {
                down(pen, pen[1] + length);
                pen[1] += length;
            }
            ("z", []) => {
                assert!(pen[0] == start[0], "the closing line is not vertical");
                down(pen, start[1]);
                pen = start;
                closed += 1;
            }
            other => panic!("{other:?}"),
        }
    }
    let is_dark = |x: usize, y: usize| crossed[y][..=x].iter().filter(|c| **c).count() % 2 == 1;
    (Matrix::from_fn(modules, is_dark), closed)
}

/// A sign or a space begins a new one.
fn numbers(text: &str) -> Vec<i32> {
    let text = text.replace('-', " -");
    text.split_whitespace()
        .map(|n| n.parse().unwrap())
        .collect()
}

fn path(matrix: &Matrix) -> String {
    let mut out = Vec::new();
    path::filled(matrix, &mut out);
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
    fn the_path_fills_the_dark_modules(matrix in matrices()) {
        let path = path(&matrix);
        let (filled, closed) = drawn(&path, matrix.modules());
        prop_assert_eq!(filled, matrix);
        // An open line is not cut to its end.
        prop_assert_eq!(closed, path.matches(['m', 'M']).count());
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
    // xmlns, viewBox, width, height, shape-rendering, role, aria-label(ledby); fill, d; fill, fill-rule, d; one id each.
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
            r##"<path fill="#000" fill-rule="evenodd" d="M0 0h7v7h-7zm1 1h5v5h-5zm1 1h3v3h-3z"/></svg>"##,
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
            r##"<path fill="#000" fill-rule="evenodd" d="M0 0h1v1h-1z"/><g shape-rendering="auto"><x/></g></g></svg>"##,
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
