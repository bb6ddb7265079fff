//! Options of the encoder, and symbols as text. What a symbol says is read by decoders that are not ours.

use std::io::Cursor;

use image::{ImageFormat, Rgb, RgbImage, imageops};
use serde_json::{Value, json};

use crate::support::{
    Answer, Client, Server,
    decode::{by_zbar, by_zxing, decode, file_of},
    on_both,
};

on_both!(
    symbols_are_encoded_as_asked,
    what_cannot_be_is_refused_with_what_would_work,
    a_message_is_read_from_its_symbols_together,
    a_message_that_cannot_be_split_is_refused,
    text_shows_a_symbol,
    each_format_says_what_it_cannot_carry,
);

const GENERATE: &str = "/api/v2/qr/generate";
const APPEND: &str = "/api/v2/qr/structured-append";

async fn ask(client: &Client, data: &str, options: &Value) -> Answer {
    let mut options = options.clone();
    if options["format"].is_null() {
        options["format"] = json!("png");
        options["size"] = json!(600);
    }
    let body = json!({ "data": data, "options": options });
    client.post(GENERATE, &body).await
}

/// They fill version 1 at level M.
const CAPITALS: &str = "ABCDEFGHIJKLMNOPQRST";

/// Content and options, what readers say, and facts of the symbol.
fn encodings() -> Vec<(&'static str, Value, &'static str, Value)> {
    vec![
        (CAPITALS, json!({}), CAPITALS, json!({ "version": 1 })),
        (
            CAPITALS,
            json!({ "version": 7 }),
            CAPITALS,
            json!({ "version": 7 }),
        ),
        (
            CAPITALS,
            json!({ "minVersion": 3 }),
            CAPITALS,
            json!({ "version": 3 }),
        ),
        (
            CAPITALS,
            json!({ "maxVersion": 9, "mask": 5 }),
            CAPITALS,
            json!({ "version": 1, "mask": 5 }),
        ),
        // 8 bits a character in the place of 5.5, and 12 bits that name the character set.
        (
            CAPITALS,
            json!({ "mode": "byte" }),
            CAPITALS,
            json!({ "version": 2 }),
        ),
        (
            CAPITALS,
            json!({ "eci": "always" }),
            CAPITALS,
            json!({ "version": 2 }),
        ),
        (
            "漢字",
            json!({ "mode": "kanji" }),
            "漢字",
            json!({ "version": 1 }),
        ),
        (
            "0123",
            json!({ "mode": "numeric" }),
            "0123",
            json!({ "version": 1 }),
        ),
        (
            "Größe",
            json!({ "eci": "latin-1" }),
            "Größe",
            json!({ "version": 1 }),
        ),
        (
            "漢字",
            json!({ "eci": "shift_jis" }),
            "漢字",
            json!({ "version": 1 }),
        ),
        (
            "Größe",
            json!({ "eci": "always" }),
            "Größe",
            json!({ "version": 1 }),
        ),
        (
            CAPITALS,
            json!({ "boostLevel": true, "errorCorrection": "L", "version": 3 }),
            CAPITALS,
            json!({ "version": 3, "errorCorrection": "H" }),
        ),
        (
            "HELLO",
            json!({ "micro": true, "version": 4, "mask": 2, "margin": 2 }),
            "HELLO",
            json!({ "version": 4, "mask": 2 }),
        ),
        (
            "12345",
            json!({ "micro": true, "version": 1, "margin": 2 }),
            "12345",
            json!({ "version": 1, "errorCorrection": "L" }),
        ),
        // An application indicator is a part of what readers tell.
        (
            "HELLO",
            json!({ "fnc1": "37" }),
            "37HELLO",
            json!({ "version": 1 }),
        ),
        (
            "HELLO",
            json!({ "fnc1": "A" }),
            "AHELLO",
            json!({ "version": 1 }),
        ),
        (
            "10ABC",
            json!({ "fnc1": "gs1" }),
            "(10)ABC",
            json!({ "version": 1 }),
        ),
    ]
}

