//! What strangers do with connections: they do not read, do not finish, open many, or speak another protocol.

use std::{
    io::{ErrorKind, Read, Write},
    net::TcpStream,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Resource, Rlimit, prlimit};

use crate::support::{Client, Database, Server, Setup, client::raw, eventually, metrics::Scrape};

fn connect(server: &Server) -> TcpStream {
    let stream = TcpStream::connect(("127.0.0.1", server.port)).unwrap();
    let limit = Some(Duration::from_secs(20));
    stream.set_read_timeout(limit).unwrap();
    stream
}

fn send(server: &Server, text: &str) -> TcpStream {
    let mut stream = connect(server);
    // More than the other side takes is cut off: this is no client that waits.
    stream
        .set_write_timeout(Some(Duration::from_millis(200)))
        .unwrap();
    let _ = stream.write_all(text.as_bytes());
    stream
}

/// Strangers of every kind are attached: a stop ends in a few seconds, and a good client is answered beside them.
#[tokio::test]
async fn strangers_do_not_hold_a_stop() {
    let mut server = Setup::on(Database::Sqlite).start().await;
    let client = Client::admin(&server);
    let unread = "GET /openapi.json HTTP/1.1\r\nhost: test\r\n\r\n".repeat(200);
    let post = "POST /api/v1/qr/static HTTP/1.1\r\nhost: test\r\ncontent-length: 40\r\n\r\n{";
    let mut strangers = Vec::new();
    for _ in 0..20 {
        strangers.push(connect(&server));
        strangers.push(send(&server, "GET /health HTTP/1.1\r\nhost: te"));
        strangers.push(send(&server, &unread));
        strangers.push(send(&server, post));
    }
    Scrape::until(&client, 10, "http_server_connections", |n| n >= 80.0).await;
    client.get("/health/ready").await.expect(200);
    let begun = Instant::now();
    server.stop().await;
    let took = begun.elapsed();
    // Five seconds for a body or an answer, and what this machine needs.
    assert!(took < Duration::from_secs(15), "{took:?}");
    assert!(!server.log().contains("were cut"), "{}", server.log());
}

#[tokio::test]
async fn one_client_has_a_bound() {
    let setup = Setup::on(Database::Sqlite).env("MAX_CONNECTIONS_PER_CLIENT", "5");
    let server = setup.start().await;
    let idle: Vec<_> = (0..4).map(|_| connect(&server)).collect();
    eventually(10, async || {
        // Those that ended already may still be counted.
        let request = "GET /health/live HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
        let mut probe = send(&server, request);
        let mut answer = String::new();
        match probe.read_to_string(&mut answer) {
            Ok(_) if answer.starts_with("HTTP/1.1 200") => Ok(()),
            other => Err(format!("{other:?} {answer:?}")),
        }
    })
    .await;
    let more: Vec<_> = (0..3).map(|_| connect(&server)).collect();
    let refused = more.into_iter().filter(|mut stream| {
        // One of them may be let in, and wait for us.
        stream
            .set_read_timeout(Some(Duration::from_secs(2)))
            .unwrap();
        match stream.read(&mut [0]) {
            Ok(read) => read == 0,
            Err(e) => e.kind() == ErrorKind::ConnectionReset,
        }
    });
    assert!(refused.count() >= 2);
    drop(idle);
}

/// A process that has no descriptor left neither spins nor dies, and serves again when it has.
#[tokio::test]
async fn without_descriptors_it_waits() {
    let server = Setup::on(Database::Sqlite).start().await;
    let client = Client::admin(&server);
    client.get("/health/live").await.expect(200);
    let pid = Pid::from_raw(server.pid().try_into().unwrap());
    let descriptors = format!("/proc/{}/fd", server.pid());
    let open = std::fs::read_dir(descriptors).unwrap().count() as u64;
    let limit = |current| Rlimit {
        current: Some(current),
        maximum: Some(20_000),
    };
    let before = prlimit(pid, Resource::Nofile, limit(open + 4)).unwrap();
    let held: Vec<_> = (0..30).map(|_| connect(&server)).collect();
    let spent = cpu_ticks(&server);
    tokio::time::sleep(Duration::from_secs(2)).await;
    let spent = cpu_ticks(&server) - spent;
    assert!(spent < 100, "{spent} ticks in two seconds");
    // Who was there before is served.
    client.get("/health/live").await.expect(200);
    drop(held);
    eventually(10, async || {
        let answer = Client::anonymous(&server).try_get("/health/live").await;
        answer.map(drop).map_err(|e| e.to_string())
    })
    .await;
    prlimit(pid, Resource::Nofile, before).unwrap();
    assert!(server.log().contains("no connection could be accepted"));
}

/// Of user and system time (proc(5)).
fn cpu_ticks(server: &Server) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", server.pid())).unwrap();
    let (_, fields) = stat.rsplit_once(')').unwrap();
    let fields: Vec<&str> = fields.split_whitespace().collect();
    fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
}

#[tokio::test]
async fn requests_without_one_valid_host_are_refused() {
    let server = Setup::on(Database::Sqlite).start().await;
    let get = |version: &str, lines: &str| {
        let request =
            format!("GET /health/live HTTP/{version}\r\n{lines}connection: close\r\n\r\n");
        let answer = raw(&server, request.as_bytes());
        answer.split(' ').nth(1).unwrap_or_default().to_owned()
    };
    for (lines, status) in [
        ("host: qr.example\r\n", "200"),
        ("Host: qr.example:3002\r\n", "200"),
        ("host: [2001:db8::1]:80\r\n", "200"),
        ("host: 192.0.2.1\r\n", "200"),
        ("", "400"),
        ("host:\r\n", "400"),
        ("host: a\r\nhost: a\r\n", "400"),
        ("host: a\r\nhost: b\r\n", "400"),
        ("host: a b\r\n", "400"),
        ("host: a/b\r\n", "400"),
        ("host: a, b\r\n", "400"),
        ("host: user@a\r\n", "400"),
        ("host: a:port\r\n", "400"),
        ("host: a:99999\r\n", "400"),
        ("host: [::1\r\n", "400"),
        ("host: http://a\r\n", "400"),
        ("host: m\u{fc}ller.example\r\n", "400"),
    ] {
        assert_eq!(get("1.1", lines), status, "{lines:?}");
    }
    assert_eq!(get("1.0", ""), "200");
    assert_eq!(get("1.0", "host: a\r\nhost: b\r\n"), "400");
    // Redirects do not go through the router: the same holds for them.
    let redirect = b"GET /r/abcdef12 HTTP/1.1\r\nconnection: close\r\n\r\n";
    let redirect = raw(&server, redirect);
    assert!(redirect.starts_with("HTTP/1.1 400"), "{redirect}");
    assert!(redirect.contains("application/problem+json"), "{redirect}");
    // The target's authority counts, and the header has to be there all the same (RFC 9112 §3.2.2).
    for (host, status) in [("host: other.example\r\n", "200"), ("", "400")] {
        let request = format!(
            "GET http://qr.example/health/live HTTP/1.1\r\n{host}connection: close\r\n\r\n"
        );
        let answer = raw(&server, request.as_bytes());
        let begins = format!("HTTP/1.1 {status}");
        assert!(answer.starts_with(&begins), "{answer}");
    }
}
