//! Signals: what was accepted is answered and kept.

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

use crate::support::{
    Client, Database, Server, Setup,
    codes::{create_dynamic, total},
    eventually,
    load::Load,
    metrics::Scrape,
    on_both,
    process::free_port,
    rows::assert_nothing_lost,
};

on_both!(no_accepted_scan_is_lost);

async fn no_accepted_scan_is_lost(mut server: Server) {
    let code = create_dynamic(&Client::admin(&server)).await;
    let workers = 8;
    let load = Load::start(&server, &code.genuine, workers);
    for _ in 0..3 {
        load.progress(150).await;
        server.stop().await;
        server.start().await;
    }
    let tally = load.stop().await;
    tally.assert_redirects();
    // A connection that was idle when it was closed may have had a request on its way (RFC 9112 §9.5): at most
    // one for each worker and stop.
    let cut = tally.unanswered;
    assert!(cut <= 3 * workers, "{cut} requests were cut");
    assert_nothing_lost(&server, &code.id, &tally).await;
}

#[tokio::test]
async fn a_request_under_way_is_answered_whatever_signal_stops_it() {
    let mut server = Setup::on(Database::Sqlite).start().await;
    let body = r#"{"content":"sent in two halves"}"#;
    let (first, second) = body.split_at(10);
    for (stored, name) in (1..).zip(["TERM", "INT", "QUIT", "HUP"]) {
        let client = Client::admin(&server);
        let mut stream = half_sent(&client, &server, body.len(), first);
        one_is_under_way(&client).await;
        // These do nothing.
        for ignored in ["USR1", "USR2", "XFSZ", "PIPE"] {
            server.signal(ignored);
        }
        server.signal(name);
        refuses_connections(&server).await;
        stream.write_all(second.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 201"), "{name}: {answer}");
        let status = server.ended().await;
        assert!(status.success(), "{name}: {status}");
        server.start().await;
        assert_eq!(total(&Client::admin(&server)).await, stored, "{name}");
    }
    // A second signal ends it at once.
    let client = Client::admin(&server);
    let _stream = half_sent(&client, &server, body.len(), first);
    one_is_under_way(&client).await;
    server.signal("HUP");
    refuses_connections(&server).await;
    server.signal("QUIT");
    assert_eq!(server.ended().await.code(), Some(130));

    // Its terminal may go.
    server.start_without_hangup().await;
    server.signal("HUP");
    let client = Client::admin(&server);
    client.get("/health/ready").await.expect(200);
    server.stop().await;
}

/// A request of which only the head and the first part of the body are sent.
fn half_sent(client: &Client, server: &Server, length: usize, first: &str) -> TcpStream {
    let mut stream = TcpStream::connect(("127.0.0.1", server.port)).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(30)))
        .unwrap();
    write!(
        stream,
        "POST /api/v1/qr/static HTTP/1.1\r\nhost: test\r\nauthorization: {}\r\n\
         content-type: application/json\r\ncontent-length: {length}\r\n\r\n{first}",
        authorization(client),
    )
    .unwrap();
    stream
}

/// Another request than the scrape itself.
async fn one_is_under_way(client: &Client) {
    Scrape::until(client, 10, "http_server_active_requests", |n| n >= 2.0).await;
}

/// It has seen the signal.
async fn refuses_connections(server: &Server) {
    eventually(10, async || {
        match TcpStream::connect(("127.0.0.1", server.port)) {
            Ok(_) => Err("still accepts connections".to_owned()),
            Err(_) => Ok(()),
        }
    })
    .await;
}

/// Whoever scrapes sees that it is being stopped, where metrics have a listener of their own.
#[tokio::test]
async fn metrics_are_answered_to_the_end() {
    let port = free_port();
    let setup = Setup::on(Database::Sqlite).env("METRICS_BIND", format!("127.0.0.1:{port}"));
    let mut server = setup.start().await;
    let client = Client::admin(&server);
    // Something to wait for.
    let stream = half_sent(&client, &server, 40, "{");
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
    let value = request.headers()["authorization"].to_str();
    value.unwrap().to_owned()
}
