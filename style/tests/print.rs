//! Styles on paper: files of a sound structure, and the same bytes again. What other programs draw of them,
//! `scripts/verification/print.py` compares with the raster.
// Helpers of a test are tests too, and the switches are no settings of the product.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)]

mod any;

use std::{env, fs, path::Path};

use any::any_style;
use proptest::{prelude::*, strategy::ValueTree, test_runner::TestRunner};
use std::sync::Arc;
use style::{
    Gradient, Kind, Layer, Pattern, Picture, Place, Scene, Shape, Style, compose, eps,
    geometry::{MODULE, Outline, Point},
    pdf,
    raster::{self, Canvas},
    svg,
};
use symbol::{
    Level, Options, encode,
    file::{Ink, Length, Paint, Sheet, Unit},
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
    // What is not within a stream.
    let mut dictionaries = String::new();
    let mut rest = &file[..];
    while let Some((before, stream)) = rest.split_once(">>stream\n") {
        let (_, length) = before.rsplit_once("/Length ").unwrap();
        let after = &stream[length.parse().unwrap()..];
        assert!(after.trim_start().starts_with("endstream"));
        dictionaries += before;
        dictionaries += ">>";
        rest = after;
    }
    dictionaries += rest;
    let count = |what: &str| dictionaries.matches(what).count();
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
            "w" => 1,
            "h" | "f" | "S" | "q" | "Q" => 0,
            "rg" | "RG" => 3,
            "k" | "K" => 4,
            "j" | "gs" | "scn" | "SCN" | "Do" => continue,
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
    let needs_3 = ["makepattern", "ReusableStreamDecode"];
    let level = if needs_3.iter().any(|name| file.contains(name)) {
        3
    } else {
        2
    };
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
    assert!(
        pdf.contains("/A51<</ca .2/CA .2>>") && pdf.contains("cm\n1 J 1 j\n/A51 gs\n0 0 0 rg\n")
    );
    assert!(eps.contains("1 J 1 j\n.8 .8 .8 rg\n"));
}

/// A frame above, a picture with clear and translucent pixels on a plate, and a line around that.
fn decorated(mut scene: Scene) -> Scene {
    let side = 3 * MODULE;
    (scene.height, scene.origin.y) = (scene.height + side, scene.origin.y + side);
    for layer in &mut scene.layers {
        if let Shape::Outline(outline) = &mut layer.shape {
            *outline = outline.moved(Point::new(0, side));
        }
    }
    let plate = Outline::rounded(1.0, 8.0, [1.5; 4]);
    let (yellow, red) = (Ink::opaque([255, 220, 120]), Ink::opaque([160, 0, 0]));
    let rgba = (0..64_u8).flat_map(|n| [4 * n, 80, 200, if n % 8 < 2 { 0 } else { 4 * n + 3 }]);
    let picture = Arc::new(Picture::new(8, 8, rgba.collect()).unwrap());
    let within = Place {
        x: 2 * MODULE,
        y: 2 * MODULE,
        width: 6 * MODULE,
        height: 6 * MODULE,
    };
    let on_plate = |shape, ink| Layer {
        on: Some(yellow),
        ..Layer::new(shape, style::Paint::Ink(ink))
    };
    let stroke = Shape::Stroke {
        outline: plate.clone(),
        width: MODULE / 2,
    };
    scene
        .layers
        .push(Layer::new(Shape::Outline(plate), style::Paint::Ink(yellow)));
    scene
        .layers
        .push(on_plate(Shape::Picture(picture, within), red));
    scene.layers.push(on_plate(stroke, red));
    scene
}

#[test]
fn pictures_and_lines_are_written_on_a_page_of_another_height() {
    for ground in [
        Ink::WHITE,
        Ink {
            rgb: [255; 3],
            alpha: 0,
        },
    ] {
        let style = Style {
            ground,
            ..Style::default()
        };
        let scene = decorated(scene_of(&style));
        for (paint, _) in PAINTS {
            let [pdf, eps] = documents(&scene, paint, 25.4);
            check_pdf(&pdf);
            check_eps(&eps);
            let pdf = String::from_utf8_lossy(&pdf);
            assert!(pdf.contains("/MediaBox[0 0 72 78.545454545 ]"));
            assert!(pdf.contains("/SMask 6 0 R") && pdf.contains("/XObject<</I0 5 0 R>>"));
        }
    }
}

#[test]
fn effects_make_a_picture() {
    let mut scene = scene_of(&Style::default());
    scene.effects.blur = MODULE / 8;
    for (paint, _) in PAINTS {
        let [pdf, eps] = documents(&scene, paint, 25.0);
        check_pdf(&pdf);
        check_eps(&eps);
        let pdf = String::from_utf8_lossy(&pdf);
        // 9 pixels in a module are the first to reach 300 per inch.
        assert!(pdf.contains("/Width 297/Height 297"));
    }
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
        let mut scene = scene_of(&style);
        if number % 4 == 0 {
            scene = decorated(scene);
        }
        if number % 12 == 6 {
            scene.effects.blur = MODULE / 8;
        }
        let canvas = Canvas::tight(&scene, MODULE_PX);
        let mut file = Vec::new();
        raster::png(&raster::paint(&scene, canvas), None, &mut file).unwrap();
        put(format!("{number}.png"), &file);
        // A pixel is a point.
        let mm = f64::from(canvas.width_px) * 25.4 / 72.0;
        for (paint, name) in PAINTS {
            let [pdf, eps] = documents(&scene, paint, mm);
            put(format!("{number}.{name}.pdf"), &pdf);
            put(format!("{number}.{name}.eps"), &eps);
        }
        let gradient = style
            .gradient
            .map_or("none", |gradient| gradient.kind.label());
        let gradient = if scene.effects.is_none() {
            gradient
        } else {
            "effects"
        };
        let pattern = style.pattern.label();
        let (width, height) = (canvas.width_px, canvas.height_px);
        let words = [
            &number.to_string(),
            pattern,
            gradient,
            &width.to_string(),
            &height.to_string(),
            TEXT,
        ];
        manifest += &words.join("\t");
        manifest.push('\n');
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
