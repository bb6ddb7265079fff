//! Text to symbol and text to file, by each peer.
//!
//! Invariant: nothing is kept from one call to the next.

use std::hint::black_box;

use image::{
    ExtendedColorType, ImageEncoder, Luma,
    codecs::png::{CompressionType, FilterType, PngEncoder},
};
use qrcode::{EcLevel, QrCode};
use qrcodegen::{QrSegment, Version};
use symbol::Level;

/// What is made of a text.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Output {
    Symbol,
    /// Width in pixels, about: most peers take the next whole module below.
    Png(u32),
    Svg,
}

/// Another encoder.
pub struct Peer {
    pub name: &'static str,
    /// Bytes of the file, 0 for a symbol. `None`: the peer cannot.
    pub make: fn(&str, Output) -> Option<usize>,
}

pub const ALL: [Peer; 4] = [
    Peer {
        name: "fast_qr",
        make: fast_qr,
    },
    Peer {
        name: "qrcode",
        make: qrcode,
    },
    Peer {
        name: "qrcode, best compression",
        make: qrcode_small,
    },
    Peer {
        name: "qrcodegen",
        make: qrcodegen,
    },
];

fn fast_qr(text: &str, output: Output) -> Option<usize> {
    use fast_qr::convert::{Builder, svg::SvgBuilder};
    let code = fast_qr::QRBuilder::new(text)
        .ecl(fast_qr::ECL::M)
        .build()
        .ok()?;
    match output {
        Output::Symbol => {
            black_box(&code);
            Some(0)
        }
        Output::Svg => Some(black_box(SvgBuilder::default().margin(4).to_str(&code)).len()),
        #[cfg(feature = "fast_qr_png")]
        Output::Png(width_px) => {
            let mut image = fast_qr::convert::image::ImageBuilder::default();
            let file = image.margin(4).fit_width(width_px).to_bytes(&code).ok()?;
            Some(black_box(file).len())
        }
        #[cfg(not(feature = "fast_qr_png"))]
        Output::Png(_) => None,
    }
}

fn qrcode(text: &str, output: Output) -> Option<usize> {
    let code = QrCode::with_error_correction_level(text, EcLevel::M).ok()?;
    match output {
        Output::Symbol => {
            black_box(&code);
            Some(0)
        }
        Output::Svg => {
            let svg = code.render::<qrcode::render::svg::Color>().build();
            Some(black_box(svg).len())
        }
        Output::Png(width_px) => {
            let mut file = Vec::new();
            png(&code, width_px, PngEncoder::new(&mut file))?;
            Some(black_box(file).len())
        }
    }
}

/// The same with all that the encoder of PNG can do.
fn qrcode_small(text: &str, output: Output) -> Option<usize> {
    let Output::Png(width_px) = output else {
        return None;
    };
    let code = QrCode::with_error_correction_level(text, EcLevel::M).ok()?;
    let mut file = Vec::new();
    let best = (CompressionType::Best, FilterType::Adaptive);
    let encoder = PngEncoder::new_with_quality(&mut file, best.0, best.1);
    png(&code, width_px, encoder)?;
    Some(black_box(file).len())
}

fn png(code: &QrCode, width_px: u32, encoder: PngEncoder<&mut Vec<u8>>) -> Option<()> {
    let pixels = code
        .render::<Luma<u8>>()
        .max_dimensions(width_px, width_px)
        .build();
    let (width, height) = pixels.dimensions();
    encoder
        .write_image(pixels.as_raw(), width, height, ExtendedColorType::L8)
        .ok()
}

fn qrcodegen(text: &str, output: Output) -> Option<usize> {
    if output != Output::Symbol {
        return None;
    }
    let segments = QrSegment::make_segments(text);
    let level = super::level(Level::M);
    let code = qrcodegen::QrCode::encode_segments_advanced(
        &segments,
        level,
        Version::MIN,
        Version::MAX,
        None,
        false,
    );
    black_box(code.ok()?);
    Some(0)
}
