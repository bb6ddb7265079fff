//! The old renderer's files.

use proptest::prelude::*;

use super::Renderer;
use crate::{
    kernel::Result,
    render::{
        Color, Colors, Format, Logo, Physical, Rendered, Room, Size, Spec, Unit,
        checks::{self, any_spec, rendered},
        decoded::{RASTER, pixels, read},
    },
};

mod svg;

checks::tests!(Renderer::new);

fn render(spec: Spec) -> Result<Rendered> {
    rendered(&Renderer::new(Room::default()), spec)
}

/// The file of the old renderer for a fixed request; compare by eye before replacing it.
#[test]
fn the_png_of_version_1_is_pinned() {
    golden("legacy-default.png", Spec::new("https://example.com"));
}

/// With `GOLDEN=1` in the environment the file is written instead.
#[allow(clippy::disallowed_methods)] // a switch of the test, not a setting
fn golden(name: &str, spec: Spec) {
    let bytes = render(spec).unwrap().file.bytes;
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/goldens")
        .join(name);
    if std::env::var("GOLDEN").is_ok() {
        std::fs::write(&path, &bytes).unwrap();
    }
    let expected = std::fs::read(&path).unwrap();
    assert!(expected == bytes, "{name} changed: raise the arm's version");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn no_valid_request_panics_or_faults(spec in any_spec()) {
        match render(spec) {
            Ok(image) => prop_assert!(!image.file.bytes.is_empty()),
            Err(e) => prop_assert!(!e.kind().is_fault(), "{e:?}"),
        }
    }

    /// At three pixels per module and more: below, rqrr (not the symbol) is at its limit.
    #[test]
    fn black_on_white_is_read_back(content in "[ -~]{1,60}", px in 300_u32..500, border in 4_u8..=8, format in prop::sample::select(RASTER.to_vec())) {
        let spec = Spec { format, border, size: Size::Pixels(px), ..Spec::new(content.clone()) };
        let image = render(spec).unwrap();
        prop_assert_eq!(read(&pixels(&image.file)), Some(content.into_bytes()));
    }
}
