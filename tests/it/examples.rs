//! The examples in the document are requests that succeed as it says.

use reqwest::Method;
use serde_json::Value;

use crate::support::{Client, Server, client::send, codes::create_dynamic, on_both};

/// Operations that a reader of the document begins with.
const SHOWN: [&str; 8] = [
    "create_dynamic_code",
    "create_organization",
    "create_static_code",
    "generate_barcode",
    "generate_symbol",
    "generate_symbols",
    "update_code",
    "validate_symbol",
];

on_both!(each_example_succeeds);

async fn each_example_succeeds(server: Server) {
    let client = Client::admin(&server);
    let document = client.get("/openapi.json").await.json();
    let code = create_dynamic(&client).await.id;
    let organizations = client.get("/api/organizations").await.json();
    let organization = organizations["items"][0]["id"].as_str().unwrap();
    let mut shown = Vec::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        let path = path
            .replace("{org_id}", organization)
            .replace("{id}", &code);
        for (method, operation) in operations.as_object().unwrap() {
            let content = &operation["requestBody"]["content"]["application/json"];
            let Some(examples) = content["examples"].as_object() else {
                continue;
            };
            shown.push(operation["operationId"].as_str().unwrap());
            for (name, example) in examples {
                let method: Method = method.to_uppercase().parse().unwrap();
                let request = client.request(method, &path).json(&example["value"]);
                let answer = send(request).await;
                let what = format!("{path} {name}: {}", answer.text());
                assert_eq!(answer.status, success(operation), "{what}");
                let told = |word: &str| answer.json().get(word) != Some(&Value::Bool(false));
                assert!(told("success") && told("valid"), "{what}");
            }
        }
    }
    for operation in SHOWN {
        assert!(shown.contains(&operation), "{operation} has no example");
    }
}

/// The only status below 300 that is documented.
fn success(operation: &Value) -> u16 {
    let all = operation["responses"].as_object().unwrap().keys();
    let mut good = all.filter(|status| status.starts_with('2'));
    let status = good.next().unwrap();
    assert_eq!(good.next(), None, "{operation}");
    status.parse().unwrap()
}
