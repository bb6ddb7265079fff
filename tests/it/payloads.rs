//! `payload` in the place of `data`, in all dialects. What a symbol says is read by decoders that are not ours.

use serde_json::{Value, json};

use crate::support::{
    Client, Server,
    decode::{by_zxing, decode, file_of},
    on_both,
};

on_both!(
    every_kind_is_told_with_an_example_that_is_read,
    what_is_wrong_is_named_field_by_field,
    formats_of_payloads_bind_their_symbols,
    a_payload_stands_wherever_data_does,
);

const GENERATE: &str = "/api/v2/qr/generate";

async fn kinds(client: &Client) -> Vec<Value> {
    let told = client.get("/api/v2/payloads").await.expect(200).json();
    told["kinds"].as_array().unwrap().clone()
}

async fn drawn(client: &Client, payload: &Value) -> Value {
    let options = json!({ "format": "png", "size": 600 });
    let body = json!({ "payload": payload, "options": options });
    client.post(GENERATE, &body).await.expect(200).json()
}

async fn every_kind_is_told_with_an_example_that_is_read(server: Server) {
    let client = Client::anonymous(&server);
    let said = [
        ("url", "https://example.com/menu"),
        ("text", "Locker 12, second shelf"),
        ("wifi", "WIFI:T:WPA;S:Guests;P:correct horse;;"),
        (
            "vcard",
            "BEGIN:VCARD\r\nVERSION:4.0\r\nFN:Dr. Ada Example\r\n",
        ),
        ("mecard", "MECARD:N:Example,Ada;TEL:+441632960961;;"),
        (
            "event",
            "BEGIN:VEVENT\r\nSUMMARY:Opening\r\nDTSTART:20270131T180000Z\r\n",
        ),
        ("geo", "geo:48.201,16.3695"),
        ("phone", "tel:+441632960961"),
        ("sms", "SMSTO:+441632960961:I am here"),
        ("email", "mailto:ada@example.com?subject=Question"),
        (
            "epc",
            "BCD\n002\n1\nSCT\n\nRed Cross of Belgium\nBE72000000001616\nEUR1.00\n\n\nUrgency fund",
        ),
        // As people read it.
        ("gs1", "(01)09506000134352(17)270131(10)ABC123"),
        ("gs1_link", "https://id.gs1.org/01/09506000134352/10/ABC123"),
    ];
    let kinds = kinds(&client).await;
    let names: Vec<_> = kinds
        .iter()
        .map(|kind| kind["kind"].as_str().unwrap())
        .collect();
    assert_eq!(names, said.map(|(kind, _)| kind));
    for (kind, (name, text)) in kinds.iter().zip(said) {
        let required = kind["required"].as_array().unwrap();
        let fields = kind["schema"]["properties"].as_object().unwrap();
        let example = kind["example"].as_object().unwrap();
        for field in required {
            let field = field.as_str().unwrap();
            assert!(
                example.contains_key(field) && fields.contains_key(field),
                "{name}: {field}"
            );
            // Left out, it is named.
            let mut less = kind["example"].clone();
            less.as_object_mut().unwrap().remove(field);
            let refused = client.post(GENERATE, &json!({ "payload": less })).await;
            refused.invalid(&format!("payload.{field}"));
        }
        let answer = drawn(&client, &kind["example"]).await;
        let read = by_zxing(&file_of(&answer), "png").unwrap();
        assert!(read.starts_with(text), "{name}: {read}");
    }
}

fn wifi(field: &str, value: Value) -> Value {
    let mut wifi = json!({ "kind": "wifi", "ssid": "a", "password": "12345678" });
    wifi[field] = value;
    wifi
}

