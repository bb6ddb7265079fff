//! Examples of request bodies, by operation.
//!
//! Invariant: each is answered with the operation's success by a new installation; `tests/it/examples.rs` sends them.

use serde_json::{Map, Value, json};

/// Names and bodies. A path without a version has those of its operation.
fn of(operation: &str) -> Vec<(&'static str, Value)> {
    match operation.trim_end_matches("_unversioned") {
        "create_static_code" => vec![
            (
                "text",
                json!({"content": "Gate 4, stairs to the left", "title": "Gate 4"}),
            ),
            (
                "network",
                json!({
                    "content": "WIFI:T:WPA;S:Guests;P:welcome-2026;;", "title": "Guests", "description": "Poster in the hall",
                    "fill_color": "#1B3A5C", "back_color": "#FFFFFF", "size": 20, "border": 4, "error_level": "q",
                }),
            ),
        ],
        "create_dynamic_code" => vec![(
            "menu",
            json!({"redirect_url": "https://example.com/menu", "title": "Menu", "error_level": "h"}),
        )],
        "update_code" => vec![(
            "target",
            json!({"redirect_url": "https://example.com/menu/winter", "title": "Winter menu"}),
        )],
        "generate_barcode" => vec![(
            "plain",
            json!({"barcode_type": "qrcode", "data": "https://example.com", "options": {"scale": 8, "ecc_level": "Q"}}),
        )],
        "generate_symbol" => vec![
            ("plain", json!({"data": "https://example.com"})),
            (
                "styled",
                json!({"data": "https://example.com", "options": styled("png")}),
            ),
            (
                "print",
                json!({"data": "https://example.com", "options": {"format": "pdf", "errorCorrection": "Q", "strict": true}}),
            ),
        ],
        "generate_symbols" => vec![(
            "table-cards",
            json!({
                "codes": [
                    {"data": "https://example.com/table/1"},
                    {"data": "https://example.com/table/2", "options": styled("svg")},
                ],
                "options": {"maxConcurrent": 2, "stopOnError": true},
            }),
        )],
        "validate_symbol" => vec![(
            "styled",
            json!({"data": "https://example.com", "options": styled("svg")}),
        )],
        "create_organization" => vec![(
            "museum",
            json!({"name": "City museum", "time_zone": "Europe/Berlin"}),
        )],
        "update_organization" => vec![("time-zone", json!({"time_zone": "America/New_York"}))],
        "create_invitation" => vec![(
            "analyst",
            json!({"role": "analyst", "note": "For the agency"}),
        )],
        "clear_cache" => vec![("images", json!({"pattern": "render_*"}))],
        "warm_cache" => vec![("titles", json!({"patterns": ["spring*"]}))],
        _ => Vec::new(),
    }
}

fn styled(format: &str) -> Value {
    json!({
        "format": format, "size": 600, "errorCorrection": "Q", "dataPattern": "dots", "eyeShape": "rounded-square",
        "gradient": {"type": "linear", "colors": ["#1B3A5C", "#5C1B3A"], "angle": 45},
    })
}

/// Adds its examples to an operation.
pub fn add(operation: &mut Value) {
    let examples = of(operation["operationId"].as_str().unwrap_or_default());
    let content = operation.pointer_mut("/requestBody/content/application~1json");
    if let Some(content) = content.filter(|_| !examples.is_empty()) {
        let named = examples
            .into_iter()
            .map(|(name, body)| (name.to_owned(), json!({ "value": body })));
        content["examples"] = Value::Object(named.collect::<Map<_, _>>());
    }
}
