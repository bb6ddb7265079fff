//! `docs/STYLES.md` shows every element with the grade that it has. `UPDATE_DOCS=1 scripts/test unit -- every_element` writes it.
// A test is not the product: it may panic, and its switch is no setting.
#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

use std::{fmt::Write as _, path::Path, sync::Arc};

use style::{
    Border, Centre, Effect, EyeShape, Fonts, Frame, FrameKind, Gradient, Kind, Logo, LogoShape,
    Pattern, Picture, Side, Stroke, Style, Text, compose, geometry::Outline, grade, svg,
};
use symbol::{
    Level, Options, encode,
    file::{Ink, svg::Options as Svg},
};

const BEGIN: &str =
    "<!-- Generated from here on: UPDATE_DOCS=1 scripts/test unit -- every_element -->\n";
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
        (
            "Frames",
            FrameKind::ALL.iter().copied().map(framed).collect(),
        ),
        (
            "Logos",
            LogoShape::ALL.iter().copied().map(with_logo).collect(),
        ),
        ("Effects", effects()),
        (
            "More",
            vec![
                (
                    "stroke",
                    Style {
                        stroke: Some(Stroke {
                            width: 0.3,
                            ink: Ink::opaque(COLORS[2]),
                        }),
                        ..pattern(Pattern::Circular)
                    },
                ),
                ("custom eyes", custom()),
            ],
        ),
    ]
}

fn framed(kind: FrameKind) -> (&'static str, Style) {
    let fonts = Fonts::new(Vec::new()).unwrap();
    let frame = Frame {
        kind,
        ink: Ink::opaque(COLORS[0]),
        width: 1.0,
        text: Some(Text::new("Scan me", &fonts).unwrap()),
        position: Side::Bottom,
    };
    let style = Style {
        frame: Some(frame),
        ..Style::default()
    };
    (kind.label(), style)
}

/// A ring.
fn with_logo(shape: LogoShape) -> (&'static str, Style) {
    const SIDE: u32 = 64;
    let pixel = |n: u32| {
        let from_middle = |at: u32| f64::from(at) + 0.5 - f64::from(SIDE) / 2.0;
        let distance = from_middle(n % SIDE).hypot(from_middle(n / SIDE));
        let is_dark = (14.0..26.0).contains(&distance);
        let [red, green, blue] = if is_dark {
            COLORS[1]
        } else {
            [0xff, 0xe0, 0x82]
        };
        [red, green, blue, 255]
    };
    let rgba = (0..SIDE * SIDE).flat_map(pixel).collect();
    let picture = Picture::new(SIDE, SIDE, rgba).unwrap();
    let style = Style {
        logo: Some(Logo::new(picture, [0; 32], shape)),
        ..Style::default()
    };
    (shape.label(), style)
}

fn effects() -> Vec<(&'static str, Style)> {
    let shadow = Effect::Shadow {
        dx: 0.4,
        dy: 0.4,
        blur: 0.4,
        ink: Ink {
            rgb: [0; 3],
            alpha: 77,
        },
    };
    let effects = [
        shadow,
        Effect::Glow {
            intensity: 0.3,
            rgb: COLORS[1],
        },
        Effect::Blur { radius: 0.1 },
        Effect::Noise { intensity: 0.3 },
        Effect::Vintage {
            sepia: 0.5,
            vignette: 0.3,
        },
    ];
    let style = |effect: Effect| Style {
        effects: vec![effect],
        ..Style::default()
    };
    effects
        .map(|effect| (effect.label(), style(effect)))
        .to_vec()
}

fn custom() -> Style {
    let path = "M0 0h5a2 2 0 0 1 2 2v5h-5a2 2 0 0 1 -2 -2zM1 1v4l1 1h4v-4l-1 -1zM2 2h3v3h-3z";
    let mut style = Style::default();
    style.eyes.custom = Some(Arc::new(Outline::from_path_data(path).unwrap()));
    style
}

/// Compares with a file, or writes it.
fn same(path: &Path, text: &str) {
    if std::env::var("UPDATE_DOCS").is_ok_and(|value| value == "1") {
        std::fs::write(path, text).unwrap();
    }
    let kept = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        kept == text,
        "{} is not what the code draws: UPDATE_DOCS=1 scripts/test unit -- every_element",
        path.display()
    );
}

#[test]
fn every_element_is_shown_with_its_grade() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
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
                let mut options = Options::default();
                if style.logo.is_some() {
                    options.level = Level::H;
                }
                let symbol = encode("STYLES.MD", &options).unwrap();
                let scene = compose(&symbol, style, 4);
                let mut file = Vec::new();
                svg::write(&scene, 116, &Svg::default(), &mut file);
                let file_name = format!("images/styles/{name}-{}.svg", word.replace(' ', "-"));
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
