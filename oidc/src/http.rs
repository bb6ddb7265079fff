//! Requests to a provider: no redirects, bounded in time and size, https except on a loopback host.

use std::{error::Error as _, net::IpAddr, time::Duration};

use reqwest::{
    Client, Method, Request, StatusCode,
    header::{ACCEPT, AUTHORIZATION, HeaderMap, HeaderValue},
    redirect::Policy,
};
use serde_json::Value;
use url::{Host, Url};

use crate::{Error, error::shown};

/// A request and its whole answer.
const TIMEOUT: Duration = Duration::from_secs(5);
const MAX_ANSWER_BYTES: usize = 256 * 1024;

#[derive(Clone)]
pub(crate) struct Http {
    client: Client,
    /// Whether endpoints may be plain HTTP on a loopback host, because the issuer is.
    plain: bool,
}

pub(crate) struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Http {
    /// For the provider with this issuer.
    pub fn new(issuer: &Url) -> Result<Self, Error> {
        // The only error is that there is one already. reqwest panics if there is none.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = Client::builder()
            .redirect(Policy::none())
            .timeout(TIMEOUT)
            .connect_timeout(TIMEOUT);
        if is_loopback(issuer) {
            builder = builder.no_proxy();
        }
        let client = builder
            .build()
            .map_err(|e| Error::Setting(format!("no HTTP client: {}", reason(e))))?;
        let plain = issuer.scheme() == "http";
        Ok(Self { client, plain })
    }

    /// The URL of an endpoint, if secrets may be sent there.
    pub fn endpoint(&self, url: &str, endpoint: &'static str) -> Result<Url, Error> {
        let url = Url::parse(url)
            .map_err(|_| Error::Unusable("metadata", format!("the {endpoint} is no URL")))?;
        let safe =
            url.scheme() == "https" || (self.plain && url.scheme() == "http" && is_loopback(&url));
        safe.then_some(url).ok_or(Error::Insecure(endpoint))
    }

    /// Gets JSON, as the owner of the access token if there is one.
    pub async fn get(
        &self,
        url: Url,
        endpoint: &'static str,
        access_token: Option<&str>,
    ) -> Result<Value, Error> {
        let mut request = Request::new(Method::GET, url);
        let headers = request.headers_mut();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        if let Some(token) = access_token {
            let mut value = HeaderValue::from_str(&format!("Bearer {token}"))
                .map_err(|_| Error::Unusable("token endpoint", "odd access token".to_owned()))?;
            value.set_sensitive(true);
            headers.insert(AUTHORIZATION, value);
        }
        let answer = self.send(request, endpoint).await?;
        if answer.status != StatusCode::OK {
            let why = format!("it answered {}", answer.status);
            return Err(Error::Unusable(endpoint, why));
        }
        serde_json::from_slice(&answer.body)
            .map_err(|_| Error::Unusable(endpoint, "it is no JSON".to_owned()))
    }

    /// Sends a request. Any status below 500 is an answer, except a redirect and "too many requests".
    pub async fn send(&self, request: Request, endpoint: &'static str) -> Result<Answer, Error> {
        let away = |e| Error::Away(endpoint, reason(e));
        let mut response = self.client.execute(request).await.map_err(away)?;
        let status = response.status();
        if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
            return Err(Error::Away(endpoint, format!("it answered {status}")));
        }
        if status.is_redirection() {
            let why = format!("it answered {status}, and redirects are not followed");
            return Err(Error::Unusable(endpoint, why));
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(away)? {
            if body.len() + chunk.len() > MAX_ANSWER_BYTES {
                let why = format!("it has more than {MAX_ANSWER_BYTES} bytes");
                return Err(Error::Unusable(endpoint, why));
            }
            body.extend_from_slice(&chunk);
        }
        let headers = std::mem::take(response.headers_mut());
        Ok(Answer {
            status,
            headers,
            body,
        })
    }
}

/// Whether the URL's host is this machine by its name or address.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => IpAddr::V4(ip).is_loopback(),
        Some(Host::Ipv6(ip)) => IpAddr::V6(ip).is_loopback(),
        None => false,
    }
}

/// The innermost cause, which names the fault ("connection refused"). Without the URL.
fn reason(error: reqwest::Error) -> String {
    if error.is_timeout() {
        return format!("no answer within {} s", TIMEOUT.as_secs());
    }
    let error = error.without_url();
    let mut cause = error.source();
    let mut innermost = error.to_string();
    while let Some(inner) = cause {
        innermost = inner.to_string();
        cause = inner.source();
    }
    shown(&innermost)
}
