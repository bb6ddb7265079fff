//! Scans, counted beforehand: a row per code and UTC day, with the counts of its quarters of an hour, of its user agents
//! and of its countries, each packed into bytes (`src/store/scans/rollup/counts.rs`); and who visited a code on a day.
//! Packed, because a row per count costs as much again as storing the scan itself.
//!
//! `rollup_state` says how far a code's rollups go: they hold its rows with `at_us < counted_before_us`. A code
//! without a row has no scans. The bounds of `bigint` mean nothing and everything; codes that have scans when this
//! migration runs begin at nothing. `recorded` grows with every row that is stored and never falls.
//!
//! A release that knows no rollups stores scans without a `rollup_version`; the trigger then sets that code back to
//! nothing, so that its rollups are built again instead of being wrong.
//!
//! The tables have no foreign keys, because every row would pay for the check: rows are written while their code is
//! locked, and a trigger removes them with it.
//!
//! A visitor is a keyed hash; `visitor_keys` has the key of a day until the day is over. `rollup_visits` keeps how
//! many there were when their hashes are gone.

use crate::Sql::{self, Both, Postgres, Sqlite};

const TABLES: &str = "CREATE TABLE rollup_state (
        code_id {uuid} PRIMARY KEY NOT NULL,
        counted_before_us {i64} NOT NULL,
        recorded {i64} NOT NULL
    ) {clustered};
    CREATE TABLE rollup_days (
        code_id {uuid} NOT NULL,
        day_us {i64} NOT NULL,
        quarters {bytes} NOT NULL,
        agents {bytes} NOT NULL,
        countries {bytes} NOT NULL,
        PRIMARY KEY (code_id, day_us)
    ) {clustered};
    CREATE TABLE rollup_visitors (
        code_id {uuid} NOT NULL,
        day_us {i64} NOT NULL,
        batch {i64} NOT NULL,
        visitors {bytes} NOT NULL,
        PRIMARY KEY (code_id, day_us, batch)
    ) {clustered};
    CREATE TABLE rollup_visits (
        code_id {uuid} NOT NULL,
        day_us {i64} NOT NULL,
        visitors {i64} NOT NULL,
        PRIMARY KEY (code_id, day_us)
    ) {clustered};
    CREATE TABLE visitor_keys (
        day_us {i64} PRIMARY KEY NOT NULL,
        key {bytes} NOT NULL
    ) {table};
    CREATE INDEX rollup_state_incomplete ON rollup_state (code_id)
        WHERE counted_before_us < 9223372036854775807;
    INSERT INTO rollup_state (code_id, counted_before_us, recorded)
        SELECT id, -9223372036854775808, 0 FROM codes
        WHERE EXISTS (SELECT 1 FROM scans WHERE code_id = codes.id);";

/// A trigger of the same name and work on both databases. New rows of scans only count when their release keeps no rollups.
macro_rules! trigger {
    ($name:literal, $event:literal, $when:literal, $work:literal) => {
        [
            Postgres(concat!(
                "CREATE FUNCTION ",
                $name,
                "() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN ",
                $work,
                " RETURN NULL; END $$;
                CREATE TRIGGER ",
                $name,
                " AFTER ",
                $event,
                " FOR EACH ROW ",
                $when,
                " EXECUTE FUNCTION ",
                $name,
                "();"
            )),
            Sqlite(concat!(
                "CREATE TRIGGER ",
                $name,
                " AFTER ",
                $event,
                " ",
                $when,
                " BEGIN ",
                $work,
                " END;"
            )),
        ]
    };
}

const ON_SCANS: [Sql; 2] = trigger!(
    "scans_without_rollup",
    "INSERT ON scans",
    "WHEN (NEW.rollup_version IS NULL)",
    "INSERT INTO rollup_state (code_id, counted_before_us, recorded)
        VALUES (NEW.code_id, -9223372036854775808, 1)
        ON CONFLICT (code_id) DO UPDATE
        SET counted_before_us = excluded.counted_before_us, recorded = rollup_state.recorded + 1;"
);

const ON_CODES: [Sql; 2] = trigger!(
    "codes_with_rollup",
    "DELETE ON codes",
    "",
    "DELETE FROM rollup_visits WHERE code_id = OLD.id;
        DELETE FROM rollup_visitors WHERE code_id = OLD.id;
        DELETE FROM rollup_days WHERE code_id = OLD.id;
        DELETE FROM rollup_state WHERE code_id = OLD.id;"
);

pub const UP: &[Sql] = &[
    Both(TABLES),
    ON_SCANS[0],
    ON_SCANS[1],
    ON_CODES[0],
    ON_CODES[1],
];

pub const DOWN: &[Sql] = &[
    Postgres(
        "DROP TRIGGER scans_without_rollup ON scans; DROP FUNCTION scans_without_rollup();
        DROP TRIGGER codes_with_rollup ON codes; DROP FUNCTION codes_with_rollup();",
    ),
    Sqlite("DROP TRIGGER scans_without_rollup; DROP TRIGGER codes_with_rollup;"),
    Both(
        "DROP TABLE visitor_keys;
    DROP TABLE rollup_visits;
    DROP TABLE rollup_visitors;
    DROP TABLE rollup_days;
    DROP TABLE rollup_state;",
    ),
];
