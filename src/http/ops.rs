//! `/ops/rollout`: the operators' page. Everything that it needs is in the binary.
//!
//! Invariant: the page asks nobody but this server, and its policy says so to the browser.

use std::sync::Arc;

use poem::{
    Endpoint, FromRequest, IntoResponse, Request, RequestBody, Response, Result, Route, get,
    http::{HeaderValue, header},
};

use super::extract::Signed;
use crate::{app::App, kernel::Ctx};

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; \
     connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const HTML: &str = "text/html; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

/// A file of the page: its path, its media type, and what is in it.
struct File(&'static str, &'static str, &'static str);

const FILES: [File; 8] = [
    File("/ops/rollout", HTML, include_str!("ops/rollout.html")),
    File(
        "/ops/rollout.css",
        "text/css; charset=utf-8",
        include_str!("ops/rollout.css"),
    ),
    File("/ops/rollout.js", SCRIPT, include_str!("ops/rollout.js")),
    File(
        "/ops/rollout-api.js",
        SCRIPT,
        include_str!("ops/rollout-api.js"),
    ),
    File(
        "/ops/rollout-card.js",
        SCRIPT,
        include_str!("ops/rollout-card.js"),
    ),
    File(
        "/ops/rollout-charts.js",
        SCRIPT,
        include_str!("ops/rollout-charts.js"),
    ),
    File(
        "/ops/rollout-examples.js",
        SCRIPT,
        include_str!("ops/rollout-examples.js"),
    ),
    File(
        "/ops/rollout-elements.js",
        SCRIPT,
        include_str!("ops/rollout-elements.js"),
    ),
];

/// Answers with a file, to those who are signed in: so the browser asks for a password before the page does.
struct Page {
    app: Arc<App>,
    file: &'static File,
}

impl Endpoint for Page {
    type Output = Response;

    async fn call(&self, mut request: Request) -> Result<Response> {
        request.set_data(Arc::clone(&self.app));
        debug_assert!(request.data::<Ctx>().is_some());
        Signed::from_request(&request, &mut RequestBody::default()).await?;
        let File(_, media_type, text) = self.file;
        let mut response = text.with_content_type(*media_type).into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static(POLICY),
        );
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        Ok(response)
    }
}

/// Adds the page to the routes.
pub fn add(app: &Arc<App>, routes: Route) -> Route {
    FILES.iter().fold(routes, |routes, file| {
        let app = Arc::clone(app);
        routes.at(file.0, get(Page { app, file }))
    })
}
