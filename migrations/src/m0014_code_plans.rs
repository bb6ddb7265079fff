//! What a code does beside leading to one target, and how it looks beyond the columns of `m0012_code_look`.
//!
//! `plan` (`src/store/codes/plan.rs`), `payload` and `style` are JSON text; NULL where there is none. `tags` holds each tag between
//! line feeds, so that one is found as a literal text. A placement is another slug of a code, whose scans are counted apart.
//! `code_uses` counts the scans of codes that allow only so many: its own table, because a redirect must not wait for the
//! lock of a code whose scans are being stored.
//!
//! The release before works on it. It does not know plans: while one of its nodes runs, a code with a password or with rules
//! leads from there to its plain target, and slugs of placements are unknown there.

crate::dialect::migration!(
    "ALTER TABLE codes ADD COLUMN plan {text};
    ALTER TABLE codes ADD COLUMN payload {text};
    ALTER TABLE codes ADD COLUMN style {text};
    ALTER TABLE codes ADD COLUMN style_name {text};
    ALTER TABLE codes ADD COLUMN tags {text} NOT NULL DEFAULT '';
    ALTER TABLE scans ADD COLUMN placement_id {uuid};
    CREATE TABLE placements (
        id {uuid} PRIMARY KEY NOT NULL,
        code_id {uuid} NOT NULL REFERENCES codes (id) ON DELETE CASCADE,
        slug {text} NOT NULL UNIQUE,
        name {text} NOT NULL,
        created_at_us {i64} NOT NULL,
        scan_count {i64} NOT NULL DEFAULT 0,
        genuine_scan_count {i64} NOT NULL DEFAULT 0,
        last_scan_at_us {i64}
    ) {table};
    CREATE INDEX placements_by_code ON placements (code_id, created_at_us, id);
    CREATE TABLE code_uses (
        code_id {uuid} PRIMARY KEY NOT NULL REFERENCES codes (id) ON DELETE CASCADE,
        uses {i64} NOT NULL
    ) {clustered};
    CREATE TABLE styles (
        org_id {uuid} NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
        name {text} NOT NULL,
        options {text} NOT NULL,
        is_default {bool} NOT NULL,
        created_at_us {i64} NOT NULL,
        updated_at_us {i64} NOT NULL,
        PRIMARY KEY (org_id, name)
    ) {clustered};",
    "DROP TABLE styles;
    DROP TABLE code_uses;
    DROP TABLE placements;
    ALTER TABLE scans DROP COLUMN placement_id;
    ALTER TABLE codes DROP COLUMN tags;
    ALTER TABLE codes DROP COLUMN style_name;
    ALTER TABLE codes DROP COLUMN style;
    ALTER TABLE codes DROP COLUMN payload;
    ALTER TABLE codes DROP COLUMN plan;"
);
