//! What is rendered can be read back by a decoder that is not ours, and looks as asked.

use std::{sync::Arc, time::Duration};

use image::RgbImage;

use super::Renderer;
use crate::{
    kernel::{Clock as _, Ctx, Kind, Result, SystemClock},
    render::{
        Color, Colors, Format, Image, Level, Physical, Request, Room, Size, Spec, Unit,
        decoded::{RASTER, pixels, read},
    },
    rollout::Arm as _,
};

pub(super) mod random;
mod svg;

fn renderer() -> Renderer {
    Renderer::new(None, Room::default()).unwrap()
}

async fn render(spec: Spec) -> Result<Image> {
    let deadline = SystemClock.instant() + Duration::from_mins(1);
    let ctx = Ctx::new(uuid::Uuid::nil(), deadline);
    renderer().run(&ctx, &Arc::new(Request::new(spec)?)).await
}

#[tokio::test]
async fn every_raster_format_and_level_can_be_read() {
    for format in RASTER {
        for level in Level::ALL {
            let spec = Spec {
                level,
                format,
                ..Spec::new("https://example.com/r/1234abcd?scan_ref=qr")
            };
            let image = render(spec).await.unwrap();
            assert_eq!(image.media_type, format.media_type());
            assert_eq!((image.width_px, image.height_px), (250, 250));
            let shown = pixels(&image);
            assert_eq!(shown.dimensions(), (250, 250));
            assert_eq!(
                read(&shown).unwrap(),
                b"https://example.com/r/1234abcd?scan_ref=qr"
            );
        }
    }
}

#[tokio::test]
async fn japanese_stays_utf_8() {
    let text = "こんにちは、世界。QRコード";
    let image = render(Spec::new(text)).await.unwrap();
    assert_eq!(read(&pixels(&image)).unwrap(), text.as_bytes());
}

#[tokio::test]
async fn colours_are_painted_where_they_belong() {
    let color = |rgb| Color { rgb };
    let colors = Colors {
        dark: color([10, 20, 30]),
        light: color([250, 240, 230]),
        data_dark: Some(color([100, 0, 0])),
        data_light: Some(color([200, 255, 200])),
    };
    for format in [Format::Png, Format::Webp] {
        let spec = Spec {
            format,
            colors,
            size: Size::Pixels(29),
            ..Spec::new("A")
        };
        let shown = pixels(&render(spec).await.unwrap());
        // One pixel per module: quiet zone, corner of a finder, separator, and the data's corner column.
        assert_eq!(shown.get_pixel(0, 0).0, [250, 240, 230]);
        assert_eq!(shown.get_pixel(4, 4).0, [10, 20, 30]);
        assert_eq!(shown.get_pixel(4 + 7, 4).0, [250, 240, 230]);
        let data = shown.get_pixel(4 + 20, 4 + 20).0;
        assert!([[100, 0, 0], [200, 255, 200]].contains(&data), "{data:?}");
    }
}

#[tokio::test]
async fn a_logo_leaves_the_symbol_readable_in_every_format() {
    for format in RASTER {
        for content in ["https://example.com/r/1234abcd".to_owned(), "x".repeat(600)] {
            let spec = Spec {
                format,
                logo: true,
                size: Size::Pixels(700),
                ..Spec::new(content.clone())
            };
            let image = render(spec).await.unwrap();
            let shown = pixels(&image);
            assert_eq!(read(&shown).unwrap(), content.as_bytes(), "{format:?}");
            // Ink of the built-in mark in the very middle, where its pupil is.
            let [r, g, b] = shown.get_pixel(350, 350).0;
            assert!(r < 50 && g < 90 && b > 70, "{format:?} {r} {g} {b}");
        }
    }
}

