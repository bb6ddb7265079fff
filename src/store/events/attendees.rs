//! Who is invited to an event: people, and stalls.

use sea_orm::{ConnectionTrait, DbErr, QueryResult, Statement, Value, prelude::Uuid};

use super::{Events, array};
use crate::{
    kernel::{Result, Timestamp, clock::from_micros},
    store::{
        audit::{self, Entry},
        audited::Step,
        statement::{chunks, placeholders},
        text,
    },
};

/// What a token names. Random.
pub type Subject = [u8; 12];

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attendee {
    pub id: Uuid,
    pub event_id: Uuid,
    /// `attendee` or `stall`.
    pub kind: String,
    pub registration_no: String,
    pub name: String,
    pub subject: Subject,
    /// Of the token that counts.
    pub serial: u32,
    pub is_blocked: bool,
    pub inside: bool,
    /// When and where the ledger's last counting row was scanned.
    pub moved_at: Option<Timestamp>,
    pub moved_gate: Option<String>,
}

/// A row of an import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewAttendee {
    pub id: Uuid,
    pub registration_no: String,
    pub name: String,
    pub subject: Subject,
}

/// What an import did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Imported {
    pub created: u64,
    /// Those that were there, with another name or the same.
    pub updated: u64,
}

const COLUMNS: &str = "a.id, a.event_id, a.kind, a.registration_no, a.name, a.subject, a.serial, a.is_blocked, a.inside, \
     a.moved_at_us, a.moved_gate";
const VALUES: usize = 9;

impl Events {
    /// Adds people or stalls, or gives those that are there their new names; all of them or none.
    ///
    /// # Errors
    /// `Invalid` when a text holds a NUL.
    pub async fn import(
        &self,
        (event, kind): (Uuid, &str),
        rows: &[NewAttendee],
        entry: &Entry,
    ) -> Result<Imported> {
        for row in rows {
            text::check("registration_no", &row.registration_no)?;
            text::check("name", &row.name)?;
        }
        audit::check(entry)?;
        let count = "SELECT COUNT(*) FROM attendees WHERE event_id = $1 AND kind = $2";
        let count = || self.db.statement(count, [event.into(), kind.into()]);
        let work = async {
            let tx = self.db.begin().await?;
            let counted = async || {
                let row = tx.query_one_raw(count()).await?;
                row.map_or(Ok(0), |row| row.try_get_by::<i64, _>(0))
            };
            let before = counted().await?;
            for chunk in chunks(rows) {
                tx.execute_raw(self.insert_all((event, kind), chunk))
                    .await?;
            }
            let created = counted().await? - before;
            audit::insert(&tx, entry).await?;
            tx.commit().await?;
            let created = u64::try_from(created).unwrap_or(0);
            Ok(Imported {
                created,
                updated: rows.len() as u64 - created,
            })
        };
        self.db.write(&self.timers.import, work).await
    }

    fn insert_all(&self, (event, kind): (Uuid, &str), rows: &[NewAttendee]) -> Statement {
        let backend = self.db.backend();
        let sql = format!(
            "INSERT INTO attendees (id, event_id, kind, registration_no, name, subject, serial, is_blocked, inside) VALUES {} \
             ON CONFLICT (event_id, kind, registration_no) DO UPDATE SET \
             name = CASE WHEN excluded.name = '' THEN attendees.name ELSE excluded.name END",
            placeholders(backend, rows.len(), VALUES)
        );
        let values = rows.iter().flat_map(|row| -> [Value; VALUES] {
            [
                row.id.into(),
                event.into(),
                kind.into(),
                row.registration_no.clone().into(),
                row.name.clone().into(),
                row.subject.to_vec().into(),
                0_i64.into(),
                false.into(),
                false.into(),
            ]
        });
        Statement::from_sql_and_values(backend, sql, values)
    }

