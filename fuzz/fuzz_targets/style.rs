//! Any style, by every writer, and its grade.
//!
//! Invariant: numbers may be any, also none that the service accepts.
#![no_main]

use std::sync::Arc;

use arbitrary::{Arbitrary, Result, Unstructured};
use style::{
    Border, Centre, Effect, Fonts, Frame, FrameKind, Gradient, Kind, Logo, LogoShape, Pattern,
    Picture, Side, Stroke, Style, Text, compose, eps, geometry::Outline, grade, pdf, raster, svg,
};
use symbol::{
    Options, encode,
    file::{Ink, Length, Paint, Sheet, Unit, svg::Options as Svg},
};

fn ink(u: &mut Unstructured) -> Result<Ink> {
    Ok(Ink {
        rgb: u.arbitrary()?,
        alpha: u.arbitrary()?,
    })
}

fn effect(u: &mut Unstructured) -> Result<Effect> {
    Ok(match u.int_in_range(0..=4)? {
        0 => Effect::Shadow {
            dx: u.arbitrary()?,
            dy: u.arbitrary()?,
            blur: u.arbitrary()?,
            ink: ink(u)?,
        },
        1 => Effect::Glow {
            intensity: u.arbitrary()?,
            rgb: u.arbitrary()?,
        },
        2 => Effect::Blur {
            radius: u.arbitrary()?,
        },
        3 => Effect::Noise {
            intensity: u.arbitrary()?,
        },
        _ => Effect::Vintage {
            sepia: u.arbitrary()?,
            vignette: u.arbitrary()?,
        },
    })
}

fn logo(u: &mut Unstructured) -> Result<Option<Logo>> {
    let (width, height) = (u.int_in_range(1..=12)?, u.int_in_range(1..=12)?);
    let rgba = (0..4 * width * height)
        .map(|_| u.arbitrary())
        .collect::<Result<_>>()?;
    let Some(picture) = Picture::new(width, height, rgba) else {
        return Ok(None);
    };
    let mut logo = Logo::new(picture, [0; 32], *u.choose(LogoShape::ALL)?);
    (logo.share, logo.padding) = (u.arbitrary()?, u.arbitrary()?);
    logo.background = if u.arbitrary()? { Some(ink(u)?) } else { None };
    Ok(Some(logo))
}

fn frame(u: &mut Unstructured) -> Result<Frame> {
    let fonts = Fonts::new(Vec::new()).expect("the built-in fonts are fonts");
    Ok(Frame {
        kind: *u.choose(FrameKind::ALL)?,
        ink: ink(u)?,
        width: u.arbitrary()?,
        text: Text::new(<&str>::arbitrary(u)?, &fonts).ok(),
        position: *u.choose(Side::ALL)?,
    })
}

fn style(u: &mut Unstructured) -> Result<Style> {
    let mut style = Style {
        pattern: *u.choose(Pattern::ALL)?,
        ink: ink(u)?,
        ground: ink(u)?,
        ..Style::default()
    };
    style.eyes.border = *u.choose(Border::ALL)?;
    style.eyes.centre = *u.choose(Centre::ALL)?;
    if u.arbitrary()? {
        let colors: Vec<[u8; 3]> = u.arbitrary()?;
        style.gradient = Some(Gradient {
            angle_deg: u.arbitrary()?,
            centre: u.arbitrary()?,
            on_data: u.arbitrary()?,
            on_eyes: u.arbitrary()?,
            ..Gradient::new(*u.choose(Kind::ALL)?, &colors)
        });
    }
    if u.arbitrary()? {
        style.stroke = Some(Stroke {
            width: u.arbitrary()?,
            ink: ink(u)?,
        });
    }
    if u.arbitrary()? {
        style.effects.push(effect(u)?);
        style.effects.push(effect(u)?);
    }
    if u.arbitrary()? {
        style.logo = logo(u)?;
    }
    if u.arbitrary()? {
        style.eyes.custom = Outline::from_path_data(<&str>::arbitrary(u)?)
            .ok()
            .map(Arc::new);
    }
    if u.arbitrary()? {
        style.frame = Some(frame(u)?);
    }
    Ok(style)
}

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let mut u = Unstructured::new(bytes);
    let (Ok(px), Ok(quiet_zone), Ok(style)) =
        (u.int_in_range(1..=5), u.int_in_range(0..=20), style(&mut u))
    else {
        return;
    };
    let symbol = encode("A", &Options::default()).expect("one letter fits");
    let scene = compose(&symbol, &style, quiet_zone);
    let _report = grade(&scene, &symbol);
    let painted = raster::paint(&scene, raster::Canvas::tight(&scene, px));
    let mut file = Vec::new();
    raster::png(&painted, Some(300.0), &mut file).expect("a PNG");
    raster::jpeg(&painted, 80, None, &mut file).expect("a JPEG");
    raster::webp(&painted, &mut file).expect("a WebP");
    svg::write(&scene, painted.width_px, &Svg::default(), &mut file);
    let sheet = Sheet {
        width: Length::new(25.0, Unit::Mm).expect("25 mm"),
        paint: if px % 2 == 0 { Paint::Rgb } else { Paint::Cmyk },
        title: "",
    };
    pdf::write(&scene, &sheet, &mut file);
    eps::write(&scene, &sheet, &mut file);
    let _bytes = style.canonical();
});
