//! Every route, on one page: method, path, the file that answers. Metrics, traces and the `Allow` header take their
//! templates from here.
//!
//! Invariant: the OpenAPI document describes exactly the routes below, but for the pages and the document itself; a test
//! holds it.

use std::sync::Arc;

use poem::{Endpoint, EndpointExt as _, Request, Response, Result, Route, get};

use super::{
    api::{self, qr::image::KnownImages},
    document, metrics,
    middleware::{
        edge::{Edge, Inside, Routed},
        limits::Limits,
        route_table::{self, RouteTable},
    },
    ops,
    redirect::Redirect,
};
use crate::{app::App, kernel::Ctx};

/// Method, path with `{name}` for a parameter, and the file below `src/http`. HEAD is answered where GET is.
#[rustfmt::skip]
pub const ROUTES: [(&str, &str, &str); 144] = [
    ("GET",    "/r/{slug}",                                       "redirect.rs"),
    ("POST",   "/r/{slug}",                                       "redirect.rs"),

    ("GET",    "/api/v1/qr",                                      "api/qr/list.rs"),
    ("POST",   "/api/v1/qr/static",                               "api/qr/create.rs"),
    ("POST",   "/api/v1/qr/dynamic",                              "api/qr/create.rs"),
    ("GET",    "/api/v1/qr/{id}",                                 "api/qr/get.rs"),
    ("PUT",    "/api/v1/qr/{id}",                                 "api/qr/update.rs"),
    ("DELETE", "/api/v1/qr/{id}",                                 "api/qr/delete.rs"),
    ("GET",    "/api/v1/qr/{id}/image",                           "api/qr/image.rs"),
    ("GET",    "/api/v1/qr/{id}/analytics/scan-timeseries",       "api/qr/analytics.rs"),
    ("GET",    "/api/v1/qr/{id}/analytics/scan-logs",             "api/qr/analytics.rs"),
    ("GET",    "/api/v1/qr/{id}/analytics/device-stats",          "api/qr/analytics.rs"),

    ("GET",    "/api/v2/codes",                                   "api/codes/list.rs"),
    ("POST",   "/api/v2/codes",                                   "api/codes/create.rs"),
    ("GET",    "/api/v2/codes/{id}",                              "api/codes/get.rs"),
    ("PATCH",  "/api/v2/codes/{id}",                              "api/codes/change.rs"),
    ("DELETE", "/api/v2/codes/{id}",                              "api/codes/delete.rs"),
    ("GET",    "/api/v2/codes/{id}/image",                        "api/codes/image.rs"),
    ("GET",    "/api/v2/codes/{id}/targets",                      "api/codes/targets.rs"),
    ("POST",   "/api/v2/codes/{id}/targets",                      "api/codes/targets.rs"),
    ("DELETE", "/api/v2/codes/{id}/targets",                      "api/codes/targets.rs"),
    ("POST",   "/api/v2/codes/{id}/targets/undo",                 "api/codes/targets.rs"),
    ("GET",    "/api/v2/styles",                                  "api/styles.rs"),
    ("GET",    "/api/v2/styles/{name}",                           "api/styles.rs"),
    ("PUT",    "/api/v2/styles/{name}",                           "api/styles.rs"),
    ("DELETE", "/api/v2/styles/{name}",                           "api/styles.rs"),

    ("GET",    "/api/events",                                     "api/events/manage.rs"),
    ("POST",   "/api/events",                                     "api/events/manage.rs"),
    ("GET",    "/api/events/{id}",                                "api/events/manage.rs"),
    ("PATCH",  "/api/events/{id}",                                "api/events/manage.rs"),
    ("DELETE", "/api/events/{id}",                                "api/events/manage.rs"),
    ("GET",    "/api/events/{id}/attendees",                      "api/events/people.rs"),
    ("POST",   "/api/events/{id}/attendees/import",               "api/events/people.rs"),
    ("PATCH",  "/api/events/{id}/attendees/{attendee_id}",        "api/events/people.rs"),
    ("GET",    "/api/events/{id}/stalls",                         "api/events/people.rs"),
    ("POST",   "/api/events/{id}/stalls/import",                  "api/events/people.rs"),
    ("GET",    "/api/events/{id}/gates",                          "api/events/gates.rs"),
    ("PUT",    "/api/events/{id}/gates/{name}",                   "api/events/gates.rs"),
    ("GET",    "/api/events/{id}/ledger",                         "api/events/ledger.rs"),
    ("GET",    "/api/events/{id}/counts",                         "api/events/ledger.rs"),
    ("POST",   "/api/checkins",                                   "api/events/checkin.rs"),
    ("POST",   "/api/checkins/batch",                             "api/events/checkin.rs"),
    ("POST",   "/api/tokens/verify",                              "api/events/checkin.rs"),
    ("GET",    "/api/students/{id}/qr",                           "api/events/badge.rs"),
    ("GET",    "/api/students/{id}/qr/rotating",                  "api/events/badge.rs"),
    ("POST",   "/api/students/{id}/qr/regenerate",                "api/events/badge.rs"),
    ("GET",    "/api/stalls/{id}/qr",                             "api/events/badge.rs"),
    ("POST",   "/api/stalls/{id}/qr/regenerate",                  "api/events/badge.rs"),
    ("GET",    "/.well-known/jwks.json",                          "api/events/badge.rs"),

    ("POST",   "/api/v1/barcode",                                 "api/barcode.rs"),
    ("POST",   "/api/generate",                                   "api/barcode.rs"),
    ("POST",   "/api/v2/qr/generate",                             "api/v2/generate.rs"),
    ("POST",   "/api/qr/generate",                                "api/v2/generate.rs"),
    ("POST",   "/api/v2/qr/batch",                                "api/v2/batch.rs"),
    ("POST",   "/api/v2/qr/structured-append",                    "api/v2/append.rs"),
    ("GET",    "/api/v2/qr/analytics",                            "api/v2/analytics.rs"),
    ("GET",    "/api/v2/qr/preview",                              "api/v2/preview.rs"),
    ("POST",   "/api/v2/qr/validate",                             "api/v2/validate.rs"),
    ("POST",   "/api/v3/qr/generate",                             "api/v3/generate.rs"),
    ("POST",   "/api/v3/qr/enhanced",                             "api/v3/generate.rs"),
    ("POST",   "/api/v3/qr/batch",                                "api/v3/batch.rs"),
    ("GET",    "/api/v3/qr/preview",                              "api/v3/preview.rs"),
    ("POST",   "/api/v3/qr/validate",                             "api/v3/validate.rs"),
    ("GET",    "/api/v2/payloads",                                "api/payloads/told.rs"),

    ("GET",    "/v1/create-qr-code",                              "api/dropin/qrserver.rs"),
    ("POST",   "/v1/create-qr-code",                              "api/dropin/qrserver.rs"),
    ("GET",    "/v1/read-qr-code",                                "api/dropin/read.rs"),
    ("POST",   "/v1/read-qr-code",                                "api/dropin/read.rs"),
    ("GET",    "/qr",                                             "api/dropin/qr.rs"),
    ("POST",   "/qr",                                             "api/dropin/qr.rs"),
    ("GET",    "/chart",                                          "api/dropin/google.rs"),
    ("POST",   "/chart",                                          "api/dropin/google.rs"),
    ("GET",    "/gchart",                                         "api/dropin/google.rs"),
    ("POST",   "/gchart",                                         "api/dropin/google.rs"),
    ("GET",    "/r/{slug}/qr-code",                               "api/dropin/shlink.rs"),

    ("POST",   "/api/session",                                    "api/session.rs"),
    ("GET",    "/api/session",                                    "api/session.rs"),
    ("DELETE", "/api/session",                                    "api/session.rs"),
    ("PUT",    "/api/session/organization",                       "api/session.rs"),
    ("POST",   "/api/session/step-up",                            "api/session.rs"),
    ("GET",    "/api/session/methods",                            "api/single_sign_on.rs"),
    ("GET",    "/api/session/single-sign-on",                     "api/single_sign_on.rs"),
    ("GET",    "/api/session/callback",                           "api/single_sign_on.rs"),
    ("POST",   "/api/session/back-channel-logout",                "api/single_sign_on.rs"),
    ("GET",    "/api/account",                                    "api/account/own.rs"),
    ("PUT",    "/api/account/password",                           "api/account/own.rs"),
    ("GET",    "/api/account/sessions",                           "api/account/sessions.rs"),
    ("DELETE", "/api/account/sessions",                           "api/account/sessions.rs"),
    ("DELETE", "/api/account/sessions/{id}",                      "api/account/sessions.rs"),
    ("GET",    "/api/account/keys",                               "api/account/keys.rs"),
    ("POST",   "/api/account/keys",                               "api/account/keys.rs"),
    ("DELETE", "/api/account/keys/{id}",                          "api/account/keys.rs"),

    ("GET",    "/api/organizations",                              "api/organizations/manage.rs"),
    ("POST",   "/api/organizations",                              "api/organizations/manage.rs"),
    ("GET",    "/api/organizations/{org_id}",                     "api/organizations/manage.rs"),
    ("PATCH",  "/api/organizations/{org_id}",                     "api/organizations/manage.rs"),
    ("DELETE", "/api/organizations/{org_id}",                     "api/organizations/manage.rs"),
    ("POST",   "/api/organizations/{org_id}/transfer",            "api/organizations/manage.rs"),
    ("POST",   "/api/organizations/{org_id}/leave",               "api/organizations/manage.rs"),
    ("GET",    "/api/organizations/{org_id}/members",             "api/organizations/members.rs"),
    ("PATCH",  "/api/organizations/{org_id}/members/{user_id}",   "api/organizations/members.rs"),
    ("DELETE", "/api/organizations/{org_id}/members/{user_id}",   "api/organizations/members.rs"),
    ("GET",    "/api/organizations/{org_id}/invitations",         "api/organizations/invitations.rs"),
    ("POST",   "/api/organizations/{org_id}/invitations",         "api/organizations/invitations.rs"),
    ("DELETE", "/api/organizations/{org_id}/invitations/{id}",    "api/organizations/invitations.rs"),
    ("GET",    "/api/invitations/{token}",                        "api/organizations/invitations.rs"),
    ("POST",   "/api/invitations/{token}",                        "api/organizations/invitations.rs"),
    ("GET",    "/api/organizations/{org_id}/keys",                "api/organizations/keys.rs"),
    ("DELETE", "/api/organizations/{org_id}/keys/{id}",           "api/organizations/keys.rs"),
    ("GET",    "/api/organizations/{org_id}/audit",               "api/organizations/audit.rs"),
    ("GET",    "/api/organizations/{org_id}/qr-codes/{qr_id}/image", "api/organizations/image.rs"),
    ("GET",    "/api/organizations/{org_id}/qr-business/image",   "api/organizations/image.rs"),
    ("GET",    "/api/organizations/{org_id}/qr-codes/{qr_id}/timeline", "api/organizations/timeline.rs"),

    ("GET",    "/api/v2/qr/cache/stats",                          "api/cache/stats.rs"),
    ("GET",    "/api/qr/cache/stats",                             "api/cache/stats.rs"),
    ("POST",   "/api/v2/qr/cache/clear",                          "api/cache/clear.rs"),
    ("POST",   "/api/qr/cache/clear",                             "api/cache/clear.rs"),
    ("POST",   "/api/v2/qr/cache/warm",                           "api/cache/warm.rs"),
    ("POST",   "/api/qr/cache/warm",                              "api/cache/warm.rs"),

    ("GET",    "/api/rollout",                                    "api/rollout/look.rs"),
    ("GET",    "/api/rollout/audit",                              "api/rollout/look.rs"),
    ("GET",    "/api/rollout/events",                             "api/rollout/events.rs"),
    ("GET",    "/api/rollout/{experiment}",                       "api/rollout/look.rs"),
    ("PUT",    "/api/rollout/{experiment}",                       "api/rollout/change.rs"),
    ("POST",   "/api/rollout/{experiment}/kill",                  "api/rollout/change.rs"),
    ("POST",   "/api/rollout/{experiment}/release",               "api/rollout/change.rs"),
    ("POST",   "/api/rollout/{experiment}/rehearse",              "api/rollout/change.rs"),
    ("GET",    "/api/rollout/{experiment}/mismatches/{id}/{side}", "api/rollout/mismatch.rs"),
    ("POST",   "/ops/session",                                    "api/session.rs"),
    ("GET",    "/ops/rollout",                                    "ops/rollout.html"),
    ("GET",    "/ops/rollout.css",                                "ops/rollout.css"),
    ("GET",    "/ops/rollout.js",                                 "ops/rollout.js"),
    ("GET",    "/ops/rollout-api.js",                             "ops/rollout-api.js"),
    ("GET",    "/ops/rollout-card.js",                            "ops/rollout-card.js"),
    ("GET",    "/ops/rollout-charts.js",                          "ops/rollout-charts.js"),
    ("GET",    "/ops/rollout-elements.js",                        "ops/rollout-elements.js"),
    ("GET",    "/ops/rollout-examples.js",                        "ops/rollout-examples.js"),

    ("GET",    "/health",                                         "api/health.rs"),
    ("GET",    "/health/live",                                    "api/health.rs"),
    ("GET",    "/health/ready",                                   "api/health.rs"),
    ("GET",    METRICS,                                           "metrics.rs"),
    ("GET",    "/docs",                                           "document/mod.rs"),
    ("GET",    "/.well-known/change-password",                    "document/mod.rs"),
    ("GET",    "/openapi.json",                                   "document/mod.rs"),
];
const METRICS: &str = "/metrics";

