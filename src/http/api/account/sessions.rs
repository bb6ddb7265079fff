//! `GET|DELETE /api/account/sessions`, `DELETE /api/account/sessions/{id}`.

use std::sync::Arc;

use poem::{Result, web::Data};
use poem_openapi::{ApiResponse, Object, OpenApi, param::Path, payload::Json};
use uuid::Uuid;

use crate::{
    app::App,
    http::{api::Group, may::May},
    identity::{Author, Via, act},
    kernel::Error,
};

pub struct Sessions;

/// Where the user is signed in.
#[derive(Object)]
#[oai(rename = "AccountSession")]
struct Shape {
    id: Uuid,
    /// It is the one that asks.
    current: bool,
    created_at: String,
    /// To five minutes.
    seen_at: String,
    expires_at: String,
    /// `password` or `provider`.
    how: String,
    /// As the browser called itself.
    agent: String,
    address: Option<String>,
}

#[derive(Object)]
#[oai(rename = "AccountSessions")]
struct Shapes {
    items: Vec<Shape>,
}

#[derive(ApiResponse)]
enum Ended {
    /// Over.
    #[oai(status = 204)]
    Ended,
}

#[OpenApi(tag = "Group::Account")]
impl Sessions {
    /// Where one is signed in, newest first
    #[oai(
        path = "/api/account/sessions",
        method = "get",
        operation_id = "list_sessions"
    )]
    async fn list(
        &self,
        app: Data<&Arc<App>>,
        may: May<act::ViewSessions>,
    ) -> Result<Json<Shapes>> {
        let own = match may.caller().via() {
            Via::Session(session) => Some(session.id),
            Via::Key(_) | Via::Basic { .. } => None,
        };
        let sessions = app.auth.sessions.list(may.caller()).await?;
        let shape = |s: crate::identity::Session| Shape {
            id: s.id,
            current: Some(s.id) == own,
            created_at: s.created_at.to_string(),
            seen_at: s.seen_at.to_string(),
            expires_at: s.expires_at.to_string(),
            how: s.how,
            agent: s.agent,
            address: s.address,
        };
        let items = sessions.into_iter().map(shape).collect();
        Ok(Json(Shapes { items }))
    }

    /// Sign out everywhere
    #[oai(
        path = "/api/account/sessions",
        method = "delete",
        operation_id = "end_all_sessions"
    )]
    async fn end_all(&self, app: Data<&Arc<App>>, may: May<act::EndSessions>) -> Result<Ended> {
        let caller = may.caller();
        let why = Author::of(caller, None)?;
        app.auth.sessions.end_all(caller.user_id(), &why).await?;
        Ok(Ended::Ended)
    }

    /// Sign out one browser
    #[oai(
        path = "/api/account/sessions/:id",
        method = "delete",
        operation_id = "end_session"
    )]
    async fn end(
        &self,
        app: Data<&Arc<App>>,
        may: May<act::EndSessions>,
        /// The session's id
        id: Path<String>,
    ) -> Result<Ended> {
        let unknown = |_| Error::not_found("there is no such session of yours");
        let id = Uuid::try_parse(&id).map_err(unknown)?;
        app.auth.sessions.end(may.caller(), id).await?;
        Ok(Ended::Ended)
    }
}
