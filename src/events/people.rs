//! Attendees and stalls: import, search, and what they show.

use serde_json::json;
use tokens::{EventId, Kind, Serial, Subject, Token, rotating};

use super::{Attendee, Event, Events, Imported, subject};
use crate::{
    identity::{Author, OrgId},
    kernel::{
        Error, Kind as Fault, Result,
        id::{Uuid, random},
    },
    store::events::NewAttendee,
};

/// Of one import.
pub const ROWS: usize = 100_000;

/// A row of an import, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    pub registration_no: String,
    pub name: String,
}

impl Events {
    /// All of them or none. Whoever is there already keeps what was printed, and gets the new name. `kind`: `attendee` or
    /// `stall`.
    ///
    /// # Errors
    /// The store's.
    pub async fn import(
        &self,
        event: &Event,
        kind: &str,
        people: Vec<Person>,
        author: &Author,
    ) -> Result<Imported> {
        let mut rows = Vec::with_capacity(people.len());
        for person in people {
            rows.push(NewAttendee {
                id: self.ids.next(),
                registration_no: person.registration_no,
                name: person.name,
                subject: random()?,
            });
        }
        let detail = json!({ "kind": kind, "rows": rows.len() });
        let entry = author.entry(
            self.stamp(),
            "event.import",
            subject(event.id),
            Some(detail),
        );
        self.store
            .events
            .import((event.id, kind), &rows, &entry)
            .await
    }

    /// At most `limit`, by registration number, after `after`; whose number or name holds `search`.
    ///
    /// # Errors
    /// The store's.
    pub async fn people(
        &self,
        (event, kind): (&Event, &str),
        (search, after): (&str, &str),
        limit: u16,
    ) -> Result<Vec<Attendee>> {
        let found = self
            .store
            .events
            .attendees((event.id, kind), (search, after), limit);
        found.await
    }

    /// # Errors
    /// `NotFound`, and the store's.
    pub async fn attendee(&self, org: OrgId, id: Uuid) -> Result<Attendee> {
        let found = self.store.events.attendee(org.id(), id).await?;
        found.ok_or_else(|| Error::not_found("there is no such attendee"))
    }

    /// By id or registration number; of several events that of the last one to begin.
    ///
    /// # Errors
    /// `NotFound`, and the store's.
    pub async fn person(&self, org: OrgId, kind: &str, id: &str) -> Result<Attendee> {
        let by_id = match id.parse::<Uuid>() {
            Ok(id) => self.store.events.attendee(org.id(), id).await?,
            Err(_) => None,
        };
        let found = match by_id {
            Some(found) => Some(found),
            None => self.store.events.registered(org.id(), kind, id).await?,
        };
        let found = found.filter(|found| found.kind == kind);
        found.ok_or_else(|| Error::not_found(format!("there is no such {kind}")))
    }

    /// The text of somebody's symbol. `is_rotating`: for the next half minute, and a minute more.
    ///
    /// # Errors
    /// `NotFound`, and the store's.
    pub async fn token(
        &self,
        org: OrgId,
        attendee: &Attendee,
        is_rotating: bool,
    ) -> Result<String> {
        let event = self.get(org, attendee.event_id).await?;
        let (id, whose) = (EventId(event.short_id), Subject(attendee.subject));
        let serial =
            Serial::new(attendee.serial).ok_or_else(|| Error::internal("a serial is too large"))?;
        let token = if is_rotating {
            rotating::token(id, whose, serial, self.clock.now().as_second())
        } else {
            Token {
                kind: if attendee.kind == "stall" {
                    Kind::Stall
                } else {
                    Kind::Attendee
                },
                event: id,
                subject: whose,
                time: 0,
                serial,
            }
        };
        Ok(self.keys().await?.signs.token(token).to_symbol())
    }

    /// Seconds until a rotating token is followed by the next one.
    #[must_use]
    pub fn seconds_until_rotation(&self) -> i64 {
        rotating::seconds_until_rotation(self.clock.now().as_second())
    }

    /// Revokes what somebody has: the next token is another one.
    ///
    /// # Errors
    /// `Conflict` when somebody else does so too, or all serials were given out; the store's.
    pub async fn regenerate(&self, mut attendee: Attendee, author: &Author) -> Result<Attendee> {
        let next = Serial::new(attendee.serial).and_then(Serial::next);
        let spent = || {
            Error::new(
                Fault::Conflict,
                "all serials were given out: import them under another number",
            )
        };
        let next = next
            .filter(|next| *next != Serial::NEVER)
            .ok_or_else(spent)?;
        let what = format!("attendee:{}", attendee.id);
        let entry = author.entry(self.stamp(), "attendee.regenerate", what, None);
        if !self
            .store
            .events
            .regenerate(attendee.id, attendee.serial, &entry)
            .await?
        {
            return Err(Error::new(
                Fault::Conflict,
                "somebody else regenerated it: look again",
            ));
        }
        attendee.serial = next.value();
        Ok(attendee)
    }

    /// # Errors
    /// The store's.
    pub async fn block(
        &self,
        attendee: &Attendee,
        is_blocked: bool,
        author: &Author,
    ) -> Result<()> {
        let what = format!("attendee:{}", attendee.id);
        let entry = author.entry(
            self.stamp(),
            "attendee.block",
            what,
            Some(json!({ "blocked": is_blocked })),
        );
        self.store
            .events
            .block(attendee.id, is_blocked, &entry)
            .await
            .map(drop)
    }
}
