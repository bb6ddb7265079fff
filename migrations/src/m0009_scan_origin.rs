//! What else is kept of a scan. `country` is ISO 3166-1 alpha-2, NULL when no header told. `rollup_version` names the
//! rollups that the release keeps that stored the row; NULL: it keeps none.

crate::dialect::migration!(
    "ALTER TABLE scans ADD COLUMN country {text};
    ALTER TABLE scans ADD COLUMN rollup_version {i16};",
    "ALTER TABLE scans DROP COLUMN rollup_version;
    ALTER TABLE scans DROP COLUMN country;"
);
