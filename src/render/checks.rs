//! What every renderer is tested for: its files can be read by a decoder that is not ours, and look as asked.
//!
//! Invariant: for tests only. That two arms agree is the judge's to say.

use std::{sync::Arc, time::Duration};

use proptest::prelude::*;

use super::{
    Color, Colors, Faults, Field, Format, In, Level, Logo, Overflow, Physical, Problem, Rendered,
    Request, Room, Size, Spec, Unit,
    decoded::{RASTER, pixels, read},
};
use crate::{
    kernel::{Clock as _, Ctx, Kind, Result, SystemClock},
    rollout::Arm,
};

/// A renderer that may be checked.
pub trait Renders: Arm<In = In, Out = Rendered> {}

impl<A: Arm<In = In, Out = Rendered>> Renders for A {}

/// Each check as a test of the renderer that `$new` makes from a `Room`.
macro_rules! tests {
    ($new:expr) => {
        $crate::render::checks::tests!($new; readable, scripts, colours, logos, etags, densities, never_too_small, too_long, room);
    };
    ($new:expr; $($check:ident),+) => {$(
        #[tokio::test]
        async fn $check() {
            $crate::render::checks::$check($new).await;
        }
    )+};
}
pub(super) use tests;

fn ctx(time: Duration) -> Ctx {
    Ctx::new(uuid::Uuid::nil(), SystemClock.instant() + time)
}

pub async fn render(arm: &impl Renders, spec: Spec) -> Result<Rendered> {
    let request = Arc::new(Request::new(spec).map_err(Faults::into_error)?);
    arm.run(&ctx(Duration::from_mins(1)), &request).await
}

/// The same outside of a runtime.
pub fn rendered(arm: &impl Renders, spec: Spec) -> Result<Rendered> {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_time().build().unwrap();
    runtime.block_on(render(arm, spec))
}

pub async fn readable<A: Renders>(new: impl Fn(Room) -> A) {
    let arm = new(Room::default());
    let content = "https://example.com/r/1234abcd?scan_ref=qr";
    for format in RASTER {
        for level in Level::ALL {
            let spec = Spec {
                level,
                format,
                ..Spec::new(content)
            };
            let Rendered { facts, file, .. } = render(&arm, spec).await.unwrap();
            assert_eq!(file.media_type, format.media_type());
            assert_eq!((facts.width_px, facts.height_px), (250, 250));
            let shown = pixels(&file);
            assert_eq!(shown.dimensions(), (250, 250));
            assert_eq!(read(&shown).unwrap(), content.as_bytes());
            if format != Format::Jpeg {
                // What is said of the symbol is true.
                let read = read_modules(&shown, facts.modules());
                let found = (read.version(), read.level(), read.mask());
                assert_eq!(found, (facts.version, facts.level, facts.mask));
                assert!(facts.level >= level);
            }
        }
    }
}

/// By our own reader, which also tells the mask.
fn read_modules(shown: &image::RgbImage, modules: usize) -> symbol::Symbol {
    let px = 250 / (u32::try_from(modules).unwrap() + 8);
    let offset = (250 - px * u32::try_from(modules).unwrap()) / 2;
    let at = |i: usize| offset + px * u32::try_from(i).unwrap();
    let matrix = symbol::Matrix::from_fn(modules, |x, y| shown.get_pixel(at(x), at(y)).0[0] < 128);
    symbol::read::read(&matrix).unwrap().symbol
}

pub async fn scripts<A: Renders>(new: impl Fn(Room) -> A) {
    let text = "こんにちは、世界。QRコード";
    let image = render(&new(Room::default()), Spec::new(text)).await;
    let shown = pixels(&image.unwrap().file);
    assert_eq!(read(&shown).unwrap(), text.as_bytes());
}

pub async fn colours<A: Renders>(new: impl Fn(Room) -> A) {
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
        let image = render(&new(Room::default()), spec).await.unwrap();
        let shown = pixels(&image.file);
        // One pixel per module: quiet zone, corner of a finder, separator, and the data's corner column.
        assert_eq!(shown.get_pixel(0, 0).0, [250, 240, 230]);
        assert_eq!(shown.get_pixel(4, 4).0, [10, 20, 30]);
        assert_eq!(shown.get_pixel(4 + 7, 4).0, [250, 240, 230]);
        let data = shown.get_pixel(4 + 20, 4 + 20).0;
        assert!([[100, 0, 0], [200, 255, 200]].contains(&data), "{data:?}");
    }
}

pub async fn logos<A: Renders>(new: impl Fn(Room) -> A) {
    let arm = new(Room::default());
    for format in RASTER {
        for content in ["https://example.com/r/1234abcd".to_owned(), "x".repeat(600)] {
            let spec = Spec {
                format,
                logo: Some(Logo::for_tests()),
                size: Size::Pixels(700),
                ..Spec::new(content.clone())
            };
            let shown = pixels(&render(&arm, spec).await.unwrap().file);
            assert_eq!(read(&shown).unwrap(), content.as_bytes(), "{format:?}");
            // Ink of the built-in mark in the very middle, where its pupil is.
            let [r, g, b] = shown.get_pixel(350, 350).0;
            assert!(r < 50 && g < 90 && b > 70, "{format:?} {r} {g} {b}");
        }
    }
}

