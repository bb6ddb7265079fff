//! A code's look beside releases that store it otherwise (`migrations/src/m0012_code_look.rs`).

use qr_observatory::{
    kernel::{Color, Level},
    store::codes::{Change, Code, ListQuery, Look},
};
use sea_orm::{ConnectionTrait, Statement};

use super::databases::{self, Fresh, code, ids, on_both, told, told_at};

on_both!(
    the_release_before_reads_what_is_written,
    what_the_release_before_writes_is_read,
    a_look_that_cannot_be_read_has_its_default,
    later_releases_may_leave_the_columns_and_add_to_the_json
);

async fn execute(db: &Fresh, sql: &str) {
    let raw = sea_orm::Database::connect(&db.settings.url).await.unwrap();
    let changed = raw.execute_unprepared(sql).await.unwrap();
    assert!(
        changed.rows_affected() > 0 || sql.starts_with("ALTER"),
        "{sql}"
    );
    raw.close().await.unwrap();
}

/// The five columns as the release before reads them, and the JSON.
async fn columns(db: &Fresh) -> (String, String) {
    let raw = sea_orm::Database::connect(&db.settings.url).await.unwrap();
    let ask =
        "SELECT fill_color || back_color || size || ' ' || border || error_level, look FROM codes";
    let ask = Statement::from_string(raw.get_database_backend(), ask);
    let row = raw.query_one_raw(ask).await.unwrap().unwrap();
    raw.close().await.unwrap();
    let json: Option<String> = row.try_get_by_index(1).unwrap();
    (row.try_get_by_index(0).unwrap(), json.unwrap_or_default())
}

fn styled() -> Look {
    Look {
        fill_color: "#123456".parse().unwrap(),
        back_color: "#ABCDEF".parse().unwrap(),
        size: 7,
        border: 2,
        error_level: Level::Q,
    }
}

async fn found(db: &Fresh, code: &Code) -> Look {
    let found = db.codes.get(code.org_id, code.id).await.unwrap();
    found.unwrap().look
}

async fn the_release_before_reads_what_is_written(db: &Fresh) {
    let mut code = code(ids().next());
    db.codes.insert(&code, vec![], &told()).await.unwrap();
    assert_eq!(columns(db).await.0, "#000000#FFFFFF10 4m");
    let change = Change {
        look: Some(styled()),
        ..Change::default()
    };
    let changed = db
        .codes
        .update(code.org_id, code.id, &change, told_at(1))
        .await;
    code = changed.unwrap().unwrap();
    assert_eq!(code.look, styled());
    assert_eq!(columns(db).await.0, "#123456#ABCDEF7 2q");
    // Back to the schema before and forth again: nothing of it is lost.
    db.migrations().down(4).await.unwrap();
    db.migrations().up().await.unwrap();
    assert_eq!(columns(db).await.1, "");
    assert_eq!(found(db, &code).await, styled());
}

async fn what_the_release_before_writes_is_read(db: &Fresh) {
    let code = code(ids().next());
    db.codes.insert(&code, vec![], &told()).await.unwrap();
    execute(db, "UPDATE codes SET look = NULL").await;
    assert_eq!(found(db, &code).await, Look::default());
    // It knows no JSON, which is stale from then on.
    db.codes
        .delete(code.org_id, code.id, &told())
        .await
        .unwrap();
    db.codes.insert(&code, vec![], &told()).await.unwrap();
    let update = "UPDATE codes SET fill_color = '#123456', back_color = '#ABCDEF', size = 7, border = 2, \
                  error_level = 'q'";
    execute(db, update).await;
    assert!(columns(db).await.1.contains("#000000"));
    assert_eq!(found(db, &code).await, styled());
}

/// A row that was changed by hand hides neither itself nor the others of a list, and what of it can be read is.
async fn a_look_that_cannot_be_read_has_its_default(db: &Fresh) {
    let (one, other) = (code(ids().next()), code(ids().next()));
    for code in [&one, &other] {
        db.codes.insert(code, vec![], &told()).await.unwrap();
    }
    let change = Change {
        look: Some(styled()),
        ..Change::default()
    };
    let page = ListQuery {
        limit: 10,
        ..ListQuery::default()
    };
    #[rustfmt::skip]
    let cases = [
        ("size = -1", Look { size: 10, ..styled() }),
        ("border = 300", Look { border: 4, ..styled() }),
        ("fill_color = 'red'", Look { fill_color: Color::BLACK, ..styled() }),
        ("back_color = ''", Look { back_color: Color::WHITE, ..styled() }),
        ("error_level = 'x'", Look { error_level: Level::M, ..styled() }),
    ];
    let slug = one.slug.clone().unwrap();
    for (bad, expected) in cases {
        for json in ["NULL", "'['", "'{}'"] {
            db.codes
                .update(one.org_id, one.id, &change, told_at(1))
                .await
                .unwrap();
            execute(
                db,
                &format!("UPDATE codes SET look = {json}, {bad} WHERE slug = '{slug}'"),
            )
            .await;
            assert_eq!(found(db, &one).await, expected, "{bad}, {json}");
            let (listed, _) = db.codes.list(one.org_id, &page).await.unwrap();
            assert_eq!(listed.len(), 2, "{bad}, {json}");
        }
    }
}

async fn later_releases_may_leave_the_columns_and_add_to_the_json(db: &Fresh) {
    let code = code(ids().next());
    db.codes.insert(&code, vec![], &told()).await.unwrap();
    execute(db, r#"UPDATE codes SET look = '{"size":9,"novelty":[1]}'"#).await;
    let change = Change {
        title: Some("t".into()),
        ..Change::default()
    };
    let changed = db
        .codes
        .update(code.org_id, code.id, &change, told_at(1))
        .await;
    assert_eq!(changed.unwrap().unwrap().look, Look::default());
    assert!(columns(db).await.1.contains("novelty"));
    if db.settings.url.starts_with("postgres") {
        for column in ["fill_color", "back_color", "size", "border", "error_level"] {
            let alter = format!("ALTER TABLE codes ALTER COLUMN {column} DROP NOT NULL");
            execute(db, &alter).await;
            execute(db, &format!("UPDATE codes SET {column} = NULL")).await;
        }
        let expected = Look {
            size: 9,
            ..Look::default()
        };
        assert_eq!(found(db, &code).await, expected);
    }
}
