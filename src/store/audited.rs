//! Changes with their entry in the audit log, in one transaction; and reading rows of plain SQL.

use sea_orm::{ConnectionTrait, DbErr, QueryResult, Statement};

use super::{
    audit::{self, Entry},
    connection::Connections,
};
use crate::{kernel::Result, telemetry::StoreTimer};

/// One statement of a change.
pub(super) enum Step {
    /// The change is off when this touches no row.
    Must(Statement),
    May(Statement),
}

impl Connections {
    /// Runs the steps in order and appends `entry`. False when a step that must touch a row touches none: then nothing was
    /// changed.
    pub async fn change(
        &self,
        timer: &StoreTimer,
        steps: Vec<Step>,
        entry: &Entry,
    ) -> Result<bool> {
        audit::check(entry)?;
        let work = async {
            let tx = self.begin().await?;
            for step in steps {
                let (statement, must) = match step {
                    Step::Must(statement) => (statement, true),
                    Step::May(statement) => (statement, false),
                };
                let done = tx.execute_raw(statement).await?;
                if must && done.rows_affected() == 0 {
                    tx.rollback().await?;
                    return Ok(false);
                }
            }
            audit::insert(&tx, entry).await?;
            tx.commit().await?;
            Ok(true)
        };
        self.write(timer, work).await
    }

    /// Every row of a query.
    pub async fn rows<T>(
        &self,
        timer: &StoreTimer,
        query: Statement,
        read: fn(&QueryResult) -> Result<T, DbErr>,
    ) -> Result<Vec<T>> {
        let work = async {
            let rows = self.reader.query_all_raw(query).await?;
            rows.iter().map(read).collect()
        };
        self.run(timer, work).await
    }

    /// The first row of a query.
    pub async fn row<T>(
        &self,
        timer: &StoreTimer,
        query: Statement,
        read: fn(&QueryResult) -> Result<T, DbErr>,
    ) -> Result<Option<T>> {
        let work = async {
            let row = self.reader.query_one_raw(query).await?;
            row.as_ref().map(read).transpose()
        };
        self.run(timer, work).await
    }
}
