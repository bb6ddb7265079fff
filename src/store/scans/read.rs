//! Reads the rows of scans for analytics.

use sea_orm::{ConnectionTrait, DbErr, QueryResult, Value, prelude::Uuid};

use super::{Agent, AgentId, DeviceType, Excluded, Snapshot};
use crate::{
    kernel::{Result, Timestamp, clock::from_micros},
    store::connection::in_range,
};

/// Scans by people within `[start, start + width)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bucket {
    pub start: Timestamp,
    pub all: i64,
    pub genuine: i64,
}

/// One scan as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScanLog {
    pub id: Uuid,
    pub at: Timestamp,
    pub genuine: bool,
    pub excluded: Option<Excluded>,
    /// `None` when the scan came without a user agent.
    pub agent: Option<Agent>,
}

/// A part of the user agent by which scans are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dimension {
    DeviceType,
    DeviceFamily,
    Os,
    Browser,
}

impl Dimension {
    pub(super) const fn column(self) -> &'static str {
        match self {
            Self::DeviceType => "device_type",
            Self::DeviceFamily => "device_family",
            Self::Os => "os_family",
            Self::Browser => "browser_family",
        }
    }
}

/// Name of an unknown agent, or of an unknown part of one.
pub(super) const UNKNOWN: &str = "Unknown";
/// A genuine scan by a person, in the SQL of both databases.
const GENUINE_PERSON: &str = " AND genuine = TRUE AND excluded IS NULL";

impl Snapshot {
    /// Scans by people in `[from, to)`, in buckets of `width_us` microseconds that begin at `from`. Ascending;
    /// empty buckets are left out.
    ///
    /// # Errors
    /// Faults only.
    pub async fn buckets(
        &self,
        from: Timestamp,
        to: Timestamp,
        width_us: i64,
    ) -> Result<Vec<Bucket>> {
        const SQL: &str = "SELECT (at_us - $2) / $4 AS bucket, COUNT(*), \
             SUM(CASE WHEN genuine = TRUE THEN 1 ELSE 0 END) \
             FROM scans WHERE code_id = $1 AND at_us >= $2 AND at_us < $3 AND excluded IS NULL \
             GROUP BY bucket ORDER BY bucket";
        let width_us = width_us.max(1);
        let from_us = from.as_microsecond();
        let values = [
            self.code_id.into(),
            from_us.into(),
            to.as_microsecond().into(),
            width_us.into(),
        ];
        let work = async {
            let ask = self.scans.db.statement(SQL, values);
            let rows = self.tx.query_all_raw(ask).await?;
            rows.iter()
                .map(|row| {
                    let index: i64 = row.try_get_by(0)?;
                    Ok(Bucket {
                        start: from_micros(from_us + index * width_us),
                        all: row.try_get_by(1)?,
                        genuine: row.try_get_by(2)?,
                    })
                })
                .collect()
        };
        self.scans.db.run(&self.scans.timers.buckets, work).await
    }

    /// One page of a code's scans, newest first, and how many there are. All of them, also those that do not
    /// count as people; or, with `genuine_only`, those that `genuine_scan_count` counts.
    ///
    /// # Errors
    /// Faults only.
    pub async fn logs(
        &self,
        offset: u64,
        limit: u64,
        genuine_only: bool,
    ) -> Result<(Vec<ScanLog>, u64)> {
        let only = if genuine_only { GENUINE_PERSON } else { "" };
        let total = format!("SELECT COUNT(*) FROM scans WHERE code_id = $1{only}");
        let page = format!(
            "SELECT s.id, s.at_us, s.genuine, s.excluded, a.id, a.user_agent, a.device_type, \
             a.device_family, a.os_family, a.os_version, a.browser_family, a.browser_version \
             FROM (SELECT id, at_us, genuine, excluded, agent_id FROM scans WHERE code_id = $1{only} \
               ORDER BY at_us DESC, id DESC LIMIT $2 OFFSET $3) AS s \
             LEFT JOIN agents AS a ON a.id = s.agent_id ORDER BY s.at_us DESC, s.id DESC"
        );
        let work = async {
            let ask = self.scans.db.statement(&total, [self.code_id.into()]);
            let total = self.tx.query_one_raw(ask).await?;
            let total: i64 = total.map_or(Ok(0), |row| row.try_get_by(0))?;
            let number = |n: u64| Value::from(in_range(n).cast_signed());
            let values = [self.code_id.into(), number(limit), number(offset)];
            let ask = self.scans.db.statement(&page, values);
            let rows = self.tx.query_all_raw(ask).await?;
            let logs: Result<Vec<ScanLog>, DbErr> = rows.iter().map(log).collect();
            Ok((logs?, total.unsigned_abs()))
        };
        self.scans.db.run(&self.scans.timers.logs, work).await
    }

