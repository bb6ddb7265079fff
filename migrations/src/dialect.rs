//! One text of SQL for both databases: `{…}` stands for what they spell differently.
//!
//! SQLite's tables are STRICT, so that it keeps types as PostgreSQL does.

use sea_orm_migration::{prelude::*, sea_orm::DbBackend};

/// Placeholder, PostgreSQL, SQLite.
const WORDS: &[(&str, &str, &str)] = &[
    ("{uuid}", "uuid", "BLOB"),
    ("{bytes}", "bytea", "BLOB"),
    ("{bool}", "boolean", "INTEGER"),
    ("{i16}", "smallint", "INTEGER"),
    ("{i64}", "bigint", "INTEGER"),
    // "C": the order of titles and slugs must not depend on the locale of the server.
    ("{text}", "text COLLATE \"C\"", "TEXT"),
    ("{table}", "", "STRICT"),
    // The table is its primary key's index: one b-tree less to write to.
    ("{clustered}", "", "STRICT, WITHOUT ROWID"),
    // SQLite sorts NULL first anyway and refuses the words in an index.
    ("{nulls_first}", "NULLS FIRST", ""),
];

/// Runs `template`, one or more statements, in the words of the connected database.
///
/// # Errors
/// What the database refuses.
pub async fn run(manager: &SchemaManager<'_>, template: &str) -> Result<(), DbErr> {
    let postgres = manager.get_database_backend() == DbBackend::Postgres;
    let sql = WORDS
        .iter()
        .fold(template.to_owned(), |sql, (word, pg, lite)| {
            sql.replace(word, if postgres { pg } else { lite })
        });
    manager.get_connection().execute_unprepared(&sql).await?;
    Ok(())
}

/// An id as a literal.
pub fn uuid_literal(manager: &SchemaManager<'_>, id: u128) -> String {
    if manager.get_database_backend() == DbBackend::Postgres {
        format!("'{id:032x}'::uuid")
    } else {
        format!("X'{id:032x}'")
    }
}

/// Declares a migration that is two texts of SQL.
macro_rules! migration {
    ($up:expr, $down:expr) => {
        #[derive(sea_orm_migration::prelude::DeriveMigrationName)]
        pub struct Migration;

        #[sea_orm_migration::async_trait::async_trait]
        impl sea_orm_migration::MigrationTrait for Migration {
            async fn up(
                &self,
                manager: &sea_orm_migration::SchemaManager,
            ) -> Result<(), sea_orm_migration::DbErr> {
                $crate::dialect::run(manager, $up).await
            }

            async fn down(
                &self,
                manager: &sea_orm_migration::SchemaManager,
            ) -> Result<(), sea_orm_migration::DbErr> {
                $crate::dialect::run(manager, $down).await
            }

            fn use_transaction(&self) -> Option<bool> {
                Some(true)
            }
        }
    };
}
pub(crate) use migration;
