//! `/ops/rollout`: the operators' page. Its files are in the binary.
//!
//! Invariant: the page asks only this server; its content security policy enforces that.

use std::sync::Arc;

use poem::{
    Endpoint, IntoResponse, Request, Response, Result, Route, get,
    http::{HeaderValue, header},
};

use super::may::{caller, may_by_cookie};
use crate::{
    app::App,
    identity::{Action, Via},
};

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; \
     connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

/// A file of the page.
struct File {
    path: &'static str,
    media_type: &'static str,
    text: &'static str,
}

macro_rules! file {
    ($path:literal, $name:literal, $media_type:expr) => {
        File {
            path: concat!("/ops/", $path),
            media_type: $media_type,
            text: include_str!(concat!("ops/", $name)),
        }
    };
    ($name:literal) => {
        file!($name, $name, SCRIPT)
    };
}

const FILES: [File; 8] = [
    file!("rollout", "rollout.html", HTML),
    file!("rollout.css", "rollout.css", CSS),
    file!("rollout.js"),
    file!("rollout-api.js"),
    file!("rollout-card.js"),
    file!("rollout-charts.js"),
    file!("rollout-examples.js"),
    file!("rollout-elements.js"),
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
        let caller = caller(&request, Action::ViewRollout).await?;
        let File {
            media_type, text, ..
        } = self.file;
        let is_by_dialog = *media_type == HTML
            && matches!(caller.via(), Via::Basic { .. })
            && !may_by_cookie(&request, Action::ViewRollout).await;
        let mut response = if is_by_dialog {
            // Then the page begins a session: no script can see what it was opened with.
            text.replacen("<body", "<body data-dialog", 1)
                .with_content_type(*media_type)
                .into_response()
        } else {
            text.with_content_type(*media_type).into_response()
        };
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
        routes.at(file.path, get(Page { app, file }))
    })
}
