//! PostgreSQL behind `PgBouncer`: used where it can be, refused with the setting to change where it cannot.

use crate::support::{
    Client, Database, Server, Setup, codes::create_dynamic, eventually, pgbouncer::PgBouncer,
    postgres::sql,
};

fn behind(pooler: &PgBouncer, parameters: &str) -> Server {
    Setup::on(Database::Sqlite)
        .env("DATABASE_URL", format!("{}{parameters}", pooler.url))
        .prepare()
}

fn doctor(server: &Server) -> String {
    let said = server.run(&["doctor"]).stdout;
    String::from_utf8_lossy(&said).into_owned()
}

/// Whoever starts is told what `doctor` tells.
#[track_caller]
fn refused(server: &Server, words: &str) {
    let said = doctor(server);
    assert!(said.contains(words), "no '{words}' in: {said}");
    let started = server.run(&["serve"]);
    let said = String::from_utf8_lossy(&started.stderr).into_owned();
    assert_eq!(started.status.code(), Some(1), "{said}");
    assert!(said.contains(words), "no '{words}' in: {said}");
}

async fn works(server: &mut Server, pooler: &PgBouncer) {
    server.start().await;
    let client = Client::admin(server);
    // At once, so that transactions are carried by several connections.
    let codes = futures_util::future::join_all((0..20).map(|_| create_dynamic(&client))).await;
    for code in &codes {
        client.get(&code.genuine).await.expect(302);
    }
    let stored = "SELECT COUNT(*) FROM scans";
    eventually(20, async || {
        match sql(&pooler.database.url, stored).trim() {
            "20" => Ok(()),
            n => Err(format!("{n} scans")),
        }
    })
    .await;
    server.run_json(&["backup", "all.backup", "--json"]);
    server.stop().await;
}

#[tokio::test]
async fn session_mode_works_as_it_is_installed() {
    let pooler = PgBouncer::start("session", "");
    let mut server = behind(&pooler, "");
    works(&mut server, &pooler).await;
    let said = doctor(&server);
    assert!(!said.contains("through a pooler"), "{said}");
    // Dropped without a word where it is told to, and refused otherwise.
    refused(
        &behind(&pooler, "?options[search_path]=other"),
        "refuses a start-up parameter",
    );
    let deaf = PgBouncer::start("session", "ignore_startup_parameters = options");
    refused(
        &behind(&deaf, "?options[search_path]=other"),
        "drops the start-up parameter search_path",
    );
}

#[tokio::test]
async fn transaction_mode_works_where_statements_are_kept() {
    let keeps = PgBouncer::keeps_statements();
    let lines = if keeps {
        "max_prepared_statements = 200"
    } else {
        ""
    };
    let pooler = PgBouncer::start("transaction", lines);
    let mut server = behind(&pooler, "");
    if keeps {
        works(&mut server, &pooler).await;
        assert!(doctor(&server).contains("through a pooler in transaction mode"));
    } else {
        refused(&server, "set max_prepared_statements there");
    }
    // Nobody is left with the lock of migrations, which is the server's.
    let locks = "SELECT COUNT(*) FROM pg_locks JOIN pg_database ON pg_database.oid = database \
                 WHERE locktype = 'advisory' AND datname = current_database()";
    assert_eq!(sql(&pooler.database.url, locks).trim(), "0");
}

#[tokio::test]
async fn statement_mode_is_refused() {
    let pooler = PgBouncer::start("statement", "");
    refused(&behind(&pooler, ""), "allows no transactions");
}
