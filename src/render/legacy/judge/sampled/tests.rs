//! What is drawn is found again, and nothing makes it panic.

use proptest::prelude::*;

use super::{
    drawn::{any_spec, draw, inks, layout, options, symbol},
    *,
};
use crate::render::{Size, Spec};

mod vector;

/// JPEG: as far off as it may be.
fn are_alike(a: Rgb, b: Rgb, is_exact: bool) -> bool {
    apart(a, b) <= if is_exact { 0 } else { 40 }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn what_is_drawn_is_found_again(spec in any_spec(), mask in 0_u8..8) {
        let options = symbol::Options { mask: symbol::Mask::new(mask), ..options(&spec) };
        let file = draw(&spec, &options).file;
        let sampled = Sampled::of(&file.bytes, file.media_type).unwrap();
        let symbol = symbol(&spec, &options);
        let layout = layout(&spec, &symbol);

        let frame = sampled.frame;
        let units = match (spec.format, spec.size) {
            (Format::Svg, Size::Physical(physical)) => physical.inches() * 96.0 / f64::from(layout.width),
            _ => 1.0,
        };
        let far = layout.width - layout.offset - layout.scale * layout.modules;
        let expected = Frame {
            paper: frame.paper,
            width_px: f64::from(layout.width) * units,
            height_px: f64::from(layout.width) * units,
            module_px: f64::from(layout.scale) * units,
            modules: layout.modules,
            margins_px: [layout.offset, layout.offset, far, far].map(|px| f64::from(px) * units),
        };
        prop_assert!(frame.agrees(&expected, 0.0), "{frame:?} {expected:?}");
        prop_assert!(frame.quiet_modules() >= u32::from(spec.border));
        prop_assert_eq!(frame.paper.is_some(), spec.format == Format::Svg && matches!(spec.size, Size::Physical(_)));
        prop_assert_eq!(sampled.stains_px, 0);

        let reading = sampled.read().unwrap();
        prop_assert_eq!(reading.said.text().into_bytes(), spec.content.to_vec());
        prop_assert_eq!(&reading.said.symbol, &symbol);
        prop_assert_eq!((reading.damaged, reading.strays, reading.has_logo), (0, 0, false));
        for (found, drawn) in reading.inks.into_iter().zip(inks(&spec.colors)) {
            prop_assert!(are_alike(found, drawn, sampled.is_exact), "{found:?} {drawn:?}");
        }
    }

    #[test]
    fn no_bytes_panic(bytes: Vec<u8>, format in prop::sample::select(Format::ON_SCREENS.to_vec())) {
        let head: &[u8] = match format {
            Format::Png => b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR",
            Format::Jpeg => b"\xff\xd8\xff",
            Format::Webp => b"RIFF\x40\0\0\0WEBPVP8L",
            _ => b"<svg ",
        };
        for file in [bytes.clone(), [head, &bytes, b"\xff\xd9"].concat()] {
            prop_assert!(Sampled::of(&file, format.media_type()).is_err());
        }
    }

    #[test]
    fn no_damaged_file_panics(
        spec in any_spec(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        length in any::<prop::sample::Index>(),
    ) {
        let file = draw(&spec, &options(&spec)).file;
        let mut bytes = file.bytes.to_vec();
        for (at, byte) in damage {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let _ = Sampled::of(&bytes, file.media_type).map(|sampled| sampled.read());
        bytes.truncate(length.index(bytes.len()));
        let _ = Sampled::of(&bytes, file.media_type).map(|sampled| sampled.read());
    }
}

#[test]
fn no_other_media_type_is_a_picture() {
    for media_type in ["", "image/gif", "text/html", "IMAGE/PNG"] {
        assert!(matches!(
            Sampled::of(b"", media_type),
            Err(Unclear::Broken(_))
        ));
    }
}

#[test]
fn what_is_too_large_is_refused_before_memory_is_taken() {
    // Ten times as wide as the largest image, and no pixels behind the header.
    let mut png =
        b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\x01\x86\xa0\0\x01\x86\xa0\x08\x06\0\0\0".to_vec();
    let crc = png[12..].iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg())
        })
    });
    png.extend((!crc).to_be_bytes());
    png.extend(b"\0\0\0\0IDAT\x35\xaf\x06\x1e");
    assert!(matches!(
        Sampled::of(&png, "image/png"),
        Err(Unclear::Broken(_))
    ));
}

/// A canvas on which everything has one colour, and one of noise.
#[test]
fn pictures_of_something_else_are_illegible() {
    for noise in [0, 1] {
        let picture = image::GrayImage::from_fn(90, 90, |x, y| {
            image::Luma([u8::try_from(noise * (x * x + 3 * x * y + y * 7) % 251).unwrap()])
        });
        for (format, media_type) in [
            (image::ImageFormat::Png, "image/png"),
            (image::ImageFormat::Jpeg, "image/jpeg"),
        ] {
            let mut file = std::io::Cursor::new(Vec::new());
            picture.write_to(&mut file, format).unwrap();
            let found = Sampled::of(file.get_ref(), media_type);
            assert!(matches!(found, Err(Unclear::Illegible(_))), "{found:?}");
        }
    }
}

#[test]
fn a_pixel_more_on_one_side_is_told() {
    // 21 modules of 4 pixels and 8 of quiet zone are 116; one is left over.
    let spec = Spec {
        size: Size::Pixels(117),
        ..Spec::new("A")
    };
    let file = draw(&spec, &options(&spec)).file;
    let frame = Sampled::of(&file.bytes, file.media_type).unwrap().frame;
    let expected = [16.0, 16.0, 17.0, 17.0].into_iter();
    assert!(
        { expected }
            .zip(frame.margins_px)
            .all(|(a, b)| is_close(a, b))
    );
}
