//! Waits that end, bounds that hold, and a protocol that is not spoken.

use std::{
    net::{IpAddr, Ipv4Addr},
    task::Poll,
};

use poem::{EndpointExt, endpoint::make_sync};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    task::AbortHandle,
};

use super::{connection::Handling, registry::Registered, *};
use crate::kernel::SystemClock;

const BOUNDS: Bounds = Bounds {
    total: 1000,
    per_client: None,
    proxies: Vec::new(),
};

fn address(n: u8) -> IpAddr {
    Ipv4Addr::new(192, 0, 2, n).into()
}

/// Opens a connection that does nothing by itself; `None` when it is refused.
fn open(registry: &Arc<Registry>, peer: IpAddr) -> Option<(Arc<Activity>, AbortHandle)> {
    let mut opened = None;
    registry.admit(peer, |activity, registered: Registered| {
        let task = task::spawn("test", async move {
            std::future::pending::<()>().await;
            drop(registered);
        });
        opened = Some((activity, task.abort_handle()));
        task
    });
    opened
}

/// Looks until the connection is closed.
async fn looks_until_closed(registry: &Registry, task: &AbortHandle, stopping: bool) -> u64 {
    for look in 1..=200 {
        registry.look(stopping);
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
        if task.is_finished() {
            return look;
        }
    }
    panic!("it is never closed");
}

async fn stays_open(registry: &Registry, task: &AbortHandle) {
    for _ in 0..200 {
        registry.look(false);
        tokio::task::yield_now().await;
    }
    assert!(!task.is_finished());
}

#[tokio::test]
async fn every_wait_on_a_client_ends() {
    let registry = Registry::new(BOUNDS);
    let (_, idle) = open(&registry, address(1)).unwrap();
    assert_eq!(looks_until_closed(&registry, &idle, false).await, 76);

    let (activity, dripping) = open(&registry, address(1)).unwrap();
    for _ in 0..10 {
        registry.look(false);
    }
    // The first byte counts; more of them buy no time.
    activity.read();
    for _ in 0..20 {
        registry.look(false);
        activity.read();
    }
    assert_eq!(looks_until_closed(&registry, &dripping, false).await, 11);

    let (activity, unread) = open(&registry, address(1)).unwrap();
    drop(activity.handling());
    activity.written(&Poll::Ready(Ok(100_000)));
    registry.look(false);
    activity.written(&Poll::Pending);
    assert_eq!(looks_until_closed(&registry, &unread, false).await, 31);
}

#[tokio::test]
async fn a_handler_and_a_client_that_reads_have_their_time() {
    let registry = Registry::new(BOUNDS);
    let (activity, task) = open(&registry, address(1)).unwrap();
    let handling: Handling = activity.handling();
    stays_open(&registry, &task).await;
    drop(handling);
    // 600 bytes a second, in portions.
    for _ in 0..60 {
        activity.written(&Poll::Ready(Ok(6000)));
        activity.written(&Poll::Pending);
        for _ in 0..10 {
            registry.look(false);
            tokio::task::yield_now().await;
        }
    }
    assert!(!task.is_finished());
    // A byte now and then is no reading.
    let mut looks = 0;
    while !task.is_finished() && looks < 200 {
        activity.written(&Poll::Ready(Ok(1)));
        activity.written(&Poll::Pending);
        registry.look(false);
        tokio::task::yield_now().await;
        looks += 1;
    }
    assert!((20..=41).contains(&looks), "{looks}");
}

#[tokio::test]
async fn a_stop_and_a_crowd_wait_less() {
    let registry = Registry::new(Bounds {
        total: 40,
        ..BOUNDS
    });
    let crowd: Vec<_> = (0..31)
        .filter_map(|n| open(&registry, address(n)))
        .collect();
    assert_eq!(looks_until_closed(&registry, &crowd[0].1, false).await, 16);

    let (activity, unread) = open(&registry, address(1)).unwrap();
    drop(activity.handling());
    activity.written(&Poll::Pending);
    let (_, idle) = open(&registry, address(1)).unwrap();
    assert_eq!(looks_until_closed(&registry, &idle, true).await, 4);
    assert_eq!(looks_until_closed(&registry, &unread, true).await, 2);
}

