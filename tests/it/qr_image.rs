//! `GET` and `HEAD /api/v1/qr/{id}/image`. What an image says is read by decoders that are not ours.

use image::{DynamicImage, GenericImageView as _, Rgb};
use reqwest::Method;
use serde_json::json;

use crate::support::{
    Answer, Client, Server,
    client::send,
    codes::{API, create_dynamic, create_static, get},
    command::Says as _,
    decode::decode,
    on_both,
};

/// Each on both databases, and by the other arm.
macro_rules! by_both_arms {
    ($($name:ident),+ $(,)?) => {
        on_both!($($name),+);

        mod engine {
            use crate::support::{Database, Setup};

            $(#[tokio::test]
            async fn $name() {
                let setup = Setup::on(Database::Sqlite).env("USE_NEW_QR_GENERATION_SERVICE", "true");
                super::$name(setup.start().await).await;
            })+
        }
    };
}

by_both_arms!(
    every_format_is_read_by_both_decoders,
    the_query_overrides_what_is_stored,
    data_modules_have_their_own_colours,
    physical_sizes_are_exact_and_whole,
    a_logo_leaves_the_symbol_readable,
    svg_texts_are_texts,
    images_are_revalidated,
    bad_parameters_are_named,
    what_a_reader_may_stumble_over_is_told,
    text_of_any_script_is_read_by_both_decoders,
);

const TEXT: &str = "https://example.com/a/rather/long/path?with=a&query=too";

/// The answer to a question for an image, whatever it is.
async fn asked(client: &Client, id: &str, query: &str) -> Answer {
    client.get(&format!("{API}/{id}/image?{query}")).await
}

async fn image(client: &Client, id: &str, query: &str) -> Answer {
    asked(client, id, query).await.expect(200)
}

async fn text_code(client: &Client) -> String {
    let code = create_static(client, TEXT).await;
    code["id"].as_str().unwrap().to_owned()
}

fn pixels(answer: &Answer) -> DynamicImage {
    image::load_from_memory(&answer.body).unwrap()
}

fn has(answer: &Answer, color: [u8; 3]) -> bool {
    pixels(answer).to_rgb8().pixels().any(|p| *p == Rgb(color))
}

async fn every_format_is_read_by_both_decoders(server: Server) {
    let client = Client::admin(&server);
    let dynamic = create_dynamic(&client).await;
    let code = get(&client, &dynamic.id).await;
    let content = code["content"].as_str().unwrap();
    for (format, media, extension) in [
        ("png", "image/png", "png"),
        ("svg", "image/svg+xml", "svg"),
        ("jpeg", "image/jpeg", "jpg"),
        ("jpg", "image/jpeg", "jpg"),
        ("webp", "image/webp", "webp"),
    ] {
        let answer = image(&client, &dynamic.id, &format!("image_format={format}")).await;
        let is = answer.header("content-type");
        assert!(is.starts_with(media), "{format}: {answer:?}");
        assert_eq!(decode(&answer.body, extension), content, "{format}");
    }
    let default = image(&client, &dynamic.id, "").await;
    assert_eq!(default.header("content-type"), "image/png");
    assert_eq!(decode(&default.body, "png"), content);
}

async fn the_query_overrides_what_is_stored(server: Server) {
    let client = Client::admin(&server);
    let body =
        json!({ "content": TEXT, "size": 12, "fill_color": "#102030", "back_color": "#F0F1F2" });
    let answer = client.post("/api/v1/qr/static", &body).await;
    let code = answer.expect(201).json();
    let id = code["id"].as_str().unwrap();

    let stored = image(&client, id, "").await;
    assert_eq!(pixels(&stored).dimensions(), (300, 300));
    assert!(has(&stored, [0x10, 0x20, 0x30]) && has(&stored, [0xF0, 0xF1, 0xF2]));
    assert_eq!(decode(&stored.body, "png"), TEXT);

    let query = "size=20&fill_color=%23004000&back_color=%23FFF0FF";
    let other = image(&client, id, query).await;
    assert_eq!(pixels(&other).dimensions(), (500, 500));
    assert!(has(&other, [0, 0x40, 0]) && !has(&other, [0x10, 0x20, 0x30]));
    assert_eq!(decode(&other.body, "png"), TEXT);

    let wide = image(&client, id, "size=20&border=20").await;
    assert_eq!(decode(&wide.body, "png"), TEXT);
    let high = image(&client, id, "size=20&error_level=h").await;
    assert_eq!(decode(&high.body, "png"), TEXT);
    let low = image(&client, id, "size=20&error_level=l").await;
    assert_ne!(high.body, low.body);

    let small = image(&client, id, "image_format=jpeg&size=20&image_quality=20").await;
    let large = image(&client, id, "image_format=jpeg&size=20&image_quality=100").await;
    assert!(small.body.len() < large.body.len());
    // Asking for an image changes nothing.
    assert_eq!(get(&client, id).await, code);
}

