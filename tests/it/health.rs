//! `GET /health`, `/health/live`, `/health/ready`, and the page that documents the rest.

use crate::support::{
    Client, Database, Server, Setup, codes::create_dynamic, eventually, on_both,
    postgres::OwnPostgres,
};

on_both!(health_documents_and_unknown_paths_are_answered);

async fn health_documents_and_unknown_paths_are_answered(server: Server) {
    a_healthy_product_says_so(&Client::anonymous(&server)).await;
    the_document_stands_alone(&Client::anonymous(&server)).await;
    nothing_is_404_and_methods_are_405(&Client::admin(&server)).await;
}

async fn a_healthy_product_says_so(client: &Client) {
    let health = client.get("/health").await.expect(200).json();
    assert_eq!(health["status"], "healthy", "{health}");
    assert_eq!(health["version"], env!("CARGO_PKG_VERSION"));
    let uptime = health["uptime_seconds"].as_f64().unwrap();
    assert!((0.0..600.0).contains(&uptime), "{health}");
    let checks = &health["checks"];
    for check in ["database", "scans", "memory", "disk"] {
        assert_eq!(checks[check]["status"], "pass", "{check}: {health}");
    }
    assert!(checks["database"]["latency_ms"].is_number(), "{health}");
    client.get("/health/live").await.expect(200);
    client.get("/health/ready").await.expect(200);
}

async fn the_document_stands_alone(client: &Client) {
    let document = client.get("/openapi.json").await.expect(200).json();
    let version = document["openapi"].as_str().unwrap();
    assert!(version.starts_with("3."), "{document}");
    let paths = document["paths"].as_object().unwrap();
    for path in "/api/v1/qr /api/v1/qr/static /api/v1/qr/dynamic /health".split(' ') {
        assert!(paths.contains_key(path), "{path} is not documented");
    }
    let page = client.get("/docs").await.expect(200);
    assert!(page.header("content-type").starts_with("text/html"));
    // It works where the internet does not reach, and tells nobody that it is read.
    for outside in ["src=\"http", "href=\"http", "src=\"//", "url(http"] {
        assert!(!page.text().contains(outside), "/docs loads {outside}");
    }
}

async fn nothing_is_404_and_methods_are_405(client: &Client) {
    for path in "/ /nowhere /api/v1 /api/v1/qr/static/x/y /r /r/".split(' ') {
        client.get(path).await.problem(404);
    }
    // No text at all, so no address of anything.
    let garbled = client.get("/%ff").await;
    assert!(matches!(garbled.status, 400 | 404), "{garbled:?}");
    garbled.problem(garbled.status);
    for path in ["/health", "/api/v1/qr", "/openapi.json"] {
        let answer = client.delete(path).await;
        answer.problem(405);
        assert!(answer.header("allow").contains("GET"), "{path}: {answer:?}");
    }
}

#[tokio::test]
async fn a_database_that_is_away_is_told_and_forgiven() {
    let own = OwnPostgres::start();
    let server = Setup::on(Database::Sqlite)
        .env("DATABASE_URL", &own.url)
        .env("DATABASE_TIMEOUT_MS", "1000");
    let server = server.start().await;
    let client = Client::anonymous(&server);
    create_dynamic(&Client::admin(&server)).await;

    own.freeze();
    eventually(20, async || {
        let answer = client.get("/health").await;
        let health = answer.json();
        let told =
            health["checks"]["database"]["status"] == "fail" && health["status"] != "healthy";
        told.then_some(())
            .ok_or(format!("{} {health}", answer.status))
    })
    .await;
    // Alive all the same: starting it again would not bring the database back.
    client.get("/health/live").await.expect(200);

    own.thaw();
    eventually(30, async || {
        let answer = client.get("/health").await;
        (answer.status == 200 && answer.json()["status"] == "healthy")
            .then_some(())
            .ok_or(answer.text())
    })
    .await;
}
