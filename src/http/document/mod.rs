//! The OpenAPI document: what the handlers declare, completed by what holds for all of them, so that it says
//! what the product really answers. Served as JSON and as a page.

mod examples;
mod expectation;
mod merged;
mod once;

use std::sync::Arc;

use base64ct::{Base64, Encoding};
use poem::{
    Endpoint, IntoResponse, Response,
    endpoint::make_sync,
    http::{HeaderValue, StatusCode, header},
};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use self::{merged::Merged, once::say_once};
use super::api;
use crate::{
    config::server::Server,
    identity::{Action, policy::Proof},
};
pub use expectation::expectation;

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// What answers only where a provider is configured.
const SINGLE_SIGN_ON: [&str; 3] = [
    "/api/session/single-sign-on",
    "/api/session/callback",
    "/api/session/back-channel-logout",
];

/// The completed document.
#[must_use]
pub fn document(server: &Server) -> Value {
    let Merged(mut document) =
        serde_json::from_str(&api::service(server).spec()).unwrap_or_default();
    add_undeclared(&mut document);
    api::dropin::describe(&mut document);
    document["components"]["securitySchemes"] = json!({
        "basic": {"type": "http", "scheme": "basic"},
        "bearer": {"type": "http", "scheme": "bearer", "description": "An API key"},
        "api_key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
        "session": {"type": "apiKey", "in": "cookie", "name": "__Host-qro_session",
            "description": "From POST /api/session; changes also need the header X-CSRF-Token"},
    });
    document["components"]["schemas"]["Problem"] = problem_schema();
    if let Some(schemas) = document["components"]["schemas"].as_object_mut() {
        schemas.values_mut().for_each(optional_means_nullable);
    }
    for (path, operations) in document["paths"].as_object_mut().into_iter().flatten() {
        for (method, operation) in operations.as_object_mut().into_iter().flatten() {
            if METHODS.contains(&method.as_str()) {
                complete(path, method, operation);
                examples::add(operation);
            }
        }
    }
    say_once(&mut document);
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
    let redirect = |id: &str, summary: &str| {
        json!({
            "operationId": id, "tags": ["Redirect"], "summary": summary, "parameters": [slug, scan_ref],
            "responses": {
                "302": {
                    "description": "To the code's target",
                    "headers": {"Location": {"schema": {"type": "string", "format": "uri"}}},
                },
                "400": problem("A code that does not redirect"),
                "403": problem("A code with a password; browsers get a page with 200 that asks for it"),
                "404": problem("No such code, a disabled one, or one that has not begun"),
                "410": problem("A code that is over, or was scanned as often as it may be"),
            },
        })
    };
    let mut opened = redirect(
        "open_code",
        "Open a code by its password, and count the scan",
    );
    opened["requestBody"] = json!({
        "required": true,
        "content": {"application/x-www-form-urlencoded": {"schema": {
            "type": "object", "required": ["password"],
            "properties": {"password": {"type": "string", "maxLength": 128}},
        }}},
    });
    opened["responses"]["303"] = opened["responses"]["302"].take();
    if let Some(responses) = opened["responses"].as_object_mut() {
        responses.remove("302");
        let wrong = problem("A code without a password");
        responses.insert("405".to_owned(), wrong);
        let many = problem("Too many wrong passwords; see Retry-After");
        responses.insert("429".to_owned(), many);
    }
    document["paths"]["/r/{slug}"] = json!({
        "get": redirect("follow_redirect", "Redirect a scan to its target, and count it"),
        "head": redirect("probe_redirect", "As GET, never counted"),
        "post": opened,
    });
    document["paths"]["/metrics"] = json!({
        "get": {
            "operationId": "get_metrics", "tags": ["Operation"], "summary": "Metrics in the Prometheus text format",
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

/// A handler's extractor names its action where the framework has a security scheme: it becomes `x-action`, with what the
/// action asks for.
fn name_action(operation: &mut Value) {
    let schemes = operation["security"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let names = schemes.iter().filter_map(Value::as_object);
    let names: Vec<&String> = names.flat_map(Map::keys).collect();
    let is_public = schemes
        .iter()
        .any(|s| s.as_object().is_some_and(Map::is_empty));
    let Some(action) = names.iter().find_map(|name| Action::from_label(name)) else {
        operation["security"] = json!([]);
        return;
    };
    let rule = action.rule();
    let ways: &[&str] = match rule.proof {
        Proof::Any(_) | Proof::Fresh(_) => &["basic", "bearer", "api_key", "session"],
        Proof::Person => &["basic", "session"],
        Proof::Session | Proof::FreshSession => &["session"],
    };
    let mut security: Vec<Value> = ways.iter().map(|way| json!({ *way: [] })).collect();
    if is_public {
        security.push(json!({}));
    }
    operation["security"] = security.into();
    operation["x-action"] = action.label().into();
    operation["x-role"] = rule.role.label().into();
    if let Proof::Any(Some(scope)) | Proof::Fresh(scope) = rule.proof {
        operation["x-scope"] = scope.label().into();
    }
}

/// What can be in the way of other changes than new things.
const CONFLICTS: [(&str, &str); 4] = [
    ("put", "/api/account/password"),
    ("delete", "/api/organizations/{org_id}"),
    ("patch", "/api/organizations/{org_id}/members/{user_id}"),
    ("delete", "/api/organizations/{org_id}/members/{user_id}"),
];

/// Adds the answers that all operations share.
fn complete(path: &str, method: &str, operation: &mut Value) {
    let is_managed = path.starts_with("/api/") || path == "/ops/session";
    let managed = is_managed || api::dropin::is_described(path);
    name_action(operation);
    let has_body = operation.get("requestBody").is_some();
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
            add("404", "No such thing");
        }
        if SINGLE_SIGN_ON.contains(&path) {
            add(
                "400",
                "Not what a provider sends here, or not for this browser",
            );
            add("404", "No provider is configured");
        }
    }
    let parameters = operation["parameters"].as_array();
    let mut parameters = parameters.into_iter().flatten();
    if parameters.any(|parameter| parameter["name"] == "If-Match") {
        add("412", "It is not as `If-Match` says");
    }
    if method == "post" {
        add("409", "It exists already");
    } else if CONFLICTS.contains(&(method, path)) {
        add("409", "Not now: `detail` says what stands in the way");
    }
    if matches!(method, "post" | "put" | "patch") || has_body {
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

/// `GET /.well-known/change-password` (W3C, "A Well-Known URL for Changing Passwords"): where password managers send people.
pub fn change_password() -> impl Endpoint<Output = Response> + 'static {
    make_sync(|_| {
        let mut response = Response::default();
        response.set_status(StatusCode::SEE_OTHER);
        let place = HeaderValue::from_static("/docs#/Account");
        response.headers_mut().insert(header::LOCATION, place);
        response
    })
}

/// What the page adds to requests that its reader sends with a session: pages of other sites do not know the token.
const INTERCEPTOR: &str = "requestInterceptor: async (request) => {
        if (!['GET', 'HEAD', 'OPTIONS'].includes((request.method ?? 'GET').toUpperCase())) {
            const session = await fetch('/api/session');
            if (session.ok) request.headers['X-CSRF-Token'] = (await session.json()).csrf_token;
        }
        return request;
    },
    deepLinking: true,";

/// `GET /docs`: Swagger UI, from the binary.
pub fn page(document: &Arc<Value>, server: &Server) -> impl Endpoint<Output = Response> + 'static {
    let service = api::service(server);
    // The framework embeds its own version of the document; the completed one takes its place.
    let page = service
        .swagger_ui_html()
        .replace(&service.spec(), &document.to_string())
        .replace("deepLinking: true,", INTERCEPTOR);
    // Its own scripts and styles, by their digests; nothing else runs.
    let policy = format!(
        "default-src 'none'; script-src{}; style-src{}; img-src data:; connect-src 'self'; font-src data:; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        digests(&page, "script"),
        digests(&page, "style"),
    );
    let policy =
        HeaderValue::try_from(policy).unwrap_or(HeaderValue::from_static("default-src 'none'"));
    make_sync(move |_| {
        let mut response = page
            .clone()
            .with_content_type("text/html; charset=utf-8")
            .into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_SECURITY_POLICY, policy.clone());
        response
    })
}

/// The digests of a page's inline elements of this name (CSP 3, §2.3.1), each with a space before it.
fn digests(page: &str, element: &str) -> String {
    let (open, close) = (format!("<{element}"), format!("</{element}>"));
    let (mut digests, mut rest) = (String::new(), page);
    // What looks like an element within a script is text of it: the search goes on behind the end of each.
    while let Some((_, begun)) = rest.split_once(&open)
        && let Some((_, content)) = begun.split_once('>')
        && let Some((content, behind)) = content.split_once(&close)
    {
        let digest = Sha256::digest(content.as_bytes());
        digests.push_str(" 'sha256-");
        digests.push_str(&Base64::encode_string(&digest));
        digests.push('\'');
        rest = behind;
    }
    digests
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_inline_element_has_its_digest_whatever_it_speaks_of() {
        let page = "<style a>x</style><script>let s = '<script>';</script><p><script b>y</script>";
        let one = |text: &str| {
            let digest = Sha256::digest(text.as_bytes());
            format!(" 'sha256-{}'", Base64::encode_string(&digest))
        };
        assert_eq!(digests(page, "style"), one("x"));
        let scripts = format!("{}{}", one("let s = '<script>';"), one("y"));
        assert_eq!(digests(page, "script"), scripts);
        assert_eq!(digests("", "script"), "");
    }
}