/// The routes of the listener of `METRICS_BIND`.
#[must_use]
pub fn metrics_only(app: &Arc<App>) -> impl Endpoint<Output = Response> + use<> {
    let table = RouteTable::new(ROUTES.iter().filter(|route| route.1 == METRICS));
    let routes = Route::new().at(METRICS, get(metrics::Metrics::new(app)));
    Edge::new(app, table, Routed(routes))
}

/// The routes of the main listener.
#[must_use]
pub fn routes(app: &Arc<App>) -> impl Endpoint<Output = Response> + use<> {
    let document = Arc::new(document::document(&app.settings.server));
    let mut table = RouteTable::new(&ROUTES);
    table.describe(&document);
    let api = api::service(&app.settings.server).data(Arc::clone(app));
    let docs = document::page(&document, &app.settings.server);
    let mut routed = Route::new()
        .at("/openapi.json", get(document::json(&document)))
        .at("/docs", get(docs))
        .at(
            "/.well-known/change-password",
            get(document::change_password()),
        )
        .nest("/", Limits::new(app, api));
    routed = ops::add(app, routed);
    if app.settings.server.metrics_on_main() {
        routed = routed.at(METRICS, get(metrics::Metrics::new(app)));
    }
    let front = Front {
        redirect: Redirect::new(app),
        redirect_pattern: route_table::pattern("/r/{slug}").into(),
        known_images: KnownImages::new(app),
        image_pattern: route_table::pattern("/api/v1/qr/{id}/image").into(),
        routed: Routed(routed),
    };
    Edge::new(app, table, front)
}

