//! The dials of the experiments, shared by all nodes.
//!
//! Invariant: a change and its entry in the audit log are one transaction, and every change makes the version grow.

use sea_orm::{
    ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, QueryResult, Statement, Value,
};

use super::{
    audit::{self, Entry},
    connection::Connections,
    text,
};
use serde::Serialize;

use crate::{
    kernel::{Error, Kind, Result, Timestamp, clock::from_micros},
    telemetry::StoreTimer,
};

/// One experiment's row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DialRow {
    /// `render`, `validate` or `analytics`.
    pub experiment: String,
    pub settings: DialSettings,
    /// From 1; grows with every change.
    pub version: i64,
    /// When the candidate's percentage last changed.
    pub stage_at: Timestamp,
    pub changed_at: Timestamp,
    pub changed_by: String,
    pub reason: Option<String>,
}

/// Settings by operators and the autopilot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DialSettings {
    /// 0 to 100.
    pub candidate_percent: u8,
    /// 0 to 100.
    pub shadow_percent: u8,
    /// Everything goes to the control.
    pub killed: bool,
    /// `auto`, `open` or `closed`.
    pub breaker: String,
}

const COLUMNS: &str = "experiment, candidate_percent, shadow_percent, killed, breaker, version, \
     stage_at_us, changed_at_us, changed_by, reason";

/// Cheap to clone.
#[derive(Clone)]
pub struct Dials {
    db: Connections,
    all: StoreTimer,
    ensure: StoreTimer,
    change: StoreTimer,
}

impl Dials {
    pub(super) fn new(db: &Connections) -> Self {
        Self {
            all: db.timer("dials.all"),
            ensure: db.timer("dials.ensure"),
            change: db.timer("dials.change"),
            db: db.clone(),
        }
    }

    /// All rows.
    ///
    /// # Errors
    /// Faults only.
    pub async fn all(&self) -> Result<Vec<DialRow>> {
        let sql = format!("SELECT {COLUMNS} FROM dials ORDER BY experiment");
        let work = async {
            let ask = self.db.statement(&sql, []);
            let rows = self.db.reader.query_all_raw(ask).await?;
            rows.iter().map(dial).collect::<Result<_, _>>()
        };
        self.db.run(&self.all, work).await
    }

    /// Inserts the first row of an experiment; an existing one stays as it is.
    ///
    /// # Errors
    /// Faults only.
    pub async fn ensure(&self, first: &DialRow) -> Result<()> {
        let sql = format!(
            "INSERT INTO dials ({COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) \
             ON CONFLICT DO NOTHING"
        );
        let insert = self.db.statement(&sql, values(first));
        self.db
            .write(&self.ensure, self.db.execute(insert))
            .await
            .map(drop)
    }

    /// Changes a row as `change` says and appends `entry`, whose time, actor and reason become the row's. `entry.detail`
    /// is made from the row before and the row after.
    ///
    /// # Errors
    /// `NotFound` without such a row, `PreconditionFailed` when its version is not `expected`, `Invalid` when a text holds
    /// a NUL.
    pub async fn change(
        &self,
        experiment: &str,
        expected: Option<i64>,
        change: impl Fn(&mut DialSettings) + Send,
        entry: &Entry,
    ) -> Result<DialRow> {
        audit::check(entry)?;
        text::check("experiment", experiment)?;
        let work = async {
            let tx = self.db.begin().await?;
            let Some(before) = locked(&tx, experiment).await? else {
                return Ok(Err(Error::not_found("there is no such experiment")));
            };
            if expected.is_some_and(|v| v != before.version) {
                return Ok(Err(outdated(before.version)));
            }
            let mut settings = before.settings.clone();
            change(&mut settings);
            let after = DialRow {
                version: before.version + 1,
                stage_at: if settings.candidate_percent == before.settings.candidate_percent {
                    before.stage_at
                } else {
                    entry.at
                },
                changed_at: entry.at,
                changed_by: entry.actor.clone(),
                reason: entry.reason.clone(),
                experiment: before.experiment.clone(),
                settings,
            };
            update(&tx, &after).await?;
            let detail = serde_json::json!({ "before": before.settings, "after": after.settings });
            let entry = Entry {
                detail: Some(detail.to_string()),
                ..entry.clone()
            };
            audit::insert(&tx, &entry).await?;
            tx.commit().await?;
            Ok(Ok(after))
        };
        self.db.write(&self.change, work).await?
    }
}

fn outdated(version: i64) -> Error {
    Error::new(
        Kind::PreconditionFailed,
        format!("somebody else changed this experiment: its version is {version} now"),
    )
}

async fn locked(tx: &DatabaseTransaction, experiment: &str) -> Result<Option<DialRow>, DbErr> {
    let backend = tx.get_database_backend();
    // SQLite's transaction holds the only write lock already.
    let lock = if backend == DbBackend::Postgres {
        " FOR UPDATE"
    } else {
        ""
    };
    let sql = format!("SELECT {COLUMNS} FROM dials WHERE experiment = $1{lock}");
    let ask = Statement::from_sql_and_values(backend, sql, [Value::from(experiment)]);
    tx.query_one_raw(ask).await?.as_ref().map(dial).transpose()
}

async fn update(tx: &DatabaseTransaction, dial: &DialRow) -> Result<(), DbErr> {
    const SQL: &str = "UPDATE dials SET candidate_percent = $2, shadow_percent = $3, killed = $4, \
         breaker = $5, version = $6, stage_at_us = $7, changed_at_us = $8, changed_by = $9, \
         reason = $10 WHERE experiment = $1";
    let backend = tx.get_database_backend();
    tx.execute_raw(Statement::from_sql_and_values(backend, SQL, values(dial)))
        .await
        .map(drop)
}

/// In the order of [`COLUMNS`].
fn values(dial: &DialRow) -> [Value; 10] {
    [
        dial.experiment.clone().into(),
        i16::from(dial.settings.candidate_percent).into(),
        i16::from(dial.settings.shadow_percent).into(),
        dial.settings.killed.into(),
        dial.settings.breaker.clone().into(),
        dial.version.into(),
        dial.stage_at.as_microsecond().into(),
        dial.changed_at.as_microsecond().into(),
        dial.changed_by.clone().into(),
        dial.reason.clone().into(),
    ]
}

fn dial(row: &QueryResult) -> Result<DialRow, DbErr> {
    let percent = |i: usize| -> Result<u8, DbErr> {
        let n: i16 = row.try_get_by(i)?;
        u8::try_from(n)
            .ok()
            .filter(|n| *n <= 100)
            .ok_or_else(|| DbErr::Type(format!("dials holds {n} percent")))
    };
    Ok(DialRow {
        experiment: row.try_get_by(0)?,
        settings: DialSettings {
            candidate_percent: percent(1)?,
            shadow_percent: percent(2)?,
            killed: row.try_get_by(3)?,
            breaker: row.try_get_by(4)?,
        },
        version: row.try_get_by(5)?,
        stage_at: from_micros(row.try_get_by(6)?),
        changed_at: from_micros(row.try_get_by(7)?),
        changed_by: row.try_get_by(8)?,
        reason: row.try_get_by(9)?,
    })
}
