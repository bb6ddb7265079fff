//! `GET /metrics`: the Prometheus text format.

use std::sync::Arc;

use poem::{
    Endpoint, IntoResponse, Request, Response, Result,
    http::{HeaderValue, header},
};
use subtle::ConstantTimeEq;

use crate::{
    app::App,
    kernel::{Error, Kind},
};

pub struct Metrics {
    app: Arc<App>,
}

impl Metrics {
    pub fn new(app: &Arc<App>) -> Self {
        Self {
            app: Arc::clone(app),
        }
    }
}

impl Endpoint for Metrics {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        if let Some(token) = &self.app.settings.server.metrics_token {
            let sent = request
                .headers()
                .get(header::AUTHORIZATION)
                .map(HeaderValue::as_bytes);
            let sent = sent
                .and_then(|v| v.strip_prefix(b"Bearer "))
                .unwrap_or_default();
            if !bool::from(sent.ct_eq(token.expose().as_bytes())) {
                return Err(Error::new(
                    Kind::Unauthenticated,
                    "metrics ask for METRICS_TOKEN as a bearer",
                )
                .into());
            }
        }
        self.app.observe().await;
        let text = self.app.recorder.render();
        Ok(text
            .with_content_type("text/plain; version=0.0.4; charset=utf-8")
            .into_response())
    }
}
