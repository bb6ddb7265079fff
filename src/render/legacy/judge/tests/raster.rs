//! Pixels that were tampered with.

use image::{DynamicImage, ImageFormat, RgbImage, imageops};

use super::*;
use crate::render::decoded::pixels;

/// 33 modules with a quiet zone, 7 pixels each: 231 and 19 left over.
fn spec(format: Format) -> Spec {
    Spec {
        format,
        colors: Colors {
            data_dark: Some(Color { rgb: [120, 0, 0] }),
            data_light: Some(Color {
                rgb: [220, 220, 255],
            }),
            ..Colors::default()
        },
        ..Spec::new("https://example.com/r/1234")
    }
}

fn with(image: &Rendered, pixels: RgbImage) -> Rendered {
    let format = match image.file.media_type {
        "image/jpeg" => ImageFormat::Jpeg,
        "image/webp" => ImageFormat::WebP,
        _ => ImageFormat::Png,
    };
    let (width_px, height_px) = pixels.dimensions();
    let mut file = std::io::Cursor::new(Vec::new());
    match format {
        ImageFormat::Jpeg => image::codecs::jpeg::JpegEncoder::new_with_quality(&mut file, 90)
            .encode_image(&pixels)
            .unwrap(),
        _ => DynamicImage::from(pixels)
            .write_to(&mut file, format)
            .unwrap(),
    }
    let mut other = image.with_bytes(file.into_inner());
    (other.facts.width_px, other.facts.height_px) = (width_px, height_px);
    other
}

/// What is said if the pixels are tampered with, in the three formats.
fn tampered(tamper: impl Fn(&mut RgbImage)) -> [Match; 3] {
    [Format::Png, Format::Webp, Format::Jpeg].map(|format| {
        let control = legacy(&spec(format)).unwrap();
        let mut pixels = pixels(&control.file);
        tamper(&mut pixels);
        let candidate = with(&control, pixels);
        judge_images(control, candidate)
    })
}

/// Tampered with, all three are told apart by this.
#[track_caller]
fn assert_told(tamper: impl Fn(&mut RgbImage), label: &'static str) {
    assert_eq!(tampered(tamper), [Match::Mismatch(label); 3]);
}

/// Left, top, width, height.
type Area = [u32; 4];

fn fill(pixels: &mut RgbImage, [left, top, width, height]: Area, rgb: [u8; 3]) {
    for (x, y) in (0..height).flat_map(|y| (0..width).map(move |x| (x, y))) {
        pixels.put_pixel(left + x, top + y, image::Rgb(rgb));
    }
}

fn area((left, top): (u32, u32), (width, height): (u32, u32)) -> Area {
    [left, top, width, height]
}

/// The upper left pixel of a module.
fn module(x: u32, y: u32) -> (u32, u32) {
    const OFFSET: u32 = (250 - 25 * 7) / 2;
    (OFFSET + 7 * x, OFFSET + 7 * y)
}

#[test]
fn encoded_anew_it_is_the_same() {
    assert_eq!(tampered(|_| ()), [Match::Same; 3]);
}

#[test]
fn moved_or_resized_it_lies_elsewhere() {
    let moved = |pixels: &mut RgbImage| {
        let old = pixels.clone();
        imageops::replace(pixels, &old, 1, 0);
    };
    assert_told(moved, "geometry");
    let doubled = |pixels: &mut RgbImage| {
        *pixels = imageops::resize(pixels, 500, 500, imageops::FilterType::Nearest);
    };
    assert_told(doubled, "geometry");
    let scaled = |pixels: &mut RgbImage| {
        *pixels = imageops::resize(pixels, 251, 251, imageops::FilterType::Triangle);
    };
    let found = tampered(scaled);
    let are_told = found
        .iter()
        .all(|found| matches!(found, Match::Mismatch(_)));
    assert!(are_told, "{found:?}");
}

#[test]
fn turned_it_cannot_be_read() {
    for turn in [
        imageops::rotate180,
        imageops::rotate90,
        imageops::flip_horizontal,
    ] {
        assert_told(|pixels| *pixels = turn(pixels), "unreadable");
    }
}

#[test]
fn a_quiet_zone_must_be_wide_and_clean() {
    let cropped = |pixels: &mut RgbImage| {
        *pixels = imageops::crop_imm(pixels, 20, 20, 210, 210).to_image();
    };
    assert_told(cropped, "quiet zone");
    let none = |pixels: &mut RgbImage| {
        *pixels = imageops::crop_imm(pixels, 37, 37, 175, 175).to_image();
    };
    assert_told(none, "quiet zone");
    for at in [(1, 1), (3, 120), (246, 246), module(26, 12)] {
        let stained = |pixels: &mut RgbImage| fill(pixels, area(at, (3, 3)), [0; 3]);
        assert_told(stained, "quiet zone");
    }
    let faint = |pixels: &mut RgbImage| pixels.put_pixel(240, 9, image::Rgb([254; 3]));
    assert_eq!(tampered(faint)[..2], [Match::Mismatch("quiet zone"); 2]);
}

