//! Events (`/api/events`): who is invited, what they show at a gate, and who is inside.

pub mod badge;
pub mod checkin;
pub mod gates;
pub mod ledger;
pub mod manage;
pub mod people;
mod rows;

use poem_openapi::Object;

use super::{faults::Faults, qr::parse_id};
use crate::{
    app::App,
    events::{Attendee, Event},
    identity::OrgId,
    kernel::{Result, Timestamp},
};

/// Somebody who is invited, or a stall.
#[derive(Object)]
#[oai(rename = "Attendee")]
pub struct Person {
    id: String,
    registration_no: String,
    name: String,
    /// `attendee` or `stall`
    kind: String,
    blocked: bool,
    inside: bool,
    /// Of the last scan that let them in or out (RFC 3339)
    moved_at: Option<String>,
    moved_gate: Option<String>,
}

impl From<Attendee> for Person {
    fn from(attendee: Attendee) -> Self {
        Self {
            id: attendee.id.to_string(),
            registration_no: attendee.registration_no,
            name: attendee.name,
            kind: attendee.kind,
            blocked: attendee.is_blocked,
            inside: attendee.inside,
            moved_at: attendee.moved_at.map(|at| at.to_string()),
            moved_gate: attendee.moved_gate,
        }
    }
}

/// # Errors
/// `NotFound`.
async fn event(app: &App, org: OrgId, id: &str) -> Result<Event> {
    app.events.get(org, parse_id(id)?).await
}

fn time(faults: &mut Faults, field: &'static str, text: Option<&String>) -> Option<Timestamp> {
    text.and_then(|text| faults.time(field, text))
}
