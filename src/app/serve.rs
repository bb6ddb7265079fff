//! `qr-observatory serve`: listen, and stop without cutting a request or losing a scan.

use std::{
    net::SocketAddr,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use poem::{Endpoint, Response, Server, listener::TcpListener};
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::watch,
};

use super::App;
use crate::{
    config::Config,
    http,
    kernel::{Clock, Error, Kind, Result, SystemClock, task},
};

/// Idle keep-alive connections, and clients that never finish a request, are let go after this.
const IDLE: Duration = Duration::from_secs(75);
/// How often recorded samples are moved into their buckets.
const UPKEEP: Duration = Duration::from_secs(5);

/// Serves until SIGTERM or SIGINT, then drains.
///
/// # Errors
/// Whatever keeps it from starting: a port in use, a database that is not there.
pub async fn serve(settings: Config) -> Result<()> {
    let clock = Arc::new(SystemClock);
    let started = clock.instant();
    for name in &settings.ignored {
        tracing::warn!("{name} is set, but this release does not act on it yet");
    }
    let app = App::build(settings, clock.clone()).await?;
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
    let metrics = server.metrics_bind.map(|address| {
        let (routes, stopping) = (http::metrics_only(&app), stopping.clone());
        task::spawn("http.metrics", async move {
            if let Err(e) = listen(address, routes, stopping, drain).await {
                tracing::error!("the metrics listener is gone: {e:?}");
            }
        })
    });
    let main = listen(server.bind, http::routes(&app), stopping, drain);
    tracing::info!(
        address = %server.bind,
        started_in_ms = u64::try_from(clock.instant().duration_since(started).as_millis()).unwrap_or(0),
        "listening; the API is described at {}/docs",
        server.base_url
    );
    let signalled = {
        let app = Arc::clone(&app);
        async move {
            terminated().await;
            tracing::info!("stopping: requests under way are finished, no new ones are taken");
            app.draining.store(true, Ordering::Relaxed);
            let _ = stop.send(true);
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        ended = main => ended?,
        () = signalled => {}
    }
    if let Some(metrics) = metrics {
        let _ = metrics.await;
    }
    upkeep.abort();
    app.keeper.stop(drain).await;
    tracing::info!("stopped");
    Ok(())
}

async fn listen<E>(
    address: SocketAddr,
    routes: E,
    mut stopping: watch::Receiver<bool>,
    drain: Duration,
) -> Result<()>
where
    E: Endpoint<Output = Response> + 'static,
{
    Server::new(TcpListener::bind(address))
        .name("qr-observatory")
        .idle_timeout(IDLE)
        .run_with_graceful_shutdown(
            routes,
            async move {
                let _ = stopping.wait_for(|stop| *stop).await;
            },
            Some(drain),
        )
        .await
        .map_err(|e| Error::caused(Kind::Unavailable, format!("cannot listen on {address}"), e))
}

/// Resolves at the first SIGTERM or SIGINT. A second one ends the process at once.
async fn terminated() {
    let (Ok(mut term), Ok(mut int)) = (
        signal(SignalKind::terminate()),
        signal(SignalKind::interrupt()),
    ) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = term.recv() => {}
        _ = int.recv() => {}
    }
    drop(task::spawn("signal.again", async move {
        tokio::select! {
            _ = term.recv() => {}
            _ = int.recv() => {}
        }
        tracing::warn!("stopped at once; accepted scans are in the spool");
        std::process::exit(130);
    }));
}
