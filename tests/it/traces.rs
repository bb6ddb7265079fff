//! What an OpenTelemetry collector is told, and what happens when there is none.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use reqwest::Method;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use crate::support::{
    Client, Database, Setup,
    codes::{API, create_dynamic},
    command::Says as _,
    eventually,
    load::BROWSER,
    metrics::Scrape,
    process::free_port,
};

/// Takes what is sent to it and says so, until it is dropped.
struct Collector {
    port: u16,
    taken: Arc<Mutex<Vec<u8>>>,
    accepting: tokio::task::JoinHandle<()>,
}

impl Collector {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let taken = Arc::default();
        let kept = Arc::clone(&taken);
        let accepting = tokio::spawn(async move {
            loop {
                let (socket, _) = listener.accept().await.unwrap();
                tokio::spawn(take(socket, Arc::clone(&kept)));
            }
        });
        Self {
            port,
            taken,
            accepting,
        }
    }

    /// Whether this was sent: in protocol buffers, text and ids stand as they are.
    fn has(&self, bytes: impl AsRef<[u8]>) -> bool {
        let bytes = bytes.as_ref();
        let taken = self.taken.lock().unwrap();
        taken.windows(bytes.len()).any(|w| w == bytes)
    }

    fn settings(&self, setup: Setup) -> Setup {
        traced(setup, self.port)
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

fn traced(setup: Setup, port: u16) -> Setup {
    let endpoint = format!("http://127.0.0.1:{port}");
    setup
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)
        .env("OTEL_EXPORTER_OTLP_HEADERS", "x-collector-key=opensesame")
        // The SDK's own: how long spans are collected for.
        .env("OTEL_BSP_SCHEDULE_DELAY", "100")
}

/// Requests on one connection, each with a length.
async fn take(mut socket: TcpStream, kept: Arc<Mutex<Vec<u8>>>) {
    let mut seen = Vec::new();
    loop {
        let mut chunk = [0; 4096];
        match socket.read(&mut chunk).await {
            Ok(n) if n > 0 => seen.extend_from_slice(&chunk[..n]),
            _ => return,
        }
        let Some(end) = seen.windows(4).position(|w| w == b"\r\n\r\n") else {
            continue;
        };
        let head = String::from_utf8_lossy(&seen[..end]).to_ascii_lowercase();
        let length = head.split("content-length: ").nth(1).unwrap();
        let length: usize = length.lines().next().unwrap().parse().unwrap();
        let whole = end + 4 + length;
        if seen.len() >= whole {
            kept.lock().unwrap().extend(seen.drain(..whole));
            let answer = "HTTP/1.1 200 OK\r\ncontent-type: application/x-protobuf\r\ncontent-length: 0\r\n\r\n";
            socket.write_all(answer.as_bytes()).await.unwrap();
        }
    }
}

#[tokio::test]
async fn requests_are_traced_with_their_steps() {
    let collector = Collector::start().await;
    let setup = Setup::on(Database::Sqlite).env("OTEL_TRACES_SAMPLER_ARG", "1");
    let server = collector.settings(setup).start().await;
    let client = Client::admin(&server);
    let code = create_dynamic(&client).await;
    let scan = client
        .request(Method::GET, &code.genuine)
        .header("user-agent", BROWSER)
        .header("x-request-id", "the-scan-of-this-test");
    assert_eq!(scan.send().await.unwrap().status(), 302);
    let image = format!("{API}/{}/image", code.id);
    client.get(&image).await.expect(200);
    for part in [
        "POST /v1/traces",
        "x-collector-key: opensesame",
        "qr-observatory",
        "GET /r/{slug}",
        "the-scan-of-this-test",
        "redirect.resolve",
        "codes.resolve",
        "scans.accept",
        "GET /api/v1/qr/{id}/image",
        "render by control",
    ] {
        // Names of headers come in whatever case.
        let there = || {
            let taken = collector.taken.lock().unwrap().to_ascii_lowercase();
            let part = part.to_ascii_lowercase();
            taken.windows(part.len()).any(|w| w == part.as_bytes())
        };
        let missing = || format!("the collector was not told of {part}");
        eventually(10, async || there().then_some(()).ok_or_else(missing)).await;
    }
    // A start's own requests are nobody's.
    assert!(!collector.has("GET /health/live"));
    let scrape = Scrape::of(&client).await;
    assert!(scrape.sum("qr_trace_batches_total", &[("outcome", "ok")]) > Some(0.0));
}

#[tokio::test]
async fn only_a_trusted_proxy_decides_what_is_traced() {
    let trace_id = 0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736_u128;
    let parent = format!("00-{trace_id:032x}-00f067aa0ba902b7-01");
    for trusted in [true, false] {
        let collector = Collector::start().await;
        let setup = Setup::on(Database::Sqlite).env("OTEL_TRACES_SAMPLER_ARG", "0");
        let setup = if trusted {
            setup.env("TRUSTED_PROXIES", "127.0.0.0/8")
        } else {
            setup
        };
        let mut server = collector.settings(setup).start().await;
        let client = Client::anonymous(&server);
        let asked = client
            .request(Method::GET, "/health/live")
            .header("traceparent", &parent);
        asked.send().await.unwrap();
        client.get("/health/live").await.expect(200);
        // The last ones are sent when it stops.
        server.stop().await;
        assert_eq!(collector.has(trace_id.to_be_bytes()), trusted);
        assert_eq!(collector.has("GET /health/live"), trusted);
    }
}

#[tokio::test]
async fn a_collector_that_is_away_costs_traces_only() {
    let setup = Setup::on(Database::Sqlite).env("OTEL_TRACES_SAMPLER_ARG", "1");
    let mut server = traced(setup, free_port()).start().await;
    let client = Client::admin(&server);
    let code = create_dynamic(&client).await;
    for _ in 0..50 {
        client.get(&code.genuine).await.expect(302);
    }
    let lost = "qr_trace_batches_total outcome=error";
    Scrape::until(&client, 10, lost, |n| n > 0.0).await;
    let began = std::time::Instant::now();
    server.stop().await;
    assert!(began.elapsed() < Duration::from_secs(10));
}

#[test]
fn a_header_that_is_none_is_a_fault_and_not_shown() {
    let server = Setup::on(Database::Sqlite)
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318")
        .env("OTEL_EXPORTER_OTLP_HEADERS", "sesame open")
        .env("OTEL_TRACES_SAMPLER_ARG", "2")
        .prepare();
    let output = server.run(&["serve"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    said.says("OTEL_EXPORTER_OTLP_ENDPOINT|OTEL_EXPORTER_OTLP_HEADERS|OTEL_TRACES_SAMPLER_ARG");
    assert!(!said.contains("sesame"), "{said}");
}
