//! PostgreSQL goes away while the process runs: operations fail within the timeout, and work again afterwards. Where it
//! goes away in a commit, what it did is unknown, and nothing is done twice.

use std::time::Duration;

use qr_observatory::{
    kernel::{Kind, Result},
    store::{
        Store,
        codes::{Change, Code},
        scans::ScanRow,
    },
};
use sea_orm::ConnectionTrait;
use tokio::time::Instant;

use super::{
    databases::{self, at, clock, code, ids, postgres_url, settings, told, told_at},
    record::scan,
};
use crate::support::proxy::{Fault, Proxy};

async fn behind_a_proxy() -> (Store, Proxy) {
    let mut url = url::Url::parse(&postgres_url().await).unwrap();
    let proxy = Proxy::before(url.port().unwrap()).await;
    url.set_host(Some("127.0.0.1")).unwrap();
    url.set_port(Some(proxy.port)).unwrap();
    let mut settings = settings(url.into());
    settings.timeout_ms = 600;
    settings.max_connections = 3;
    let store = Store::connect(&settings, clock()).await.unwrap();
    store.migrations().up().await.unwrap();
    (store, proxy)
}

async fn survives(fault: Fault) {
    let (store, proxy) = behind_a_proxy().await;
    let code = code(ids().next());
    store.codes.insert(&code, vec![], &told()).await.unwrap();
    proxy.set(fault.clone()).await;
    for _ in 0..3 {
        let start = databases::clock().instant();
        let tries = (0..8).map(|_| store.codes.get(code.org_id, code.id));
        for result in futures_util::future::join_all(tries).await {
            let kind = result.unwrap_err().kind();
            assert_eq!(kind, Kind::Unavailable, "{fault:?}");
        }
        assert!(elapsed(start) < Duration::from_millis(1200), "{fault:?}");
    }
    proxy.set(Fault::Pass).await;
    let start = databases::clock().instant();
    while store.ping().await.is_err() {
        assert!(elapsed(start) < Duration::from_secs(5), "{fault:?}");
    }
    let found = store.codes.get(code.org_id, code.id).await.unwrap();
    assert_eq!(found.map(|c| c.created_at), Some(at(0)));
}

/// Runs work whose answer to a request with `text` is lost on the way.
async fn unanswered<T: std::fmt::Debug>(
    proxy: &Proxy,
    text: &'static str,
    work: impl Future<Output = Result<T>>,
) {
    proxy.set(Fault::DeafFrom(text)).await;
    assert_eq!(work.await.unwrap_err().kind(), Kind::Unavailable);
    proxy.set(Fault::Pass).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_whose_answer_is_lost_is_an_error_and_not_done_twice() {
    let (store, proxy) = behind_a_proxy().await;
    let ids = ids();
    let made = Code {
        target: Some("https://example.com/unanswered".to_owned()),
        ..code(ids.next())
    };
    unanswered(&proxy, "COMMIT", store.codes.insert(&made, vec![], &told())).await;
    let again = store.codes.insert(&made, vec![], &told()).await;
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
        unanswered(&proxy, "COMMIT", recording).await;
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
    store.codes.insert(&before, vec![], &told()).await.unwrap();
    let admin = sea_orm::Database::connect(&fresh.settings.url).await;
    let admin = admin.unwrap();
    admin.execute_unprepared(TRIGGER).await.unwrap();
    for _ in 0..3 {
        let refused = store
            .codes
            .insert(&made, vec![], &told())
            .await
            .unwrap_err();
        assert_eq!(refused.kind(), Kind::Unavailable);
        let refused = store.scans.record(std::slice::from_ref(&row), &[]).await;
        assert_eq!(refused.unwrap_err().kind(), Kind::Unavailable);
    }
    // A check writes as long as the last write failed; this one can be made.
    store.ping().await.unwrap();
    admin.execute_unprepared(GONE).await.unwrap();
    store.codes.insert(&made, vec![], &told()).await.unwrap();
    let recorded = store.scans.record(&[row], &[]).await.unwrap();
    assert_eq!(recorded.stored, 1);
}

fn elapsed(start: Instant) -> Duration {
    clock().instant().saturating_duration_since(start)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stopped_server() {
    survives(Fault::BlackHole).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_hangs_up() {
    survives(Fault::Reset).await;
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
        let mut update = Box::pin(store.codes.update(org, ids.next(), &change, told_at(1)));
        while elapsed(start) < Duration::from_micros(micros)
            && futures_util::poll!(&mut update).is_pending()
        {
            tokio::task::yield_now().await;
        }
        drop(update);
        let made = code(ids.next());
        store.codes.insert(&made, vec![], &told()).await.unwrap();
        let found = fresh.store.codes.get(org, made.id).await.unwrap();
        assert!(found.is_some(), "lost: given up after {micros} µs");
    }
}
