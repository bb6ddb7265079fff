//! Bad input, any byte anywhere: a 4xx problem document with a reason, and nothing has changed.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{
    Client, Database, Server, Setup,
    client::{raw, send},
    codes::{API, create_static, total},
    on_both,
    process::PASSWORD,
};

on_both!(
    targets_that_are_not_public_pages,
    fields_of_another_kind_or_size,
    bodies_that_are_not_json,
    bodies_that_are_too_large,
    texts_at_the_edge_of_what_a_symbol_holds,
    requests_that_no_client_makes,
);

const STATIC: &str = "/api/v1/qr/static";
const DYNAMIC: &str = "/api/v1/qr/dynamic";

const TARGETS: &[&str] = &[
    // Other schemes, or none.
    "javascript:alert(1)",
    "JavaScript:alert(1)",
    "java\nscript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:x",
    "file:///etc/passwd",
    "ftp://example.com/",
    "//example.com",
    "example.com",
    "http://",
    "https:///",
    "http:example.com@evil.example",
    "",
    " ",
    // Userinfo: what stands before the @ looks like the host.
    "https://example.com@evil.example/",
    "https://user:password@example.com/",
    // Header injection.
    "https://example.com/\r\nSet-Cookie: a=b",
    "https://example.com/\nx",
    "https://exam\tple.com/",
    "https://example.com/\u{0}",
];

/// This machine and this network, however they are written.
const HOSTS: &str = "localhost/ localhost./ LOCALHOST:3002/ sub.localhost/ 127.0.0.1/ 127.1/ 2130706433/ 0x7f000001/ \
    0177.0.0.1/ 0.0.0.0/ 10.1.2.3/ 172.16.0.1/ 192.168.1.1/ 169.254.169.254/latest/meta-data/ \
    100.64.0.1/ [::1]/ [::]/ [::ffff:127.0.0.1]/ [fc00::1]/ [fe80::1]/";

/// Nothing was created by what `attempt` did.
async fn unchanged(client: &Client, attempt: impl AsyncFnOnce()) {
    let before = total(client).await;
    attempt().await;
    assert_eq!(total(client).await, before, "something was created");
}

async fn targets_that_are_not_public_pages(server: Server) {
    let client = Client::admin(&server);
    unchanged(&client, async || {
        // All of them before the verdict: a filter with one hole tends to have several.
        let mut accepted = Vec::new();
        let hosts = HOSTS
            .split_whitespace()
            .map(|host| format!("http://{host}"));
        for target in TARGETS.iter().map(|&target| target.to_owned()).chain(hosts) {
            let body = json!({ "redirect_url": target });
            let answer = client.post(DYNAMIC, &body).await;
            match answer.status {
                422 => answer.invalid("redirect_url"),
                status => accepted.push((status, target)),
            }
        }
        assert!(accepted.is_empty(), "not refused with 422: {accepted:?}");
        let long = format!("https://example.com/{}", "a".repeat(2048));
        for value in json!([long, 1, true, null, [], { "a": 1 }])
            .as_array()
            .unwrap()
        {
            let body = json!({ "redirect_url": value });
            client.post(DYNAMIC, &body).await.invalid("redirect_url");
        }
        let none = json!({ "title": "no target" });
        client.post(DYNAMIC, &none).await.invalid("redirect_url");
    })
    .await;
}

async fn fields_of_another_kind_or_size(server: Server) {
    let client = Client::admin(&server);
    let giant: Value = serde_json::from_str("99999999999999999999999999").unwrap();
    let cases = [
        ("content", json!("")),
        ("content", json!("x".repeat(2049))),
        ("content", json!("nul \u{0}")),
        ("content", json!(1)),
        ("content", json!(null)),
        ("title", json!("x".repeat(101))),
        ("title", json!("nul \u{0}")),
        ("title", json!(["a"])),
        ("description", json!("x".repeat(501))),
        ("description", json!(false)),
        ("fill_color", json!("red-ish")),
        ("fill_color", json!("#12")),
        ("fill_color", json!("#GGGGGG")),
        ("fill_color", json!("#0000001")),
        ("back_color", json!("")),
        ("back_color", json!(16_777_215)),
        ("size", json!(0)),
        ("size", json!(51)),
        ("size", json!(-10)),
        ("size", json!(1.5)),
        ("size", json!("large")),
        ("size", json!(u64::MAX)),
        ("size", json!(1e300)),
        ("size", giant),
        ("border", json!(-1)),
        ("border", json!(21)),
        ("error_level", json!("x")),
        ("error_level", json!("")),
        ("error_level", json!(1)),
        ("redirect_url", json!("https://example.com/")),
    ];
    unchanged(&client, async || {
        for (field, value) in cases {
            let mut body = json!({ "content": "text" });
            body[field] = value;
            client.post(STATIC, &body).await.invalid(field);
        }
        client.post(STATIC, &json!({})).await.invalid("content");
        let same = json!({ "content": "text", "fill_color": "#ABCDEF", "back_color": "#abcdef" });
        client.post(STATIC, &same).await.problem(422);

        // All at once, so that they can be mended in one go.
        let bad = json!({ "content": "", "size": 99, "border": 99 });
        let answer = client.post(STATIC, &bad).await;
        for field in ["content", "size", "border"] {
            answer.invalid(field);
        }
    })
    .await;
}

