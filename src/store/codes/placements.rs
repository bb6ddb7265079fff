//! Placements: further slugs of a code, each printed in another place.
//!
//! Invariant: their counters are written by [`scans`](crate::store::scans) only. No slug is both a code's and a placement's: a
//! new one is looked for among both before it is used.

use std::collections::HashMap;

use sea_orm::{DbBackend, DbErr, QueryResult, Statement, Value, prelude::Uuid};

use super::Codes;
use crate::{
    kernel::{Result, Timestamp, clock::from_micros},
    store::{
        statement::{chunks, placeholders},
        text,
    },
};

/// Where a code was put, under a slug of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placement {
    pub id: Uuid,
    pub code_id: Uuid,
    pub slug: String,
    pub name: String,
    pub created_at: Timestamp,
    /// By people.
    pub scans: i64,
    /// Of those, of the symbol itself.
    pub genuine_scans: i64,
    pub last_scan_at: Option<Timestamp>,
}

/// What becomes of a code's placements.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlacementChanges {
    pub add: Vec<Placement>,
    /// Id and new name.
    pub rename: Vec<(Uuid, String)>,
    pub remove: Vec<Uuid>,
}

impl PlacementChanges {
    pub(super) fn check(&self) -> Result<()> {
        let added = self.add.iter().map(|placement| &placement.name);
        let mut names = added.chain(self.rename.iter().map(|(_, name)| name));
        names.try_for_each(|name| text::check("placements", name))
    }

    pub(super) fn statements(&self, backend: DbBackend) -> Vec<Statement> {
        let statement =
            |sql: &str, values: Vec<Value>| Statement::from_sql_and_values(backend, sql, values);
        let added = self.add.iter().map(|p| {
            let sql = "INSERT INTO placements (id, code_id, slug, name, created_at_us) \
                       VALUES ($1, $2, $3, $4, $5)";
            let at = p.created_at.as_microsecond();
            let (slug, name) = (p.slug.clone().into(), p.name.clone().into());
            statement(
                sql,
                vec![p.id.into(), p.code_id.into(), slug, name, at.into()],
            )
        });
        let renamed = self.rename.iter().map(|(id, name)| {
            let sql = "UPDATE placements SET name = $2 WHERE id = $1";
            statement(sql, vec![(*id).into(), name.clone().into()])
        });
        let removed = self
            .remove
            .iter()
            .map(|id| statement("DELETE FROM placements WHERE id = $1", vec![(*id).into()]));
        added.chain(renamed).chain(removed).collect()
    }
}

impl Codes {
    /// The placements of these codes, of each in the order in which they were made.
    ///
    /// # Errors
    /// Faults only.
    pub async fn placements(&self, codes: &[Uuid]) -> Result<HashMap<Uuid, Vec<Placement>>> {
        let backend = self.db.backend();
        let work = async {
            let mut found: HashMap<Uuid, Vec<Placement>> = HashMap::new();
            for chunk in chunks(codes) {
                let sql = format!(
                    "SELECT id, code_id, slug, name, created_at_us, scan_count, genuine_scan_count, \
                     last_scan_at_us FROM placements WHERE code_id IN {} \
                     ORDER BY code_id, created_at_us, id",
                    placeholders(backend, 1, chunk.len())
                );
                let values = chunk.iter().map(|id| Value::from(*id));
                let ask = Statement::from_sql_and_values(backend, sql, values);
                for row in sea_orm::ConnectionTrait::query_all_raw(&self.db.reader, ask).await? {
                    let placement = read(&row)?;
                    found.entry(placement.code_id).or_default().push(placement);
                }
            }
            Ok(found)
        };
        self.db.run(&self.timers.placements, work).await
    }

    /// Takes one of the `most` scans that a code allows. False: there is none left. One statement, so that two nodes never take the
    /// same. A limit that is set later counts the scans of before, as far as they are stored.
    ///
    /// # Errors
    /// Faults only.
    pub async fn take_use(&self, code_id: Uuid, most: i64) -> Result<bool> {
        let sql = "INSERT INTO code_uses (code_id, uses) \
                   SELECT id, scan_count + 1 FROM codes WHERE id = $1 AND scan_count < $2 \
                   ON CONFLICT (code_id) DO UPDATE SET uses = code_uses.uses + 1 \
                   WHERE code_uses.uses < $2";
        let take = self.db.statement(sql, [code_id.into(), most.into()]);
        let taken = self.db.write_one(&self.timers.take_use, take).await?;
        Ok(taken > 0)
    }

    /// Whether a code that allows `most` scans has one left.
    ///
    /// # Errors
    /// Faults only.
    pub async fn has_use(&self, code_id: Uuid, most: i64) -> Result<bool> {
        let sql = "SELECT COALESCE((SELECT uses FROM code_uses WHERE code_id = $1), scan_count) \
                   FROM codes WHERE id = $1";
        let ask = self.db.statement(sql, [code_id.into()]);
        let used = self.db.row(&self.timers.take_use, ask, |row| {
            row.try_get_by::<i64, _>(0)
        });
        Ok(used.await?.is_some_and(|used| used < most))
    }
}

fn read(row: &QueryResult) -> Result<Placement, DbErr> {
    Ok(Placement {
        id: row.try_get_by(0)?,
        code_id: row.try_get_by(1)?,
        slug: row.try_get_by(2)?,
        name: row.try_get_by(3)?,
        created_at: from_micros(row.try_get_by(4)?),
        scans: row.try_get_by(5)?,
        genuine_scans: row.try_get_by(6)?,
        last_scan_at: row.try_get_by::<Option<i64>, _>(7)?.map(from_micros),
    })
}
