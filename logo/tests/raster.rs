//! PNG, JPEG and WebP: what they become, and files that are made to cost time or memory.
//!
//! Invariant: a prefix of a file is refused, or is the whole picture.

// Helpers of a test are tests too.
#![allow(
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    clippy::many_single_char_names,
    clippy::similar_names
)]
#![allow(clippy::trivially_copy_pass_by_ref)]

use std::io::Cursor;

use image::{
    DynamicImage, ExtendedColorType, ImageFormat, Rgb, Rgba, RgbaImage, codecs::jpeg::JpegEncoder,
};

/// Each pixel another colour, with some that are transparent.
fn picture(width: u32, height: u32) -> RgbaImage {
    RgbaImage::from_fn(width, height, |x, y| {
        let alpha = if x < 2 { 99 } else { 255 };
        Rgba([(x * 3) as u8, (y * 5) as u8, (x ^ y) as u8, alpha])
    })
}

fn encoded(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    picture.write_to(&mut file, format).unwrap();
    file.into_inner()
}

fn jpeg(width: u32, height: u32) -> Vec<u8> {
    encoded(
        &DynamicImage::from(picture(width, height))
            .into_rgb8()
            .into(),
        ImageFormat::Jpeg,
    )
}

#[track_caller]
fn refused(bytes: &[u8], why: &str) {
    let found = logo::read(bytes).map_or_else(
        |refused| refused.to_string(),
        |picture| format!("{picture:?}"),
    );
    assert!(found.contains(why), "{found:?} instead of {why:?}");
}

fn chunk(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let mut crc = flate2::Crc::new();
    crc.update(kind);
    crc.update(data);
    let length = u32::try_from(data.len()).unwrap();
    [
        &length.to_be_bytes()[..],
        kind,
        data,
        &crc.sum().to_be_bytes(),
    ]
    .concat()
}

/// A PNG with `chunks` between its header and its pixels.
fn png(width: u32, height: u32, chunks: &[u8], pixels: &[u8]) -> Vec<u8> {
    let header = [
        &width.to_be_bytes()[..],
        &height.to_be_bytes(),
        &[8, 6, 0, 0, 0],
    ]
    .concat();
    let parts = [
        chunk(b"IHDR", &header),
        chunks.to_vec(),
        chunk(b"IDAT", pixels),
        chunk(b"IEND", &[]),
    ];
    [b"\x89PNG\r\n\x1a\n".to_vec(), parts.concat()].concat()
}

