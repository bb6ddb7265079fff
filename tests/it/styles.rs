//! `/api/v2/qr/generate`, `…/preview` and `…/validate`. What a symbol says is read by decoders that are not ours.

use base64ct::{Base64, Encoding as _};
use serde_json::{Value, json};

use crate::support::{
    Client, Server,
    client::Auth,
    codes::{API, create_static},
    decode::{by_zxing, decode, file_of},
    on_both,
};

on_both!(
    every_format_says_what_was_asked,
    what_is_wrong_is_named_option_by_option,
    a_strict_caller_is_told_what_would_help,
    a_preview_is_an_svg_with_a_grade,
    features_are_counted,
    validating_tells_instead_of_refusing,
    every_image_of_a_code_has_a_grade,
    logos_frames_strokes_effects_and_own_eyes_are_drawn,
    a_logo_that_hides_too_much_is_refused,
    what_lies_around_is_checked_option_by_option,
    own_eyes_lines_and_paper_are_checked_option_by_option,
    print_formats_are_documents_of_the_size_asked,
    micro_symbols_are_read_and_graded,
);

const GENERATE: &str = "/api/v2/qr/generate";
const TEXT: &str = "https://example.org/r/1234abcd?scan_ref=qr";

async fn generated(client: &Client, options: Value) -> Value {
    let body = json!({ "data": TEXT, "options": options });
    let answer = client.post(GENERATE, &body).await.expect(200);
    let json = answer.json();
    assert_eq!(answer.header("X-QR-Grade"), json["scannability"]["grade"]);
    json
}

async fn every_format_says_what_was_asked(server: Server) {
    let client = Client::admin(&server);
    let style = json!({
        "dataPattern": "rounded", "eyeCenter": "circle", "eyeColor": "#123a6b", "size": 400,
        "gradient": { "type": "diagonal", "colors": ["#123a6b", "#0a5c3c"], "applyToEyes": false },
    });
    for format in ["svg", "png", "jpeg", "webp"] {
        let mut options = style.clone();
        options["format"] = json!(format);
        let answer = generated(&client, options).await;
        let file = if let Some(svg) = answer["svg"].as_str() {
            svg.as_bytes().to_vec()
        } else {
            let uri = answer["image"].as_str().unwrap();
            let start = format!("data:image/{format};base64,");
            Base64::decode_vec(uri.strip_prefix(&start).unwrap()).unwrap()
        };
        assert_eq!(answer["metadata"]["fileSize"], file.len(), "{format}");
        assert_eq!(answer["metadata"]["width"], 400, "{format}");
        assert_eq!(answer["scannability"]["grade"], "A", "{format}: {answer}");
        assert_eq!(decode(&file, format), TEXT, "{format}");
    }
    // Snake case is another spelling of the same words, and the same question is remembered.
    let twice = json!({ "eyeShape": "rounded_square", "format": "png" });
    let other = json!({ "eyeShape": "rounded-square", "format": "png" });
    let first = generated(&client, twice).await;
    let second = generated(&client, other).await;
    assert_eq!(first["image"], second["image"]);
    assert_eq!(second["performance"]["cached"], true);
    // By its path without a version.
    let body = json!({ "data": TEXT });
    client.post("/api/qr/generate", &body).await.expect(200);
    // It needs no credentials, and wrong ones are not taken for none.
    let anonymous = Client::anonymous(&server);
    anonymous.post(GENERATE, &body).await.expect(200);
    let wrong = Client::with(&server, Auth::Bearer("nonsense".into()));
    wrong.post(GENERATE, &body).await.problem(401);
}

