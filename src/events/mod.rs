//! Events: who is invited, what they show at a gate, and who is inside.
//!
//! Invariants: nothing is decided but in the transaction that appends to the ledger. A token is looked at in memory first, so what
//! nobody signed asks the database nothing.

mod checkin;
mod keys;
mod people;

use std::sync::Arc;

use parking_lot::RwLock;

pub use crate::store::events::{Attendee, Checkin, CheckinRow, Event, Gate, Imported};
pub use checkin::{Asked, Running, Shown, Who};
pub use people::{Person, ROWS};

use crate::{
    identity::{Author, OrgId, Stamp},
    kernel::{
        Error, Kind, Result, SharedClock, Timestamp,
        id::{Ids, Uuid, random},
    },
    store::Store,
};

/// Tries to find a free short id.
const TRIES: usize = 4;

pub struct Events {
    store: Store,
    ids: Arc<Ids>,
    clock: SharedClock,
    keys: RwLock<Option<keys::Known>>,
    running: checkin::Remembered,
    counters: checkin::Counters,
}

impl Events {
    #[must_use]
    pub fn new(store: Store, ids: Arc<Ids>, clock: SharedClock) -> Self {
        Self {
            store,
            ids,
            clock,
            keys: RwLock::default(),
            running: checkin::remembered(),
            counters: checkin::Counters::new(),
        }
    }

    /// The last to begin first.
    ///
    /// # Errors
    /// The store's.
    pub async fn list(&self, org: OrgId) -> Result<Vec<Event>> {
        self.store.events.list(org.id()).await
    }

    /// # Errors
    /// `NotFound`, and the store's.
    pub async fn get(&self, org: OrgId, id: Uuid) -> Result<Event> {
        let found = self.store.events.find(org.id(), id).await?;
        found.ok_or_else(|| Error::not_found("there is no such event"))
    }

    /// # Errors
    /// The store's.
    pub async fn create(
        &self,
        org: OrgId,
        (name, starts_at, ends_at): (String, Timestamp, Timestamp),
        author: &Author,
    ) -> Result<Event> {
        for _ in 0..TRIES {
            let event = Event {
                id: self.ids.next(),
                org_id: org.id(),
                short_id: random()?,
                name: name.clone(),
                starts_at,
                ends_at,
                created_at: self.clock.now(),
            };
            let entry = author.entry(self.stamp(), "event.create", subject(event.id), None);
            match self.store.events.insert(&event, &entry).await {
                Err(e) if e.kind() == Kind::Conflict => {}
                done => return done.map(|()| event),
            }
        }
        Err(Error::new(
            Kind::Conflict,
            "no free short id was found: try again",
        ))
    }

    /// Name and times.
    ///
    /// # Errors
    /// `NotFound`, and the store's.
    pub async fn change(&self, event: &Event, author: &Author) -> Result<()> {
        let entry = author.entry(self.stamp(), "event.change", subject(event.id), None);
        found(self.store.events.update(event, &entry).await?)
    }

    /// With everybody invited and its ledger.
    ///
    /// # Errors
    /// `NotFound`, and the store's.
    pub async fn delete(&self, org: OrgId, id: Uuid, author: &Author) -> Result<()> {
        let entry = author.entry(self.stamp(), "event.delete", subject(id), None);
        found(self.store.events.delete(org.id(), id, &entry).await?)
    }

    /// By name.
    ///
    /// # Errors
    /// The store's.
    pub async fn gates(&self, event: &Event) -> Result<Vec<Gate>> {
        self.store.events.gates(event.id).await
    }

    /// Makes a gate, opens it or closes it.
    ///
    /// # Errors
    /// The store's.
    pub async fn put_gate(
        &self,
        event: &Event,
        (name, is_open): (&str, bool),
        author: &Author,
    ) -> Result<()> {
        let gate = Gate {
            id: self.ids.next(),
            event_id: event.id,
            name: name.to_owned(),
            is_open,
        };
        let entry = author.entry(self.stamp(), "event.gate", subject(event.id), None);
        self.store.events.put_gate(&gate, &entry).await
    }

    /// Rows of the ledger, the last stored first, before the row `before`.
    ///
    /// # Errors
    /// The store's.
    pub async fn ledger(
        &self,
        event: &Event,
        (before, conflicts): (Option<Uuid>, bool),
        limit: u16,
    ) -> Result<Vec<CheckinRow>> {
        self.store
            .events
            .ledger(event.id, (before, conflicts), limit)
            .await
    }

    /// People invited, and inside.
    ///
    /// # Errors
    /// The store's.
    pub async fn counts(&self, event: &Event) -> Result<(i64, i64)> {
        self.store.events.counts(event.id).await
    }

    fn stamp(&self) -> Stamp {
        Stamp::now(&self.ids, &self.clock)
    }
}

fn subject(event: Uuid) -> String {
    format!("event:{event}")
}

fn found(is_found: bool) -> Result<()> {
    if is_found {
        Ok(())
    } else {
        Err(Error::not_found("there is no such event"))
    }
}