#[tokio::test]
async fn a_client_has_so_many_connections_and_no_more() {
    let bounds = Bounds {
        per_client: Some(2),
        proxies: vec!["198.51.100.0/24".parse().unwrap()],
        ..BOUNDS
    };
    let registry = Registry::new(bounds);
    let parse = |s: &str| s.parse::<IpAddr>().unwrap();
    let (_, first) = open(&registry, address(1)).unwrap();
    assert!(open(&registry, parse("::ffff:192.0.2.1")).is_some());
    assert!(open(&registry, address(1)).is_none());
    assert!(open(&registry, address(2)).is_some());
    first.abort();
    while !first.is_finished() {
        tokio::task::yield_now().await;
    }
    assert!(open(&registry, address(1)).is_some());
    // A /64 is one client; a proxy is many; this machine is one where a number is set.
    for n in 1..=2 {
        assert!(open(&registry, parse(&format!("2001:db8::{n}"))).is_some());
        assert!(open(&registry, parse("127.0.0.1")).is_some());
    }
    assert!(open(&registry, parse("2001:db8::3")).is_none());
    assert!(open(&registry, parse("2001:db8:0:1::3")).is_some());
    assert!(open(&registry, parse("127.0.0.1")).is_none());
    for _ in 0..5 {
        assert!(open(&registry, parse("198.51.100.7")).is_some());
    }

    // Without a setting: one client gets half at most, and loopback gets all.
    let registry = Registry::new(Bounds {
        total: 10,
        ..BOUNDS
    });
    assert_eq!(
        (0..9).filter_map(|_| open(&registry, address(1))).count(),
        5
    );
    assert_eq!(
        (0..9).filter_map(|_| open(&registry, parse("::1"))).count(),
        9
    );
}

/// A server that answers every request with `bytes` bytes, and its address.
async fn serve(bytes: usize) -> (SocketAddr, Arc<Registry>) {
    let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap();
    let server = Server::new(BOUNDS, Arc::new(SystemClock));
    let registry = Arc::clone(&server.registry);
    let endpoint = make_sync(move |_| vec![b'x'; bytes]).map_to_response();
    drop(task::spawn("test", async move {
        let (_stop, stopping) = watch::channel(false);
        server.run(socket, endpoint, stopping).await;
    }));
    (address, registry)
}

async fn ask(address: SocketAddr, request: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request).await.unwrap();
    stream
}

#[tokio::test]
async fn http_2_is_not_spoken() {
    let (address, _registry) = serve(2).await;
    let text = async |request: &str| {
        let mut text = Vec::new();
        let mut stream = ask(address, request.as_bytes()).await;
        let _ = stream.read_to_end(&mut text).await;
        String::from_utf8_lossy(&text).into_owned()
    };
    let preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\u{4}\0\0\0\0\0";
    let answer = text(preface).await;
    assert!(
        answer.is_empty() || answer.starts_with("HTTP/1.1 4"),
        "{answer:?}"
    );
    let upgrade = "GET / HTTP/1.1\r\nhost: x\r\nconnection: upgrade, http2-settings, close\r\n\
         upgrade: h2c\r\nhttp2-settings: AAMAAABkAAQAAP__\r\n\r\n";
    let answer = text(upgrade).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer:?}");
    assert!(answer.ends_with("xx"), "{answer:?}");
}

/// The kernel takes little for a client that does not read, and the connection ends in time.
#[tokio::test]
async fn an_answer_that_is_not_read_ends() {
    let (address, registry) = serve(64 << 20).await;
    let mut client = ask(address, b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
    let mut first = [0];
    assert_eq!(client.read(&mut first).await.unwrap(), 1);
    tokio::time::sleep(Duration::from_millis(100)).await;
    for _ in 0..40 {
        registry.look(false);
    }
    let mut rest = Vec::new();
    // What the client's kernel has; then a reset instead of the rest.
    let error = client.read_to_end(&mut rest).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    assert!(rest.len() < 16 << 20, "{}", rest.len());
}