async fn what_is_wrong_is_named_option_by_option(server: Server) {
    let client = Client::admin(&server);
    for (option, value) in [
        ("eyeShape", json!("blob")),
        ("eyeBorder", json!("")),
        ("eyeCenter", json!("Square ")),
        ("dataPattern", json!("x".repeat(10_000))),
        ("size", json!(99)),
        ("size", json!(2001)),
        ("size", json!(i64::MAX)),
        ("margin", json!(-1)),
        ("margin", json!(11)),
        ("quality", json!(0)),
        ("errorCorrection", json!("X")),
        ("foregroundColor", json!("red")),
        ("foregroundColor", json!("#ffffff")),
        ("backgroundColor", json!("#12345680")),
        ("eyeColor", json!("#12")),
        ("format", json!("bmp")),
        ("minGrade", json!("E")),
    ] {
        let body = json!({ "data": TEXT, "options": { option: value } });
        client.post(GENERATE, &body).await.invalid(option);
    }
    for (field, gradient) in [
        ("gradient.colors", json!({ "colors": ["#123"] })),
        (
            "gradient.colors",
            json!({ "colors": ["#123", "#123", "#123", "#123", "#123", "#123"] }),
        ),
        ("gradient.colors", json!({ "colors": ["#123", "blue"] })),
        (
            "gradient.type",
            json!({ "type": "zigzag", "colors": ["#123", "#456"] }),
        ),
        (
            "gradient.angle",
            json!({ "colors": ["#123", "#456"], "angle": 361 }),
        ),
        (
            "gradient.angle",
            json!({ "colors": ["#123", "#456"], "angle": 1e300 }),
        ),
        (
            "gradient.centerY",
            json!({ "colors": ["#123", "#456"], "centerY": -0.1 }),
        ),
    ] {
        let body = json!({ "data": TEXT, "options": { "gradient": gradient } });
        client.post(GENERATE, &body).await.invalid(field);
    }
    client
        .post(GENERATE, &json!({ "data": "" }))
        .await
        .invalid("data");
    client
        .post(GENERATE, &json!({ "data": "x".repeat(3000) }))
        .await
        .invalid("data");
    let weaker = client
        .post(GENERATE, &json!({ "data": "x".repeat(2500) }))
        .await;
    weaker.invalid("errorCorrection");
    // A misspelt option would else be another picture than was meant.
    let misspelt = client
        .post(
            GENERATE,
            &json!({ "data": TEXT, "options": { "eyeshape": "dot" } }),
        )
        .await;
    assert!(misspelt.expect(422).text().contains("eyeshape"));
    // Nor is a caller's text sent back at any length.
    let long = "é".repeat(300_000);
    for options in [json!({ long.as_str(): 1 }), json!({ "size": long })] {
        let answer = client
            .post(GENERATE, &json!({ "data": TEXT, "options": options }))
            .await;
        let answer = answer.expect(422);
        assert!(answer.text().len() < 8_000, "{} bytes", answer.text().len());
    }
}

async fn a_strict_caller_is_told_what_would_help(server: Server) {
    let client = Client::admin(&server);
    let diamond = json!({ "eyeShape": "diamond" });
    let answer = generated(&client, diamond).await;
    assert_eq!(answer["scannability"]["grade"], "F");
    assert_eq!(answer["scannability"]["scannable"], false);
    assert_eq!(
        answer["scannability"]["fixes"][0],
        json!({ "option": "eyeShape", "value": "square", "grade": "A" })
    );
    for (options, field) in [
        (json!({ "eyeShape": "diamond", "strict": true }), "eyeShape"),
        (json!({ "eyeShape": "circle", "minGrade": "C" }), "eyeShape"),
        (json!({ "margin": 1, "strict": true }), "margin"),
        (
            json!({ "foregroundColor": "#cccccc", "strict": true }),
            "foregroundColor",
        ),
        // Red is light to a scanner with a red light.
        (
            json!({ "gradient": { "colors": ["#ff0000", "#ee2222"] }, "strict": true }),
            "gradient.colors",
        ),
    ] {
        let answer = client
            .post(GENERATE, &json!({ "data": TEXT, "options": options }))
            .await;
        let text = answer.text();
        let problem = answer.problem(422);
        let named = problem["errors"]
            .as_array()
            .unwrap()
            .iter()
            .any(|error| error["field"] == field);
        assert!(named, "{field}: {text}");
    }
    // What is overruled by another option is not what would help.
    let border = json!({ "eyeBorder": "leaf", "eyeShape": "dot", "strict": true });
    let refused = client
        .post(GENERATE, &json!({ "data": TEXT, "options": border }))
        .await;
    refused.invalid("eyeBorder");
    let hopeless =
        json!({ "margin": 0, "foregroundColor": "#f00", "eyeShape": "star", "strict": true });
    let refused = client
        .post(GENERATE, &json!({ "data": TEXT, "options": hopeless }))
        .await;
    refused.invalid("strict");
    let coarse = json!({ "format": "jpeg", "size": 100, "quality": 1 });
    let coarse = client
        .post(GENERATE, &json!({ "data": TEXT, "options": coarse }))
        .await
        .expect(200);
    assert!(
        coarse.header("X-QR-Concerns").starts_with("compression;"),
        "{}",
        coarse.header("X-QR-Concerns")
    );
    let good_enough = json!({ "eyeShape": "circle", "minGrade": "d" });
    assert_eq!(
        generated(&client, good_enough).await["scannability"]["grade"],
        "D"
    );
}

