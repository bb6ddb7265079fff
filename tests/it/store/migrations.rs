//! Up, down and up again, with data.

use qr_observatory::{
    kernel::Kind,
    store::{Store, organizations::Organizations},
};

use sea_orm::ConnectionTrait;

use super::databases::{self, Fresh, clock, code, ids, on_both, settings, told};

on_both!(
    up_down_up,
    one_step_down_keeps_the_rest,
    the_default_organization_exists,
    nodes_may_migrate_at_once,
    an_older_binary_works_on_a_newer_schema
);

async fn up_down_up(db: &Fresh) {
    let all = db.migrations().status().await.unwrap();
    assert!(all.len() >= 8);
    assert!(all.iter().all(|v| v.applied));
    assert_eq!(all[0].name, "m0001_organizations");
    let code = code(ids().next());
    db.codes.insert(&code, vec![], &told()).await.unwrap();

    let steps = u32::try_from(all.len()).unwrap();
    db.migrations().down(steps).await.unwrap();
    assert_eq!(db.migrations().pending().await.unwrap().len(), all.len());
    let gone = db.codes.get(code.org_id, code.id).await.unwrap_err();
    assert_eq!(gone.kind(), Kind::Internal);
    assert!(!gone.message().contains("codes"), "{}", gone.message());

    db.migrations().up().await.unwrap();
    assert!(db.migrations().pending().await.unwrap().is_empty());
    assert_eq!(db.codes.count().await.unwrap(), 0);
    db.codes.insert(&code, vec![], &told()).await.unwrap();
    // Nothing to do is no error.
    db.migrations().up().await.unwrap();
    assert_eq!(db.codes.count().await.unwrap(), 1);
}

async fn one_step_down_keeps_the_rest(db: &Fresh) {
    let code = code(ids().next());
    db.codes.insert(&code, vec![], &told()).await.unwrap();
    db.migrations().down(1).await.unwrap();
    assert_eq!(db.migrations().pending().await.unwrap().len(), 1);
    db.migrations().up().await.unwrap();
    assert_eq!(
        db.codes.get(code.org_id, code.id).await.unwrap(),
        Some(code)
    );
}

async fn the_default_organization_exists(db: &Fresh) {
    let org = db.organizations.get(Organizations::DEFAULT).await.unwrap();
    assert_eq!(org.unwrap().time_zone, "UTC");
    assert_eq!(Organizations::DEFAULT.get_version_num(), 7);
}

async fn an_older_binary_works_on_a_newer_schema(db: &Fresh) {
    let raw = sea_orm::Database::connect(&db.settings.url).await.unwrap();
    let newer = "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m9999_newer', 1)";
    raw.execute_unprepared(newer).await.unwrap();
    // What a start asks: nothing is pending, and nothing is in the way.
    assert!(db.migrations().pending().await.unwrap().is_empty());
    db.migrations().up().await.unwrap();
    let all = db.migrations().status().await.unwrap();
    assert!(all.iter().all(|v| v.applied));
    let (last, known) = all.split_last().unwrap();
    assert_eq!((last.name.as_str(), last.known), ("m9999_newer", false));
    assert!(known.iter().all(|v| v.known));
    assert_eq!(db.migrations().unknown().await.unwrap(), ["m9999_newer"]);
    // Nothing goes from under what is not known, nor on it.
    let refused = db.migrations().down(1).await.unwrap_err();
    assert_eq!(refused.kind(), Kind::Conflict);
    assert!(refused.message().contains("m9999_newer"), "{refused}");
    let one = format!(
        "DELETE FROM seaql_migrations WHERE version = '{}'",
        known[3].name
    );
    raw.execute_unprepared(&one).await.unwrap();
    let refused = db.migrations().up().await.unwrap_err();
    assert_eq!(refused.kind(), Kind::Conflict);
    assert_eq!(
        db.migrations().pending().await.unwrap(),
        [known[3].name.clone()]
    );
    db.codes
        .insert(&code(ids().next()), vec![], &told())
        .await
        .unwrap();
}

async fn nodes_may_migrate_at_once(db: &Fresh) {
    let other = Store::connect(&db.settings, clock()).await.unwrap();
    let down = db.migrations().status().await.unwrap().len();
    db.migrations()
        .down(u32::try_from(down).unwrap())
        .await
        .unwrap();
    if db.settings.url.starts_with("postgres") {
        let (a, b) = tokio::join!(up(&db.store), up(&other));
        assert_eq!((a, b), (Ok(()), Ok(())));
    } else {
        up(&db.store).await.unwrap();
        up(&other).await.unwrap();
    }
    assert!(other.migrations().pending().await.unwrap().is_empty());
}

async fn up(store: &Store) -> Result<(), String> {
    let done = store.migrations().up().await;
    done.map_err(|e| format!("{e:?}"))
}

#[tokio::test]
async fn a_fresh_database_can_be_asked_for_its_status() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}/x.db?mode=rwc", folder.path().display());
    let store = Store::connect(&settings(url), clock()).await.unwrap();
    assert!(store.migrations().pending().await.unwrap().len() >= 8);
}

#[tokio::test]
async fn a_database_that_is_not_there_is_a_clear_error() {
    let nowhere = "postgres://postgres@127.0.0.1:1/postgres".to_owned();
    for (url, kind) in [
        (nowhere, Kind::Unavailable),
        (
            "sqlite:///proc/x/y.db?mode=rwc".to_owned(),
            Kind::Unavailable,
        ),
        ("mysql://root:secret@localhost/x".to_owned(), Kind::Invalid),
    ] {
        let mut settings = settings(url);
        settings.timeout_ms = 500;
        let Err(e) = Store::connect(&settings, clock()).await else {
            panic!("connected to {}", settings.url);
        };
        assert_eq!(e.kind(), kind, "{e:?}");
        assert!(!e.message().contains("secret"));
    }
}
