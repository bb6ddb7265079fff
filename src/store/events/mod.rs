//! Events, and the keys that sign their tokens.

mod attendees;
mod ledger;

use sea_orm::{DbErr, QueryResult, prelude::Uuid};

pub use attendees::{Attendee, Imported, NewAttendee, Subject};
pub use ledger::{Checkin, CheckinRow, Gate, Scan};

use super::{
    audit::Entry,
    audited::Step,
    connection::{Connections, timers},
    text,
};
use crate::kernel::{Result, Timestamp, clock::from_micros};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    pub id: Uuid,
    pub org_id: Uuid,
    /// What tokens call it.
    pub short_id: [u8; 4],
    pub name: String,
    pub starts_at: Timestamp,
    pub ends_at: Timestamp,
    pub created_at: Timestamp,
}

/// A key that signs tokens.
#[derive(Clone)]
pub struct EventKey {
    pub number: u8,
    pub secret: [u8; 32],
    pub not_before: Timestamp,
    pub retired_at: Option<Timestamp>,
}

/// Cheap to clone.
#[derive(Clone)]
pub struct Events {
    db: Connections,
    timers: Timers,
}

timers!("events": insert, list, find, update, delete, keys, import, attendees, attendee, change, checkin, ledger, gates);

const COLUMNS: &str = "id, org_id, short_id, name, starts_at_us, ends_at_us, created_at_us";

impl Events {
    pub(super) fn new(db: &Connections) -> Self {
        Self {
            timers: Timers::new(db),
            db: db.clone(),
        }
    }

    /// # Errors
    /// `Conflict` when the short id is taken; `Invalid` when a text holds a NUL.
    pub async fn insert(&self, event: &Event, entry: &Entry) -> Result<()> {
        text::check("name", &event.name)?;
        let sql = format!("INSERT INTO events ({COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7)");
        let insert = self.db.statement(
            &sql,
            [
                event.id.into(),
                event.org_id.into(),
                short(event.short_id).into(),
                event.name.clone().into(),
                event.starts_at.as_microsecond().into(),
                event.ends_at.as_microsecond().into(),
                event.created_at.as_microsecond().into(),
            ],
        );
        let steps = vec![Step::Must(insert)];
        let made = self.db.change(&self.timers.insert, steps, entry).await;
        made.map(drop)
    }

    /// An organization's, the last to begin first.
    ///
    /// # Errors
    /// Faults only.
    pub async fn list(&self, org: Uuid) -> Result<Vec<Event>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM events WHERE org_id = $1 ORDER BY starts_at_us DESC, id DESC"
        );
        let ask = self.db.statement(&sql, [org.into()]);
        self.db.rows(&self.timers.list, ask, read).await
    }

    /// # Errors
    /// Faults only.
    pub async fn find(&self, org: Uuid, id: Uuid) -> Result<Option<Event>> {
        let sql = format!("SELECT {COLUMNS} FROM events WHERE org_id = $1 AND id = $2");
        let ask = self.db.statement(&sql, [org.into(), id.into()]);
        self.db.row(&self.timers.find, ask, read).await
    }

    /// The event that tokens call so.
    ///
    /// # Errors
    /// Faults only.
    pub async fn find_short(&self, org: Uuid, short_id: [u8; 4]) -> Result<Option<Event>> {
        let sql = format!("SELECT {COLUMNS} FROM events WHERE org_id = $1 AND short_id = $2");
        let ask = self
            .db
            .statement(&sql, [org.into(), short(short_id).into()]);
        self.db.row(&self.timers.find, ask, read).await
    }

    /// Name and times. False: there is none.
    ///
    /// # Errors
    /// `Invalid` when a text holds a NUL.
    pub async fn update(&self, event: &Event, entry: &Entry) -> Result<bool> {
        text::check("name", &event.name)?;
        let sql = "UPDATE events SET name = $3, starts_at_us = $4, ends_at_us = $5 \
                   WHERE org_id = $1 AND id = $2";
        let update = self.db.statement(
            sql,
            [
                event.org_id.into(),
                event.id.into(),
                event.name.clone().into(),
                event.starts_at.as_microsecond().into(),
                event.ends_at.as_microsecond().into(),
            ],
        );
        let steps = vec![Step::Must(update)];
        self.db.change(&self.timers.update, steps, entry).await
    }

    /// With everybody invited and its ledger. False: there is none.
    ///
    /// # Errors
    /// Faults only.
    pub async fn delete(&self, org: Uuid, id: Uuid, entry: &Entry) -> Result<bool> {
        let sql = "DELETE FROM events WHERE org_id = $1 AND id = $2";
        let steps = vec![Step::Must(self.db.statement(sql, [org.into(), id.into()]))];
        self.db.change(&self.timers.delete, steps, entry).await
    }

    /// All keys, by number.
    ///
    /// # Errors
    /// Faults only.
    pub async fn keys(&self) -> Result<Vec<EventKey>> {
        let sql =
            "SELECT number, secret, not_before_us, retired_at_us FROM event_keys ORDER BY number";
        let ask = self.db.statement(sql, []);
        self.db.rows(&self.timers.keys, ask, key).await
    }

    /// Adds a key, unless one has its number: of nodes that start at once one wins.
    ///
    /// # Errors
    /// Faults only.
    pub async fn add_key(&self, key: &EventKey) -> Result<()> {
        let sql = "INSERT INTO event_keys (number, secret, not_before_us, retired_at_us) \
                   VALUES ($1, $2, $3, $4) ON CONFLICT (number) DO NOTHING";
        let insert = self.db.statement(
            sql,
            [
                i16::from(key.number).into(),
                key.secret.to_vec().into(),
                key.not_before.as_microsecond().into(),
                key.retired_at.map(Timestamp::as_microsecond).into(),
            ],
        );
        let added = self.db.write_one(&self.timers.keys, insert).await;
        added.map(drop)
    }
}

fn short(id: [u8; 4]) -> i64 {
    u32::from_be_bytes(id).into()
}

fn read(row: &QueryResult) -> Result<Event, DbErr> {
    let short: i64 = row.try_get_by(2)?;
    let short = u32::try_from(short).map_err(|e| DbErr::Type(format!("events.short_id: {e}")))?;
    Ok(Event {
        id: row.try_get_by(0)?,
        org_id: row.try_get_by(1)?,
        short_id: short.to_be_bytes(),
        name: row.try_get_by(3)?,
        starts_at: from_micros(row.try_get_by(4)?),
        ends_at: from_micros(row.try_get_by(5)?),
        created_at: from_micros(row.try_get_by(6)?),
    })
}

fn key(row: &QueryResult) -> Result<EventKey, DbErr> {
    let number: i16 = row.try_get_by(0)?;
    let retired: Option<i64> = row.try_get_by(3)?;
    Ok(EventKey {
        number: u8::try_from(number).map_err(|e| DbErr::Type(format!("event_keys.number: {e}")))?,
        secret: array("event_keys.secret", row.try_get_by(1)?)?,
        not_before: from_micros(row.try_get_by(2)?),
        retired_at: retired.map(from_micros),
    })
}

/// Bytes of a length that the schema does not hold.
fn array<const N: usize>(column: &str, bytes: Vec<u8>) -> Result<[u8; N], DbErr> {
    let wrong = |bytes: Vec<u8>| DbErr::Type(format!("{column} has {} bytes", bytes.len()));
    bytes.try_into().map_err(wrong)
}
