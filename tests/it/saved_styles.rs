//! `/api/v2/styles`: saved styles, and codes that are drawn in them.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::{
    Client, Database, Server, Setup,
    codes::TARGET,
    decode::decode,
    on_both,
    redis::{RedisServer, RedisSetup},
};

on_both!(
    a_style_is_saved_used_changed_and_deleted,
    a_default_style_is_that_of_codes_without_one,
    a_name_stands_for_options_in_every_dialect,
    accept_asks_for_the_file_itself,
);

const STYLES: &str = "/api/v2/styles";

async fn put(client: &Client, name: &str, body: &Value) -> Value {
    client
        .put(&format!("{STYLES}/{name}"), body)
        .await
        .expect(200)
        .json()
}

async fn code(client: &Client, body: &Value) -> String {
    let code = client.post("/api/v2/codes", body).await.expect(201).json();
    format!("/api/v2/codes/{}", code["id"].as_str().unwrap())
}

async fn svg(client: &Client, code: &str) -> String {
    client
        .get(&format!("{code}/image?format=svg"))
        .await
        .expect(200)
        .text()
}

fn blue(shape: &str) -> Value {
    json!({ "options": { "foregroundColor": "#003366", "eyeShape": shape } })
}

async fn a_style_is_saved_used_changed_and_deleted(server: Server) {
    let client = Client::admin(&server);
    let saved = put(&client, "house", &blue("circle")).await;
    assert_eq!(saved["options"]["eyeShape"], "circle");
    assert_eq!(saved["default"], false);
    let code = code(&client, &json!({ "target": TARGET, "style_name": "house" })).await;
    let first = svg(&client, &code).await;
    assert!(
        first.contains("#003366") || first.contains("#036"),
        "{first:.300}"
    );
    let image = client
        .get(&format!("{code}/image?format=png&size=400"))
        .await
        .expect(200);
    assert!(decode(&image.body, "png").contains("/r/"));
    put(&client, "house", &blue("leaf")).await;
    let second = svg(&client, &code).await;
    assert_ne!(first, second, "a changed style shows at once");
    // One for this picture only.
    put(&client, "plain", &json!({ "options": {} })).await;
    let plain = client
        .get(&format!("{code}/image?format=svg&style_name=plain"))
        .await
        .expect(200)
        .text();
    assert!(plain != second && !plain.contains("#036"));
    assert_eq!(svg(&client, &code).await, second);
    client.delete(&format!("{STYLES}/house")).await.problem(409);
    client
        .patch(&code, &json!({ "style_name": null }))
        .await
        .expect(200);
    client.delete(&format!("{STYLES}/house")).await.expect(204);
    client.delete(&format!("{STYLES}/house")).await.problem(404);
    client.get(&format!("{STYLES}/house")).await.problem(404);
    let names = client.get(STYLES).await.expect(200).json();
    assert_eq!(names["items"].as_array().unwrap().len(), 1);
    for (name, body, named) in [
        ("a b", json!({ "options": {} }), "name"),
        (
            "x",
            json!({ "options": { "eyeShape": "blob" } }),
            "options.eyeShape",
        ),
        (
            "x",
            json!({ "options": { "gradient": { "colors": ["#000"] } } }),
            "options.gradient.colors",
        ),
        ("x", json!({}), "options"),
        ("x", json!({ "options": [] }), "options"),
    ] {
        client
            .put(&format!("{STYLES}/{name}"), &body)
            .await
            .invalid(named);
    }
    Client::anonymous(&server).get(STYLES).await.problem(401);
}

