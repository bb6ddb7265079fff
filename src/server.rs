//! `qr-observatory serve`: listens, and stops without cutting a request or losing a scan.

use std::{
    net::SocketAddr,
    sync::{Arc, OnceLock},
    time::Duration,
};

use poem::{Endpoint, Response};
use rustix::process::{Resource, getrlimit, setrlimit};
use tokio::{net::TcpListener, sync::watch, task::JoinHandle};

mod connections;
mod exercise;

use crate::{
    app::App,
    config::Config,
    http,
    kernel::{
        Clock, Error, Kind, Result, SystemClock,
        signals::{self, Termination},
        task,
    },
};
use connections::{Bounds, Server};
use exercise::exercise;

/// Descriptors that clients do not get: for databases, files, Redis and the listener of metrics.
const RESERVED_DESCRIPTORS: usize = 256;
/// Upper bound, whatever the operating system allows.
const MOST_CLIENTS: usize = 1 << 20;
/// Connections of the listener of metrics.
const SCRAPERS: usize = 64;
/// For a scrape that is under way at the very end.
const LAST_SCRAPE: Duration = Duration::from_secs(1);
/// How often recorded samples are moved into their buckets.
const UPKEEP: Duration = Duration::from_secs(5);

/// Serves until a signal asks for an end ([`Termination`]), then drains.
///
/// # Errors
/// Whatever keeps it from starting: a port in use, a database that is not there.
pub async fn serve(settings: Config) -> Result<()> {
    signals::ignore_others()
        .map_err(|e| Error::caused(Kind::Internal, "signals cannot be handled", e))?;
    let clock = Arc::new(SystemClock);
    let started = clock.instant();
    for name in &settings.ignored {
        tracing::warn!("{name} is set, but this release does not act on it yet");
    }
    let app = Box::pin(App::build(settings, clock.clone())).await?;
    let server = app.settings.server.clone();
    let (stop, stopping) = watch::channel(false);
    let drain = Duration::from_millis(server.drain_timeout_ms);

    let recorder = app.recorder.clone();
    let upkeep = task::spawn("telemetry.upkeep", async move {
        loop {
            tokio::time::sleep(UPKEEP).await;
            recorder.upkeep();
        }
    });
    // Served to the end: a node that stops is still observed.
    let (stop_metrics, metrics_stopping) = watch::channel(false);
    let metrics = match server.metrics_bind {
        Some(address) => Some(serve_metrics(&app, bind(address).await?, metrics_stopping)),
        None => None,
    };
    let routes = Arc::new(http::routes(&app));
    let main = listen(
        bind(server.bind).await?,
        Arc::clone(&routes),
        bounds(&app, clients()),
        (stopping, drain),
    );
    tracing::info!(
        address = %server.bind,
        started_in_ms = u64::try_from(clock.instant().duration_since(started).as_millis()).unwrap_or(0),
        "listening; the API is described at {}/docs",
        server.base_url
    );
    warm_up(&app, routes);
    let stopped_at = OnceLock::new();
    let signalled = {
        let (app, stopped_at) = (Arc::clone(&app), &stopped_at);
        async move {
            terminated().await;
            tracing::info!("stopping: requests under way are finished, no new ones are taken");
            let _ = stopped_at.set(app.clock.instant());
            app.drain();
            let _ = stop.send(true);
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        () = main => {}
        () = signalled => {}
    }
    let left = stopped_at
        .get()
        .map_or(drain, |at| drain.saturating_sub(clock.instant() - *at));
    app.finish(left).await;
    let _ = stop_metrics.send(true);
    if let Some(metrics) = metrics {
        let _ = metrics.await;
    }
    upkeep.abort();
    app.close().await;
    tracing::info!("stopped");
    Ok(())
}

/// In the background: asks everything once, becomes ready, and warms the cache where `REDIS_WARM_CACHE` is set.
fn warm_up<E>(app: &Arc<App>, routes: Arc<E>)
where
    E: Endpoint<Output = Response> + 'static,
{
    let app = Arc::clone(app);
    drop(task::spawn("app.warm", async move {
        exercise(&app, routes).await;
        app.begin_serving();
        if app.settings.redis.warm {
            app.warmer.all(|| app.is_draining()).await;
        }
    }));
}

fn serve_metrics(
    app: &Arc<App>,
    socket: TcpListener,
    stopping: watch::Receiver<bool>,
) -> JoinHandle<()> {
    let routes = http::metrics_only(app);
    let bounds = bounds(app, SCRAPERS);
    task::spawn("http.metrics", async move {
        listen(socket, routes, bounds, (stopping, LAST_SCRAPE)).await;
    })
}

/// Serves one address until `stopping`, then finishes the requests under way for `drain` at most.
async fn listen<E>(
    socket: TcpListener,
    routes: E,
    bounds: Bounds,
    (mut stopping, drain): (watch::Receiver<bool>, Duration),
) where
    E: Endpoint<Output = Response> + 'static,
{
    let server = Server::new(bounds, Arc::new(SystemClock));
    let serving = server.run(socket, routes, stopping.clone());
    let too_long = async {
        let _ = stopping.wait_for(|stop| *stop).await;
        tokio::time::sleep(drain).await;
    };
    tokio::select! {
        () = serving => {}
        () = too_long => {
            tracing::warn!("requests were still under way after DRAIN_TIMEOUT_MS and were cut");
        }
    }
}

fn bounds(app: &App, total: usize) -> Bounds {
    let server = &app.settings.server;
    Bounds {
        total,
        per_client: server.max_connections_per_client,
        proxies: server.trusted_proxies.clone(),
    }
}

/// Connections that clients may have: as many as there are descriptors, less those that we need ourselves.
fn clients() -> usize {
    let limit = getrlimit(Resource::Nofile);
    // The lower limit is for programs that use select(2).
    let raised = rustix::process::Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    let limit = match setrlimit(Resource::Nofile, raised) {
        Ok(()) => limit.maximum,
        Err(_) => limit.current,
    };
    let descriptors = limit.map_or(MOST_CLIENTS, |n| usize::try_from(n).unwrap_or(MOST_CLIENTS));
    let reserved = RESERVED_DESCRIPTORS.min(descriptors / 2);
    (descriptors - reserved).clamp(1, MOST_CLIENTS)
}

async fn bind(address: SocketAddr) -> Result<TcpListener> {
    TcpListener::bind(address)
        .await
        .map_err(|e| Error::caused(Kind::Unavailable, format!("cannot listen on {address}"), e))
}

/// Resolves at the first signal that asks for an end. A second one ends the process at once.
async fn terminated() {
    let Ok(mut termination) = Termination::listen() else {
        return std::future::pending().await;
    };
    termination.requested().await;
    drop(task::spawn("signal.again", async move {
        termination.requested().await;
        tracing::warn!("stopped at once; accepted scans are in the spool");
        std::process::exit(130);
    }));
}
