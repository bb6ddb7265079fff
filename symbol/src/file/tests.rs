//! What all formats are tested with: any picture, and a painter that is too simple to be wrong.

use proptest::prelude::*;

use super::*;

/// Whether like a symbol or not.
pub(in crate::file) fn any_matrix() -> impl Strategy<Value = Matrix> {
    let rows = prop::collection::vec(any::<[u64; 3]>(), 0..=177);
    let few = prop::collection::vec(any::<[u64; 3]>(), 0..4);
    let repeating = (few, 1_usize..60).prop_map(|(rows, times)| rows.repeat(times));
    let sparse = prop::collection::vec(any::<[u64; 6]>(), 0..60).prop_map(|rows| {
        rows.into_iter()
            .map(|w| [w[0] & w[1] & w[2], w[2] & w[3] & w[4], w[5] & w[0]])
            .collect()
    });
    prop_oneof![rows, repeating, sparse].prop_map(Matrix::from_rows)
}

/// Also such that were not made for the matrix.
pub(in crate::file) fn any_canvas(max_width_px: u32) -> impl Strategy<Value = Canvas> {
    (1..=max_width_px, 1..=40_u32, any::<u32>()).prop_filter_map(
        "no module fits",
        |(width_px, module_px, offset_px)| {
            let offset_px = offset_px % width_px.checked_sub(module_px)?.checked_add(1)?;
            Canvas::new(1, width_px, module_px, offset_px % 200)
        },
    )
}

pub(in crate::file) fn any_ink() -> impl Strategy<Value = Ink> {
    let other = (any::<[u8; 3]>(), any::<u8>()).prop_map(|(rgb, alpha)| Ink { rgb, alpha });
    let grey = any::<u8>().prop_map(|level| Ink::opaque([level; 3]));
    prop_oneof![Just(Ink::BLACK), Just(Ink::WHITE), grey, other]
}

pub(in crate::file) fn any_inks() -> impl Strategy<Value = Inks> {
    let two = (any_ink(), any_ink()).prop_map(|(dark, light)| Inks::two(dark, light));
    let four = (any_ink(), any_ink(), any_ink(), any_ink()).prop_map(
        |(dark, light, data_dark, data_light)| Inks {
            dark,
            light,
            data_dark,
            data_light,
        },
    );
    let three = (any_ink(), any_ink(), any_ink()).prop_map(|(dark, light, data)| Inks {
        data_dark: data,
        ..Inks::two(dark, light)
    });
    prop_oneof![
        Just(Inks::BLACK_ON_WHITE),
        Just(Inks::two(Ink::WHITE, Ink::BLACK)),
        two,
        three,
        four
    ]
}

/// Red, green, blue, opacity.
pub(in crate::file) fn colour_at(picture: &Picture, x: u32, y: u32) -> [u8; 4] {
    let canvas = picture.canvas;
    let module = |px: u32| {
        let module = (px.checked_sub(canvas.offset_px())? / canvas.module_px()) as usize;
        (module < picture.modules()).then_some(module)
    };
    let (dark, data) = match (module(x), module(y)) {
        (Some(x), Some(y)) => (picture.dark.is_dark(x, y), picture.data.is_dark(x, y)),
        _ => (false, false),
    };
    let ink = match (dark, data) {
        (true, false) => picture.inks.dark,
        (false, false) => picture.inks.light,
        (true, true) => picture.inks.data_dark,
        (false, true) => picture.inks.data_light,
    };
    let [red, green, blue] = ink.rgb;
    [red, green, blue, ink.alpha]
}

proptest! {
    #[test]
    fn a_canvas_holds_its_symbol(
        modules in prop_oneof![0_usize..200, any::<usize>()],
        border in any::<u8>(),
        px in prop_oneof![0_u32..70_000, any::<u32>()],
    ) {
        let (tight, fit) = (Canvas::tight(modules, border, px), Canvas::fit(modules, border, px));
        for canvas in tight.iter().chain(&fit) {
            let across = u64::from(canvas.module_px()) * modules as u64;
            let wanted = u64::from(border) * u64::from(canvas.module_px());
            prop_assert!(canvas.module_px() > 0 && u64::from(canvas.offset_px()) >= wanted);
            prop_assert!(u64::from(canvas.offset_px()) + across + wanted <= u64::from(canvas.width_px()));
        }
        let across = modules as u128 + 2 * u128::from(border);
        let max = u128::from(Canvas::MAX_WIDTH_PX);
        prop_assert_eq!(tight.is_some(), modules > 0 && px > 0 && across * u128::from(px) <= max);
        prop_assert_eq!(fit.is_some(), modules > 0 && across <= u128::from(px) && u128::from(px) <= max);
    }
}
