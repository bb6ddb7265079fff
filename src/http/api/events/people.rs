//! `/api/events/{id}/attendees`, `/api/events/{id}/stalls`.

use std::sync::Arc;

use poem::{Result, web::Data};
use poem_openapi::{
    Object, OpenApi,
    param::{Path, Query},
    payload::Json,
};
use serde::Deserialize;

use super::{Person, event, rows::Import};
use crate::{
    app::App,
    events::Event,
    http::{
        api::{Group, qr::parse_id},
        bounds::{self, Within},
        extract::Input,
        may::May,
    },
    identity::{Author, Caller, act},
    kernel::Error,
};

pub struct People;

const ATTENDEE: &str = "attendee";
const STALL: &str = "stall";
const ITEMS: u16 = 50;

#[derive(Object)]
#[oai(rename = "Attendees")]
struct Shapes {
    /// By registration number
    items: Vec<Person>,
    /// For the next page; `null`: there is none
    next: Option<String>,
}

#[derive(Object)]
#[oai(rename = "AttendeesImported")]
struct Verdict {
    created: u64,
    /// They were there: what was printed of them stays, and the name is the new one
    updated: u64,
}

#[derive(Deserialize, Object)]
#[oai(rename = "AttendeeChanges")]
#[serde(deny_unknown_fields)]
struct Changes {
    /// Nobody who is blocked gets in
    blocked: bool,
}

/// A page.
struct Page {
    search: Query<Option<Within<bounds::Search>>>,
    cursor: Query<Option<String>>,
    limit: Query<Option<Within<bounds::PageSize>>>,
}

#[OpenApi(tag = "Group::Events")]
impl People {
    /// Who is invited, by registration number
    #[oai(
        path = "/api/events/:id/attendees",
        method = "get",
        operation_id = "list_attendees"
    )]
    async fn list(
        &self,
        app: Data<&Arc<App>>,
        may: May<act::ViewEvents>,
        /// The event's UUID
        id: Path<String>,
        /// In registration number and name, in any case
        search: Query<Option<Within<bounds::Search>>>,
        /// `next` of the page before
        cursor: Query<Option<String>>,
        limit: Query<Option<Within<bounds::PageSize>>>,
    ) -> Result<Json<Shapes>> {
        let event = event(&app, may.organization(), &id).await?;
        let page = Page {
            search,
            cursor,
            limit,
        };
        Ok(Json(list(&app, (&event, ATTENDEE), page).await?))
    }

    /// Invite people, all of them or none
    ///
    /// `text/csv` with a header that names `registration_no` and `name`, or JSON. Whoever is there already keeps the printed badge, and
    /// gets the new name.
    #[oai(
        path = "/api/events/:id/attendees/import",
        method = "post",
        operation_id = "import_attendees"
    )]
    async fn import(
        &self,
        app: Data<&Arc<App>>,
        may: May<act::EditEvents>,
        /// The event's UUID
        id: Path<String>,
        body: Import,
    ) -> Result<Json<Verdict>> {
        Ok(Json(
            import(&app, may.caller(), (&id, ATTENDEE), body).await?,
        ))
    }

    /// Block somebody, or let them in again
    #[oai(
        path = "/api/events/:id/attendees/:attendee_id",
        method = "patch",
        operation_id = "change_attendee"
    )]
    async fn change(
        &self,
        app: Data<&Arc<App>>,
        may: May<act::EditEvents>,
        /// The event's UUID
        id: Path<String>,
        attendee_id: Path<String>,
        body: Input<Changes>,
    ) -> Result<Json<Person>> {
        let event = event(&app, may.organization(), &id).await?;
        let attendee = app
            .events
            .attendee(may.organization(), parse_id(&attendee_id)?)
            .await?;
        if attendee.event_id != event.id {
            return Err(Error::not_found("the event has no such attendee").into());
        }
        let author = Author::from(may.caller());
        app.events.block(&attendee, body.0.blocked, &author).await?;
        Ok(Json(Person {
            blocked: body.0.blocked,
            ..attendee.into()
        }))
    }

    /// Stalls, by number
    #[oai(
        path = "/api/events/:id/stalls",
        method = "get",
        operation_id = "list_stalls"
    )]
    async fn list_stalls(
        &self,
        app: Data<&Arc<App>>,
        may: May<act::ViewEvents>,
        /// The event's UUID
        id: Path<String>,
        search: Query<Option<Within<bounds::Search>>>,
        /// `next` of the page before
        cursor: Query<Option<String>>,
        limit: Query<Option<Within<bounds::PageSize>>>,
    ) -> Result<Json<Shapes>> {
        let event = event(&app, may.organization(), &id).await?;
        let page = Page {
            search,
            cursor,
            limit,
        };
        Ok(Json(list(&app, (&event, STALL), page).await?))
    }

    /// Add stalls, all of them or none
    #[oai(
        path = "/api/events/:id/stalls/import",
        method = "post",
        operation_id = "import_stalls"
    )]
    async fn import_stalls(
        &self,
        app: Data<&Arc<App>>,
        may: May<act::EditEvents>,
        /// The event's UUID
        id: Path<String>,
        body: Import,
    ) -> Result<Json<Verdict>> {
        Ok(Json(import(&app, may.caller(), (&id, STALL), body).await?))
    }
}

async fn list(app: &App, of: (&Event, &str), page: Page) -> Result<Shapes, Error> {
    let search = page.search.0.map(|search| search.0).unwrap_or_default();
    let after = page.cursor.0.unwrap_or_default();
    let limit = page
        .limit
        .0
        .map_or(ITEMS, |limit| u16::try_from(limit.0).unwrap_or(ITEMS));
    let people = app
        .events
        .people(of, (search.trim(), &after), limit)
        .await?;
    let next = people.last().map(|last| last.registration_no.clone());
    let next = next.filter(|_| people.len() == usize::from(limit));
    Ok(Shapes {
        next,
        items: people.into_iter().map(Person::from).collect(),
    })
}

async fn import(
    app: &App,
    caller: &Caller,
    (id, kind): (&str, &str),
    body: Import,
) -> Result<Verdict, Error> {
    let event = event(app, caller.organization(), id).await?;
    let done = app
        .events
        .import(&event, kind, body.0, &Author::from(caller))
        .await?;
    Ok(Verdict {
        created: done.created,
        updated: done.updated,
    })
}
