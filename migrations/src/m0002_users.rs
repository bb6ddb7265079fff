//! Who may sign in. `password_hash` is a PHC string.

crate::dialect::migration!(
    "CREATE TABLE users (
        id {uuid} PRIMARY KEY NOT NULL,
        name {text} NOT NULL UNIQUE,
        password_hash {text} NOT NULL,
        created_at_us {i64} NOT NULL
    ) {table};",
    "DROP TABLE users;"
);
