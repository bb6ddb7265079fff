//! `/api/v1/barcode` and `/api/generate`: the oldest dialect, as its callers know it.

use serde_json::{Value, json};

use crate::support::{Client, Server, decode::decode, on_both};

on_both!(
    a_caller_of_before_is_answered_as_before,
    what_is_wrong_is_named_in_its_words,
);

const PATHS: [&str; 2] = ["/api/v1/barcode", "/api/generate"];

async fn a_caller_of_before_is_answered_as_before(server: Server) {
    let client = Client::anonymous(&server);
    for path in PATHS {
        let text = format!("https://example.org{path}");
        let plain = json!({ "barcode_type": "qrcode", "data": text });
        let answer = client.post(path, &plain).await.expect(200);
        assert!(answer.header("deprecation").starts_with('@'));
        assert!(
            answer
                .header("link")
                .contains("</api/v2/qr/generate>; rel=\"successor-version\"")
        );
        assert_eq!(answer.header("x-qr-grade"), "A");
        let answer = answer.json();
        assert_eq!(
            (&answer["success"], &answer["cached"]),
            (&json!(true), &json!(false))
        );
        assert_eq!(answer["barcode"], answer["svgString"]);
        assert_eq!(decode(svg(&answer), "svg"), text);
        let metadata = &answer["metadata"];
        let known =
            ["version", "modules", "errorCorrection", "dataCapacity"].map(|n| metadata[n].clone());
        assert_eq!(known, [json!(3), json!(29), json!("M"), json!(42)]);
        assert!(metadata["processingTimeMs"].as_f64().unwrap() > 0.0);
        assert_eq!(client.post(path, &plain).await.json()["cached"], true);
    }
    let options = json!({ "scale": 7, "margin": 2, "fgcolor": "#036", "bgcolor": "#FFEECC", "ecc_level": "H" });
    let asked = json!({ "data": "HELLO", "options": options });
    let answer = client.post(PATHS[0], &asked).await.expect(200).json();
    let document = answer["barcode"].as_str().unwrap();
    let side = format!("width=\"{}\"", 7 * (21 + 2 * 2));
    for part in [side.as_str(), "#003366", "#ffeecc"] {
        assert!(
            document.to_lowercase().contains(&part.to_lowercase()),
            "{part}: {document}"
        );
    }
    assert_eq!(answer["metadata"]["errorCorrection"], "H");
    assert_eq!(decode(document.as_bytes(), "svg"), "HELLO");
}

fn svg(answer: &Value) -> &[u8] {
    answer["barcode"].as_str().unwrap().as_bytes()
}

async fn what_is_wrong_is_named_in_its_words(server: Server) {
    let client = Client::admin(&server);
    let wrong = json!({
        "barcode_type": "ean13", "data": "a",
        "options": { "scale": 0, "margin": 21, "fgcolor": "red", "bgcolor": "", "ecc_level": "X" },
    });
    let refused = client.post(PATHS[0], &wrong).await.problem(422);
    let fields: Vec<_> = (refused["errors"].as_array().unwrap().iter())
        .map(|e| e["field"].as_str().unwrap().trim_start_matches("options."))
        .collect();
    assert_eq!(
        fields,
        [
            "barcode_type",
            "scale",
            "margin",
            "fgcolor",
            "bgcolor",
            "ecc_level"
        ]
    );
    for (body, field) in [
        (json!({ "data": "" }), "data"),
        (json!({ "data": "x".repeat(8000) }), "data"),
        (
            json!({ "data": "x".repeat(2500), "options": { "ecc_level": "H" } }),
            "options.ecc_level",
        ),
        (
            json!({ "data": "a", "options": { "fgcolor": "#fff" } }),
            "options.fgcolor",
        ),
        (json!({}), "data"),
        (json!({ "data": 7 }), "data"),
    ] {
        let refused = client.post(PATHS[1], &body).await.problem(422);
        assert!(refused.to_string().contains(field), "{field}: {refused}");
    }
}
