//! Two looks at a running server's `/metrics`, and what happened in between.
//!
//! Invariant: nothing is written unless the last scrape succeeded; a restart in between is noticed within [`LOOK`].

use std::{net::IpAddr, path::Path, time::Duration};

use reqwest::{StatusCode, redirect::Policy};
use url::Url;

use super::{Baseline, Scrape, Window, file, is_traffic, same_process, whole};
use crate::{
    config::server::Server,
    kernel::{Clock, Error, Kind, Result, Secret, tls},
};

/// For one look, connecting included.
const TIMEOUT: Duration = Duration::from_secs(10);
const CONNECT: Duration = Duration::from_secs(3);
/// Between looks at whether it is still the same process.
const LOOK: Duration = Duration::from_secs(15);
/// Interval of progress reports.
const TICK: Duration = Duration::from_secs(1);
/// Far above what the product answers.
const LIMIT_BYTES: usize = 32 << 20;

/// Whom to look at.
#[derive(Debug)]
pub struct Source {
    url: Url,
    token: Option<Secret>,
}

/// How far an observation is.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    pub done: Duration,
    pub of: Duration,
    /// Traffic so far, as of the last look.
    pub requests: u64,
}

impl Source {
    /// `url`: of the server, or of its metrics; without one, where these settings say that metrics are.
    ///
    /// # Errors
    /// `Invalid` for a text that is no address, or when these settings serve no metrics.
    pub fn of(settings: &Server, url: Option<&str>) -> Result<Self> {
        let url = match url {
            Some(url) => url.to_owned(),
            None => own(settings)?,
        };
        let fault = |why: String| Error::invalid("--url", format!("`{url}` {why}"));
        let mut address = Url::parse(&url).map_err(|e| fault(format!("is no address: {e}")))?;
        if !matches!(address.scheme(), "http" | "https") || !address.has_host() {
            return Err(fault("does not begin with http:// or https://".to_owned()));
        }
        if address.path() == "/" {
            address.set_path("/metrics");
        }
        Ok(Self {
            url: address,
            token: settings.metrics_token.clone(),
        })
    }

    /// The address, without credentials.
    #[must_use]
    pub fn shown(&self) -> String {
        let mut url = self.url.clone();
        let _ = url.set_username("");
        let _ = url.set_password(None);
        url.to_string()
    }

    async fn look(&self, client: &reqwest::Client) -> Result<Scrape> {
        let shown = self.shown();
        let mut request = client.get(self.url.clone());
        if let Some(token) = &self.token {
            request = request.bearer_auth(token.expose());
        }
        let away = |e: reqwest::Error| {
            let message = format!("{shown} does not answer: does the server run, and is it there?");
            Error::caused(Kind::Unavailable, message, e.without_url())
        };
        let mut answer = request.send().await.map_err(away)?;
        let refused = |why: &str| Error::new(Kind::Unavailable, format!("{shown} {why}"));
        match answer.status() {
            StatusCode::OK => {}
            StatusCode::UNAUTHORIZED => {
                return Err(refused("asks for the server's METRICS_TOKEN (401)"));
            }
            StatusCode::NOT_FOUND => {
                return Err(refused(
                    "serves no metrics (404): see METRICS_TOKEN and METRICS_BIND",
                ));
            }
            other => return Err(refused(&format!("answers {other}"))),
        }
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(away)? {
            body.extend_from_slice(&chunk);
            if body.len() > LIMIT_BYTES {
                return Err(refused("answers far more than metrics"));
            }
        }
        let scrape = Scrape::parse(&String::from_utf8_lossy(&body));
        if scrape.started.is_none() {
            return Err(refused(
                "answers something else than the metrics of qr-observatory",
            ));
        }
        Ok(scrape)
    }
}

/// Where these settings serve metrics.
fn own(settings: &Server) -> Result<String> {
    if !settings.metrics_enabled {
        let why = "is false: nothing is recorded";
        return Err(Error::invalid("METRICS_ENABLED", why));
    }
    if settings.metrics_bind.is_none() && !settings.metrics_on_main() {
        let why = "or METRICS_BIND must be set: a server that others can reach serves no metrics without one";
        return Err(Error::invalid("METRICS_TOKEN", why));
    }
    let mut address = settings.metrics_bind.unwrap_or(settings.bind);
    // Every address of this machine is no address to connect to.
    if address.ip().is_unspecified() {
        address.set_ip(match address.ip() {
            IpAddr::V4(_) => IpAddr::V4(std::net::Ipv4Addr::LOCALHOST),
            IpAddr::V6(_) => IpAddr::V6(std::net::Ipv6Addr::LOCALHOST),
        });
    }
    Ok(format!("http://{address}"))
}

/// Looks, waits for `duration`, and looks again. Calls `progress` every second.
///
/// # Errors
/// `Unavailable` when no server, or another program, answers there; `Conflict` after a restart and without traffic.
pub async fn observe(
    source: &Source,
    duration: Duration,
    clock: &dyn Clock,
    mut progress: impl FnMut(Progress),
) -> Result<Baseline> {
    tls::install();
    let client = reqwest::Client::builder()
        .timeout(TIMEOUT)
        .connect_timeout(CONNECT)
        // The token is for this server only.
        .redirect(Policy::none())
        .no_proxy()
        .build();
    let client = client.map_err(|e| Error::caused(Kind::Internal, "no client could be made", e))?;
    let first = source.look(&client).await?;
    let start = clock.instant();
    let (mut look, mut requests) = (start + LOOK, 0);
    loop {
        let done = clock.instant().saturating_duration_since(start);
        if done >= duration {
            break;
        }
        progress(Progress {
            done,
            of: duration,
            requests,
        });
        tokio::time::sleep(TICK.min(duration.saturating_sub(done))).await;
        if clock.instant() < look {
            continue;
        }
        look = clock.instant() + LOOK;
        // One look that fails is no fault of the window's: the last one decides.
        if let Ok(between) = source.look(&client).await {
            same_process(&first, &between)?;
            requests = whole((traffic(&between) - traffic(&first)).max(0.0));
        }
    }
    let last = source.look(&client).await?;
    let window = Window {
        captured_at_seconds: clock.now().as_second(),
        seconds: clock
            .instant()
            .saturating_duration_since(start)
            .as_secs_f64(),
        url: source.shown(),
    };
    Baseline::between(&first, &last, window)
}

fn traffic(scrape: &Scrape) -> f64 {
    let traffic = scrape.routes.iter().filter(|(name, _)| is_traffic(name));
    traffic.map(|(_, counted)| counted.requests).sum()
}

/// Observes, and makes what it saw the stored baseline. The one before is kept beside it.
///
/// # Errors
/// Those of [`observe`], and the disk's; then the stored one stays.
pub async fn capture(
    dir: &Path,
    (source, duration): (&Source, Duration),
    clock: &dyn Clock,
    progress: impl FnMut(Progress),
) -> Result<Baseline> {
    let seen = observe(source, duration, clock, progress).await?;
    file::write(dir, &seen)?;
    Ok(seen)
}