async fn a_preview_is_an_svg_with_a_grade(server: Server) {
    let client = Client::admin(&server);
    let path =
        "/api/v2/qr/preview?data=hello&eyeShape=leaf&dataPattern=dots&fgColor=%23123456&size=200";
    let answer = client.get(path).await.expect(200);
    assert_eq!(answer.header("content-type"), "image/svg+xml");
    assert_eq!(answer.header("x-qr-grade"), "D");
    assert_eq!(decode(answer.text().as_bytes(), "svg"), "hello");
    for (query, field) in [
        ("data=x&fgColor=red", "fgColor"),
        ("data=x&bgColor=%23000000", "bgColor"),
        ("data=x&size=501", "size"),
        ("data=x&eyeShape=blob", "eyeShape"),
        ("data=", "data"),
        ("", "data"),
    ] {
        client
            .get(&format!("/api/v2/qr/preview?{query}"))
            .await
            .invalid(field);
    }
}

async fn validating_tells_instead_of_refusing(server: Server) {
    let client = Client::admin(&server);
    let ask = async |options: Value| {
        let body = json!({ "data": TEXT, "options": options });
        client
            .post("/api/v2/qr/validate", &body)
            .await
            .expect(200)
            .json()
    };
    let good = ask(json!({})).await;
    assert_eq!(good["valid"], true);
    assert_eq!(good["details"]["dataLength"], TEXT.len());
    assert_eq!(good["details"]["estimatedVersion"], 3);
    let wrong = ask(json!({ "eyeShape": "blob", "margin": 12 })).await;
    assert_eq!(wrong["valid"], false);
    assert_eq!(wrong["errors"].as_array().unwrap().len(), 2, "{wrong}");
    let poor = ask(json!({ "margin": 2 })).await;
    assert_eq!(poor["scannability"]["grade"], "C");
    assert_eq!(poor["suggestions"][0], "margin 4 would make the grade A");
}

async fn every_image_of_a_code_has_a_grade(server: Server) {
    let client = Client::admin(&server);
    let code = create_static(&client, TEXT).await;
    let id = code["id"].as_str().unwrap();
    for (query, grade) in [
        ("", "A"),
        ("image_format=svg", "A"),
        ("include_logo=true", "A"),
        ("border=3", "B"),
        ("border=0", "F"),
        ("fill_color=%23bbbbbb", "C"),
        ("fill_color=%23ff0000", "F"),
        ("fill_color=%23ffffff&back_color=%23000000", "D"),
        ("data_dark_color=%23bbbbbb", "F"),
    ] {
        let path = format!("{API}/{id}/image?{query}");
        for _ in 0..2 {
            let answer = client.get(&path).await.expect(200);
            assert_eq!(answer.header("X-QR-Grade"), grade, "{query}");
        }
    }
}

