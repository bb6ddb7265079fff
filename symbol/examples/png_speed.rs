//! How long writing a PNG takes, and how many bytes it is: `cargo run --release -p symbol --example png_speed`.
//!
//! Invariant: every figure is the median of many runs over different symbols of one version.

use std::hint::black_box;
use std::time::{Duration, Instant};

use qrcodegen::{QrCode, QrCodeEcc};
use symbol::Matrix;
use symbol::file::{Canvas, Inks, Picture, png};

/// Version, and how many characters of text fill it at level M.
const SIZES: [(u8, usize); 5] = [(3, 30), (6, 100), (13, 300), (26, 1000), (40, 2300)];

#[expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a benchmark"
)]
fn main() {
    let inks = Inks::BLACK_ON_WHITE;
    println!("version  px    ns      bytes");
    for (version, characters) in SIZES {
        let matrices: Vec<_> = (0..16).map(|seed| matrix(characters, seed)).collect();
        for width_px in [300, 1000, 2000] {
            let (mut times, mut bytes) = (Vec::new(), 0);
            let mut out = Vec::new();
            for round in 0..120 {
                for dark in &matrices {
                    let Some(canvas) = Canvas::fit(dark.modules(), 4, width_px) else {
                        continue;
                    };
                    let picture = Picture {
                        dark,
                        data: dark,
                        canvas,
                        inks,
                        dpi: None,
                    };
                    out.clear();
                    let start = Instant::now();
                    png::write(black_box(&picture), black_box(&mut out));
                    if round >= 20 {
                        times.push(start.elapsed());
                        bytes += out.len();
                    }
                }
            }
            times.sort();
            let median = times.get(times.len() / 2).map_or(0, Duration::as_nanos);
            println!(
                "{version:7}  {width_px:4}  {median:6}  {:5}",
                bytes / times.len().max(1)
            );
        }
    }
}

/// A symbol of a URL that goes on with random letters.
fn matrix(characters: usize, seed: u64) -> Matrix {
    let mut state = seed.wrapping_add(1);
    let mut text = String::from("https://example.org/");
    while text.len() < characters {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let letters = b"abcdefghijklmnopqrstuvwxyz0123456789-_";
        text.push(char::from(letters[(state >> 33) as usize % letters.len()]));
    }
    match QrCode::encode_text(&text, QrCodeEcc::Medium) {
        Ok(code) => {
            let modules = usize::try_from(code.size()).unwrap_or(0);
            let at = |x| i32::try_from(x).unwrap_or(-1);
            Matrix::from_fn(modules, |x, y| code.get_module(at(x), at(y)))
        }
        Err(_) => Matrix::from_fn(0, |_, _| false),
    }
}
