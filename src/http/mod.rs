//! HTTP: from bytes to feature calls and back. Handlers parse, call one feature, and answer; what is common to
//! all answers (context, errors, metrics, headers) is made in `middleware`, once.

mod api;
mod client;
mod document;
mod extract;
mod metrics;
mod middleware;
mod patience;
mod problem;
mod redirect;

use std::sync::Arc;

use poem::{Endpoint, EndpointExt, Route, get};

use crate::app::App;
use middleware::{edge::Edge, limits::Limits, routes::RouteTable};

pub use document::document;
pub use patience::Patient;

/// What the listener of `METRICS_BIND` answers.
#[must_use]
pub fn metrics_only(app: &Arc<App>) -> impl Endpoint<Output = poem::Response> + 'static {
    let mut table = RouteTable::default();
    table.add("/metrics", &["GET"]);
    let routes = Route::new().at("/metrics", get(metrics::Metrics::new(app)));
    Edge::new(app, table, routes)
}

/// Everything that the main listener answers.
#[must_use]
pub fn routes(app: &Arc<App>) -> impl Endpoint<Output = poem::Response> + 'static {
    let document = Arc::new(document::document(&app.settings.server));
    let mut table = RouteTable::from_document(&document);
    let api = api::service(&app.settings.server).data(Arc::clone(app));
    let mut routes = Route::new()
        // Named as the route table expects it.
        .at("/r/:param0", redirect::methods(app))
        .at("/openapi.json", get(document::json(&document)))
        .at(
            "/docs",
            get(document::page(&document, &app.settings.server)),
        )
        .nest("/", Limits::new(app, api));
    table.add("/docs", &["GET"]);
    table.add("/openapi.json", &["GET"]);
    if app.settings.server.metrics_on_main() {
        routes = routes.at("/metrics", get(metrics::Metrics::new(app)));
    }
    Edge::new(app, table, routes)
}
