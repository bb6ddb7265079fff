//! How long the vector formats take, and how large they are: `cargo run --release -p symbol --example svg_speed`.
//!
//! Invariant: only writing is timed, into a buffer that is already large enough; the symbols come from another encoder.
// A stopwatch that prints is all this is.
#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::disallowed_methods)]

use std::{hint::black_box, time::Instant};

use qrcodegen::{QrCode, QrCodeEcc};
use symbol::{
    Matrix,
    file::{Canvas, Inks, Length, Paint, Picture, Sheet, Unit, eps, pdf, svg},
};

/// Version, and the length of the text that fills it.
const TEXTS: [(u8, usize); 5] = [(3, 30), (6, 100), (13, 300), (26, 1000), (40, 2300)];
const ROUNDS: usize = 301;

fn matrix(version: u8, len: usize) -> Matrix {
    let text: String = "https://example.com/r/1234abcd-"
        .chars()
        .cycle()
        .take(len)
        .collect();
    let code = QrCode::encode_text(&text, QrCodeEcc::Medium).unwrap();
    assert_eq!(code.version().value(), version);
    let modules = 17 + 4 * usize::from(version);
    let int = |n: usize| i32::try_from(n).unwrap();
    Matrix::from_fn(modules, |x, y| code.get_module(int(x), int(y)))
}

/// Median over the rounds, in nanoseconds, and bytes.
fn measure(write: impl Fn(&mut Vec<u8>)) -> (u128, usize) {
    let mut out = Vec::with_capacity(1 << 20);
    let mut times: Vec<u128> = (0..ROUNDS)
        .map(|_| {
            let start = Instant::now();
            for _ in 0..32 {
                out.clear();
                write(black_box(&mut out));
            }
            start.elapsed().as_nanos() / 32
        })
        .collect();
    times.sort_unstable();
    (times[ROUNDS / 2], out.len())
}

fn main() {
    println!("version        svg minimal        svg default                pdf                eps");
    for (version, len) in TEXTS {
        let dark = matrix(version, len);
        let picture = Picture {
            dark: &dark,
            data: &dark,
            canvas: Canvas::tight(dark.modules(), 4, 8).expect("it fits"),
            inks: Inks::BLACK_ON_WHITE,
            dpi: None,
        };
        let minimal = svg::Options {
            size: svg::Size::Fluid,
            label: svg::Label::Silent,
            extra: "",
        };
        let sheet = Sheet {
            width: Length::new(25.0, Unit::Mm).unwrap(),
            paint: Paint::Cmyk,
            title: "",
        };
        let columns = [
            measure(|out| svg::write(black_box(&picture), &minimal, out)),
            measure(|out| svg::write(black_box(&picture), &svg::Options::default(), out)),
            measure(|out| pdf::write(black_box(&picture), &sheet, out)),
            measure(|out| eps::write(black_box(&picture), &sheet, out)),
        ];
        print!("{version:>7}");
        for (ns, bytes) in columns {
            print!("  {ns:>6} ns {bytes:>6} B");
        }
        println!();
    }
}