async fn symbols_are_encoded_as_asked(server: Server) {
    let client = Client::admin(&server);
    for (data, options, said, of) in encodings() {
        let answer = ask(&client, data, &options).await.expect(200).json();
        for (fact, value) in of.as_object().unwrap() {
            assert_eq!(&answer["metadata"][fact], value, "{options}: {answer}");
        }
        let read = by_zxing(&file_of(&answer), "png");
        assert_eq!(read.as_deref(), Some(said), "{options}");
        assert_eq!(answer["scannability"]["grade"], "A", "{options}");
    }
    // What is not at its default has an answer of its own.
    let plain = ask(&client, CAPITALS, &json!({})).await.expect(200).json();
    let forced = ask(&client, CAPITALS, &json!({ "mask": 5 }))
        .await
        .expect(200)
        .json();
    assert_ne!(plain["image"], forced["image"]);
    // A style changes nothing about it.
    let styled = json!({ "version": 5, "mask": 6, "dataPattern": "dots", "format": "svg" });
    let answer = ask(&client, CAPITALS, &styled).await.expect(200).json();
    assert_eq!(
        (&answer["metadata"]["version"], &answer["metadata"]["mask"]),
        (&json!(5), &json!(6))
    );
    assert_eq!(decode(&file_of(&answer), "svg"), CAPITALS);
}

/// Stands for 300 letters.
const LONG: &str = "<long>";

