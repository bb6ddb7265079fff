//! Styles on paper: files of a sound structure, and the same bytes again. What other programs draw of them,
//! `scripts/verification/print.py` compares with the raster.
// Helpers of a test are tests too, and the switches are no settings of the product.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)]

mod any;

use std::{env, fs, path::Path};

use any::any_style;
use proptest::{prelude::*, strategy::ValueTree, test_runner::TestRunner};
use style::{Gradient, Kind, Pattern, Scene, Style, compose, eps, pdf, raster, svg};
use symbol::{
    Level, Options, encode,
    file::{Canvas, Ink, Length, Paint, Sheet, Unit},
};

const TEXT: &str = "https://example.org/r/123";
const PAINTS: [(Paint, &str); 2] = [(Paint::Rgb, "rgb"), (Paint::Cmyk, "cmyk")];
/// Pixels in a module, and in a point.
const MODULE_PX: u32 = 20;

fn scene_of(style: &Style) -> Scene {
    let options = Options {
        level: Level::M,
        ..Options::default()
    };
    compose(&encode(TEXT, &options).unwrap(), style, 4)
}

fn documents(scene: &Scene, paint: Paint, mm: f64) -> [Vec<u8>; 2] {
    let width = Length::new(mm, Unit::Mm).unwrap();
    let sheet = Sheet {
        width,
        paint,
        title: "(a)",
    };
    [pdf::write, eps::write].map(|write| {
        let mut out = b"before".to_vec();
        write(scene, &sheet, &mut out);
        out.split_off(6)
    })
}

/// Every object of the cross-reference table is where it says, and the stream as long as it says.
fn check_pdf(file: &[u8]) {
    // As many characters as bytes.
    let file: String = file.iter().map(|byte| char::from(byte & 127)).collect();
    let (_, end) = file.rsplit_once("startxref\n").unwrap();
    let table = &file[end.lines().next().unwrap().parse().unwrap()..];
    assert!(table.starts_with("xref\n0 "));
    let entries = table.lines().skip(2).take_while(|line| line.ends_with(' '));
    let entries: Vec<&str> = entries.collect();
    assert!(table.contains(&format!("/Size {}", entries.len())));
    for (number, entry) in entries.iter().enumerate().skip(1) {
        let object = &file[entry[..10].parse().unwrap()..];
        assert!(object.starts_with(&format!("{number} 0 obj\n")));
    }
    let mut rest = &file[..];
    while let Some((before, stream)) = rest.split_once(">>stream\n") {
        let (_, length) = before.rsplit_once("/Length ").unwrap();
        let length: usize = length.split('/').next().unwrap().parse().unwrap();
        assert!(stream[length..].starts_with("endstream"));
        rest = &stream[length..];
    }
    let count = |what: &str| file.matches(what).count();
    assert_eq!(count("<<"), count(">>"));
    assert_eq!(count("["), count("]"));
    let (_, content) = file.split_once("stream\n").unwrap();
    check_operators(content.split_once("endstream").unwrap().0);
}

/// Each line is an operator after its operands.
fn check_operators(content: &str) {
    for line in content.lines() {
        let mut words: Vec<&str> = line.split(' ').collect();
        let operands = match words.pop().unwrap() {
            "cm" | "c" => 6,
            "m" | "l" => 2,
            "w" | "J" => 1,
            "h" | "f" | "S" => 0,
            "rg" | "RG" => 3,
            "k" | "K" => 4,
            "gs" | "scn" | "SCN" => continue,
            other => panic!("{other}"),
        };
        assert_eq!(words.len(), operands, "{line}");
        assert!(
            words.iter().all(|word| word.parse::<f64>().is_ok()),
            "{line}"
        );
    }
}

fn check_eps(file: &[u8]) {
    let is_text = |&byte: &u8| byte == b'\n' || (b' '..=b'~').contains(&byte);
    assert!(file.iter().all(is_text));
    let file = str::from_utf8(file).unwrap();
    assert!(file.lines().all(|line| line.len() <= 255));
    let level = if file.contains("makepattern") { 3 } else { 2 };
    assert!(file.contains(&format!("\n%%LanguageLevel: {level}\n")));
    assert!(file.ends_with("end grestore\nshowpage\n%%EOF\n"));
}

#[test]
fn every_pattern_and_gradient_is_written() {
    let gradients = Kind::ALL.iter().map(|&kind| {
        let colors = [[0, 0, 90], [120, 0, 0], [0, 60, 0]];
        Some(Gradient::new(kind, &colors))
    });
    for gradient in gradients.chain([None]) {
        for &pattern in Pattern::ALL {
            let style = Style {
                pattern,
                gradient: gradient.clone(),
                ..Style::default()
            };
            for (paint, _) in PAINTS {
                let [pdf, eps] = documents(&scene_of(&style), paint, 25.0);
                check_pdf(&pdf);
                check_eps(&eps);
            }
        }
    }
}

