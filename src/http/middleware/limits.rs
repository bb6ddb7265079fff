//! Bounds what one request may ask of us: the size of its body, the time to send it, the time to answer it.
//! Each limit has an answer of its own, so that a client knows which one it met.

use std::sync::Arc;

use poem::{Body, Endpoint, Request, Response, Result, http::header};
use tokio::time::timeout_at;

use crate::{
    app::App,
    kernel::{Ctx, Error, Kind, SharedClock, clock::Instant},
};

pub struct Limits<E> {
    inner: E,
    body_bytes: usize,
    clock: SharedClock,
}

impl<E> Limits<E> {
    pub fn new(app: &Arc<App>, inner: E) -> Self {
        Self {
            inner,
            body_bytes: app.settings.server.body_limit_bytes,
            clock: Arc::clone(&app.clock),
        }
    }

    fn too_large(&self) -> Error {
        Error::new(
            Kind::TooLarge,
            format!("the body may have at most {} bytes", self.body_bytes),
        )
    }
}

impl<E: Endpoint<Output = Response>> Endpoint for Limits<E> {
    type Output = Response;

    async fn call(&self, mut request: Request) -> Result<Response> {
        let deadline: Instant = request
            .data::<Ctx>()
            .map_or_else(|| self.clock.instant(), |ctx| ctx.deadline);
        let announced = request
            .headers()
            .get(header::CONTENT_LENGTH)
            .and_then(|v| v.to_str().ok());
        let announced = announced.and_then(|v| v.parse::<usize>().ok());
        if announced.is_some_and(|n| n > self.body_bytes) {
            return Err(self.too_large().into());
        }
        let chunked = request.headers().contains_key(header::TRANSFER_ENCODING);
        if chunked || announced.is_some_and(|n| n > 0) {
            let reading = request.take_body().into_bytes_limit(self.body_bytes);
            let body = match timeout_at(deadline, reading).await {
                Ok(Ok(body)) => body,
                Ok(Err(poem::error::ReadBodyError::PayloadTooLarge)) => {
                    return Err(self.too_large().into());
                }
                Ok(Err(e)) => {
                    return Err(
                        Error::caused(Kind::Malformed, "the body could not be read", e).into(),
                    );
                }
                Err(_) => {
                    return Err(Error::new(
                        Kind::RequestTimeout,
                        "the body took too long to arrive",
                    )
                    .into());
                }
            };
            request.set_body(Body::from_bytes(body));
        }
        timeout_at(deadline, self.inner.call(request))
            .await
            .unwrap_or_else(|_| {
                Err(Error::new(Kind::Timeout, "the answer took too long and was given up").into())
            })
    }
}
