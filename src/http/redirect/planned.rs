//! A scan of a code whose destination depends on the visit.
//!
//! Invariant: only what its owner asked for keeps a scan from its target. While the database is away a number of scans is not
//! counted, and not limited.

use std::time::Duration;

use poem::{
    Request, Response,
    http::{HeaderValue, Method, StatusCode, header},
};
use url::form_urlencoded;

use super::{Redirect, found, page, text};
use crate::{
    http::client::limited_client,
    kernel::{Ctx, Error, Kind},
    redirect::{Planned, Season, Visit},
    scans::{device_words, excluded_by_request, is_bot},
};

/// A scan waits no longer for its number.
const COUNT_WAIT: Duration = Duration::from_millis(500);
/// Bytes of the form with a password.
const FORM_BYTES: usize = 2048;

impl Redirect {
    pub(super) async fn planned(
        &self,
        ctx: &Ctx,
        request: &mut Request,
        planned: &Planned,
    ) -> Result<Response, Error> {
        let now = self.app.clock.now();
        match planned.season(now) {
            Season::Early(start) => return page::early(request, start),
            Season::Over => return page::over(request),
            Season::Open => {}
        }
        let is_sent = request.method() == Method::POST;
        match planned.password_hash() {
            None if is_sent => return Err(super::not_allowed()),
            None => {}
            Some(_) if !is_sent => return page::password(request, false),
            Some(hash) if self.opens(request, (planned, hash)).await? => {}
            Some(_) => return page::password(request, true),
        }
        if !self.is_left(request, planned).await {
            return page::over(request);
        }
        let headers = request.headers();
        let agent = text(headers, &header::USER_AGENT);
        let language = text(headers, &header::ACCEPT_LANGUAGE);
        let location = planned.location(&Visit {
            now,
            device: device_words(&agent),
            accept_language: &language,
            country: self.country(request),
            query: request.uri().query(),
        });
        let texts = [agent, text(headers, &header::REFERER)];
        let scanned = (planned.code_id(), planned.placement_id(), &texts);
        let scan = self.scan(ctx, request, scanned);
        let _ = self.app.intake.accept(&scan).await;
        let mut response = found(location);
        if is_sent {
            // The target is to be fetched, not sent the password (RFC 9110 §15.4.4).
            response.set_status(StatusCode::SEE_OTHER);
        } else if let Ok(vary) = HeaderValue::from_str("User-Agent, Accept-Language") {
            response.headers_mut().insert(header::VARY, vary);
        }
        Ok(response)
    }

    /// # Errors
    /// `Malformed` for a body that is no form; `RateLimited`.
    async fn opens(
        &self,
        request: &mut Request,
        (planned, hash): (&Planned, &str),
    ) -> Result<bool, Error> {
        let client = limited_client(request, &self.app.settings.server.trusted_proxies);
        let unread = |e| Error::caused(Kind::Malformed, "the form could not be read", e);
        let body = request.take_body().into_bytes_limit(FORM_BYTES);
        let body = body.await.map_err(unread)?;
        let mut fields = form_urlencoded::parse(&body);
        let (_, password) = fields.find(|(name, _)| name == "password").ok_or_else(|| {
            let message = "send the code's password as the field password of a form";
            Error::new(Kind::Malformed, message)
        })?;
        let code = (planned.code_id(), hash);
        self.app
            .auth
            .opens(code, password.into_owned(), client)
            .await
    }

    /// Whether one of a code's scans is left; a person's takes it.
    async fn is_left(&self, request: &Request, planned: &Planned) -> bool {
        let Some(most) = planned.max_scans() else {
            return true;
        };
        let is_head = request.method() == Method::HEAD;
        let excluded = excluded_by_request(is_head, request.headers());
        let agent = text(request.headers(), &header::USER_AGENT);
        let is_person = excluded.is_none() && !is_bot(&agent);
        let left = self
            .app
            .redirect
            .may_scan(planned.code_id(), most, is_person);
        let left = tokio::time::timeout(COUNT_WAIT, left).await;
        !matches!(left, Ok(Ok(false)))
    }
}
