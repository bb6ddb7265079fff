//! Who owns codes. The default organization exists from here on, so that a single-tenant installation needs
//! no set-up. `time_zone` is an IANA name: days of a timeline begin at its midnight.

use sea_orm_migration::prelude::*;

use crate::{DEFAULT_ORGANIZATION, dialect};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(
            manager,
            "CREATE TABLE organizations (
                id {uuid} PRIMARY KEY NOT NULL,
                name {text} NOT NULL,
                time_zone {text} NOT NULL DEFAULT 'UTC'
            ) {table};",
        )
        .await?;
        let id = dialect::uuid_literal(manager, DEFAULT_ORGANIZATION);
        let row = format!("INSERT INTO organizations (id, name) VALUES ({id}, 'Default');");
        dialect::run(manager, &row).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(manager, "DROP TABLE organizations;").await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
