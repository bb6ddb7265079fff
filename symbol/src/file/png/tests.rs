//! Files read back by the `png` crate, pixel by pixel.

use proptest::prelude::*;

use super::*;
use crate::Matrix;
use crate::file::tests::{any_canvas, any_inks, any_matrix, colour_at};
use crate::file::{Canvas, Inks};

/// Red, green, blue and opacity of every pixel, from top to bottom, and pixels per metre.
fn read(file: &[u8]) -> (u32, Vec<[u8; 4]>, Option<u32>) {
    let mut decoder = ::png::Decoder::new(std::io::Cursor::new(file));
    decoder.set_transformations(
        ::png::Transformations::normalize_to_color8() | ::png::Transformations::ALPHA,
    );
    let mut reader = decoder.read_info().unwrap();
    let mut bytes = vec![0; reader.output_buffer_size().unwrap()];
    let frame = reader.next_frame(&mut bytes).unwrap();
    reader.finish().unwrap();
    assert_eq!(frame.width, frame.height);
    let pixels = bytes[..frame.buffer_size()].chunks_exact(frame.color_type.samples());
    let pixels = pixels.map(|pixel| match *pixel {
        [grey, alpha] => [grey, grey, grey, alpha],
        [red, green, blue, alpha] => [red, green, blue, alpha],
        _ => panic!("not what was asked for"),
    });
    let dimensions = reader.info().pixel_dims.map(|dimensions| {
        assert_eq!(
            (dimensions.xppu, dimensions.unit),
            (dimensions.yppu, ::png::Unit::Meter)
        );
        dimensions.xppu
    });
    (frame.width, pixels.collect(), dimensions)
}

fn assert_reads_back(picture: &Picture) {
    let mut file = b"before".to_vec();
    write(picture, &mut file);
    let file = file.strip_prefix(b"before").unwrap();
    let (width_px, pixels, _) = read(file);
    assert_eq!(width_px, picture.canvas.width_px());
    let places = (0..width_px).flat_map(|y| (0..width_px).map(move |x| (x, y)));
    for ((x, y), pixel) in places.zip(pixels) {
        assert_eq!(
            pixel,
            colour_at(picture, x, y),
            "at {x}, {y} of {picture:?}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn every_pixel_is_what_a_naive_painter_paints(
        (dark, data) in any_matrix().prop_flat_map(|dark| (Just(dark), any_matrix())),
        canvas in any_canvas(3000),
        inks in any_inks(),
    ) {
        assert_reads_back(&Picture { dark: &dark, data: &data, canvas, inks, dpi: None });
    }

}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn every_pixel_of_small_pictures(
        (dark, data) in any_matrix().prop_flat_map(|dark| (Just(dark), any_matrix())),
        canvas in any_canvas(70),
        inks in any_inks(),
    ) {
        assert_reads_back(&Picture { dark: &dark, data: &data, canvas, inks, dpi: None });
    }

    #[test]
    fn every_pixel_of_tiny_pictures(
        rows in prop::collection::vec(any::<u64>(), 0..24),
        border in 0_u8..3,
        module_px in 1_u32..5,
        inks in any_inks(),
    ) {
        let dark = Matrix::from_rows(rows.into_iter().map(|row| [row, 0, 0]).collect());
        if let Some(canvas) = Canvas::tight(dark.modules(), border, module_px) {
            assert_reads_back(&Picture { dark: &dark, data: &dark, canvas, inks, dpi: None });
        }
    }

    #[test]
    fn no_resolution_makes_a_file_unreadable(dpi in any::<f64>()) {
        let dark = Matrix::from_fn(1, |_, _| true);
        let canvas = Canvas::tight(1, 0, 1).unwrap();
        let inks = Inks::BLACK_ON_WHITE;
        let mut file = Vec::new();
        write(&Picture { dark: &dark, data: &dark, canvas, inks, dpi: Some(dpi) }, &mut file);
        read(&file);
    }
}

#[test]
fn widest() {
    let dark = Matrix::from_fn(177, |x, y| (x * y) % 3 == 0);
    for width_px in [20_000, Canvas::MAX_WIDTH_PX] {
        let canvas = Canvas::fit(177, 4, width_px).unwrap();
        let inks = Inks::BLACK_ON_WHITE;
        let mut file = Vec::new();
        write(
            &Picture {
                dark: &dark,
                data: &dark,
                canvas,
                inks,
                dpi: None,
            },
            &mut file,
        );
        let mut reader = ::png::Decoder::new(std::io::Cursor::new(file))
            .read_info()
            .unwrap();
        let mut y = 0;
        while let Some(row) = reader.next_row().unwrap() {
            if y % 1000 == 0 {
                let module = |px: u32| {
                    px.checked_sub(canvas.offset_px())
                        .map_or(usize::MAX, |px| (px / canvas.module_px()) as usize)
                };
                for x in 0..width_px {
                    let is_white = row.data()[x as usize / 8] >> (7 - x % 8) & 1 == 1;
                    assert_eq!(is_white, !dark.is_dark(module(x), module(y)), "{x} {y}");
                }
            }
            y += 1;
        }
    }
}

#[test]
fn pixels_come_back() {
    let dark = Matrix::from_fn(21, |x, y| x * y % 3 == 0);
    let canvas = Canvas::tight(21, 4, 3).unwrap();
    let clear = Ink {
        rgb: [1, 2, 3],
        alpha: 99,
    };
    for inks in [
        Inks::BLACK_ON_WHITE,
        Inks::two(Ink::BLACK, Ink::opaque([9, 8, 7])),
        Inks::two(Ink::BLACK, clear),
    ] {
        let picture = Picture {
            dark: &dark,
            data: &dark,
            canvas,
            inks,
            dpi: Some(300.0),
        };
        let mut file = Vec::new();
        encode(&Pixels::paint(&picture).unwrap(), picture.dpi, &mut file).unwrap();
        let (width_px, pixels, per_metre) = read(&file);
        let wanted = Pixels::paint_with(&picture, Channels::Rgba).unwrap();
        assert_eq!((width_px, per_metre), (canvas.width_px(), Some(11_811)));
        assert_eq!(pixels.as_flattened(), wanted.bytes());
    }
}

#[test]
fn pixels_per_metre_are_rounded() {
    let dark = Matrix::from_fn(21, |x, y| x == y);
    let picture = |dpi| Picture {
        dark: &dark,
        data: &dark,
        canvas: Canvas::tight(21, 4, 3).unwrap(),
        inks: Inks::BLACK_ON_WHITE,
        dpi,
    };
    for (dpi, wanted) in [
        (Some(300.0), Some(11_811)),
        (Some(72.0), Some(2835)),
        (Some(f64::NAN), None),
        (None, None),
    ] {
        let mut file = Vec::new();
        write(&picture(dpi), &mut file);
        assert_eq!(read(&file).2, wanted);
    }
}