async fn bodies_that_are_not_json(server: Server) {
    let client = Client::admin(&server);
    let bodies: Vec<Vec<u8>> = vec![
        b"".to_vec(),
        b"{\"content\":\"tex".to_vec(),
        b"{\"content\":\"a\"} trailing".to_vec(),
        b"{'content':'a'}".to_vec(),
        b"{\"content\":\"\xff\xfe\"}".to_vec(),
        b"{\"content\":\"\\ud800\"}".to_vec(),
        b"\xff\xfe\x00".to_vec(),
        b"[]".to_vec(),
        b"null".to_vec(),
        b"\"content\"".to_vec(),
        b"42".to_vec(),
        b"NaN".to_vec(),
        b"{\"content\":\"a\",\"size\":99999999999999999999999999}".to_vec(),
        b"{\"content\":\"a\",\"size\":1e999}".to_vec(),
        // The fields' values in the order in which somebody declared them are no document either.
        b"[\"a\",null,null,null,null,null,null,null,null]".to_vec(),
        b"[\"https://example.com/\",null,null,null,null,null,null,null]".to_vec(),
        vec![0; 1000],
    ];
    unchanged(&client, async || {
        for body in bodies {
            for path in [STATIC, DYNAMIC] {
                let shown = String::from_utf8_lossy(&body[..body.len().min(40)]).into_owned();
                let answer = client.post_bytes(path, body.clone()).await;
                assert!(matches!(answer.status, 400 | 422), "{shown}: {answer:?}");
                answer.problem(answer.status);
            }
        }
        let form = client
            .request(Method::POST, STATIC)
            .body("{\"content\":\"a\"}");
        let form = form.header("content-type", "text/plain");
        send(form).await.problem(415);
    })
    .await;
}

async fn bodies_that_are_too_large(server: Server) {
    let client = Client::admin(&server);
    let credentials = client.request(Method::POST, STATIC).build().unwrap();
    let authorization = credentials.headers()["authorization"].to_str().unwrap();
    let head = format!(
        "POST {STATIC} HTTP/1.1\r\nhost: test\r\nconnection: close\r\nauthorization: {authorization}\r\n\
         content-type: application/json\r\n"
    );
    let body = format!("{{\"content\":\"{}\"}}", "a".repeat(10_000_000));
    let size = body.len();
    unchanged(&client, async || {
        let announced = format!("{head}content-length: {size}\r\n\r\n{body}");
        let chunked =
            format!("{head}transfer-encoding: chunked\r\n\r\n{size:x}\r\n{body}\r\n0\r\n\r\n");
        // Announced and never sent: nobody waits for it.
        let promised = format!("{head}content-length: {}\r\n\r\n", u64::MAX);
        for request in [announced, chunked, promised] {
            let answer = raw(&server, request.as_bytes());
            let status = answer.lines().next().unwrap_or_default();
            assert!(status.starts_with("HTTP/1.1 4"), "{status:?}");
            let is_promised = request.contains(&u64::MAX.to_string());
            assert!(status.contains("413") || is_promised, "{status}");
        }
    })
    .await;
    assert!(!server.log().contains(PASSWORD));
}

async fn texts_at_the_edge_of_what_a_symbol_holds(server: Server) {
    let client = Client::admin(&server);
    // 2 048 characters each; what takes more than one byte does not fit a symbol of level h or even l.
    for (letter, level) in [("7", "h"), ("a", "l"), ("a", "h"), ("é", "l"), ("🎉", "l")] {
        let body = json!({ "content": letter.repeat(2048), "error_level": level });
        let answer = client.post(STATIC, &body).await;
        let text = answer.text();
        assert!(
            matches!(answer.status, 201 | 422),
            "{letter} {level}: {text}"
        );
        if answer.status == 201 {
            let id = answer.json()["id"].as_str().unwrap().to_owned();
            let image = client.get(&format!("{API}/{id}/image")).await;
            let status = image.status;
            assert!(matches!(status, 200 | 422), "{letter} {level}: {status}");
        }
    }
}