/// The request's digest, the arm and its version, and where there is a logo the first digits of its digest.
pub async fn etags<A: Renders + crate::rollout::ReadOnly>(new: impl Fn(Room) -> A) {
    let arm = new(Room::default());
    let red = {
        let mut file = std::io::Cursor::new(Vec::new());
        image::RgbImage::from_pixel(3, 9, image::Rgb([200, 0, 0]))
            .write_to(&mut file, image::ImageFormat::Png)
            .unwrap();
        Arc::new(Logo::from_png(file.into_inner()).unwrap())
    };
    let [mark, red] = [Logo::for_tests(), red].map(|logo| Spec {
        logo: Some(logo),
        ..Spec::new("a")
    });
    let mut files = Vec::new();
    for spec in [Spec::new("a"), mark, red] {
        let request = Request::new(spec.clone()).unwrap();
        let digest = crate::kernel::id::hex(&request.digest());
        let fingerprint = spec.logo.as_ref().map(|logo| logo.fingerprint());
        let rest = fingerprint.map_or(String::new(), |digits| format!("-{digits}"));
        let file = render(&arm, spec).await.unwrap().file;
        assert_eq!(*file.etag, format!("\"{digest}-{}{rest}\"", A::NAME));
        files.push(file.bytes);
    }
    assert!(files[0] != files[1] && files[1] != files[2]);
}

pub async fn densities<A: Renders>(new: impl Fn(Room) -> A) {
    let arm = new(Room::default());
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
    let png = render(&arm, of(Format::Png)).await.unwrap();
    assert_eq!(png.facts.width_px, 300);
    // 300 dpi = 11 811 pixels per metre; the decoder has checked the CRC of the chunk.
    let mut density = b"pHYs".to_vec();
    density.extend([0, 0, 0x2e, 0x23, 0, 0, 0x2e, 0x23, 1]);
    assert_eq!(&png.file.bytes[37..50], density);
    assert_eq!(read(&pixels(&png.file)).unwrap(), b"a");
    let jpeg = render(&arm, of(Format::Jpeg)).await.unwrap();
    // JFIF: units 1 (per inch), 300, 300.
    assert_eq!(&jpeg.file.bytes[6..10], b"JFIF");
    assert_eq!(&jpeg.file.bytes[13..18], [1, 1, 44, 1, 44]);
    let svg = render(&arm, of(Format::Svg)).await.unwrap();
    let mut windows = svg.file.bytes.windows(14);
    assert!(windows.any(|w| w == br#"width="2.54cm""#));
}

pub async fn never_too_small<A: Renders>(new: impl Fn(Room) -> A) {
    let spec = Spec {
        size: Size::Pixels(1),
        border: 20,
        ..Spec::new("https://example.com")
    };
    let image = render(&new(Room::default()), spec).await.unwrap();
    assert_eq!(image.facts.width_px, 25 + 40);
    assert_eq!(pixels(&image.file).dimensions(), (65, 65));
}

/// Content that does not fit is refused with the field that would help.
pub async fn too_long<A: Renders>(new: impl Fn(Room) -> A) {
    let arm = new(Room::default());
    let mark = Some(Logo::for_tests());
    let (weaker, none) = (
        (Level::M, 2331, 1, Some(Level::L)),
        (Level::H, 1273, 1, None),
    );
    for (bytes, logo, field, overflow) in [
        (2332, None, Field::Level, weaker),
        (1274, mark, Field::Logo, none),
    ] {
        let spec = Spec {
            logo,
            ..Spec::new("a".repeat(bytes))
        };
        let error = render(&arm, spec).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Invalid);
        let faults = Faults::of(&error);
        assert_eq!(faults.len(), 1, "{error:?}");
        let (level, most_bytes, over_bytes, ask_for) = overflow;
        let problem = Problem::DoesNotFit(Overflow {
            level,
            most_bytes,
            over_bytes,
            ask_for,
        });
        assert_eq!((faults[0].field, &faults[0].problem), (field, &problem));
    }
}

/// Waiting for room ends at the deadline.
pub async fn room<A: Renders>(new: impl Fn(Room) -> A) {
    let room = Room::default();
    let arm = new(room.clone());
    let spec = Spec {
        size: Size::Pixels(3000),
        format: Format::Webp,
        ..Spec::new("a")
    };
    let request = Arc::new(Request::new(spec).unwrap());
    let _all = room.fill_for_test().await;
    let soon = ctx(Duration::from_millis(10));
    let error = arm.run(&soon, &request).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Unavailable);
}

/// Any valid request.
pub fn any_spec() -> impl Strategy<Value = Spec> {
    let unit = prop::sample::select(vec![Unit::Cm, Unit::Mm]);
    let physical = (0.1_f64..=30.0, 72_u16..=150, unit).prop_map(|(width, dpi, unit)| {
        let width = width / 3.0 + 0.1;
        Size::Physical(Physical { width, unit, dpi })
    });
    let size = prop_oneof![(1_u32..=600).prop_map(Size::Pixels), physical];
    let content = prop_oneof!["[ -~]{1,80}", ".{1,30}"];
    let form = (
        prop::sample::select(Format::ON_SCREENS.to_vec()),
        prop::sample::select(Level::ALL.to_vec()),
        1_u8..=100,
    );
    let text = proptest::option::of(".{0,20}");
    (
        content,
        size,
        form,
        0_u8..=20,
        any::<bool>(),
        any::<[[u8; 3]; 2]>(),
        text,
    )
        .prop_map(
            |(content, size, (format, level, quality), border, logo, [dark, light], title)| Spec {
                size,
                level,
                format,
                border,
                logo: logo.then(Logo::for_tests),
                quality: Some(quality),
                colors: Colors {
                    data_dark: Some(Color { rgb: dark }),
                    data_light: Some(Color { rgb: light }),
                    ..Colors::default()
                },
                title,
                ..Spec::new(content)
            },
        )
}