#[test]
fn no_module_may_be_wrong() {
    for at in [(24, 24), (3, 3), (6, 10), (18, 18), (12, 12)] {
        let turned_over = |pixels: &mut RgbImage| {
            let (x, y) = module(at.0, at.1);
            let data = at == (24, 24) || at == (12, 12);
            let [dark, light] = if data {
                [[120, 0, 0], [220, 220, 255]]
            } else {
                [[0; 3], [255; 3]]
            };
            let old = pixels.get_pixel(x + 3, y + 3).0;
            let new = if old[1] < 100 { light } else { dark };
            fill(pixels, area((x, y), (7, 7)), new);
        };
        // The middle may be hidden by a logo.
        let label = if at == (12, 12) { "logo" } else { "damage" };
        assert_told(turned_over, label);
    }
    let half = |pixels: &mut RgbImage| fill(pixels, area(module(24, 24), (7, 3)), [90; 3]);
    assert_eq!(tampered(half)[..2], [Match::Mismatch("damage"); 2]);
    let tinted = |pixels: &mut RgbImage| fill(pixels, area(module(3, 3), (7, 7)), [0, 0, 1]);
    assert_eq!(tampered(tinted)[..2], [Match::Mismatch("damage"); 2]);
}

#[test]
fn every_colour_counts() {
    for (from, to) in [
        ([0; 3], [0, 0, 90]),
        ([255; 3], [255, 255, 200]),
        ([120, 0, 0], [0; 3]),
        ([220, 220, 255], [255; 3]),
    ] {
        let recolored = |pixels: &mut RgbImage| {
            // In a JPEG they are only about right.
            for pixel in pixels.pixels_mut() {
                let is_like = |i: usize| pixel.0[i].abs_diff(from[i]) < 18;
                if (0..3).all(is_like) {
                    pixel.0 = to;
                }
            }
        };
        assert_told(recolored, "colours");
    }
    assert_told(imageops::invert, "colours");
}

#[test]
fn another_format_under_the_name_is_no_picture() {
    let [png, webp] = [Format::Png, Format::Webp].map(|format| legacy(&spec(format)).unwrap());
    let disguised = png.with_bytes(webp.file.bytes.clone());
    assert_differ(png.clone(), disguised, "unreadable");
    assert_differ(png, webp, "media type");
}

#[test]
fn nothing_may_shine_through() {
    let image = legacy(&spec(Format::Png)).unwrap();
    let mut translucent = DynamicImage::from(pixels(&image.file)).into_rgba8();
    translucent.get_pixel_mut(0, 0).0[3] = 254;
    let mut file = std::io::Cursor::new(Vec::new());
    translucent.write_to(&mut file, ImageFormat::Png).unwrap();
    let candidate = image.with_bytes(file.into_inner());
    assert_differ(image, candidate, "unreadable");
}

#[test]
fn density_and_quality_are_part_of_it() {
    for format in [Format::Png, Format::Jpeg] {
        let physical = |dpi| {
            // Of the same width in pixels, nearly.
            let width = 300.0 / f64::from(dpi);
            let size = Size::Physical(Physical {
                width,
                unit: Unit::In,
                dpi,
            });
            Spec {
                size,
                ..spec(format)
            }
        };
        let [a, b] = [physical(150), physical(151)].map(|spec| engine(&spec).unwrap());
        assert_differ(a.clone(), b, "density");
        let none = Spec {
            size: Size::Pixels(300),
            ..spec(format)
        };
        assert_differ(a, engine(&none).unwrap(), "density");
    }
    let quality = |quality| {
        let spec = Spec {
            quality: Some(quality),
            ..spec(Format::Jpeg)
        };
        engine(&spec).unwrap()
    };
    assert_differ(quality(80), quality(90), "quality");
}

#[test]
fn a_logo_must_be_the_same_and_in_its_place() {
    for format in [Format::Png, Format::Webp, Format::Jpeg] {
        let spec = Spec {
            logo: Some(Logo::for_tests()),
            level: Level::H,
            ..spec(format)
        };
        let [control, plain] = [true, false].map(|logo| {
            let spec = Spec {
                logo: logo.then(Logo::for_tests),
                ..spec.clone()
            };
            legacy(&spec).unwrap()
        });
        assert_differ(control.clone(), plain.clone(), "logo");
        assert_differ(plain, control.clone(), "logo");

        let stamped = |tamper: &dyn Fn(&mut RgbImage)| {
            let mut pixels = pixels(&control.file);
            tamper(&mut pixels);
            judge_images(control.clone(), with(&control, pixels))
        };
        // 33 modules; the plate has 5, from 14 on.
        let scale = 250 / 41;
        let at = (250 - 33 * scale) / 2 + 14 * scale;
        let side = 5 * scale;
        let shaded = |pixels: &mut RgbImage| {
            let (x, y) = (at + side / 2, at + side / 2);
            fill(pixels, area((x, y), (1, 1)), [60; 3]);
        };
        let found = stamped(&shaded);
        let is_alike = matches!(found, Match::Same | Match::Tolerated("logo pixels"));
        assert!(is_alike, "{found:?}");
        let inner = area((at + 4, at + 4), (side - 8, side - 8));
        let other = |pixels: &mut RgbImage| fill(pixels, inner, [200, 0, 0]);
        assert_eq!(stamped(&other), Match::Mismatch("logo"));
        let outer = area((at - scale, at), (side + 2 * scale, side));
        let found = stamped(&|pixels| fill(pixels, outer, [255; 3]));
        let is_told = matches!(found, Match::Mismatch("damage" | "logo"));
        assert!(is_told, "{found:?}");
    }
}