/// Redirects, images that were asked for before, and the router for all else.
struct Front<E> {
    redirect: Redirect,
    redirect_pattern: Arc<str>,
    known_images: KnownImages,
    image_pattern: Arc<str>,
    routed: Routed<E>,
}

impl<E: Endpoint<Output = Response>> Inside for Front<E> {
    async fn answer(
        &self,
        ctx: &Ctx,
        request: &mut Request,
    ) -> (Option<Arc<str>>, Result<Response>) {
        if Redirect::slug(request.uri().path()).is_some() {
            let answer = self.redirect.answer(ctx, request).await;
            return (Some(Arc::clone(&self.redirect_pattern)), answer);
        }
        if let Some(answer) = Box::pin(self.known_images.answer(ctx, request)).await {
            return (Some(Arc::clone(&self.image_pattern)), answer);
        }
        api::dropin::without_slash(request);
        // Boxed: a redirect should not carry the space for it around.
        Box::pin(self.routed.answer(ctx, request)).await
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, path::Path};

    use super::*;
    use crate::config::server::Server;

    #[test]
    fn the_page_and_the_described_operations_are_the_same() {
        let document = document::document(&Server::for_test(&[]));
        let described: BTreeSet<(String, String)> = (document["paths"].as_object().unwrap().iter())
            .flat_map(|(path, operations)| {
                let methods = operations.as_object().unwrap().keys();
                methods.map(|method| (method.to_uppercase(), path.clone()))
            })
            .filter(|(method, _)| method != "HEAD")
            .collect();
        let is_described = |file: &str| !file.starts_with("ops/") && !file.starts_with("document/");
        let listed = ROUTES.iter().filter(|route| is_described(route.2));
        let listed: BTreeSet<_> = listed
            .map(|(method, path, _)| ((*method).to_owned(), (*path).to_owned()))
            .collect();
        assert_eq!(listed, described);
    }

    #[test]
    fn each_file_answers_its_path() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/http");
        for (_, path, file) in ROUTES {
            let text = std::fs::read_to_string(folder.join(file)).unwrap();
            let literal = format!("\"{}\"", path.replace('{', ":").replace('}', ""));
            let is_static = file.starts_with("ops/");
            let named = text.contains(&literal) || text.contains(&format!("GET {path}`"));
            assert!(is_static || named, "{file} does not name {path}");
        }
    }
}