async fn a_default_style_is_that_of_codes_without_one(server: Server) {
    let client = Client::admin(&server);
    let code = code(&client, &json!({ "target": TARGET })).await;
    let plain = svg(&client, &code).await;
    let with_default = |shape: &str| {
        let mut body = blue(shape);
        body["default"] = json!(true);
        body
    };
    put(&client, "first", &with_default("circle")).await;
    let first = svg(&client, &code).await;
    assert_ne!(plain, first);
    put(&client, "second", &with_default("leaf")).await;
    assert_ne!(svg(&client, &code).await, first);
    let styles = client.get(STYLES).await.expect(200).json();
    let defaults: Vec<&Value> = styles["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|s| &s["default"])
        .collect();
    assert_eq!(defaults, [&json!(false), &json!(true)], "one at most");
}

/// Two nodes over one database and one Redis: what one changed, the other draws within a second.
#[tokio::test]
async fn a_change_on_one_node_shows_on_the_other_within_a_second() {
    let redis = RedisServer::start(RedisSetup::default()).await;
    let setup = || {
        let setup = Setup::on(Database::Postgres).env("REDIS_URL", redis.url());
        setup.env("BASE_URL", "http://qr.example.com")
    };
    let one = setup().start().await;
    let two = setup()
        .env("DATABASE_URL", one.database_url())
        .start()
        .await;
    let (here, there) = (Client::admin(&one), Client::admin(&two));
    put(&here, "house", &blue("circle")).await;
    let code = code(&here, &json!({ "target": TARGET, "style_name": "house" })).await;
    for shape in ["leaf", "star", "circle", "diamond"] {
        let old = svg(&there, &code).await;
        let changed = Instant::now();
        put(&here, "house", &blue(shape)).await;
        while svg(&there, &code).await == old {
            assert!(
                changed.elapsed() < Duration::from_secs(1),
                "{shape} is not shown"
            );
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        assert_eq!(svg(&there, &code).await, svg(&here, &code).await);
    }
}

/// `POST` of a question to a dialect, which draws by the saved style where the options say nothing.
async fn a_name_stands_for_options_in_every_dialect(server: Server) {
    let client = Client::admin(&server);
    put(&client, "house", &blue("leaf")).await;
    let question = json!({ "data": "Room 7", "style_name": "house" });
    let generate = "/api/v2/qr/generate";
    let drawn = client.post(generate, &question).await.expect(200).json();
    let named = drawn["svg"].as_str().unwrap();
    let mut spelled = json!({ "data": "Room 7" });
    spelled["options"] = blue("leaf")["options"].clone();
    let written = client.post(generate, &spelled).await.expect(200).json();
    assert_eq!(named, written["svg"]);
    // What is said comes before what is saved.
    let mut other = question.clone();
    other["options"] = json!({ "foregroundColor": "#660000", "format": "png" });
    let red = client.post(generate, &other).await.expect(200).json();
    assert!(red["image"].as_str().unwrap().starts_with("data:image/png"));
    let batch = json!({ "codes": [question, spelled] });
    let batch = client
        .post("/api/v2/qr/batch", &batch)
        .await
        .expect(200)
        .json();
    assert_eq!(batch["results"][0]["svg"], batch["results"][1]["svg"]);
    let parts = client
        .post("/api/v3/qr/generate", &question)
        .await
        .expect(200)
        .text();
    assert!(parts.contains("#003366"), "{parts:.400}");
    let valid = client
        .post("/api/v2/qr/validate", &question)
        .await
        .expect(200)
        .json();
    assert_eq!(valid["valid"], true);
    let mut unknown = question.clone();
    unknown["style_name"] = json!("none");
    client.post(generate, &unknown).await.invalid("style_name");
    let anonymous = Client::anonymous(&server);
    anonymous
        .post(generate, &question)
        .await
        .invalid("style_name");
}

async fn accept_asks_for_the_file_itself(server: Server) {
    let client = Client::anonymous(&server);
    let question = json!({ "data": "Room 7", "options": { "size": 400 } });
    let ask = async |accept: &str, body: &Value| {
        let request = client.request(reqwest::Method::POST, "/api/v2/qr/generate");
        crate::support::client::send(request.header("accept", accept).json(body))
            .await
            .expect(200)
    };
    for (accept, media_type) in [
        ("image/png", "image/png"),
        ("image/webp,*/*", "image/webp"),
        ("application/pdf", "application/pdf"),
        ("image/*", "image/svg+xml"),
    ] {
        let file = ask(accept, &question).await;
        assert_eq!(file.header("content-type"), media_type, "{accept}");
        assert_eq!(file.header("x-qr-grade"), "A");
    }
    assert_eq!(
        decode(&ask("image/png", &question).await.body, "png"),
        "Room 7"
    );
    // A format that is asked for by name is what comes.
    let jpeg = json!({ "data": "Room 7", "options": { "format": "jpeg" } });
    assert_eq!(
        ask("image/*", &jpeg).await.header("content-type"),
        "image/jpeg"
    );
    for accept in ["*/*", "application/json, image/png", "text/html"] {
        assert!(
            ask(accept, &question).await.json()["svg"].is_string(),
            "{accept}"
        );
    }
}
