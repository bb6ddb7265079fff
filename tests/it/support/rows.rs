//! Scan rows as the database has them, read past the product: what it says about itself is not evidence.

use std::collections::BTreeSet;

use sea_orm::{ConnectionTrait, Database, DbBackend, QueryResult, Statement};

use super::{Client, Server, codes, load::Tally, metrics::Scrape};

/// Ids of all scan rows, as 32 hexadecimal digits; ordered, duplicates kept.
pub async fn scan_ids(server: &Server) -> Vec<String> {
    let db = Database::connect(server.database_url()).await.unwrap();
    let backend = db.get_database_backend();
    let sql = match backend {
        // SQLite keeps a UUID as it was bound: 16 bytes, or text.
        DbBackend::Sqlite => {
            "SELECT CASE typeof(id) WHEN 'blob' THEN lower(hex(id)) ELSE replace(lower(id), '-', '') END FROM scans"
        }
        _ => "SELECT replace(id::text, '-', '') FROM scans",
    };
    db.close().await.unwrap();
    let mut ids: Vec<String> = texts(server, sql).await.into_iter().flatten().collect();
    ids.sort();
    ids
}

/// One column of text.
pub async fn texts(server: &Server, sql: &str) -> Vec<Option<String>> {
    let db = Database::connect(server.database_url()).await.unwrap();
    let ask = Statement::from_string(db.get_database_backend(), sql);
    let rows = db.query_all_raw(ask).await.unwrap();
    db.close().await.unwrap();
    let text = |row: &QueryResult| row.try_get_by_index(0).unwrap();
    rows.iter().map(text).collect()
}

/// Changes the schema by hand, as a newer release would.
pub async fn alter(server: &Server, statements: &[&str]) {
    let db = Database::connect(server.database_url()).await.unwrap();
    for statement in statements {
        db.execute_unprepared(statement).await.unwrap();
    }
    db.close().await.unwrap();
}

/// Brings about a state that no answer of the product can: by hand in the database, as an operator would.
pub async fn execute(server: &Server, statement: &str) {
    let db = Database::connect(server.database_url()).await.unwrap();
    let done = db.execute_unprepared(statement).await.unwrap();
    assert!(done.rows_affected() > 0, "{statement}: changed nothing");
    db.close().await.unwrap();
}

/// A user with the administrator's password and this role: there is no way over HTTP yet.
pub async fn join(server: &Server, name: &str, role: &str) {
    let id = uuid::Uuid::new_v4();
    let literal = if server.database_url().starts_with("sqlite") {
        format!("x'{}'", id.simple())
    } else {
        format!("'{id}'")
    };
    let user = format!(
        "INSERT INTO users (id, name, password_hash, created_at_us) \
         SELECT {literal}, '{name}', password_hash, 0 FROM users WHERE name = 'admin'"
    );
    execute(server, &user).await;
    let membership = format!(
        "INSERT INTO memberships (org_id, user_id, role) SELECT id, {literal}, '{role}' FROM organizations"
    );
    execute(server, &membership).await;
}

/// Once the backlog is drained: every scan whose redirect was received is there, none is there twice, none came
/// from nowhere, and the counters and the log say what the rows say. All scans must be of the code `id`.
pub async fn assert_nothing_lost(server: &Server, id: &str, tally: &Tally) {
    let client = Client::admin(server);
    drained(&client).await;
    let rows = scan_ids(server).await;
    let unique: BTreeSet<&String> = rows.iter().collect();
    assert_eq!(unique.len(), rows.len(), "a scan is there twice");

    let ids = tally.redirected.iter().map(|id| id.replace('-', ""));
    let received: BTreeSet<String> = ids.collect();
    let (count, redirects) = (received.len(), tally.redirected.len());
    assert_eq!(count, redirects, "two redirects with one id");
    let lost: Vec<&String> = received.iter().filter(|id| !unique.contains(id)).collect();
    // Their redirects were received.
    assert_eq!(
        lost.len(),
        0,
        "of {count} are lost, e.g. {:?}",
        lost.first()
    );
    let (unasked, unanswered) = (rows.len() - count, tally.unanswered);
    assert!(
        unasked <= unanswered,
        "{unasked} rows without a redirect, {unanswered} requests unanswered"
    );

    let code = codes::get(&client, id).await;
    assert_eq!(code["scan_count"], rows.len(), "the counter and the rows");
    let log = format!("{}/{id}/analytics/scan-logs?limit=1", codes::API);
    let log = client.get(&log).await.expect(200).json();
    assert_eq!(log["total"], rows.len());
}

/// Waits until nothing accepted is on its way any more.
pub async fn drained(client: &Client) {
    Scrape::until(client, 60, "qr_scans_backlog", |n| n == 0.0).await;
}
