//! Logos: what they leave to error correction, and that what is accepted is read.
//! `LOGOS=1000 scripts/test unit -- logos` for more of them.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::cast_precision_loss
)]

mod any;

use any::any_logo;
use proptest::{strategy::ValueTree, test_runner::TestRunner};
use style::{
    Grade, Logo, LogoShape, Parameter, Picture, Style, compose, grade,
    raster::{self, Canvas, Pixels},
};
use symbol::{Level, Options, Symbol, Version, Versions, encode};

fn symbol_of(text: &str, level: Level, version: Option<u8>) -> Symbol {
    let versions = version.map_or(Versions::default(), |number| {
        Versions::Exactly(Version::qr(number).unwrap())
    });
    let options = Options {
        level,
        versions,
        boost: false,
        ..Options::default()
    };
    encode(text, &options).unwrap()
}

/// An opaque square in one colour.
fn blank(share: f32) -> Logo {
    let picture = Picture::new(4, 4, [200, 60, 60, 255].repeat(16)).unwrap();
    let mut logo = Logo::new(picture, [0; 32], LogoShape::Square);
    (logo.share, logo.padding) = (share, 0.0);
    logo
}

/// The share of error correction that is left.
fn reserve(version: u8, level: Level, share: f32) -> f32 {
    let symbol = symbol_of("https://example.org", level, Some(version));
    let style = Style {
        logo: Some(blank(share)),
        ..Style::default()
    };
    let report = grade(&compose(&symbol, &style, 4), &symbol);
    let of = |parameter| {
        let found = report
            .reasons
            .iter()
            .find(|reason| reason.parameter == parameter);
        found.unwrap().value
    };
    of(Parameter::UnusedErrorCorrection)
}

/// Modules are not independent: those under a logo lie in few codewords, and a block has what its worst part leaves. The usual
/// budget (hidden modules as a share of what the level restores) would accept the first two.
#[test]
fn the_budget_is_that_of_blocks() {
    for (version, level, share) in [(2, Level::M, 0.27), (2, Level::M, 0.3), (3, Level::H, 0.3)] {
        println!(
            "{version} {level:?} {share}: {}",
            reserve(version, level, share)
        );
    }
    assert!(reserve(2, Level::M, 0.27) < 0.1);
    assert!(reserve(2, Level::M, 0.3) < 1e-6);
    assert!((0.1..0.5).contains(&reserve(3, Level::H, 0.3)));
    assert!(reserve(3, Level::H, 0.1) > 0.6);
}

fn luma(painted: &raster::Painted) -> Vec<u8> {
    let luma = |rgb: [u8; 3], alpha: u8| {
        let sum = 299 * u32::from(rgb[0]) + 587 * u32::from(rgb[1]) + 114 * u32::from(rgb[2]);
        let on_white = sum * u32::from(alpha) / 255 + 1000 * u32::from(255 - alpha);
        u8::try_from((on_white / 1000).min(255)).unwrap()
    };
    match &painted.pixels {
        Pixels::Indexed { palette, indices } => indices
            .iter()
            .map(|&index| {
                let ink = palette[usize::from(index)];
                luma(ink.rgb, ink.alpha)
            })
            .collect(),
        Pixels::Rgba(bytes) => {
            let (pixels, _) = bytes.as_chunks::<4>();
            pixels
                .iter()
                .map(|&[r, g, b, a]| luma([r, g, b], a))
                .collect()
        }
    }
}

/// By rqrr.
fn read(painted: &raster::Painted) -> Option<String> {
    let (width, height) = (painted.width_px as usize, painted.height_px as usize);
    let grey = luma(painted);
    let mut image =
        rqrr::PreparedImage::prepare_from_greyscale(width, height, |x, y| grey[y * width + x]);
    let grids = image.detect_grids();
    let (_, text) = grids.first()?.decode().ok()?;
    Some(text)
}

#[test]
fn what_is_accepted_is_read() {
    let count = std::env::var("LOGOS").map_or(60, |n| n.parse().unwrap());
    let mut runner = TestRunner::deterministic();
    let (mut accepted, mut missed, mut refused_but_read) = (0, 0, 0);
    for n in 0..count {
        let text = format!(
            "https://example.org/{}",
            "x".repeat([3, 20, 60, 150][n % 4])
        );
        let symbol = symbol_of(&text, Level::ALL[n / 4 % 4], None);
        let logo = proptest::strategy::Strategy::new_tree(&any_logo(), &mut runner);
        let style = Style {
            logo: Some(logo.unwrap().current()),
            ..Style::default()
        };
        let scene = compose(&symbol, &style, 4);
        let is_read = read(&raster::paint(&scene, Canvas::tight(&scene, 8))) == Some(text);
        let grade = grade(&scene, &symbol).grade();
        accepted += usize::from(grade > Grade::F);
        missed += usize::from(grade > Grade::F && !is_read);
        refused_but_read += usize::from(grade == Grade::F && is_read);
    }
    println!(
        "{count} logos: {accepted} accepted, {missed} of them not read; {refused_but_read} refused but read"
    );
    assert!(accepted * 4 > count, "{accepted} of {count} accepted");
    // One in a hundred is lost by rqrr without a logo, too.
    assert!(missed * 50 <= accepted, "{missed} of {accepted} not read");
}
