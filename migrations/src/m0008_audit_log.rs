//! Who changed what, when and why. `detail` is JSON text: written once, shown, never queried.

crate::dialect::migration!(
    "CREATE TABLE audit_log (
        id {uuid} PRIMARY KEY NOT NULL,
        at_us {i64} NOT NULL,
        actor {text} NOT NULL,
        action {text} NOT NULL,
        subject {text} NOT NULL,
        reason {text},
        detail {text}
    ) {table};
    CREATE INDEX audit_log_by_time ON audit_log (at_us, id);
    CREATE INDEX audit_log_by_subject ON audit_log (subject, at_us, id);",
    "DROP TABLE audit_log;"
);
