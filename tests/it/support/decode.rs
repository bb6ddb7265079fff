//! Decoders that are not ours: zbar and zxing-cpp. SVG is drawn by librsvg first.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use base64ct::{Base64, Encoding as _};

use super::postgres::run;

/// Reads pixels and decodes; prints what each symbol says, hexadecimal so that no byte is lost on the way.
const ZXING: &str = "
import sys, zxingcpp
from PIL import Image
image = Image.open(sys.argv[1]).convert('RGB')
for symbol in zxingcpp.read_barcodes(image, formats=[zxingcpp.BarcodeFormat.QRCode, zxingcpp.BarcodeFormat.MicroQRCode]):
    print(symbol.text.encode('utf-8').hex())
";

/// What both decoders read, which must be the same and one symbol. `format` is the file's extension.
#[track_caller]
pub fn decode(image: &[u8], format: &str) -> String {
    let dir = tempfile::tempdir().unwrap();
    let file = raster(dir.path(), image, format);
    let zbar = zbar(&file);
    let zxing = zxing(&file);
    assert_eq!(zbar, zxing, "zbar and zxing-cpp disagree on a {format}");
    zbar.unwrap_or_else(|| panic!("neither decoder finds one symbol in this {format}"))
}

/// The file of an answer of dialect v2.
#[track_caller]
pub fn file_of(answer: &serde_json::Value) -> Vec<u8> {
    if let Some(svg) = answer["svg"].as_str() {
        return svg.as_bytes().to_vec();
    }
    let (_, data) = answer["image"].as_str().unwrap().split_once(',').unwrap();
    Base64::decode_vec(data).unwrap()
}

/// An SVG as librsvg draws it, so many pixels wide.
pub fn drawn_by_librsvg(svg: &[u8], width: u32) -> image::RgbImage {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("symbol.svg");
    std::fs::write(&file, svg).unwrap();
    let png = draw(&file, width);
    image::open(png).unwrap().into_rgb8()
}

/// By zbar alone, from a PNG: symbols of one message that it sees together are one text.
pub fn by_zbar(png: &[u8]) -> Option<String> {
    let dir = tempfile::tempdir().unwrap();
    zbar(&raster(dir.path(), png, "png"))
}

/// By zxing-cpp alone.
pub fn by_zxing(image: &[u8], format: &str) -> Option<String> {
    let dir = tempfile::tempdir().unwrap();
    zxing(&raster(dir.path(), image, format))
}

fn raster(dir: &Path, image: &[u8], format: &str) -> PathBuf {
    let file = dir.join(format!("symbol.{format}"));
    std::fs::write(&file, image).unwrap();
    if format != "svg" {
        return file;
    }
    draw(&file, 600)
}

/// The PNG of an SVG.
fn draw(svg: &Path, width: u32) -> PathBuf {
    let png = svg.with_file_name("drawn.png");
    // On white: where the symbol leaves its background out, paper is what is there.
    let mut draw = Command::new("rsvg-convert");
    draw.args([
        "--width",
        &width.to_string(),
        "--keep-aspect-ratio",
        "--background-color",
        "white",
        "-o",
    ]);
    run(draw.arg(&png).arg(svg))
        .unwrap_or_else(|e| panic!("rsvg-convert (run scripts/test?): {e}"));
    png
}

pub fn zbar(file: &Path) -> Option<String> {
    let mut zbar = Command::new("zbarimg");
    zbar.args(["-q", "--raw", "--nodbus", "-Sdisable", "-Sqrcode.enable"]);
    let output = zbar.arg(file).output().expect("zbarimg: run scripts/test");
    // 4 is its way of saying that there is no symbol.
    let code = output.status.code();
    assert!(
        matches!(code, Some(0 | 4)),
        "zbarimg: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stdout).unwrap();
    (code == Some(0)).then(|| text.trim_end_matches('\n').to_owned())
}

fn zxing(file: &Path) -> Option<String> {
    let python = std::env::var("TEST_PYTHON").unwrap_or_else(|_| {
        concat!(env!("CARGO_MANIFEST_DIR"), "/target/test-venv/bin/python").into()
    });
    let out = run(Command::new(python).args(["-c", ZXING]).arg(file))
        .unwrap_or_else(|e| panic!("zxing-cpp (run scripts/test?): {e}"));
    let mut symbols = out.lines();
    let first = symbols.next()?;
    assert_eq!(symbols.next(), None, "zxing-cpp finds several symbols");
    let digits = first.as_bytes().chunks(2);
    let bytes = digits.map(|d| u8::from_str_radix(std::str::from_utf8(d).unwrap(), 16).unwrap());
    Some(String::from_utf8(bytes.collect()).unwrap())
}

/// The decoders' own test, with a symbol that is not ours either.
#[test]
fn decoders_read_a_symbol_and_refuse_a_blank_page() {
    let text = "https://example.com/r/1a2b3c4d?scan_ref=qr";
    let code = qrcode::QrCode::new(text).unwrap();
    let svg = code
        .to_colors()
        .iter()
        .zip(0..)
        .fold(String::new(), |path, (color, i)| {
            let (x, y) = (i % code.width() + 4, i / code.width() + 4);
            match color {
                qrcode::Color::Dark => format!("{path}M{x} {y}h1v1h-1z"),
                qrcode::Color::Light => path,
            }
        });
    let size = code.width() + 8;
    let page = |path: &str| {
        format!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size} {size}"><path d="{path}"/></svg>"#
        )
    };
    assert_eq!(decode(page(&svg).as_bytes(), "svg"), text);

    let dir = tempfile::tempdir().unwrap();
    let blank = raster(dir.path(), page("").as_bytes(), "svg");
    assert_eq!((zbar(&blank), zxing(&blank)), (None, None));
}
