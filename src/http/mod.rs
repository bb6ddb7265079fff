//! HTTP: from bytes to feature calls and back. Handlers parse, call one feature, and answer; what is common to
//! all answers (context, errors, metrics, headers) is made in `middleware`, once.

mod api;
mod client;
mod document;
mod exercise;
mod extract;
mod metrics;
mod middleware;
mod ops;
mod problem;
mod redirect;

use std::sync::Arc;

use poem::{Endpoint, EndpointExt, Request, Response, Result, Route, get};

use crate::{app::App, kernel::Ctx};
use middleware::{
    edge::{Edge, Inside, Routed},
    limits::Limits,
    routes::{self, RouteTable},
};
use redirect::Redirect;

pub use document::document;
pub use exercise::Door;

/// What the listener of `METRICS_BIND` answers.
#[must_use]
pub fn metrics_only(app: &Arc<App>) -> impl Endpoint<Output = Response> + 'static {
    let mut table = RouteTable::default();
    table.add("/metrics", &["GET"]);
    let routes = Route::new().at("/metrics", get(metrics::Metrics::new(app)));
    Edge::new(app, table, Routed(routes))
}

/// Everything that the main listener answers.
#[must_use]
pub fn routes(app: &Arc<App>) -> impl Endpoint<Output = Response> + 'static {
    let document = Arc::new(document::document(&app.settings.server));
    let mut table = RouteTable::from_document(&document);
    let api = api::service(&app.settings.server).data(Arc::clone(app));
    let mut others = Route::new()
        .at("/openapi.json", get(document::json(&document)))
        .at(
            "/docs",
            get(document::page(&document, &app.settings.server)),
        )
        .nest("/", Limits::new(app, api));
    others = ops::add(app, &mut table, others);
    table.add("/docs", &["GET"]);
    table.add("/openapi.json", &["GET"]);
    if app.settings.server.metrics_on_main() {
        others = others.at("/metrics", get(metrics::Metrics::new(app)));
    }
    let front = Front {
        pattern: routes::pattern("/r/{slug}").into(),
        redirect: Redirect::new(app),
        routed: Routed(others),
    };
    Edge::new(app, table, front)
}

/// Redirects, and the router for all else.
struct Front<E> {
    redirect: Redirect,
    pattern: Arc<str>,
    routed: Routed<E>,
}

impl<E: Endpoint<Output = Response>> Inside for Front<E> {
    async fn answer(&self, ctx: &Ctx, request: Request) -> (Option<Arc<str>>, Result<Response>) {
        if Redirect::slug(request.uri().path()).is_some() {
            let answer = self.redirect.answer(ctx, &request).await;
            return (Some(Arc::clone(&self.pattern)), answer);
        }
        // Boxed: a redirect should not carry the space for it around.
        Box::pin(self.routed.answer(ctx, request)).await
    }
}
