//! What analytics ask of the rollups. They answer only what they hold: ask [`Snapshot::is_rolled_up`] first.

use std::collections::HashMap;

use sea_orm::{ConnectionTrait, DbErr};

use super::{
    Bucket, Dimension, Snapshot,
    read::UNKNOWN,
    rollup::{DAY_US, QUARTER_US},
};
use crate::kernel::{Error, Kind, Result, Timestamp, clock::from_micros};

/// Values and how often each occurs among people: most first, then by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ByDimension {
    pub device_types: Vec<(String, i64)>,
    pub device_families: Vec<(String, i64)>,
    pub browsers: Vec<(String, i64)>,
    pub systems: Vec<(String, i64)>,
}

/// Scans of whole UTC days.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    pub people: i64,
    pub genuine: i64,
    pub head: i64,
    pub prefetch: i64,
    pub bot: i64,
    /// People, each once a day.
    pub visitors: i64,
    /// People by country, as far as a header told: most first, then by name.
    pub countries: Vec<(String, i64)>,
}

impl Snapshot {
    /// As [`Snapshot::buckets`], from the rollups; `from_us` and `width_us` in whole quarters of an hour.
    ///
    /// # Errors
    /// `Unsupported` when a bucket begins within a quarter.
    pub async fn rolled_buckets(
        &self,
        from: Timestamp,
        to: Timestamp,
        width_us: i64,
    ) -> Result<Vec<Bucket>> {
        let (from_us, to_us) = (from.as_microsecond(), to.as_microsecond());
        if from_us % QUARTER_US != 0 || width_us % QUARTER_US != 0 || width_us <= 0 {
            let message = "rollups are kept by quarters of an hour; this begins within one";
            return Err(Error::new(Kind::Unsupported, message));
        }
        // The quarter that is still open holds everything up to now, and so nothing too many, unless something was
        // scanned after `to`. Then it is counted from the rows.
        let whole_us = to_us / QUARTER_US * QUARTER_US;
        let cut = whole_us >= from_us && whole_us < to_us && self.any_after(to_us).await?;
        let rolled_to_us = if cut { whole_us } else { to_us };
        let mut buckets = self.quarters(from_us, rolled_to_us, width_us).await?;
        if cut {
            let rest = self.buckets(from_micros(whole_us), to, QUARTER_US).await?;
            let start = from_micros(from_us + (whole_us - from_us) / width_us * width_us);
            for rest in rest {
                match buckets.last_mut().filter(|last| last.start == start) {
                    Some(last) => {
                        last.all += rest.all;
                        last.genuine += rest.genuine;
                    }
                    None => buckets.push(Bucket { start, ..rest }),
                }
            }
        }
        Ok(buckets)
    }

    /// Whether anything was scanned at `at_us` or later, in the same quarter.
    async fn any_after(&self, at_us: i64) -> Result<bool> {
        const SQL: &str =
            "SELECT at_us FROM scans WHERE code_id = $1 AND at_us >= $2 AND at_us < $3 LIMIT 1";
        let end_us = (at_us / QUARTER_US).saturating_add(1) * QUARTER_US;
        let work = async {
            let values = [self.code_id.into(), at_us.into(), end_us.into()];
            let ask = self.scans.db.statement(SQL, values);
            Ok(self.tx.query_one_raw(ask).await?.is_some())
        };
        self.scans
            .db
            .run(&self.scans.timers.rolled_buckets, work)
            .await
    }