/// Fields that are wrong, and a payload for each.
fn networks() -> Vec<(&'static str, Value)> {
    vec![
        ("payload", json!("wifi")),
        ("payload", json!([])),
        ("payload", json!(7)),
        ("payload.kind", json!({})),
        ("payload.kind", json!({ "kind": "fax" })),
        ("payload.kind", json!({ "kind": 7 })),
        ("payload.ssid", wifi("ssid", json!(""))),
        ("payload.ssid", wifi("ssid", json!("a".repeat(33)))),
        ("payload.ssid", wifi("ssid", json!(7))),
        ("payload.ssid", wifi("ssid", json!(null))),
        ("payload.password", wifi("password", json!("short"))),
        ("payload.password", wifi("password", json!(12_345_678))),
        ("payload.password", wifi("security", json!("wep"))),
        ("payload.password", wifi("security", json!("open"))),
        ("payload.security", wifi("security", json!("none"))),
        ("payload.identity", wifi("security", json!("eap"))),
        ("payload.identity", wifi("identity", json!("me"))),
        ("payload.hidden", wifi("hidden", json!("yes"))),
        ("payload.channel", wifi("channel", json!(1))),
    ]
}

fn others() -> Vec<(&'static str, Value)> {
    vec![
        (
            "payload.url",
            json!({ "kind": "url", "url": "javascript:alert(1)" }),
        ),
        ("payload.text", json!({ "kind": "text", "text": "a\u{1b}" })),
        (
            "payload.phones[0].number",
            json!({ "kind": "vcard", "formatted_name": "a", "phones": [{}] }),
        ),
        (
            "payload.phones[1].number",
            json!({ "kind": "vcard", "formatted_name": "a", "phones": [{ "number": "112" }, { "number": "x" }] }),
        ),
        (
            "payload.phones[0].line",
            json!({ "kind": "vcard", "formatted_name": "a", "phones": [{ "number": "112", "line": "sofa" }] }),
        ),
        (
            "payload.birthday",
            json!({ "kind": "mecard", "name": "a", "birthday": "31.12.1990" }),
        ),
        (
            "payload.emails",
            json!({ "kind": "mecard", "name": "a", "emails": "a@example.com" }),
        ),
        (
            "payload.start",
            json!({ "kind": "event", "summary": "a", "start": "2027-02-30" }),
        ),
        (
            "payload.end",
            json!({ "kind": "event", "summary": "a", "start": "2027-01-31", "end": "2027-01-31T10:00:00Z" }),
        ),
        (
            "payload.stamp",
            json!({ "kind": "event", "summary": "a", "start": "2027-01-31", "uid": "1@example.com" }),
        ),
        (
            "payload.latitude",
            json!({ "kind": "geo", "latitude": 91, "longitude": 0 }),
        ),
        (
            "payload.longitude",
            json!({ "kind": "geo", "latitude": 0, "longitude": "east" }),
        ),
        (
            "payload.number",
            json!({ "kind": "sms", "number": "*#06#" }),
        ),
        ("payload.to", json!({ "kind": "email", "to": [] })),
        (
            "payload.to[0]",
            json!({ "kind": "email", "to": ["nobody"] }),
        ),
        (
            "payload.iban",
            json!({ "kind": "epc", "name": "a", "iban": "DE00" }),
        ),
        (
            "payload.amount_cents",
            json!({ "kind": "epc", "name": "a", "iban": "BE72000000001616", "amount_cents": -1 }),
        ),
        (
            "payload.version",
            json!({ "kind": "epc", "name": "a", "iban": "BE72000000001616", "version": 3 }),
        ),
        (
            "payload.reference",
            json!({ "kind": "epc", "name": "a", "iban": "BE72000000001616", "reference": "RF99" }),
        ),
        // Its check digit.
        (
            "payload.text",
            json!({ "kind": "gs1", "text": "(01)09506000134353" }),
        ),
        (
            "payload.text",
            json!({ "kind": "gs1", "text": "0109506000134352" }),
        ),
        ("payload.text", json!({ "kind": "gs1" })),
        (
            "payload.elements",
            json!({ "kind": "gs1", "text": "(10)A", "elements": [] }),
        ),
        (
            "payload.gtin",
            json!({ "kind": "gs1_link", "gtin": "09506000134353" }),
        ),
    ]
}