const RING: &str = "M0 0h7v7h-7zM1 1v5h5v-5zM2 2h3v3h-3z";
const LOGO_SVG: &str = r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 10"><circle cx="5" cy="5" r="5" fill="#c02"/></svg>"##;

fn logo() -> String {
    Base64::encode_string(LOGO_SVG.as_bytes())
}

async fn logos_frames_strokes_effects_and_own_eyes_are_drawn(server: Server) {
    let client = Client::admin(&server);
    let uri = format!("data:image/svg+xml;base64,{}", logo());
    for (n, options) in [
        json!({ "logo": { "data": logo(), "size": 15 } }),
        json!({ "logo": { "data": uri, "shape": "circle", "background": "#ffe", "padding": 1 } }),
        json!({ "frame": { "type": "badge", "text": "Σκάναρέ με", "color": "#123a6b" } }),
        json!({ "frame": { "type": "speech", "text": "שלום", "textPosition": "left" } }),
        json!({ "frame": { "width": 2 } }),
        json!({ "effects": [{ "type": "shadow" }, { "type": "vintage" }, { "type": "noise", "intensity": 0.2 }] }),
        json!({ "eyeShape": "custom", "eyePath": RING }),
        json!({ "gradient": { "colors": ["#123", "#013"], "strokeStyle": { "color": "#456", "width": 0.2 } } }),
    ]
    .into_iter()
    .enumerate()
    {
        for format in ["svg", ["png", "jpeg", "webp"][n % 3]] {
            let mut options = options.clone();
            options["format"] = json!(format);
            options["size"] = json!(600);
            let answer = generated(&client, options.clone()).await;
            let (width, height) = (&answer["metadata"]["width"], &answer["metadata"]["height"]);
            let longer = width.as_u64().unwrap().max(height.as_u64().unwrap());
            assert_eq!(longer, 600, "{options}");
            assert_eq!(decode(&file_of(&answer), format), TEXT, "{options}");
        }
    }
    // Without a level that was asked for, a logo gets the strongest one.
    let answer = generated(&client, json!({ "logo": { "data": logo() } })).await;
    assert_eq!(answer["metadata"]["errorCorrection"], "H");
    let svg = answer["svg"].as_str().unwrap();
    // A caller's markup is never copied.
    assert!(svg.contains("data:image/png;base64,") && !svg.contains("<circle"));
}

async fn a_logo_that_hides_too_much_is_refused(server: Server) {
    let client = Client::admin(&server);
    let options = json!({ "errorCorrection": "L", "logo": { "data": logo(), "size": 30 } });
    let body = json!({ "data": "1", "options": options });
    let refused = client.post(GENERATE, &body).await;
    refused.invalid("logo.size");
    // What it says would help does help.
    let details = refused.problem(422)["errors"].clone();
    let of = |field: &str| {
        let all = details.as_array().unwrap().iter();
        all.filter(|detail| detail["field"] == field)
            .map(|detail| detail["message"].as_str().unwrap().to_owned())
            .next()
    };
    let message = of("logo.size").unwrap();
    let size = message.split("with ").last().unwrap().split(' ').next();
    let size: f64 = size.unwrap().parse().unwrap();
    // A fix is a value of its option.
    let lenient = json!({ "data": TEXT, "options": { "margin": 2 } });
    let answer = client.post(GENERATE, &lenient).await.expect(200).json();
    assert_eq!(answer["scannability"]["fixes"][0]["value"], 4);
    let mut better = body.clone();
    better["options"]["logo"]["size"] = json!(size);
    client.post(GENERATE, &better).await.expect(200);
    let answer = client
        .post("/api/v2/qr/validate", &body)
        .await
        .expect(200)
        .json();
    assert_eq!(answer["valid"], false);
}