    async fn quarters(&self, from_us: i64, to_us: i64, width_us: i64) -> Result<Vec<Bucket>> {
        const SQL: &str = "SELECT (start_us - $2) / $4 AS bucket, CAST(SUM(people) AS BIGINT), \
             CAST(SUM(genuine) AS BIGINT) FROM rollup_quarters \
             WHERE code_id = $1 AND start_us >= $2 AND start_us < $3 AND people > 0 \
             GROUP BY bucket ORDER BY bucket";
        let work = async {
            let values = [
                self.code_id.into(),
                from_us.into(),
                to_us.into(),
                width_us.into(),
            ];
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
        self.scans
            .db
            .run(&self.scans.timers.rolled_buckets, work)
            .await
    }

    /// The quarter of an hour in which a person first scanned the code.
    ///
    /// # Errors
    /// Faults only.
    pub async fn rolled_first_at(&self) -> Result<Option<Timestamp>> {
        const SQL: &str = "SELECT start_us FROM rollup_quarters \
             WHERE code_id = $1 AND people > 0 ORDER BY start_us LIMIT 1";
        let work = async {
            let ask = self.scans.db.statement(SQL, [self.code_id.into()]);
            let found = self.tx.query_one_raw(ask).await?;
            found
                .map(|row| row.try_get_by(0).map(from_micros))
                .transpose()
        };
        self.scans
            .db
            .run(&self.scans.timers.rolled_first_at, work)
            .await
    }

    /// Scans by people, by what they used. What is not known counts as `Unknown`.
    ///
    /// # Errors
    /// Faults only.
    pub async fn rolled_by_dimension(&self, genuine_only: bool) -> Result<ByDimension> {
        let counted = if genuine_only { "genuine" } else { "people" };
        let [types, families, browsers, systems] = [
            Dimension::DeviceType,
            Dimension::DeviceFamily,
            Dimension::Browser,
            Dimension::Os,
        ]
        .map(|d| format!("COALESCE(NULLIF(a.{}, ''), '{UNKNOWN}')", d.column()));
        let sql = format!(
            "SELECT s.n, {types}, {families}, {browsers}, {systems} \
             FROM (SELECT agent_id, CAST(SUM({counted}) AS BIGINT) AS n FROM rollup_agents \
               WHERE code_id = $1 GROUP BY agent_id) AS s \
             LEFT JOIN agents AS a ON a.id = s.agent_id WHERE s.n > 0"
        );
        let work = async {
            let ask = self.scans.db.statement(&sql, [self.code_id.into()]);
            let rows = self.tx.query_all_raw(ask).await?;
            let mut counts: [HashMap<String, i64>; 4] = Default::default();
            for row in &rows {
                let n: i64 = row.try_get_by(0)?;
                for (column, counts) in (1..).zip(&mut counts) {
                    *counts.entry(row.try_get_by(column)?).or_default() += n;
                }
            }
            Ok(counts)
        };
        let timer = &self.scans.timers.rolled_agents;
        let [device_types, device_families, browsers, systems] =
            self.scans.db.run(timer, work).await?.map(ordered);
        Ok(ByDimension {
            device_types,
            device_families,
            browsers,
            systems,
        })
    }

    /// All there is of the UTC days that begin in `[from, to)`.
    ///
    /// # Errors
    /// Faults only.
    pub async fn totals(&self, from: Timestamp, to: Timestamp) -> Result<Totals> {
        const SCANS: &str = "SELECT CAST(COALESCE(SUM(people), 0) AS BIGINT), \
             CAST(COALESCE(SUM(genuine), 0) AS BIGINT), CAST(COALESCE(SUM(head), 0) AS BIGINT), \
             CAST(COALESCE(SUM(prefetch), 0) AS BIGINT), CAST(COALESCE(SUM(bot), 0) AS BIGINT) \
             FROM rollup_quarters WHERE code_id = $1 AND start_us >= $2 AND start_us < $3";
        const VISITORS: &str = "SELECT CAST(COALESCE(SUM(n), 0) AS BIGINT) FROM ( \
             SELECT COUNT(*) AS n FROM rollup_visitors \
               WHERE code_id = $1 AND day_us >= $2 AND day_us < $3 \
             UNION ALL SELECT visitors FROM rollup_visits \
               WHERE code_id = $1 AND day_us >= $2 AND day_us < $3) AS v";
        const COUNTRIES: &str = "SELECT country, CAST(SUM(people) AS BIGINT) FROM rollup_countries \
             WHERE code_id = $1 AND day_us >= $2 AND day_us < $3 GROUP BY country";
        let day_us = |t: Timestamp| t.as_microsecond() / DAY_US * DAY_US;
        let to_us = to.as_microsecond();
        // A day that is cut belongs to it.
        let to_us = to_us.saturating_add((DAY_US - to_us % DAY_US) % DAY_US);
        let range = || [self.code_id.into(), day_us(from).into(), to_us.into()];
        let work = async {
            let one = async |sql: &str| {
                let row = self.tx.query_one_raw(self.scans.db.statement(sql, range()));
                row.await?
                    .ok_or_else(|| DbErr::RecordNotFound("a sum".to_owned()))
            };
            let scans = one(SCANS).await?;
            let visitors = one(VISITORS).await?.try_get_by(0)?;
            let ask = self.scans.db.statement(COUNTRIES, range());
            let countries: Result<HashMap<String, i64>, DbErr> = self
                .tx
                .query_all_raw(ask)
                .await?
                .iter()
                .map(|row| Ok((row.try_get_by(0)?, row.try_get_by(1)?)))
                .collect();
            Ok(Totals {
                people: scans.try_get_by(0)?,
                genuine: scans.try_get_by(1)?,
                head: scans.try_get_by(2)?,
                prefetch: scans.try_get_by(3)?,
                bot: scans.try_get_by(4)?,
                visitors,
                countries: ordered(countries?),
            })
        };
        self.scans.db.run(&self.scans.timers.totals, work).await
    }
}

fn ordered(counts: HashMap<String, i64>) -> Vec<(String, i64)> {
    let mut counts: Vec<(String, i64)> = counts.into_iter().collect();
    counts.sort_by(|(a, n), (b, m)| m.cmp(n).then_with(|| a.cmp(b)));
    counts
}