    /// At most `limit` of an event, by registration number, after `after`; whose number or name holds `search`.
    ///
    /// # Errors
    /// Faults only.
    pub async fn attendees(
        &self,
        (event, kind): (Uuid, &str),
        (search, after): (&str, &str),
        limit: u16,
    ) -> Result<Vec<Attendee>> {
        if !text::storable(search) || !text::storable(after) {
            return Ok(Vec::new());
        }
        let sql = format!(
            "SELECT {COLUMNS} FROM attendees a WHERE a.event_id = $1 AND a.kind = $2 AND a.registration_no > $3 \
             AND ($4 = '' OR LOWER(a.registration_no) LIKE $5 ESCAPE '\\' OR LOWER(a.name) LIKE $5 ESCAPE '\\') \
             ORDER BY a.registration_no LIMIT $6"
        );
        let escaped = search.to_lowercase().replace('\\', "\\\\");
        let escaped = escaped.replace('%', "\\%").replace('_', "\\_");
        let values = [
            event.into(),
            kind.into(),
            after.into(),
            search.into(),
            format!("%{escaped}%").into(),
            i64::from(limit).into(),
        ];
        let ask = self.db.statement(&sql, values);
        self.db.rows(&self.timers.attendees, ask, read).await
    }

    /// By id, within an organization.
    ///
    /// # Errors
    /// Faults only.
    pub async fn attendee(&self, org: Uuid, id: Uuid) -> Result<Option<Attendee>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM attendees a JOIN events e ON e.id = a.event_id WHERE e.org_id = $1 AND a.id = $2"
        );
        let ask = self.db.statement(&sql, [org.into(), id.into()]);
        self.db.row(&self.timers.attendee, ask, read).await
    }

    /// By registration number; of several events the last one to begin.
    ///
    /// # Errors
    /// Faults only.
    pub async fn registered(
        &self,
        org: Uuid,
        kind: &str,
        registration_no: &str,
    ) -> Result<Option<Attendee>> {
        if !text::storable(registration_no) {
            return Ok(None);
        }
        let sql = format!(
            "SELECT {COLUMNS} FROM attendees a JOIN events e ON e.id = a.event_id \
             WHERE e.org_id = $1 AND a.kind = $2 AND a.registration_no = $3 ORDER BY e.starts_at_us DESC, e.id DESC LIMIT 1"
        );
        let values = [org.into(), kind.into(), registration_no.into()];
        let ask = self.db.statement(&sql, values);
        self.db.row(&self.timers.attendee, ask, read).await
    }

    /// Whom a token of the event names.
    ///
    /// # Errors
    /// Faults only.
    pub async fn named(&self, event: Uuid, subject: Subject) -> Result<Option<Attendee>> {
        let sql =
            format!("SELECT {COLUMNS} FROM attendees a WHERE a.event_id = $1 AND a.subject = $2");
        let ask = self
            .db
            .statement(&sql, [event.into(), subject.to_vec().into()]);
        self.db.row(&self.timers.attendee, ask, read).await
    }

    /// Revokes the tokens that somebody has. False: the serial is another one by now.
    ///
    /// # Errors
    /// Faults only.
    pub async fn regenerate(&self, id: Uuid, serial: u32, entry: &Entry) -> Result<bool> {
        let sql = "UPDATE attendees SET serial = serial + 1 WHERE id = $1 AND serial = $2";
        let values = [id.into(), i64::from(serial).into()];
        let steps = vec![Step::Must(self.db.statement(sql, values))];
        self.db.change(&self.timers.change, steps, entry).await
    }

    /// False: there is nobody.
    ///
    /// # Errors
    /// Faults only.
    pub async fn block(&self, id: Uuid, is_blocked: bool, entry: &Entry) -> Result<bool> {
        let sql = "UPDATE attendees SET is_blocked = $2 WHERE id = $1";
        let values = [id.into(), is_blocked.into()];
        let steps = vec![Step::Must(self.db.statement(sql, values))];
        self.db.change(&self.timers.change, steps, entry).await
    }
}

pub(super) fn read(row: &QueryResult) -> Result<Attendee, DbErr> {
    let serial: i64 = row.try_get_by(6)?;
    let moved: Option<i64> = row.try_get_by(9)?;
    Ok(Attendee {
        id: row.try_get_by(0)?,
        event_id: row.try_get_by(1)?,
        kind: row.try_get_by(2)?,
        registration_no: row.try_get_by(3)?,
        name: row.try_get_by(4)?,
        subject: array("attendees.subject", row.try_get_by(5)?)?,
        serial: u32::try_from(serial).map_err(|e| DbErr::Type(format!("attendees.serial: {e}")))?,
        is_blocked: row.try_get_by(7)?,
        inside: row.try_get_by(8)?,
        moved_at: moved.map(from_micros),
        moved_gate: row.try_get_by(10)?,
    })
}

pub(super) fn select(of: &str) -> String {
    format!("SELECT {COLUMNS} FROM attendees a {of}")
}
