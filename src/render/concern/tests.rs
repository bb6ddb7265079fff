//! Each concern at its edges.

use super::*;
use crate::kernel::Color;

fn concerns(change: impl FnOnce(&mut Spec)) -> Vec<String> {
    let mut spec = Spec::new("a");
    change(&mut spec);
    told(&spec, spec.size.pixels().max(29))
}

fn told(spec: &Spec, width_px: u32) -> Vec<String> {
    let concerns = of(spec, &spec.ignored(), width_px);
    concerns.iter().map(|concern| concern.item(names)).collect()
}

fn names(field: Field) -> &'static str {
    match field {
        Field::Quality => "image_quality",
        Field::Title => "svg_title",
        _ => "svg_description",
    }
}

fn colors(dark: &str, light: &str) -> impl FnOnce(&mut Spec) {
    let (dark, light) = (dark.parse().unwrap(), light.parse().unwrap());
    move |spec| {
        spec.colors.dark = dark;
        spec.colors.light = light;
    }
}

#[test]
fn what_any_reader_reads_is_no_concern() {
    assert!(concerns(|_| ()).is_empty());
    assert!(concerns(colors("#123", "#ffe")).is_empty());
    assert!(concerns(|spec| spec.border = 20).is_empty());
}

#[test]
fn a_narrow_quiet_zone_is_told() {
    for border in 0..4 {
        let told = format!("quiet-zone;modules={border}");
        assert_eq!(concerns(|spec| spec.border = border), [told]);
    }
}

#[test]
fn contrast_counts_the_colours_of_data() {
    assert_eq!(concerns(colors("#777", "#888")), ["contrast;percent=6"]);
    let grey = |spec: &mut Spec| spec.colors.data_dark = Some("#eee".parse().unwrap());
    assert_eq!(concerns(grey), ["contrast;percent=14"]);
}

#[test]
fn an_image_that_had_to_grow_is_told() {
    let tiny = Spec {
        size: Size::Pixels(25),
        ..Spec::new("a")
    };
    let grown = ["enlarged;width=29", "small-modules;pixels=1"];
    assert_eq!(told(&tiny, 29), grown);
    assert!(concerns(|spec| spec.size = Size::Pixels(250)).is_empty());
}

#[test]
fn modules_too_small_for_a_jpeg_are_told() {
    // 21 modules and a border of 4 at each side.
    let jpeg = |quality: u8, module_px: u32| {
        concerns(|spec| {
            spec.format = Format::Jpeg;
            spec.quality = Some(quality);
            spec.size = Size::Pixels(29 * module_px);
        })
    };
    assert_eq!(jpeg(10, 1), ["compression;quality=10;pixels=1"]);
    assert_eq!(jpeg(39, 1), ["compression;quality=39;pixels=1"]);
    assert_eq!(jpeg(40, 1), ["small-modules;pixels=1"]);
    for module_px in 2..=7 {
        let coarse = format!("compression;quality=19;pixels={module_px}");
        assert_eq!(jpeg(19, module_px), [coarse]);
        assert!(jpeg(20, module_px).is_empty());
    }
    assert!(jpeg(1, 8).is_empty());
    // Of a larger symbol at the same size.
    let long = |spec: &mut Spec| {
        spec.content = vec![b'a'; 2000].into();
        spec.format = Format::Jpeg;
        spec.quality = Some(10);
        spec.size = Size::Pixels(4 * 177);
    };
    assert_eq!(concerns(long), ["compression;quality=10;pixels=4"]);
}

#[test]
fn small_modules_are_told_of_any_raster() {
    for (format, told) in [
        (Format::Png, &["small-modules;pixels=1"][..]),
        (Format::Webp, &["small-modules;pixels=1"]),
        (Format::Jpeg, &["small-modules;pixels=1"]),
        (Format::Svg, &[]),
    ] {
        let small = |spec: &mut Spec| {
            spec.format = format;
            spec.size = Size::Pixels(57);
        };
        assert_eq!(concerns(small), told);
        assert!(concerns(|spec| (spec.format, spec.size) = (format, Size::Pixels(58))).is_empty());
    }
}

#[test]
fn what_the_format_has_no_place_for_is_told() {
    let asked = |format| {
        concerns(|spec| {
            spec.format = format;
            spec.quality = Some(80);
            spec.title = Some("t".into());
            spec.description = Some("d".into());
            spec.size = Size::Physical(crate::render::Physical {
                width: 5.0,
                unit: crate::render::Unit::Cm,
                dpi: 300,
            });
        })
    };
    let [quality, title, description] =
        ["image_quality", "svg_title", "svg_description"].map(|f| format!("ignored;field={f}"));
    let texts = || [title.clone(), description.clone()];
    assert_eq!(asked(Format::Svg), [quality.as_str()]);
    assert_eq!(asked(Format::Jpeg), texts());
    let [title, description] = texts();
    assert_eq!(asked(Format::Png), [&*quality, &*title, &*description]);
    assert_eq!(
        asked(Format::Webp),
        ["no-density", &*quality, &*title, &*description]
    );
    // What is left empty asks for nothing.
    assert!(concerns(|spec| spec.title = Some(String::new())).is_empty());
}

#[test]
fn light_on_dark_is_told() {
    assert_eq!(concerns(colors("#fff", "#000")), ["inverted"]);
    let mixed = |spec: &mut Spec| {
        colors("#fff", "#000")(spec);
        spec.colors.data_dark = Some(Color::BLACK);
        spec.colors.data_light = Some(Color::WHITE);
    };
    assert_eq!(concerns(mixed), ["contrast;percent=0", "inverted"]);
}
