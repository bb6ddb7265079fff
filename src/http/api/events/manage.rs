//! `/api/events`, `/api/events/{id}`.

use std::sync::Arc;

use poem::{Result, web::Data};
use poem_openapi::{ApiResponse, Object, OpenApi, param::Path, payload::Json};
use serde::Deserialize;

use super::{event, time};
use crate::{
    app::App,
    events::Event,
    http::{
        api::{Group, faults::Faults, qr::parse_id},
        bounds::{self, Within},
        extract::Input,
        may::May,
    },
    identity::{Author, act},
    kernel::{Error, Timestamp},
};

pub struct Manage;

#[derive(Object)]
#[oai(rename = "Event")]
struct Shape {
    id: String,
    name: String,
    /// RFC 3339
    starts_at: String,
    /// From then on its tokens are expired
    ends_at: String,
    created_at: String,
}

#[derive(Object)]
#[oai(rename = "Events")]
struct Shapes {
    /// The last to begin first
    items: Vec<Shape>,
}

#[derive(Deserialize, Object)]
#[oai(rename = "NewEvent")]
#[serde(deny_unknown_fields)]
struct New {
    name: Within<bounds::EventName>,
    /// RFC 3339
    starts_at: String,
    ends_at: String,
}

/// What is absent stays.
#[derive(Deserialize, Object)]
#[oai(rename = "EventChanges")]
#[serde(deny_unknown_fields)]
struct Changes {
    name: Option<Within<bounds::EventName>>,
    starts_at: Option<String>,
    ends_at: Option<String>,
}

#[derive(ApiResponse)]
enum Made {
    /// The event
    #[oai(status = 201)]
    Event(Json<Shape>, #[oai(header = "Location")] String),
}

#[derive(ApiResponse)]
enum Deleted {
    /// It is gone, with its ledger
    #[oai(status = 204)]
    Gone,
}

impl From<Event> for Shape {
    fn from(event: Event) -> Self {
        Self {
            id: event.id.to_string(),
            name: event.name,
            starts_at: event.starts_at.to_string(),
            ends_at: event.ends_at.to_string(),
            created_at: event.created_at.to_string(),
        }
    }
}

#[OpenApi(tag = "Group::Events")]
impl Manage {
    /// List events
    #[oai(path = "/api/events", method = "get", operation_id = "list_events")]
    async fn list(&self, app: Data<&Arc<App>>, may: May<act::ViewEvents>) -> Result<Json<Shapes>> {
        let events = app.events.list(may.organization()).await?;
        let items = events.into_iter().map(Shape::from).collect();
        Ok(Json(Shapes { items }))
    }

    /// Make an event
    #[oai(path = "/api/events", method = "post", operation_id = "create_event")]
    async fn create(
        &self,
        app: Data<&Arc<App>>,
        may: May<act::EditEvents>,
        body: Input<New>,
    ) -> Result<Made> {
        let mut faults = Faults::default();
        let name = faults.text("name", body.0.name);
        let starts_at = time(&mut faults, "starts_at", Some(&body.0.starts_at));
        let ends_at = time(&mut faults, "ends_at", Some(&body.0.ends_at));
        order(&mut faults, starts_at, ends_at);
        faults.finish()?;
        let Some((starts_at, ends_at)) = starts_at.zip(ends_at) else {
            return Err(Error::internal("an event without times passed its faults").into());
        };
        let made = (name, starts_at, ends_at);
        let made = app
            .events
            .create(may.organization(), made, &Author::from(may.caller()))
            .await?;
        let location = format!("/api/events/{}", made.id);
        Ok(Made::Event(Json(made.into()), location))
    }

    /// One event
    #[oai(path = "/api/events/:id", method = "get", operation_id = "get_event")]
    async fn get(
        &self,
        app: Data<&Arc<App>>,
        may: May<act::ViewEvents>,
        /// The event's UUID
        id: Path<String>,
    ) -> Result<Json<Shape>> {
        Ok(Json(event(&app, may.organization(), &id).await?.into()))
    }

    /// Change an event
    #[oai(
        path = "/api/events/:id",
        method = "patch",
        operation_id = "change_event"
    )]
    async fn change(
        &self,
        app: Data<&Arc<App>>,
        may: May<act::EditEvents>,
        /// The event's UUID
        id: Path<String>,
        body: Input<Changes>,
    ) -> Result<Json<Shape>> {
        let mut event = event(&app, may.organization(), &id).await?;
        let mut faults = Faults::default();
        let starts_at = time(&mut faults, "starts_at", body.0.starts_at.as_ref());
        let ends_at = time(&mut faults, "ends_at", body.0.ends_at.as_ref());
        event.starts_at = starts_at.unwrap_or(event.starts_at);
        event.ends_at = ends_at.unwrap_or(event.ends_at);
        order(&mut faults, Some(event.starts_at), Some(event.ends_at));
        if let Some(name) = body.0.name {
            event.name = faults.text("name", name);
        }
        faults.finish()?;
        app.events
            .change(&event, &Author::from(may.caller()))
            .await?;
        Ok(Json(event.into()))
    }

    /// Delete an event, with everybody invited and its ledger
    #[oai(
        path = "/api/events/:id",
        method = "delete",
        operation_id = "delete_event"
    )]
    async fn delete(
        &self,
        app: Data<&Arc<App>>,
        may: May<act::EditEvents>,
        /// The event's UUID
        id: Path<String>,
    ) -> Result<Deleted> {
        let author = Author::from(may.caller());
        app.events
            .delete(may.organization(), parse_id(&id)?, &author)
            .await?;
        Ok(Deleted::Gone)
    }
}

fn order(faults: &mut Faults, starts_at: Option<Timestamp>, ends_at: Option<Timestamp>) {
    if starts_at
        .zip(ends_at)
        .is_some_and(|(starts, ends)| starts >= ends)
    {
        faults.add("ends_at", "must be after starts_at");
    }
}
