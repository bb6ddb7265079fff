//! `/api/events/{id}/gates`.

use std::sync::Arc;

use poem::{Result, web::Data};
use poem_openapi::{Object, OpenApi, param::Path, payload::Json};
use serde::Deserialize;

use super::event;
use crate::{
    app::App,
    http::{
        api::{Group, faults::Faults},
        bounds::{GateName, Within},
        extract::Optional,
        may::May,
    },
    identity::{Author, act},
};

pub struct Gates;

#[derive(Object)]
#[oai(rename = "EventGate")]
struct Shape {
    name: String,
    open: bool,
}

#[derive(Object)]
#[oai(rename = "EventGates")]
struct Shapes {
    items: Vec<Shape>,
}

#[derive(Default, Deserialize, Object)]
#[oai(rename = "EventGateChange")]
#[serde(deny_unknown_fields)]
struct Wanted {
    /// (true)
    open: Option<bool>,
}

#[OpenApi(tag = "Group::Events")]
impl Gates {
    /// Gates, by name
    ///
    /// An event without gates takes any name in a check-in.
    #[oai(
        path = "/api/events/:id/gates",
        method = "get",
        operation_id = "list_gates"
    )]
    async fn list(
        &self,
        app: Data<&Arc<App>>,
        may: May<act::ViewEvents>,
        /// The event's UUID
        id: Path<String>,
    ) -> Result<Json<Shapes>> {
        let event = event(&app, may.organization(), &id).await?;
        let gates = app.events.gates(&event).await?;
        let shape = |gate: crate::events::Gate| Shape {
            name: gate.name,
            open: gate.is_open,
        };
        let items = gates.into_iter().map(shape).collect();
        Ok(Json(Shapes { items }))
    }

    /// Make a gate, open it or close it
    ///
    /// Nobody gets through a closed one, from a second later on.
    #[oai(
        path = "/api/events/:id/gates/:name",
        method = "put",
        operation_id = "put_gate"
    )]
    async fn put(
        &self,
        app: Data<&Arc<App>>,
        may: May<act::EditEvents>,
        /// The event's UUID
        id: Path<String>,
        /// 1 to 60 characters
        name: Path<String>,
        body: Optional<Wanted>,
    ) -> Result<Json<Shape>> {
        let event = event(&app, may.organization(), &id).await?;
        let mut faults = Faults::default();
        let name = faults.text("name", Within::<GateName>::new(name.0));
        faults.finish()?;
        let open = body.0.open.unwrap_or(true);
        let author = Author::from(may.caller());
        app.events.put_gate(&event, (&name, open), &author).await?;
        Ok(Json(Shape { name, open }))
    }
}
