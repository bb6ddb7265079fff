//! Bounds what one request may ask of us: the size of its body, the time to send it, the time to answer it.
//! Each limit has an answer of its own, so that a client knows which one it met.

use std::{pin::pin, sync::Arc, task::Poll, time::Duration};

use bytes::Bytes;
use futures_util::poll;
use poem::{Body, Endpoint, Request, Response, Result, error::ReadBodyError, http::header};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _},
    time::{timeout, timeout_at},
};

use crate::{
    app::App,
    kernel::{Ctx, Error, Kind, SharedClock, clock::Instant},
};

/// For the rest of a body, once the process is being stopped.
const BODY_WHILE_STOPPING: Duration = Duration::from_secs(5);

/// Of a body that is too large, before it is told so: as a file that was chosen by mistake, at the speed of a home's line.
const DISCARDED_BYTES: u64 = 32 << 20;
const DISCARDING: Duration = Duration::from_secs(5);

pub struct Limits<E> {
    inner: E,
    app: Arc<App>,
    body_bytes: usize,
    clock: SharedClock,
}

impl<E> Limits<E> {
    pub fn new(app: &Arc<App>, inner: E) -> Self {
        Self {
            inner,
            app: Arc::clone(app),
            body_bytes: app.settings.server.body_limit_bytes,
            clock: Arc::clone(&app.clock),
        }
    }

    /// The whole body, in time.
    async fn read(
        &self,
        body: Body,
        deadline: Instant,
        is_announced: bool,
    ) -> Result<Bytes, Error> {
        let whole = async {
            if is_announced {
                body.into_bytes_limit(self.body_bytes).await
            } else {
                within(body, self.body_bytes).await
            }
        };
        let late = |message| Error::new(Kind::RequestTimeout, message);
        let stopped = async {
            self.app.draining().await;
            tokio::time::sleep(BODY_WHILE_STOPPING).await;
        };
        let read = tokio::select! {
            read = whole => read,
            () = tokio::time::sleep_until(deadline) => {
                return Err(late("the body took too long to arrive"));
            }
            () = stopped => {
                return Err(late("this node stops, and the body took too long to arrive"));
            }
        };
        read.map_err(|e| match e {
            ReadBodyError::PayloadTooLarge => self.too_large(),
            e => Error::caused(Kind::Malformed, "the body could not be read", e),
        })
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
        if let Some(bytes) = announced.filter(|n| *n > self.body_bytes) {
            // Who waits to be asked for it sends nothing, and of more there would be a rest.
            let is_sent = !request.headers().contains_key(header::EXPECT);
            if is_sent && bytes as u64 <= DISCARDED_BYTES {
                discard(request.take_body().into_async_read()).await;
            }
            return Err(self.too_large().into());
        }
        let chunked = request.headers().contains_key(header::TRANSFER_ENCODING);
        if chunked || announced.is_some_and(|n| n > 0) {
            let body = self.read(request.take_body(), deadline, !chunked).await?;
            request.set_body(Body::from_bytes(body));
        }
        in_time(deadline, self.inner.call(request)).await
    }
}

/// # Errors
/// `PayloadTooLarge`, when the rest of it was discarded.
async fn within(body: Body, most: usize) -> Result<Bytes, ReadBodyError> {
    let mut reader = body.into_async_read();
    let mut bytes = Vec::new();
    let mut first = (&mut reader).take(most as u64 + 1);
    first.read_to_end(&mut bytes).await?;
    if bytes.len() > most {
        discard(reader).await;
        return Err(ReadBodyError::PayloadTooLarge);
    }
    Ok(bytes.into())
}

/// Who is still sending when the connection is closed gets a reset and not the answer (RFC 9112 §9.6).
async fn discard(body: impl AsyncRead + Unpin) {
    let (mut rest, mut nowhere) = (body.take(DISCARDED_BYTES), tokio::io::sink());
    let _ = timeout(DISCARDING, tokio::io::copy(&mut rest, &mut nowhere)).await;
}

/// # Errors
/// Those of `answer`; `Timeout` when there is none at the deadline.
pub async fn in_time<T>(deadline: Instant, answer: impl Future<Output = Result<T>>) -> Result<T> {
    let mut answer = pin!(answer);
    // Most answers are there at once and need no timer.
    if let Poll::Ready(answer) = poll!(&mut answer) {
        return answer;
    }
    timeout_at(deadline, answer).await.unwrap_or_else(|_| {
        Err(Error::new(Kind::Timeout, "the answer took too long and was given up").into())
    })
}