fn deflated(bytes: usize) -> Vec<u8> {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    std::io::Write::write_all(&mut encoder, &vec![1; bytes]).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn lossless_formats_keep_every_pixel() {
    let original = picture(40, 30);
    for format in [ImageFormat::Png, ImageFormat::WebP] {
        let read = logo::read(&encoded(&original.clone().into(), format)).unwrap();
        assert_eq!((read.width_px, read.height_px), (40, 30));
        assert!(read.rgba == *original.as_raw(), "{format:?}");
    }
    let deep = DynamicImage::from(original.clone()).into_rgba16();
    assert!(
        logo::read(&encoded(&deep.into(), ImageFormat::Png))
            .unwrap()
            .rgba
            == *original.as_raw()
    );
    let grey = DynamicImage::from(original).into_luma8();
    let read = logo::read(&encoded(&grey.clone().into(), ImageFormat::Png)).unwrap();
    let of_grey = grey.pixels().flat_map(|p| [p.0[0], p.0[0], p.0[0], 255]);
    assert!(read.rgba.iter().copied().eq(of_grey));
}

#[test]
fn a_prefix_is_no_picture() {
    let original = DynamicImage::from(picture(33, 27));
    let files = [
        encoded(&original, ImageFormat::Png),
        encoded(&original, ImageFormat::WebP),
        jpeg(33, 27),
    ];
    for file in files {
        let whole = logo::read(&file).unwrap();
        for end in 0..file.len() {
            if let Ok(part) = logo::read(&file[..end]) {
                assert!(part == whole, "{end} of {} bytes", file.len());
            }
        }
    }
}

#[test]
fn a_picture_is_turned_as_it_says() {
    let mut file = Vec::new();
    let (red, blue) = (Rgb([250, 0, 0]), Rgb([0, 0, 250]));
    let halves = image::RgbImage::from_fn(64, 32, |x, _| if x < 32 { red } else { blue });
    JpegEncoder::new_with_quality(&mut file, 95)
        .encode(&halves, 64, 32, ExtendedColorType::Rgb8)
        .unwrap();
    // TIFF with one entry: orientation 6, a quarter turn clockwise.
    let exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
    let length = u16::try_from(exif.len() + 2).unwrap().to_be_bytes();
    let turned = [&file[..2], &[0xFF, 0xE1], &length, exif, &file[2..]].concat();
    let read = logo::read(&turned).unwrap();
    assert_eq!((read.width_px, read.height_px), (32, 64));
    assert!(
        read.rgba[0] > 200 && read.rgba[read.rgba.len() - 2] > 200,
        "red above blue"
    );
}

#[test]
fn sizes_are_checked_before_pixels_are_decoded() {
    refused(
        &png(65_535, 65_535, &[], &deflated(9_000_000)),
        "65535 × 65535",
    );
    refused(&png(1_025, 1, &[], &deflated(9)), "at most 1024 × 1024");
    refused(&png(u32::MAX, u32::MAX, &[], &[]), "at most 1024");
    refused(
        &encoded(&picture(1_025, 2).into(), ImageFormat::WebP),
        "at most 1024",
    );
    let mut huge = jpeg(16, 16);
    let frame = huge
        .windows(2)
        .position(|pair| pair == [0xFF, 0xC0])
        .unwrap();
    huge[frame + 5..frame + 9].fill(0xFF);
    refused(&huge, "65535 × 65535");
    let mut lossless = encoded(&picture(16, 16).into(), ImageFormat::WebP);
    lossless[21..24].fill(0xFE);
    refused(&lossless, "at most 1024");
    assert!(
        logo::read(&encoded(
            &DynamicImage::new_luma8(1_024, 1_024),
            ImageFormat::Png
        ))
        .is_ok()
    );
}

#[test]
fn what_unpacks_to_much_is_refused() {
    // Pixels for a thousand times the picture, and 200 MB of colour profile.
    let whole = png(2, 2, &[], &deflated(18));
    assert!(logo::read(&whole).is_ok());
    let profile = [&b"icc\0\0"[..], &deflated(200 << 20)].concat();
    let _bounded = logo::read(&png(2, 2, &chunk(b"iCCP", &profile), &deflated(18)));
    let _bounded = logo::read(&png(2, 2, &chunk(b"zTXt", &profile), &deflated(200 << 20)));
    refused(&vec![0x89; 256 * 1024 + 1], "256 KiB");
}

#[test]
fn animations_are_refused() {
    let control = chunk(b"acTL", &[0, 0, 0, 2, 0, 0, 0, 0]);
    refused(&png(2, 2, &control, &deflated(18)), "animated");
    let frame = [
        &[0; 6][..],
        &[1, 0, 0, 1, 0, 0],
        &[1, 0, 0, 0],
        &encoded(&picture(2, 2).into(), ImageFormat::WebP)[12..],
    ]
    .concat();
    let riff = |kind: &[u8; 4], data: &[u8]| {
        [
            &kind[..],
            &u32::try_from(data.len()).unwrap().to_le_bytes(),
            data,
        ]
        .concat()
    };
    let body = [
        b"WEBP".to_vec(),
        riff(b"VP8X", &[2, 0, 0, 0, 1, 0, 0, 1, 0, 0]),
        riff(b"ANIM", &[0; 6]),
        riff(b"ANMF", &frame),
    ]
    .concat();
    refused(&riff(b"RIFF", &body), "animated");
}

#[test]
fn a_jpeg_has_few_scans() {
    let file = jpeg(16, 16);
    let scan = file
        .windows(2)
        .position(|pair| pair == [0xFF, 0xDA])
        .unwrap();
    let bomb = [
        &file[..scan],
        &file[scan..file.len() - 2].repeat(40),
        &[0xFF, 0xD9],
    ]
    .concat();
    refused(&bomb, "32 scans");
}

#[test]
fn text_is_base64_or_a_data_uri() {
    let file = encoded(&picture(20, 20).into(), ImageFormat::Png);
    let whole = logo::read(&file).unwrap();
    let text = <base64ct::Base64 as base64ct::Encoding>::encode_string(&file);
    let lines = text
        .as_bytes()
        .chunks(76)
        .map(|line| std::str::from_utf8(line).unwrap())
        .collect::<Vec<_>>()
        .join("\r\n");
    for text in [
        text.clone(),
        lines.clone(),
        text.trim_end_matches('=').to_owned(),
        text.replace('+', "-").replace('/', "_"),
        format!(" data:image/png;base64,{text}\n"),
        format!("DATA:image/svg+xml;charset=utf-8;BASE64,{lines}"),
    ] {
        assert!(logo::from_data_uri(&text).unwrap() == whole, "{text:.60}");
    }
    for (text, why) in [
        ("http://example.com/a.png", "not fetched"),
        ("HTTPS://example.com/a.png", "not fetched"),
        ("file:///etc/passwd", "not fetched"),
        ("//example.com/a.png", "not fetched"),
        ("data:image/svg+xml,<svg/>", "without base64"),
        ("data:", "without base64"),
        ("data:;base64,", "no known format"),
        ("", "no known format"),
        ("<svg/>", "not base64"),
        ("AAAA=AAA", "not base64"),
        ("A", "not base64"),
        ("ü", "not base64"),
    ] {
        let found = logo::from_data_uri(text).unwrap_err().to_string();
        assert!(found.contains(why), "{text}: {found}");
    }
    assert!(
        logo::from_data_uri(&"A".repeat(1 << 20))
            .unwrap_err()
            .to_string()
            .contains("256 KiB")
    );
    assert!(logo::from_data_uri(&"\n".repeat(1 << 20)).is_err());
}

/// Red, 16 × 16, written by Pillow 13.0 with quality 95.
#[test]
fn inks_become_colours() {
    let read = logo::read(include_bytes!("files/cmyk.jpg")).unwrap();
    let [red, green, blue, alpha] = read.rgba[..4] else {
        panic!("no pixel")
    };
    assert!(
        red > 230 && green < 40 && blue < 40 && alpha == 255,
        "{red} {green} {blue}"
    );
    // Progressive, lossy with alpha, palette with a transparent colour.
    for file in [
        &include_bytes!("files/progressive.jpg")[..],
        include_bytes!("files/lossy.webp"),
        include_bytes!("files/palette.png"),
    ] {
        let read = logo::read(file).unwrap();
        let [red, green, blue, _] = read.rgba[read.rgba.len() - 4..] else {
            panic!("no pixel")
        };
        assert!(red > 230 && green < 40 && blue < 40, "{red} {green} {blue}");
    }
}
