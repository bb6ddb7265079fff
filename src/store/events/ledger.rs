//! The ledger of check-ins, and who is inside by it.
//!
//! Invariant: a row and the state that it leads to change in one transaction, which holds the attendee's row. So of any number of
//! scans at once, on any number of nodes, one wins; and a nonce that was seen gets its first answer.

use sea_orm::{ConnectionTrait, DbBackend, DbErr, QueryResult, Statement, Value, prelude::Uuid};

use super::{Attendee, Events, attendees};
use crate::{
    kernel::{Kind, Result, Timestamp, clock::from_micros},
    store::{audit::Entry, audited::Step, text, transaction::Transaction},
};

/// Somebody was scanned at a gate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scan {
    pub id: Uuid,
    pub event_id: Uuid,
    pub attendee_id: Uuid,
    pub is_in: bool,
    pub gate: String,
    /// Unique in the event; a scan that is sent again has the same.
    pub nonce: String,
    pub made_by: String,
    pub scanned_at: Timestamp,
    pub stored_at: Timestamp,
    /// The device decided by itself, and tells later: the earlier scan counts.
    pub is_offline: bool,
    /// Why it is refused whatever the state is.
    pub refused: Option<&'static str>,
}

/// A row of the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckinRow {
    pub id: Uuid,
    pub attendee_id: Uuid,
    pub registration_no: String,
    pub name: String,
    pub is_in: bool,
    pub gate: String,
    pub made_by: String,
    pub scanned_at: Timestamp,
    pub stored_at: Timestamp,
    pub is_offline: bool,
    pub counts: bool,
    pub reason: Option<String>,
}

/// What became of a scan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkin {
    pub accepted: bool,
    pub reason: Option<String>,
    pub is_in: bool,
    pub attendee: Attendee,
    /// The counting scan before.
    pub previous: Option<(Timestamp, String)>,
    /// The nonce was seen before: this is the first answer.
    pub is_repeated: bool,
}

/// Where people are scanned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gate {
    pub id: Uuid,
    pub event_id: Uuid,
    pub name: String,
    pub is_open: bool,
}

const ALREADY_IN: &str = "already_in";
const NOT_IN: &str = "not_in";
const BLOCKED: &str = "blocked";

impl Events {
    /// Records a scan. `None`: the event has no such attendee.
    ///
    /// # Errors
    /// `Invalid` when a text holds a NUL; `Unavailable` while the database is away: then nothing was recorded, or the answer
    /// is had by sending the same nonce again.
    pub async fn check_in(&self, scan: &Scan) -> Result<Option<Checkin>> {
        text::check("gate", &scan.gate)?;
        text::check("nonce", &scan.nonce)?;
        let once = || self.db.write(&self.timers.checkin, self.checked_in(scan));
        match once().await {
            // The same nonce at the same time, for somebody else: now it is seen.
            Err(e) if e.kind() == Kind::Conflict => once().await,
            done => done,
        }
    }

    async fn checked_in(&self, scan: &Scan) -> Result<Option<Checkin>, DbErr> {
        let tx = self.db.begin().await?;
        let Some(attendee) = self.locked(&tx, scan).await? else {
            tx.rollback().await?;
            return Ok(None);
        };
        if let Some(first) = self.first_answer(&tx, scan, &attendee).await? {
            tx.rollback().await?;
            return Ok(Some(first));
        }
        let done = if scan.is_offline {
            self.replayed(&tx, scan, attendee).await?
        } else {
            self.decided(&tx, scan, attendee).await?
        };
        tx.commit().await?;
        Ok(Some(done))
    }

    async fn locked(&self, tx: &Transaction, scan: &Scan) -> Result<Option<Attendee>, DbErr> {
        // SQLite's transaction holds the only write lock already.
        let lock = if self.db.backend() == DbBackend::Postgres {
            " FOR UPDATE"
        } else {
            ""
        };
        let sql = attendees::select(&format!("WHERE a.id = $1 AND a.event_id = $2{lock}"));
        let ask = self
            .db
            .statement(&sql, [scan.attendee_id.into(), scan.event_id.into()]);
        let row = tx.query_one_raw(ask).await?;
        row.as_ref().map(attendees::read).transpose()
    }

    async fn first_answer(
        &self,
        tx: &Transaction,
        scan: &Scan,
        now: &Attendee,
    ) -> Result<Option<Checkin>, DbErr> {
        let sql = "SELECT attendee_id, reason, previous_at_us, previous_gate, is_in FROM checkins \
                   WHERE event_id = $1 AND nonce = $2";
        let ask = self
            .db
            .statement(sql, [scan.event_id.into(), scan.nonce.clone().into()]);
        let Some(row) = tx.query_one_raw(ask).await? else {
            return Ok(None);
        };
        let whose: Uuid = row.try_get_by(0)?;
        let attendee = if whose == now.id {
            now.clone()
        } else {
            let ask = self
                .db
                .statement(&attendees::select("WHERE a.id = $1"), [whose.into()]);
            let found = tx.query_one_raw(ask).await?;
            let found = found.as_ref().map(attendees::read).transpose()?;
            found.unwrap_or_else(|| now.clone())
        };
        let reason: Option<String> = row.try_get_by(1)?;
        let at: Option<i64> = row.try_get_by(2)?;
        let gate: Option<String> = row.try_get_by(3)?;
        Ok(Some(Checkin {
            accepted: reason.is_none(),
            is_in: row.try_get_by(4)?,
            reason,
            attendee,
            previous: at.map(from_micros).zip(gate),
            is_repeated: true,
        }))
    }

