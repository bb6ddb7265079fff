//! `/api/v2/qr/generate`, `…/preview` and `…/validate`. What a symbol says is read by decoders that are not ours.

use base64ct::{Base64, Encoding as _};
use serde_json::{Value, json};

use crate::support::{
    Client, Server,
    codes::{API, create_static},
    decode::decode,
    on_both,
};

on_both!(
    every_format_says_what_was_asked,
    what_is_wrong_is_named_option_by_option,
    a_strict_caller_is_told_what_would_help,
    a_preview_is_an_svg_with_a_grade,
    validating_tells_instead_of_refusing,
    every_image_of_a_code_has_a_grade,
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
    Client::anonymous(&server)
        .post(GENERATE, &body)
        .await
        .problem(401);
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
        ("format", json!("gif")),
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
            "gradient.centerX",
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