async fn what_lies_around_is_checked_option_by_option(server: Server) {
    let client = Client::admin(&server);
    let url = "https://example.org/logo.png";
    let bomb = Base64::encode_string(b"<!DOCTYPE a [<!ENTITY b 'c'>]><svg/>");
    for (field, options) in [
        ("logo.data", json!({ "logo": { "data": url } })),
        ("logo.data", json!({ "logo": { "data": "" } })),
        ("logo.data", json!({ "logo": { "data": "AAAA" } })),
        ("logo.data", json!({ "logo": { "data": bomb } })),
        (
            "logo.size",
            json!({ "logo": { "data": logo(), "size": 31 } }),
        ),
        (
            "logo.size",
            json!({ "logo": { "data": logo(), "size": 4.9 } }),
        ),
        (
            "logo.padding",
            json!({ "logo": { "data": logo(), "padding": -1 } }),
        ),
        (
            "logo.shape",
            json!({ "logo": { "data": logo(), "shape": "heart" } }),
        ),
        (
            "logo.background",
            json!({ "logo": { "data": logo(), "background": "x" } }),
        ),
        ("frame.type", json!({ "frame": { "type": "oval" } })),
        ("frame.width", json!({ "frame": { "width": 8.5 } })),
        ("frame.color", json!({ "frame": { "color": "#fff" } })),
        ("logo.data", json!({ "logo": {} })),
        ("logo.data", json!({ "logo": { "data": LOGO_SVG } })),
        ("gradient.colors", json!({ "gradient": {} })),
        (
            "gradient.centerY",
            json!({ "gradient": { "colors": ["#123", "#456"], "centerY": 2 } }),
        ),
        (
            "physicalSize",
            json!({ "format": "png", "physicalSize": 12, "physicalUnit": "in", "effects": [{ "type": "blur" }] }),
        ),
        ("frame.color", json!({ "frame": { "color": "blue" } })),
        ("frame.text", json!({ "frame": { "text": "" } })),
        ("frame.text", json!({ "frame": { "text": "漢" } })),
        (
            "frame.text",
            json!({ "frame": { "text": "x".repeat(201) } }),
        ),
        (
            "frame.textPosition",
            json!({ "frame": { "textPosition": "up" } }),
        ),
        (
            "effects.type",
            json!({ "effects": [{ "type": "sparkle" }] }),
        ),
        (
            "effects.type",
            json!({ "effects": [{ "type": "blur" }, { "type": "blur" }] }),
        ),
        (
            "effects.radius",
            json!({ "effects": [{ "type": "blur", "radius": 2.1 }] }),
        ),
        (
            "effects.sepia",
            json!({ "effects": [{ "type": "glow", "sepia": 1 }] }),
        ),
        (
            "effects.offset.x",
            json!({ "effects": [{ "type": "shadow", "offset": { "x": 5 } }] }),
        ),
        (
            "effects.color",
            json!({ "effects": [{ "type": "glow", "color": "x" }] }),
        ),
    ] {
        let body = json!({ "data": TEXT, "options": options });
        client.post(GENERATE, &body).await.invalid(field);
    }
}

async fn own_eyes_lines_and_paper_are_checked_option_by_option(server: Server) {
    let client = Client::admin(&server);
    for (field, options) in [
        ("eyePath", json!({ "eyeShape": "custom" })),
        (
            "eyePath",
            json!({ "eyeShape": "custom", "eyePath": "M0 0h8v8z" }),
        ),
        ("eyePath", json!({ "eyePath": RING })),
        (
            "eyeBorder",
            json!({ "eyeShape": "custom", "eyePath": RING, "eyeBorder": "square" }),
        ),
        (
            "colorSpace",
            json!({ "format": "png", "colorSpace": "cmyk" }),
        ),
        (
            "physicalUnit",
            json!({ "format": "pdf", "physicalSize": 30 }),
        ),
        (
            "size",
            json!({ "physicalSize": 30, "physicalUnit": "mm", "size": 300 }),
        ),
        ("dpi", json!({ "dpi": 300 })),
        (
            "gradient.strokeStyle.width",
            json!({ "gradient": { "colors": ["#123", "#456"], "strokeStyle": { "width": 3 } } }),
        ),
    ] {
        let body = json!({ "data": TEXT, "options": options });
        client.post(GENERATE, &body).await.invalid(field);
    }
}

