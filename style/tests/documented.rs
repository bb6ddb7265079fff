//! `docs/STYLES.md` shows every element with the grade that it has. `UPDATE_DOCS=1 scripts/test unit -- documented` writes it.
// A test is not the product: it may panic, and its switch is no setting.
#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

use std::{fmt::Write as _, path::Path};

use style::{Border, Centre, EyeShape, Gradient, Kind, Pattern, Style, compose, grade, svg};
use symbol::{Options, encode, file::svg::Options as Svg};

const BEGIN: &str =
    "<!-- Generated from here on: UPDATE_DOCS=1 scripts/test unit -- documented -->\n";
const COLUMNS: usize = 6;
const COLORS: [[u8; 3]; 3] = [[0x12, 0x3a, 0x6b], [0x4a, 0x1c, 0x7c], [0x06, 0x5f, 0x46]];

/// Headings, and what each word does to a plain symbol.
fn elements() -> Vec<(&'static str, Vec<(&'static str, Style)>)> {
    let plain = Style::default;
    let border = |border| {
        let mut style = plain();
        style.eyes.border = border;
        style
    };
    let centre = |centre| {
        let mut style = plain();
        style.eyes.centre = centre;
        style
    };
    let gradient = |kind| Style {
        gradient: Some(Gradient::new(kind, &COLORS)),
        ..plain()
    };
    let pattern = |pattern| Style { pattern, ..plain() };
    let shape = |shape: EyeShape| Style {
        eyes: shape.into(),
        ..plain()
    };
    vec![
        (
            "Data patterns",
            Pattern::ALL
                .iter()
                .map(|&word| (word.label(), pattern(word)))
                .collect(),
        ),
        (
            "Eye shapes",
            EyeShape::ALL
                .iter()
                .map(|&word| (word.label(), shape(word)))
                .collect(),
        ),
        (
            "Eye borders, around a square",
            Border::ALL
                .iter()
                .map(|&word| (word.label(), border(word)))
                .collect(),
        ),
        (
            "Eye centres, inside of a square",
            Centre::ALL
                .iter()
                .map(|&word| (word.label(), centre(word)))
                .collect(),
        ),
        (
            "Gradients",
            Kind::ALL
                .iter()
                .map(|&word| (word.label(), gradient(word)))
                .collect(),
        ),
    ]
}

/// Compares with a file, or writes it.
fn same(path: &Path, text: &str) {
    if std::env::var("UPDATE_DOCS").is_ok_and(|value| value == "1") {
        std::fs::write(path, text).unwrap();
    }
    let kept = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        kept == text,
        "{} is not what the code draws: UPDATE_DOCS=1 scripts/test unit -- documented",
        path.display()
    );
}

#[test]
fn every_element_is_shown_with_its_grade() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
    let symbol = encode("STYLES.MD", &Options::default()).unwrap();
    let mut text = BEGIN.to_owned();
    for (heading, words) in elements() {
        let name = heading
            .split([' ', ','])
            .take(2)
            .collect::<Vec<_>>()
            .join("-")
            .to_lowercase();
        write!(
            text,
            "\n## {heading}\n\n|{}\n|{}\n",
            " |".repeat(COLUMNS),
            "---|".repeat(COLUMNS)
        )
        .unwrap();
        for row in words.chunks(COLUMNS) {
            for (word, style) in row {
                let scene = compose(&symbol, style, 4);
                let mut file = Vec::new();
                svg::write(&scene, 116, &Svg::default(), &mut file);
                let file_name = format!("images/styles/{name}-{word}.svg");
                same(&docs.join(&file_name), str::from_utf8(&file).unwrap());
                let grade = grade(&scene, &symbol).grade().label();
                write!(text, "| ![{word}]({file_name})<br>`{word}` **{grade}** ").unwrap();
            }
            text += &"| ".repeat(COLUMNS - row.len());
            text += "|\n";
        }
    }
    let page = docs.join("STYLES.md");
    let kept = std::fs::read_to_string(&page).unwrap();
    let (written, _) = kept.split_once(BEGIN).unwrap();
    same(&page, &format!("{written}{text}"));
}