#[test]
fn black_is_black_ink_and_the_page_is_25_mm() {
    let [pdf, eps] = documents(&scene_of(&Style::default()), Paint::Cmyk, 25.0);
    let [pdf, eps] = [pdf, eps].map(|file| String::from_utf8_lossy(&file).into_owned());
    assert!(pdf.contains("/MediaBox[0 0 70.866141732 70.866141732 ]"));
    assert!(eps.contains("%%HiResBoundingBox: 0 0 70.866141732 70.866141732\n"));
    for file in [pdf, eps] {
        assert!(file.contains("\n0 0 0 1 k\n") && file.contains("\n0 0 0 0 k\n"));
    }
}

#[test]
fn what_is_clear_is_not_painted_and_what_is_translucent_has_its_opacity() {
    let style = Style {
        ink: Ink {
            rgb: [0; 3],
            alpha: 51,
        },
        ground: Ink {
            rgb: [255; 3],
            alpha: 0,
        },
        ..Style::default()
    };
    let [pdf, eps] = documents(&scene_of(&style), Paint::Rgb, 25.0);
    let [pdf, eps] = [pdf, eps].map(|file| String::from_utf8_lossy(&file).into_owned());
    assert!(pdf.contains("/A51<</ca .2/CA .2>>") && pdf.contains("cm\n1 J\n/A51 gs\n0 0 0 rg\n"));
    assert!(eps.contains("1 J\n.8 .8 .8 rg\n"));
}

proptest! {
    #[test]
    fn any_style_is_written_the_same_way_twice(style in any_style(), mm in Length::MIN_MM..=Length::MAX_MM) {
        let scene = scene_of(&style);
        for (paint, _) in PAINTS {
            let files = documents(&scene, paint, mm);
            check_pdf(&files[0]);
            check_eps(&files[1]);
            prop_assert_eq!(files, documents(&scene.clone(), paint, mm));
        }
    }
}

/// `PRINT_FOLDER`: where they go; `PRINT_COUNT`: how many.
#[test]
#[ignore = "writes what scripts/verification/print.py compares"]
fn samples() {
    let folder = env::var("PRINT_FOLDER").unwrap();
    let put = |name: String, bytes: &[u8]| fs::write(Path::new(&folder).join(name), bytes).unwrap();
    let count: usize = env::var("PRINT_COUNT").unwrap().parse().unwrap();
    let mut runner = TestRunner::deterministic();
    let mut manifest = String::new();
    for number in 0..count {
        let style = any_style().new_tree(&mut runner).unwrap().current();
        let scene = scene_of(&style);
        let canvas = Canvas::tight(scene.modules, scene.quiet_zone, MODULE_PX).unwrap();
        let mut file = Vec::new();
        raster::png(&raster::paint(&scene, canvas), None, &mut file).unwrap();
        put(format!("{number}.png"), &file);
        // A pixel is a point.
        let mm = f64::from(canvas.width_px()) * 25.4 / 72.0;
        for (paint, name) in PAINTS {
            let [pdf, eps] = documents(&scene, paint, mm);
            put(format!("{number}.{name}.pdf"), &pdf);
            put(format!("{number}.{name}.eps"), &eps);
        }
        let gradient = style
            .gradient
            .map_or("none", |gradient| gradient.kind.label());
        let pattern = style.pattern.label();
        manifest += &format!(
            "{number}\t{pattern}\t{gradient}\t{}\t{TEXT}\n",
            canvas.width_px()
        );
    }
    put("manifest.tsv".to_owned(), manifest.as_bytes());
}

/// `cargo test --release … -- --ignored --nocapture costs`
#[test]
#[ignore = "measures"]
fn costs() {
    let inks = [[0, 0, 90], [120, 0, 0], [0, 60, 0]];
    for (pattern, kind) in [
        (Pattern::Square, None),
        (Pattern::Dots, None),
        (Pattern::Dots, Some(Kind::Diagonal)),
        (Pattern::Rounded, Some(Kind::Radial)),
        (Pattern::Rounded, Some(Kind::Conic)),
        (Pattern::Star, None),
        (Pattern::Vertical, Some(Kind::Spiral)),
    ] {
        let style = Style {
            pattern,
            gradient: kind.map(|kind| Gradient::new(kind, &inks)),
            ..Style::default()
        };
        let scene = scene_of(&style);
        let sheet = Sheet {
            width: Length::new(25.0, Unit::Mm).unwrap(),
            paint: Paint::Cmyk,
            title: "",
        };
        let measure = |write: &dyn Fn(&mut Vec<u8>)| {
            let mut out = Vec::new();
            let mut times: Vec<_> = (0..200)
                .map(|_| {
                    out.clear();
                    let began = std::time::Instant::now();
                    write(&mut out);
                    began.elapsed().as_micros()
                })
                .collect();
            times.sort_unstable();
            format!("{:6} B {:5} µs", out.len(), times[100])
        };
        println!(
            "{:9} {:9} svg {} pdf {} eps {}",
            pattern.label(),
            kind.map_or("none", Kind::label),
            measure(&|out| svg::write(&scene, 300, &symbol::file::svg::Options::default(), out)),
            measure(&|out| pdf::write(&scene, &sheet, out)),
            measure(&|out| eps::write(&scene, &sheet, out)),
        );
    }
}
