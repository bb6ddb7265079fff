//! What is rendered can be read back by a decoder that is not ours, and looks as asked. That both arms agree is the
//! judge's to say.

use std::{sync::Arc, time::Duration};

use image::RgbImage;

use super::Engine;
use crate::{
    kernel::{Clock as _, Ctx, Kind, Result, SystemClock},
    render::{
        Color, Colors, Format, Image, Level, Physical, Request, Room, Size, Spec, Unit,
        decoded::{RASTER, pixels, read},
    },
    rollout::Arm as _,
};

fn engine() -> Engine {
    Engine::new(None, Room::default()).unwrap()
}

async fn render(spec: Spec) -> Result<Image> {
    let deadline = SystemClock.instant() + Duration::from_mins(1);
    let ctx = Ctx::new(uuid::Uuid::nil(), deadline);
    engine().run(&ctx, &Arc::new(Request::new(spec)?)).await
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
            let text = read(&shown).unwrap();
            assert_eq!(text, b"https://example.com/r/1234abcd?scan_ref=qr");
        }
    }
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
            let shown = pixels(&render(spec).await.unwrap());
            assert_eq!(read(&shown).unwrap(), content.as_bytes(), "{format:?}");
            // Ink of the built-in mark in the very middle, where its pupil is.
            let [r, g, b] = shown.get_pixel(350, 350).0;
            assert!(r < 50 && g < 90 && b > 70, "{format:?} {r} {g} {b}");
        }
    }
}

#[tokio::test]
async fn another_logo_is_another_etag() {
    let red = {
        let mut file = std::io::Cursor::new(Vec::new());
        RgbImage::from_pixel(3, 9, image::Rgb([200, 0, 0]))
            .write_to(&mut file, image::ImageFormat::Png)
            .unwrap();
        file.into_inner()
    };
    let own = Engine::new(Some(&red), Room::default()).unwrap();
    let soon = SystemClock.instant() + Duration::from_secs(9);
    let ctx = Ctx::new(uuid::Uuid::nil(), soon);
    for logo in [false, true] {
        let spec = Spec {
            logo,
            ..Spec::new("a")
        };
        let request = Arc::new(Request::new(spec).unwrap());
        let a = own.run(&ctx, &request).await.unwrap();
        let b = engine().run(&ctx, &request).await.unwrap();
        assert_eq!(a.etag != b.etag, logo);
        assert_eq!(a.bytes != b.bytes, logo);
    }
}

#[tokio::test]
async fn physical_sizes_carry_their_density() {
    let size = Size::Physical(Physical {
        width: 2.54,
        unit: Unit::Cm,
        dpi: 300,
    });
    let of = |format| Spec {
        format,
        size,
        ..Spec::new("a")
    };
    let png = render(of(Format::Png)).await.unwrap();
    assert_eq!(png.width_px, 300);
    // 300 dpi = 11 811 pixels per metre; the decoder has checked the CRC of the chunk.
    let mut density = b"pHYs".to_vec();
    density.extend([0, 0, 0x2e, 0x23, 0, 0, 0x2e, 0x23, 1]);
    assert_eq!(&png.bytes[37..50], density);
    assert_eq!(read(&pixels(&png)).unwrap(), b"a");
    let jpeg = render(of(Format::Jpeg)).await.unwrap();
    // JFIF: units 1 (per inch), 300, 300.
    assert_eq!(&jpeg.bytes[13..18], [1, 1, 44, 1, 44]);
    let svg = render(of(Format::Svg)).await.unwrap();
    assert!(svg.bytes.windows(14).any(|w| w == br#"width="2.54cm""#));
}

#[tokio::test]
async fn what_does_not_fit_says_by_how_much_and_what_would() {
    let error = render(Spec::new("a".repeat(2332))).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Invalid);
    assert_eq!(error.details()[0].field, "error_level");
    let message = error.message();
    assert!(
        message.contains("1 bytes too long") && message.contains("ask for l"),
        "{message}"
    );
}