    /// A scan that waits for its answer: the state decides.
    async fn decided(
        &self,
        tx: &Transaction,
        scan: &Scan,
        mut attendee: Attendee,
    ) -> Result<Checkin, DbErr> {
        let previous = attendee.moved_at.zip(attendee.moved_gate.clone());
        let reason = scan.refused.or_else(|| refusal(&attendee, scan.is_in));
        let mut at = scan.scanned_at;
        if reason.is_none() {
            // Clocks of nodes differ: the order of the ledger is that of the transactions.
            let least = attendee.moved_at.map(|at| at.as_microsecond() + 1);
            at = from_micros(at.as_microsecond().max(least.unwrap_or(i64::MIN)));
            attendee.inside = scan.is_in;
            attendee.moved_at = Some(at);
            attendee.moved_gate = Some(scan.gate.clone());
            tx.execute_raw(self.moved(&attendee)).await?;
        }
        let row = Row {
            scan,
            at,
            counts: reason.is_none(),
            reason,
            previous: previous.clone(),
        };
        tx.execute_raw(self.row(row)).await?;
        Ok(Checkin {
            accepted: reason.is_none(),
            reason: reason.map(str::to_owned),
            is_in: scan.is_in,
            attendee,
            previous,
            is_repeated: false,
        })
    }

    /// A scan that comes late: all that were made count in the order of their own times, whatever order they come in.
    async fn replayed(
        &self,
        tx: &Transaction,
        scan: &Scan,
        mut attendee: Attendee,
    ) -> Result<Checkin, DbErr> {
        // Whoever is blocked by now was let through all the same.
        let refused = scan.refused;
        let row = Row {
            scan,
            at: scan.scanned_at,
            counts: false,
            reason: refused,
            previous: None,
        };
        tx.execute_raw(self.row(row)).await?;
        // What was refused when it was scanned let nobody through.
        let sql = "SELECT id, is_in, scanned_at_us, gate, counts, is_offline FROM checkins WHERE attendee_id = $1 \
                   AND (reason IS NULL OR (is_offline AND reason IN ('already_in', 'not_in'))) \
                   ORDER BY scanned_at_us, nonce";
        let rows = tx
            .query_all_raw(self.db.statement(sql, [attendee.id.into()]))
            .await?;
        let (mut inside, mut moved, mut own) = (false, None, None);
        for row in rows {
            let (id, is_in): (Uuid, bool) = (row.try_get_by(0)?, row.try_get_by(1)?);
            let (at_us, gate): (i64, String) = (row.try_get_by(2)?, row.try_get_by(3)?);
            let counted: bool = row.try_get_by(4)?;
            let counts = is_in != inside;
            let reason = (!counts).then_some(if is_in { ALREADY_IN } else { NOT_IN });
            if id == scan.id {
                own = Some((reason, moved.clone()));
            }
            if counts != counted || id == scan.id {
                // What was answered when it was scanned stays as it was told; that it counts no more makes it a conflict.
                let told = if row.try_get_by(5)? { reason } else { None };
                let sql = "UPDATE checkins SET counts = $2, reason = $3 WHERE id = $1";
                let values = [id.into(), counts.into(), told.into()];
                tx.execute_raw(self.db.statement(sql, values)).await?;
            }
            if counts {
                inside = is_in;
                moved = Some((from_micros(at_us), gate));
            }
        }
        attendee.inside = inside;
        (attendee.moved_at, attendee.moved_gate) = moved.unzip();
        tx.execute_raw(self.moved(&attendee)).await?;
        let (reason, previous) = own.unwrap_or((refused, None));
        Ok(Checkin {
            accepted: reason.is_none(),
            reason: reason.map(str::to_owned),
            is_in: scan.is_in,
            attendee,
            previous,
            is_repeated: false,
        })
    }

    fn moved(&self, attendee: &Attendee) -> Statement {
        let sql =
            "UPDATE attendees SET inside = $2, moved_at_us = $3, moved_gate = $4 WHERE id = $1";
        let values = [
            attendee.id.into(),
            attendee.inside.into(),
            attendee.moved_at.map(Timestamp::as_microsecond).into(),
            attendee.moved_gate.clone().into(),
        ];
        self.db.statement(sql, values)
    }

