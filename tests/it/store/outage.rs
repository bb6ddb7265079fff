//! PostgreSQL goes away while the process runs: operations fail within the timeout, and work again afterwards. Where it
//! goes away in a commit, what it did is unknown, and nothing is done twice.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use qr_observatory::{
    kernel::{Kind, Result, task::spawn},
    store::{
        Store,
        codes::{Change, Code},
        scans::ScanRow,
    },
};
use sea_orm::ConnectionTrait;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream, tcp},
    sync::watch,
    time::Instant,
};

use super::{
    databases::{self, at, clock, code, ids, postgres_url, settings},
    record::scan,
};

/// What the wire does.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Wire {
    Open,
    /// Accepts and says nothing, as a stopped server does.
    Silent,
    /// Closes at once, as a server that restarts does.
    Cut,
    /// Closes instead of bringing an answer, from the first question with these words on. Questions arrive.
    DeafFrom(&'static str),
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
                let deaf = Arc::new(AtomicBool::new(false));
                let questions = forward(near_in, far_out, state.clone(), Asks(Arc::clone(&deaf)));
                spawn("upstream", questions);
                forward(far_in, near_out, state, Answers(deaf)).await;
            });
        }
    });
    address
}

use Way::{Answers, Asks};

/// Which way bytes go, and whether answers of this connection are lost by now.
enum Way {
    Asks(Arc<AtomicBool>),
    Answers(Arc<AtomicBool>),
}

impl Way {
    fn passes(&self, wire: Wire, bytes: &[u8]) -> bool {
        match (self, wire) {
            (_, Wire::Cut) => false,
            (Asks(deaf), Wire::DeafFrom(words)) => {
                if String::from_utf8_lossy(bytes).contains(words) {
                    deaf.store(true, Ordering::SeqCst);
                }
                true
            }
            (Answers(deaf), Wire::DeafFrom(_)) => !deaf.load(Ordering::SeqCst),
            _ => true,
        }
    }
}

async fn forward(
    mut from: tcp::OwnedReadHalf,
    mut to: tcp::OwnedWriteHalf,
    mut state: watch::Receiver<Wire>,
    way: Way,
) {
    let mut bytes = [0; 8192];
    loop {
        let read = tokio::select! {
            read = from.read(&mut bytes) => read,
            _ = state.wait_for(|s| *s == Wire::Cut) => return,
        };
        let Ok(n @ 1..) = read else { return };
        match state.wait_for(|s| *s != Wire::Silent).await {
            Ok(wire) if way.passes(*wire, &bytes[..n]) => {}
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

/// Of work whose answer to `words` is lost on the way.
async fn unanswered<T: std::fmt::Debug>(
    (switch, words): (&watch::Sender<Wire>, &'static str),
    work: impl Future<Output = Result<T>>,
) {
    switch.send(Wire::DeafFrom(words)).unwrap();
    assert_eq!(work.await.unwrap_err().kind(), Kind::Unavailable);
    switch.send(Wire::Open).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_whose_answer_is_lost_is_an_error_and_not_done_twice() {
    let (store, switch) = through_a_wire().await;
    let ids = ids();
    let made = Code {
        target: Some("https://example.com/unanswered".to_owned()),
        ..code(ids.next())
    };
    unanswered((&switch, "/unanswered"), store.codes.insert(&made)).await;
    let again = store.codes.insert(&made).await;
    // It was made, and nobody was told.
    assert_eq!(again.unwrap_err().kind(), Kind::Conflict);

    let rows: Vec<_> = (0..20)
        .map(|n| ScanRow {
            agent: None,
            ..scan(&ids, made.id, n)
        })
        .collect();
    store.scans.record(&rows[..1], &[]).await.unwrap();
    for _ in 0..3 {
        let recording = store.scans.record(&rows, &[]);
        unanswered((&switch, "COMMIT"), recording).await;
        // All of it was stored, and nobody was told.
        let again = store.scans.record(&rows, &[]).await.unwrap();
        assert_eq!((again.stored, again.duplicates), (0, 20));
    }
    let found = store.codes.get(made.org_id, made.id).await.unwrap();
    assert_eq!(found.map(|c| c.counters.scans), Some(20));
}

/// The server ends the connection within COMMIT, and nothing is stored.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_is_ended_in_commit() {
    const TRIGGER: &str = "CREATE FUNCTION ends() RETURNS trigger LANGUAGE plpgsql AS \
         $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$; \
         CREATE CONSTRAINT TRIGGER ends AFTER INSERT ON codes DEFERRABLE INITIALLY DEFERRED \
         FOR EACH ROW EXECUTE FUNCTION ends(); \
         CREATE CONSTRAINT TRIGGER ends AFTER INSERT ON scans DEFERRABLE INITIALLY DEFERRED \
         FOR EACH ROW EXECUTE FUNCTION ends();";
    const GONE: &str = "DROP FUNCTION ends() CASCADE";
    let fresh = databases::postgres().await;
    let store = &fresh.store;
    let ids = ids();
    let (before, made) = (code(ids.next()), code(ids.next()));
    let row = ScanRow {
        agent: None,
        ..scan(&ids, before.id, 0)
    };
    store.codes.insert(&before).await.unwrap();
    let admin = sea_orm::Database::connect(&fresh.settings.url)
        .await
        .unwrap();
    admin.execute_unprepared(TRIGGER).await.unwrap();
    for _ in 0..3 {
        let refused = store.codes.insert(&made).await.unwrap_err();
        assert_eq!(refused.kind(), Kind::Unavailable);
        let refused = store.scans.record(std::slice::from_ref(&row), &[]).await;
        assert_eq!(refused.unwrap_err().kind(), Kind::Unavailable);
    }
    // A check writes as long as the last write failed; this one can be made.
    store.ping().await.unwrap();
    admin.execute_unprepared(GONE).await.unwrap();
    store.codes.insert(&made).await.unwrap();
    let recorded = store.scans.record(&[row], &[]).await.unwrap();
    assert_eq!(recorded.stored, 1);
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

/// A request that is given up while its transaction begins leaves nothing behind in which a later write is lost.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transaction_that_was_given_up_takes_no_later_write_with_it() {
    let fresh = databases::postgres().await;
    let mut settings = fresh.settings.clone();
    settings.max_connections = 1;
    let store = Store::connect(&settings, clock()).await.unwrap();
    let (ids, change) = (ids(), Change::default());
    let org = code(ids.next()).org_id;
    for micros in (0..3000).step_by(50) {
        let start = clock().instant();
        let mut update = Box::pin(store.codes.update(org, ids.next(), &change, at(1)));
        while elapsed(start) < Duration::from_micros(micros)
            && futures_util::poll!(&mut update).is_pending()
        {
            tokio::task::yield_now().await;
        }
        drop(update);
        let made = code(ids.next());
        store.codes.insert(&made).await.unwrap();
        let found = fresh.store.codes.get(org, made.id).await.unwrap();
        assert!(
            found.is_some(),
            "lost after one that was given up after {micros} µs"
        );
    }
}
