//! User agents, parsed once. `id` is the first eight bytes, big-endian, of the SHA-256 of `user_agent`.

crate::dialect::migration!(
    "CREATE TABLE agents (
        id {i64} PRIMARY KEY NOT NULL,
        user_agent {text} NOT NULL,
        device_type {text} NOT NULL CHECK (device_type IN ('mobile', 'tablet', 'pc', 'bot', 'other')),
        device_family {text} NOT NULL,
        os_family {text} NOT NULL,
        os_version {text} NOT NULL,
        browser_family {text} NOT NULL,
        browser_version {text} NOT NULL
    ) {table};",
    "DROP TABLE agents;"
);