async fn what_is_wrong_is_named_field_by_field(server: Server) {
    let client = Client::admin(&server);
    for (field, payload) in networks().into_iter().chain(others()) {
        let answer = client.post(GENERATE, &json!({ "payload": payload })).await;
        assert_eq!(answer.status, 422, "{payload}");
        answer.invalid(field);
    }
    // Everything at once, and beside the options.
    let both = json!({ "payload": wifi("ssid", json!("")), "options": { "size": 1 } });
    let refused = client.post(GENERATE, &both).await;
    refused.invalid("payload.ssid");
    refused.invalid("size");
    client.post(GENERATE, &json!({})).await.invalid("data");
    let twice = json!({ "data": "a", "payload": { "kind": "text", "text": "a" } });
    client.post(GENERATE, &twice).await.invalid("payload");
    // What was sent may be a secret.
    let secret = json!({ "payload": wifi("password", json!("s3cret")) });
    let refused = client.post(GENERATE, &secret).await.expect(422);
    assert!(!refused.text().contains("s3cret"));
}

async fn formats_of_payloads_bind_their_symbols(server: Server) {
    let client = Client::admin(&server);
    let epc = json!({ "kind": "epc", "name": "é".repeat(70), "iban": "BE72000000001616", "text": "é".repeat(77) + "a" });
    let answer = drawn(&client, &epc).await;
    assert_eq!(answer["metadata"]["errorCorrection"], "M");
    assert!(
        answer["metadata"]["version"].as_u64().unwrap() <= 13,
        "{answer}"
    );
    for (field, options) in [
        ("errorCorrection", json!({ "errorCorrection": "H" })),
        ("boostLevel", json!({ "boostLevel": true })),
        ("version", json!({ "version": 14 })),
        ("minVersion", json!({ "minVersion": 20 })),
    ] {
        let body = json!({ "payload": epc, "options": options });
        client.post(GENERATE, &body).await.invalid(field);
    }
    let larger = json!({ "payload": epc, "options": { "errorCorrection": "M", "version": 13 } });
    let answer = client.post(GENERATE, &larger).await.expect(200).json();
    assert_eq!(answer["metadata"]["version"], 13);
    let gs1 = json!({ "kind": "gs1", "text": "(10)AB%C(01)09506000134352" });
    let answer = drawn(&client, &gs1).await;
    assert_eq!(
        by_zxing(&file_of(&answer), "png").as_deref(),
        Some("(10)AB%C(01)09506000134352")
    );
    let other = json!({ "payload": gs1, "options": { "fnc1": "37" } });
    client.post(GENERATE, &other).await.invalid("fnc1");
    let micro = json!({ "payload": gs1, "options": { "micro": true } });
    client.post(GENERATE, &micro).await.invalid("fnc1");
}

async fn a_payload_stands_wherever_data_does(server: Server) {
    let client = Client::admin(&server);
    let wifi = json!({ "kind": "wifi", "ssid": "a;b" });
    let text = r"WIFI:T:nopass;S:a\;b;;";
    let codes = json!([
        { "payload": wifi, "options": { "format": "png" } },
        { "payload": { "kind": "wifi" } },
        { "data": "x", "payload": wifi },
    ]);
    let answer = client
        .post("/api/v2/qr/batch", &json!({ "codes": codes }))
        .await;
    let answer = answer.expect(200).json();
    assert_eq!(decode(&file_of(&answer["results"][0]), "png"), text);
    let field = |n: usize| &answer["results"][n]["error"]["errors"][0]["field"];
    assert_eq!(
        (field(1), field(2)),
        (&json!("payload.ssid"), &json!("payload"))
    );
    let all = json!({ "codes": codes, "options": { "stopOnError": true } });
    let refused = client.post("/api/v2/qr/batch", &all).await;
    refused.invalid("codes[1].payload.ssid");
    for dialect in ["v2", "v3"] {
        let path = format!("/api/{dialect}/qr/validate");
        let valid = client
            .post(&path, &json!({ "payload": wifi }))
            .await
            .expect(200)
            .json();
        assert_eq!(valid["valid"], true);
        let wrong = json!({ "payload": { "kind": "wifi", "ssid": "" } });
        let wrong = client.post(&path, &wrong).await.expect(200).json();
        assert_eq!(wrong["errors"][0]["option"], "payload.ssid", "{dialect}");
    }
}