/// Every parameter of every described operation: too small, too large, of another type, of no known value.
#[tokio::test]
async fn parameters_that_are_not_as_described() {
    let server = Setup::on(Database::Sqlite).start().await;
    let client = Client::admin(&server);
    let code = create_static(&client, "text").await;
    let code = code["id"].as_str().unwrap();
    let document = client.get("/openapi.json").await.json();
    let mut faults = 0;
    for (path, operations) in document["paths"].as_object().unwrap() {
        let path = path
            .replace("{org_id}", "01900000-0000-7000-8000-000000000001")
            .replace("{qr_id}", code)
            .replace("{id}", code);
        let parameters = operations["get"]["parameters"].as_array();
        let mut required = String::new();
        for parameter in parameters.into_iter().flatten() {
            if parameter["in"] == "query" && parameter["required"] == true {
                required.extend(["&", parameter["name"].as_str().unwrap(), "=x"]);
            }
        }
        for parameter in parameters.into_iter().flatten() {
            let name = parameter["name"].as_str().unwrap();
            if parameter["in"] != "query" {
                continue;
            }
            for value in refused_by(&parameter["schema"]) {
                let answer = client
                    .get(&format!("{path}?{name}={value}{required}"))
                    .await;
                answer.invalid(name);
                let message = answer.problem(422)["errors"][0]["message"].clone();
                let message = message.as_str().unwrap();
                let begins = |words| message.starts_with(words);
                let says_what = begins("must be ") || begins("must have at most ");
                assert!(says_what, "{name}={value}: {message}");
                faults += 1;
            }
            // Spellings that the framework undoes: whatever they mean, an answer that is meant.
            let twice = format!("1&{name}=2");
            for value in ["%FF%FE", "%zz", "%", "%00", &twice, "1,2", "%20"] {
                let answer = client.get(&format!("{path}?{name}={value}")).await;
                let text = answer.text();
                assert!(answer.status < 500, "{name}={value}: {text}");
                assert!(!text.contains("parse"), "{name}={value}: {text}");
            }
        }
    }
    assert!(faults > 80, "only {faults} were tried");
    let image = format!("{API}/{code}/image");
    let answer = client.get(&format!("{image}?physical_size=0.05")).await;
    let detail = "physical_size: must be a number from 0.1 to 100";
    assert_eq!(answer.problem(422)["detail"], detail);
    let answer = client.get(&format!("{image}?error_level=x")).await;
    let problem = answer.problem(422);
    let message = problem["errors"][0]["message"].as_str().unwrap();
    assert!(message.starts_with("must be one of `"), "{message}");
}

fn refused_by(schema: &Value) -> Vec<String> {
    let number = |value: Option<f64>, step: f64| value.map(|v| (v + step).to_string());
    match schema["type"].as_str() {
        Some("integer" | "number") => {
            let bounds = [
                number(schema["minimum"].as_f64(), -0.05),
                number(schema["minimum"].as_f64(), -1.0),
                // A large one loses its last digit on its way through the document.
                number(schema["maximum"].as_f64(), 2.0),
            ];
            let others = "|x|-|1e400|NaN|99999999999999999999999|0x10|1%2C5";
            let others = others.split('|').map(str::to_owned);
            bounds.into_iter().flatten().chain(others).collect()
        }
        Some("boolean") => ["", "x", "2", "TRUE"].map(str::to_owned).into(),
        Some("string") if schema["enum"].is_null() => match schema["maxLength"].as_u64() {
            Some(most) => vec!["a".repeat(usize::try_from(most).unwrap() + 1)],
            None => Vec::new(),
        },
        // One of some values.
        _ => ["zebra", "%F0%9F%A6%93"].map(str::to_owned).into(),
    }
}

async fn requests_that_no_client_makes(server: Server) {
    let client = Client::admin(&server);
    create_static(&client, "text").await;
    let long = "a".repeat(100_000);
    for request in [
        format!("GET /{long} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"),
        format!("GET /r/x?{long} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"),
        format!("GET /health HTTP/1.1\r\nhost: x\r\nx-long: {}\r\nconnection: close\r\n\r\n", long.repeat(10)),
        "GET /r/\u{1} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n".into(),
        "BREW /health HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n".into(),
        "POST /api/v1/qr/static HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\nconnection: close\r\n\r\n".into(),
        "nonsense\r\n\r\n".into(),
    ] {
        let answer = raw(&server, request.as_bytes());
        let status = answer.lines().next().unwrap_or_default();
        assert!(status.starts_with("HTTP/1.1 4"), "{request:.60}: {status:?}");
    }
    // Still there, and nobody's request brought it down.
    assert_eq!(total(&client).await, 1);
    assert!(!server.log().contains("panicked"), "{}", server.log());
}
