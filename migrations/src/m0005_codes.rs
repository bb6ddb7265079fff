//! Codes, their targets and their counters.
//!
//! `content` is NULL for a dynamic code: it follows from the base URL and the slug. `search_text` is what a list
//! is searched in: the other texts in lower case, because neither database folds case beyond ASCII the same way.
//! The counters are redundant with `scans` on purpose: they change in the transaction that inserts the scans.

crate::dialect::migration!(
    "CREATE TABLE codes (
        id {uuid} PRIMARY KEY NOT NULL,
        org_id {uuid} NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
        kind {text} NOT NULL CHECK (kind IN ('static', 'dynamic')),
        slug {text} UNIQUE,
        enabled {bool} NOT NULL,
        scan_count {i64} NOT NULL DEFAULT 0,
        last_scan_at_us {i64},
        genuine_scan_count {i64} NOT NULL DEFAULT 0,
        first_genuine_scan_at_us {i64},
        last_genuine_scan_at_us {i64},
        created_at_us {i64} NOT NULL,
        updated_at_us {i64} NOT NULL,
        fill_color {text} NOT NULL,
        back_color {text} NOT NULL,
        size {i16} NOT NULL,
        border {i16} NOT NULL,
        error_level {text} NOT NULL,
        target {text},
        title {text},
        description {text},
        content {text},
        search_text {text} NOT NULL
    ) {table};
    CREATE INDEX codes_by_created_at ON codes (org_id, created_at_us, id);
    CREATE INDEX codes_by_scan_count ON codes (org_id, scan_count, id);
    CREATE INDEX codes_by_title ON codes (org_id, title {nulls_first}, id);",
    "DROP TABLE codes;"
);
