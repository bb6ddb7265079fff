//! Reads the rollups for analytics. Check [`Snapshot::is_rolled_up`] first: incomplete rollups give too small counts.

use std::collections::HashMap;

use sea_orm::{ConnectionTrait, DbErr, Statement, Value};
use serde::{Deserialize, Serialize};

use super::{
    Bucket, Dimension, Snapshot,
    read::UNKNOWN,
    rollup::{Agents, Countries, DAY_US, QUARTER_US, Quarter, Quarters, day_of},
    visitors::Visitors,
};
use crate::{
    kernel::{Error, Kind, Result, Timestamp, clock::from_micros},
    store::statement::{chunks, placeholders},
};

/// Parts of a user agent, in the order of [`Devices`].
type Parts = [String; 4];

/// Values with the number of scans by people: most first, then by name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Devices {
    pub device_types: Vec<(String, i64)>,
    pub device_families: Vec<(String, i64)>,
    pub browser_families: Vec<(String, i64)>,
    pub os_families: Vec<(String, i64)>,
}

/// Scans of whole UTC days.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Totals {
    pub people: i64,
    pub genuine: i64,
    pub head: i64,
    pub prefetch: i64,
    pub bot: i64,
    /// Visitors, each counted once a day.
    pub visitors: i64,
    /// People by country, where a header names it: most first, then by name.
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
        // The quarter that contains `to` is too large if something was scanned after `to`. Then it is counted from the rows.
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
        let mut buckets: Vec<Bucket> = Vec::new();
        // Ascending, so a quarter belongs to the last bucket or to a new one.
        let mut end_us = i64::MIN;
        for (start_us, quarter) in self.quarters_between(from_us, to_us).await? {
            if quarter.people == 0 {
                continue;
            }
            if start_us >= end_us {
                let bucket_us = from_us + (start_us - from_us) / width_us * width_us;
                end_us = bucket_us + width_us;
                buckets.push(Bucket {
                    start: from_micros(bucket_us),
                    all: 0,
                    genuine: 0,
                });
            }
            if let Some(bucket) = buckets.last_mut() {
                bucket.all += quarter.people.cast_signed();
                bucket.genuine += quarter.genuine.cast_signed();
            }
        }
        Ok(buckets)
    }

    /// Quarters that begin in `[from, to)`, ascending, by the microsecond at which each begins.
    async fn quarters_between(&self, from_us: i64, to_us: i64) -> Result<Vec<(i64, Quarter)>> {
        const SQL: &str = "SELECT day_us, quarters FROM rollup_days \
             WHERE code_id = $1 AND day_us >= $2 AND day_us < $3 ORDER BY day_us";
        let work = async {
            let values = [self.code_id.into(), day_of(from_us).into(), to_us.into()];
            let ask = self.scans.db.statement(SQL, values);
            let mut found = Vec::new();
            for row in self.tx.query_all_raw(ask).await? {
                let day_us: i64 = row.try_get_by(0)?;
                Quarters::each(&row.try_get_by::<Vec<u8>, _>(1)?, |index, quarter| {
                    let start_us = day_us + i64::from(index) * QUARTER_US;
                    if start_us >= from_us && start_us < to_us {
                        found.push((start_us, quarter));
                    }
                })?;
            }
            Ok(found)
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
        // A code has few days without a person before the first one with.
        const SQL: &str = "SELECT day_us, quarters FROM rollup_days \
             WHERE code_id = $1 AND day_us > $2 ORDER BY day_us LIMIT 32";
        let mut after_us = i64::MIN;
        loop {
            let work = async {
                let values = [self.code_id.into(), after_us.into()];
                let found = self.tx.query_all_raw(self.scans.db.statement(SQL, values));
                let mut days: Vec<(i64, Quarters)> = Vec::new();
                for row in found.await? {
                    let mut quarters = Quarters::default();
                    quarters.add_packed(&row.try_get_by::<Vec<u8>, _>(1)?)?;
                    days.push((row.try_get_by(0)?, quarters));
                }
                Ok(days)
            };
            let timer = &self.scans.timers.rolled_first_at;
            let days = self.scans.db.run(timer, work).await?;
            for (day_us, quarters) in &days {
                if let Some((i, _)) = quarters.0.iter().find(|(_, q)| q.people > 0) {
                    return Ok(Some(from_micros(day_us + i64::from(*i) * QUARTER_US)));
                }
            }
            match days.last() {
                Some((day_us, _)) => after_us = *day_us,
                None => return Ok(None),
            }
        }
    }

    /// Scans by people per value of each dimension. An unknown value is `Unknown`.
    ///
    /// # Errors
    /// Faults only.
    pub async fn rolled_by_dimension(&self, genuine_only: bool) -> Result<Devices> {
        const SQL: &str = "SELECT agents FROM rollup_days WHERE code_id = $1";
        let work = async {
            let ask = self.scans.db.statement(SQL, [self.code_id.into()]);
            let mut agents = Agents::default();
            for row in self.tx.query_all_raw(ask).await? {
                agents.add_packed(&row.try_get_by::<Vec<u8>, _>(0)?)?;
            }
            let ids: Vec<i64> = agents.0.keys().copied().flatten().collect();
            let parts = self.parts_of(&ids).await?;
            let unknown: Parts = std::array::from_fn(|_| UNKNOWN.to_owned());
            let mut counts: [HashMap<String, i64>; 4] = Default::default();
            for (agent, people) in agents.0 {
                let n = if genuine_only {
                    people.genuine
                } else {
                    people.all
                };
                let parts = agent.and_then(|id| parts.get(&id)).unwrap_or(&unknown);
                for (part, counts) in parts.iter().zip(&mut counts) {
                    if n > 0 {
                        *counts.entry(part.clone()).or_default() += n.cast_signed();
                    }
                }
            }
            Ok(counts)
        };
        let timer = &self.scans.timers.rolled_agents;
        let [device_types, device_families, browser_families, os_families] =
            self.scans.db.run(timer, work).await?.map(ordered);
        Ok(Devices {
            device_types,
            device_families,
            browser_families,
            os_families,
        })
    }

    /// The parts of agents, in the order of [`Devices`].
    async fn parts_of(&self, agents: &[i64]) -> Result<HashMap<i64, Parts>, DbErr> {
        let columns = [
            Dimension::DeviceType,
            Dimension::DeviceFamily,
            Dimension::Browser,
            Dimension::Os,
        ]
        .map(|d| format!("COALESCE(NULLIF({}, ''), '{UNKNOWN}')", d.column()))
        .join(", ");
        let backend = self.tx.get_database_backend();
        let mut parts = HashMap::with_capacity(agents.len());
        for chunk in chunks(agents) {
            let ids = placeholders(backend, 1, chunk.len());
            let sql = format!("SELECT id, {columns} FROM agents WHERE id IN {ids}");
            let values = chunk.iter().map(|id| Value::from(*id));
            let ask = Statement::from_sql_and_values(backend, sql, values);
            for row in self.tx.query_all_raw(ask).await? {
                let mut found: Parts = Default::default();
                for (column, part) in (1..).zip(&mut found) {
                    *part = row.try_get_by(column)?;
                }
                parts.insert(row.try_get_by(0)?, found);
            }
        }
        Ok(parts)
    }

    /// Totals of the UTC days that begin in `[from, to)`.
    ///
    /// # Errors
    /// Faults only.
    pub async fn totals(&self, from: Timestamp, to: Timestamp) -> Result<Totals> {
        let (from_us, to_us) = (day_of(from.as_microsecond()), to.as_microsecond());
        // A day that `to` falls into is counted whole.
        let to_us = to_us.saturating_add((DAY_US - to_us % DAY_US) % DAY_US);
        let mut totals = Totals::default();
        for (_, quarter) in self.quarters_between(from_us, to_us).await? {
            totals.people += quarter.people.cast_signed();
            totals.genuine += quarter.genuine.cast_signed();
            totals.head += quarter.head.cast_signed();
            totals.prefetch += quarter.prefetch.cast_signed();
            totals.bot += quarter.bot.cast_signed();
        }
        let work = async {
            let visitors = self.visitors(from_us, to_us).await?;
            Ok((visitors, self.countries(from_us, to_us).await?))
        };
        let timer = &self.scans.timers.totals;
        let (visitors, countries) = self.scans.db.run(timer, work).await?;
        totals.visitors = visitors;
        let countries = countries.0.into_iter();
        totals.countries = ordered(
            countries
                .map(|(country, people)| (country.to_string(), people.all.cast_signed()))
                .collect(),
        );
        Ok(totals)
    }

    async fn visitors(&self, from_us: i64, to_us: i64) -> Result<i64, DbErr> {
        const OVER: &str = "SELECT CAST(COALESCE(SUM(visitors), 0) AS BIGINT) FROM rollup_visits \
             WHERE code_id = $1 AND day_us >= $2 AND day_us < $3";
        const LIVE: &str = "SELECT day_us, visitors FROM rollup_visitors \
             WHERE code_id = $1 AND day_us >= $2 AND day_us < $3";
        let range = || [self.code_id.into(), from_us.into(), to_us.into()];
        let over = self
            .tx
            .query_one_raw(self.scans.db.statement(OVER, range()));
        let over: i64 = over.await?.map_or(Ok(0), |row| row.try_get_by(0))?;
        let mut live: HashMap<i64, Visitors> = HashMap::new();
        let ask = self.scans.db.statement(LIVE, range());
        for row in self.tx.query_all_raw(ask).await? {
            let day = live.entry(row.try_get_by(0)?).or_default();
            day.add_packed(&row.try_get_by::<Vec<u8>, _>(1)?);
        }
        Ok(over + live.values().map(Visitors::count).sum::<i64>())
    }

    async fn countries(&self, from_us: i64, to_us: i64) -> Result<Countries, DbErr> {
        const SQL: &str = "SELECT countries FROM rollup_days \
             WHERE code_id = $1 AND day_us >= $2 AND day_us < $3";
        let values = [self.code_id.into(), from_us.into(), to_us.into()];
        let mut countries = Countries::default();
        let ask = self.scans.db.statement(SQL, values);
        for row in self.tx.query_all_raw(ask).await? {
            countries.add_packed(&row.try_get_by::<Vec<u8>, _>(0)?)?;
        }
        Ok(countries)
    }
}

fn ordered(counts: HashMap<String, i64>) -> Vec<(String, i64)> {
    let mut counts: Vec<(String, i64)> = counts.into_iter().collect();
    counts.sort_by(|(a, n), (b, m)| m.cmp(n).then_with(|| a.cmp(b)));
    counts
}
