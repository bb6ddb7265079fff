//! Styled symbols: what drawing, each file and the grade take, beside resvg drawing our own SVG.
//!
//! One line of JSON per measurement, microseconds per call.

use std::io::{self, Write};

use benches::timing::{Budget, alone, compare};
use style::{
    Effect, EyeShape, Fonts, Frame, FrameKind, Gradient, Kind, Logo, LogoShape, Pattern, Picture,
    Side, Style, Text, compose, grade, raster, svg,
};
use symbol::{
    Options, encode,
    file::{Ink, svg::Options as Svg},
};

/// Version 4.
const TEXT: &str = "https://example.org/a/rather/long/path?with=a&query=too";
const COLORS: [[u8; 3]; 3] = [[0x12, 0x3a, 0x6b], [0x8a, 0x1c, 0x7c], [0xd0, 0x30, 0x20]];

fn styles() -> Vec<(&'static str, Style)> {
    let plain = Style {
        pattern: Pattern::Rounded,
        eyes: EyeShape::RoundedSquare.into(),
        ..Style::default()
    };
    let gradient = |kind, pattern| Style {
        pattern,
        gradient: Some(Gradient::new(kind, &COLORS)),
        ..plain.clone()
    };
    let framed = Style {
        frame: frame(),
        ..gradient(Kind::Diagonal, Pattern::Dots)
    };
    let with_logo = Style {
        logo: logo(),
        ..framed.clone()
    };
    let with_effects = Style {
        effects: effects(),
        ..framed.clone()
    };
    vec![
        ("dots, diagonal gradient, badge", framed),
        ("dots, diagonal gradient, badge, logo", with_logo),
        ("dots, diagonal gradient, badge, all effects", with_effects),
        ("rounded", plain.clone()),
        (
            "dots, diagonal gradient",
            gradient(Kind::Diagonal, Pattern::Dots),
        ),
        (
            "dots, radial gradient",
            gradient(Kind::Radial, Pattern::Dots),
        ),
        (
            "stars, conic gradient",
            gradient(Kind::Conic, Pattern::Star),
        ),
    ]
}

fn frame() -> Option<Frame> {
    let fonts = Fonts::new(Vec::new()).ok()?;
    Some(Frame {
        kind: FrameKind::Badge,
        ink: Ink::opaque(COLORS[0]),
        width: 1.0,
        text: Some(Text::new("Scan me", &fonts).ok()?),
        position: Side::Bottom,
    })
}

/// As many colours as a photograph.
fn logo() -> Option<Logo> {
    const SIDE: u32 = 256;
    let pixel = |n: u32| {
        let [x, y, _, _] = (n % SIDE).to_le_bytes();
        let [row, _, _, _] = (n / SIDE).to_le_bytes();
        [x, row, x ^ row ^ y, 255]
    };
    let picture = Picture::new(SIDE, SIDE, (0..SIDE * SIDE).flat_map(pixel).collect())?;
    Some(Logo::new(picture, [0; 32], LogoShape::Circle))
}

fn effects() -> Vec<Effect> {
    let shadow = Ink {
        rgb: [0; 3],
        alpha: 80,
    };
    vec![
        Effect::Shadow {
            dx: 0.4,
            dy: 0.4,
            blur: 0.5,
            ink: shadow,
        },
        Effect::Glow {
            intensity: 0.5,
            rgb: COLORS[1],
        },
        Effect::Blur { radius: 0.1 },
        Effect::Noise { intensity: 0.2 },
        Effect::Vintage {
            sepia: 0.5,
            vignette: 0.3,
        },
    ]
}

fn main() -> io::Result<()> {
    let Ok(symbol) = encode(TEXT, &Options::default()) else {
        return Err(io::Error::other("the text does not fit"));
    };
    for (name, style) in styles() {
        let scene = compose(&symbol, &style, 4);
        let graded = alone(Budget::QUICK, &mut || {
            std::hint::black_box(grade(&scene, &symbol));
        });
        let mut document = Vec::new();
        let vector = alone(Budget::QUICK, &mut || {
            document.clear();
            svg::write(
                &compose(&symbol, &style, 4),
                600,
                &Svg::default(),
                &mut document,
            );
        });
        writeln!(
            io::stdout(),
            r#"{{"bench": "style/vector", "style": "{name}", "svg_us": {:.1}, "svg_bytes": {}, "grade_us": {:.1}}}"#,
            vector / 1e3,
            document.len(),
            graded / 1e3,
        )?;
        for width_px in [300, 600, 1000, 2000] {
            pixels(name, &style, &symbol, width_px)?;
        }
    }
    Ok(())
}

fn pixels(name: &str, style: &Style, symbol: &symbol::Symbol, width_px: u32) -> io::Result<()> {
    let scene = compose(symbol, style, 4);
    let canvas = raster::Canvas::fit(&scene, width_px);
    let mut document = Vec::new();
    svg::write(&scene, canvas.width_px, &Svg::default(), &mut document);
    let tree = resvg::usvg::Tree::from_data(&document, &resvg::usvg::Options::default())
        .map_err(io::Error::other)?;
    let draw = || {
        let mut pixmap = resvg::tiny_skia::Pixmap::new(canvas.width_px, canvas.height_px);
        if let Some(pixmap) = &mut pixmap {
            resvg::render(
                &tree,
                resvg::tiny_skia::Transform::default(),
                &mut pixmap.as_mut(),
            );
        }
        pixmap
    };
    let (drawn, by_resvg) = compare(
        Budget::FULL,
        &mut || {
            std::hint::black_box(raster::paint(&compose(symbol, style, 4), canvas));
        },
        &mut || {
            std::hint::black_box(draw());
        },
    );
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    let (png, png_by_resvg) = compare(
        Budget::FULL,
        &mut || {
            ours.clear();
            let painted = raster::paint(&compose(symbol, style, 4), canvas);
            std::hint::black_box(raster::png(&painted, None, &mut ours).is_ok());
        },
        &mut || {
            let file = draw().and_then(|pixmap| pixmap.encode_png().ok());
            theirs = file.unwrap_or_default();
        },
    );
    writeln!(
        io::stdout(),
        r#"{{"bench": "style/pixels", "style": "{name}", "width_px": {width_px}, "draw_us": {:.1}, "draw_ratio": {:.1}, "png_us": {:.1}, "png_ratio": {:.1}, "png_bytes": {}, "resvg_bytes": {}}}"#,
        drawn / 1e3,
        by_resvg / drawn,
        png / 1e3,
        png_by_resvg / png,
        ours.len(),
        theirs.len(),
    )
}
