//! Clients that others' generators make of the document compile and work: `scripts/clients`.

use std::{collections::BTreeSet, path::Path, process::Command};

use crate::support::{Client, Database, Setup, decode::by_zxing};

/// Beside ASCII, and what URLs and JSON escape.
const TEXT: &str = "Grüße: 50 % \"off\" & more, 日本";

const LANGUAGES: [&str; 2] = ["python", "typescript"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn generated_clients_make_draw_and_read_codes() {
    let server = Setup::on(Database::Sqlite).start().await;
    let made = server.run_json(&["keys", "create", "--name", "client", "--json"]);
    let key = made["key"].as_str().unwrap();
    let images = tempfile::tempdir().unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/clients");
    let mut clients = Command::new(script);
    clients.args(["--url", &server.url(), "--key", key, "--text", TEXT]);
    clients.arg("--images").arg(images.path()).args(LANGUAGES);
    let output = clients.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    for language in LANGUAGES {
        let image = std::fs::read(images.path().join(format!("{language}.png"))).unwrap();
        assert_eq!(by_zxing(&image, "png").as_deref(), Some(TEXT), "{language}");
    }
}

/// Generators name functions after them.
#[tokio::test]
async fn each_operation_has_an_id_of_its_own() {
    let server = Setup::on(Database::Sqlite).start().await;
    let document = Client::anonymous(&server).get("/openapi.json").await.json();
    let mut ids = BTreeSet::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let id = operation["operationId"].as_str().unwrap_or_default();
            let is_plain = id
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b"_0123456789".contains(&b));
            assert!(id.contains('_') && is_plain, "{method} {path}: '{id}'");
            assert!(
                ids.insert(id),
                "{method} {path}: '{id}' is another one's, too"
            );
        }
    }
    assert!(ids.len() > 70, "{}", ids.len());
}
