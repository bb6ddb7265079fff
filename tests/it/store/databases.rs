//! Databases for tests: each test gets a fresh one.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use qr_observatory::{
    config::database::Database,
    kernel::{SharedClock, SystemClock, Timestamp, clock::from_micros, id::Ids},
    store::{
        Store,
        audit::Entry,
        codes::{Code, CodeKind, Counters, Look, Plan},
        organizations::Organizations,
        scans::Snapshot,
    },
};
use sea_orm::sqlx::{self, Connection, PgConnection};
use tempfile::TempDir;
use uuid::Uuid;

/// A migrated store; its files go with it. PostgreSQL's database stays until its throw-away server goes.
pub struct Fresh {
    pub store: Store,
    pub settings: Database,
    _folder: Option<TempDir>,
}

impl std::ops::Deref for Fresh {
    type Target = Store;

    fn deref(&self) -> &Store {
        &self.store
    }
}

pub fn clock() -> SharedClock {
    Arc::new(SystemClock)
}

pub fn ids() -> Ids {
    Ids::new(clock()).unwrap()
}

pub fn settings(url: String) -> Database {
    Database {
        url,
        max_connections: 8,
        timeout_ms: 20_000,
    }
}

pub async fn sqlite() -> Fresh {
    let folder = tempfile::tempdir().unwrap();
    // A folder that is not there yet: the store makes it.
    let file = folder.path().join("data").join("store.db");
    let url = format!("sqlite://{}?mode=rwc", file.display());
    fresh(url, Some(folder)).await
}

pub async fn postgres() -> Fresh {
    fresh(postgres_url().await, None).await
}

async fn fresh(url: String, folder: Option<TempDir>) -> Fresh {
    let settings = settings(url);
    let store = Store::connect(&settings, clock()).await.unwrap();
    store.migrations().up().await.unwrap();
    Fresh {
        store,
        settings,
        _folder: folder,
    }
}

/// A new, empty database on the test server.
pub async fn postgres_url() -> String {
    static MADE: AtomicU32 = AtomicU32::new(0);
    let admin = admin_url();
    let n = MADE.fetch_add(1, Ordering::Relaxed);
    let name = format!("t_{}_{n}", ids().next().simple());
    let mut connection = PgConnection::connect(&admin).await.unwrap();
    sqlx::raw_sql(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}")))
        .execute(&mut connection)
        .await
        .unwrap();
    let mut url = url::Url::parse(&admin).unwrap();
    url.set_path(&name);
    url.into()
}

#[allow(clippy::disallowed_methods)] // tests have no configuration
fn admin_url() -> String {
    std::env::var("TEST_DATABASE_URL").expect(
        "TEST_DATABASE_URL is not set: run the tests with scripts/test, which starts a PostgreSQL",
    )
}

/// What is recorded of a code now.
pub async fn snapshot(store: &Store, code_id: Uuid) -> Snapshot {
    store.scans.snapshot(code_id).await.unwrap()
}

/// A dynamic code in the default organization.
pub fn code(id: Uuid) -> Code {
    Code {
        id,
        org_id: Organizations::DEFAULT,
        kind: CodeKind::Dynamic,
        content: None,
        slug: Some(id.simple().to_string()),
        target: Some("https://example.com/".to_owned()),
        title: None,
        description: None,
        enabled: true,
        look: Look::default(),
        style: None,
        payload: None,
        tags: Vec::new(),
        plan: Plan::default(),
        created_at: at(0),
        updated_at: at(0),
        counters: Counters::default(),
    }
}

/// `seconds` after a fixed moment.
/// An entry of the audit log, for a change.
pub fn told() -> Entry {
    told_at(0)
}

pub fn told_at(seconds: i64) -> Entry {
    Entry {
        id: ids().next(),
        at: at(seconds),
        actor: "somebody".to_owned(),
        action: "code.test".to_owned(),
        subject: "code".to_owned(),
        reason: None,
        detail: None,
        org_id: None,
        via: None,
    }
}

pub fn at(seconds: i64) -> Timestamp {
    from_micros((1_767_225_600 + seconds) * 1_000_000)
}

/// Declares each named function as a test on both databases.
macro_rules! on_both {
    ($($name:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name(&super::databases::sqlite().await).await;
            })+
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name(&super::databases::postgres().await).await;
            })+
        }
    };
}
pub(crate) use on_both;
