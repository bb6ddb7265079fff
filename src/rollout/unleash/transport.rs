//! The SDK's HTTP: bounded in time and size, and only a 2xx is an answer.
//!
//! Invariant: no answer is longer than [`LIMIT_BYTES`] in memory, and none takes longer than the client's timeout.

use std::{pin::Pin, time::Duration};

use unleash_client::http::{Method, Request, Response, Transport};

/// Of an answer. A thousand flags with ten constraints each need about 2 MiB.
const LIMIT_BYTES: usize = 4 << 20;

/// The SDK's own transport has no timeout, reads bodies of any length, and takes a 401 or 500 for flags if JSON is in it.
pub struct Bounded {
    client: reqwest::Client,
}

impl Bounded {
    /// `timeout` is for a whole exchange, from connecting to the last byte. Without `tls`, https is not spoken, and the
    /// machine need not have certificates to trust.
    pub fn new(timeout: Duration, tls: bool) -> reqwest::Result<Self> {
        let builder = reqwest::Client::builder();
        let builder = if tls {
            builder
        } else {
            builder.tls_certs_only([])
        };
        let client = builder
            .timeout(timeout)
            // A login page has no flags, and the token is for the configured server only.
            .redirect(reqwest::redirect::Policy::none())
            // Settings come from config, not from HTTP_PROXY.
            .no_proxy()
            .build()?;
        Ok(Self { client })
    }

    async fn exchange(&self, request: Request) -> anyhow::Result<Response> {
        let mut builder = match request.method {
            Method::Get => self.client.get(&request.url),
            Method::Post => self.client.post(&request.url),
        };
        for (name, value) in request.headers {
            builder = builder.header(name, value);
        }
        if let Some(body) = request.body {
            builder = builder
                .header("content-type", "application/json")
                .body(body);
        }
        let mut response = builder.send().await?;
        let status = response.status();
        anyhow::ensure!(status.is_success(), "the answer was {status}");
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await? {
            let fits = body.len() + chunk.len() <= LIMIT_BYTES;
            anyhow::ensure!(fits, "the answer was longer than {LIMIT_BYTES} bytes");
            body.extend_from_slice(&chunk);
        }
        Ok(Response {
            status: status.as_u16(),
            body,
        })
    }
}

impl Transport for Bounded {
    // What `#[async_trait]` makes of `async fn execute(&self, request: Request) -> anyhow::Result<Response>`.
    fn execute<'a, 'b>(
        &'a self,
        request: Request,
    ) -> Pin<Box<dyn Future<Output = anyhow::Result<Response>> + Send + 'b>>
    where
        'a: 'b,
        Self: 'b,
    {
        Box::pin(self.exchange(request))
    }
}
