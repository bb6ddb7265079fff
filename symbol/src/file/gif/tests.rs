//! Files read back by the `gif` crate, pixel by pixel.

use proptest::prelude::*;

use super::*;
use crate::Matrix;
use crate::file::tests::{any_canvas, any_inks, any_matrix, colour_at};
use crate::file::{Canvas, Inks};

/// The indices, by the letter of appendix F: an end must be there, and nothing behind it.
fn indices(file: &[u8], header: usize) -> Vec<u8> {
    assert_eq!(file[header], 2);
    let (mut bits, mut at) = (Vec::new(), header + 1);
    while file[at] > 0 {
        let length = usize::from(file[at]);
        bits.extend(
            file[at + 1..=at + length]
                .iter()
                .flat_map(|byte| (0..8).map(move |bit| byte >> bit & 1)),
        );
        at += length + 1;
    }
    assert_eq!(file[at + 1..], [0x3B]);

    let start: Vec<Vec<u8>> = (0..6).map(|code| vec![code]).collect();
    let (mut table, mut code_bits, mut last, mut found) =
        (start.clone(), 3, Vec::new(), Vec::new());
    let mut rest = &bits[..];
    loop {
        let (code, behind) = rest.split_at(code_bits);
        let code = code
            .iter()
            .rev()
            .fold(0, |code, bit| code << 1 | usize::from(*bit));
        rest = behind;
        match code {
            4 => (table, code_bits, last) = (start.clone(), 3, Vec::new()),
            5 => break,
            _ => {
                let phrase = table.get(code).unwrap_or(&last);
                let longer = [&last[..], &phrase[..1]].concat();
                if !last.is_empty() && table.len() < 4096 {
                    table.push(longer);
                }
                last.clone_from(&table[code]);
                found.extend_from_slice(&last);
                code_bits += usize::from(table.len() == 1 << code_bits && code_bits < 12);
            }
        }
    }
    assert!(rest.len() < 8);
    found
}

fn assert_reads_back(picture: &Picture) {
    let mut file = Vec::new();
    write(picture, &mut file);
    let palette = Palette::of(picture);
    let control = if palette.clear().is_some() { 8 } else { 0 };
    let found = indices(&file, 13 + 3 * palette.inks.len() + control + 10);
    assert_eq!(found.len(), (picture.canvas.width_px() as usize).pow(2));
    let mut options = ::gif::DecodeOptions::new();
    options.set_color_output(::gif::ColorOutput::RGBA);
    let mut decoder = options.read_info(std::io::Cursor::new(&file)).unwrap();
    let width_px = picture.canvas.width_px();
    assert_eq!(
        (u32::from(decoder.width()), u32::from(decoder.height())),
        (width_px, width_px)
    );
    let frame = decoder.read_next_frame().unwrap().unwrap();
    assert_eq!(
        frame.buffer.len(),
        4 * width_px as usize * width_px as usize
    );
    let places = (0..width_px).flat_map(|y| (0..width_px).map(move |x| (x, y)));
    for ((x, y), found) in places.zip(frame.buffer.chunks_exact(4)) {
        let [red, green, blue, alpha] = colour_at(picture, x, y);
        if alpha < 128 {
            assert_eq!(found[3], 0, "at {x}, {y}");
        } else {
            assert_eq!(found, [red, green, blue, 255], "at {x}, {y}");
        }
    }
    assert!(decoder.read_next_frame().unwrap().is_none());
}

proptest! {
    #[test]
    fn every_pixel_is_what_a_naive_painter_paints(
        dark in any_matrix(),
        data in any_matrix(),
        canvas in prop_oneof![any_canvas(600), any_canvas(9)],
        inks in any_inks(),
    ) {
        assert_reads_back(&Picture { dark: &dark, data: &data, canvas, inks, dpi: None });
    }

    #[test]
    fn however_long_the_last_phrase_is(rows in prop::collection::vec(any::<u64>(), 1..64), border in 0_u8..3) {
        let dark = Matrix::from_rows(rows.into_iter().map(|row| [row, 0, 0]).collect());
        let canvas = Canvas::tight(dark.modules(), border, 1).unwrap();
        assert_reads_back(&Picture { dark: &dark, data: &dark, canvas, inks: Inks::BLACK_ON_WHITE, dpi: None });
    }
}