    /// Scans by people per value of a dimension: most first, then by name. An unknown value is `Unknown`.
    ///
    /// # Errors
    /// Faults only.
    pub async fn by_dimension(
        &self,
        dimension: Dimension,
        genuine_only: bool,
    ) -> Result<Vec<(String, i64)>> {
        let only = if genuine_only {
            GENUINE_PERSON
        } else {
            " AND excluded IS NULL"
        };
        let column = dimension.column();
        let sql = format!(
            "SELECT COALESCE(NULLIF(a.{column}, ''), '{UNKNOWN}') AS name, \
             CAST(SUM(s.n) AS BIGINT) FROM (SELECT agent_id, COUNT(*) AS n FROM scans \
               WHERE code_id = $1{only} GROUP BY agent_id) AS s \
             LEFT JOIN agents AS a ON a.id = s.agent_id GROUP BY name"
        );
        let work = async {
            let ask = self.scans.db.statement(&sql, [self.code_id.into()]);
            let rows = self.tx.query_all_raw(ask).await?;
            let counts: Result<Vec<(String, i64)>, DbErr> = rows
                .iter()
                .map(|row| Ok((row.try_get_by(0)?, row.try_get_by(1)?)))
                .collect();
            counts
        };
        let mut counts = self
            .scans
            .db
            .run(&self.scans.timers.by_dimension, work)
            .await?;
        counts.sort_by(|(a, n), (b, m)| m.cmp(n).then_with(|| a.cmp(b)));
        Ok(counts)
    }

    /// Time of the first scan by a person.
    ///
    /// # Errors
    /// Faults only.
    pub async fn first_at(&self) -> Result<Option<Timestamp>> {
        const SQL: &str = "SELECT at_us FROM scans WHERE code_id = $1 AND excluded IS NULL \
             ORDER BY at_us LIMIT 1";
        let work = async {
            let ask = self.scans.db.statement(SQL, [self.code_id.into()]);
            let Some(row) = self.tx.query_one_raw(ask).await? else {
                return Ok(None);
            };
            Ok(Some(from_micros(row.try_get_by(0)?)))
        };
        self.scans.db.run(&self.scans.timers.first_at, work).await
    }
}

fn log(row: &QueryResult) -> Result<ScanLog, DbErr> {
    let excluded = match row.try_get_by::<Option<String>, _>(3)? {
        Some(text) => Some(Excluded::read(&text)?),
        None => None,
    };
    let agent = match row.try_get_by::<Option<i64>, _>(4)? {
        Some(id) => Some(agent(row, id)?),
        None => None,
    };
    Ok(ScanLog {
        id: row.try_get_by(0)?,
        at: from_micros(row.try_get_by(1)?),
        genuine: row.try_get_by(2)?,
        excluded,
        agent,
    })
}

fn agent(row: &QueryResult, id: i64) -> Result<Agent, DbErr> {
    let device_type: String = row.try_get_by(6)?;
    Ok(Agent {
        id: AgentId(id),
        user_agent: row.try_get_by(5)?,
        device_type: DeviceType::from_label(&device_type)
            .ok_or_else(|| DbErr::Type(format!("agents.device_type is {device_type:?}")))?,
        device_family: row.try_get_by(7)?,
        os_family: row.try_get_by(8)?,
        os_version: row.try_get_by(9)?,
        browser_family: row.try_get_by(10)?,
        browser_version: row.try_get_by(11)?,
    })
}