async fn data_modules_have_their_own_colours(server: Server) {
    let client = Client::admin(&server);
    let id = text_code(&client).await;
    let query = "size=20&data_dark_color=%23600000&data_light_color=%23FFFFE0";
    let answer = image(&client, &id, query).await;
    assert!(has(&answer, [0x60, 0, 0]), "no data_dark_color");
    assert!(has(&answer, [0xFF, 0xFF, 0xE0]), "no data_light_color");
    // The finder patterns keep fill_color.
    assert!(has(&answer, [0, 0, 0]));
    assert_eq!(decode(&answer.body, "png"), TEXT);
    let svg = image(&client, &id, &format!("image_format=svg&{query}")).await;
    assert_eq!(decode(&svg.body, "svg"), TEXT);
}

async fn physical_sizes_are_exact_and_whole(server: Server) {
    let client = Client::admin(&server);
    let id = text_code(&client).await;
    for (size, unit) in [("2", "in"), ("5.08", "cm"), ("50.8", "mm")] {
        let query = format!("physical_size={size}&physical_unit={unit}&dpi=300");
        let answer = image(&client, &id, &query).await;
        assert_eq!(pixels(&answer).width(), 600, "{query}");
        assert_eq!(decode(&answer.body, "png"), TEXT);
    }
    let parts = ["physical_size=2", "physical_unit=in", "dpi=300"];
    for (n, part) in parts.into_iter().enumerate() {
        asked(&client, &id, part).await.problem(422);
        let two = format!("{part}&{}", parts[(n + 1) % 3]);
        asked(&client, &id, &two).await.problem(422);
    }
}

async fn a_logo_leaves_the_symbol_readable(server: Server) {
    let client = Client::admin(&server);
    let id = text_code(&client).await;
    for format in ["png", "svg", "jpeg", "webp"] {
        let extension = if format == "jpeg" { "jpg" } else { format };
        let query = format!("size=20&image_format={format}&error_level=h");
        let plain = image(&client, &id, &query).await;
        let logo = image(&client, &id, &format!("{query}&include_logo=true")).await;
        assert_ne!(plain.body, logo.body, "{format}: no logo");
        assert_ne!(plain.header("etag"), logo.header("etag"));
        assert_eq!(decode(&logo.body, extension), TEXT, "{format}");
    }
}

async fn svg_texts_are_texts(server: Server) {
    let client = Client::admin(&server);
    let id = text_code(&client).await;
    let query = "image_format=svg&svg_title=%3Cscript%3Ealert(1)%3C/script%3E%26&svg_description=a%20%22menu%22";
    let answer = image(&client, &id, query).await;
    let text = answer.text();
    text.says("&lt;script|menu");
    assert!(!text.contains("<script"), "{text}");
    // That it is XML is librsvg's to say.
    assert_eq!(decode(&answer.body, "svg"), TEXT);
}

async fn images_are_revalidated(server: Server) {
    let client = Client::admin(&server);
    let id = text_code(&client).await;
    let path = format!("{API}/{id}/image?image_format=png");
    let first = client.get(&path).await.expect(200);
    let etag = first.header("etag").to_owned();
    let is_strong = etag.starts_with('"') && etag.ends_with('"') && etag.len() > 2;
    assert!(is_strong, "{etag}");
    assert!(!first.header("cache-control").is_empty());

    let conditional = async |condition: &str| {
        let request = client.request(Method::GET, &path);
        send(request.header("if-none-match", condition)).await
    };
    let several = format!("\"other\", {etag}");
    for condition in [&etag, &several, &format!("W/{etag}"), "*"] {
        let answer = conditional(condition).await.expect(304);
        assert!(answer.body.is_empty());
        for header in ["etag", "cache-control"] {
            let same = first.header(header);
            assert_eq!(answer.header(header), same, "{condition}");
        }
    }
    let changed = conditional("\"other\"").await.expect(200);
    assert_eq!(changed.body, first.body);

    let head = client.head(&path).await.expect(200);
    assert!(head.body.is_empty());
    for header in ["etag", "content-type", "cache-control"] {
        assert_eq!(head.header(header), first.header(header), "{header}");
    }
    // It may be left out (RFC 9110 §9.3.2), but not be another one.
    let length = head.header("content-length");
    let lengths = ["", first.header("content-length")];
    assert!(lengths.contains(&length), "{length}");
    let svg = image(&client, &id, "image_format=svg").await;
    assert_ne!(svg.header("etag"), etag, "two representations, one tag");
}

