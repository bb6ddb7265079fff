//! One text of SQL for both databases: `{…}` stands for what they spell differently.
//!
//! SQLite's tables are STRICT, so that it keeps types as PostgreSQL does.

/// Which words stand for `{…}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Database {
    Postgres,
    Sqlite,
}

/// One or more statements.
#[derive(Clone, Copy)]
pub enum Sql {
    Both(&'static str),
    Postgres(&'static str),
    Sqlite(&'static str),
}

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
    (
        "{default_organization}",
        "'01900000000070008000000000000001'::uuid",
        "X'01900000000070008000000000000001'",
    ),
    // SQLite sorts NULL first anyway and refuses the words in an index.
    ("{nulls_first}", "NULLS FIRST", ""),
];

impl Sql {
    /// In the words of `database`; `None` where it is for the other one.
    #[must_use]
    pub fn text(self, database: Database) -> Option<String> {
        let (Self::Both(template) | Self::Postgres(template) | Self::Sqlite(template)) = self;
        let is_other = match self {
            Self::Both(_) => false,
            Self::Postgres(_) => database != Database::Postgres,
            Self::Sqlite(_) => database != Database::Sqlite,
        };
        let mut text = template.to_owned();
        for (word, postgres, sqlite) in WORDS {
            let spelled = match database {
                Database::Postgres => postgres,
                Database::Sqlite => sqlite,
            };
            text = text.replace(word, spelled);
        }
        (!is_other).then_some(text)
    }
}

/// Declares a migration that is two texts of SQL.
macro_rules! migration {
    ($up:expr, $down:expr) => {
        pub const UP: &[$crate::Sql] = &[$crate::Sql::Both($up)];
        pub const DOWN: &[$crate::Sql] = &[$crate::Sql::Both($down)];
    };
}
pub(crate) use migration;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::DEFAULT_ORGANIZATION;

    #[test]
    fn the_default_organization_is_spelled_in_both() {
        let insert = Sql::Both("{default_organization}");
        let id = format!("{DEFAULT_ORGANIZATION:032x}");
        let postgres = insert.text(Database::Postgres).unwrap();
        assert_eq!(postgres, format!("'{id}'::uuid"));
        let sqlite = insert.text(Database::Sqlite).unwrap();
        assert_eq!(sqlite, format!("X'{id}'"));
    }

    #[test]
    fn every_word_is_known_and_each_database_gets_its_own() {
        for migration in crate::MIGRATIONS {
            for sql in migration.up.iter().chain(migration.down) {
                for database in [Database::Postgres, Database::Sqlite] {
                    let text = sql.text(database).unwrap_or_default();
                    assert!(!text.contains('{'), "{}: {text}", migration.name);
                }
            }
        }
        assert_eq!(Sql::Postgres("x").text(Database::Sqlite), None);
    }
}
