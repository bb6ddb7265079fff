//! A database that is there and says nothing: people are sent on, nothing is lost, the backlog drains.
//! `DB_AWAY_SECS=600 scripts/test integration -- database_away` for a long one.

use std::time::Duration;

use crate::support::{
    Client, Database, Setup, codes::create_dynamic, load::Load, postgres::OwnPostgres,
    rows::assert_nothing_lost,
};

#[tokio::test]
async fn remembered_redirects_do_not_notice() {
    let away =
        std::env::var("DB_AWAY_SECS").map_or(5, |n| n.parse().expect("DB_AWAY_SECS: a number"));
    let own = OwnPostgres::start();
    // Remembered for less long than the database is away: even a stale target is better than none.
    let server = Setup::on(Database::Sqlite)
        .env("DATABASE_URL", &own.url)
        .env("DATABASE_TIMEOUT_MS", "1000")
        .env("REDIRECT_CACHE_TTL_MS", "2000");
    let server = server.start().await;
    let admin = Client::admin(&server);
    let code = create_dynamic(&admin).await;
    let unseen = create_dynamic(&admin).await;
    let load = Load::start(&server, &code.genuine, 4);
    load.progress(100).await;

    own.freeze();
    let before = load.redirected();
    // What nobody has asked for cannot be known now, and that is said within the deadline.
    admin.get(&unseen.shared).await.problem(503);
    // Not a wait for something: this is how long the fault lasts.
    tokio::time::sleep(Duration::from_secs(away)).await;
    load.progress(50).await;
    let meanwhile = load.redirected() - before;
    own.thaw();

    load.progress(50).await;
    let tally = load.stop().await;
    assert!(
        meanwhile >= 50,
        "only {meanwhile} redirects while the database was away"
    );
    assert!(
        tally.others.is_empty(),
        "answers that were no redirect: {:?}",
        tally.others
    );
    assert_eq!((tally.refused, tally.unanswered), (0, 0));
    assert_nothing_lost(&server, &code.id, &tally).await;
    assert_eq!(admin.get(&unseen.shared).await.status, 302);
}
