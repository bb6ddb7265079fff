//! One example of each kind. A test draws all of them.

use serde_json::{Value, json};

/// With the field `kind`.
pub fn examples() -> [Value; 13] {
    [
        json!({ "kind": "url", "url": "https://example.com/menu" }),
        json!({ "kind": "text", "text": "Locker 12, second shelf" }),
        json!({ "kind": "wifi", "ssid": "Guests", "password": "correct horse", "security": "wpa" }),
        json!({
            "kind": "vcard", "formatted_name": "Dr. Ada Example", "family_name": "Example", "given_name": "Ada",
            "organization": "Example Ltd", "phones": [{ "number": "+44 1632 960961", "line": "work" }],
            "emails": ["ada@example.com"], "addresses": [{ "street": "1 High Street", "city": "Exampleton" }],
        }),
        json!({ "kind": "mecard", "name": "Example", "given_name": "Ada", "phones": ["+44 1632 960961"] }),
        json!({
            "kind": "event", "summary": "Opening", "start": "2027-01-31T18:00:00Z", "end": "2027-01-31T20:00:00Z",
            "location": "Hall 4",
        }),
        json!({ "kind": "geo", "latitude": 48.201, "longitude": 16.3695 }),
        json!({ "kind": "phone", "number": "+44 1632 960961" }),
        json!({ "kind": "sms", "number": "+44 1632 960961", "body": "I am here" }),
        json!({ "kind": "email", "to": ["ada@example.com"], "subject": "Question" }),
        json!({
            "kind": "epc", "name": "Red Cross of Belgium", "iban": "BE72 0000 0000 1616", "amount_cents": 100,
            "text": "Urgency fund",
        }),
        json!({ "kind": "gs1", "text": "(01)09506000134352(17)270131(10)ABC123" }),
        json!({ "kind": "gs1_link", "gtin": "09506000134352", "lot": "ABC123" }),
    ]
}
