//! Keys of programs. Only the SHA-256 of a key is kept, and its first eight characters to tell keys apart.

crate::dialect::migration!(
    "CREATE TABLE api_keys (
        id {uuid} PRIMARY KEY NOT NULL,
        user_id {uuid} NOT NULL REFERENCES users (id) ON DELETE CASCADE,
        name {text} NOT NULL,
        hash {bytes} NOT NULL UNIQUE,
        prefix {text} NOT NULL,
        created_at_us {i64} NOT NULL,
        last_used_at_us {i64},
        revoked_at_us {i64}
    ) {table};
    CREATE INDEX api_keys_by_user ON api_keys (user_id, created_at_us);",
    "DROP TABLE api_keys;"
);
