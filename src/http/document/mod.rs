//! The OpenAPI document: what the handlers declare, completed by what holds for all of them, so that it says
//! what the product really answers. Served as JSON and as a page.

mod expectation;
mod merged;

use std::sync::Arc;

use poem::{
    Endpoint, IntoResponse, Response,
    endpoint::make_sync,
    http::{HeaderValue, header},
};
use serde_json::{Map, Value, json};

use self::merged::Merged;
use super::api;
use crate::config::server::Server;
pub use expectation::expectation;

const METHODS: [&str; 4] = ["get", "post", "put", "delete"];

/// The completed document.
#[must_use]
pub fn document(server: &Server) -> Value {
    let Merged(mut document) =
        serde_json::from_str(&api::service(server).spec()).unwrap_or_default();
    add_undeclared(&mut document);
    document["components"]["securitySchemes"] = json!({
        "basic": {"type": "http", "scheme": "basic"},
        "bearer": {"type": "http", "scheme": "bearer", "description": "An API key"},
        "api_key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
    });
    document["components"]["schemas"]["Problem"] = problem_schema();
    if let Some(schemas) = document["components"]["schemas"].as_object_mut() {
        schemas.values_mut().for_each(optional_means_nullable);
    }
    for (path, operations) in document["paths"].as_object_mut().into_iter().flatten() {
        for (method, operation) in operations.as_object_mut().into_iter().flatten() {
            if METHODS.contains(&method.as_str()) {
                complete(path, method, operation);
            }
        }
    }
    document
}

/// Routes outside of the framework: they have to be fast, or are not JSON.
fn add_undeclared(document: &mut Value) {
    let slug = json!({
        "name": "slug", "in": "path", "required": true,
        "schema": {"type": "string", "pattern": "^[A-Za-z0-9_-]{1,64}$"},
    });
    let scan_ref = json!({
        "name": "scan_ref", "in": "query", "required": false, "schema": {"type": "string"},
        "description": "`qr` marks a scan of the symbol itself: it is counted as genuine",
    });
    let redirect = |summary: &str| {
        json!({
            "tags": ["Redirect"], "summary": summary, "parameters": [slug, scan_ref],
            "responses": {
                "302": {
                    "description": "To the code's target",
                    "headers": {"Location": {"schema": {"type": "string", "format": "uri"}}},
                },
                "400": problem("A code that does not redirect"),
                "404": problem("No such code, or a disabled one"),
            },
        })
    };
    document["paths"]["/r/{slug}"] = json!({
        "get": redirect("Redirect a scan to its target, and count it"),
        "head": redirect("As GET, never counted"),
    });
    document["paths"]["/metrics"] = json!({
        "get": {
            "tags": ["Operation"], "summary": "Metrics in the Prometheus text format",
            "description": "On the main port only if that is a loopback address or METRICS_TOKEN is set",
            "responses": {"200": {"description": "Metrics", "content": {"text/plain": {"schema": {"type": "string"}}}}},
        },
    });
}

fn problem(description: &str) -> Value {
    json!({
        "description": description,
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
    })
}

/// RFC 9457.
fn problem_schema() -> Value {
    json!({
        "type": "object",
        "required": ["type", "title", "status", "detail", "request_id"],
        "properties": {
            "type": {"type": "string", "format": "uri-reference"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string", "description": "The fault, and the accepted values"},
            "request_id": {"type": "string"},
            "errors": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["field", "message"],
                    "properties": {"field": {"type": "string"}, "message": {"type": "string"}},
                },
            },
        },
    })
}

/// Clients of this dialect send and get `null` for an absent value.
fn optional_means_nullable(schema: &mut Value) {
    let required: Vec<String> = schema["required"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|n| n.as_str().map(str::to_owned))
        .collect();
    for (name, property) in schema
        .get_mut("properties")
        .and_then(Value::as_object_mut)
        .into_iter()
        .flatten()
    {
        if required.contains(name) {
            continue;
        }
        if let Some(reference) = property.get("$ref").cloned() {
            *property = json!({"allOf": [{"$ref": reference}]});
        }
        property["nullable"] = Value::Bool(true);
        if let Some(values) = property.get_mut("enum").and_then(Value::as_array_mut) {
            values.push(Value::Null);
        }
    }
}

/// Adds the answers that all operations share.
fn complete(path: &str, method: &str, operation: &mut Value) {
    let managed = path.starts_with("/api/");
    if managed {
        operation["security"] = json!([{"basic": []}, {"bearer": []}, {"api_key": []}]);
    }
    let mut common = Map::new();
    let mut add =
        |status: &str, description: &str| common.insert(status.to_owned(), problem(description));
    if managed {
        add("401", "No valid credentials");
        add(
            "403",
            "Not allowed for this user, or sent by another site's page",
        );
        add(
            "422",
            "A value is not acceptable; `errors` names the fields",
        );
        add("429", "Too many at once; see Retry-After");
        add("504", "The answer took too long");
        if path.contains('{') {
            add("404", "No such code");
        }
    }
    if method == "post" {
        add("409", "It exists already");
    }
    if matches!(method, "post" | "put") {
        add("400", "The body cannot be parsed");
        add("408", "The body took too long to arrive");
        add("413", "The body is too large");
        add("415", "The body is not JSON");
    }
    add(
        "500",
        "A defect of the server; `request_id` finds it in the log",
    );
    add("503", "A dependency is away; see Retry-After");
    if let Some(responses) = operation["responses"].as_object_mut() {
        for (status, answer) in common {
            responses.entry(status).or_insert(answer);
        }
    }
}

/// `GET /openapi.json`.
pub fn json(document: &Arc<Value>) -> impl Endpoint<Output = Response> + 'static {
    let text = document.to_string();
    make_sync(move |_| {
        text.clone()
            .with_content_type("application/json")
            .into_response()
    })
}

/// `GET /docs`: Swagger UI, from the binary.
pub fn page(document: &Arc<Value>, server: &Server) -> impl Endpoint<Output = Response> + 'static {
    let service = api::service(server);
    // The framework embeds its own version of the document; the completed one takes its place.
    let page = service
        .swagger_ui_html()
        .replace(&service.spec(), &document.to_string());
    make_sync(move |_| {
        let mut response = page
            .clone()
            .with_content_type("text/html; charset=utf-8")
            .into_response();
        let policy = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; \
                      connect-src 'self'; font-src data:; frame-ancestors 'none'";
        response.headers_mut().insert(
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static(policy),
        );
        response
    })
}