async fn print_formats_are_documents_of_the_size_asked(server: Server) {
    let client = Client::admin(&server);
    let options = json!({
        "format": "pdf", "physicalSize": 25, "physicalUnit": "mm", "colorSpace": "cmyk", "dataPattern": "dots",
    });
    let answer = generated(&client, options.clone()).await;
    let file = file_of(&answer);
    let text = String::from_utf8_lossy(&file);
    assert!(text.starts_with("%PDF-1.4"), "{text}");
    assert!(
        text.contains("/MediaBox[0 0 70.866141732 70.866141732"),
        "{text}"
    );
    assert!(
        answer["image"]
            .as_str()
            .unwrap()
            .starts_with("data:application/pdf;base64,")
    );
    let mut options = options;
    options["format"] = json!("eps");
    let file = file_of(&generated(&client, options).await);
    let text = String::from_utf8_lossy(&file);
    assert!(text.starts_with("%!PS-Adobe-3.0 EPSF-3.0"), "{text}");
    // Plain squares are documents, too.
    let file = file_of(&generated(&client, json!({ "format": "pdf" })).await);
    assert!(file.starts_with(b"%PDF-1.4"));
    // Dialect v1 serves none.
    let code = create_static(&client, "text").await;
    let id = code["id"].as_str().unwrap();
    let path = format!("{API}/{id}/image?image_format=pdf");
    client.get(&path).await.invalid("image_format");
}

async fn micro_symbols_are_read_and_graded(server: Server) {
    let client = Client::admin(&server);
    let ask = |data: &str, options: Value| {
        let body = json!({ "data": data, "options": options });
        let client = &client;
        async move { client.post(GENERATE, &body).await }
    };
    for pattern in ["square", "rounded"] {
        let options = json!({ "micro": true, "margin": 2, "format": "png", "size": 300, "dataPattern": pattern });
        for _ in 0..2 {
            let answer = ask("HELLO 12", options.clone()).await.expect(200).json();
            assert_eq!(answer["metadata"]["micro"], true);
            assert_eq!(answer["metadata"]["modules"], 15);
            assert_eq!(answer["scannability"]["grade"], "A", "{pattern}: {answer}");
            // zbar reads no Micro QR.
            assert_eq!(
                by_zxing(&file_of(&answer), "png").as_deref(),
                Some("HELLO 12")
            );
        }
    }
    ask(TEXT, json!({ "micro": true })).await.invalid("micro");
    let strongest = json!({ "micro": true, "errorCorrection": "H" });
    ask("1", strongest).await.invalid("micro");
}

async fn features_are_counted(server: Server) {
    let client = Client::admin(&server);
    for _ in 0..3 {
        generated(
            &client,
            json!({ "dataPattern": "dots", "eyeShape": "leaf" }),
        )
        .await;
    }
    let refused = json!({ "data": TEXT, "options": { "eyeShape": "diamond", "foregroundColor": "#eeeeee", "strict": true } });
    client.post(GENERATE, &refused).await.problem(422);
    let answer = client.get("/api/v2/qr/analytics").await.expect(200).json();
    assert_eq!(answer["total"], 4, "{answer}");
    assert_eq!(
        answer["features"]["pattern"],
        json!({ "dots": 3, "square": 1 })
    );
    assert_eq!(answer["features"]["frame"], json!({}));
    let sum = |of: &str| -> u64 {
        answer[of]
            .as_object()
            .unwrap()
            .values()
            .filter_map(Value::as_u64)
            .sum()
    };
    assert_eq!((sum("grades"), sum("refused")), (3, 1));
    Client::anonymous(&server)
        .get("/api/v2/qr/analytics")
        .await
        .problem(401);
}
