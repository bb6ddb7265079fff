//! Any valid request.

use proptest::prelude::*;

use super::*;

pub(in super::super) fn any_spec() -> impl Strategy<Value = Spec> {
    let size = prop_oneof![
        (1_u32..=600).prop_map(Size::Pixels),
        (
            0.1_f64..=30.0,
            72_u16..=150,
            prop::sample::select(vec![Unit::Cm, Unit::Mm])
        )
            .prop_map(|(width, dpi, unit)| Size::Physical(Physical {
                width: width / 3.0 + 0.1,
                unit,
                dpi
            })),
    ];
    let content = prop_oneof!["[ -~]{1,80}", ".{1,30}"];
    let form = (
        prop::sample::select(Format::ALL.to_vec()),
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
                logo,
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

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn no_valid_request_panics_or_faults(spec in any_spec()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        match runtime.block_on(render(spec)) {
            Ok(image) => prop_assert!(!image.bytes.is_empty()),
            Err(e) => prop_assert!(!e.kind().is_fault(), "{e:?}"),
        }
    }

    /// At three pixels per module and more: below, rqrr (not the symbol) is at its limit.
    #[test]
    fn black_on_white_is_read_back(content in "[ -~]{1,60}", px in 300_u32..500, border in 4_u8..=8, format in prop::sample::select(RASTER.to_vec())) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let spec = Spec { format, border, size: Size::Pixels(px), ..Spec::new(content.clone()) };
        let image = runtime.block_on(render(spec)).unwrap();
        prop_assert_eq!(read(&pixels(&image)), Some(content.into_bytes()));
    }
}