/// Content and options that do not go together, the field to change, and what would be right.
type Refusal = (&'static str, Value, &'static str, &'static str);

fn sizes() -> Vec<Refusal> {
    vec![
        ("a", json!({ "mask": 8 }), "mask", "between 0 and 7"),
        ("a", json!({ "mask": -1 }), "mask", "between 0 and 7"),
        (
            "1",
            json!({ "mask": 4, "micro": true }),
            "mask",
            "between 0 and 3 of Micro QR",
        ),
        ("a", json!({ "version": 0 }), "version", "between 1 and 40"),
        ("a", json!({ "version": 41 }), "version", "between 1 and 40"),
        (
            "a",
            json!({ "version": 5, "micro": true }),
            "version",
            "between 1 and 4 of Micro QR",
        ),
        (
            "a",
            json!({ "minVersion": 9, "maxVersion": 3 }),
            "minVersion",
            "at most maxVersion",
        ),
        (
            "a",
            json!({ "version": 3, "maxVersion": 3 }),
            "maxVersion",
            "left out with version",
        ),
        (
            LONG,
            json!({ "version": 1 }),
            "version",
            "286 bytes too long for version 1 at errorCorrection M: allow version 13",
        ),
        (
            LONG,
            json!({ "maxVersion": 12 }),
            "maxVersion",
            "allow version 13, or ask for errorCorrection L",
        ),
    ]
}

fn contents() -> Vec<Refusal> {
    vec![
        (
            "a",
            json!({ "mode": "roman" }),
            "mode",
            "numeric, alphanumeric, byte, kanji",
        ),
        ("abc", json!({ "mode": "kanji" }), "mode", "leave mode out"),
        ("12a", json!({ "mode": "numeric" }), "mode", "at byte 2"),
        ("漢", json!({ "eci": "latin-1" }), "eci", "UTF-8 can"),
        ("a", json!({ "eci": "maybe" }), "eci", "auto, always, never"),
        (
            "1",
            json!({ "eci": "always", "micro": true }),
            "eci",
            "leave it out, or micro",
        ),
        (
            "a",
            json!({ "fnc1": "GS1" }),
            "fnc1",
            "gs1, or an application indicator",
        ),
        (
            "a",
            json!({ "fnc1": "ä" }),
            "fnc1",
            "gs1, or an application indicator",
        ),
        (
            "1",
            json!({ "fnc1": "37", "micro": true }),
            "fnc1",
            "leave it out, or micro",
        ),
        (
            "a",
            json!({ "structuredAppend": {} }),
            "structuredAppend.parity",
            "must be given",
        ),
        (
            "a",
            json!({ "structuredAppend": { "index": 2, "total": 2, "parity": 0 } }),
            "structuredAppend.index",
            "less than total",
        ),
        (
            "a",
            json!({ "structuredAppend": { "index": 0, "total": 17, "parity": 0 } }),
            "structuredAppend.total",
            "between 2 and 16",
        ),
        (
            "a",
            json!({ "structuredAppend": { "index": 0, "total": 2, "parity": 256 } }),
            "structuredAppend.parity",
            "between 0 and 255",
        ),
        (
            "1",
            json!({ "structuredAppend": { "index": 0, "total": 2, "parity": 1 }, "micro": true }),
            "structuredAppend",
            "or micro",
        ),
        (
            "a",
            json!({ "micro": true, "version": 2, "errorCorrection": "L" }),
            "version",
            "has no byte mode",
        ),
        (
            "1",
            json!({ "micro": true, "version": 2, "errorCorrection": "Q" }),
            "errorCorrection",
            "M1 has errorCorrection L only",
        ),
        (
            "a",
            json!({ "terminal": "dark" }),
            "terminal",
            "needs format text",
        ),
    ]
}

async fn what_cannot_be_is_refused_with_what_would_work(server: Server) {
    let client = Client::admin(&server);
    for (data, options, field, advice) in sizes().into_iter().chain(contents()) {
        let data = data.replace(LONG, &"a".repeat(300));
        let data = data.as_str();
        let answer = ask(&client, data, &options).await;
        let text = answer.text();
        assert!(text.contains(advice), "{options}: {text}");
        answer.invalid(field);
    }
    for (field, value) in [
        ("version", json!("7")),
        ("mask", json!(1.5)),
        ("boostLevel", json!(1)),
        ("mode", json!(3)),
        ("fnc1", json!(37)),
        ("structuredAppend", json!(2)),
    ] {
        let answer = ask(&client, "a", &json!({ field: value })).await;
        answer.invalid(&format!("options.{field}"));
    }
}

/// PNGs side by side.
fn together(files: &[Vec<u8>]) -> Vec<u8> {
    let images: Vec<_> = files
        .iter()
        .map(|file| image::load_from_memory(file).unwrap().into_rgb8())
        .collect();
    let (width, height) = images[0].dimensions();
    let count = u32::try_from(images.len()).unwrap();
    let mut sheet = RgbImage::from_pixel(width * count, height, Rgb([255; 3]));
    for (n, image) in (0..).zip(&images) {
        imageops::replace(&mut sheet, image, i64::from(width) * n, 0);
    }
    let mut png = Cursor::new(Vec::new());
    sheet.write_to(&mut png, ImageFormat::Png).unwrap();
    png.into_inner()
}

async fn a_message_is_read_from_its_symbols_together(server: Server) {
    let client = Client::admin(&server);
    let lines: Vec<String> = (0..40)
        .map(|n| format!("line {n} of a message; "))
        .collect();
    let message = lines.concat();
    let options = json!({ "format": "png", "size": 400, "maxVersion": 10, "errorCorrection": "L" });
    let body = json!({ "data": message, "options": options });
    let answer = client.post(APPEND, &body).await.expect(200).json();
    let results = answer["results"].as_array().unwrap();
    assert_eq!(answer["summary"]["successful"], results.len());
    assert!(results.len() > 2, "{answer}");
    let parity = message.bytes().fold(0, |parity, byte| parity ^ byte);
    for (n, result) in results.iter().enumerate() {
        let place = json!({ "index": n, "total": results.len(), "parity": parity });
        assert_eq!(result["metadata"]["structuredAppend"], place);
        assert_eq!(
            result["metadata"]["version"],
            results[0]["metadata"]["version"]
        );
    }
    let files: Vec<_> = results.iter().map(file_of).collect();
    assert_eq!(
        by_zbar(&together(&files)).as_deref(),
        Some(message.trim_end_matches('\n'))
    );
    // The same place can be asked for by itself.
    let half = json!({ "structuredAppend": { "index": 0, "total": 2, "parity": 3 } });
    let other = json!({ "structuredAppend": { "index": 1, "total": 2, "parity": 3 } });
    let mut files = Vec::new();
    for (text, options) in [("b", half), ("a", other)] {
        files.push(file_of(
            &ask(&client, text, &options).await.expect(200).json(),
        ));
    }
    assert_eq!(by_zbar(&together(&files)).as_deref(), Some("ba"));
    // What fits into one symbol is left whole.
    let whole = client
        .post(APPEND, &json!({ "data": "short" }))
        .await
        .expect(200)
        .json();
    assert_eq!(whole["results"].as_array().unwrap().len(), 1);
    assert_eq!(decode(&file_of(&whole["results"][0]), "svg"), "short");
}

async fn a_message_that_cannot_be_split_is_refused(server: Server) {
    let client = Client::admin(&server);
    for (body, field) in [
        (json!({ "data": "x".repeat(60_000) }), "data"),
        (json!({ "data": "x".repeat(9_000), "symbols": 3 }), "data"),
        (json!({ "data": "" }), "data"),
        (json!({}), "data"),
        (json!({ "data": "a", "symbols": 1 }), "symbols"),
        (json!({ "data": "a", "symbols": 17 }), "symbols"),
        (json!({ "data": "a", "symbols": "2" }), "symbols"),
        (
            json!({ "data": "x".repeat(100), "options": { "micro": true } }),
            "structuredAppend",
        ),
        (
            json!({ "data": "a", "options": { "structuredAppend": {} } }),
            "structuredAppend",
        ),
        (
            json!({ "data": "é", "options": { "mode": "numeric" } }),
            "mode",
        ),
        (json!({ "payload": { "kind": "wifi" } }), "payload.ssid"),
    ] {
        client.post(APPEND, &body).await.invalid(field);
    }
}

/// A picture of lines of blocks, whose cells are two modules high.
fn of_text(text: &str, block_is_dark: bool) -> Vec<u8> {
    let lines: Vec<Vec<char>> = text.lines().map(|line| line.chars().collect()).collect();
    let (width, height) = (lines[0].len(), 2 * lines.len());
    let scale = 8;
    let size = |modules: usize| u32::try_from(modules).unwrap() * scale;
    let picture = RgbImage::from_fn(size(width), size(height), |x, y| {
        let (x, y) = ((x / scale) as usize, (y / scale) as usize);
        let halves = if y % 2 == 0 { "█▀" } else { "█▄" };
        let is_block = halves.contains(lines[y / 2][x]);
        Rgb([if is_block == block_is_dark { 0 } else { 255 }; 3])
    });
    let mut png = Cursor::new(Vec::new());
    picture.write_to(&mut png, ImageFormat::Png).unwrap();
    png.into_inner()
}

async fn text_shows_a_symbol(server: Server) {
    let client = Client::admin(&server);
    for (terminal, block_is_dark) in [("light", true), ("dark", false)] {
        let options = json!({ "format": "text", "terminal": terminal });
        for _ in 0..2 {
            let answer = ask(&client, "https://example.com/", &options)
                .await
                .expect(200);
            assert_eq!(answer.header("X-QR-Concerns"), "");
            let json = answer.json();
            let text = json["text"].as_str().unwrap();
            assert_eq!(
                json["metadata"]["width"],
                text.lines().next().unwrap().chars().count()
            );
            assert_eq!(json["metadata"]["height"], text.lines().count());
            assert_eq!(json["metadata"]["fileSize"], text.len());
            assert_eq!(
                decode(&of_text(text, block_is_dark), "png"),
                "https://example.com/"
            );
        }
    }
    let colored = json!({ "format": "text", "terminal": "color", "foregroundColor": "#123456" });
    let answer = ask(&client, "a", &colored).await.expect(200).json();
    let text = answer["text"].as_str().unwrap();
    assert!(
        text.starts_with("\u{1b}[38;2;18;52;86;48;2;255;255;255m"),
        "{text:?}"
    );
    // What it has no place for is told.
    let inked = json!({ "format": "text", "foregroundColor": "#123456", "quality": 3 });
    let answer = ask(&client, "a", &inked).await.expect(200);
    assert_eq!(
        answer.header("X-QR-Concerns"),
        "ignored;field=quality, ignored;field=foregroundColor"
    );
    let paper = json!({ "format": "text", "physicalSize": 3, "physicalUnit": "cm" });
    let answer = ask(&client, "a", &paper).await.expect(200);
    assert_eq!(answer.header("X-QR-Concerns"), "ignored;field=physicalSize");
    for options in [
        json!({ "dataPattern": "dots" }),
        json!({ "backgroundColor": "transparent" }),
        json!({ "gradient": { "colors": ["#123", "#456"] } }),
        json!({ "frame": {} }),
    ] {
        let mut options = options;
        options["format"] = json!("text");
        ask(&client, "a", &options).await.invalid("format");
    }
}

async fn each_format_says_what_it_cannot_carry(server: Server) {
    let client = Client::admin(&server);
    for format in ["svg", "png", "jpeg", "webp", "pdf", "eps"] {
        let paper =
            json!({ "format": format, "physicalSize": 30, "physicalUnit": "mm", "dpi": 300 });
        let answer = ask(&client, "a", &paper).await.expect(200);
        let concerns = answer.header("X-QR-Concerns");
        assert_eq!(
            concerns,
            if format == "webp" { "no-density" } else { "" },
            "{format}"
        );
        let inks = json!({ "format": format, "colorSpace": "cmyk" });
        let answer = ask(&client, "a", &inks).await;
        if matches!(format, "pdf" | "eps") {
            let file = file_of(&answer.expect(200).json());
            assert!(file.starts_with(b"%"), "{format}");
        } else {
            answer.invalid("colorSpace");
        }
        let clear = json!({ "format": format, "backgroundColor": "transparent" });
        let file = file_of(&ask(&client, "a", &clear).await.expect(200).json());
        let is_clear = match format {
            "png" | "webp" => {
                let image = image::load_from_memory(&file).unwrap().into_rgba8();
                Some(image.get_pixel(0, 0).0[3] == 0)
            }
            // It has no opacity: white is what is there.
            "jpeg" => {
                let image = image::load_from_memory(&file).unwrap().into_rgb8();
                Some(image.get_pixel(0, 0).0 != [255; 3])
            }
            "svg" => Some(!String::from_utf8_lossy(&file).contains("#fff")),
            _ => None,
        };
        assert_ne!(is_clear, Some(format == "jpeg"), "{format}");
    }
}