    fn row(
        &self,
        Row {
            scan,
            at,
            counts,
            reason,
            previous,
        }: Row<'_>,
    ) -> Statement {
        let sql = "INSERT INTO checkins (id, event_id, attendee_id, is_in, gate, nonce, made_by, scanned_at_us, stored_at_us, \
                   is_offline, counts, reason, previous_at_us, previous_gate) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)";
        let (previous_at, previous_gate) = previous.unzip();
        let values: [Value; 14] = [
            scan.id.into(),
            scan.event_id.into(),
            scan.attendee_id.into(),
            scan.is_in.into(),
            scan.gate.clone().into(),
            scan.nonce.clone().into(),
            scan.made_by.clone().into(),
            at.as_microsecond().into(),
            scan.stored_at.as_microsecond().into(),
            scan.is_offline.into(),
            counts.into(),
            reason.into(),
            previous_at.map(Timestamp::as_microsecond).into(),
            previous_gate.into(),
        ];
        self.db.statement(sql, values)
    }

    /// At most `limit` rows, the last stored first, before the row `before`; only `conflicts`: scans that let somebody through who
    /// by an earlier one was there already.
    ///
    /// # Errors
    /// Faults only.
    pub async fn ledger(
        &self,
        event: Uuid,
        (before, conflicts): (Option<Uuid>, bool),
        limit: u16,
    ) -> Result<Vec<CheckinRow>> {
        let sql = "SELECT c.id, c.attendee_id, a.registration_no, a.name, c.is_in, c.gate, c.made_by, c.scanned_at_us, \
                   c.stored_at_us, c.is_offline, c.counts, c.reason FROM checkins c JOIN attendees a ON a.id = c.attendee_id \
                   WHERE c.event_id = $1 AND ($2 OR c.id < $3) AND (NOT $4 OR (NOT c.counts AND (c.is_offline OR c.reason IS NULL))) \
                   ORDER BY c.id DESC LIMIT $5";
        let values = [
            event.into(),
            before.is_none().into(),
            before.unwrap_or_default().into(),
            conflicts.into(),
            i64::from(limit).into(),
        ];
        let ask = self.db.statement(sql, values);
        self.db.rows(&self.timers.ledger, ask, checkin).await
    }

    /// People inside, and counting scans in and out.
    ///
    /// # Errors
    /// Faults only.
    pub async fn counts(&self, event: Uuid) -> Result<(i64, i64)> {
        let sql = "SELECT COUNT(*), COALESCE(SUM(CASE WHEN inside THEN 1 ELSE 0 END), 0) FROM attendees \
                   WHERE event_id = $1 AND kind = 'attendee'";
        let ask = self.db.statement(sql, [event.into()]);
        let both = |row: &QueryResult| Ok((row.try_get_by(0)?, row.try_get_by(1)?));
        let found = self.db.row(&self.timers.ledger, ask, both).await?;
        Ok(found.unwrap_or_default())
    }

    /// By name.
    ///
    /// # Errors
    /// Faults only.
    pub async fn gates(&self, event: Uuid) -> Result<Vec<Gate>> {
        let sql = "SELECT id, event_id, name, is_open FROM gates WHERE event_id = $1 ORDER BY name";
        let ask = self.db.statement(sql, [event.into()]);
        self.db.rows(&self.timers.gates, ask, gate).await
    }

    /// Makes a gate, opens it or closes it.
    ///
    /// # Errors
    /// `Invalid` when a text holds a NUL.
    pub async fn put_gate(&self, gate: &Gate, entry: &Entry) -> Result<()> {
        text::check("name", &gate.name)?;
        let sql = "INSERT INTO gates (id, event_id, name, is_open) VALUES ($1, $2, $3, $4) \
                   ON CONFLICT (event_id, name) DO UPDATE SET is_open = excluded.is_open";
        let values = [
            gate.id.into(),
            gate.event_id.into(),
            gate.name.clone().into(),
            gate.is_open.into(),
        ];
        let steps = vec![Step::Must(self.db.statement(sql, values))];
        let put = self.db.change(&self.timers.gates, steps, entry).await;
        put.map(drop)
    }
}

/// A row to be written.
struct Row<'a> {
    scan: &'a Scan,
    at: Timestamp,
    counts: bool,
    reason: Option<&'static str>,
    previous: Option<(Timestamp, String)>,
}

fn refusal(attendee: &Attendee, is_in: bool) -> Option<&'static str> {
    if attendee.is_blocked && is_in {
        return Some(BLOCKED);
    }
    (attendee.inside == is_in).then_some(if is_in { ALREADY_IN } else { NOT_IN })
}

fn gate(row: &QueryResult) -> Result<Gate, DbErr> {
    Ok(Gate {
        id: row.try_get_by(0)?,
        event_id: row.try_get_by(1)?,
        name: row.try_get_by(2)?,
        is_open: row.try_get_by(3)?,
    })
}

fn checkin(row: &QueryResult) -> Result<CheckinRow, DbErr> {
    Ok(CheckinRow {
        id: row.try_get_by(0)?,
        attendee_id: row.try_get_by(1)?,
        registration_no: row.try_get_by(2)?,
        name: row.try_get_by(3)?,
        is_in: row.try_get_by(4)?,
        gate: row.try_get_by(5)?,
        made_by: row.try_get_by(6)?,
        scanned_at: from_micros(row.try_get_by(7)?),
        stored_at: from_micros(row.try_get_by(8)?),
        is_offline: row.try_get_by(9)?,
        counts: row.try_get_by(10)?,
        reason: row.try_get_by(11)?,
    })
}
