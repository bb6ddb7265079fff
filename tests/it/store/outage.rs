//! PostgreSQL goes away while the process runs: operations fail within the timeout, and work again afterwards.

use std::{sync::Arc, time::Duration};

use qr_observatory::{
    kernel::{Kind, task::spawn},
    store::Store,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream, tcp},
    sync::watch,
    time::Instant,
};

use super::databases::{self, at, clock, code, ids, postgres_url, settings};

/// What the wire does.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Wire {
    Open,
    /// Accepts and says nothing, as a stopped server does.
    Silent,
    /// Closes at once, as a server that restarts does.
    Cut,
}

/// A wire to `target` that can fail. Returns its address.
async fn wire(target: String, state: watch::Receiver<Wire>) -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let target = Arc::new(target);
    spawn("listen", async move {
        while let Ok((near, _)) = listener.accept().await {
            let (target, mut state) = (target.clone(), state.clone());
            spawn("connection", async move {
                let _ = state.wait_for(|s| *s != Wire::Silent).await;
                let Ok(far) = TcpStream::connect(&*target).await else {
                    return;
                };
                let ((near_in, near_out), (far_in, far_out)) =
                    (near.into_split(), far.into_split());
                spawn("upstream", forward(near_in, far_out, state.clone()));
                forward(far_in, near_out, state).await;
            });
        }
    });
    address
}

async fn forward(
    mut from: tcp::OwnedReadHalf,
    mut to: tcp::OwnedWriteHalf,
    mut state: watch::Receiver<Wire>,
) {
    let mut bytes = [0; 8192];
    loop {
        let read = tokio::select! {
            read = from.read(&mut bytes) => read,
            _ = state.wait_for(|s| *s == Wire::Cut) => return,
        };
        let Ok(n @ 1..) = read else { return };
        match state.wait_for(|s| *s != Wire::Silent).await {
            Ok(s) if *s == Wire::Open => {}
            _ => return,
        }
        if to.write_all(&bytes[..n]).await.is_err() {
            return;
        }
    }
}

async fn through_a_wire() -> (Store, watch::Sender<Wire>) {
    let mut url = url::Url::parse(&postgres_url().await).unwrap();
    let target = format!("{}:{}", url.host_str().unwrap(), url.port().unwrap());
    let (switch, state) = watch::channel(Wire::Open);
    let address = wire(target, state).await;
    url.set_host(Some("127.0.0.1")).unwrap();
    url.set_port(Some(address.port())).unwrap();
    let mut settings = settings(url.into());
    settings.timeout_ms = 600;
    settings.max_connections = 3;
    let store = Store::connect(&settings, clock()).await.unwrap();
    store.migrations().up().await.unwrap();
    (store, switch)
}

async fn survives(wire: Wire) {
    let (store, switch) = through_a_wire().await;
    let code = code(ids().next());
    store.codes.insert(&code).await.unwrap();
    switch.send(wire).unwrap();
    for _ in 0..3 {
        let start = databases::clock().instant();
        let tries = (0..8).map(|_| store.codes.get(code.org_id, code.id));
        for result in futures_util::future::join_all(tries).await {
            let kind = result.unwrap_err().kind();
            assert_eq!(kind, Kind::Unavailable, "{wire:?}");
        }
        assert!(elapsed(start) < Duration::from_millis(1200), "{wire:?}");
    }
    switch.send(Wire::Open).unwrap();
    let start = databases::clock().instant();
    while store.ping().await.is_err() {
        assert!(elapsed(start) < Duration::from_secs(5), "{wire:?}");
    }
    let found = store.codes.get(code.org_id, code.id).await.unwrap();
    assert_eq!(found.map(|c| c.created_at), Some(at(0)));
}

fn elapsed(start: Instant) -> Duration {
    clock().instant().saturating_duration_since(start)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stopped_server() {
    survives(Wire::Silent).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_hangs_up() {
    survives(Wire::Cut).await;
}