async fn bad_parameters_are_named(server: Server) {
    let client = Client::admin(&server);
    let id = text_code(&client).await;
    for (query, field) in [
        ("image_format=bmp", "image_format"),
        ("image_quality=0", "image_quality"),
        ("image_quality=101", "image_quality"),
        ("size=0", "size"),
        ("size=51", "size"),
        ("size=1.5", "size"),
        ("size=99999999999999999999", "size"),
        ("border=-1", "border"),
        ("border=21", "border"),
        ("fill_color=red-ish", "fill_color"),
        ("back_color=%2312", "back_color"),
        ("data_dark_color=%00", "data_dark_color"),
        ("data_light_color=%23GGGGGG", "data_light_color"),
        ("error_level=x", "error_level"),
        ("include_logo=perhaps", "include_logo"),
    ] {
        asked(&client, &id, query).await.invalid(field);
    }
    for (size, unit, dpi, field) in [
        ("0.05", "in", 300, "physical_size"),
        ("101", "in", 300, "physical_size"),
        ("NaN", "in", 300, "physical_size"),
        ("1", "ell", 300, "physical_unit"),
        ("1", "in", 71, "dpi"),
        ("1", "in", 1201, "dpi"),
    ] {
        let query = format!("physical_size={size}&physical_unit={unit}&dpi={dpi}");
        asked(&client, &id, &query).await.invalid(field);
    }
    let same = "fill_color=%23ABCDEF&back_color=%23abcdef";
    asked(&client, &id, same).await.problem(422);
}

async fn what_a_reader_may_stumble_over_is_told(server: Server) {
    let client = Client::admin(&server);
    let id = text_code(&client).await;
    for (query, concerns) in [
        ("border=4", ""),
        ("border=0", "quiet-zone;modules=0"),
        (
            "fill_color=%23777777&back_color=%23888888",
            "contrast;percent=6",
        ),
        (
            "fill_color=%23ffffff&back_color=%23000000&border=1",
            "quiet-zone;modules=1, inverted",
        ),
        // 55 characters: version 4, 33 modules and the quiet zone.
        ("size=1", "enlarged;width=41, small-modules;pixels=1"),
        (
            "image_format=jpeg&image_quality=10&size=2&svg_title=a",
            "compression;quality=10;pixels=1, ignored;field=svg_title",
        ),
        ("image_format=jpeg&image_quality=20&size=4", ""),
        (
            "image_format=webp&image_quality=80&physical_size=5&physical_unit=cm&dpi=300",
            "no-density, ignored;field=image_quality",
        ),
        ("image_format=svg&size=1&svg_title=a", "enlarged;width=41"),
    ] {
        let answer = image(&client, &id, query).await;
        assert_eq!(answer.header("x-qr-concerns"), concerns, "{query}");
    }
    // Of equal colours either may be the one that was given.
    for query in ["back_color=%23000000", "fill_color=%23FFFFFF"] {
        let answer = asked(&client, &id, query).await;
        answer.invalid("back_color");
        answer.invalid("fill_color");
    }
    // Stored at level m, which holds it.
    let body = json!({ "content": "a".repeat(1500) });
    let long = client.post("/api/v1/qr/static", &body).await.expect(201);
    let id = long.json()["id"].as_str().unwrap().to_owned();
    for (query, field) in [
        ("include_logo=true", "include_logo"),
        ("error_level=h", "error_level"),
        ("error_level=h&include_logo=true", "include_logo"),
    ] {
        asked(&client, &id, query).await.invalid(field);
    }
}

/// Short words too, whose UTF-8 readers take for something else where no ECI says what it is.
async fn text_of_any_script_is_read_by_both_decoders(server: Server) {
    let client = Client::admin(&server);
    for text in "é Größe Жизнь 点 WIFI:T:WPA;S:Café;P:PASSWORT1234567;;".split(' ') {
        let code = create_static(&client, text).await;
        let id = code["id"].as_str().unwrap();
        let answer = image(&client, id, "size=20").await;
        assert_eq!(decode(&answer.body, "png"), text);
    }
}