#[tokio::test]
async fn another_logo_is_another_etag_but_only_with_a_logo() {
    let file = {
        let mut file = std::io::Cursor::new(Vec::new());
        RgbImage::from_pixel(3, 9, image::Rgb([200, 0, 0]))
            .write_to(&mut file, image::ImageFormat::Png)
            .unwrap();
        file.into_inner()
    };
    let own = Renderer::new(Some(&file), Room::default()).unwrap();
    let ctx = Ctx::new(
        uuid::Uuid::nil(),
        SystemClock.instant() + Duration::from_secs(9),
    );
    for logo in [false, true] {
        let request = Arc::new(
            Request::new(Spec {
                logo,
                ..Spec::new("a")
            })
            .unwrap(),
        );
        let a = own.run(&ctx, &request).await.unwrap();
        let b = renderer().run(&ctx, &request).await.unwrap();
        assert_eq!(a.etag != b.etag, logo);
        assert_eq!(a.bytes != b.bytes, logo);
        assert!(a.etag.starts_with('"') && a.etag.ends_with('"'));
    }
    assert!(Renderer::new(Some(b"no"), Room::default()).is_err());
}

#[tokio::test]
async fn physical_sizes_carry_their_density() {
    let physical = Size::Physical(Physical {
        width: 2.54,
        unit: Unit::Cm,
        dpi: 300,
    });
    let png = render(Spec {
        size: physical,
        ..Spec::new("a")
    })
    .await
    .unwrap();
    assert_eq!(png.width_px, 300);
    // 300 dpi = 11 811 pixels per metre; the decoder has checked the CRC of the chunk.
    let mut density = b"pHYs".to_vec();
    density.extend([0, 0, 0x2e, 0x23, 0, 0, 0x2e, 0x23, 1]);
    assert_eq!(&png.bytes[37..50], density);
    assert_eq!(read(&pixels(&png)).unwrap(), b"a");
    let jpeg = Spec {
        size: physical,
        format: Format::Jpeg,
        ..Spec::new("a")
    };
    let jpeg = render(jpeg).await.unwrap();
    // JFIF: units 1 (per inch), 300, 300.
    assert_eq!(&jpeg.bytes[6..10], b"JFIF");
    assert_eq!(&jpeg.bytes[13..18], [1, 1, 44, 1, 44]);
}

#[tokio::test]
async fn an_image_is_never_smaller_than_it_can_be_read() {
    let spec = Spec {
        size: Size::Pixels(1),
        border: 20,
        ..Spec::new("https://example.com")
    };
    let image = render(spec).await.unwrap();
    assert_eq!(image.width_px, 25 + 40);
    assert_eq!(pixels(&image).dimensions(), (65, 65));
}

#[tokio::test]
async fn what_does_not_fit_is_an_answer() {
    let error = render(Spec::new("a".repeat(2332))).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Invalid);
    assert_eq!(error.details()[0].field, "error_level");
    assert!(error.message().contains("2331"), "{error}");
    let error = render(Spec {
        logo: true,
        ..Spec::new("a".repeat(1274))
    })
    .await
    .unwrap_err();
    assert!(error.message().contains("1273"), "{error}");
}

#[tokio::test]
async fn waiting_for_room_ends_at_the_deadline() {
    let room = Room::default();
    let renderer = Renderer::new(None, room.clone()).unwrap();
    let spec = Spec {
        size: Size::Pixels(3000),
        ..Spec::new("a")
    };
    let request = Arc::new(Request::new(spec).unwrap());
    let _all = room.fill_for_test().await;
    let soon = SystemClock.instant() + Duration::from_millis(10);
    let ctx = Ctx::new(uuid::Uuid::nil(), soon);
    let error = renderer.run(&ctx, &request).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Unavailable);
}

/// The file of the old renderer for a fixed request; compare by eye before replacing it.
#[tokio::test]
async fn the_png_of_version_1_is_pinned() {
    let image = render(Spec::new("https://example.com")).await.unwrap();
    golden("legacy-default.png", &image.bytes);
}

/// With `GOLDEN=1` in the environment the file is written instead.
#[allow(clippy::disallowed_methods)] // a switch of the test, not a setting
fn golden(name: &str, bytes: &[u8]) {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/goldens")
        .join(name);
    if std::env::var("GOLDEN").is_ok() {
        std::fs::write(&path, bytes).unwrap();
    }
    let expected = std::fs::read(&path).unwrap();
    assert!(expected == bytes, "{name} changed: raise the arm's version");
}
