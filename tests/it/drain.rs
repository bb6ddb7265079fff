//! SIGTERM: what was accepted is answered and kept.

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

use crate::support::{
    Client, Database, Setup,
    codes::{create_dynamic, total},
    eventually,
    load::Load,
    metrics::Scrape,
    process::free_port,
    rows::assert_nothing_lost,
};

#[tokio::test]
async fn no_accepted_scan_is_lost_on_sqlite() {
    stopped_under_load(Database::Sqlite).await;
}

#[tokio::test]
async fn no_accepted_scan_is_lost_on_postgres() {
    stopped_under_load(Database::Postgres).await;
}

async fn stopped_under_load(database: Database) {
    let mut server = Setup::on(database).start().await;
    let code = create_dynamic(&Client::admin(&server)).await;
    let workers = 8;
    let load = Load::start(&server, &code.genuine, workers);
    for _ in 0..3 {
        load.progress(150).await;
        server.stop().await;
        server.start().await;
    }
    let tally = load.stop().await;
    assert!(
        tally.others.is_empty(),
        "answers that were no redirect: {:?}",
        tally.others
    );
    // A connection that was idle when it was closed may have had a request on its way (RFC 9112 §9.5): at most
    // one for each worker and stop.
    assert!(
        tally.unanswered <= 3 * workers,
        "{} requests were cut",
        tally.unanswered
    );
    assert_nothing_lost(&server, &code.id, &tally).await;
}

#[tokio::test]
async fn a_request_under_way_is_answered() {
    let mut server = Setup::on(Database::Sqlite).start().await;
    let client = Client::admin(&server);
    let body = r#"{"content":"sent in two halves"}"#;
    let (first, second) = body.split_at(10);
    let mut stream = TcpStream::connect(("127.0.0.1", server.port)).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(30)))
        .unwrap();
    write!(
        stream,
        "POST /api/v1/qr/static HTTP/1.1\r\nhost: test\r\nauthorization: {}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{first}",
        authorization(&client),
        body.len()
    )
    .unwrap();
    // That one and the scrape itself.
    eventually(10, async || {
        let active = Scrape::of(&client)
            .await
            .sum("http_server_active_requests", &[]);
        active
            .is_some_and(|n| n >= 2.0)
            .then_some(())
            .ok_or(format!("{active:?} active requests"))
    })
    .await;

    server.signal("TERM");
    // It has heard the signal: nobody new is let in.
    eventually(10, async || {
        match TcpStream::connect(("127.0.0.1", server.port)) {
            Ok(_) => Err("still accepts connections".to_owned()),
            Err(_) => Ok(()),
        }
    })
    .await;
    stream.write_all(second.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    let status = server.ended().await;
    assert!(status.success(), "{status}");

    server.start().await;
    assert_eq!(total(&Client::admin(&server)).await, 1);
}

/// Whoever scrapes sees that it is being stopped, where metrics have a listener of their own.
#[tokio::test]
async fn metrics_are_answered_to_the_end() {
    let port = free_port();
    let setup = Setup::on(Database::Sqlite).env("METRICS_BIND", format!("127.0.0.1:{port}"));
    let mut server = setup.start().await;
    let client = Client::admin(&server);
    // Something to wait for.
    let mut stream = TcpStream::connect(("127.0.0.1", server.port)).unwrap();
    write!(
        stream,
        "POST /api/v1/qr/static HTTP/1.1\r\nhost: test\r\nauthorization: {}\r\n\
         content-type: application/json\r\ncontent-length: 40\r\n\r\n{{",
        authorization(&client)
    )
    .unwrap();
    let ready = async || {
        let url = format!("http://127.0.0.1:{port}/metrics");
        let text = client.http.get(url).send().await.unwrap().text();
        Scrape::parse(&text.await.unwrap()).sum("qr_ready", &[])
    };
    assert_eq!(ready().await, Some(1.0));
    server.signal("TERM");
    eventually(10, async || match ready().await {
        Some(0.0) => Ok(()),
        other => Err(format!("qr_ready is {other:?}")),
    })
    .await;
    drop(stream);
    let status = server.ended().await;
    assert!(status.success(), "{status}");
}

/// What the client would send, for a request that is written by hand.
fn authorization(client: &Client) -> String {
    let request = client.request(reqwest::Method::GET, "/").build().unwrap();
    request.headers()["authorization"]
        .to_str()
        .unwrap()
        .to_owned()
}
